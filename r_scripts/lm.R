# Linear models: R's own lm, fitted and taken apart in one call.
#   Rscript r_scripts/lm.R 'math ~ raven + gender' pupils.csv [--weights COL] [--out fit.rds]

build_lm <- function(formula, data, weights = NULL) {
  call <- bquote(lm(formula = .(safe_formula(formula)), data = data))
  evaluate_fit(call, stats::lm, data, weights)
}

fit_lm <- function(formula, data, weights = NULL) {
  extract_lm(build_lm(formula, data, weights = weights), nrow(data))
}

if (sys.nframe() == 0L) {
  here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)[1L]))
  source(file.path(here, "command.R"))
  main("fit_lm", here)
}
