# What a formula may contain. A formula is code to R: it is read here, node by node, before anything of it is evaluated.

OPERATORS <- c(
  "~", "+", "-", "*", "/", "^", ":", "%in%", "(", "|", "||", "==", "!=", "<", ">", "<=", ">=", "!", "&", "%%", "%/%"
)

# No function that calls another one by its name or value (C, do.call, sapply, ave, ...), and none that makes
# names or calls of text, may ever enter this list: poly() hands its arguments to do.call(), which evaluates those.
FUNCTIONS <- list(
  base = c(
    "I", "abs", "acos", "acosh", "addNA", "as.character", "as.factor", "as.integer", "as.logical", "as.numeric",
    "as.ordered", "as.vector", "asin", "asinh", "atan", "atan2", "atanh", "c", "cbind", "ceiling", "cos", "cosh",
    "cospi", "cut", "droplevels", "exp", "expm1", "factor", "findInterval", "floor", "ifelse", "interaction",
    "is.finite", "is.na", "length", "levels", "log", "log10", "log1p", "log2", "max", "mean", "min", "ordered",
    "paste", "paste0", "pmax", "pmin", "range", "rank", "rep", "rev", "round", "rowMeans", "rowSums", "scale", "seq",
    "sign", "signif", "sin", "sinh", "sinpi", "sqrt", "sum", "tan", "tanh", "tanpi", "trunc", "xor"
  ),
  stats = c(
    "dnorm", "median", "offset", "plogis", "pnorm", "poly", "polym", "qlogis", "qnorm", "quantile", "relevel", "sd",
    "var"
  ),
  splines = c("ns", "bs"),
  lme4 = "dummy"
)
# Those of which only the first argument is safe: as.vector(x, "symbol") makes a name of text.
ONE_ARGUMENT <- "as.vector"
# What model.frame itself looks for where the formula is evaluated.
NEEDED <- "list"
CONSTANTS <- list(pi = pi, T = TRUE, F = FALSE)

# Covariance structures of lme4 2.0 and later, each around a random term: cs(1 + x | g).
STRUCTURES <- c("us", "diag", "cs", "ar1")

