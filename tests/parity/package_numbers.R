# Every column of numbers of the packages' and the computed data, bit for bit: name, column, hexadecimal
# numbers.
#
#   Rscript package_numbers.R r_scripts/datasets.R

print_numbers <- function(name, data) {
  for (column in names(data)[!vapply(data, is.factor, NA)]) {
    cells <- sprintf("%a", as.numeric(data[[column]]))
    cat(paste(c(tolower(name), column, cells), collapse = "\t"), "\n", sep = "")
  }
}

main <- function(script = commandArgs(TRUE)) {
  here <- new.env()
  sys.source(script, envir = here)
  for (package in names(here$SOURCES)) {
    for (name in here$SOURCES[[package]]) print_numbers(name, here$package_data(name, package))
  }
  for (name in names(here$MADE)) print_numbers(name, here$MADE[[name]]())
}

if (sys.nframe() == 0L) main()
