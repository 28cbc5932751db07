# R outside Python: answers one call after another over two pipes, each frame a mark, a length and R's own serialization.
#   R --no-echo --file=worker.R --args REQUESTS ANSWERS TEMPORARY FOLDER   (the first two are file descriptors)

local({
  mark <- charToRaw("lme4wire")
  longest_write <- 2^30
  words <- commandArgs(TRUE)
  requests <- file(paste0("/dev/fd/", words[1L]), "rb", raw = TRUE)
  answers <- file(paste0("/dev/fd/", words[2L]), "wb", raw = TRUE)

  write_frame <- function(value) {
    payload <- serialize(value, NULL, xdr = FALSE, version = 2L)
    size <- length(payload)
    writeBin(c(mark, writeBin(as.double(size), raw())), answers)
    if (size <= longest_write) {
      writeBin(payload, answers)
    } else {
      for (start in seq(1, size, by = longest_write)) {
        writeBin(payload[start:min(size, start + longest_write - 1)], answers)
      }
    }
    flush(answers)
  }

  # NULL where the other side is gone.
  read_call <- function() {
    head <- readBin(requests, "raw", length(mark))
    if (length(head) == 0L) {
      return(NULL)
    }
    if (!identical(head, mark)) stop("a request does not begin as one")
    unserialize(requests)
  }

  # An interrupt that came when its call had ended already must not end the next one.
  forget_interrupt <- function() tryCatch(allowInterrupts(Sys.sleep(0)), interrupt = function(condition) NULL)

  # Whether this process has lme4 where its results are not those that it means: see bridge/placement.py.
  is_misplaced <- function(folder) {
    if (!nzchar(folder) || packageVersion("lme4", dirname(folder)) >= "1.1.35.1") {
      return(FALSE)
    }
    maps <- "/proc/self/maps"
    if (!file.exists(maps)) {
      return(FALSE)
    }
    dyn.load(file.path(folder, "libs", "lme4.so"))
    code <- grep(" r-xp .*/lme4[.]so$", readLines(maps), value = TRUE)
    # Bit 31 stands in the eighth digit from the right.
    ends <- sub("^0*([0-9a-f]+)-([0-9a-f]+) .*$", "\\1 \\2", code)
    digits <- vapply(strsplit(ends, " ", fixed = TRUE), function(x) substr(x, nchar(x) - 7L, nchar(x) - 7L), c("", ""))
    any(strtoi(digits, 16L) < 8L)
  }

  serve <- function(scope) {
    while (!is.null(asked <- read_call())) {
      forget_interrupt()
      outcome <- scope$answer(asked$name, asked$arguments)
      # What C code printed stands in a buffer of C's.
      flush(stdout())
      tryCatch(write_frame(outcome), error = function(condition) {
        write_frame(scope$capture(stop("R could not send its answer: ", conditionMessage(condition), call. = FALSE)))
      })
    }
  }

  suspendInterrupts({
    folder <- system.file(package = "lme4")
    write_frame(list(
      version = R.version.string, lme4 = nzchar(folder),
      misplaced = tryCatch(is_misplaced(folder), error = function(condition) FALSE)
    ))
    scope <- new.env(parent = asNamespace("stats"))
    sys.source(file.path(words[4L], "command.R"), envir = scope)
    scope$source_scripts(words[4L], scope)
    scope$use_utf8()
    # Loaded while Python still prepares its first call.
    write_frame(scope$capture(is.environment(loadNamespace("lme4"))))
    # The folder that the other side made for this process; at its end there is nobody else to remove it.
    leave <- function() unlink(words[3L], recursive = TRUE)
    tryCatch(serve(scope), error = function(condition) {
      leave()
      stop(condition)
    })
    leave()
  })
})
