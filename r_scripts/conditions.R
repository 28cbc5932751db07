# Every call ends in one plain list: what came out, or why nothing did, and all that R said on the way.

# The options that R's fits and printed text depend on, so that no profile of a user's changes a number.
PINNED_OPTIONS <- list(
  contrasts = c(unordered = "contr.treatment", ordered = "contr.treatment"),
  na.action = "na.omit",
  digits = 7L, scipen = 0L, width = 80L, OutDec = ".",
  warn = 0L, show.signif.stars = TRUE
)

describe_condition <- function(condition, kind) {
  call <- conditionCall(condition)
  list(
    kind = kind,
    class = class(condition),
    # An interrupt has no message at all.
    text = sub("\n$", "", paste(conditionMessage(condition), collapse = "\n")),
    call = if (is.null(call)) "" else substr(deparse(call, width.cutoff = 200L, nlines = 1L)[1L], 1L, 200L)
  )
}

# An error of the user's making: `class` is "bridge_formula", "bridge_data" or "bridge_argument".
refuse <- function(class, ...) {
  stop(structure(
    class = c(class, "bridge_refusal", "error", "condition"),
    list(message = paste0(...), call = NULL)
  ))
}

# Evaluates `expr`: list(value, error, conditions), value and error NULL where there is none.
capture <- function(expr) {
  conditions <- list()
  note <- function(condition, kind, restart) {
    conditions[[length(conditions) + 1L]] <<- describe_condition(condition, kind)
    tryInvokeRestart(restart)
  }
  fail <- function(kind) {
    function(condition) list(value = NULL, error = describe_condition(condition, kind))
  }
  outcome <- tryCatch(
    withCallingHandlers(
      list(value = expr, error = NULL),
      message = function(m) note(m, "message", "muffleMessage"),
      warning = function(w) note(w, "warning", "muffleWarning")
    ),
    error = fail("error"),
    interrupt = fail("interrupt")
  )
  c(outcome, list(conditions = conditions))
}

# Calls the function `name` by symbols, so that no data stand in the calls that R reports.
call_by_name <- function(name, arguments) {
  scope <- list2env(arguments, parent = environment(call_by_name))
  symbols <- lapply(stats::setNames(nm = names(arguments)), as.name)
  eval(as.call(c(as.name(name), symbols)), scope)
}

# The one door: the only function that another language calls.
answer <- function(name, arguments) {
  saved <- options(PINNED_OPTIONS)
  on.exit(options(saved))
  # Where an optimizer ends with a code, lme4's optwrap assigns this in the global environment.
  if (!exists("curWarnings", envir = globalenv(), inherits = FALSE)) {
    on.exit(suppressWarnings(rm("curWarnings", envir = globalenv())), add = TRUE)
  }
  capture(call_by_name(name, arguments))
}