# Functions that no one can allow: they run code or programs, make code of text, look up by name, or reach files,
# packages, environments and the process.
FORBIDDEN <- c(
  "aggregate", "alist", "as", "as.call", "as.environment", "as.formula", "as.function", "as.name", "as.pairlist",
  "as.symbol", "asNamespace", "assign", "attach", "attr", "attributes", "ave", "body", "bquote", "browser", "by",
  "C", "call", "cat", "contrasts", "delayedAssign", "deparse", "do.call", "dput", "dump", "emptyenv", "enquote",
  "eval", "evalq", "example", "exists", "expression", "fifo", "Find", "fix", "for", "force", "formals", "formula",
  "function", "get", "get0", "getExportedValue", "getFromNamespace", "globalenv", "if", "invokeRestart", "library",
  "list2env", "load", "local", "Map", "match.arg", "match.call", "match.fun", "mget", "missing", "mode",
  "model.frame", "model.matrix", "Negate", "new.env", "NextMethod", "on.exit", "open", "options", "pairlist",
  "parent.env", "parent.frame", "parse", "pipe", "Position", "print", "q", "quit", "quote", "rapply", "readline",
  "readLines", "readRDS", "readRenviron", "Recall", "reorder", "repeat", "require", "return", "rm", "save",
  "saveRDS", "scan", "search", "selfStart", "serialize", "setwd", "shell", "shell.exec", "simulate", "sink",
  "source", "standardGeneric", "stop", "str2expression", "str2lang", "structure", "subset", "substitute", "switch",
  "system", "system2", "transform", "try", "tryCatch", "tryInvokeRestart", "unlink", "unserialize", "update", "url",
  "UseMethod", "vector", "vignette", "warning", "while", "with", "within", "write"
)
# Families of such functions in R's own packages, by how their names begin.
FORBIDDEN_PREFIXES <- c(
  "\\.",
  "active", "addTask", "askYesNo", "aspell", "attach", "auto", "base", "bind", "browse", "bug", "bz", "choose",
  "clear", "close", "compute", "conflict", "create", "data", "de\\.", "debug", "demo", "dir\\.", "download\\.",
  "dyn", "edit", "env", "eval", "file", "gc", "get[A-Z]", "getTask", "global", "gz", "help", "history", "hsearch",
  "icu", "import", "install\\.", "isdebugged", "lazy", "library", "load", "lock", "make[A-Z.]", "mem", "menu",
  "mkfifo", "namespace", "new[A-Z]", "nlformula", "nsl", "package", "page", "parse", "pos\\.", "process", "prompt",
  "push", "R[._]", "Rprof", "RNG", "RSite", "Rtangle", "Rweave", "rawConnection", "rc\\.", "read\\.", "reg",
  "remove", "report", "require", "retracemem", "save", "select", "server", "set[A-Z]", "set\\.", "signal", "simple",
  "socket", "Stangle", "std", "suppress", "Sweave", "sys\\.", "Sys\\.", "tar", "task", "textConnection", "trace",
  "tracemem", "tracing", "truncate", "undebug", "unload", "unlock", "untar", "untrace", "unz", "update\\.",
  "upgrade", "url", "View", "with", "write", "xz", "zip"
)
FORBIDDEN_PATTERN <- paste0("^(", paste(FORBIDDEN_PREFIXES, collapse = "|"), ")")
# An argument of such a name takes code, a function, a model, a file or an environment.
FORBIDDEN_ARGUMENTS <- c(
  "FUN", "FUNC", "fun", "func", "fn", "expr", "exprs", "what", "envir", "enclos", "file", "con", "connection",
  "command", "filename", "formula", "code", "handler", "function.name"
)
# A function of R's own packages that calls one of these does so with what it is given.
FORBIDDEN_CALLS <- c(
  ".External", ".External.graphics", ".External2", "as.formula", "assign", "do.call", "dynGet", "eval", "evalq",
  "file", "formula", "get", "get0", "library", "loadNamespace", "match.fun", "mget", "parse", "readline",
  "readLines", "readRenviron", "Recall", "require", "source", "str2expression", "str2lang", "sys.function",
  "system", "system2", "unlink", "url", "writeLines"
)
FORBIDDEN_PACKAGES <- c("compiler", "grDevices", "methods", "parallel", "tcltk", "tools")

MAX_NODES <- 20000L
MAX_TERMS <- 20000
MAX_POWER <- 100
# lme4 1.1 walks a formula by recursion and takes 13 kB of C stack a term of a sum (8 MB end at 610 terms),
# R's own C code, all that a model without random terms meets, less than 1 kB. Rounded up, as other versions differ.
STACK_A_TERM <- c(mixed = 20e3, plain = 2.5e3)

ALLOWED <- sort(unlist(FUNCTIONS, use.names = FALSE), method = "radix")
allowed_functions <- function() ALLOWED

# Terms that a sum may have. In a thread R does not know its stack: the smallest that is common is reckoned with.
max_depth <- function(kind) {
  size <- Cstack_info()[["size"]]
  if (is.na(size)) size <- 6e6
  as.integer(min(size / STACK_A_TERM[[kind]], 3000))
}

