# Linear mixed models: lme4's lmer, fitted and taken apart in one call.
#   Rscript r_scripts/lmer.R 'math ~ raven + (1 | school)' pupils.csv [--ml] [--weights COL] [--cond-var] [--out fit.rds]

OPTIMIZERS <- c("bobyqa", "Nelder_Mead", "nloptwrap", "nlminbwrap")
# Of nlopt, what needs no gradient.
ALGORITHMS <- c("NLOPT_LN_BOBYQA", "NLOPT_LN_NELDERMEAD", "NLOPT_LN_COBYLA", "NLOPT_LN_SBPLX", "NLOPT_LN_PRAXIS", "NLOPT_LN_NEWUOA")

# lme4's control object from names and numbers. An optimizer is looked up by its name, hence the fixed list.
mixed_control <- function(make, settings) {
  for (name in names(settings)) known_name(name, setdiff(names(formals(make)), "mod.type"), "a setting of control")
  for (name in as.character(settings$optimizer)) known_name(name, OPTIMIZERS, "an optimizer of lme4")
  check_search(settings$optCtrl, if (is.null(settings$optimizer)) eval(formals(make)$optimizer) else settings$optimizer)
  for (name in intersect(names(settings), SWITCHES)) check_setting(name, settings[[name]], is.logical, "true or false")
  for (name in intersect(names(settings), TOLERANCES)) check_setting(name, settings[[name]], is_positive, "a number above 0")
  do.call(make, as.list(settings))
}

SWITCHES <- c("restart_edge", "calc.derivs", "use.last.params", "sparseX", "standardize.X", "compDev", "nAGQ0initStep")
TOLERANCES <- c("boundary.tol", "tolPwrss")
# What each optimizer knows: nloptwrap and bobyqa go on without what they do not.
SEARCH_SETTINGS <- list(
  bobyqa = c("npt", "rhobeg", "rhoend", "iprint", "maxfun"),
  Nelder_Mead = c("iprint", "maxfun", "FtolAbs", "FtolRel", "XtolRel", "MinfMax", "xst", "xt", "verbose", "warnOnly"),
  nlminbwrap = c(
    "maxfun", "eval.max", "iter.max", "trace", "abs.tol", "rel.tol", "x.tol", "xf.tol", "step.min", "step.max", "sing.tol"
  ),
  nloptwrap = c(
    "algorithm", "stopval", "ftol_rel", "ftol_abs", "xtol_rel", "xtol_abs", "maxeval", "maxtime", "print_level", "population",
    "ranseed"
  )
)

is_positive <- function(x) is.numeric(x) && x > 0

check_setting <- function(name, value, is_right, expected) {
  if (is.null(value)) {
    return()
  }
  if (length(value) != 1L || is.na(value) || !is_right(value)) {
    refuse("bridge_argument", "The setting ", name, " of control is ", deparse1(value), "; expected ", expected, ".")
  }
}

check_search <- function(search, optimizers) {
  if (is.null(search)) {
    return()
  }
  if (!is.list(search)) {
    refuse("bridge_argument", "optCtrl of control is ", deparse1(search), "; expected a mapping of names to settings.")
  }
  known <- unlist(SEARCH_SETTINGS[optimizers])
  for (name in names(search)) known_name(name, known, paste("a setting in optCtrl of", paste(optimizers, collapse = ", ")))
  for (name in as.character(search$algorithm)) known_name(name, ALGORITHMS, "an algorithm of nloptwrap")
  number <- function(x) is.numeric(x) || is.logical(x)
  for (name in setdiff(names(search), "algorithm")) check_setting(paste0("optCtrl's ", name), search[[name]], number, "a number")
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

fit_lmer <- function(..., cond_var = FALSE, keep = NULL, gone = NULL) {
  keep_model(keep, build_lmer(...), extract_mer, cond_var = cond_var, gone = gone)
}

if (sys.nframe() == 0L) {
  here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)[1L]))
  source(file.path(here, "command.R"))
  main("fit_lmer", here)
}
