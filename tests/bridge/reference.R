# R's own answers, by plain calls of lm, lmer and glmer: nothing of r_scripts is used here.
#   Rscript reference.R FOLDER [jsp2.csv]
suppressPackageStartupMessages(library(lme4))
words <- commandArgs(TRUE)
folder <- words[1L]
write.csv(sleepstudy, file.path(folder, "sleepstudy.csv"), row.names = FALSE)
write.csv(cbpp, file.path(folder, "cbpp.csv"), row.names = FALSE)

out <- file(file.path(folder, "answers.txt"), "w")
put <- function(model, quantity, x, labels = names(x)) {
  if (is.null(labels)) labels <- seq_along(x)
  keep <- !is.na(x)
  cat(sprintf("%s\t%s\t%s\t%a\n", model, quantity, labels, as.double(x))[keep], file = out, sep = "")
}
pairs_of <- function(m) outer(rownames(m), colnames(m), paste)

put_common <- function(name, m) {
  table <- coef(summary(m))
  put(name, "fixef", table[, 1], rownames(table))
  put(name, "bse", table[, 2], rownames(table))
  put(name, "tvalues", table[, 3], rownames(table))
  if (ncol(table) > 3) put(name, "pvalues", table[, 4], rownames(table))
  v <- as.matrix(vcov(m))
  put(name, "vcov", v, pairs_of(v))
  put(name, "one", c(
    sigma = sigma(m), loglik = as.numeric(logLik(m)), aic = AIC(m), bic = BIC(m), nobs = nobs(m),
    npar = attr(logLik(m), "df"), df_resid = df.residual(m)
  ))
  put(name, "fitted", fitted(m), NULL)
  put(name, "resid", resid(m), NULL)
}

put_mixed <- function(name, m) {
  put_common(name, m)
  put(name, "theta", getME(m, "theta"))
  pearson <- residuals(m, type = "pearson", scaled = TRUE)
  put(name, "scaled_resid", pearson, NULL)
  put(name, "scaled_resid_quantiles", quantile(pearson), c("Min", "1Q", "Median", "3Q", "Max"))
  vc <- as.data.frame(VarCorr(m))
  labels <- paste(vc$grp, vc$var1, vc$var2)
  put(name, "varcorr_vcov", vc$vcov, labels)
  put(name, "varcorr_sdcor", vc$sdcor, labels)
  modes <- as.data.frame(ranef(m, condVar = TRUE))
  labels <- paste(modes$grpvar, modes$grp, modes$term)
  put(name, "ranef", modes$condval, labels)
  put(name, "ranef_sd", modes$condsd, labels)
}

fits <- list(
  reml = lmer(Reaction ~ Days + (Days | Subject), sleepstudy),
  ml = lmer(Reaction ~ Days + (Days | Subject), sleepstudy, REML = FALSE),
  uncorrelated = lmer(Reaction ~ Days + (Days || Subject), sleepstudy)
)
for (name in names(fits)) put_mixed(name, fits[[name]])
put("reml", "one", c(reml_criterion = REMLcrit(fits$reml), deviance = deviance(fits$reml, REML = FALSE)))
put("ml", "one", c(deviance = deviance(fits$ml)))

herds <- glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), cbpp, family = binomial)
put_mixed("herds", herds)
rx <- as.matrix(suppressWarnings(vcov(herds, use.hessian = FALSE)))
put("herds", "vcov_rx", rx, pairs_of(rx))
put("herds", "one", c(conditional_deviance = deviance(herds), deviance = -2 * as.numeric(logLik(herds))))

line <- lm(Reaction ~ Days, sleepstudy)
put_common("line", line)
s <- summary(line)
put("line", "resid_quantiles", quantile(s$residuals), c("Min", "1Q", "Median", "3Q", "Max"))
put("line", "one", c(
  deviance = deviance(line), r_squared = s$r.squared, adj_r_squared = s$adj.r.squared,
  f = s$fstatistic[[1]], f_pvalue = pf(s$fstatistic[[1]], 1, 178, lower.tail = FALSE)
))

null <- lmer(Reaction ~ 1 + (Days | Subject), sleepstudy)
test <- suppressMessages(anova(null, fits$reml))
put("anova", "one", c(chisq = test$Chisq[2], df = test$Df[2], p = test[["Pr(>Chisq)"]][2]))
writeLines(capture.output(print(summary(fits$reml))), file.path(folder, "summary.txt"))
close(out)
