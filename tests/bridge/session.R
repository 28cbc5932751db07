# What the tests of sessions let R do.
the_with_seed <- function(caller) get("with_seed", envir = caller)
draw <- function(seed = NULL) the_with_seed(parent.frame())(seed, stats::rnorm(3))
draw_by_old_rules <- function(seed) {
  with_seed <- the_with_seed(parent.frame())
  suppressWarnings(RNGkind("Wichmann-Hill", "Box-Muller", "Rounding"))
  with_seed(seed, c(stats::rnorm(3), sample(1000L, 3L)))
}
leave_old_rules <- function() {
  suppressWarnings(RNGkind("Wichmann-Hill", "Box-Muller", "Rounding"))
  stats::runif(1)
}
draw_freely <- function() stats::runif(1)
has_seed <- function() exists(".Random.seed", envir = globalenv(), inherits = FALSE)
kinds <- function() RNGkind()
verbose_fit <- function() {
  d <- data.frame(y = sin(1:30) + rep(1:6, each = 5), g = gl(6, 5))
  lme4::fixef(lme4::lmer(y ~ 1 + (1 | g), d, verbose = 1L))
}
speak <- function() {
  cat("one\n")
  message("a message")
  warning("a warning")
  print("two")
  sink(file.path(tempdir(), "sunk"))
  stop("in the middle of a diversion")
}
count_sinks <- function() sink.number()
count_connections <- function() nrow(showConnections())
digits <- function() {
  options(digits = 3L)
  getOption("digits")
}
clean_up <- function() rm(list = ls(globalenv(), all.names = TRUE), envir = globalenv())
invisible(TRUE)
