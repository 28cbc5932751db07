# lme4's deviance function at given parameters: case, number of theta, deviance.
#
#   Rscript devfun.R FOLDER
#
# FOLDER has cases.tsv (case, formula, criterion, data), thetas.tsv (case, number, element, value)
# and a table of data a name. Numbers are hexadecimal, which R reads to the last bit; cells of
# factors begin with "=", so that none is taken for a number. Columns .weights and .offset, where
# there are any, are the model's.

read_table <- function(path) {
  read.delim(path, colClasses = "character", check.names = FALSE, quote = "", comment.char = "")
}

read_data <- function(path) {
  table <- read_table(path)
  table[] <- lapply(table, function(cells) {
    if (!startsWith(cells[1], "=")) {
      return(as.numeric(cells))
    }
    text <- sub("^=", "", cells)
    factor(text, levels = sort(unique(text), method = "radix"))
  })
  table
}

# As lme4 names theta: group.term on the diagonal, group.row.column below it.
theta_names <- function(cnms) {
  blocks <- Map(function(group, terms) {
    pairs <- outer(terms, terms, paste, sep = ".")
    diag(pairs) <- terms
    paste(group, pairs[lower.tri(pairs, diag = TRUE)], sep = ".")
  }, names(cnms), cnms)
  unlist(blocks, use.names = FALSE)
}

deviance_function <- function(formula, criterion, data) {
  arguments <- list(formula = as.formula(formula), data = data, REML = criterion == "REML")
  if (!is.null(data$.weights)) {
    arguments <- c(arguments, list(weights = data$.weights, offset = data$.offset))
  }
  parsed <- do.call(lme4::lFormula, arguments)
  list(
    at = do.call(lme4::mkLmerDevfun, parsed),
    names = theta_names(parsed$reTrms$cnms)
  )
}

main <- function(folder = commandArgs(TRUE)) {
  cases <- read_table(file.path(folder, "cases.tsv"))
  thetas <- read_table(file.path(folder, "thetas.tsv"))
  tables <- sapply(unique(cases$data), function(name) {
    read_data(file.path(folder, name))
  }, simplify = FALSE)
  for (row in seq_len(nrow(cases))) {
    case <- cases[row, ]
    criterion <- deviance_function(case$formula, case$criterion, tables[[case$data]])
    own <- thetas[thetas$case == case$case, ]
    for (number in unique(own$number)) {
      one <- own[own$number == number, ]
      theta <- setNames(as.numeric(one$value), one$element)
      stopifnot(setequal(names(theta), criterion$names), !anyDuplicated(criterion$names))
      found <- criterion$at(unname(theta[criterion$names]))
      cat(case$case, number, sprintf("%.17g", found), sep = "\t")
      cat("\n")
    }
  }
}

if (sys.nframe() == 0L) main()
