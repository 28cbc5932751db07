#!/usr/bin/env Rscript
# Writes oracle_broom.json beside this file: what broom.mixed, broom and performance say of models of R's own data sets,
# and the figures of those models from which they say it. Nothing of r_scripts is used here.
#
#   Rscript tests/bridge/oracle_broom.R

suppressPackageStartupMessages({
  library(lme4)
  library(broom.mixed)
  library(jsonlite)
})

exact <- function(x) ifelse(is.na(x), NA_character_, sprintf("%.17g", as.double(x)))

# A column: its type in R, and its cells, numbers to 17 digits, NA as null.
column <- function(x) {
  type <- if (is.factor(x)) "factor" else typeof(x)
  cells <- if (is.numeric(x) && !is.factor(x)) exact(x) else as.character(x)
  list(type = unbox(type), cells = unname(cells))
}

table_of <- function(x) {
  list(names = names(x), columns = unname(lapply(as.list(x), column)))
}

named <- function(x) list(names = names(x), cells = unname(exact(x)))

matrix_of <- function(m) {
  m <- as.matrix(m)
  list(rows = rownames(m), columns = colnames(m), cells = apply(m, 1, exact, simplify = FALSE) |> unname())
}

one <- function(x) if (is.null(x)) NULL else unbox(exact(x))

versions <- function() {
  packages <- c("lme4", "broom", "broom.mixed", "performance", "insight", "lmerTest", "pbkrtest")
  found <- lapply(setNames(nm = packages), function(p) unbox(utils::packageDescription(p)$Version))
  c(list(R = unbox(as.character(getRversion()))), found)
}

# The coefficients as the bridge names their columns.
coefficients_of <- function(table) {
  wanted <- c(
    Estimate = "estimate", `Std. Error` = "std_error", df = "df", `t value` = "statistic", `z value` = "statistic",
    `Pr(>|t|)` = "p_value", `Pr(>|z|)` = "p_value"
  )
  table <- as.data.frame(table)
  kept <- intersect(names(wanted), names(table))
  list(rows = rownames(table), table = table_of(setNames(table[kept], wanted[kept])))
}

figures <- function(m) {
  mixed <- inherits(m, "merMod")
  summarized <- summary(m)
  table <- coef(summarized)
  coefficient <- function(k) named(setNames(table[, k], rownames(table)))
  list(
    fixef = coefficient(1), bse = coefficient(2), tvalues = coefficient(3),
    vcov = matrix_of(vcov(m)),
    # R's sigma() of a glm is by the deviance; the bridge's by the dispersion that its SEs have.
    sigma = one(if (is.null(summarized$dispersion)) sigma(m) else sqrt(summarized$dispersion)),
    loglik = one(logLik(m)), aic = one(AIC(m)), bic = one(BIC(m)),
    nobs = one(nobs(m)), df_resid = one(df.residual(m)),
    deviance = one(if (mixed && isREML(m)) deviance(m, REML = FALSE) else if (mixed) -2 * logLik(m) else deviance(m)),
    conditional_deviance = if (mixed && isGLMM(m)) one(deviance(m)),
    reml_criterion = if (mixed && isREML(m)) one(REMLcrit(m)),
    coefficients = coefficients_of(coef(summarized))
  )
}

random_figures <- function(m) {
  effects <- ranef(m, condVar = TRUE)
  deviations <- as.data.frame(effects)
  sd_of <- function(group) {
    rows <- deviations[deviations$grpvar == group, ]
    wide <- matrix(rows$condsd, ncol = ncol(effects[[group]]))
    dimnames(wide) <- list(as.character(rows$grp[seq_len(nrow(wide))]), as.character(unique(rows$term)))
    wide[rownames(effects[[group]]), , drop = FALSE]
  }
  list(
    varcorr = table_of(as.data.frame(VarCorr(m))),
    ngroups = named(ngrps(m)),
    ranef = lapply(effects, matrix_of),
    ranef_sd = lapply(setNames(nm = names(effects)), function(g) matrix_of(sd_of(g)))
  )
}

