# What the calls of lm, glm, lmer, glmer and glmer.nb have in common, and how they are evaluated.

NA_ACTIONS <- c(omit = "na.omit", exclude = "na.exclude", fail = "na.fail")
CONTRASTS <- c("treatment", "sum", "helmert", "poly", "SAS")

known_name <- function(name, known, what) {
  if (!is.character(name) || length(name) != 1L || !name %in% known) {
    refuse("bridge_argument", "`", name, "` is not ", what, ". Known: ", paste(known, collapse = ", "), ".")
  }
  name
}

# Contrasts by name become R's names of their functions, matrices (levels by contrasts) stay.
contrast_arguments <- function(contrasts, data) {
  lapply(stats::setNames(nm = names(contrasts)), function(column) {
    if (!is.factor(data[[column]])) {
      refuse("bridge_argument", "contrasts names `", column, "`, which is no factor of the data.")
    }
    given <- contrasts[[column]]
    if (is.matrix(given)) {
      given
    } else {
      paste0("contr.", known_name(given, CONTRASTS, "a contrast"))
    }
  })
}

# A call and the bindings that it needs. The same bindings stand in the formula's own environment, since lme4's
# update, drop1, profile and allFit evaluate the call there. The model remembers a call that can be read, and no data.
prepare_fit <- function(call, fitter, data, weights = NULL, offset = NULL, subset = NULL, na_action = NULL,
                        contrasts = NULL, bindings = list()) {
  bindings$data <- data
  bindings[[as.character(call[[1L]])]] <- fitter
  if (!is.null(weights)) {
    call$weights <- as.name(weights)
    # lme4 fetches these from the caller by their very names.
    bindings$weights <- data[[weights]]
  }
  if (!is.null(offset)) {
    call$offset <- as.name(offset)
    bindings$offset <- data[[offset]]
  }
  if (!is.null(subset)) call$subset <- as.name(subset)
  if (!is.null(na_action)) {
    known_name(na_action, names(NA_ACTIONS), "a way to treat missing values")
    call$na.action <- as.name(NA_ACTIONS[[na_action]])
    bindings[[NA_ACTIONS[[na_action]]]] <- getExportedValue("stats", NA_ACTIONS[[na_action]])
  }
  if (!is.null(contrasts)) {
    call$contrasts <- quote(contrasts)
    bindings$contrasts <- contrast_arguments(contrasts, data)
  }
  list(call = call, bindings = bindings)
}

evaluate_fit <- function(prepared) {
  list2env(prepared$bindings, environment(prepared$call$formula))
  model <- eval(prepared$call, list2env(prepared$bindings, parent = baseenv()))
  open_scope(environment(prepared$call$formula))
  model
}

# What was evaluated once where only the allowed functions were, calls nothing else: lme4 may now evaluate the model's
# call there, in which lmer itself names `lme4::lFormula`.
open_scope <- function(scope) assign("::", base::`::`, envir = scope)

# 1-based positions, among the rows of the data, of the rows used and of those dropped for a missing value.
used_rows <- function(model) as.integer(attr(stats::model.frame(model), "row.names"))
omitted_rows <- function(model) as.integer(names(attr(stats::model.frame(model), "na.action")))

# Values by row, those of the rows used alone: na.exclude pads with NA.
unpadded <- function(x, model) {
  omitted <- attr(stats::model.frame(model), "na.action")
  as.double(if (inherits(omitted, "exclude")) x[-as.integer(omitted)] else x)
}
