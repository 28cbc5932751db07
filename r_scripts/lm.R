# Linear models: R's own lm, fitted and taken apart in one call.
#   Rscript r_scripts/lm.R 'math ~ raven + gender' pupils.csv [--weights COL] [--out fit.rds]

build_lm <- function(formula, data, allow = NULL, ...) {
  call <- bquote(lm(formula = .(safe_formula(formula, allow)), data = data))
  evaluate_fit(prepare_fit(call, stats::lm, data, ...))
}

fit_lm <- function(..., keep = NULL, gone = NULL) keep_model(keep, build_lm(...), extract_lm, gone = gone)

if (sys.nframe() == 0L) {
  here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)[1L]))
  source(file.path(here, "command.R"))
  main("fit_lm", here)
}
