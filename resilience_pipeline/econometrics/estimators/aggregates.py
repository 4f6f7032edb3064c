"""Averages of effects by cohort and period: one overall, by cohort, by time since the start, each alone.

Every average weights the treated rows alike, so overall is the average effect on the treated rows.
"""

import numpy as np

from resilience_pipeline.econometrics.absorption import Floats
from resilience_pipeline.econometrics.estimators.effects import event_term
from resilience_pipeline.econometrics.estimators.estimator import Option

AGGREGATE = Option(
    "aggregate",
    "all",
    "which averages: simple (all treated rows alike), group (by first treated period), dynamic (by time since it), "
    "group_time (each of them), all",
    ("simple", "group", "dynamic", "group_time", "all"),
)


def averages(first: Floats, times: Floats, rows: Floats, aggregate: str) -> tuple[list[str], Floats]:
    """Names of the averages and their weights on m cells.

    Parameters
    ----------
    first, times : first treated period and period of each cell (a row, or a cohort in a period), shape (m,).
    rows : rows in each cell, shape (m,).

    Returns
    -------
    names; weights, shape (len(names), m), each row sums to 1. Leads are no part of `att`.
    """
    relative = times - first
    wanted: list[tuple[str, np.ndarray]] = []
    asked = ("simple", "group", "dynamic", "group_time") if aggregate == "all" else (aggregate,)
    if "simple" in asked:
        wanted.append(("att", relative >= 0))
    if "group" in asked:
        wanted += [(f"att_group_{g:g}", (first == g) & (relative >= 0)) for g in np.unique(first)]
    if "dynamic" in asked:
        wanted += [(event_term(event), relative == event) for event in np.unique(relative)]
    if "group_time" in asked:
        pairs = np.unique(np.column_stack([first, times]), axis=0)
        wanted += [(f"att_{g:g}_{t:g}", (first == g) & (times == t)) for g, t in pairs]
    weights = np.array([np.where(cells, rows, 0.0) for _, cells in wanted])
    return [name for name, _ in wanted], weights / weights.sum(axis=1, keepdims=True)