# By row, what the data are not.
augmented <- function(m) {
  found <- suppressWarnings(augment(m))
  table_of(found[startsWith(names(found), ".") & names(found) != ".rownames"])
}

describe_mixed <- function(m, data) {
  effects <- c("ran_pars", "fixed", "ran_vals", "ran_coefs")
  vcov_scales <- c("vcov", NA)
  list(
    kind = unbox(if (isGLMM(m)) "glmer" else "lmer"), data = unbox(data), formula = unbox(deparse1(formula(m))),
    figures = c(figures(m), random_figures(m)),
    tidy = list(
      default = table_of(tidy(m)),
      fixed = table_of(tidy(m, "fixed")),
      ran_pars = table_of(tidy(m, "ran_pars")),
      ran_vals = table_of(tidy(m, "ran_vals")),
      ran_coefs = table_of(tidy(m, "ran_coefs")),
      all = table_of(tidy(m, effects)),
      limits = table_of(tidy(m, conf.int = TRUE, conf.level = 0.9)),
      limits_of_modes = table_of(tidy(m, c("fixed", "ran_vals"), conf.int = TRUE)),
      vcov = table_of(tidy(m, c("ran_pars", "fixed"), scales = vcov_scales)),
      power = table_of(tidy(m, conf.int = TRUE, exponentiate = TRUE))
    ),
    glance = table_of(glance(m)),
    augment = augmented(m)
  )
}

# The profile of a REML fit is that by ML; `confint` is with lme4's own names.
with_profile <- function(described, m) {
  quiet <- suppressMessages
  described$confint <- matrix_of(quiet(confint(m, oldNames = FALSE)))
  described$tidy$profile <- table_of(quiet(tidy(m, conf.int = TRUE, conf.method = "profile")))
  described
}

with_degrees <- function(described, m) {
  # lmerTest takes its model from the call, so that the data must be found again.
  tested <- lmerTest::as_lmerModLmerTest(m)
  for (ddf in c("Satterthwaite", "Kenward-Roger")) {
    described$degrees[[ddf]] <- coefficients_of(coef(summary(tested, ddf = ddf)))
    described$tidy[[ddf]] <- table_of(tidy(tested, ddf.method = ddf, conf.int = TRUE))
  }
  described
}

describe_plain <- function(m, kind, data) {
  quiet <- suppressMessages
  f <- summary(m)$fstatistic
  list(
    kind = unbox(kind), data = unbox(data), formula = unbox(deparse1(formula(m))),
    figures = c(figures(m), list(
      r_squared = one(summary(m)$r.squared), adj_r_squared = one(summary(m)$adj.r.squared),
      fstatistic = if (!is.null(f)) named(f),
      f_pvalue = if (!is.null(f)) one(pf(f[[1]], f[[2]], f[[3]], lower.tail = FALSE)),
      null_deviance = one(m$null.deviance), df_null = one(m$df.null)
    )),
    confint = matrix_of(quiet(confint(m))),
    tidy = list(
      default = table_of(tidy(m)),
      limits = table_of(quiet(tidy(m, conf.int = TRUE))),
      power = table_of(quiet(tidy(m, conf.int = TRUE, exponentiate = TRUE)))
    ),
    glance = table_of(glance(m)),
    augment = augmented(m)
  )
}

