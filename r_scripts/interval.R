# Profile likelihood, a parameter at a time.

# R's names of the parameters, as `model_parameters` orders them.
parameter_names <- function(model) names(model_parameters(model))

# The profile of the parameter number `which`, and its interval. A REML fit is profiled by ML, as lme4 does.
profile_parameter <- function(model, which, level) {
  names <- parameter_names(model)
  if (sum(names == names[which]) > 1L) {
    refuse("bridge_argument", "Two parameters are called `", names[which], "`, which lme4's profile confuses: rename the column.")
  }
  fixed <- which > length(model_parameters(model)) - length(lme4::fixef(model))
  if (fixed && lme4::isLMM(model) && any(stats::weights(model) != 1)) {
    refuse(
      "bridge_argument", "lme4's profile of a fixed effect of a linear model with weights is wrong: a constant weight, which ",
      "changes nothing, changes it. Use method='wald' or 'boot', or name the SDs alone in parm."
    )
  }
  profiled <- stats::profile(model, which = which, signames = FALSE)
  table <- as.data.frame(profiled)
  columns <- lapply(stats::setNames(nm = names(table)), function(name) {
    if (name == ".par") as.character(table[[name]]) else as.double(table[[name]])
  })
  list(
    table = columns,
    interval = plain_matrix(stats::confint(profiled, level = level))
  )
}

# R's own intervals of lm and glm: by t, and by profile likelihood.
plain_intervals <- function(model, level, method) {
  kept <- names(stats::coef(model))[!is.na(stats::coef(model))]
  limits <- if (method == "profile") stats::confint(model, level = level) else stats::confint.default(model, level = level)
  if (method == "t") limits <- stats::confint.lm(model, level = level)
  limits <- if (is.matrix(limits)) limits else matrix(limits, 1L, dimnames = list(kept, names(limits)))
  plain_matrix(limits[kept, , drop = FALSE])
}
