packageVersion <- function(...) numeric_version("0.13.2")
ssc <- function(...) list(...)
feols <- function(fml, data, vcov, ssc, weights = NULL, ...) {
  rhs <- fml[[3]]; fes <- list()
  if (is.call(rhs) && identical(rhs[[1]], as.name("|"))) { fe <- rhs[[3]]; rhs <- rhs[[2]]
    flat <- function(e) if (is.call(e) && identical(e[[1]], as.name("+"))) c(flat(e[[2]]), flat(e[[3]])) else list(e)
    fes <- lapply(flat(fe), function(e) interaction(data[all.vars(e)], drop = TRUE)) }
  X <- model.matrix(as.formula(call("~", rhs)), data); y <- data[[as.character(fml[[2]])]]
  terms <- colnames(X); D <- X
  for (f in fes) D <- cbind(D, model.matrix(~ f)[, -1, drop = FALSE])
  w <- if (is.null(weights)) rep(1, nrow(data)) else data[[all.vars(weights)]]
  q <- qr(D * sqrt(w)); rank <- q$rank; D <- D[, sort(q$pivot[seq_len(rank)]), drop = FALSE]
  D2 <- D * sqrt(w); y2 <- y * sqrt(w)
  B <- chol2inv(chol(crossprod(D2))); b <- drop(B %*% crossprod(D2, y2)); u <- y2 - drop(D2 %*% b); N <- length(y)
  if (inherits(vcov, "formula")) {
    g <- lapply(all.vars(vcov), function(n) data[[n]])
    stopifnot(length(g) == 1); g <- factor(g[[1]])
    S <- rowsum(D2 * u, g); G <- nlevels(g); nested <- 0
    for (f in fes) if (all(tapply(as.integer(g), f, function(v) length(unique(v))) == 1)) nested <- nested + nlevels(f) - 1
    V <- B %*% crossprod(S) %*% B * G / (G - 1) * (N - 1) / (N - (rank - nested))
  } else if (vcov == "iid") V <- B * sum(u^2) / (N - rank) else V <- B %*% crossprod(D2 * u) %*% B * N / (N - rank)
  names(b) <- colnames(D); se <- sqrt(diag(V)); names(se) <- colnames(D)
  structure(list(coefficients = b[terms], se = se[terms], N = N), class = "stub")
}
coef.stub <- function(object, ...) object$coefficients
se <- function(x) x$se
nobs.stub <- function(object, ...) object$N
