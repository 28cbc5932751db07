# A fitted model as one plain named list: vectors with names, matrices with dimnames, lists; no object of R's remains.
# Every kind of model has the same entries; what does not apply to a kind is NULL.

plain_matrix <- function(x, rows = rownames(x), columns = colnames(x)) {
  matrix(as.double(as.matrix(x)), nrow(x), ncol(x), dimnames = list(rows, columns))
}

named_double <- function(x) stats::setNames(as.double(x), names(x))

# What print says beside its text (how to see more of it) is no message of the fit.
printed <- function(x) utils::capture.output(suppressMessages(print(x)))

# They cost more than all else of a small fit's extraction, and are the same as long as R runs.
delayedAssign("VERSIONS", find_versions())
extract_versions <- function() VERSIONS

find_versions <- function() {
  list(
    R = paste(R.version$major, R.version$minor, sep = "."),
    lme4 = utils::packageDescription("lme4")$Version,
    Matrix = utils::packageDescription("Matrix")$Version,
    BLAS = unname(extSoftVersion()["BLAS"]),
    LAPACK = La_version(),
    platform = R.version$platform,
    OS = utils::osVersion
  )
}

quartiles <- function(x) stats::setNames(as.double(stats::quantile(x)), c("Min", "1Q", "Median", "3Q", "Max"))

extract_coefficients <- function(table) {
  list(
    fixef = named_double(table[, 1L]) |> stats::setNames(rownames(table)),
    bse = named_double(table[, 2L]) |> stats::setNames(rownames(table)),
    # Of no coefficient at all lme4's table has no column of t values.
    tvalues = if (nrow(table) == 0L) double() else named_double(table[, 3L]) |> stats::setNames(rownames(table)),
    pvalues = if (ncol(table) > 3L) stats::setNames(as.double(table[, 4L]), rownames(table))
  )
}

# The contrasts of the factors of X: their name (R's function, or "matrix") and levels by columns.
extract_contrasts <- function(used, model) {
  frame <- stats::model.frame(model)
  lapply(stats::setNames(nm = names(used)), function(column) {
    kind <- used[[column]]
    levels <- if (is.factor(frame[[column]])) levels(frame[[column]]) else c("FALSE", "TRUE")
    coding <- if (is.character(kind)) getExportedValue("stats", kind)(levels) else kind
    list(
      kind = if (is.character(kind)) sub("^contr\\.", "", kind) else "matrix",
      coding = plain_matrix(coding, rows = levels)
    )
  })
}

# What R answers alike for every kind of model.
extract_common <- function(model, summarized, contrasts) {
  loglik <- stats::logLik(model)
  c(
    extract_coefficients(stats::coef(summarized)),
    list(
      loglik = as.double(loglik),
      aic = as.double(stats::AIC(model)),
      bic = as.double(stats::BIC(model)),
      nobs = as.integer(stats::nobs(model)),
      npar = as.integer(attr(loglik, "df")),
      df_resid = as.integer(stats::df.residual(model)),
      fitted = unpadded(stats::fitted(model), model),
      resid = unpadded(stats::residuals(model), model),
      rows = used_rows(model),
      omitted = omitted_rows(model),
      contrasts = extract_contrasts(contrasts, model),
      summary = printed(summarized),
      call = deparse1(stats::getCall(model)),
      state = extract_state(model),
      versions = extract_versions()
    )
  )
}

# What only a mixed model has.
NOT_MIXED <- list(
  vcov_rx = NULL, varcorr = NULL, ranef = NULL, ranef_sd = NULL, theta = NULL, ngroups = NULL, reml = NULL,
  reml_criterion = NULL, conditional_deviance = NULL, scaled_resid_quantiles = NULL, optinfo = NULL
)
NOT_LM <- list(family = NULL, link = NULL, null_deviance = NULL, df_null = NULL)
NOT_GLM <- list(r_squared = NULL, adj_r_squared = NULL, fstatistic = NULL, f_pvalue = NULL)

# Of the coefficients, those that could be estimated.
extract_full_rank <- function(model) {
  kept <- !is.na(stats::coef(model))
  list(
    vcov = plain_matrix(stats::vcov(model, complete = FALSE)),
    dropped_columns = names(kept)[!kept],
    model_matrix = plain_matrix(stats::model.matrix(model)[, kept, drop = FALSE], rows = NULL)
  )
}

extract_lm <- function(model) {
  summarized <- summary(model)
  f <- summarized$fstatistic
  c(
    extract_common(model, summarized, model$contrasts),
    extract_full_rank(model),
    list(
      response = as.double(stats::model.response(stats::model.frame(model))),
      sigma = as.double(stats::sigma(model)),
      deviance = as.double(stats::deviance(model)),
      scaled_resid = unpadded(stats::weighted.residuals(model, drop0 = FALSE) / stats::sigma(model), model),
      resid_quantiles = quartiles(summarized$residuals),
      converged = TRUE, singular = FALSE,
      r_squared = as.double(summarized$r.squared),
      adj_r_squared = as.double(summarized$adj.r.squared),
      fstatistic = if (!is.null(f)) named_double(f),
      f_pvalue = if (!is.null(f)) as.double(stats::pf(f[[1L]], f[[2L]], f[[3L]], lower.tail = FALSE))
    ),
    NOT_MIXED, NOT_LM
  )
}

