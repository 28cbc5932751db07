# What the calls of lm, glm, lmer, glmer and glmer.nb have in common, and how they are evaluated.

NA_ACTIONS <- c(omit = "na.omit", exclude = "na.exclude", fail = "na.fail")
CONTRASTS <- c("treatment", "sum", "helmert", "poly", "SAS")

shortened <- function(text) {
  text <- paste(text, collapse = ", ")
  if (nchar(text) > 80L) paste0(substr(text, 1L, 77L), "...") else text
}

known_name <- function(name, known, what) {
  if (!is.character(name) || length(name) != 1L || !name %in% known) {
    refuse("bridge_argument", "`", shortened(name), "` is not ", what, ". Known: ", paste(known, collapse = ", "), ".")
  }
  name
}

# Contrasts by name become R's names of their functions, matrices (levels by contrasts) stay.
contrast_arguments <- function(contrasts, data) {
  lapply(stats::setNames(nm = names(contrasts)), function(column) {
    if (!is.factor(data[[column]])) {
      refuse("bridge_argument", "contrasts names `", shortened(column), "`, which is no factor of the model.")
    }
    given <- contrasts[[column]]
    if (is.matrix(given)) {
      contrast_matrix(given, data[[column]], column)
    } else {
      paste0("contr.", known_name(given, CONTRASTS, paste0("a kind of contrasts for `", column, "`")))
    }
  })
}

# A matrix of contrasts: a row for each level, by its name where the rows have names. R drops levels that no row has.
contrast_matrix <- function(given, x, column) {
  for (known in list(levels(x), levels(droplevels(x)))) {
    if (nrow(given) == length(known) && (is.null(rownames(given)) || setequal(rownames(given), known))) {
      check_contrast_columns(given, column)
      return(if (is.null(rownames(given))) given else given[known, , drop = FALSE])
    }
  }
  refuse(
    "bridge_argument", "contrasts of `", column, "`: the matrix has ", nrow(given), " rows",
    if (!is.null(rownames(given))) paste0(" named ", paste(utils::head(rownames(given), 5L), collapse = ", ")),
    "; expected one for each of its ", nlevels(x), " levels: ", paste(utils::head(levels(x), 5L), collapse = ", "),
    if (nlevels(x) > 5L) ", ...", "."
  )
}

check_contrast_columns <- function(given, column) {
  if (ncol(given) >= nrow(given)) {
    refuse(
      "bridge_argument", "contrasts of `", column, "`: the matrix has ", ncol(given), " columns; expected ", nrow(given) - 1L,
      " at most, one less than it has rows, and R leaves the others out."
    )
  }
}

# Refuses a response that the model has no meaning for, by its name and by R's class of such refusals: R's own words would
# come from deep inside, or from a summary of what was fitted already.
check_response <- function(call, data, offset) {
  left <- call$formula[[2L]]
  y <- tryCatch(suppressWarnings(eval(left, data, environment(call$formula))), error = function(e) NULL)
  kind <- as.character(call[[1L]])
  binomial <- !is.null(call$family) && all.names(call$family)[1L] %in% c("binomial", "quasibinomial")
  if (is.matrix(y) && ncol(y) > 1L) {
    check_counts(y, shown(left), kind, binomial)
  } else if (!is.null(y) && !binomial && !is.numeric(y) && !is.logical(y)) {
    refuse_response("the response `", shown(left), "` holds labels (", class(y)[1L], "), and must be numeric for ", kind)
  } else if (is.factor(y) && nlevels(droplevels(y)) > 2L) {
    message("The response `", shown(left), "` has ", nlevels(droplevels(y)), " levels: `", levels(y)[1L], "` is failure, all others are success.")
  }
  if (kind == "lmer" && is.null(offset) && !"offset" %in% all.names(call$formula) && is_constant(y)) {
    refuse_response("the response `", shown(left), "` is constant: every row has ", format(y[1L]))
  }
}

refuse_response <- function(...) stop(..., call. = FALSE)

is_constant <- function(y) (is.numeric(y) || is.logical(y)) && length(y) > 1L && !anyNA(y) && min(y) == max(y)

