# Predictions, simulated responses, and fits to another response.

# `re_form`: NULL for all random effects, "~0" for none, or a formula of the random terms to use.
read_re_form <- function(re_form, allow) {
  if (is.null(re_form)) {
    return(NULL)
  }
  if (gsub(" ", "", re_form, fixed = TRUE) == "~0") {
    return(NA)
  }
  safe_one_sided(re_form, allow)
}

# Refuses terms that the model does not have, by their names.
check_random_terms <- function(model, re_form) {
  groups <- names(lme4::getME(model, "flist"))
  known <- unlist(lapply(lme4::findbars(stats::formula(model)), function(bar) all.vars(bar[[2L]])))
  for (bar in lme4::findbars(re_form)) {
    if (!deparse1(bar[[3L]]) %in% groups || !all(all.vars(bar[[2L]]) %in% known)) {
      refuse("bridge_argument", "re_form has the term (", shown(bar), "), and the model has none such; its groups: ", paste(groups, collapse = ", "), ".")
    }
  }
}

# Refuses levels that the fixed effects have no coefficient for, by column and level.
check_levels <- function(model, newdata) {
  mixed <- inherits(model, "merMod")
  frame <- if (mixed) stats::model.frame(model, fixed.only = TRUE) else stats::model.frame(model)
  known <- stats::.getXlevels(if (mixed) stats::terms(model, fixed.only = TRUE) else stats::terms(model), frame)
  for (name in intersect(names(known), names(newdata))) {
    new <- setdiff(as.character(unique(newdata[[name]])), c(known[[name]], NA))
    if (length(new) > 0L) {
      refuse(
        "bridge_data", "Column `", name, "` of the new data has the level `", shortened(new[1L]), "`, which the model has no coefficient for. ",
        "Its levels: ", paste(utils::head(known[[name]], 12L), collapse = ", "), "."
      )
    }
  }
}

# Predictions for the rows used, or for new data; NA where a new row misses a value. What the argument `offset` of the fit
# is for new rows comes as `offset`, and in their column `own`, where the call looks for it.
predict_model <- function(model, newdata = NULL, re_form = NULL, allow_new_levels = FALSE, type = "response", se = FALSE,
                          offset = NULL, own = NULL, allow = NULL) {
  re_form <- read_re_form(re_form, allow)
  if (inherits(re_form, "formula")) check_random_terms(model, re_form)
  if (is.null(newdata)) {
    return(predicted(model, NULL, re_form, allow_new_levels, type, se, 0))
  }
  check_levels(model, newdata)
  require_rowwise(model)
  whole <- stats::complete.cases(newdata)
  if (!is.null(offset)) {
    newdata[[own]] <- offset
    whole <- whole & !is.na(offset)
  }
  found <- list(fit = rep(NA_real_, nrow(newdata)), se = if (se) rep(NA_real_, nrow(newdata)))
  if (any(whole)) {
    added <- if (is.null(offset) || includes_offset(model)) 0 else offset[whole]
    rows <- predicted(model, droplevels_of(newdata[whole, , drop = FALSE]), re_form, allow_new_levels, type, se, added)
    found$fit[whole] <- rows$fit
    if (se) found$se[whole] <- rows$se
  }
  found
}

# Levels of rows that miss a value are not new levels.
droplevels_of <- function(data) {
  rownames(data) <- NULL
  data
}

predicted <- function(model, newdata, re_form, allow_new_levels, type, se, added) {
  linear <- added + linear_predictor(model, newdata, re_form, allow_new_levels)
  family <- model_family(model)
  errors <- if (se) prediction_errors(model, newdata, re_form)
  if (type == "link" || is.null(family)) {
    return(list(fit = linear, se = errors))
  }
  list(fit = family$linkinv(linear), se = if (se) errors * abs(family$mu.eta(linear)))
}

# Some of the rows used, by their places among these, as new data.
own_rows <- function(model, places) {
  data <- environment(stats::formula(model))$data
  data[used_rows(model)[places], , drop = FALSE]
}

