"""The publishers' layouts: one module each, cells in, files out. No drawing, no arithmetic but rounding to print."""
