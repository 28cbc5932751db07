# Generalized linear mixed models: lme4's glmer, fitted and taken apart in one call.
#   Rscript r_scripts/glmer.R 'cbind(incidence, size - incidence) ~ period + (1 | herd)' cbpp.csv
#     [--family poisson] [--link log] [--nagq 1] [--weights COL] [--cond-var] [--out fit.rds]

# Family -> its links, as R's family functions take them.
FAMILIES <- list(
  binomial = c("logit", "probit", "cauchit", "log", "cloglog"),
  poisson = c("log", "identity", "sqrt"),
  Gamma = c("inverse", "identity", "log"),
  inverse.gaussian = c("1/mu^2", "inverse", "identity", "log"),
  gaussian = c("identity", "log", "inverse")
)

# `binomial` or `binomial(link = "probit")`, from names that are looked up and never parsed.
family_call <- function(family, link) {
  if (!family %in% names(FAMILIES)) {
    refuse(
      "bridge_argument", "`", family, "` is not a family of glmer. Its families: ",
      paste(names(FAMILIES), collapse = ", "), "."
    )
  }
  if (!is.null(link) && !link %in% FAMILIES[[family]]) {
    refuse(
      "bridge_argument", "`", link, "` is not a link of the family ", family, ". Its links: ",
      paste(FAMILIES[[family]], collapse = ", "), "."
    )
  }
  if (family == "gaussian" && (is.null(link) || link == "identity")) {
    refuse("bridge_argument", "A gaussian model with the identity link is a linear mixed model: use lmer.")
  }
  if (is.null(link)) as.name(family) else bquote(.(as.name(family))(link = .(link)))
}

build_glmer <- function(formula, data, family = "binomial", link = NULL, weights = NULL, nAGQ = 1L, control = NULL) {
  call <- bquote(
    glmer(formula = .(safe_formula(formula)), data = data, family = .(family_call(family, link)))
  )
  if (nAGQ != 1L) call$nAGQ <- nAGQ
  if (!is.null(control)) call$control <- quote(control)
  scope <- list(
    call = call, fitter = lme4::glmer, data = data, weights = weights,
    control = mixed_control(lme4::glmerControl, control)
  )
  scope[[family]] <- getExportedValue("stats", family)
  do.call(evaluate_fit, scope, quote = TRUE)
}

fit_glmer <- function(formula, data, family = "binomial", link = NULL, weights = NULL, nAGQ = 1L,
                      control = NULL, cond_var = FALSE) {
  model <- build_glmer(formula, data, family, link, weights = weights, nAGQ = nAGQ, control = control)
  extract_mer(model, nrow(data), cond_var)
}

if (sys.nframe() == 0L) {
  here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)[1L]))
  source(file.path(here, "command.R"))
  main("fit_glmer", here)
}