check_counts <- function(y, name, kind, binomial) {
  if (!binomial) {
    refuse_response("the response `", name, "` has ", ncol(y), " columns, and ", kind, " models one here")
  }
  if (ncol(y) != 2L) {
    refuse_response("the response `", name, "` has ", ncol(y), " columns; expected two: numbers of successes and failures")
  }
  if (is.numeric(y) && any(y < 0, na.rm = TRUE)) {
    row <- which(rowSums(y < 0) > 0)[1L]
    refuse_response("the response `", name, "` holds a negative count: ", min(y[row, ]), " in row ", row - 1L, ", counted from 0")
  }
}

# A call and the bindings that it needs. The same bindings stand in the formula's own environment, since lme4's
# update, drop1, profile and allFit evaluate the call there. The model remembers a call that can be read, and no data.
prepare_fit <- function(call, fitter, data, weights = NULL, offset = NULL, subset = NULL, na_action = NULL,
                        contrasts = NULL, bindings = list()) {
  check_response(call, data, offset)
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
  if (may_lack_effects(prepared$call)) refuse_empty_effects(prepared)
  model <- withCallingHandlers(
    eval(prepared$call, list2env(prepared$bindings, parent = baseenv())),
    error = function(e) name_single_levels(e, prepared$call, prepared$bindings$data)
  )
  open_scope(environment(prepared$call$formula))
  model
}

# lme4 brings R down, and all that runs in its process, where every random effect is multiplied by 0 in every row. It is
# not where a term has an intercept, which only a 0 or a minus takes away.
may_lack_effects <- function(call) {
  as.character(call[[1L]]) %in% names(PARSED) && all(vapply(effects_of(call$formula), takes_away, NA))
}

# What stands left of the bars.
effects_of <- function(tree) {
  if (!is.call(tree)) {
    return(list())
  }
  if (as.character(tree[[1L]])[1L] %in% c("|", "||")) {
    return(list(tree[[2L]]))
  }
  unlist(lapply(as.list(tree)[-1L], effects_of), recursive = FALSE)
}

PARSED <- list(lmer = c("lFormula", "REML"), glmer = c("glFormula", "family"), glmer.nb = "glFormula")

takes_away <- function(tree) {
  if (is.numeric(tree)) {
    return(isTRUE(tree == 0))
  }
  if (!is.call(tree)) {
    return(FALSE)
  }
  identical(tree[[1L]], quote(`-`)) || any(vapply(as.list(tree)[-1L], takes_away, NA))
}

refuse_empty_effects <- function(prepared) {
  parser <- PARSED[[as.character(prepared$call[[1L]])]]
  used <- c("formula", "data", "weights", "offset", "subset", "na.action", "contrasts", "control", parser[-1L])
  call <- prepared$call[c(TRUE, names(prepared$call)[-1L] %in% used)]
  call[[1L]] <- as.name(parser[[1L]])
  prepared$bindings[[parser[[1L]]]] <- getExportedValue("lme4", parser[[1L]])
  scope <- list2env(prepared$bindings, parent = baseenv())
  # what is wrong besides the fit itself will say
  parsed <- tryCatch(suppressMessages(suppressWarnings(eval(call, scope))), error = function(e) NULL)
  if (is.null(parsed) || any(parsed$reTrms$Zt@x != 0)) {
    return()
  }
  terms <- paste0("(", names(parsed$reTrms$Ztlist), ")", collapse = " + ")
  stop(
    "every random effect of ", terms, " is multiplied by 0 in every row that is used, and lme4 would bring R down; ",
    "leave the term out, or give it an intercept",
    call. = FALSE
  )
}

# R and lme4 do not name the column of which one level only is left.
SINGLE_LEVEL <- "contrasts can be applied only to factors with 2 or more levels|grouping factors must have > 1 sampled level"

name_single_levels <- function(error, call, data) {
  if (!grepl(SINGLE_LEVEL, conditionMessage(error))) {
    return()
  }
  asked <- all.vars(call$formula[[3L]])
  used <- if ("." %in% asked) data else data[intersect(asked, names(data))]
  kept <- stats::complete.cases(data[intersect(all.vars(call$formula), names(data))])
  if (!is.null(call$subset)) kept <- kept & data[[as.character(call$subset)]]
  single <- vapply(used, function(x) length(unique(x[kept])) == 1L, NA)
  labels <- vapply(used, function(x) is.factor(x) || is.logical(x), NA)
  found <- names(used)[single & (labels | !any(single & labels))]
  if (length(found) > 0L) {
    stop(simpleError(paste0(conditionMessage(error), " (here: ", paste0("`", found, "`", collapse = ", "), ")")))
  }
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
