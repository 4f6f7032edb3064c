"""The referee that hides nothing: a dense dummy matrix, least squares, and the sandwich written out."""

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.specification import Specification


def regression(spec: Specification, frame: pl.DataFrame) -> tuple[np.ndarray, np.ndarray, int, int]:
    """Coefficients and plain sandwich covariance of the regressors, rows, and rank of all dummies and the constant."""
    n = frame.height
    X = np.column_stack([frame[name].cast(pl.Float64).to_numpy() for name in spec.regressors])
    blocks = [np.ones((n, 1))]
    for effect in spec.absorb:
        labels = frame.select(pl.concat_str(effect.split("^"), separator="|"))[:, 0].to_numpy()
        blocks.append((labels[:, None] == np.unique(labels)).astype(float))
    dummies = np.hstack(blocks)
    weights = frame[spec.weights].to_numpy() if spec.weights else np.ones(n)
    root = np.sqrt(weights / weights.mean())[:, None]
    Z, y = np.hstack([X, dummies]) * root, frame[spec.outcome].to_numpy() * root[:, 0]
    bread = np.linalg.pinv(Z.T @ Z, rcond=1e-12)
    b = bread @ (Z.T @ y)
    b = b + bread @ (Z.T @ (y - Z @ b))
    residual = y - Z @ b
    k = X.shape[1]
    V = bread @ _meat(spec, frame, Z, residual) @ bread
    return b[:k], V[:k, :k], n, int(np.linalg.matrix_rank(dummies))


def _meat(spec: Specification, frame: pl.DataFrame, Z: np.ndarray, residual: np.ndarray) -> np.ndarray:
    if spec.vcov == "iid":
        return Z.T @ Z * (residual @ residual) / len(residual)
    scores = Z * residual[:, None]
    if spec.vcov == "hc1":
        return scores.T @ scores
    ways = [(name,) for name in spec.cluster]
    signs = [1.0] * len(ways)
    if len(ways) == 2:
        ways, signs = [*ways, spec.cluster], [1.0, 1.0, -1.0]
    total = np.zeros((Z.shape[1], Z.shape[1]))
    for way, sign in zip(ways, signs, strict=True):
        labels = frame.select(pl.concat_str(way, separator="|"))[:, 0].to_numpy()
        sums = np.array([scores[labels == label].sum(axis=0) for label in np.unique(labels)])
        total += sign * sums.T @ sums
    return total
