# What the tests of the wire ask R. Strictly identical: bits of numbers, order of attributes, encodings.
strictly_identical <- function(one, other) {
  identical(one, other, num.eq = FALSE, single.NA = FALSE, attrib.as.set = FALSE) &&
    identical(serialize(one, NULL, version = 2L), serialize(other, NULL, version = 2L))
}
same_as_file <- function(x, path) strictly_identical(x, readRDS(path))
same_as_written <- function(x, expression) identical(x, evaluate(expression), num.eq = FALSE, single.NA = FALSE)
evaluate <- function(expression) eval(parse(text = expression, keep.source = FALSE, encoding = "UTF-8"))
add_one <- function(n = 0) add_one(n + 1)
forever <- function() repeat sum(1)
busy <- function(seconds) {
  end <- proc.time()[["elapsed"]] + seconds
  while (proc.time()[["elapsed"]] < end) sum(1)
}
deaf <- function(seconds) suspendInterrupts(system(paste("sleep", seconds)))
clean_up <- function() rm(list = ls(globalenv(), all.names = TRUE), envir = globalenv())
invisible(TRUE)
