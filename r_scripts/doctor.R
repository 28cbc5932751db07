# What this R is and has, a line each: name, tab, version. Loads no package, so that none can stop it.
#   R --no-echo --no-init-file --file=doctor.R

PACKAGES <- c("lme4", "Matrix", "lmerTest", "pbkrtest", "emmeans")

installed_version <- function(package) {
  file <- system.file("DESCRIPTION", package = package)
  if (nzchar(file)) unname(read.dcf(file, fields = "Version")[1L, 1L]) else ""
}

describe_r <- function() {
  c(
    R = paste(R.version$major, R.version$minor, sep = "."),
    vapply(stats::setNames(nm = PACKAGES), installed_version, ""),
    BLAS = unname(extSoftVersion()["BLAS"]),
    LAPACK = La_version(),
    OS = utils::osVersion
  )
}

main <- function() {
  told <- describe_r()
  cat(paste0(names(told), "\t", told, "\n"), sep = "")
}

if (sys.nframe() == 0L) main()
