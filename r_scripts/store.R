# Fitted models that are kept for further questions, by an identifier of the caller's. What was dropped or lost is built
# anew from its recipe: kind, arguments, and the state at its optimum. Nothing is optimized again.

MODELS <- new.env(parent = emptyenv())
MOST_MODELS <- 24L

# The oldest make room.
store_model <- function(id, model) {
  kept <- ls(MODELS, all.names = TRUE)
  ticks <- vapply(kept, function(k) MODELS[[k]]$tick, 0)
  MODELS[[id]] <- list(model = model, tick = max(0, ticks) + 1)
  surplus <- length(kept) + 1L - MOST_MODELS
  if (surplus > 0L) rm(list = kept[order(ticks)][seq_len(surplus)], envir = MODELS)
  invisible(model)
}

# A fit's answer; the model stays where `id` says so.
keep_model <- function(id, model, extract, ..., gone = NULL) {
  forget_models(gone)
  if (!is.null(id)) store_model(id, model)
  extract(model, ...)
}

forget_models <- function(ids) {
  rm(list = intersect(ids, ls(MODELS, all.names = TRUE)), envir = MODELS)
  NULL
}

# What a model is at its optimum, as plain data.
extract_state <- function(model) {
  if (!inherits(model, "merMod")) {
    return(NULL)
  }
  list(
    theta = as.double(lme4::getME(model, "theta")),
    beta = as.double(lme4::getME(model, "beta")),
    u = as.double(lme4::getME(model, "u")),
    size = if (is_negative_binomial(model)) as.double(lme4::getME(model, "glmer.nb.theta")),
    # nlminb does not count its evaluations: lme4 writes a logical NA, which is no value to send.
    optinfo = Filter(function(part) !identical(part, NA), model@optinfo)
  )
}

is_negative_binomial <- function(model) {
  lme4::isGLMM(model) && startsWith(stats::family(model)$family, "Negative Binomial")
}

without_arguments <- function(call, left_out) call[!names(call) %in% left_out]

# The parts of a model, by lFormula or glFormula under the name that the call is given.
model_parts <- function(prepared, reader, left_out) {
  call <- without_arguments(prepared$call, left_out)
  call[[1L]] <- quote(read_formula)
  evaluate_fit(list(call = call, bindings = c(prepared$bindings, list(read_formula = reader))))
}

assemble_model <- function(devfun, parameters, parts, prepared, state) {
  value <- devfun(parameters)
  rho <- environment(devfun)
  # glmer's inner iterations end near the modes, and not where they ended before: the modes are put back.
  rho$pp$setDelu(state$u - rho$pp$u0)
  if (inherits(rho$resp, "glmResp")) rho$resp$updateMu(rho$pp$linPred(1))
  # While glmer searches, X beta stands in the offset.
  if (!is.null(rho$baseOffset)) rho$resp$setOffset(rho$baseOffset)
  call <- prepared$call
  call$formula <- parts$formula
  list2env(prepared$bindings, environment(parts$formula))
  open_scope(environment(parts$formula))
  opt <- list(par = parameters, fval = value, conv = 0L, message = "")
  model <- lme4::mkMerMod(rho, opt, parts$reTrms, fr = parts$fr, mc = call)
  model@optinfo <- state$optinfo
  model@u <- state$u
  model
}

rebuild_lmer <- function(arguments, state) {
  prepared <- do.call(prepare_lmer, arguments, quote = TRUE)
  parts <- model_parts(prepared, lme4::lFormula, c("start", "verbose"))
  devfun <- do.call(lme4::mkLmerDevfun, c(parts[names(parts) != "formula"], list(start = state$theta)))
  assemble_model(devfun, state$theta, parts, prepared, state)
}

rebuild_glmm <- function(prepared, state, nAGQ, control) {
  parts <- model_parts(prepared, lme4::glFormula, c("start", "verbose", "nAGQ"))
  control <- if (is.null(control)) lme4::glmerControl() else mixed_control(lme4::glmerControl, control)
  # The deviance function looks for lme4's own functions from where it is made.
  place <- list2env(
    list(arguments = c(parts[names(parts) != "formula"], list(control = control, nAGQ = 0L))), parent = asNamespace("lme4")
  )
  devfun <- eval(quote(do.call(mkGlmerDevfun, arguments)), place)
  devfun(state$theta)
  if (nAGQ == 0L) {
    assign("nAGQ", 0L, envir = environment(devfun))
    return(assemble_model(devfun, state$theta, parts, prepared, state))
  }
  devfun <- lme4::updateGlmerDevfun(devfun, parts$reTrms, nAGQ = nAGQ)
  assemble_model(devfun, c(state$theta, state$beta), parts, prepared, state)
}

