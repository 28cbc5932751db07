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
        "bridge_data", "Column `", name, "` of the new data has the level `", new[1L], "`, which the model has no coefficient for. ",
        "Its levels: ", paste(utils::head(known[[name]], 12L), collapse = ", "), "."
      )
    }
  }
}

# Predictions for the rows used, or for new data. What the argument `offset` of the fit was for new rows comes as
# `offset`, since lme4 and R treat it in different ways: `zeros` names its column in the call.
predict_model <- function(model, newdata = NULL, re_form = NULL, allow_new_levels = FALSE, type = "response", se = FALSE,
                          offset = 0, zeros = NULL, allow = NULL) {
  if (!is.null(zeros)) newdata[[zeros]] <- rep(0, nrow(newdata))
  re_form <- read_re_form(re_form, allow)
  if (inherits(re_form, "formula")) check_random_terms(model, re_form)
  if (!is.null(newdata)) check_levels(model, newdata)
  linear <- offset + linear_predictor(model, newdata, re_form, allow_new_levels)
  family <- model_family(model)
  errors <- if (se) prediction_errors(model, newdata, re_form)
  if (type == "link" || is.null(family)) {
    return(list(fit = linear, se = errors))
  }
  list(fit = family$linkinv(linear), se = if (se) errors * abs(family$mu.eta(linear)))
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
  built[, colnames(X), drop = FALSE]
}

# The model frame of the random terms for new data; covariates keep the model's levels, groups their own.
new_random_frame <- function(model, newdata) {
  terms <- stats::delete.response(stats::terms(model, random.only = TRUE))
  covariates <- setdiff(all.vars(terms), unlist(lapply(names(lme4::getME(model, "flist")), function(g) all.vars(str2lang(g)))))
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
simulate_model <- function(model, n, seed, re_form = NULL, allow = NULL) {
  drawn <- with_seed(seed, simulate_responses(model, n, re_form, allow))
  unname(lapply(drawn, function(y) bare_response(y, model)))
}

# The responses as R makes them, of which each can be fitted again.
simulate_responses <- function(model, n, re_form = "~0", allow = NULL) {
  if (!inherits(model, "merMod")) {
    return(as.list(stats::simulate(model, nsim = n)))
  }
  if (is.null(re_form)) {
    return(as.list(stats::simulate(model, nsim = n, use.u = TRUE, na.action = stats::na.exclude)))
  }
  as.list(stats::simulate(model, nsim = n, re.form = read_re_form(re_form, allow), na.action = stats::na.exclude))
}

# The variables of the right side: of the fixed effects, and of the random terms.
needed_variables <- function(model) {
  if (!inherits(model, "merMod")) {
    return(list(fixed = all.vars(stats::delete.response(stats::terms(model))), random = character()))
  }
  fixed <- stats::delete.response(stats::terms(model, fixed.only = TRUE))
  list(fixed = all.vars(fixed), random = unique(unlist(lapply(lme4::findbars(stats::formula(model)), all.vars))))
}
