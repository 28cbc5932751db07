# Tests of fixed and random effects, of one model and of several.

DEGREES <- c("Satterthwaite", "Kenward-Roger", "lme4")

require_package <- function(package, purpose) {
  if (!requireNamespace(package, quietly = TRUE)) {
    refuse(
      "bridge_missing", "R has no package ", package, ", which ", purpose, " need. Install it. Debian and Ubuntu: sudo ",
      "apt-get install r-cran-", tolower(package), "; elsewhere, inside R: install.packages('", package, "')"
    )
  }
}

# The model as lmerTest sees it, made once: its derivatives cost a fit.
tested_model <- function(model, ddf) {
  known_name(ddf, DEGREES, "a way to find degrees of freedom")
  require_package("lmerTest", "degrees of freedom")
  if (ddf == "Kenward-Roger") {
    require_package("pbkrtest", "degrees of freedom by Kenward and Roger")
    require_unweighted(model)
  }
  place <- environment(stats::formula(model))
  if (is.null(place$.tested)) place$.tested <- lmerTest::as_lmerModLmerTest(model)
  place$.tested
}

# pbkrtest leaves the weights out: a constant weight, which changes nothing, changes its degrees of freedom.
require_unweighted <- function(model) {
  if (any(stats::weights(model) != 1)) {
    refuse(
      "bridge_argument", "Kenward and Roger's method as pbkrtest has it leaves the weights out: use ddf='Satterthwaite' for a ",
      "model with weights."
    )
  }
}

plain_columns <- function(table) lapply(as.list(as.data.frame(table, optional = TRUE)), as.double)

test_table <- function(table) list(table = plain_columns(table), rows = as.character(rownames(table)), text = printed(table))

coefficient_table <- function(model, ddf) {
  table <- stats::coef(summary(tested_model(model, ddf), ddf = ddf))
  list(names = rownames(table), columns = plain_columns(table))
}

summary_text <- function(model, ddf) printed(summary(tested_model(model, ddf), ddf = ddf))

# Tests of the terms: lmer by lmerTest, others in sequence by R's own anova.
anova_terms <- function(model, type, ddf) {
  if (inherits(model, "lmerMod") && ddf != "lme4") {
    return(test_table(stats::anova(tested_model(model, ddf), type = type, ddf = ddf)))
  }
  if (type != 1L) {
    refuse("bridge_argument", "Tests of type ", type, " are defined here for lmer with degrees of freedom by Satterthwaite or Kenward and Roger.")
  }
  test_table(if (inherits(model, "glm")) stats::anova(model, test = "Chisq") else stats::anova(model))
}

drop_terms <- function(model, test, scope = NULL) {
  known_name(test, c("none", "Chisq", "F"), "a test of drop1")
  arguments <- list(model, test = test)
  for (name in scope) known_name(name, attr(stats::terms(model), "term.labels"), "a term of the fixed effects")
  if (!is.null(scope)) arguments$scope <- scope
  if (inherits(model, "merMod") && test == "F") {
    refuse("bridge_argument", "lme4's drop1 has no F test: use test='Chisq', or anova(type=3) of an lmer.")
  }
  test_table(do.call(stats::drop1, arguments))
}

random_terms <- function(model, reduce_terms) {
  require_package("lmerTest", "ranova")
  # ranova evaluates the smaller models' calls where it is called from.
  place <- new.env(parent = environment(stats::formula(model)))
  list2env(list(model = tested_model(model, "lme4"), reduce = reduce_terms, lm = stats::lm, ranova = lmerTest::ranova), place)
  test_table(eval(quote(ranova(model, reduce.terms = reduce)), place))
}

# Linear contrasts L beta = rhs of an lmer, each alone (t) or all together (F).
test_contrasts <- function(model, L, rhs, joint, ddf) {
  tested <- tested_model(model, ddf)
  if (joint) {
    return(list(columns = plain_columns(lmerTest::contest(tested, L, joint = TRUE, ddf = ddf, rhs = rhs))))
  }
  each <- lapply(seq_len(nrow(L)), function(k) {
    lmerTest::contest(tested, L[k, ], joint = FALSE, ddf = ddf, rhs = rhs[k])
  })
  list(columns = plain_columns(do.call(rbind, each)))
}

# R's anova of two or more models, under the names model1, model2, ... in the order given.
compare_models <- function(models, refit = TRUE) {
  names(models) <- paste0("model", seq_along(models))
  # anova() follows the class of its first argument, and lm's knows no mixed model.
  mixed <- vapply(models, inherits, NA, "merMod")
  order <- c(which(mixed), which(!mixed))
  call <- as.call(c(quote(anova), lapply(names(models)[order], as.name)))
  if (any(mixed) && !refit) call$refit <- FALSE
  if (!any(mixed) && inherits(models[[1L]], "glm")) call$test <- "Chisq"
  table <- eval(call, list2env(models, parent = asNamespace("stats")))
  list(
    table = plain_columns(table),
    # lm's table numbers its rows in the order given.
    models = if (any(mixed)) rownames(table) else names(models),
    text = printed(table)
  )
}
