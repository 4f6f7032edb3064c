"""What the page's script draws: a figure's rows as plain numbers, for the kinds that gain from a closer look.

Nothing is estimated here: a histogram's bins are the only thing counted anew.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.curve import LEVEL

Plot = dict[str, Any]

BINS = 60
LEAST_DRAWS = 50  # fewer are single dates, which the figure shows one by one


def plot_of(kind: str, tidy: pl.DataFrame) -> Plot | None:
    """The numbers of a result of this kind; None where there is nothing to explore."""
    draw = _PLOTS.get(kind)
    return None if draw is None or tidy.is_empty() else draw(tidy)


def script(name: str, plot: Plot) -> str:
    """A script that hands the plot over: a page opened from a disk may not fetch a file, but may run one."""
    return f"(window.PLOTS = window.PLOTS || {{}})[{json.dumps(name)}] = {json.dumps(plot, separators=(',', ':'))};\n"


def event_study(tidy: pl.DataFrame) -> Plot | None:
    """Years with their intervals and the band for all of them."""
    if tidy["estimate"].null_count() == tidy.height:
        return None
    shown = tidy.with_columns(pl.when("base").then(0.0).otherwise("estimate").alias("estimate"))
    columns = ("estimate", "ci_low", "ci_high", "band_low", "band_high")
    policy = shown.filter("policy")["year"].min()
    return {
        "form": "intervals",
        "x": shown["year"].to_list(),
        **{name: _short(shown[name]) for name in columns},
        "mark": None if policy is None else float(str(policy)) - 0.5,
    }


def curve(tidy: pl.DataFrame) -> Plot | None:
    """Every specification's t and whether p < 0.05, with the number of the choice on each dimension."""
    done = tidy.filter(status="estimated").drop_nulls("t")
    if done.is_empty():
        return None
    dimensions = tidy.columns[1 : tidy.columns.index("marked")]
    choices = {name: tidy[name].unique(maintain_order=True).to_list() for name in dimensions}
    marked = np.flatnonzero(done["marked"].to_numpy())
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return {
        "form": "curve",
        "t": [round(t, 2) for t in done["t"].to_list()],
        "significant": "".join("01"[p < LEVEL] for p in done["p_value"].to_list()),
        "dimensions": [{"name": name, "choices": [str(choice) for choice in found]} for name, found in choices.items()],
        "chosen": [
            "".join(done[name].replace_strict(found, list(digits[: len(found)]), return_dtype=pl.String))
            for name, found in choices.items()
        ],
        "marked": int(marked[0]) if len(marked) else None,
    }


def placebo(tidy: pl.DataFrame) -> Plot | None:
    """For each form that deals fake pilots: how many coefficients fall into each bin, and ours."""
    done = tidy.filter(pl.col("estimate").is_not_null())
    panels = []
    for form in done["form"].unique(maintain_order=True).to_list():
        draws = done.filter(form=form)
        values = draws["estimate"].to_numpy()
        if draws.height < LEAST_DRAWS:
            continue
        counts, edges = np.histogram(values, bins=BINS)
        panels.append(
            {
                "title": draws["title"][0],
                "edges": [float(f"{edge:.5g}") for edge in edges],
                "counts": counts.tolist(),
                "mark": float(f"{draws['recomputed'][0]:.5g}"),
            }
        )
    return {"form": "histograms", "panels": panels} if panels else None


def _short(column: pl.Series) -> list[float | None]:
    return [None if value is None else float(f"{value:.5g}") for value in column.to_list()]


_PLOTS: Mapping[str, Callable[[pl.DataFrame], Plot | None]] = {
    "event_study": event_study,
    "curve": curve,
    "placebo": placebo,
}