extract_glm <- function(model) {
  summarized <- summary(model)
  scale <- sqrt(summarized$dispersion)
  c(
    extract_common(model, summarized, model$contrasts),
    extract_full_rank(model),
    list(
      # glm itself turns two columns, or a factor, into proportions.
      response = as.double(model$y),
      sigma = as.double(scale),
      deviance = as.double(stats::deviance(model)),
      scaled_resid = unpadded(stats::residuals(model, type = "pearson") / scale, model),
      resid_quantiles = quartiles(unpadded(stats::residuals(model), model)),
      converged = model$converged, singular = FALSE,
      family = model$family$family, link = model$family$link,
      null_deviance = as.double(model$null.deviance),
      df_null = as.integer(model$df.null)
    ),
    NOT_MIXED, NOT_GLM
  )
}

extract_varcorr <- function(model) {
  table <- as.data.frame(lme4::VarCorr(model))
  as.list(table[c("grp", "var1", "var2", "vcov", "sdcor")])
}

extract_ranef <- function(effects) lapply(effects, function(table) plain_matrix(table))

# Conditional standard deviations, level by term. A factor with several terms has one array of variances a term.
ranef_deviations <- function(table) {
  variances <- attr(table, "postVar")
  if (!is.list(variances)) variances <- list(variances)
  columns <- lapply(variances, function(v) {
    vapply(seq_len(dim(v)[1L]), function(k) sqrt(v[k, k, ]), double(dim(v)[3L]))
  })
  matrix(unlist(columns), nrow(table), ncol(table), dimnames = list(rownames(table), colnames(table)))
}

extract_ranef_sd <- function(model) lapply(lme4::ranef(model, condVar = TRUE), ranef_deviations)

# lme4 reports a failed convergence check by a negative code; a singular fit has none.
extract_optinfo <- function(model) {
  info <- model@optinfo
  list(
    optimizer = paste(info$optimizer, collapse = " "),
    code = as.integer(info$conv$opt),
    message = paste(as.character(info$message), collapse = " "),
    evaluations = if (isTRUE(is.finite(info$feval))) as.integer(info$feval),
    gradient = as.double(info$derivs$gradient),
    hessian = if (!is.null(info$derivs$Hessian)) plain_matrix(info$derivs$Hessian),
    lme4_code = as.integer(info$conv$lme4$code),
    lme4_messages = as.character(info$conv$lme4$messages),
    warnings = vapply(info$warnings, as.character, "", USE.NAMES = FALSE)
  )
}

has_converged <- function(optinfo) all(optinfo$code == 0L) && all(optinfo$lme4_code >= 0L)

extract_mer <- function(model, cond_var = FALSE) {
  summarized <- summary(model)
  glmm <- lme4::isGLMM(model)
  reml <- lme4::isREML(model)
  pearson <- unpadded(stats::residuals(model, type = "pearson", scaled = TRUE), model)
  X <- lme4::getME(model, "X")
  optinfo <- extract_optinfo(model)
  c(
    extract_common(model, summarized, attr(X, "contrasts")),
    list(
      response = as.double(lme4::getME(model, "y")),
      sigma = as.double(stats::sigma(model)),
      vcov = plain_matrix(stats::vcov(model)),
      # R warns here that the two covariances differ; both are given, for the reader to see it.
      vcov_rx = if (glmm) plain_matrix(suppressWarnings(stats::vcov(model, use.hessian = FALSE))),
      varcorr = extract_varcorr(model),
      ranef = extract_ranef(lme4::ranef(model, condVar = FALSE)),
      ranef_sd = if (cond_var) extract_ranef_sd(model),
      theta = named_double(lme4::getME(model, "theta")),
      ngroups = stats::setNames(as.integer(lme4::ngrps(model)), names(lme4::ngrps(model))),
      reml = if (!glmm) reml,
      reml_criterion = if (reml) as.double(lme4::REMLcrit(model)),
      conditional_deviance = if (glmm) as.double(stats::deviance(model)),
      deviance = if (glmm) -2 * as.double(stats::logLik(model)) else as.double(stats::deviance(model, REML = FALSE)),
      scaled_resid = pearson,
      resid_quantiles = NULL,
      scaled_resid_quantiles = quartiles(pearson),
      converged = has_converged(optinfo),
      singular = lme4::isSingular(model),
      optinfo = optinfo,
      dropped_columns = as.character(names(attr(X, "col.dropped"))),
      model_matrix = plain_matrix(X, rows = NULL),
      family = if (glmm) stats::family(model)$family,
      link = if (glmm) stats::family(model)$link,
      null_deviance = NULL, df_null = NULL
    ),
    NOT_GLM
  )
}
