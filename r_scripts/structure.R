# The parts of a fitted model: lme4's getME, coef, covariances, as plain data.

# What getME gives that is plain data or a matrix. Functions and reference objects stay in R.
PARTS <- c(
  "X", "Z", "Zt", "y", "mu", "u", "b", "theta", "beta", "Lambda", "Lambdat", "Lind", "Gp", "Tp", "cnms", "flist", "m_i", "A",
  "L", "RX", "RZX", "lower", "sigma", "n_rtrms", "n_rfacs", "l_i", "p_i", "q_i", "k", "q", "p", "n", "N", "is_REML",
  "devcomp", "offset", "fixef", "ST", "Tlist", "Ztlist", "mmList", "REML", "glmer.nb.theta"
)

get_part <- function(model, name) {
  known_name(name, PARTS, "a part of a fitted model that can be plain data")
  if (name == "glmer.nb.theta" && !is_negative_binomial(model)) {
    refuse("bridge_argument", "glmer.nb.theta is a part of a negative binomial model alone.")
  }
  plain_part(lme4::getME(model, name))
}

# Sparse matrices by columns, as their positions (from 0), starts and values; the rest as it is.
plain_part <- function(x) {
  if (inherits(x, "CHMfactor")) x <- methods::as(x, "sparseMatrix")
  if (inherits(x, "sparseMatrix")) {
    x <- methods::as(methods::as(methods::as(x, "dMatrix"), "generalMatrix"), "CsparseMatrix")
    return(list(sparse = TRUE, i = x@i, p = x@p, x = x@x, dim = x@Dim, rows = rownames(x), columns = colnames(x)))
  }
  if (inherits(x, "Matrix")) x <- as.matrix(x)
  if (is.data.frame(x)) x <- as.list(x)
  if (is.factor(x)) {
    return(as.character(x))
  }
  if (is.list(x)) {
    return(lapply(x, plain_part))
  }
  if (is.matrix(x)) {
    return(plain_matrix(x))
  }
  attributes(x) <- list(names = names(x))
  x
}

# Fixed and random effects together, level by term.
model_coefficients <- function(model) lapply(stats::coef(model), plain_matrix)

# Conditional covariances of the random effects of a factor: terms, levels, and a column for each level of the cells of
# its (q, q) matrix. A factor with several terms has one array for each: these are independent of each other a priori, and
# lme4 gives no covariance between them.
ranef_covariances <- function(model) {
  lapply(lme4::ranef(model, condVar = TRUE), function(table) {
    blocks <- attr(table, "postVar")
    if (!is.list(blocks)) blocks <- list(blocks)
    q <- ncol(table)
    whole <- array(0, c(q, q, nrow(table)))
    start <- 0L
    for (block in blocks) {
      places <- start + seq_len(dim(block)[1L])
      whole[places, places, ] <- block
      start <- start + length(places)
    }
    list(terms = colnames(table), levels = rownames(table), cells = as.double(whole))
  })
}

# Covariance of the fixed effects, from the Hessian or from RX; of a glmer also that of theta and the fixed effects
# together, twice the inverse of the Hessian of the deviance.
model_covariance <- function(model, use_hessian = NULL, full = FALSE) {
  if (!full) {
    if (!inherits(model, "merMod")) {
      return(plain_matrix(stats::vcov(model, complete = FALSE)))
    }
    return(plain_matrix(suppressWarnings(stats::vcov(model, use.hessian = use_hessian))))
  }
  hessian <- if (inherits(model, "merMod") && lme4::isGLMM(model)) model@optinfo$derivs$Hessian
  names <- if (!is.null(hessian)) c(names(lme4::getME(model, "theta")), names(lme4::fixef(model)))
  if (is.null(hessian) || nrow(hessian) != length(names)) {
    refuse(
      "bridge_argument", "There is no Hessian of theta and the fixed effects together: lme4 computes it for a glmer with ",
      "nAGQ of at least 1 and calc.derivs = TRUE."
    )
  }
  covariance <- 2 * solve(hessian)
  plain_matrix((covariance + t(covariance)) / 2, names, names)
}

is_singular_model <- function(model, tol) lme4::isSingular(model, tol = tol)

# Principal components of the random effects' covariance, relative to sigma, by grouping factor.
ranef_components <- function(model) {
  lapply(lme4::rePCA(model), function(part) {
    list(sdev = as.double(part$sdev), rotation = plain_matrix(part$rotation))
  })
}

write_model <- function(model, path) {
  saveRDS(model, path)
  NULL
}

# R code that fits the model to the columns used, with the settings as they were given.
model_code <- function(model, given = list()) {
  asked <- environment(stats::formula(model))$.asked
  call <- if (is.null(asked)) stats::getCall(model) else asked
  maker <- c(lmerMod = "lmerControl", glmerMod = "glmerControl", glm = "glm.control")[class(model)[1L]]
  if (!is.null(given$control)) call$control <- as.call(c(as.name(maker), given$control))
  if (!is.null(given$start)) call$start <- given$start
  if (!is.null(call$contrasts)) call$contrasts <- environment(stats::formula(model))$contrasts
  data <- environment(stats::formula(model))$data
  factors <- names(data)[vapply(data, is.factor, NA)]
  coded <- lapply(factors, function(name) bquote(data[[.(name)]] <- factor(data[[.(name)]], levels = .(levels(data[[name]])))))
  lines <- lapply(c(coded, call), deparse, width.cutoff = 100L)
  c(if (inherits(model, "merMod")) "library(lme4)", unlist(lines))
}

# An lmer fit as arrays: the columns of each term without the indicators of its levels, and which level a row has.
model_arrays <- function(model) {
  groups <- lme4::getME(model, "flist")
  assigned <- attr(groups, "assign")
  columns <- lme4::getME(model, "mmList")
  list(
    y = as.double(lme4::getME(model, "y")),
    X = plain_matrix(as.matrix(lme4::getME(model, "X")), NULL, NULL),
    weights = as.double(stats::weights(model)),
    offset = as.double(lme4::getME(model, "offset")),
    terms = unname(lapply(seq_along(columns), function(k) {
      group <- groups[[assigned[[k]]]]
      list(codes = as.integer(group), columns = plain_matrix(as.matrix(columns[[k]]), NULL, NULL), levels = nlevels(group))
    })),
    theta = as.double(lme4::getME(model, "theta")),
    beta = as.double(lme4::getME(model, "beta")),
    sigma = stats::sigma(model),
    reml = lme4::isREML(model),
    names = names(model_parameters(model))
  )
}
