# What a formula may contain. A formula is code to R: it is read here, node by node, before anything of it is evaluated.

OPERATORS <- c(
  "~", "+", "-", "*", "/", "^", ":", "%in%", "(", "|", "||", "==", "!=", "<", ">", "<=", ">=", "!", "&"
)

# No function that calls another one by its name (C, do.call, sapply, ...) may ever enter this list.
FUNCTIONS <- list(
  base = c(
    "I", "log", "log2", "log10", "log1p", "exp", "expm1", "sqrt", "abs", "scale", "factor", "ordered",
    "as.factor", "as.numeric", "as.integer", "interaction", "cbind", "c", "cut", "ifelse", "sin", "cos",
    "pmin", "pmax"
  ),
  stats = c("poly", "relevel", "offset"),
  splines = c("ns", "bs"),
  lme4 = "dummy"
)
CONSTANTS <- list(pi = pi, T = TRUE, F = FALSE)
MAX_NODES <- 4000L
MAX_DEPTH <- 300L

allowed_functions <- function() unlist(FUNCTIONS, use.names = FALSE)

parse_formula <- function(text) {
  parsed <- tryCatch(
    parse(text = text, keep.source = FALSE, encoding = "UTF-8"),
    error = function(e) {
      words <- strsplit(conditionMessage(e), "\n", fixed = TRUE)[[1L]][1L]
      said <- sub("^<text>:([0-9]+):([0-9]+): (.*)$", "\\3 (line \\1, column \\2)", words)
      refuse("bridge_formula", "The formula does not parse: ", said, ".")
    }
  )
  if (length(parsed) != 1L) {
    refuse("bridge_formula", "A formula is one expression, and this text holds ", length(parsed), ".")
  }
  formula <- parsed[[1L]]
  if (!is.call(formula) || !identical(formula[[1L]], as.name("~"))) {
    refuse("bridge_formula", "This is no formula: it has no `~` between a response and its terms.")
  }
  if (length(formula) != 3L) {
    refuse("bridge_formula", "The formula has no response: write `response ~ terms`.")
  }
  formula
}

shown <- function(node) substr(deparse(node, width.cutoff = 60L, nlines = 1L)[1L], 1L, 60L)

check_head <- function(node) {
  head <- node[[1L]]
  if (!is.symbol(head)) {
    refuse("bridge_formula", "`", shown(node), "` is not allowed in a formula: a function is called by its plain name.")
  }
  name <- as.character(head)
  if (!name %in% c(OPERATORS, allowed_functions())) {
    refuse(
      "bridge_formula", "`", name, "` is not allowed in a formula. Allowed functions: ",
      paste(sort(allowed_functions()), collapse = ", "), "."
    )
  }
  name
}

check_leaf <- function(node) {
  if (is.null(node) || (is.atomic(node) && length(node) == 1L && is.null(attributes(node)))) {
    return(invisible())
  }
  refuse("bridge_formula", "`", shown(node), "` is not allowed in a formula: columns, numbers and strings are.")
}

# Symbols and bar terms of `root`. An explicit stack, since a recursive walk of a long sum ends the process.
walk_formula <- function(root) {
  stack <- list(list(root, 1L))
  symbols <- bars <- character()
  nodes <- 0L
  while (length(stack) > 0L) {
    node <- stack[[length(stack)]][[1L]]
    depth <- stack[[length(stack)]][[2L]]
    stack[[length(stack)]] <- NULL
    nodes <- nodes + 1L
    if (nodes > MAX_NODES || depth > MAX_DEPTH) {
      refuse(
        "bridge_formula", "The formula is too long: at most ", MAX_NODES, " parts and ", MAX_DEPTH,
        " terms in a sum. Put many columns in one matrix column, or use `.` for all columns."
      )
    }
    if (is.symbol(node)) {
      symbols <- c(symbols, as.character(node))
    } else if (is.call(node)) {
      name <- check_head(node)
      if (name %in% c("|", "||")) bars <- c(bars, deparse1(node))
      children <- as.list(node)[-1L]
      # An empty argument, as in x[, 1], is a symbol without a name.
      if (any(vapply(children, identical, NA, quote(expr = )))) {
        refuse("bridge_formula", "`", shown(node), "` has an empty argument.")
      }
      for (child in rev(children)) stack <- c(stack, list(list(child, depth + 1L)))
    } else {
      check_leaf(node)
    }
  }
  list(symbols = unique(symbols), bars = bars)
}

# What a formula uses: variables (the symbols), response (those left of `~`), bars (text), dot (does it use `.`).
inspect_formula <- function(formula) {
  parsed <- parse_formula(formula)
  found <- walk_formula(parsed)
  dots <- grep("^\\.\\.(\\.|[0-9]+)$", found$symbols, value = TRUE)
  if (length(dots) > 0L) {
    refuse("bridge_formula", "`", dots[1L], "` cannot be the name of a column in a formula.")
  }
  list(
    variables = setdiff(found$symbols, "."),
    response = walk_formula(parsed[[2L]])$symbols,
    bars = found$bars,
    dot = "." %in% found$symbols,
    constants = names(CONSTANTS)
  )
}

# The only things a formula can reach beside its data. `list` is what model.frame itself asks for.
formula_scope <- function() {
  allowed <- new.env(parent = emptyenv())
  for (package in names(FUNCTIONS)) {
    for (name in FUNCTIONS[[package]]) allowed[[name]] <- getExportedValue(package, name)
  }
  for (name in c(OPERATORS, "list")) {
    if (exists(name, envir = baseenv(), inherits = FALSE)) allowed[[name]] <- get(name, envir = baseenv())
  }
  list2env(CONSTANTS, envir = allowed)
  lockEnvironment(allowed, bindings = TRUE)
  # lme4 assigns `weights` in the formula's own environment, so that one stays open and empty.
  new.env(parent = allowed)
}

# A checked formula, ready to be evaluated in nothing but its data and the allowed functions.
safe_formula <- function(text) {
  parsed <- parse_formula(text)
  walk_formula(parsed)
  eval(parsed, formula_scope())
}
