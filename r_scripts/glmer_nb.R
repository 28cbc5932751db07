# Negative binomial mixed models: lme4's glmer.nb, fitted and taken apart in one call.
#   Rscript r_scripts/glmer_nb.R 'TICKS ~ YEAR + (1 | BROOD)' grouseticks.csv [--nagq 1] [--out fit.rds]

prepare_glmer_nb <- function(formula, data, nAGQ = 1L, start = NULL, control = NULL, verbose = 0L,
                             init_theta = NULL, allow = NULL, ...) {
  call <- bquote(glmer.nb(formula = .(safe_formula(formula, allow)), data = data))
  if (nAGQ != 1L) call$nAGQ <- nAGQ
  if (!is.null(init_theta)) call$initCtrl <- bquote(list(theta = .(init_theta)))
  search_settings(prepare_fit(call, lme4::glmer.nb, data, ...), lme4::glmerControl, start, control, verbose)
}

# The call of the glmer that a negative binomial fit is, its family bound under the name `family`.
as_plain_glmer <- function(prepared, family) {
  prepared$bindings$.asked <- prepared$call
  prepared$call[[1L]] <- quote(glmer)
  prepared$call$family <- quote(family)
  prepared$bindings <- c(prepared$bindings, list(glmer = lme4::glmer, family = family))
  prepared
}

build_glmer_nb <- function(...) {
  prepared <- prepare_glmer_nb(...)
  model <- evaluate_fit(prepared)
  # lme4 leaves `MASS::negative.binomial(...)` in the call, which the formula's environment must not be able to call.
  plain <- as_plain_glmer(prepared, model@resp$family)
  model@call[[1L]] <- plain$call[[1L]]
  model@call$family <- plain$call$family
  list2env(plain$bindings, environment(stats::formula(model)))
  model
}

fit_glmer_nb <- function(..., cond_var = FALSE, keep = NULL, gone = NULL) {
  keep_model(keep, build_glmer_nb(...), extract_mer, cond_var = cond_var, gone = gone)
}

if (sys.nframe() == 0L) {
  here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)[1L]))
  source(file.path(here, "command.R"))
  main("fit_glmer_nb", here)
}
