#!/usr/bin/env Rscript
# Writes lme4_answers.json beside this file: real answers of lme4, into which the meta tests plant faults.
#
#   Rscript tests/meta/lme4_answers.R

suppressPackageStartupMessages({
  library(lme4)
  library(jsonlite)
})

exact <- function(x) sprintf("%.17g", as.double(x))

# Rows of key parts and, last, the number to 17 digits.
rows_of <- function(numbers, ...) {
  numbers <- exact(numbers)
  parts <- lapply(list(...), function(part) rep_len(as.character(part), length(numbers)))
  lapply(seq_along(numbers), function(i) as.list(c(vapply(parts, `[`, "", i), numbers[i])))
}

rows_of_matrix <- function(m) {
  rows_of(as.vector(m), rep(rownames(m), times = ncol(m)), rep(colnames(m), each = nrow(m)))
}

# (-2 times) the log-likelihood of beta and the variance parameters together, all constants in.
joint_deviance <- function(parameters, model, X, y, Z, Lambda) {
  p <- ncol(X)
  theta <- parameters[p + seq_along(getME(model, "theta"))]
  sigma2 <- exp(parameters[length(parameters)])
  Lambda@x <- theta[getME(model, "Lind")]
  ZL <- as.matrix(Z %*% t(Lambda))
  V <- sigma2 * (tcrossprod(ZL) + diag(length(y)))
  R <- chol(V)
  r <- backsolve(R, y - X %*% parameters[seq_len(p)], transpose = TRUE)
  value <- length(y) * log(2 * pi) + 2 * sum(log(diag(R))) + sum(r^2)
  if (isREML(model)) {
    RX <- backsolve(R, X, transpose = TRUE)
    value <- value - p * log(2 * pi) + as.double(determinant(crossprod(RX))$modulus)
  }
  value
}

joint_vcov <- function(model) {
  X <- getME(model, "X")
  at <- c(fixef(model), getME(model, "theta"), log(sigma(model)^2))
  H <- numDeriv::hessian(joint_deviance, at,
    model = model, X = X, y = getME(model, "y"), Z = getME(model, "Z"), Lambda = getME(model, "Lambdat")
  )
  V <- solve(H / 2)[seq_len(ncol(X)), seq_len(ncol(X)), drop = FALSE]
  dimnames(V) <- list(colnames(X), colnames(X))
  V
}

effects_of <- function(model) {
  effects <- as.data.frame(ranef(model, condVar = TRUE))
  key <- list(effects$grpvar, effects$grp, effects$term)
  list(
    ranef = do.call(rows_of, c(list(effects$condval), key)),
    ranef_sd = do.call(rows_of, c(list(effects$condsd), key))
  )
}

answer <- function(model, rows = seq_len(nobs(model))) {
  variances <- as.data.frame(VarCorr(model), order = "lower.tri")
  residual <- variances$grp == "Residual"
  single <- !residual & is.na(variances$var2)
  pair <- !is.na(variances$var2)
  theta <- getME(model, "theta")
  beta <- fixef(model)
  list(
    rows = as.list(as.character(rows)),
    groups = lapply(getME(model, "flist"), function(f) as.list(levels(f))),
    X = lapply(seq_len(nobs(model)), function(i) as.list(exact(getME(model, "X")[i, ]))),
    values = c(list(
      nobs = rows_of(nobs(model)),
      ngroups = rows_of(ngrps(model), names(ngrps(model))),
      loglik = rows_of(logLik(model)),
      fixef = rows_of(beta, names(beta)),
      sigma = rows_of(sigma(model)),
      variance = rows_of(variances$vcov[single], variances$grp[single], variances$var1[single]),
      correlation = rows_of(variances$sdcor[pair], variances$grp[pair], variances$var1[pair], variances$var2[pair]),
      theta = rows_of(theta, names(theta)),
      vcov_conditional = rows_of_matrix(as.matrix(vcov(model))),
      vcov_joint = rows_of_matrix(joint_vcov(model)),
      fitted = rows_of(fitted(model), rows),
      resid = rows_of(residuals(model), rows),
      scaled_resid_quantile = rows_of(
        quantile(residuals(model, "pearson", scaled = TRUE)), c("Min", "1Q", "Median", "3Q", "Max")
      ),
      npar = rows_of(attr(logLik(model), "df")),
      df_resid = rows_of(df.residual(model))
    ), effects_of(model))
  )
}

main <- function(path) {
  unbalanced <- sleepstudy[-c(8:10, 17:20, 41:45, 111:119), ]
  relevelled <- transform(cake, recipe = relevel(recipe, "B"), temperature = temp)
  cake$temperature <- cake$temp
  answers <- list(
    slope_reml = answer(lmer(Reaction ~ Days + (Days | Subject), sleepstudy)),
    slope_ml = answer(lmer(Reaction ~ Days + (Days | Subject), sleepstudy, REML = FALSE)),
    small_ml = answer(lmer(Reaction ~ 1 + (Days | Subject), sleepstudy, REML = FALSE)),
    one_row_less = answer(lmer(Reaction ~ Days + (Days | Subject), sleepstudy[-180, ])),
    unbalanced = answer(lmer(Reaction ~ Days + (Days | Subject), unbalanced), rownames(unbalanced)),
    cake = answer(lmer(angle ~ recipe + temperature + (1 | replicate:recipe), cake)),
    cake_relevelled = answer(lmer(angle ~ recipe + temperature + (1 | replicate:recipe), relevelled)),
    cake_sum = answer(lmer(
      angle ~ recipe + temperature + (1 | replicate:recipe), cake,
      contrasts = list(recipe = "contr.sum")
    ))
  )
  versions <- list(R = as.character(getRversion()), lme4 = as.character(packageVersion("lme4")))
  writeLines(toJSON(list(versions = versions, answers = answers), auto_unbox = TRUE, pretty = FALSE), path)
}

if (sys.nframe() == 0L) {
  file <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
  main(file.path(dirname(file), "lme4_answers.json"))
}
