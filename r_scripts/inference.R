# Questions to several models at once. The models are fitted anew from their data and arguments: no object of R's is kept.

BUILDERS <- c(lm = "build_lm", lmer = "build_lmer", glmer = "build_glmer")

rebuild_model <- function(model) {
  builder <- get(BUILDERS[[model$kind]], mode = "function")
  do.call(builder, model$arguments, quote = TRUE)
}

# R's anova of two or more models, under the names model1, model2, ... in the order given.
compare_models <- function(models) {
  built <- lapply(models, rebuild_model)
  names(built) <- paste0("model", seq_along(built))
  # anova() follows the class of its first argument, and lm's knows no mixed model.
  mixed <- vapply(built, inherits, NA, "merMod")
  order <- c(which(mixed), which(!mixed))
  symbols <- lapply(names(built)[order], as.name)
  table <- eval(as.call(c(quote(anova), symbols)), list2env(built, parent = asNamespace("stats")))
  list(
    table = lapply(as.list(table), as.double),
    # lm's table numbers its rows in the order given.
    models = if (any(mixed)) rownames(table) else names(built),
    text = printed(table)
  )
}
