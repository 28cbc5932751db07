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

# Evaluates `expr`: list(value, error, conditions, output), value and error NULL where there is none.
capture <- function(expr) {
  conditions <- list()
  note <- function(condition, kind, restart) {
    conditions[[length(conditions) + 1L]] <<- describe_condition(condition, kind)
    tryInvokeRestart(restart)
  }
  fail <- function(kind) {
    function(condition) list(value = NULL, error = describe_condition(condition, kind))
  }
  printed <- character()
  outcome <- tryCatch(
    withCallingHandlers(
      list(value = divert_output(allowInterrupts(expr), function(text) printed <<- text), error = NULL),
      message = function(m) note(m, "message", "muffleMessage"),
      warning = function(w) note(w, "warning", "muffleWarning")
    ),
    error = fail("error"),
    interrupt = fail("interrupt")
  )
  c(outcome, list(conditions = conditions, output = printed))
}

# Evaluates `expr`; what it prints on the console, C code of R packages included, goes to `keep` in one text.
divert_output <- function(expr, keep) {
  spool <- rawConnection(raw(), "wb")
  sink(spool)
  depth <- sink.number()
  on.exit({
    # What stopped in the middle may have left diversions of its own.
    while (sink.number() >= depth) sink()
    bytes <- rawConnectionValue(spool)
    close(spool)
    if (length(bytes) > 0L) keep(rawToChar(bytes))
  })
  expr
}

# Evaluates `expr` and leaves R's random numbers as they were: their state, and the kinds of their generators.
keep_random_state <- function(expr) {
  kinds <- RNGkind()
  state <- get0(".Random.seed", envir = globalenv(), inherits = FALSE)
  on.exit({
    if (!identical(RNGkind(), kinds)) suppressWarnings(do.call(RNGkind, as.list(kinds)))
    if (!is.null(state)) {
      assign(".Random.seed", state, envir = globalenv())
    } else if (exists(".Random.seed", envir = globalenv(), inherits = FALSE)) {
      rm(".Random.seed", envir = globalenv())
    }
  })
  expr
}

# Evaluates `expr` with random numbers that depend on `seed` alone, whatever generators are set; NULL draws any.
with_seed <- function(seed, expr) {
  keep_random_state({
    RNGkind("Mersenne-Twister", "Inversion", "Rejection")
    if (!is.null(seed)) set.seed(seed)
    expr
  })
}

# In another locale than a UTF-8 one, R cannot write names beyond ASCII.
use_utf8 <- function() {
  for (name in c("C.UTF-8", "en_US.UTF-8")) {
    if (!l10n_info()[["UTF-8"]]) suppressWarnings(Sys.setlocale("LC_CTYPE", name))
  }
}

# Calls the function `name` by symbols, so that no data stand in the calls that R reports.
call_by_name <- function(name, arguments) {
  scope <- list2env(arguments, parent = environment(call_by_name))
  symbols <- lapply(stats::setNames(nm = names(arguments)), as.name)
  eval(as.call(c(as.name(name), symbols)), scope)
}

answer_call <- function(name, arguments) {
  saved <- options(PINNED_OPTIONS)
  on.exit(options(saved))
  # Where an optimizer ends with a code, lme4's optwrap assigns this in the global environment.
  assigned <- function() exists("curWarnings", envir = globalenv(), inherits = FALSE)
  if (!assigned()) on.exit(if (assigned()) rm("curWarnings", envir = globalenv()), add = TRUE)
  keep_random_state(capture(call_by_name(name, arguments)))
}

# The one door: the only function that another language calls. An interrupt ends the call, never what sets R right.
answer <- function(name, arguments) suspendInterrupts(answer_call(name, arguments))
