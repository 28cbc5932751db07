# The order in which CHOLMOD eliminates crossed effects: 2 is by minimum degree, as lme4 means it to be, 6 the natural one.
elimination_order <- function() {
  d <- expand.grid(a = gl(4, 1), b = gl(3, 1), r = 1:2)
  d$y <- sin(seq_len(nrow(d)))
  environment(lme4::lmer(y ~ 1 + (1 | a) + (1 | b), d, devFunOnly = TRUE))$pp$L()@type[1L]
}
invisible(TRUE)