# Whether R's predict counts the argument offset of the fit for new data: lm and glm do, lme4 by its version. It is seen
# where the offset is largest.
includes_offset <- function(model) {
  if (!inherits(model, "merMod")) {
    return(TRUE)
  }
  places <- utils::head(order(-abs(model@resp$offset)), 5L)
  with_it <- as.double(if (lme4::isGLMM(model)) model@resp$eta else model@resp$mu)[places]
  without <- with_it - model@resp$offset[places]
  found <- linear_predictor(model, own_rows(model, places), NULL, FALSE)
  max(abs(found - with_it)) < max(abs(found - without))
}

# A function of a whole column, as mean(x), has another value among other rows: R would give another model's predictions.
require_rowwise <- function(model) {
  used <- stats::model.frame(model)
  mixed <- inherits(model, "merMod")
  parts <- if (mixed) {
    list(stats::terms(model, fixed.only = TRUE), stats::terms(model, random.only = TRUE))
  } else {
    list(stats::terms(model))
  }
  # From both ends, at most half of the rows each: a row that decides, as the largest, is not in both.
  n <- min(10L, max(1L, nrow(used) %/% 2L))
  for (places in list(seq_len(n), nrow(used) + 1L - rev(seq_len(n)))) {
    for (terms in parts) require_same_terms(stats::delete.response(terms), used, own_rows(model, places), places)
  }
}

require_same_terms <- function(terms, used, rows, places) {
  again <- stats::model.frame(terms, rows, na.action = stats::na.pass, xlev = stats::.getXlevels(terms, used))
  for (name in intersect(names(again), names(used))) {
    before <- as.matrix(used[places, name, drop = FALSE])
    if (!isTRUE(all.equal(unname(before), unname(as.matrix(again[name])), check.attributes = FALSE))) {
      refuse(
        "bridge_argument", "The term `", name, "` depends on all rows together, so that it has no value for other rows: compute ",
        "it as a column before the fit."
      )
    }
  }
}

model_family <- function(model) {
  if (inherits(model, "merMod")) {
    if (lme4::isGLMM(model)) model@resp$family
  } else if (inherits(model, "glm")) {
    model$family
  }
}

linear_predictor <- function(model, newdata, re_form, allow_new_levels) {
  if (!inherits(model, "merMod")) {
    kind <- if (inherits(model, "glm")) "link" else "response"
    if (is.null(newdata)) {
      return(unpadded(stats::predict(model, type = kind), model))
    }
    return(as.double(stats::predict(model, newdata = newdata, type = kind, na.action = stats::na.pass)))
  }
  if (is.null(newdata)) {
    return(unpadded(stats::predict(model, re.form = re_form, type = "link"), model))
  }
  as.double(stats::predict(
    model, newdata = newdata, re.form = re_form, allow.new.levels = allow_new_levels, type = "link", na.action = stats::na.pass
  ))
}

# The fixed part of new rows: X without the columns that were dropped.
new_model_matrix <- function(model, newdata) {
  X <- lme4::getME(model, "X")
  if (is.null(newdata)) {
    return(X)
  }
  terms <- stats::delete.response(stats::terms(model, fixed.only = TRUE))
  frame <- stats::model.frame(
    terms, newdata, na.action = stats::na.pass, xlev = stats::.getXlevels(terms, stats::model.frame(model, fixed.only = TRUE))
  )
  built <- stats::model.matrix(terms, frame, contrasts.arg = attr(X, "contrasts"))
  dropped <- attr(X, "col.dropped")
  if (length(dropped) > 0L) built[, -dropped, drop = FALSE] else built
}