parse_text <- function(text) {
  parsed <- tryCatch(
    parse(text = text, keep.source = FALSE, encoding = "UTF-8"),
    error = function(e) {
      words <- strsplit(conditionMessage(e), "\n", fixed = TRUE)[[1L]][1L]
      said <- sub("^<text>:([0-9]+):([0-9]+): (.*)$", "\\3 (line \\1, column \\2)", words)
      said <- sub("^contextstack overflow", "parentheses or calls are nested deeper than 50", said)
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
  formula
}

parse_formula <- function(text) {
  formula <- parse_text(text)
  if (length(formula) != 3L) {
    refuse("bridge_formula", "The formula has no response: write `response ~ terms`.")
  }
  formula
}

parse_one_sided <- function(text) {
  formula <- parse_text(text)
  if (length(formula) != 2L) {
    refuse("bridge_formula", "This formula has a response, and only terms are expected: write `~ terms`.")
  }
  formula
}

# Whether a node is deeper than deparse, which recurses, can safely show.
is_deep <- function(node, most = 60L) {
  level <- list(node)
  for (depth in seq_len(most)) {
    level <- unlist(lapply(Filter(is.call, level), as.list), recursive = FALSE)
    if (length(level) == 0L) return(FALSE)
  }
  TRUE
}

shown <- function(node) {
  if (is_deep(node)) "..." else substr(deparse(node, width.cutoff = 60L, nlines = 1L)[1L], 1L, 60L)
}

refuse_function <- function(name, functions) {
  if (is_forbidden(name) || make.names(name) != name) {
    refuse(
      "bridge_formula", "`", name, "` is not allowed in a formula, and cannot be permitted. ",
      "Compute what it gives as a column of the data."
    )
  }
  near <- functions[utils::adist(name, functions, ignore.case = TRUE) <= 1L]
  refuse(
    "bridge_formula", "`", name, "` is not allowed in a formula: it is none of the functions known to be safe. ",
    if (length(near) > 0L) paste0("Is `", near[1L], "` meant? "),
    "Where you trust it, permit it: allow=(\"", name, "\",), or (\"package::", name, "\",) for one of a package."
  )
}


# The name that a call calls.
head_name <- function(node) {
  head <- node[[1L]]
  if (is.symbol(head)) {
    name <- as.character(head)
    if (!name %in% c("::", ":::")) return(name)
    head <- node
  }
  if (is.call(head) && length(head) == 3L && as.character(head[[1L]])[1L] %in% c("::", ":::")) {
    full <- shown(head)
    refuse(
      "bridge_formula", "`", full, "` is not allowed in a formula: a function is called by its plain name, `",
      shown(head[[3L]]), "(...)`. One that is not known as safe is permitted by allow=(\"", full, "\",)."
    )
  }
  refuse("bridge_formula", "`", shown(node), "` is not allowed in a formula: a function is called by its plain name.")
}

# Where the children of a call stand: in the algebra of terms, in either side of a bar, or in what R evaluates.
TERM_OPERATORS <- c("+", "-", "*", "/", "^", ":", "%in%", "(")
BARS <- c("|", "||")

child_place <- function(name, place) {
  if (place == "value" || name %in% TERM_OPERATORS) {
    place
  } else if (name %in% BARS) {
    "bar"
  } else if (name %in% STRUCTURES) {
    "terms"
  } else {
    "value"
  }
}

refuse_length <- function(depth) {
  refuse(
    "bridge_formula", "The formula is too long: at most ", MAX_NODES, " parts, and ", depth, " terms in a sum. ",
    "Use `.` for all columns of the data."
  )
}

# Without the literals given by name, as in raw = TRUE: these are no columns.
without_named_literals <- function(children) {
  literal <- nzchar(names(children)) & !vapply(children, is.language, NA)
  for (leaf in children[literal]) check_leaf(leaf)
  unname(children[!literal])
}

refuse_empty <- function(nodes) {
  empty <- function(node) is.call(node) && any(vapply(as.list(node), identical, NA, quote(expr = )))
  refuse("bridge_formula", "`", shown(Find(empty, nodes)), "` has an empty argument.")
}

# The nodes of a formula, a parent before its children: nodes, names (of what is called, "" for a leaf), places,
# deepest, arity. By an explicit stack, since a recursive walk of a long sum ends the process.
flatten_formula <- function(root, most = max_depth("plain")) {
  stack <- rev(as.list(root)[-1L])
  place_stack <- rev(c(if (length(stack) == 2L) "value", "terms"))
  depth_stack <- rep(2L, length(stack))
  top <- length(stack)
  nodes <- list()
  names <- places <- character()
  arity <- integer()
  at <- deepest <- 0L
  while (top > 0L) {
    # An empty argument, as in x[, 1], is a symbol without a name.
    if (identical(stack[[top]], quote(expr = ))) refuse_empty(nodes)
    at <- at + 1L
    nodes[at] <- stack[top]
    places[at] <- place <- place_stack[top]
    depth <- depth_stack[top]
    if (at > MAX_NODES || depth > most) refuse_length(most)
    if (depth > deepest) deepest <- depth
    top <- top - 1L
    if (!is.call(nodes[[at]])) {
      names[at] <- ""
      arity[at] <- 0L
      next
    }
    names[at] <- name <- head_name(nodes[[at]])
    children <- as.list(nodes[[at]])[-1L]
    if (!is.null(names(children))) children <- without_named_literals(children)
    arity[at] <- count <- length(children)
    slots <- top + count:1
    if (count > 0L) {
      stack[slots] <- children
      place_stack[slots] <- child_place(name, place)
      depth_stack[slots] <- depth + 1L
      top <- top + count
    }
  }
  list(nodes = nodes, names = names, places = places, arity = arity, deepest = deepest)
}

# What the parser makes of numbers, strings and the words below.
LITERALS <- c("double", "integer", "logical", "character", "complex", "NULL")

check_leaf <- function(node) {
  if (!typeof(node) %in% LITERALS) {
    refuse("bridge_formula", "`", shown(node), "` is not allowed in a formula: columns, numbers and strings are.")
  }
}

lme4_version <- function() utils::packageVersion("lme4")

# A covariance structure has one random term, and at most `hom`.
check_structure <- function(node, name, place) {
  bar <- length(node) > 1L && is.call(node[[2L]]) && identical(node[[2L]][[1L]], as.name("|"))
  if (place != "terms" || !bar) {
    refuse("bridge_formula", "`", name, "` in a formula stands around a random term, as in ", name, "(1 + x | g).")
  }
  rest <- as.list(node)[-(1:2)]
  if (length(rest) > 0L && !(identical(names(rest), "hom") && is.logical(rest[[1L]]))) {
    refuse("bridge_formula", "`", shown(node), "`: beside its term ", name, " takes hom = TRUE or FALSE only.")
  }
  version <- lme4_version()
  if (version < "2.0") {
    refuse(
      "bridge_formula", "`", name, "(...)`, a covariance structure of random effects, needs lme4 2.0 or later, and ",
      "this is lme4 ", as.character(version), ". Here (1 + x | g) is unstructured and (1 + x || g) uncorrelated."
    )
  }
}

check_call <- function(node, name, place) {
  if (name == "~") {
    refuse("bridge_formula", "`", shown(node), "`: a formula has one `~`, and none inside its terms.")
  } else if (name %in% STRUCTURES) {
    check_structure(node, name, place)
  } else if (name %in% BARS && place == "bar") {
    refuse("bridge_formula", "`", shown(node), "`: a random term stands inside another one.")
  } else if (name %in% ONE_ARGUMENT && length(node) > 2L) {
    refuse("bridge_formula", "`", shown(node), "`: ", name, " takes one argument in a formula.")
  }
}

# Only these are looked at one by one; every other operator or function is allowed wherever it stands.
SPECIAL <- c("~", STRUCTURES, BARS, ONE_ARGUMENT)
KNOWN <- c("", OPERATORS, STRUCTURES, ALLOWED)

check_calls <- function(flat, functions) {
  unknown <- setdiff(flat$names, c(KNOWN, functions))
  if (length(unknown) > 0L) refuse_function(unknown[1L], c(ALLOWED, functions))
  for (at in which(flat$names %in% SPECIAL)) check_call(flat$nodes[[at]], flat$names[at], flat$places[at])
}

# Terms that an operator makes of those of its operands, at most.
count_terms <- function(name, counts, exponent) {
  if (length(counts) < 2L) {
    return(sum(counts, 1) - length(counts))
  }
  switch(name,
    "*" = counts[1L] + counts[2L] + counts[1L] * counts[2L],
    ":" = , "%in%" = counts[1L] * counts[2L],
    "^" = sum(choose(counts[1L], seq_len(min(exponent, counts[1L])))),
    counts[1L] + counts[2L]
  )
}

MULTIPLIERS <- c("*", "^", ":", "%in%")

# a * b * c * ... and (a + b + ...)^k have more terms than memory holds long before they are long texts.
check_terms_number <- function(flat) {
  algebraic <- flat$places != "value"
  if (sum(flat$names[algebraic] %in% MULTIPLIERS) < 3L && !"^" %in% flat$names[algebraic]) {
    return(invisible())
  }
  arity <- ifelse(flat$names %in% c(TERM_OPERATORS, BARS), flat$arity, 0L)
  counts <- double()
  exponent <- 1
  for (at in rev(which(algebraic))) {
    if (is.numeric(flat$nodes[[at]])) exponent <- flat$nodes[[at]]
    operands <- length(counts) + 1L - seq_len(arity[at])
    if (flat$names[at] == "^" && !exponent %in% 1:MAX_POWER) {
      wrong <- shown(flat$nodes[[at]])
      refuse("bridge_formula", "`", wrong, "`: a power of terms is a whole number up to ", MAX_POWER, ".")
    }
    count <- count_terms(flat$names[at], counts[operands], exponent)
    if (count > MAX_TERMS) {
      refuse(
        "bridge_formula", "The formula has more than ", MAX_TERMS, " terms once `*`, `^` and `:` are multiplied out. ",
        "Write fewer interactions."
      )
    }
    counts <- c(counts[seq_len(length(counts) - arity[at])], count)
  }
}

# Literals that look like names (TRUE, NULL, NA, Inf), since a column can be called so too.
find_words <- function(leaves, types) {
  words <- types %in% c("logical", "NULL")
  words[types == "double"] <- !is.finite(unlist(leaves[types == "double"]))
  if (any(words)) unique(vapply(leaves[words], deparse, "")) else character()
}

# An lme4 without the package reformulas writes the factor of (x || `my group`) as text without its backticks, and
# reads that again: a name with a space then does not parse, and `a+b` becomes two columns.
misreads_names <- function() !"reformulas" %in% names(getNamespaceImports("lme4"))

check_double_bars <- function(flat) {
  for (bar in flat$nodes[flat$names == "||" & flat$places == "terms"]) {
    factor <- bar[[length(bar)]]
    if (is.symbol(factor) && make.names(factor) != as.character(factor) && misreads_names()) {
      name <- deparse1(factor, backtick = TRUE)
      refuse(
        "bridge_formula", "This lme4 misreads the name ", name, " right of `||`: rename that column, or write the ",
        "terms one by one, (1 | ", name, ") + (0 + x | ", name, ")."
      )
    }
  }
}

as_text <- function(nodes) vapply(nodes, deparse1, "")

# What a formula holds: symbols, functions, words, bars (random terms), inner_bars (`|` as a logical or).
# `functions` are those permitted beside the usual ones.
walk_formula <- function(root, functions = NULL) {
  flat <- flatten_formula(root)
  check_calls(flat, functions)
  check_terms_number(flat)
  check_double_bars(flat)
  types <- vapply(flat$nodes, typeof, "")
  symbols <- types == "symbol"
  leaves <- !symbols & types != "language"
  algebraic <- flat$places != "value"
  for (at in which(leaves)) check_leaf(flat$nodes[[at]])
  bars <- flat$names %in% BARS
  if (any(bars) && flat$deepest > max_depth("mixed")) refuse_length(max_depth("mixed"))
  list(
    symbols = unique(vapply(flat$nodes[symbols], as.character, "")),
    functions = setdiff(flat$names, c("", OPERATORS)),
    words = find_words(flat$nodes[leaves], types[leaves]),
    word_terms = find_words(flat$nodes[leaves & algebraic], types[leaves & algebraic]),
    bars = as_text(flat$nodes[bars & flat$places == "terms"]),
    inner_bars = as_text(flat$nodes[bars & flat$places == "value"])
  )
}

SEARCHED <- c("base", "stats", "utils", "splines", "lme4")
is_own <- function(name) any(vapply(SEARCHED, function(package) name %in% getNamespaceExports(package), NA))
is_forbidden <- function(name) name %in% FORBIDDEN || (grepl(FORBIDDEN_PATTERN, name) && is_own(name))

find_package <- function(name, entry, packages) {
  for (package in packages) {
    if (requireNamespace(package, quietly = TRUE) && name %in% getNamespaceExports(package)) return(package)
  }
  if (!identical(packages, SEARCHED) && !requireNamespace(packages, quietly = TRUE)) {
    refuse("bridge_argument", "allow has `", entry, "`, and R has no package ", packages, " here: install it.")
  }
  refuse(
    "bridge_argument", "allow has `", entry, "`, and R finds no such function in ", paste(packages, collapse = ", "),
    ". Name its package: allow=(\"package::", name, "\",)."
  )
}

takes_code <- function(found) any(names(formals(args(found))) %in% FORBIDDEN_ARGUMENTS)

# The function that an entry of `allow` stands for: found, known as no runner of code, and no operator of formulas.
find_function <- function(entry) {
  parts <- strsplit(entry, "::", fixed = TRUE)[[1L]]
  name <- parts[length(parts)]
  if (!length(parts) %in% 1:2 || anyNA(parts) || any(make.names(parts) != parts)) {
    refuse(
      "bridge_argument", "allow has `", entry, "`, which is no name of a function: write \"name\" or \"package::name\"."
    )
  }
  dangerous <- is_forbidden(name) || name %in% NEEDED || (length(parts) == 2L && parts[1L] %in% FORBIDDEN_PACKAGES)
  found <- NULL
  if (!dangerous) {
    package <- find_package(name, entry, if (length(parts) == 2L) parts[1L] else SEARCHED)
    found <- getExportedValue(package, name)
    if (!is.function(found)) refuse("bridge_argument", "allow has `", entry, "`, which is no function.")
    dangerous <- takes_code(found) || (package %in% SEARCHED && any(all.names(body(found)) %in% FORBIDDEN_CALLS))
  }
  if (dangerous) {
    refuse(
      "bridge_argument", "allow has `", entry, "`, which no formula may call: it could run any code, or reach files. ",
      "Compute what it gives as a column of the data."
    )
  }
  found
}

# Functions beside the usual ones, by the plain names that a formula calls them by.
find_functions <- function(allow) {
  if (length(allow) == 0L) {
    return(list())
  }
  entries <- as.character(allow)
  stats::setNames(lapply(entries, find_function), sub("^.*::", "", entries))
}

locked_scope <- function(extra = list()) {
  allowed <- new.env(parent = emptyenv())
  for (package in names(FUNCTIONS)) {
    for (name in FUNCTIONS[[package]]) allowed[[name]] <- getExportedValue(package, name)
  }
  for (name in c(OPERATORS, NEEDED)) {
    if (exists(name, envir = baseenv(), inherits = FALSE)) allowed[[name]] <- get(name, envir = baseenv())
  }
  for (name in ONE_ARGUMENT) {
    allowed[[name]] <- eval(bquote(function(x) .(as.name(name))(x)), baseenv())
  }
  list2env(c(CONSTANTS, extra), envir = allowed)
  lockEnvironment(allowed, bindings = TRUE)
  allowed
}

SCOPES <- new.env(parent = emptyenv())

# The only things a formula can reach beside its data: an open, empty environment above the locked one.
# lme4 assigns `weights` and `offset` in the formula's own environment, and a fit adds what its call names.
formula_scope <- function(allow = NULL) {
  if (length(allow) > 0L) {
    return(new.env(parent = locked_scope(find_functions(allow))))
  }
  if (is.null(SCOPES$plain)) SCOPES$plain <- locked_scope()
  new.env(parent = SCOPES$plain)
}

check_names <- function(symbols) {
  dots <- grep("^\\.\\.(\\.|[0-9]+)$", symbols, value = TRUE)
  if (length(dots) > 0L) {
    refuse("bridge_formula", "`", dots[1L], "` cannot be the name of a column in a formula.")
  }
}

describe_formula <- function(parsed, allow) {
  found <- walk_formula(parsed, names(find_functions(allow)))
  check_names(found$symbols)
  list(
    variables = setdiff(found$symbols, "."),
    response = if (length(parsed) == 3L) all.vars(parsed[[2L]]) else character(),
    bars = found$bars,
    dot = "." %in% found$symbols,
    constants = names(CONSTANTS),
    functions = found$functions,
    words = found$words,
    word_terms = found$word_terms,
    inner_bars = found$inner_bars
  )
}

# Formulas read before, by their text: a fit asks first what its formula uses, and then for the formula.
READ <- new.env(parent = emptyenv())
MAX_READ <- 100L
LONGEST_KEY <- 5000L

# A formula read and checked: parsed, described.
read_formula <- function(text, allow, parser = parse_formula) {
  kept <- length(allow) == 0L && identical(parser, parse_formula) && nchar(text, "bytes") %in% seq_len(LONGEST_KEY)
  if (kept && !is.null(READ[[text]])) {
    return(READ[[text]])
  }
  parsed <- parser(text)
  found <- list(parsed = parsed, described = describe_formula(parsed, allow))
  if (length(READ) >= MAX_READ) rm(list = ls(READ, all.names = TRUE), envir = READ)
  if (kept) READ[[text]] <- found
  found
}

# What a formula uses: variables (the symbols), response (those left of `~`), bars (random terms, as text), dot (does
# it use `.`), constants (what a name means that no column has), functions (those it calls), words (literals that
# look like names), inner_bars (each `|` that is a logical or).
inspect_formula <- function(formula, allow = NULL) read_formula(formula, allow)$described
inspect_terms <- function(terms, allow = NULL) read_formula(terms, allow, parse_one_sided)$described

# A checked formula, ready to be evaluated in nothing but its data and the allowed functions.
safe_formula <- function(text, allow = NULL) eval(read_formula(text, allow)$parsed, formula_scope(allow))
safe_one_sided <- function(text, allow = NULL) {
  eval(read_formula(text, allow, parse_one_sided)$parsed, formula_scope(allow))
}

# A formula as text that reads back as the same formula.
formula_text <- function(formula) {
  text <- deparse1(formula)
  if (identical(str2lang(text), formula)) text else deparse1(formula, control = c("keepNA", "keepInteger", "digits17"))
}

# R puts (cs(x | g)) in parentheses, since its label has a bar; lme4 takes random terms without.
without_parentheses <- function(node) {
  calls <- function(x, names) is.call(x) && as.character(x[[1L]])[1L] %in% names
  structured <- function(x) calls(x, "(") && calls(x[[2L]], STRUCTURES)
  if (structured(node)) {
    return(node[[2L]])
  }
  at <- node
  path <- list()
  while (calls(at, c("+", "-"))) {
    if (length(at) == 3L && structured(at[[3L]])) at[[3L]] <- at[[3L]][[2L]]
    path <- c(path, list(at))
    at <- at[[2L]]
  }
  if (structured(at)) at <- at[[2L]]
  for (above in rev(path)) {
    above[[2L]] <- at
    at <- above
  }
  at
}

# The text of R's update.formula: `new` is as ". ~ . - x", its dots the sides of `old`. All three are checked.
updated_formula <- function(old, new, allow = NULL) {
  before <- read_formula(old, allow)
  change <- read_formula(new, allow, parse_text)
  if (before$described$dot) {
    refuse("bridge_formula", "The formula to update uses `.` for all columns, which R cannot update: name its columns.")
  }
  # R would leave out TRUE and NULL without a word.
  words <- c(before$described$word_terms, change$described$word_terms)
  if (length(words) > 0L) {
    refuse("bridge_formula", "`", words[1L], "` is no column but R's constant, which makes no term: leave it out.")
  }
  updated <- stats::update.formula(eval(before$parsed, baseenv()), eval(change$parsed, baseenv()))
  attributes(updated) <- NULL
  updated[[3L]] <- without_parentheses(updated[[3L]])
  text <- formula_text(updated)
  read_formula(text, allow)
  text
}
