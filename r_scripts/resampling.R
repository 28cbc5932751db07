# Fits of one model to many responses: the parametric bootstrap, and refit.

# lme4 before 1.1-33 refits a REML fit with REML = 1 where the rank of X belongs: found out on a small model, not by version.
refit_is_wrong <- function() {
  if (is.null(RESAMPLING$wrong)) {
    data <- data.frame(y = c(1, 3, 2, 5, 4, 7, 6, 9), x = c(1, 2, 1, 2, 1, 2, 1, 3), g = gl(4L, 2L))
    model <- suppressMessages(suppressWarnings(lme4::lmer(y ~ x + (1 | g), data)))
    again <- suppressMessages(suppressWarnings(lme4::refit(model, data$y)))
    RESAMPLING$wrong <- again@resp$REML != model@resp$REML
  }
  RESAMPLING$wrong
}
RESAMPLING <- new.env(parent = emptyenv())

# Whether each response must be fitted anew, from the model's parts.
needs_new_fits <- function(model) lme4::isREML(model) && refit_is_wrong()

# The control that the model was fitted with.
model_control <- function(model) {
  control <- environment(stats::formula(model))$control
  if (!is.null(control)) {
    return(control)
  }
  if (lme4::isGLMM(model)) lme4::glmerControl() else lme4::lmerControl()
}

# lme4's own start: no correlation, and SDs that are sigma.
first_theta <- function(model) as.double(lme4::getME(model, "lower") == 0)

# lmer's own steps on the parts of a model, with another response, from lmer's own start.
fit_anew <- function(model, response) {
  frame <- stats::model.frame(model)
  frame[[attr(attr(frame, "terms"), "response")]] <- response
  control <- model_control(model)
  parts <- lme4::getME(unshared(model), c("Zt", "Lambdat", "Lind", "lower", "flist", "cnms", "Gp"))
  parts$theta <- first_theta(model)
  devfun <- lme4::mkLmerDevfun(frame, lme4::getME(model, "X"), parts, REML = TRUE, control = control)
  opt <- lme4::optimizeLmer(
    devfun,
    optimizer = control$optimizer, restart_edge = control$restart_edge, boundary.tol = control$boundary.tol,
    control = control$optCtrl, calc.derivs = control$calc.derivs, use.last.params = control$use.last.params
  )
  checked <- lme4::checkConv(attr(opt, "derivs"), opt$par, ctrl = control$checkConv, lbound = environment(devfun)$lower)
  lme4::mkMerMod(environment(devfun), opt, parts, fr = frame, mc = stats::getCall(model), lme4conv = checked)
}

# A fit to another response, which has a value (or a row of two counts) for each row used.
fit_response <- function(model, response) {
  if (needs_new_fits(model)) {
    return(fit_anew(model, as.double(response)))
  }
  # refit starts where the model is, and from the boundary no search comes away.
  if (lme4::isSingular(model)) {
    model <- unshared(model)
    model@pp$setTheta(first_theta(model))
  }
  # Without this mark lme4 would drop the rows that were dropped already.
  attr(response, "na.action") <- attr(stats::model.frame(model), "na.action")
  lme4::refit(model, response, control = model_control(model))
}

# A model's parameters under names that tell what they are: SDs and correlations, sigma, fixed effects.
model_parameters <- function(model) {
  components <- as.data.frame(lme4::VarCorr(model), order = "lower.tri")
  residual <- is.na(components$var1)
  components$grp <- factor_names(model, components$grp)
  kind <- ifelse(is.na(components$var2), "sd_", "cor_")
  pair <- ifelse(is.na(components$var2), components$var1, paste(components$var2, components$var1, sep = "."))
  names <- ifelse(residual, "sigma", paste0(kind, pair, "|", components$grp))
  c(stats::setNames(components$sdcor, names), lme4::fixef(model))
}

# VarCorr numbers the blocks of one factor, `g` and `g.1`; other parts of lme4 name the factor, where that is clear.
factor_names <- function(model, blocks) {
  own <- names(lme4::getME(model, "cnms"))
  terms <- unlist(Map(paste, own, lme4::getME(model, "cnms")))
  places <- match(blocks, unique(blocks))
  if (anyDuplicated(terms)) blocks else ifelse(places <= length(own), own[places], blocks)
}

# What one response gives: its parameters, and what was said; a failed fit is an error's text.
bootstrap_one <- function(model, response) {
  outcome <- capture({
    again <- fit_response(model, response)
    list(parameters = as.double(model_parameters(again)), singular = lme4::isSingular(again))
  })
  list(
    parameters = outcome$value$parameters,
    singular = isTRUE(outcome$value$singular),
    error = if (is.null(outcome$error)) "" else outcome$error$text,
    said = vapply(outcome$conditions, function(said) said$text, "")
  )
}

# The responses of a bootstrap: those that lme4's bootMer draws from the same seed.
draw_responses <- function(model, n, seed) {
  drawn <- with_seed(seed, simulate_responses(model, n))
  list(
    names = names(model_parameters(model)),
    estimates = as.double(model_parameters(model)),
    anew = needs_new_fits(model),
    draws = unname(lapply(drawn, bare_response))
  )
}

# Numbers; the counts of two columns stay a matrix.
bare_response <- function(y) {
  if (is.factor(y)) y <- as.integer(y) - 1L
  if (is.matrix(y)) plain_matrix(y, NULL, NULL) else as.double(y)
}

bootstrap_chunk <- function(model, draws) {
  done <- lapply(draws, function(y) bootstrap_one(model, y))
  width <- length(model_parameters(model))
  parameters <- lapply(done, function(d) if (d$error == "") d$parameters else rep(NA_real_, width))
  list(
    parameters = plain_matrix(do.call(rbind, parameters), NULL, NULL),
    singular = vapply(done, function(d) d$singular, NA),
    errors = vapply(done, function(d) d$error, ""),
    said = as.character(unlist(lapply(done, function(d) d$said)))
  )
}

# The intervals that lme4's confint gives for these replicates; boot.ci leaves out what is missing, parameter by parameter.
# It has none where all replicates are one number, nor where there are fewer than two, for which they are missing.
bootstrap_intervals <- function(estimates, names, replicates, level, type) {
  present <- lapply(seq_len(ncol(replicates)), function(column) replicates[is.finite(replicates[, column]), column])
  vary <- vapply(present, function(drawn) length(unique(drawn)) > 1L, NA)
  limits <- matrix(NA_real_, length(estimates), 2L)
  for (column in which(!vary & lengths(present) > 1L)) {
    drawn <- present[[column]][[1L]]
    limits[column, ] <- if (type == "perc") drawn else 2 * estimates[[column]] - drawn
  }
  if (any(vary)) limits[vary, ] <- boot_confint(estimates[vary], replicates[, vary, drop = FALSE], level, type)
  tails <- c((1 - level) / 2, (1 + level) / 2)
  shown <- paste(format(100 * tails, trim = TRUE, scientific = FALSE, digits = 3L), "%")
  plain_matrix(limits, names, shown)
}

boot_confint <- function(estimates, replicates, level, type) {
  result <- structure(
    list(
      t0 = stats::setNames(estimates, seq_along(estimates)), t = replicates, R = nrow(replicates), data = data.frame(),
      seed = NULL, statistic = NULL, sim = "parametric", call = quote(bootMer()), ran.gen = "", mle = NULL
    ),
    class = c("bootMer", "boot")
  )
  stats::confint(result, level = level, type = type)
}
