# Estimated marginal means and their contrasts, by emmeans.

CONTRAST_METHODS <- c("pairwise", "revpairwise", "trt.vs.ctrl", "trt.vs.ctrl1", "eff", "del.eff", "poly", "consec", "mean_chg")
ADJUSTMENTS <- c("tukey", "scheffe", "sidak", "bonferroni", "dunnettx", "mvt", "none", "holm", "hochberg", "hommel", "BH", "BY", "fdr")
DEGREES_OF_MEANS <- c(Satterthwaite = "satterthwaite", `Kenward-Roger` = "kenward-roger", asymptotic = "asymptotic")

plain_table <- function(x) lapply(as.list(as.data.frame(x)), function(column) if (is.numeric(column)) as.double(column) else as.character(column))

# The rows used: emmeans takes means of covariates over what it is given.
used_data <- function(model) droplevels(environment(stats::formula(model))$data[used_rows(model), , drop = FALSE])

marginal_means <- function(model, specs, by = NULL, contrast = NULL, adjust = NULL, type = "link", level = 0.95,
                           ddf = "Satterthwaite", at = NULL) {
  require_package("emmeans", "estimated marginal means")
  known_name(type, c("link", "response"), "a scale of means")
  known_name(ddf, names(DEGREES_OF_MEANS), "a way to find degrees of freedom")
  if (!is.null(contrast)) known_name(contrast, CONTRAST_METHODS, "a set of contrasts")
  if (!is.null(adjust)) known_name(adjust, ADJUSTMENTS, "an adjustment of p-values")
  data <- used_data(model)
  for (name in names(at)) {
    known_name(name, intersect(needed_variables(model)$fixed, names(data)[vapply(data, is.numeric, NA)]), "a covariate that `at` can hold")
  }
  arguments <- list(model, specs = specs, data = data, type = type)
  if (!is.null(by)) arguments$by <- by
  if (!is.null(at)) arguments$at <- at
  if (inherits(model, "lmerMod")) {
    if (ddf == "Kenward-Roger") require_unweighted(model)
    n <- stats::nobs(model)
    arguments <- c(arguments, list(lmer.df = DEGREES_OF_MEANS[[ddf]], lmerTest.limit = n, pbkrtest.limit = n))
  }
  means <- do.call(emmeans::emmeans, arguments)
  compared <- NULL
  if (!is.null(contrast)) {
    how <- list(means, method = contrast)
    if (!is.null(adjust)) how$adjust <- adjust
    compared <- do.call(emmeans::contrast, how)
  }
  list(
    means = plain_table(summary(means, level = level)),
    contrasts = if (!is.null(compared)) plain_table(summary(compared, level = level, infer = TRUE)),
    text = c(printed(summary(means, level = level)), if (!is.null(compared)) printed(compared))
  )
}
