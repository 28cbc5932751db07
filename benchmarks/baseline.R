# The same work inside R alone: a process that stays, and times some work whenever it is asked.
#   Rscript benchmarks/baseline.R FOLDER
# A line of the standard input is WAY, COUNT and FILE with a tab between; FILE holds formula, data and what else the model needs,
# as a list that R serialized. The answer is WALL, CPU, VALUE and PEAK: see companion.py, whose other ends look alike.

words <- commandArgs(TRUE)
scope <- new.env(parent = asNamespace("stats"))
sys.source(file.path(words[1L], "command.R"), envir = scope)
scope$source_scripts(words[1L], scope)
invisible(loadNamespace("lme4"))

SEED <- 1L

formula_of <- function(model) stats::as.formula(model$formula, globalenv())
fit_alone <- function(model) {
  if (is.null(model$family)) lme4::lmer(formula_of(model), model$data) else lme4::glmer(formula_of(model), model$data, model$family)
}
quietly <- function(work) suppressWarnings(suppressMessages(work))

# What a model is asked for, `count` times; each returns what has a deviance, or a number.
WAYS <- list(
  # What R itself does for a user.
  alone = function(model, count) {
    for (k in seq_len(count)) fitted <- fit_alone(model)
    fitted
  },
  # The same, and every figure that the bridge returns.
  extracted = function(model, count) {
    for (k in seq_len(count)) fitted <- scope$extract_mer(fit_alone(model))
    fitted
  },
  # A fit, as many responses simulated and refitted, and intervals of all parameters; the width of sigma's is the number.
  bootstrap = function(model, count) {
    fitted <- fit_alone(model)
    intervals <- quietly(stats::confint(fitted, method = "boot", nsim = count, seed = SEED))
    diff(intervals[".sigma", ])
  },
  # The deviance as a function of theta, at another theta each time.
  devfun = function(model, count) {
    for (k in seq_len(count)) found <- model$devfun(model$theta * (1 + 1e-3 * (k - 1)))
    found
  }
)

deviance_of <- function(fitted) {
  if (is.numeric(fitted)) return(fitted)
  -2 * (if (is.list(fitted)) fitted$loglik else as.double(stats::logLik(fitted)))
}

memory <- function(field) {
  line <- grep(field, readLines("/proc/self/status"), value = TRUE)
  1024 * as.double(strsplit(trimws(sub(".*:", "", line)), " ")[[1L]][1L])
}

# Raw columns of a folder: what a model of a million rows is read from, without a copy in R's own format.
read_columns <- function(folder) {
  about <- readLines(file.path(folder, "columns.txt"))
  read <- function(name, what, size) {
    path <- file.path(folder, name)
    readBin(path, what, file.size(path) / size, size)
  }
  codes <- read("g", "integer", 4L) + 1L
  levels <- as.character(seq_len(max(codes)) - 1L)
  list(formula = about[1L], data = data.frame(
    y = read("y", "double", 8L), x = read("x", "double", 8L), g = structure(codes, levels = levels, class = "factor")
  ))
}

read_model <- function(path) {
  if (dir.exists(path)) return(read_columns(path))
  unserialize(readBin(path, "raw", file.size(path)))
}

prepare <- function(model, way) {
  if (way == "devfun" && is.null(model$devfun)) model$devfun <- lme4::lmer(formula_of(model), model$data, devFunOnly = TRUE)
  model
}

tell <- function(text) {
  writeLines(text)
  flush(stdout())
}

answer <- function(way, count, model) {
  start <- proc.time()
  fitted <- WAYS[[way]](model, count)
  taken <- proc.time() - start
  figures <- c(taken[["elapsed"]], taken[["user.self"]] + taken[["sys.self"]], deviance_of(fitted), memory("^VmHWM") - START)
  paste(sprintf("%.17g", figures), collapse = " ")
}

models <- list()
START <- memory("^VmRSS")
tell("ready")
asked <- file("stdin", "r")
while (length(line <- readLines(asked, 1L)) > 0L) {
  parts <- strsplit(line, "\t", fixed = TRUE)[[1L]]
  tell(tryCatch(
    {
      models[[parts[3L]]] <- prepare(if (is.null(models[[parts[3L]]])) read_model(parts[3L]) else models[[parts[3L]]], parts[1L])
      answer(parts[1L], as.integer(parts[2L]), models[[parts[3L]]])
    },
    error = function(e) paste0("error\t", gsub("\\s+", " ", conditionMessage(e)))
  ))
}
