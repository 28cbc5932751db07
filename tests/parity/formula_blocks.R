# How lme4 reads formulas: one per line of standard input, one line each out.
# Fixed part and blocks as intercept, term labels and group, so that spelling does not matter.
#
#   Rscript formula_blocks.R < formulas.txt

suppressPackageStartupMessages(library(lme4))

terms_text <- function(right) {
  t <- terms(as.formula(call("~", right)))
  paste(c(attr(t, "intercept"), attr(t, "term.labels")), collapse = ",")
}

block_text <- function(bar) {
  paste0(terms_text(bar[[2L]]), "|", paste(deparse(bar[[3L]], 500L), collapse = ""))
}

read_as_lme4 <- function(text) {
  formula <- lme4:::expandDoubleVerts(as.formula(text))
  blocks <- vapply(lme4::findbars(formula), block_text, "")
  paste(c(terms_text(lme4::nobars(formula)[[3L]]), blocks), collapse = "\t")
}

main <- function() {
  cat(vapply(readLines(file("stdin")), read_as_lme4, ""), sep = "\n")
}

if (sys.nframe() == 0L) main()
