"""The files with which a reader checks every regression in Stata or R: the panel, a do-file and an R script."""
