# The shipped data, taken from R's own packages or computed here, and written as CSV: never retyped, exact
# to the last bit.
#
#   Rscript r_scripts/datasets.R FOLDER

SOURCES <- list(
  lme4 = c(
    "sleepstudy", "Dyestuff", "Dyestuff2", "Penicillin", "Pastes", "cake", "cbpp", "grouseticks",
    "VerbAgg", "InstEval", "Arabidopsis"
  ),
  nlme = c("Orthodont", "Machines", "Oxide", "Oats", "Rail", "ergoStool")
)

# Above this number of rows a file is gzipped.
PLAIN_ROWS <- 5000L

# The fewest digits, from 15, that read back as the same number: 15 always print what a table stated
# in decimals, 17 suffice for every double.
number_text <- function(x) {
  if (!all(is.finite(x))) stop("a number is missing or not finite", call. = FALSE)
  text <- sprintf("%.15g", x)
  for (digits in 16:17) {
    inexact <- as.numeric(text) != x
    text[inexact] <- sprintf("%.*g", digits, x[inexact])
  }
  text
}

label_text <- function(x) {
  text <- enc2utf8(as.character(x))
  if (anyNA(text) || any(text %in% c("", "NA")) || any(grepl("[,\"\r\n]", text))) {
    stop("a label is missing or would need quotes", call. = FALSE)
  }
  text
}

column_text <- function(x) {
  if (is.factor(x)) label_text(x) else number_text(as.numeric(x))
}

table_lines <- function(data) {
  columns <- lapply(data, column_text)
  c(paste(names(data), collapse = ","), do.call(paste, c(unname(columns), sep = ",")))
}

# The classes of nlme's grouped data say how to plot them, not what they hold.
package_data <- function(name, package) {
  place <- new.env()
  utils::data(list = name, package = package, envir = place)
  data <- as.data.frame(place[[name]])
  attributes(data) <- list(
    names = names(data), row.names = seq_len(nrow(data)), class = "data.frame"
  )
  data
}

# cbpp with the response as a share of the herd's size, the other way to state a binomial model.
cbpp_share <- function() {
  data <- package_data("cbpp", "lme4")
  data.frame(herd = data$herd, period = data$period, size = data$size, share = data$incidence / data$size)
}

# Gamma responses of shape 4 with the logarithm of the mean 1 + 0.5 x + b, b of SD 0.5: 30 groups of 10 rows.
# Rounded, so that the decimals in the file are the data, whatever the last bits of a machine's logarithm.
gamma_sim <- function() {
  set.seed(20261124L, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
  group <- rep(seq_len(30L), each = 10L)
  b <- stats::rnorm(30L, sd = 0.5)
  x <- round(stats::runif(300L, -1, 1), 3L)
  mu <- exp(1 + 0.5 * x + b[group])
  y <- round(stats::rgamma(300L, shape = 4, scale = mu / 4), 4L)
  data.frame(g = factor(sprintf("g%02d", group)), x = x, y = y)
}

MADE <- list("cbpp-share" = cbpp_share, "gamma-sim" = gamma_sim)

file_name <- function(name, data) {
  paste0(tolower(name), if (nrow(data) > PLAIN_ROWS) ".csv.gz" else ".csv")
}

# R's gzfile leaves the header's time stamp empty, so equal content gives equal bytes; a binary
# connection keeps the line ends LF everywhere.
write_lines <- function(lines, path) {
  open <- if (grepl("\\.gz$", path)) gzfile else file
  connection <- open(path, "wb")
  on.exit(close(connection))
  writeLines(lines, connection, sep = "\n", useBytes = TRUE)
}

# The file as R reads it, each column in the type that it had.
read_back <- function(path, like) {
  classes <- vapply(like, function(x) if (is.factor(x)) "character" else "numeric", "")
  data <- utils::read.csv(path, colClasses = classes, check.names = FALSE, encoding = "UTF-8")
  restore <- function(text, x) {
    if (is.factor(x)) factor(text, levels(x), ordered = is.ordered(x)) else text
  }
  Map(restore, data, like)
}

same_columns <- function(written, data) {
  plain <- lapply(data, function(x) {
    if (is.factor(x)) factor(as.character(x), levels(x), ordered = is.ordered(x)) else as.numeric(x)
  })
  identical(written, plain)
}

write_dataset <- function(name, data, folder) {
  path <- file.path(folder, file_name(name, data))
  write_lines(table_lines(data), path)
  if (!same_columns(read_back(path, data), data)) {
    stop(path, " does not read back as ", name, call. = FALSE)
  }
  path
}

# digest is no dependency of lme4: where it is absent the sums are left to `sha256sum`.
sha256 <- function(path) {
  if (!requireNamespace("digest", quietly = TRUE)) return(strrep("-", 64L))
  digest::digest(path, algo = "sha256", file = TRUE)
}

write_datasets <- function(folder) {
  dir.create(folder, showWarnings = FALSE, recursive = TRUE)
  for (package in names(SOURCES)) {
    for (name in SOURCES[[package]]) {
      path <- write_dataset(name, package_data(name, package), folder)
      announce(path, paste(package, utils::packageVersion(package)))
    }
  }
  for (name in names(MADE)) announce(write_dataset(name, MADE[[name]](), folder), "computed")
}

announce <- function(path, source) {
  cat(sha256(path), "  ", basename(path), "  ", source, "\n", sep = "")
}

main <- function(words = commandArgs(TRUE)) {
  if (length(words) != 1L) stop("usage: Rscript datasets.R FOLDER", call. = FALSE)
  write_datasets(words)
}

if (sys.nframe() == 0L) main()
