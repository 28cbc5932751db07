# lme4's own tables, as csv in the folder named.
folder <- commandArgs(TRUE)[1L]
suppressPackageStartupMessages(library(lme4))
write.csv(sleepstudy, file.path(folder, "sleepstudy.csv"), row.names = FALSE)
write.csv(cbpp, file.path(folder, "cbpp.csv"), row.names = FALSE)
