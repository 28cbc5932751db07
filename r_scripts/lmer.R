# Linear mixed models: lme4's lmer, fitted and taken apart in one call.
#   Rscript r_scripts/lmer.R 'math ~ raven + (1 | school)' pupils.csv [--ml] [--weights COL] [--cond-var] [--out fit.rds]

OPTIMIZERS <- c("bobyqa", "Nelder_Mead", "nloptwrap", "nlminbwrap")

# lme4's control object from names and numbers. An optimizer is looked up by its name, hence the fixed list.
mixed_control <- function(make, settings) {
  unknown <- setdiff(names(settings), names(formals(make)))
  if (length(unknown) > 0L) {
    refuse(
      "bridge_argument", "`", unknown[1L], "` is not a setting of control. Its settings: ",
      paste(names(formals(make)), collapse = ", "), "."
    )
  }
  strange <- setdiff(as.character(settings$optimizer), OPTIMIZERS)
  if (length(strange) > 0L) {
    refuse(
      "bridge_argument", "`", strange[1L], "` is not an optimizer of lme4. Its optimizers: ",
      paste(OPTIMIZERS, collapse = ", "), "."
    )
  }
  do.call(make, as.list(settings))
}

# Evaluates `call` where only the data, the control and the fitting function are: the model then remembers
# a call that can be read, `lmer(formula = ..., data = data)`, and not the data themselves.
evaluate_fit <- function(call, fitter, data, weights = NULL, ...) {
  scope <- list2env(list(data = data, ...), parent = baseenv())
  assign(as.character(call[[1L]]), fitter, envir = scope)
  if (!is.null(weights)) {
    call$weights <- as.name(weights)
    # lme4 fetches `weights` from the caller by that very name.
    scope$weights <- data[[weights]]
  }
  eval(call, scope)
}

build_lmer <- function(formula, data, REML = TRUE, weights = NULL, control = NULL) {
  call <- bquote(lmer(formula = .(safe_formula(formula)), data = data, REML = .(REML)))
  settings <- mixed_control(lme4::lmerControl, control)
  if (!is.null(control)) call$control <- quote(control)
  evaluate_fit(call, lme4::lmer, data, weights, control = settings)
}

fit_lmer <- function(formula, data, REML = TRUE, weights = NULL, control = NULL, cond_var = FALSE) {
  model <- build_lmer(formula, data, REML = REML, weights = weights, control = control)
  extract_mer(model, nrow(data), cond_var)
}

if (sys.nframe() == 0L) {
  here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)[1L]))
  source(file.path(here, "command.R"))
  main("fit_lmer", here)
}
