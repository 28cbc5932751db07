# lme4's deviance function of families with a dispersion at given parameters, to the last PIRLS step.
#
#   Rscript dispersion.R gamma-sim.csv
#
# Prints family, link, weighted or not, deviance, D (resDev), aic, |u|^2, log|A|.

# a far smaller tolPwrss than any deviance function reaches: the steps end where D stops falling
FINE <- lme4::glmerControl(tolPwrss = 1e-13)

deviance_at <- function(data, family, theta, beta, weights) {
  data$.w <- weights
  at <- lme4::glmer(y ~ x + (1 | g), data, family, weights = .w, control = FINE, devFunOnly = TRUE)
  # again from where it ended, as Fisher scoring stops early from afar
  for (turn in 1:3) deviance <- at(c(theta, beta))
  place <- environment(at)
  c(deviance, place$resp$resDev(), place$resp$aic(), place$pp$sqrL(1), place$pp$ldL2())
}

main <- function(path = commandArgs(TRUE)) {
  data <- utils::read.csv(path, stringsAsFactors = TRUE)
  near <- transform(data, y = 1 + y / 10)
  asked <- list(
    list(stats::Gamma("log"), data, 0.5, c(0.9, 0.6)),
    list(stats::Gamma("inverse"), data, 0.05, c(0.4, -0.1)),
    # PIRLS has no start on the data themselves
    list(stats::inverse.gaussian("1/mu^2"), near, 0.05, c(0.6, -0.05))
  )
  for (one in asked) {
    for (weighted in c(FALSE, TRUE)) {
      weights <- if (weighted) rep(1:3, 100L) else rep(1, 300L)
      found <- deviance_at(one[[2L]], one[[1L]], one[[3L]], one[[4L]], weights)
      words <- c(one[[1L]]$family, one[[1L]]$link, weighted, sprintf("%.17g", found))
      cat(words, sep = "\t")
      cat("\n")
    }
  }
}

if (sys.nframe() == 0L) main()
