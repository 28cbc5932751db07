# Says whether two .rds files hold the same list to the last bit, and whether there is anything in it.
paths <- commandArgs(TRUE)
one <- readRDS(paths[1L])
other <- readRDS(paths[2L])
same <- identical(
  one, other,
  num.eq = FALSE, single.NA = FALSE, attrib.as.set = FALSE, ignore.bytecode = FALSE, ignore.environment = FALSE
)
cat(same, length(one) > 40L && length(one$fitted) > 0L, "\n")
