# Generalized linear models: R's own glm, fitted and taken apart in one call.
#   Rscript r_scripts/glm.R 'fail ~ raven' pupils.csv [--family binomial] [--link logit] [--weights COL] [--out fit.rds]

# Family -> its links, as R's family functions take them.
FAMILIES <- list(
  binomial = c("logit", "probit", "cauchit", "log", "cloglog"),
  poisson = c("log", "identity", "sqrt"),
  Gamma = c("inverse", "identity", "log"),
  inverse.gaussian = c("1/mu^2", "inverse", "identity", "log"),
  gaussian = c("identity", "log", "inverse"),
  quasibinomial = c("logit", "probit", "cauchit", "log", "cloglog"),
  quasipoisson = c("log", "identity", "sqrt")
)

# `binomial` or `binomial(link = "probit")`, from names that are looked up and never parsed.
family_call <- function(family, link, known = names(FAMILIES), of = "glm") {
  known_name(family, known, paste("a family of", of))
  if (!is.null(link)) known_name(link, FAMILIES[[family]], paste("a link of the family", family))
  if (is.null(link)) as.name(family) else bquote(.(as.name(family))(link = .(link)))
}

family_binding <- function(family) stats::setNames(list(getExportedValue("stats", family)), family)

glm_settings <- function(settings) {
  for (name in names(settings)) known_name(name, names(formals(stats::glm.control)), "a setting of control")
  for (name in names(settings)) {
    check_setting(name, settings[[name]], function(x) is.numeric(x) || (name == "trace" && is.logical(x)), "a number")
  }
  do.call(stats::glm.control, as.list(settings))
}

build_glm <- function(formula, data, family = "binomial", link = NULL, start = NULL, control = NULL, allow = NULL, ...) {
  call <- bquote(
    glm(formula = .(safe_formula(formula, allow)), family = .(family_call(family, link)), data = data)
  )
  bindings <- family_binding(family)
  if (!is.null(start)) {
    call$start <- quote(start)
    bindings$start <- start
  }
  if (!is.null(control)) {
    call$control <- quote(control)
    bindings$control <- glm_settings(control)
  }
  evaluate_fit(prepare_fit(call, stats::glm, data, ..., bindings = bindings))
}

fit_glm <- function(..., keep = NULL, gone = NULL) keep_model(keep, build_glm(...), extract_glm, gone = gone)

if (sys.nframe() == 0L) {
  here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)[1L]))
  source(file.path(here, "command.R"))
  main("fit_glm", here)
}
