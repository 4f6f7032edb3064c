"""Kernel matching on the propensity score, as Stata's psmatch2 does it: who is matched, and with what weight.

Weights leave this module, no regression does: a specification names the weight's column (analytic weights), and rows
without a positive weight are not in its sample. No standard error either: psmatch2's takes weights and score as known
and the units as independent draws.

References
----------
Leuven and Sianesi (2003), psmatch2, Statistical Software Components S432001, Boston College (the rules of its ado
file, version 4.0.13). Heckman, Ichimura and Todd (1997), Review of Economic Studies 64(4), 605-654 (the estimator).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from resilience_pipeline.econometrics.absorption import Floats
from resilience_pipeline.econometrics.sample import NotEstimableError

Bools = NDArray[np.bool_]
Support = Literal["common", "none"]

_BLOCK = 2_000_000  # kernel values held at once

#: What became of a unit, in printed order.
MATCHED = "treated, matched"
ABOVE = "treated, score above that of every control"
BELOW = "treated, score below that of every control"
ALONE = "treated, no control within the bandwidth"
USED = "control, matched"
UNUSED = "control, no treated unit within the bandwidth"
OFF_SUPPORT = (ABOVE, BELOW, ALONE)
FATES = (MATCHED, *OFF_SUPPORT, USED, UNUSED)


@dataclass(frozen=True)
class Match:
    """Weights of one match.

    weights : 1 for a treated unit on support, sum_i K_ij / sum_l K_il for a control, 0 for who is not matched;
        shape (n,). on_support : False for treated units off support, True for all others, shape (n,).
    fates : one of `FATES` per unit, shape (n,).
    """

    weights: Floats
    on_support: Bools
    fates: NDArray[np.object_]


def kernel_match(score: Floats, treated: Bools, bandwidth: float = 0.06, support: Support = "common") -> Match:
    """Weights of kernel matching with replacement, Epanechnikov kernel.

    With u_ij = (p_i - p_j) / h for treated i and control j, K_ij = 1 - u_ij^2 where |u_ij| <= 1 and 0 elsewhere (the
    kernel's factor 3/4 cancels), and w_ij = K_ij / sum_l K_il. A control's weight is sum_i w_ij over treated i on
    support, so that the controls' weights sum to the number of treated on support.

    Parameters
    ----------
    score : p, shape (n,).
    treated : shape (n,).
    bandwidth : h, in units of the score.
    support : common: treated units with p above the largest or below the smallest p of the controls are off support
        (controls are not trimmed). none: they are kept where the kernel reaches a control.

    Notes
    -----
    Under both rules a treated unit that the kernel gives no control is off support: it has no counterfactual. That is
    what psmatch2's code does, though its help file is silent.

    Raises
    ------
    NotEstimableError : one group is empty, or no treated unit is on support.
    """
    if bandwidth <= 0:
        raise ValueError(f"a bandwidth is positive, not {bandwidth}")
    p, c = score[treated], score[~treated]
    if not (len(p) and len(c)):
        raise NotEstimableError(f"{len(p)} treated and {len(c)} control units: nothing to match")
    fate = np.full(len(p), MATCHED, dtype=object)
    if support == "common":
        fate[p > c.max()], fate[p < c.min()] = ABOVE, BELOW
    weight = np.zeros(len(c))
    rows = max(1, _BLOCK // len(c))
    within = np.flatnonzero(fate == MATCHED)
    for start in range(0, len(within), rows):
        block = within[start : start + rows]
        K = np.maximum(1 - ((p[block, None] - c) / bandwidth) ** 2, 0)
        total = K.sum(axis=1)
        fate[block[total == 0]] = ALONE
        weight += (K[total > 0] / total[total > 0, None]).sum(axis=0)
    if not (fate == MATCHED).any():
        raise NotEstimableError(f"none of the {len(p)} treated units is on support at bandwidth {bandwidth:g}")
    weights, fates = np.empty(len(score)), np.empty(len(score), dtype=object)
    weights[treated], weights[~treated] = fate == MATCHED, weight
    fates[treated], fates[~treated] = fate, np.where(weight > 0, USED, UNUSED)
    return Match(weights, ~np.isin(fates, OFF_SUPPORT), fates)


def effective_number(weights: Floats) -> float:
    """Kish's effective number of weighted units, (sum w)^2 / sum w^2: that of equal weights with the same variance."""
    return float(weights.sum() ** 2 / (weights**2).sum())
