"""The two halves of a specification curve: sorted estimates above, the choices behind them below. Nothing is estimated.

Of thousands of specifications neither half can show each one: the curve is thinned evenly, and the dashboard shows for
each stretch of the curve how much more or less often a choice stands in it than in the whole.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from resilience_pipeline.report.plots import MUTED, OTHER, OURS, PALE, zero_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_POINTS = 1000
MOST_STRETCHES = 150
#: Twice as often as in the whole, or more, is as dark as it gets.
DARKEST = 2.0


def sorted_curve(
    axes: "Axes", t: NDArray[np.float64], p: NDArray[np.float64], marked: int | None, *, level: float, label: str
) -> None:
    """t values in ascending order over their rank, significant ones in colour, the marked one as a diamond.

    Parameters
    ----------
    t, p : ascending by t, shape (n,).
    marked : rank of the marked one, from 0.
    """
    shown = np.unique(np.linspace(0, len(t) - 1, min(len(t), MOST_POINTS)).round().astype(int))
    zero_line(axes)
    kinds = (
        ((p < level) & (t > 0), OURS, f"Positive, p < {level:g}"),
        (p >= level, MUTED, "Not significant"),
        ((p < level) & (t < 0), OTHER, f"Negative, p < {level:g}"),
    )
    for which, colour, words in kinds:
        own = shown[which[shown]]
        if len(own):
            axes.plot(own + 1, t[own], ".", color=colour, markersize=2.5, label=words)
    if marked is not None:
        axes.plot([marked + 1], [t[marked]], "D", color="black", markerfacecolor="white", zorder=5, label=label)
    axes.set_ylabel("t")
    axes.set_xlim(0.5, len(t) + 0.5)


def dashboard(
    axes: "Axes",
    dimensions: Sequence[tuple[str, Sequence[str]]],
    chosen: Sequence[NDArray[np.intp]],
    marked: int | None,
) -> None:
    """A row for each choice: dark where it is frequent among the specifications of that rank, white where it is absent.

    Parameters
    ----------
    dimensions : name and choices of each. chosen : place of each specification's choice, ascending by t, shape (n,).
    marked : rank of the marked one, from 0; its choices are diamonds.
    """
    from matplotlib.colors import LinearSegmentedColormap

    n = len(chosen[0])
    stretch = (np.arange(n) * min(n, MOST_STRETCHES)) // n
    rows: list[NDArray[np.float64]] = []
    labels: list[str] = []
    headings: list[int] = []
    diamonds: list[int] = []
    for (name, choices), own in zip(dimensions, chosen, strict=True):
        headings.append(len(labels))
        labels.append(name)
        rows.append(np.full(stretch[-1] + 1, np.nan))
        for place, choice in enumerate(choices):
            if marked is not None and own[marked] == place:
                diamonds.append(len(labels))
            labels.append(choice)
            rows.append(_frequency(own == place, stretch))
    colours = LinearSegmentedColormap.from_list("house", ["white", PALE, OURS])
    axes.imshow(
        np.array(rows),
        aspect="auto",
        interpolation="nearest",
        cmap=colours,
        vmin=0.0,
        vmax=DARKEST,
        extent=(0.5, n + 0.5, len(labels) - 0.5, -0.5),
    )
    if marked is not None:
        axes.plot([marked + 1] * len(diamonds), diamonds, "D", color="black", markerfacecolor="white", markersize=3)
    axes.set_yticks(range(len(labels)), labels, fontsize=6.5)
    for place in headings:
        axes.get_yticklabels()[place].set_fontweight("bold")
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)
    axes.set_xlim(0.5, n + 0.5)
    axes.set_xlabel("Specifications, ascending by t")


def _frequency(here: NDArray[np.bool_], stretch: NDArray[np.intp]) -> NDArray[np.float64]:
    """Share of a choice in each stretch over its share in the whole; 0 where it is nowhere."""
    share = np.bincount(stretch, here) / np.bincount(stretch)
    whole = here.mean()
    found: NDArray[np.float64] = np.minimum(share / whole, DARKEST) if whole > 0 else np.zeros_like(share)
    return found
