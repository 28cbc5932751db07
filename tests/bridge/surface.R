# R's own answers to the questions that a fit takes, by plain calls: nothing of r_scripts is used here.
#   Rscript surface.R FOLDER      writes FOLDER/surface.txt: question, row, column, number in hexadecimal
suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
})
folder <- commandArgs(TRUE)[1L]
out <- file(file.path(folder, "surface.txt"), "w")
options(contrasts = c("contr.treatment", "contr.treatment"))

put <- function(question, x) {
  x <- as.matrix(x)
  if (is.null(rownames(x))) rownames(x) <- seq_len(nrow(x))
  if (is.null(colnames(x))) colnames(x) <- seq_len(ncol(x))
  numbers <- ifelse(is.na(x), "nan", sprintf("%a", x))
  grid <- outer(rownames(x), colnames(x), paste, sep = "\t")
  cat(paste0(question, "\t", grid, "\t", numbers, "\n"), file = out, sep = "")
}
quiet <- function(x) suppressMessages(suppressWarnings(x))

sleep <- lme4::lmer(Reaction ~ Days + (Days | Subject), sleepstudy)
sleep_ml <- lme4::lmer(Reaction ~ Days + (Days | Subject), sleepstudy, REML = FALSE)
tested <- lmerTest::as_lmerModLmerTest(sleep)
herds <- glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), cbpp, family = binomial)
cakes <- lme4::lmer(angle ~ recipe * temperature + (1 | recipe:replicate), transform(cake, temperature = factor(temperature, ordered = FALSE)))
cakes_tested <- lmerTest::as_lmerModLmerTest(cakes)

put("sleep coef", coef(sleep)$Subject)
put("sleep ranef_cov 308", attr(ranef(sleep, condVar = TRUE)$Subject, "postVar")[, , 1])
put("sleep Z", unname(as.matrix(getME(sleep, "Z"))[, 1:4]))
put("sleep Lambda", unname(as.matrix(getME(sleep, "Lambda"))))
put("sleep pca", rbind(rePCA(sleep)$Subject$sdev))
put("sleep loadings", unname(rePCA(sleep)$Subject$rotation))
put("sleep ranef table", as.data.frame(ranef(sleep))[, c("condval", "condsd")])
put("herds covariance rx", as.matrix(quiet(vcov(herds, use.hessian = FALSE))))
put("herds covariance full", {
  h <- 2 * solve(herds@optinfo$derivs$Hessian)
  unname((h + t(h)) / 2)
})

put("sleep satterthwaite", coef(summary(tested)))
put("sleep kenward", coef(summary(tested, ddf = "Kenward-Roger")))
put("sleep anova 3", anova(tested))
put("cakes anova 1", anova(cakes_tested, type = 1))
put("cakes anova 2", anova(cakes_tested, type = 2))
put("cakes anova 3 kr", anova(cakes_tested, type = 3, ddf = "Kenward-Roger"))
put("cakes ranova", quiet(ranova(cakes_tested)))
put("sleep drop1", drop1(sleep, test = "Chisq"))
put("herds drop1", drop1(herds, test = "Chisq"))
put("herds anova", anova(herds))
put("sleep contest", contest(tested, rbind(c(0, 1), c(1, 10)), joint = FALSE))
put("sleep contest joint", contest(tested, rbind(c(0, 1), c(1, 10))))

put("sleep wald", confint(sleep, method = "Wald", parm = "beta_"))
put("sleep profile", quiet(confint(sleep, method = "profile", oldNames = FALSE, quiet = TRUE)))
# lme4 1.1-31 leaves a profiled glmer at other parameters than its own: one that is not asked again.
put("herds profile", quiet(confint(update(herds), method = "profile", oldNames = FALSE, parm = "period2", quiet = TRUE)))
for (type in c("perc", "basic", "norm")) {
  put(paste("sleep_ml boot", type), quiet(confint(
    sleep_ml, method = "boot", nsim = 60, seed = 11, boot.type = type, oldNames = FALSE, quiet = TRUE
  )))
}
put("herds boot", quiet(confint(herds, method = "boot", nsim = 20, seed = 11, oldNames = FALSE, quiet = TRUE)))
# Each simulated response of the REML fit by a whole lmer: what refit of lme4 before 1.1-33 gets wrong.
set.seed(11)
drawn <- simulate(sleep, nsim = 5)
put("sleep boot replicates", unname(t(sapply(drawn, function(y) {
  again <- quiet(lme4::lmer(y ~ Days + (Days | Subject), cbind(sleepstudy, y = y)))
  c(as.data.frame(VarCorr(again), order = "lower.tri")$sdcor, fixef(again))
}))))