# The model frame of the random terms for new data; covariates keep the model's levels, groups their own.
new_random_frame <- function(model, newdata) {
  terms <- stats::delete.response(stats::terms(model, random.only = TRUE))
  groups <- unlist(lapply(lme4::findbars(stats::formula(model)), function(bar) all.vars(bar[[3L]])))
  covariates <- setdiff(all.vars(terms), groups)
  levels <- stats::.getXlevels(terms, stats::model.frame(model))
  stats::model.frame(terms, newdata, na.action = stats::na.pass, xlev = levels[intersect(names(levels), covariates)])
}

# Z' for new data, over the model's own random effects, and what new levels add to each row's variance, over sigma^2.
new_random_matrix <- function(model, newdata, re_form) {
  n <- if (is.null(newdata)) stats::nobs(model) else nrow(newdata)
  if (is.null(newdata) && is.null(re_form)) {
    return(list(known = lme4::getME(model, "Zt"), new = rep(0, n)))
  }
  form <- if (is.null(re_form)) stats::formula(model) else re_form
  frame <- if (is.null(newdata)) stats::model.frame(model) else new_random_frame(model, newdata)
  built <- lme4::mkReTrms(lme4::findbars(form), frame)
  places <- unlist(lapply(seq_along(built$cnms), function(k) term_places(model, built, k)))
  known <- which(!is.na(places))
  pick <- Matrix::sparseMatrix(
    i = places[known], j = known, x = 1, dims = c(length(lme4::getME(model, "b")), length(places))
  )
  unseen <- which(is.na(places))
  # The prior's factor of the new levels is that of any level: lme4's own for these terms.
  theirs <- new_level_factor(model, built)[, unseen, drop = FALSE]
  list(
    known = pick %*% built$Zt,
    new = if (length(unseen) == 0L) rep(0, n) else Matrix::colSums((theirs[unseen, , drop = FALSE] %*% built$Zt[unseen, , drop = FALSE])^2)
  )
}

# Lambda' of the terms of other data, at the model's theta.
new_level_factor <- function(model, built) {
  blocks <- lapply(seq_along(built$cnms), function(k) {
    mine <- model_term(model, built, k)
    keep <- match(built$cnms[[k]], lme4::getME(model, "cnms")[[mine]])
    lower <- lme4::getME(model, "Tlist")[[mine]]
    # Of some of a block's terms: the factor of their covariance.
    if (length(keep) < nrow(lower)) {
      upper <- suppressWarnings(chol(tcrossprod(lower)[keep, keep, drop = FALSE], pivot = TRUE))
      upper <- upper[, order(attr(upper, "pivot")), drop = FALSE]
    } else {
      upper <- t(lower)
    }
    Matrix::kronecker(Matrix::Diagonal(nlevels(term_group(built, k))), upper)
  })
  Matrix::bdiag(blocks)
}

term_group <- function(built, k) built$flist[[attr(built$flist, "assign")[k]]]

# Which of the model's random terms the k-th of other data is.
model_term <- function(model, built, k) {
  flist <- lme4::getME(model, "flist")
  group <- names(built$flist)[attr(built$flist, "assign")[k]]
  of_term <- names(flist)[attr(flist, "assign")]
  mine <- which(of_term == group & vapply(lme4::getME(model, "cnms"), function(x) all(built$cnms[[k]] %in% x), NA))[1L]
  if (is.na(mine)) refuse("bridge_argument", "re_form has a term of `", group, "` that the model does not have.")
  mine
}

# Where, among the model's random effects, those of the k-th term of other data are; NA for new levels.
term_places <- function(model, built, k) {
  mine <- model_term(model, built, k)
  flist <- lme4::getME(model, "flist")
  own <- lme4::getME(model, "cnms")[[mine]]
  level <- match(levels(term_group(built, k)), levels(flist[[attr(flist, "assign")[mine]]]))
  as.vector(outer(match(built$cnms[[k]], own), (level - 1L) * length(own), `+`)) + lme4::getME(model, "Gp")[mine]
}

