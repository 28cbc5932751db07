# What R does with the formulas of a folder (one a file), in the environment that the bridge gives to a formula.
#
#   Rscript formulas.R build SCRIPTS FOLDER COLUMNS   builds the model of each from synthetic data; tells those that fail
#   Rscript formulas.R blind SCRIPTS FOLDER COLUMNS   fits each, with the walk over the formula switched off
#
# COLUMNS says in lines `kind <tab> name <tab> levels` what the columns are; others are numbers.

arguments <- commandArgs(TRUE)
scripts <- new.env(parent = asNamespace("stats"))
sources <- c("conditions.R", "formula.R", "model.R", "store.R", "extract.R", "lm.R", "lmer.R")
for (name in sources) sys.source(file.path(arguments[2L], name), envir = scripts)
# As in a session: what the scripts define, in a list.
bridge <- as.list(scripts)

ROWS <- 600L
COLUMNS <- utils::read.delim(
  arguments[4L],
  header = FALSE, quote = "", col.names = c("kind", "name", "levels"), colClasses = "character", encoding = "UTF-8",
  na.strings = character()
)

make_column <- function(name) {
  known <- COLUMNS[COLUMNS$name == name, ]
  kind <- if (nrow(known) == 0L) "number" else known$kind
  switch(kind,
    number = stats::runif(ROWS, 0.5, 10),
    fraction = stats::runif(ROWS, 0.01, 0.99),
    binary = stats::rbinom(ROWS, 1L, 0.5),
    count = stats::rpois(ROWS, 3),
    factor = factor(sample(c(letters, LETTERS, paste0("l", 1:99))[seq_len(as.integer(known$levels))], ROWS, TRUE))
  )
}

make_data <- function(described) {
  names <- unique(c(described$variables, if (described$dot) c("x", "z", "f")))
  data <- lapply(stats::setNames(nm = names), make_column)
  structure(data, class = "data.frame", row.names = seq_len(ROWS))
}

lenient <- function(make) {
  do.call(make, list(
    check.nobs.vs.nlev = "ignore", check.nobs.vs.nRE = "ignore", check.nobs.vs.rankZ = "ignore",
    check.nlev.gtr.1 = "ignore", check.nlev.gtreq.5 = "ignore"
  ))
}

build_model <- function(text, fit, family) {
  data <- make_data(bridge$inspect_formula(text))
  formula <- bridge$safe_formula(text)
  switch(fit,
    lmer = lme4::lFormula(formula, data, control = lenient(lme4::lmerControl))$X,
    glmer = lme4::glFormula(formula, data, family = family, control = lenient(lme4::glmerControl))$X,
    lm = stats::model.matrix(stats::lm(formula, data)),
    glm = stats::model.matrix(stats::glm(formula, stats::binomial(), data))
  )
}

# The walk finds nothing to object to, and no symbols: the environment of the formula stands alone.
blind_walk <- function(...) {
  list(
    symbols = character(), functions = character(), words = character(), bars = character(), inner_bars = character()
  )
}

fit_blindly <- function(text) {
  names <- c("y", "x", "g", "f")
  data <- structure(
    lapply(stats::setNames(nm = names), make_column),
    class = "data.frame", row.names = seq_len(ROWS)
  )
  for (build in c("build_lmer", "build_lm")) {
    said <- tryCatch(
      {
        bridge[[build]](formula = text, data = data)
        "no error"
      },
      error = function(e) conditionMessage(e)
    )
    cat(build, "\t", gsub("[\r\n\t]", " ", said), "\n", sep = "")
  }
}

read_formula_file <- function(path) {
  text <- readChar(path, file.size(path), useBytes = TRUE)
  Encoding(text) <- "UTF-8"
  text
}

set.seed(1)
suppressWarnings(for (path in sort(list.files(arguments[3L], full.names = TRUE), method = "radix")) {
  text <- read_formula_file(path)
  if (arguments[1L] == "blind") {
    assign("walk_formula", blind_walk, envir = scripts)
    cat(basename(path), "\t", sep = "")
    fit_blindly(text)
  } else {
    how <- strsplit(basename(path), "-", fixed = TRUE)[[1L]]
    said <- tryCatch(
      {
        X <- build_model(text, how[2L], how[3L])
        if (all(is.finite(X))) paste("columns", ncol(X)) else "error: not finite"
      },
      error = function(e) paste("error:", conditionMessage(e))
    )
    cat(basename(path), "\t", gsub("[\r\n\t]", " ", said), "\n", sep = "")
  }
})