new <- data.frame(Days = c(0.5, 3, 12), Subject = c("308", "372", "999"))
put("sleep predict new", predict(sleep, newdata = new, allow.new.levels = TRUE))
put("sleep predict population", predict(sleep, newdata = new, re.form = NA))
put("herds predict link", predict(herds, type = "link"))
put("herds predict response", predict(herds, newdata = cbpp[1:4, ], type = "response"))
put("sleep simulate", quiet(simulate(sleep, nsim = 2, seed = 5)))
put("sleep simulate use_u", quiet(simulate(sleep, nsim = 1, seed = 5, use.u = TRUE)))
put("herds simulate", simulate(herds, nsim = 1, seed = 5)[[1L]])
# Ours are whole new fits: lme4's refit starts at the old estimates, and ends elsewhere in the last digits.
put("sleep_ml refit", fixef(update(sleep_ml, data = transform(sleepstudy, Reaction = Reaction[180:1]))))
put("herds refit", fixef(glmer(
  cbind(yes, no) ~ period + (1 | herd), transform(cbpp, yes = incidence[56:1], no = (size - incidence)[56:1]), binomial
)))

for (type in c("response", "pearson", "deviance", "working")) {
  put(paste("herds residuals", type), residuals(herds, type = type))
}
put("sleep hat", hatvalues(sleep))
put("sleep cook", cooks.distance(sleep))
put("herds hat", hatvalues(herds))
left_out <- quiet(influence(sleep, groups = "Subject"))
put("sleep influence fixed", left_out[["fixed.effects[-Subject]"]])
put("sleep influence cook", cooks.distance(left_out))

means <- emmeans::emmeans(herds, "period", type = "response")
put("herds means", as.data.frame(summary(means))[, -1])
put("herds contrasts", as.data.frame(summary(emmeans::contrast(means, "pairwise", adjust = "tukey"), infer = TRUE))[, -1])
put("cakes means kr", as.data.frame(summary(emmeans::emmeans(
  cakes, "recipe", lmer.df = "kenward-roger", pbkrtest.limit = 1000
)))[, -1])

put("cakes means at", as.data.frame(summary(emmeans::emmeans(
  cakes, "recipe", by = "temperature", lmer.df = "satterthwaite", lmerTest.limit = 1000
)))[, -(1:2)])
put("sleep means at", as.data.frame(summary(emmeans::emmeans(
  sleep, "Days", at = list(Days = c(0, 5)), lmer.df = "satterthwaite", lmerTest.limit = 1000
)))[, -1])
profiled <- quiet(profile(sleep, which = 1, signames = FALSE))
put("sleep profile table", as.matrix(as.data.frame(profiled)[, c(".zeta", "sigma", "Days", ".focal")]))
by_name <- function(optimizer) lmerControl(optimizer = optimizer, optCtrl = list(maxfun = 1e5))
put("sleep all_fit", rbind(sapply(c("bobyqa", "Nelder_Mead"), function(o) logLik(quiet(update(sleep, control = by_name(o)))))))
line <- lm(Reaction ~ Days, sleepstudy)
put("line confint", confint(line))
put("line predict", as.data.frame(predict(line, data.frame(Days = c(1, 12)), se.fit = TRUE)[c("fit", "se.fit")]))
put("line simulate", simulate(line, nsim = 2, seed = 5))
put("line anova", anova(line))
put("line drop1", drop1(line, test = "F"))
counts <- glm(cbind(incidence, size - incidence) ~ period, binomial, cbpp)
put("counts confint", quiet(confint(counts)))
put("counts confint wald", confint.default(counts))
put("counts coef", coef(summary(counts)))
put("counts one", c(deviance = deviance(counts), null_deviance = counts$null.deviance, aic = AIC(counts)))
put("counts anova", anova(counts, test = "Chisq"))
put("counts predict link", as.data.frame(predict(counts, cbpp[1:3, ], se.fit = TRUE)[c("fit", "se.fit")]))
put("counts predict", as.data.frame(predict(counts, cbpp[1:3, ], se.fit = TRUE, type = "response")[c("fit", "se.fit")]))
ticks <- quiet(glmer.nb(TICKS ~ YEAR + (1 | BROOD), grouseticks))
put("ticks", c(size = getME(ticks, "glmer.nb.theta"), loglik = logLik(ticks), fixef(ticks)))
close(out)