rebuild_glmer <- function(arguments, state) {
  prepared <- do.call(prepare_glmer, arguments, quote = TRUE)
  nAGQ <- if (is.null(arguments$nAGQ)) 1L else arguments$nAGQ
  rebuild_glmm(prepared, state, nAGQ, arguments$control)
}

# A fitted negative binomial model is a glmer whose family has the size that was estimated.
rebuild_glmer_nb <- function(arguments, state) {
  nAGQ <- if (is.null(arguments$nAGQ)) 1L else arguments$nAGQ
  prepared <- do.call(prepare_glmer_nb, arguments, quote = TRUE)
  prepared$call <- without_arguments(prepared$call, "initCtrl")
  prepared <- as_plain_glmer(prepared, MASS::negative.binomial(theta = state$size))
  rebuild_glmm(prepared, state, nAGQ, arguments$control)
}

# lm and glm are solved, not searched for: the same call gives the same bits.
REBUILDERS <- list(
  lm = function(arguments, state) do.call(build_lm, arguments, quote = TRUE),
  glm = function(arguments, state) do.call(build_glm, arguments, quote = TRUE),
  lmer = function(arguments, state) rebuild_lmer(arguments, state),
  glmer = function(arguments, state) rebuild_glmer(arguments, state),
  glmer_nb = function(arguments, state) rebuild_glmer_nb(arguments, state)
)

rebuild_model <- function(recipe) REBUILDERS[[recipe$kind]](recipe$arguments, recipe$state)

# The model that `id` names; without it and without a recipe the caller is told to send one.
recall_model <- function(id, recipe = NULL) {
  if (is.null(MODELS[[id]])) {
    if (is.null(recipe)) refuse("bridge_absent", id)
    store_model(id, rebuild_model(recipe))
  }
  MODELS[[id]]$model
}

# A model that shares no memory with the one that is kept. lme4 computes in place: its profile of a glmer, for one, leaves
# the fitted model at other parameters than its own, and X beta in the offset, in the very column of the data.
unshared <- function(model) {
  if (!inherits(model, "merMod")) {
    return(model)
  }
  model@pp <- model@pp$copy()
  # lme4's own copy of a response module shares its offset, and starts without its linear predictor.
  model@resp <- unserialize(serialize(model@resp, NULL, xdr = FALSE))
  for (name in c("theta", "beta", "u")) methods::slot(model, name) <- methods::slot(model, name) + 0
  for (name in intersect(c("(offset)", "(weights)"), names(model@frame))) model@frame[[name]] <- model@frame[[name]] + 0
  model
}

# Questions that read alone: a copy of a large model costs half a second.
READING <- c(
  "model_coefficients", "extract_ranef_sd", "ranef_covariances", "get_part", "model_covariance", "is_singular_model",
  "ranef_components", "write_model", "model_code", "predict_model", "needed_variables", "model_parameters", "parameter_names",
  "model_residuals", "model_leverage", "model_distance", "model_rows", "group_levels", "optimizer_table", "simulate_model",
  "draw_responses", "model_arrays"
)

asked_model <- function(id, question, recipe) {
  model <- recall_model(id, recipe)
  if (question %in% READING) model else unshared(model)
}

# One question to one model.
ask_model <- function(id, question, arguments = list(), recipe = NULL, gone = NULL) {
  forget_models(gone)
  model <- asked_model(id, question, recipe)
  # While glmer searches, X beta stands in the data's own column of offsets: what stopped halfway is not asked again.
  whole <- is.null(environment(stats::formula(model))$offset)
  on.exit(if (!whole) forget_models(id))
  answered <- withCallingHandlers(
    do.call(get(question, mode = "function"), c(list(model), arguments), quote = TRUE),
    # A refusal comes before any work.
    bridge_refusal = function(condition) whole <<- TRUE
  )
  whole <- TRUE
  answered
}

# One question to several models.
ask_models <- function(ids, question, arguments = list(), recipes = NULL) {
  models <- lapply(seq_along(ids), function(k) asked_model(ids[[k]], question, recipes[[k]]))
  do.call(get(question, mode = "function"), c(list(models), arguments), quote = TRUE)
}
