"""What is partialled out of a treatment by Frisch, Waugh and Lovell: one orthonormal basis of effects and controls."""

from collections.abc import Callable, Sequence

import numpy as np

from resilience_pipeline.econometrics.absorption import Codes, Floats, independent_levels
from resilience_pipeline.econometrics.kernel import COLLINEAR
from resilience_pipeline.econometrics.moments import products


def effects_basis(
    effects: Sequence[Codes], within: Callable[[Floats], Floats], root: Floats, *, constant: bool
) -> Floats:
    """Orthonormal basis of the dummies of the effects (and of the constant) off the city effects; shape (N, L)."""
    blocks = [np.ones((len(root), 1))] if constant else []
    blocks += [np.eye(int(codes.max()) + 1)[codes] for codes in effects]
    if not blocks:
        return np.empty((len(root), 0))
    columns = within(np.hstack(blocks)) * root
    basis: Floats = np.linalg.qr(columns[:, independent_levels(columns.T @ columns)])[0]
    return basis


def off(basis: Floats, columns: Floats) -> Floats:
    """Residuals of the columns on an orthonormal basis; the second pass removes the rounding of the first."""
    for _ in range(2):
        columns = columns - basis @ (basis.T @ columns)
    return columns


def independent_columns(left: Floats, limits: Floats) -> list[int]:
    """Places of the linearly independent columns, in order; a dependent one leaves before the next is judged."""
    kept = list(range(left.shape[1]))
    limits = np.maximum(limits, COLLINEAR * np.linalg.norm(left, axis=0))
    while kept:
        own = np.abs(np.diag(np.linalg.qr(left[:, kept], mode="r")))
        dependent = np.flatnonzero(own <= limits[kept])
        if not len(dependent):
            break
        kept.pop(int(dependent[0]))
    return kept


def triangles(Q: Floats, city: Codes) -> Floats:
    """Upper triangles of Q_i'Q_i, what stands twice in the matrix counted twice; shape (G, q (q + 1) / 2)."""
    q = Q.shape[1]
    one, two = np.triu_indices(q)
    packed: Floats = products(Q, city, int(city.max()) + 1) * np.where(one == two, 1.0, 2.0)
    return packed
