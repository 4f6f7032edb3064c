"""The first principal component of indicators: correlations, loadings, explained share, sampling adequacy, weights."""

from dataclasses import dataclass

import numpy as np

from resilience_pipeline.indices.entropy import Matrix

#: Relative distance below which two leading eigenvalues are one: rounding of a small symmetric matrix is near 1e-15.
TIE = 1e-10


@dataclass(frozen=True)
class FirstComponent:
    """The first principal component of a correlation matrix R.

    Parameters
    ----------
    loadings : shape (indicators,); correlation of each indicator with the component, v sqrt(lambda); nan where tied.
    weights : shape (indicators,); squared loadings over their sum.
    explained_share : lambda over the number of indicators: the component's share of their total variance.
    """

    loadings: Matrix
    weights: Matrix
    explained_share: float


def correlations(Z: Matrix) -> Matrix:
    """Correlation matrix of the columns, its diagonal exactly 1.

    Products are summed column by column, so the result does not depend on how a linear algebra library splits them.

    Parameters
    ----------
    Z : shape (rows, indicators), no nan, no constant column.

    Returns
    -------
    Shape (indicators, indicators), symmetric, in [-1, 1].
    """
    centred = Z - Z.mean(axis=0)
    m = Z.shape[1]
    S = np.array([[float((centred[:, j] * centred[:, k]).sum()) for k in range(m)] for j in range(m)])
    sd = np.sqrt(np.diag(S))
    R = np.clip(S / np.outer(sd, sd), -1.0, 1.0)
    np.fill_diagonal(R, 1.0)
    return R


def first_component(R: Matrix) -> FirstComponent:
    """Loadings, weights and explained share of the first principal component.

    w_j = v_j^2 with v the unit eigenvector of the largest eigenvalue of R: the squared loading over the sum of squared
    loadings, which is the share of the component's variance that indicator j makes up (Nicoletti, Scarpetta and
    Boylaud 2000; OECD and JRC 2008, Handbook on Constructing Composite Indicators, step 6). It is the field's
    standard. A negative loading so counts by its strength and never turns an indicator round: the direction of each
    is declared in the system, and a score must rise with what is declared good. Its sign stays to be read in
    `loadings`, where it says that an indicator moves against the others.

    The sign of v makes the sum of loadings positive; where that sum is zero, the first loading that is not.

    Two indicators load equally whatever the data, so each weighs one half, and the explained share is (1 + |r|) / 2.
    Where the largest eigenvalue is tied (uncorrelated indicators), no direction is the first one: the weights are
    those that every basis of its eigenspace gives on average, equal ones for uncorrelated indicators, and the
    loadings are nan.

    Parameters
    ----------
    R : shape (indicators, indicators), a correlation matrix.
    """
    values, vectors = np.linalg.eigh(R)  # ascending
    m = len(R)
    leading = vectors[:, values >= values[-1] - TIE * m]
    weights = (leading**2).sum(axis=1) / leading.shape[1]
    share = float(values[-1]) / m
    if leading.shape[1] > 1:
        return FirstComponent(np.full(m, np.nan), weights, share)
    v = leading[:, 0]
    total = v.sum()
    turn = total if abs(total) > TIE else v[np.flatnonzero(np.abs(v) > TIE)[0]]
    return FirstComponent(np.sign(turn) * v * np.sqrt(values[-1]), weights, share)


def sampling_adequacy(R: Matrix) -> float:
    """Kaiser-Meyer-Olkin measure: sum r^2 / (sum r^2 + sum p^2) over pairs, p the partial correlations.

    In [0, 1]; below 0.5 the indicators share too little for a common component (Kaiser 1974). One half for two
    indicators, whatever the data: nothing is left to hold constant. p_jk = -q_jk / sqrt(q_jj q_kk) with q the
    inverse of R (Kaiser and Rice 1974).

    Parameters
    ----------
    R : shape (indicators, indicators), a correlation matrix.

    Returns
    -------
    nan where it is undefined: one indicator, no correlation at all, or an indicator that is a linear function of the
    others.
    """
    pairs = np.triu_indices(len(R), k=1)
    if not pairs[0].size or np.linalg.eigvalsh(R)[0] < TIE:
        return float("nan")
    Q = np.linalg.inv(R)
    q = np.sqrt(np.diag(Q))
    r2, p2 = float((R[pairs] ** 2).sum()), float(((Q / np.outer(q, q))[pairs] ** 2).sum())
    return r2 / (r2 + p2) if r2 + p2 > 0 else float("nan")
