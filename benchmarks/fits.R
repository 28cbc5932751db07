# The same fits inside R alone: a process that stays, and times some fits whenever it is asked.
#   Rscript benchmarks/fits.R FOLDER
# Each line of the standard input is WAY, COUNT and FILE with a tab between; FILE holds the list of formula and data, as R
# serializes it. The answer is a line: seconds on the clock, seconds of the processor, log-likelihood.

words <- commandArgs(TRUE)
scope <- new.env(parent = asNamespace("stats"))
sys.source(file.path(words[1L], "command.R"), envir = scope)
scope$source_scripts(words[1L], scope)
invisible(loadNamespace("lme4"))

WAYS <- list(
  # What R itself does for a user.
  lmer = function(model) lme4::lmer(stats::as.formula(model$formula, globalenv()), model$data),
  # The same, and every figure that the bridge returns.
  extracted = function(model) scope$extract_mer(lme4::lmer(stats::as.formula(model$formula, globalenv()), model$data)),
  # What a call of the bridge runs: the formula checked too.
  fit_lmer = function(model) scope$fit_lmer(formula = model$formula, data = model$data)
)

read_model <- function(path) unserialize(readBin(path, "raw", file.size(path)))

find_loglik <- function(fitted) if (is.list(fitted)) fitted$loglik else as.double(stats::logLik(fitted))

time_fits <- function(way, count, model) {
  start <- proc.time()
  for (k in seq_len(count)) fitted <- WAYS[[way]](model)
  taken <- proc.time() - start
  c(taken[["elapsed"]], taken[["user.self"]] + taken[["sys.self"]], find_loglik(fitted))
}

tell <- function(text) {
  writeLines(text)
  flush(stdout())
}

models <- list()
tell("ready")
asked <- file("stdin", "r")
while (length(line <- readLines(asked, 1L)) > 0L) {
  parts <- strsplit(line, "\t", fixed = TRUE)[[1L]]
  if (is.null(models[[parts[3L]]])) models[[parts[3L]]] <- read_model(parts[3L])
  tell(paste(sprintf("%.17g", time_fits(parts[1L], as.integer(parts[2L]), models[[parts[3L]]])), collapse = " "))
}
