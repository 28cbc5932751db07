# What a fit rests on: residuals, leverage, deletion, other optimizers.

RESIDUALS <- c("response", "pearson", "deviance", "working")

model_residuals <- function(model, type, scaled) {
  known_name(type, RESIDUALS, "a type of residuals")
  found <- if (inherits(model, "merMod")) {
    stats::residuals(model, type = type, scaled = scaled)
  } else {
    stats::residuals(model, type = type) / (if (scaled) model_sigma(model) else 1)
  }
  unpadded(found, model)
}

model_sigma <- function(model) if (inherits(model, "glm")) sqrt(summary(model)$dispersion) else stats::sigma(model)

# By the rows used. lm and glm leave out rows of weight 0, which have no leverage.
by_used_row <- function(x, model) {
  if (inherits(model, "merMod")) {
    return(unpadded(x, model))
  }
  rows <- rownames(stats::model.frame(model))
  found <- as.double(x[rows])
  found[!rows %in% names(x)] <- 0
  found
}

model_leverage <- function(model) by_used_row(stats::hatvalues(model), model)

model_distance <- function(model) by_used_row(stats::cooks.distance(model), model)

# What broom's augment shows of each row beside the above.
model_rows <- function(model) {
  if (!inherits(model, "merMod")) {
    offset <- stats::model.offset(stats::model.frame(model))
    weights <- stats::weights(model)
    rows <- nrow(stats::model.frame(model))
    return(list(
      offset = if (is.null(offset)) rep(0, rows) else as.double(offset),
      weights = if (is.null(weights)) rep(1, rows) else unpadded(weights, model),
      linear = if (inherits(model, "glm")) as.double(model$linear.predictors) else unpadded(stats::fitted(model), model)
    ))
  }
  resp <- model@resp
  list(
    offset = as.double(resp$offset), weights = as.double(resp$weights), mu = as.double(resp$mu),
    sqrt_x_weights = as.double(resp$sqrtXwt), sqrt_r_weights = as.double(resp$sqrtrwt), wtres = as.double(resp$wtres),
    fixed = unpadded(stats::predict(model, re.form = NA), model),
    linear = as.double(if (lme4::isGLMM(model)) resp$eta else resp$mu)
  )
}

# The model without some rows, from the estimates of the whole one.
without_rows <- function(model, rows) {
  place <- environment(stats::formula(model))
  call <- stats::getCall(model)
  start <- list(theta = as.double(lme4::getME(model, "theta")))
  if (lme4::isGLMM(model) && lme4::getME(model, "devcomp")$dims[["nAGQ"]] > 0L) start$fixef <- unname(lme4::fixef(model))
  call$start <- start
  scope <- new.env(parent = place)
  whole <- place$data
  less <- whole[-rows, , drop = FALSE]
  scope$data <- less
  for (name in c("weights", "offset")) if (!is.null(place[[name]])) scope[[name]] <- place[[name]][-rows]
  # The formula's environment is where lme4 looks for what stands in the call.
  call$formula <- stats::formula(model)
  environment(call$formula) <- scope
  eval(call, scope)
}

# By group (or row): the estimates without it. `levels` are those to leave out, each alone.
delete_groups <- function(model, levels, group = NULL) {
  data <- environment(stats::formula(model))$data
  keys <- if (is.null(group)) seq_len(nrow(data)) else as.character(data[[group]])
  done <- lapply(levels, function(level) {
    capture({
      less <- without_rows(model, which(keys == level))
      list(parameters = as.double(model_parameters(less)), names = names(model_parameters(less)))
    })
  })
  width <- model_parameters(model)
  pick <- function(d) if (is.null(d$value) || length(d$value$parameters) != length(width)) rep(NA_real_, length(width)) else d$value$parameters
  list(
    names = names(width),
    parameters = plain_matrix(do.call(rbind, lapply(done, pick)), NULL, NULL),
    errors = vapply(done, function(d) deletion_error(d, length(width)), "")
  )
}

deletion_error <- function(done, width) {
  if (!is.null(done$error)) {
    return(done$error$text)
  }
  if (length(done$value$parameters) != width) "Without it the model has other coefficients." else ""
}

group_levels <- function(model, group = NULL) {
  data <- environment(stats::formula(model))$data[used_rows(model), , drop = FALSE]
  if (is.null(group)) {
    return(as.character(used_rows(model)))
  }
  known_name(group, names(data), "a column of the model")
  as.character(unique(data[[group]]))
}

# The optimizers that can be tried here: lme4's own, and those of packages that are there.
optimizer_table <- function(model) {
  found <- list(
    optimizer = c("bobyqa", "Nelder_Mead", "nlminbwrap", "nloptwrap", "nloptwrap"),
    method = c("", "", "", "NLOPT_LN_NELDERMEAD", "NLOPT_LN_BOBYQA")
  )
  if (nzchar(system.file(package = "dfoptim"))) found <- Map(c, found, c("nmkbw", ""))
  if (nzchar(system.file(package = "optimx"))) found <- Map(c, found, c("optimx", "L-BFGS-B"))
  found
}

# What each optimizer calls the largest number of evaluations.
LIMITS <- c(
  bobyqa = "maxfun", Nelder_Mead = "maxfun", nlminbwrap = "eval.max", nloptwrap = "maxeval", nmkbw = "maxfeval",
  optimx = "maxit"
)

optimizer_control <- function(model, optimizer, method, maxfun) {
  search <- stats::setNames(list(maxfun), LIMITS[[optimizer]])
  if (optimizer == "nlminbwrap") search$iter.max <- maxfun
  if (method != "") search[[if (optimizer == "optimx") "method" else "algorithm"]] <- method
  make <- if (lme4::isGLMM(model)) lme4::glmerControl else lme4::lmerControl
  control <- model_control(model)
  fresh <- make(optimizer = optimizer, optCtrl = search)
  control[c("optimizer", "optCtrl")] <- fresh[c("optimizer", "optCtrl")]
  control
}

# The model fitted again by one optimizer, from lme4's own start.
fit_by <- function(model, optimizer, method, maxfun) {
  outcome <- capture({
    scope <- new.env(parent = environment(stats::formula(model)))
    scope$control <- optimizer_control(model, optimizer, method, maxfun)
    call <- stats::getCall(model)
    call$control <- quote(control)
    eval(call, scope)
  })
  if (!is.null(outcome$error)) {
    return(list(error = outcome$error$text))
  }
  tried <- outcome$value
  list(
    loglik = as.double(stats::logLik(tried)),
    converged = has_converged(extract_optinfo(tried)),
    singular = lme4::isSingular(tried),
    evaluations = as.integer(tried@optinfo$feval),
    parameters = as.double(model_parameters(tried)),
    said = vapply(outcome$conditions, function(said) said$text, ""),
    error = ""
  )
}
