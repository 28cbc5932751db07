# Generalized linear mixed models: lme4's glmer, fitted and taken apart in one call.
#   Rscript r_scripts/glmer.R 'cbind(incidence, size - incidence) ~ period + (1 | herd)' cbpp.csv
#     [--family poisson] [--link log] [--nagq 1] [--weights COL] [--cond-var] [--out fit.rds]

MIXED_FAMILIES <- c("binomial", "poisson", "Gamma", "inverse.gaussian", "gaussian")

prepare_glmer <- function(formula, data, family = "binomial", link = NULL, nAGQ = 1L, start = NULL, control = NULL,
                          verbose = 0L, allow = NULL, ...) {
  asked <- family_call(family, link, MIXED_FAMILIES, "glmer")
  if (family == "gaussian" && (is.null(link) || link == "identity")) {
    refuse("bridge_argument", "A gaussian model with the identity link is a linear mixed model: use lmer.")
  }
  call <- bquote(glmer(formula = .(safe_formula(formula, allow)), data = data, family = .(asked)))
  if (nAGQ != 1L) call$nAGQ <- nAGQ
  prepared <- prepare_fit(call, lme4::glmer, data, ..., bindings = family_binding(family))
  search_settings(prepared, lme4::glmerControl, start, control, verbose)
}

build_glmer <- function(...) evaluate_fit(prepare_glmer(...))

fit_glmer <- function(..., cond_var = FALSE, keep = NULL, gone = NULL) {
  keep_model(keep, build_glmer(...), extract_mer, cond_var = cond_var, gone = gone)
}

if (sys.nframe() == 0L) {
  here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)[1L]))
  source(file.path(here, "command.R"))
  main("fit_glmer", here)
}
