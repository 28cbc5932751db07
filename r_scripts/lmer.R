# Linear mixed models: lme4's lmer, fitted and taken apart in one call.
#   Rscript r_scripts/lmer.R 'math ~ raven + (1 | school)' pupils.csv [--ml] [--weights COL] [--cond-var] [--out fit.rds]

OPTIMIZERS <- c("bobyqa", "Nelder_Mead", "nloptwrap", "nlminbwrap")
# Of nlopt, what needs no gradient.
ALGORITHMS <- c("NLOPT_LN_BOBYQA", "NLOPT_LN_NELDERMEAD", "NLOPT_LN_COBYLA", "NLOPT_LN_SBPLX", "NLOPT_LN_PRAXIS", "NLOPT_LN_NEWUOA")

# lme4's control object from names and numbers. An optimizer is looked up by its name, hence the fixed list.
mixed_control <- function(make, settings) {
  for (name in names(settings)) known_name(name, names(formals(make)), "a setting of control")
  for (name in as.character(settings$optimizer)) known_name(name, OPTIMIZERS, "an optimizer of lme4")
  for (name in as.character(settings$optCtrl$algorithm)) known_name(name, ALGORITHMS, "an algorithm of nloptwrap")
  do.call(make, as.list(settings))
}

# Settings of the search: where it starts, how it goes, what it prints.
search_settings <- function(prepared, make, start, control, verbose) {
  if (!is.null(start)) {
    prepared$call$start <- quote(start)
    prepared$bindings$start <- start
  }
  if (!is.null(control)) {
    prepared$call$control <- quote(control)
    prepared$bindings$control <- mixed_control(make, control)
  }
  if (verbose > 0L) prepared$call$verbose <- verbose
  prepared
}

prepare_lmer <- function(formula, data, REML = TRUE, start = NULL, control = NULL, verbose = 0L, allow = NULL, ...) {
  call <- bquote(lmer(formula = .(safe_formula(formula, allow)), data = data, REML = .(REML)))
  search_settings(prepare_fit(call, lme4::lmer, data, ...), lme4::lmerControl, start, control, verbose)
}

build_lmer <- function(...) evaluate_fit(prepare_lmer(...))

fit_lmer <- function(..., cond_var = FALSE, keep = NULL) {
  keep_model(keep, build_lmer(...), extract_mer, cond_var = cond_var)
}

if (sys.nframe() == 0L) {
  here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)[1L]))
  source(file.path(here, "command.R"))
  main("fit_lmer", here)
}