# The variances, R squared and ICC of performance; the mean is that by the model without covariates.
explain <- function(m, data) {
  quiet <- suppressWarnings
  parts <- quiet(insight::get_variance(m))
  null <- quiet(insight::null_model(m))
  r2 <- quiet(performance::r2_nakagawa(m))
  icc <- quiet(performance::icc(m))
  list(
    kind = unbox(if (isGLMM(m)) "glmer" else "lmer"), data = unbox(data), formula = unbox(deparse1(formula(m))),
    family = if (isGLMM(m)) unbox(family(m)$family), link = if (isGLMM(m)) unbox(family(m)$link),
    sigma = one(sigma(m)), null_intercept = one(fixef(null)[[1]]),
    fixed = one(parts$var.fixed), random = one(parts$var.random), dispersion = one(parts$var.dispersion),
    distribution = one(parts$var.distribution),
    marginal = one(r2$R2_marginal), conditional = one(r2$R2_conditional),
    adjusted = one(icc$ICC_adjusted), unadjusted = one(icc$ICC_unadjusted)
  )
}

mixed_models <- function(ticks) {
  herds <- function(link) {
    glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), cbpp, family = binomial(link))
  }
  list(
    sleep_reml = lmer(Reaction ~ Days + (Days | Subject), sleepstudy),
    sleep_ml = lmer(Reaction ~ Days + (Days | Subject), sleepstudy, REML = FALSE),
    sleep_apart = lmer(Reaction ~ Days + (Days || Subject), sleepstudy, REML = FALSE),
    sleep_random_slope = lmer(Reaction ~ 1 + (Days | Subject), sleepstudy, REML = FALSE),
    penicillin = lmer(diameter ~ 1 + (1 | plate) + (1 | sample), Penicillin),
    cake = lmer(angle ~ recipe + temp + (1 | replicate:recipe), cake),
    machines = lmer(score ~ Machine + (Machine | Worker), nlme::Machines),
    herds = herds("logit"),
    herds_probit = herds("probit"),
    herds_cloglog = herds("cloglog"),
    ticks = glmer(TICKS ~ YEAR + (1 | BROOD), ticks, family = poisson),
    ticks_sqrt = glmer(TICKS ~ YEAR + (1 | BROOD), ticks, family = poisson("sqrt")),
    ticks_by_row = glmer(TICKS ~ YEAR + (1 | BROOD) + (1 | INDEX), ticks, family = poisson)
  )
}

main <- function(path) {
  # A part of the rows, which is not so long to write.
  ticks <- droplevels(grouseticks[seq(1, nrow(grouseticks), by = 4), ])
  models <- mixed_models(ticks)
  data <- c(
    sleep = "sleepstudy", penicillin = "penicillin", cake = "cake", machines = "machines",
    herds = "cbpp", ticks = "grouseticks"
  )
  data_of <- function(name) data[[sub("_.*", "", name)]]
  for_tables <- setdiff(names(models), c("herds_probit", "herds_cloglog", "ticks_sqrt", "ticks_by_row"))
  for_shares <- setdiff(names(models), c("sleep_ml", "sleep_random_slope", "machines"))
  tables <- function(name) {
    described <- describe_mixed(models[[name]], data_of(name))
    if (name %in% c("sleep_reml", "sleep_apart", "herds")) described <- with_profile(described, models[[name]])
    if (name %in% c("sleep_reml", "cake")) described <- with_degrees(described, models[[name]])
    described
  }
  described <- lapply(setNames(nm = for_tables), tables)
  described$line <- describe_plain(lm(Reaction ~ Days, sleepstudy), "lm", "sleepstudy")
  described$line_weighted <- describe_plain(lm(angle ~ recipe + temp, cake, weights = temp), "lm", "cake")
  described$odds <- describe_plain(glm(cbind(incidence, size - incidence) ~ period, binomial, cbpp), "glm", "cbpp")
  described$gamma <- describe_plain(glm(angle ~ recipe + temp, Gamma("log"), cake), "glm", "cake")
  explained <- lapply(setNames(nm = for_shares), function(name) explain(models[[name]], data_of(name)))
  found <- list(versions = versions(), models = described, explained = explained)
  text <- toJSON(found, auto_unbox = FALSE, pretty = FALSE, na = "null", null = "null")
  writeLines(text, path)
}

if (sys.nframe() == 0L) {
  file <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
  main(file.path(dirname(file), "oracle_broom.json"))
}
