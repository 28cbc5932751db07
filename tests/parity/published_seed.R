# The seed report's models, refitted by plain R: every figure as case, quantity, key and value.
#
#   Rscript published_seed.R jsp2.csv

suppressPackageStartupMessages(library(lme4))

QUARTILES <- c("Min", "1Q", "Median", "3Q", "Max")

emit <- function(case, quantity, values, keys = rep("", length(values))) {
  cat(sprintf("%s\t%s\t%s\t%.17g\n", case, quantity, keys, as.numeric(values)), sep = "")
}

emit_coefficients <- function(case, table, quantities) {
  for (column in seq_along(quantities)) {
    emit(case, quantities[column], table[, column], rownames(table))
  }
}

emit_correlations <- function(case, quantity, matrix, prefix = "") {
  below <- which(lower.tri(matrix), arr.ind = TRUE)
  keys <- paste0(prefix, rownames(matrix)[below[, 1]], "|", colnames(matrix)[below[, 2]])
  emit(case, quantity, matrix[below], keys)
}

emit_lm <- function(case, fit) {
  s <- summary(fit)
  emit_coefficients(case, s$coefficients, c("fixef", "se_conditional", "tvalue", "pvalue"))
  emit(case, "resid_quantile", quantile(s$residuals), QUARTILES)
  emit(case, "nobs", nobs(fit))
  emit(case, "sigma", s$sigma)
  emit(case, "sigma2", s$sigma^2)
  emit(case, "df_resid", s$df[2])
  emit(case, "r2", s$r.squared)
  emit(case, "adj_r2", s$adj.r.squared)
  f <- s$fstatistic
  emit(case, "fstat", f["value"])
  emit(case, "fstat_df", f[c("numdf", "dendf")], c("numdf", "dendf"))
  emit(case, "fstat_p", pf(f["value"], f["numdf"], f["dendf"], lower.tail = FALSE))
}

emit_variances <- function(case, fit) {
  for (group in names(VarCorr(fit))) {
    block <- VarCorr(fit)[[group]]
    keys <- paste0(group, "|", rownames(block))
    emit(case, "variance", diag(block), keys)
    emit(case, "sd", attr(block, "stddev"), keys)
    if (nrow(block) > 1) {
      emit_correlations(case, "correlation", attr(block, "correlation"), paste0(group, "|"))
    }
  }
}

emit_mixed <- function(case, fit) {
  s <- summary(fit)
  emit(case, "scaled_resid_quantile", quantile(resid(fit, "pearson", scaled = TRUE)), QUARTILES)
  emit(case, "nobs", nobs(fit))
  emit(case, "ngroups", ngrps(fit), names(ngrps(fit)))
  emit(case, "aic", AIC(fit))
  emit(case, "bic", BIC(fit))
  emit(case, "loglik", logLik(fit))
  emit(case, "deviance", if (isREML(fit)) REMLcrit(fit) else -2 * logLik(fit))
  emit(case, "npar", attr(logLik(fit), "df"))
  emit(case, "df_resid", df.residual(fit))
  emit_variances(case, fit)
  if (isLMM(fit)) emit(case, "sigma", sigma(fit))
  if (isLMM(fit)) emit(case, "sigma2", sigma(fit)^2)
  kind <- if (isGLMM(fit)) "joint" else "conditional"
  columns <- c("fixef", paste0("se_", kind), "tvalue", if (isGLMM(fit)) "pvalue")
  emit_coefficients(case, s$coefficients, columns)
  emit_correlations(case, paste0("corr_", kind), cov2cor(as.matrix(vcov(fit))))
}

emit_normal_theory <- function(case, fit) {
  t <- summary(fit)$coefficients[, "t value"]
  emit(case, "wald_p", 2 * pnorm(abs(t), lower.tail = FALSE), names(t))
  limits <- confint(fit, parm = "beta_", method = "Wald")
  for (limit in colnames(limits)) {
    emit(case, "wald_ci", limits[, limit], paste0(rownames(limits), "|", limit))
  }
}

emit_icc <- function(case, fit) {
  variances <- as.data.frame(VarCorr(fit))
  emit(case, "icc", variances$vcov[1] / sum(variances$vcov), variances$grp[1])
}

# The table of the models refitted by ML, as the report prints it.
emit_lrt <- function(case, small, large) {
  table <- suppressMessages(anova(small, large))
  emit(case, "lrt_chisq", table$Chisq[2])
  emit(case, "lrt_df", table$Df[2])
  emit(case, "lrt_p", table[["Pr(>Chisq)"]][2])
}

main <- function(path = commandArgs(TRUE)) {
  data <- read.csv(path, stringsAsFactors = TRUE)
  data$fail <- ifelse(data$math < -10, 1, 0)
  gender <- lmer(math ~ raven + gender + (1 | school), data)
  raven <- lmer(math ~ raven + (1 | school), data)
  social <- lmer(math ~ raven + social + (1 | school), data)
  emit_lm("seed-lm", lm(math ~ raven + gender, data))
  emit_mixed("seed-gender-reml", gender)
  emit_normal_theory("seed-gender-reml", gender)
  emit_mixed("seed-raven-reml", raven)
  emit_icc("seed-raven-reml", raven)
  emit_mixed("seed-social-reml", social)
  emit_mixed("seed-slope-reml", lmer(math ~ raven + (1 + raven | school), data))
  emit_mixed("seed-raven-ml", refitML(raven))
  emit_mixed("seed-social-ml", refitML(social))
  emit_lrt("seed-social-lrt", raven, social)
  fail <- glmer(fail ~ raven + (1 | school), data, family = binomial)
  emit_mixed("seed-fail", fail)
  emit("seed-fail", "odds_ratio", exp(fixef(fail)), names(fixef(fail)))
}

if (sys.nframe() == 0L) main()
