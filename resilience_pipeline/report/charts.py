"""The shapes of figures, drawn on axes that `plots.new_figure` gave: numbers in, marks out, nothing is estimated here.

Each function draws one thing and names its axes, so that a figure is a few lines in the module of its kind. Missing
values (NaN) leave their place empty. What carries a label comes into the one legend beneath the figure.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from resilience_pipeline.report.plots import MUTED, OTHER, OURS, PALE, mark_line, zero_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INTERVAL = "95 % interval"
MOST_BINS = 60
MOST_POINTS = 1000
MOST_YEARS = 6


def event_study(
    axes: "Axes",
    periods: ArrayLike,
    estimates: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    *,
    reference: float,
    policy: float,
    band: tuple[ArrayLike, ArrayLike] | None = None,
    band_label: str = "95 % simultaneous band",
    ylabel: str = "Effect",
    xlabel: str = "Year",
) -> None:
    """Leads and lags with their intervals, the reference period hollow at zero, the policy between two periods.

    Parameters
    ----------
    periods, estimates, low, high : shape (K,); a row for the reference period is ignored, it is zero by construction.
    reference : the period left out. policy : the first period under the policy; its line stands half a period before.
    band : lower and upper ends of a simultaneous band, each of shape (K,).
    """
    x, y, lower, upper = _floats(periods), _floats(estimates), _floats(low), _floats(high)
    own = x != reference
    zero_line(axes)
    if band is not None:
        ends = [_floats(end) for end in band]
        axes.vlines(x[own], ends[0][own], ends[1][own], color=PALE, linewidth=6, zorder=2, label=band_label)
    _points(axes, x[own], y[own], lower[own], upper[own])
    axes.plot([reference], [0.0], "o", color=MUTED, markerfacecolor="white", zorder=4, label=f"Reference {reference:g}")
    mark_line(axes, policy - 0.5, "Policy begins")
    axes.set_xticks(sorted({*x.tolist(), float(reference)}))
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)


def two_series(
    axes: "Axes",
    series: Mapping[str, tuple[ArrayLike, ...]],
    *,
    new: float | None,
    xlabel: str,
    ylabel: str,
) -> None:
    """Up to two series of estimates over years, side by side, with their intervals.

    Parameters
    ----------
    series : label -> periods, estimates, lower and upper ends, each of shape (K,).
    new : the first period whose data are new, with a line before it; None = no line.
    """
    zero_line(axes)
    years: set[float] = set()
    for (label, values), colour, shift in zip(series.items(), (OURS, OTHER), (-0.08, 0.08), strict=False):
        x, y, low, high = (_floats(part) for part in values)
        axes.vlines(x + shift, low, high, color=colour, linewidth=1.2, zorder=3)
        axes.plot(x + shift, y, "o", color=colour, zorder=4, label=label)
        years.update(x.tolist())
    if new is not None:
        mark_line(axes, new - 0.5, "New years begin")
    axes.set_xticks(sorted(years))
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)


def placebo_distribution(
    axes: "Axes", draws: ArrayLike, actual: float, *, xlabel: str = "Placebo estimate", label: str = "Our estimate"
) -> None:
    """Histogram of the draws, with the zero line and our estimate marked.

    Parameters
    ----------
    draws : estimates under false pilots or dates, shape (B,).
    """
    values = _floats(draws)
    values = values[np.isfinite(values)]
    counts, edges = np.histogram(values, bins=_bins(values))
    axes.stairs(counts, edges, fill=True, color=OURS, alpha=0.55, label=f"{len(values):,} draws")
    zero_line(axes, vertical=True)
    mark_line(axes, actual, label)
    axes.set_xlabel(xlabel)
    axes.set_ylabel("Draws")


def placebo_p_values(axes: "Axes", draws: ArrayLike, p_values: ArrayLike) -> None:
    """p values of the first draws over their estimates, on an axis of their own at the right, the 10 % level marked.

    Parameters
    ----------
    draws, p_values : shape (B,), in no order but that of drawing; `MOST_POINTS` of them tell the shape.
    """
    right = axes.twinx()
    shown = slice(MOST_POINTS)
    some = f" of the first {MOST_POINTS:,}" if len(_floats(draws)) > MOST_POINTS else ""
    x, y = _floats(draws)[shown], _floats(p_values)[shown]
    right.plot(x, y, ".", color="black", markersize=2, alpha=0.4, label=f"p value{some}")
    right.axhline(0.1, color=MUTED, linewidth=0.8, linestyle=":", label="p = 0.1")
    right.set_ylim(0.0, 1.0)
    right.grid(visible=False)
    right.spines["right"].set_visible(True)
    right.set_ylabel("p value")


def placebo_dates(
    axes: "Axes",
    starts: ArrayLike,
    estimates: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    actual: float,
    *,
    xlabel: str = "False start year",
    label: str = "Our estimate",
) -> None:
    """The estimate under each false start year with its interval, ours as a dashed horizontal line.

    Parameters
    ----------
    starts, estimates, low, high : shape (K,).
    """
    x = _floats(starts)
    zero_line(axes)
    _points(axes, x, _floats(estimates), _floats(low), _floats(high))
    axes.axhline(actual, color=OTHER, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1, label=label)
    years = sorted(set(x.tolist()))
    axes.set_xticks(years[:: 1 + len(years) // (MOST_YEARS + 1)])
    axes.set_xlabel(xlabel)
    axes.set_ylabel("Placebo estimate")


def overlap(
    axes: "Axes",
    treated: ArrayLike,
    control: ArrayLike,
    *,
    control_weights: ArrayLike | None = None,
    bins: int = 25,
    xlabel: str = "Propensity score",
) -> None:
    """Scores of treated units upward, of controls downward, each as shares of their group.

    Parameters
    ----------
    treated, control : scores in [0, 1], shapes (T,) and (C,).
    control_weights : matching weights, shape (C,); their outline is drawn over the unweighted bars.
    """
    edges = np.linspace(0.0, 1.0, bins + 1)
    axes.stairs(_shares(treated, edges), edges, fill=True, color=OTHER, alpha=0.6, label="Treated")
    axes.stairs(-_shares(control, edges), edges, fill=True, color=OURS, alpha=0.6, label="Controls")
    if control_weights is not None:
        weighted = _shares(control, edges, control_weights)
        axes.stairs(-weighted, edges, color="black", linewidth=1.0, label="Controls, weighted")
    zero_line(axes)
    axes.set_xlim(0.0, 1.0)
    axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):.2f}")
    axes.set_xlabel(xlabel)
    axes.set_ylabel("Share of the group")


def dot_plot(
    axes: "Axes",
    labels: Sequence[str],
    estimates: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    *,
    published: ArrayLike | None = None,
    emphasised: Sequence[int] = (),
    xlabel: str = "Effect",
) -> None:
    """Estimates in rows from the top, each with its interval and, where there is one, the paper's as a diamond.

    Parameters
    ----------
    labels : one for each row, K of them. estimates, low, high, published : shape (K,).
    emphasised : rows drawn in the other colour, from 0.
    """
    y = np.arange(len(labels), dtype=float)
    x, lower, upper = _floats(estimates), _floats(low), _floats(high)
    strong = np.isin(np.arange(len(labels)), list(emphasised))
    zero_line(axes, vertical=True)
    for rows, colour, label in ((~strong, OURS, f"Estimate, {INTERVAL}"), (strong, OTHER, "Headline")):
        if rows.any():
            axes.hlines(y[rows], lower[rows], upper[rows], color=colour, linewidth=1.2, zorder=3)
            axes.plot(x[rows], y[rows], "o", color=colour, zorder=4, label=label)
    if published is not None:
        axes.plot(_floats(published), y, "D", color="black", markerfacecolor="none", zorder=5, label="Published")
    axes.set_yticks(y, labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.grid(axis="x")
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(xlabel)


def _points(
    axes: "Axes", x: NDArray[np.float64], y: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> None:
    """Points with intervals as lines of their own: an interval need not be symmetric, nor hold its estimate."""
    axes.vlines(x, low, high, color=OURS, linewidth=1.2, zorder=3, label=INTERVAL)
    axes.plot(x, y, "o", color=OURS, zorder=4, label="Estimate")


def _bins(values: NDArray[np.float64]) -> NDArray[np.float64]:
    edges = np.histogram_bin_edges(values, bins="fd") if len(values) else np.array([0.0, 1.0])
    return edges if len(edges) <= MOST_BINS + 1 else np.linspace(edges[0], edges[-1], MOST_BINS + 1)


def _shares(scores: ArrayLike, edges: NDArray[np.float64], weights: ArrayLike | None = None) -> NDArray[np.float64]:
    counts, _ = np.histogram(_floats(scores), bins=edges, weights=None if weights is None else _floats(weights))
    total = counts.sum()
    return counts / total if total else counts.astype(float)


def _floats(values: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64)
