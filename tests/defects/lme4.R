# What lme4's defects measure, by plain calls of lme4: nothing of r_scripts is used here.
#   Rscript lme4.R FOLDER-OF-DATASETS lme4_refit_reml
# prints lme4's version and lme4's number minus the right one. Certified values are of interval arithmetic.
suppressPackageStartupMessages(library(lme4))
words <- commandArgs(TRUE)
folder <- words[1L]

quietly <- function(x) suppressMessages(suppressWarnings(x))
table_of <- function(name, factors) {
  data <- read.csv(file.path(folder, paste0(name, ".csv")))
  data[factors] <- lapply(data[factors], factor)
  data
}
sleep <- function() table_of("sleepstudy", "Subject")
herds <- function() table_of("cbpp", c("herd", "period"))
fit_herds <- function(...) glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), herds(), binomial, ...)

SLEEP_REML <- 1743.628271958490760688
CBPP_LAPLACE <- 184.05256372951416
CBPP_EXACT_LOGLIK <- -91.98336903731052
CBPP_PARAMETERS <- c(0.642261448442895563, -1.39853214, -0.99233273, -1.12867208, -1.58031389)
CBPP_SE_PERIOD4 <- 0.42743659

lme4_refit_reml <- function() {
  data <- sleep()
  model <- lmer(Reaction ~ Days + (Days | Subject), data)
  REMLcrit(refit(model, data$Reaction)) - SLEEP_REML
}

# bootMer's own draws, fitted by lmer.
lme4_boot_reml <- function() {
  data <- table_of("jsp", c("school", "gender"))
  model <- lmer(math ~ raven + gender + (1 | school), data)
  found <- quietly(bootMer(model, function(m) getME(m, "theta"), nsim = 8L, seed = 1L))$t[, 1L]
  right <- vapply(simulate(model, 8L, seed = 1L), function(y) {
    quietly(lmer(y ~ raven + gender + (1 | school), data))@theta
  }, 0)
  median(found / right - 1)
}

lme4_pirls_tolerance <- function() fit_herds(devFunOnly = TRUE)(CBPP_PARAMETERS) - CBPP_LAPLACE

lme4_hessian_se <- function() {
  as.numeric(sqrt(vcov(fit_herds())["period4", "period4"])) / CBPP_SE_PERIOD4 - 1
}

lme4_agq_constant <- function() as.numeric(logLik(fit_herds(nAGQ = 25L))) - CBPP_EXACT_LOGLIK

# The SD that glmer prints over that of maximum likelihood, the integral by 25 nodes centred at 0.
lme4_gamma_dispersion <- function() {
  drawn <- table_of("gamma-sim", "g")
  nodes <- GHrule(25L)
  model <- glmer(y ~ x + (1 | g), drawn, Gamma("log"))
  minus_loglik <- function(p) {
    level <- function(i) {
      at <- function(z) prod(dgamma(drawn$y[i], p[4L], scale = exp(p[1L] + p[2L] * drawn$x[i] + p[3L] * z) / p[4L]))
      sum(nodes[, "w"] * vapply(nodes[, "z"], at, 0))
    }
    -sum(log(tapply(seq_along(drawn$y), drawn$g, level)))
  }
  found <- c(fixef(model), 0.3, 4)
  for (again in 1:2) found <- optim(found, minus_loglik, control = list(reltol = 1e-12, maxit = 5000L))$par
  as.data.frame(VarCorr(model))[1L, "sdcor"] / found[[3L]] - 1
}

# The criterion has log |X'X| in it, which the unit of one column changes by 2 log(unit).
lme4_covariate_unit <- function() {
  data <- sleep()
  data$ticks <- 1e4 * data$Days
  REMLcrit(quietly(lmer(Reaction ~ ticks + (ticks | Subject), data))) - 2 * log(1e4) - SLEEP_REML
}

lme4_large_covariate <- function() {
  REMLcrit(quietly(lmer(Reaction ~ I(Days + 2000) + (I(Days + 2000) | Subject), sleep()))) - SLEEP_REML
}

lme4_profile_mutates <- function() {
  model <- fit_herds()
  before <- ranef(model)$herd[[1L]]
  quietly(profile(model, which = 1L))
  max(abs(ranef(model)$herd[[1L]] - before)) / getME(model, "theta")
}

# A response without any difference between subjects, so that the fit ends at the boundary.
lme4_refit_boundary <- function() {
  data <- sleep()
  data$flat <- residuals(lm(Reaction ~ Days * Subject, data))
  model <- quietly(lmer(flat ~ Days + (Days | Subject), data, REML = FALSE))
  right <- lmer(Reaction ~ Days + (Days | Subject), data, REML = FALSE)
  deviance(quietly(refit(model, data$Reaction))) - deviance(right)
}

# 200 draws of 90 rows: the SD of their SD is 0.5 %.
lme4_simulate_weights <- function() {
  data <- sleep()
  data$weight <- ifelse(data$Days < 5, 1, 100)
  model <- lmer(Reaction ~ Days + (1 | Subject), data, weights = weight)
  errors <- as.matrix(simulate(model, 200L, seed = 2L, use.u = TRUE)) - fitted(model)
  sd(errors[data$weight == 100, ]) / (sigma(model) / 10) - 1
}

lme4_profile_weights <- function() {
  data <- sleep()
  data$weight <- 7
  width <- function(model) diff(quietly(confint(model, parm = "Days"))[1L, ])
  plain <- lmer(Reaction ~ Days + (1 | Subject), data, REML = FALSE)
  as.numeric(width(lmer(Reaction ~ Days + (1 | Subject), data, REML = FALSE, weights = weight)) / width(plain) - 1)
}

# 1 where R is ended by a signal, which its shell adds to 128; an error would end it with 1.
lme4_empty_effects <- function() {
  fit <- "lme4::lmer(y ~ 1 + (0 + x | g), data.frame(y = c(2, 1, 4, 3, 7, 5), x = 0, g = gl(3, 2)))"
  ended <- system2(file.path(R.home("bin"), "Rscript"), c("--vanilla", "-e", shQuote(fit)), stdout = FALSE, stderr = FALSE)
  as.numeric(ended >= 128L)
}

cat(as.character(packageVersion("lme4")), sprintf("%.17g", match.fun(words[2L])()), "\n")
