# The scripts as commands of a shell: reads a table, fits, prints R's summary, keeps the extracted list if asked.

# What belongs together beside this file, sourced into one environment: the one place that lists them.
SCRIPTS <- c(
  "conditions.R",
  "formula.R",
  "model.R",
  "store.R",
  "extract.R",
  "lm.R",
  "glm.R",
  "lmer.R",
  "glmer.R",
  "glmer_nb.R",
  "structure.R",
  "prediction.R",
  "resampling.R",
  "interval.R",
  "inference.R",
  "diagnostics.R",
  "means.R"
)

source_scripts <- function(folder, scope) {
  for (script in SCRIPTS) sys.source(file.path(folder, script), envir = scope)
}

# Option of the command line -> argument of the fit, and how to read its value (NULL: a flag that sets `value`).
COMMAND_OPTIONS <- list(
  "--ml" = list(argument = "REML", value = FALSE),
  "--cond-var" = list(argument = "cond_var", value = TRUE),
  "--family" = list(argument = "family", read = as.character),
  "--link" = list(argument = "link", read = as.character),
  "--nagq" = list(argument = "nAGQ", read = as.integer),
  "--weights" = list(argument = "weights", read = as.character),
  "--out" = list(argument = "out", read = as.character)
)

# Text becomes a factor with its levels in the order of their code points, whatever the locale.
read_table <- function(path) {
  if (grepl("\\.rds$", path)) {
    return(readRDS(path))
  }
  data <- utils::read.csv(path, check.names = FALSE, encoding = "UTF-8")
  as_factor <- function(x) {
    if (is.character(x)) factor(x, levels = sort(unique(x), method = "radix")) else x
  }
  data[] <- lapply(data, as_factor)
  data
}

read_options <- function(words) {
  arguments <- list()
  while (length(words) > 0L) {
    option <- COMMAND_OPTIONS[[words[1L]]]
    if (is.null(option)) stop("unknown option ", words[1L], call. = FALSE)
    if (is.null(option$read)) {
      arguments[[option$argument]] <- option$value
      words <- words[-1L]
    } else {
      if (length(words) < 2L) stop("option ", words[1L], " needs a value", call. = FALSE)
      arguments[[option$argument]] <- option$read(words[2L])
      words <- words[-(1:2)]
    }
  }
  arguments
}

# Keeps what `name` returns in an .rds file, to be read by another R or compared with its answer.
save_result <- function(name, arguments, path) {
  saveRDS(call_by_name(name, arguments), path)
}

report_conditions <- function(outcome) {
  cat(outcome$output)
  for (condition in outcome$conditions) message(condition$kind, ": ", condition$text)
  if (!is.null(outcome$error)) stop(outcome$error$text, call. = FALSE)
}

main <- function(name, here, words = commandArgs(TRUE)) {
  if (length(words) < 2L) stop("a formula and a file of data are needed", call. = FALSE)
  source_scripts(here, globalenv())
  arguments <- c(list(formula = words[1L], data = read_table(words[2L])), read_options(words[-(1:2)]))
  out <- arguments$out
  arguments$out <- NULL
  outcome <- answer(name, arguments)
  report_conditions(outcome)
  if (!is.null(out)) saveRDS(outcome$value, out)
  writeLines(outcome$value$summary)
}
