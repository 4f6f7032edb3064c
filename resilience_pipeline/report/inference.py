"""Rows of `econometrics.inference.INFERENCE` as cells and notes, for every kind of result that has them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from resilience_pipeline.report.figures import count, number, probability, stars
from resilience_pipeline.words import many

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def inference_cells(leading: tuple[str, ...], row: dict) -> tuple[str, ...]:
    """Cells of one row of `econometrics.inference.INFERENCE` after the leading ones."""
    return (
        *leading,
        number(row["estimate"]) + stars(row["p_value"]) if row["status"] == "estimated" else row["status"],
        "" if row["std_error"] is None else f"({number(row['std_error'])})",
        "" if row["ci_low"] is None else f"[{number(row['ci_low'])}, {number(row['ci_high'])}]",
        probability(row["p_value"]),
        count(row["draws"]),
        count(row["n_obs"]),
        count(row["n_clusters"]),
    )


def inference_notes(tidy: pl.DataFrame, *leading: str) -> list[str]:
    """What each method assumes, the draws that were not identified, and why a row has no result."""
    notes: dict[str, None] = {}
    for row in tidy.to_dicts():
        name = ", ".join(row[column] for column in leading if row[column])
        if row["status"] != "estimated":
            notes[f"{name or row['subject']} {row['status']}: {row['reason']}."] = None
        elif row["note"]:
            seed = f"; seed {row['seed']}" if row["seed"] is not None else ""
            notes[f"{row['method'][0].upper()}{row['method'][1:]}: {row['note']}{seed}."] = None
        if row["undefined_draws"]:
            whose = ", ".join(row[column] for column in ("model", "subject") if column in row)
            notes[f"{whose}: {many(row['undefined_draws'], 'draw')} left out that did not identify it."] = None
    return list(notes)


def dots(shown: pl.DataFrame, labels: Sequence[str], xlabel: str, *, title: str, synthetic: bool) -> "Figure | None":
    """A dot with its interval for each row, as high as the rows need; None where there is none.

    Parameters
    ----------
    shown : rows with estimate, ci_low and ci_high.
    """
    from resilience_pipeline.report.charts import dot_plot
    from resilience_pipeline.report.plots import new_figure

    if shown.is_empty():
        return None
    columns = (shown[name].to_numpy() for name in ("estimate", "ci_low", "ci_high"))
    with new_figure(title=title, synthetic=synthetic, height=1.6 + 0.28 * shown.height) as (figure, axes):
        dot_plot(axes, labels, *columns, xlabel=xlabel)
    return figure


def without_result(tidy: pl.DataFrame) -> tuple[str, ...]:
    """Subjects of rows without a result."""
    return tuple(tidy.filter(pl.col("status") != "estimated")["subject"].unique(maintain_order=True))