# Standard errors on the scale of the linear predictor, given theta: of x'beta by the covariance of the fixed effects; with
# random effects, of x'(beta - its estimate) + z'(b - its mode), by the factors L, RZX and RX of Bates et al. (2015),
# equations 18 to 20. A new level has its random effect's whole variance in it.
prediction_errors <- function(model, newdata, re_form) {
  if (!inherits(model, "merMod")) {
    found <- if (is.null(newdata)) {
      stats::predict(model, se.fit = TRUE)
    } else {
      stats::predict(model, newdata = newdata, se.fit = TRUE, na.action = stats::na.pass)
    }
    return(if (is.null(newdata)) unpadded(found$se.fit, model) else as.double(found$se.fit))
  }
  X <- new_model_matrix(model, newdata)
  if (identical(re_form, NA)) {
    return(as.double(sqrt(rowSums((X %*% as.matrix(stats::vcov(model))) * X))))
  }
  random <- new_random_matrix(model, newdata, re_form)
  a <- lme4::getME(model, "Lambdat") %*% random$known
  L <- lme4::getME(model, "L")
  b_part <- as.matrix(Matrix::solve(L, Matrix::solve(L, a, system = "P"), system = "L"))
  beta_part <- backsolve(lme4::getME(model, "RX"), t(X) - crossprod(lme4::getME(model, "RZX"), b_part), transpose = TRUE)
  stats::sigma(model) * sqrt(colSums(b_part^2) + colSums(beta_part^2) + random$new)
}

# Responses simulated from the model, by the rows used: numbers, or a matrix of two counts.
simulate_model <- function(model, n, seed, re_form = NULL) {
  drawn <- with_seed(seed, simulate_responses(model, n, re_form))
  unname(lapply(drawn, bare_response))
}

# A model that knows of its rows alone: R and lme4 draw for the rows dropped too, and recycle weights and sizes over them.
of_its_rows <- function(model) {
  if (inherits(model, "merMod")) {
    attr(model@frame, "na.action") <- NULL
    rownames(model@frame) <- NULL
  } else {
    model$na.action <- NULL
  }
  model
}

# The responses as R makes them, of which each can be fitted again. `re_form`: NULL for the modes, "~0" for new effects.
simulate_responses <- function(model, n, re_form = "~0") {
  model <- of_its_rows(model)
  if (!inherits(model, "merMod")) {
    return(as.list(stats::simulate(model, nsim = n)))
  }
  if (lme4::isLMM(model) && any(stats::weights(model) != 1)) {
    return(simulate_weighted(model, n, re_form))
  }
  as.list(if (is.null(re_form)) stats::simulate(model, nsim = n, use.u = TRUE) else stats::simulate(model, nsim = n, re.form = NA))
}

# lme4 draws the errors of a weighted linear model with the SD sigma, where the model has sigma over the root of the weight.
# The order of the draws is lme4's.
simulate_weighted <- function(model, n, re_form) {
  sigma <- stats::sigma(model)
  rows <- stats::nobs(model)
  mean <- if (is.null(re_form)) stats::fitted(model) else stats::predict(model, re.form = NA)
  effects <- 0
  if (!is.null(re_form)) {
    Lambdat <- lme4::getME(model, "Lambdat")
    spherical <- matrix(stats::rnorm(nrow(Lambdat) * n), ncol = n)
    effects <- sigma * as.matrix(Matrix::crossprod(lme4::getME(model, "Zt"), Matrix::crossprod(Lambdat, spherical)))
  }
  errors <- sigma * matrix(stats::rnorm(rows * n), ncol = n) / sqrt(stats::weights(model))
  as.list(as.data.frame(mean + effects + errors))
}

# The variables of the right side: of the fixed effects, and of the random terms.
needed_variables <- function(model) {
  if (!inherits(model, "merMod")) {
    return(list(fixed = all.vars(stats::delete.response(stats::terms(model))), random = character()))
  }
  fixed <- stats::delete.response(stats::terms(model, fixed.only = TRUE))
  list(fixed = all.vars(fixed), random = unique(unlist(lapply(lme4::findbars(stats::formula(model)), all.vars))))
}
