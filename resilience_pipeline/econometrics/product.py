"""The treatment's coefficient of every specification on every panel of a list: thousands of regressions, much shared.

Rows are drawn once for all panels whose missing values agree, effects taken out once per sample, controls once per set
(`product_jobs`), and pairs of treatment and outcome follow from `pairs`. Each figure is what `estimation.estimate`
gives for the one specification on the one panel; what cannot be estimated has its status and its reason from there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resilience_pipeline.econometrics.absorption import Floats
from resilience_pipeline.econometrics.pairs import fit_pairs, identified, off
from resilience_pipeline.econometrics.product_jobs import JobList
from resilience_pipeline.econometrics.shared_columns import Panel
from resilience_pipeline.econometrics.specification import Specification

#: A treatment over the whole panel to B treatments in its place, shape (N,) to (N, B).
Replacement = Callable[[Panel, str], Floats]

_PAIRS_AT_ONCE = 400  # treatments in one block, so that their columns stay in memory of some megabytes


@dataclass(frozen=True)
class Product:
    """What each specification gives on each panel; every array has shape (panels, specifications).

    estimate, std_error, outcome_sd : nan where not estimated. n_obs, n_units, n_treated, n_clusters : -1 where unknown.
    status : estimated, awaiting or failed. reason : why not estimated, "" else. dropped : controls that left as
    collinear, joined by ", ".
    """

    estimate: Floats
    std_error: Floats
    outcome_sd: Floats
    n_obs: NDArray[np.int64]
    n_units: NDArray[np.int64]
    n_treated: NDArray[np.int64]
    n_clusters: NDArray[np.int64]
    status: NDArray[np.object_]
    reason: NDArray[np.object_]
    dropped: NDArray[np.object_]


def fit_product(specifications: Sequence[Specification], panels: Sequence[Panel]) -> Product:
    """Every specification on every panel, errors clustered one way.

    Parameters
    ----------
    specifications : each with a treatment, one cluster, unit and time; vcov is read as "cluster".
    panels : each with every column that a specification names.

    Raises
    ------
    ValueError : a specification has not one treatment and one cluster.
    """
    shape = len(panels), len(specifications)
    numbers = {name: np.full(shape, np.nan) for name in ("estimate", "std_error", "outcome_sd")}
    counts = {name: np.full(shape, -1) for name in ("n_obs", "n_units", "n_treated", "n_clusters")}
    status, reason, dropped = (np.full(shape, text, dtype=object) for text in ("estimated", "", ""))
    jobs = JobList(specifications, panels)
    for job in jobs.all():
        for place, refusal in job.refusals.items():
            status[place], reason[place] = refusal.status, refusal.reason
        if job.work is None:
            continue
        work = job.work
        fits = fit_pairs(work.d, work.y, [part.clusters for part in job.parts.values()])
        for errors, (s, part) in zip(fits.std_errors, job.parts.items(), strict=True):
            at, pair = (part.panels, s), (part.d, part.y)
            numbers["estimate"][at] = fits.estimate[pair]
            numbers["std_error"][at] = errors[pair] * np.sqrt(part.factor)
            numbers["outcome_sd"][at] = work.outcome_sd[part.y]
            counts["n_obs"][at], counts["n_units"][at] = work.n_obs, work.n_units
            counts["n_treated"][at], counts["n_clusters"][at] = work.n_treated[part.d], part.n_clusters
            dropped[at] = work.dropped
    open_ = status != "estimated"
    for values in numbers.values():
        values[open_] = np.nan
    for count in counts.values():
        count[open_] = -1
    dropped[open_] = ""
    return Product(**numbers, **counts, status=status, reason=reason, dropped=dropped)


def replaced_t(
    specifications: Sequence[Specification], panels: Sequence[Panel], replace: Replacement, draws: int
) -> Floats:
    """t of every specification on every panel with B other treatments in place of its own; shape (panels, specs, B).

    nan where a treatment is not identified, or where the specification is not estimated with its own.

    Parameters
    ----------
    replace : (panel, treatment) to shape (N, B), in the panel's row order.
    draws : B.
    """
    t = np.full((len(panels), len(specifications), draws), np.nan)
    jobs = JobList(specifications, panels)
    for job in jobs.all():
        if job.work is None:
            continue
        for number, panel in enumerate(job.work.treatments):
            users = {s: np.flatnonzero(part.d == number) for s, part in job.parts.items()}
            if not any(len(places) for places in users.values()):
                continue
            name = specifications[next(iter(users))].treatment or ""
            fakes = replace(panel, name)[job.work.rows]
            for first in range(0, draws, _PAIRS_AT_ONCE):
                raw = fakes[:, first : first + _PAIRS_AT_ONCE]
                within = job.work.shared.within(raw)
                left = off(job.work.basis, within)
                left[:, ~identified(raw, within, left)] = np.nan
                fits = fit_pairs(left, job.work.y, [part.clusters for part in job.parts.values()])
                for errors, (s, part) in zip(fits.std_errors, job.parts.items(), strict=True):
                    mine = users[s]
                    with np.errstate(divide="ignore", invalid="ignore"):
                        values = fits.estimate / (errors * np.sqrt(part.factor))
                    t[part.panels[mine], s, first : first + raw.shape[1]] = values[:, part.y[mine]].T
        for panel_number, s in job.refusals:
            t[panel_number, s] = np.nan
    return t
