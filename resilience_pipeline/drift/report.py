"""The report of what moved: one tidy table, and the page that a person reads. Computes no result."""

from collections.abc import Sequence

import polars as pl

from resilience_pipeline.drift.attribution import Attribution
from resilience_pipeline.drift.comparison import COMPARED, MOVED
from resilience_pipeline.report.document import Document
from resilience_pipeline.report.figures import number
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.words import many

NAME, TITLE = "drift", "What moved since the results before"
#: So many rows on the page; the table has all.
PRINTED_ROWS = 60
ALL = "all"

_OF_THE_PART = {
    "part": pl.String(),  # all | a change, in words | interaction
    "position": pl.Int32(),  # of the coefficient on the page, from 1
}
DRIFT = pl.Schema([*COMPARED.items(), *_OF_THE_PART.items()])


def drift_table(compared: pl.DataFrame, attribution: Attribution) -> pl.DataFrame:
    """One row per coefficient and part of its movement, schema `DRIFT`.

    The part "all" has the whole change; where it was told apart, a row for each cause and one for the interaction sum
    to it, `change_in_errors` in units of the old standard error throughout.
    """
    rows = []
    for position, row in enumerate(compared.iter_rows(named=True), start=1):
        rows.append({**row, "part": ALL, "position": position})
        shares = attribution.shares.get((row["result"], row["term"]), ())
        for cause, share in zip(attribution.causes, shares, strict=bool(shares)):
            error = row["old_std_error"]
            in_errors = share / error if error else None
            rows.append({**row, "part": cause, "change": share, "change_in_errors": in_errors, "position": position})
    return pl.DataFrame(rows, schema=DRIFT)


def drift_document(
    table: pl.DataFrame,
    attribution: Attribution,
    changed_tables: Sequence[str],
    *,
    title: str = TITLE,
    synthetic: bool = False,
) -> Document:
    """The page: flips first, each coefficient old and new, and a column for each cause."""
    rows = table.filter(pl.col("part") == ALL).sort("position")
    shares = {
        (row["position"], row["part"]): row["change_in_errors"]
        for row in table.filter(pl.col("part") != ALL).iter_rows(named=True)
    }
    causes = attribution.causes if len(attribution.causes) > 1 else ()
    headings = ("result", "term", "old", "new", "change in errors", "flip", *_marks(causes))
    body = tuple(
        (
            _result(row),
            row["term"],
            _figure(row["old"], row["old_std_error"], row["old_stars"]),
            _figure(row["new"], row["new_std_error"], row["new_stars"]),
            _signed(row["change_in_errors"]),
            row["flip"] or ("" if row["state"] == MOVED else row["state"]),
            *(_signed(shares.get((row["position"], cause))) for cause in causes),
        )
        for row in rows.head(PRINTED_ROWS).iter_rows(named=True)
    )
    return Document(NAME, title, Grid(headings, body), _notes(rows, attribution, changed_tables), synthetic=synthetic)


def summary(compared: pl.DataFrame) -> str:
    """`3 coefficients flipped, 40 moved, 2 appeared, 1 vanished`."""
    flipped = compared["flip"].is_not_null().sum()
    counted = [f"{many(int(flipped), 'coefficient')} flipped", f"{compared.height} differ"]
    for state in ("appeared", "vanished"):
        found = int((compared["state"] == state).sum())
        counted += [f"{found} {state}"] if found else []
    return ", ".join(counted)


def _notes(rows: pl.DataFrame, attribution: Attribution, changed_tables: Sequence[str]) -> tuple[str, ...]:
    notes = [
        f"{summary(rows)}. A flip is a change of sign, or a star gained or lost; change is new less old, in old errors."
    ]
    if rows.height > PRINTED_ROWS:
        notes.append(f"The first {PRINTED_ROWS} of {rows.height} are printed; the table has all.")
    if len(attribution.causes) == 1:
        notes.append(f"All of it comes from the one thing that changed: {attribution.causes[0]}.")
    elif attribution.causes:
        marked = (f"{mark} {cause}" for mark, cause in zip(_marks(attribution.causes), attribution.causes, strict=True))
        notes.append(
            f"What moved them, each change made alone on the older state, in old errors: {'; '.join(marked)}. "
            f"{many(attribution.steps, 'step')} recomputed."
        )
    others = [name for name in changed_tables if name not in set(rows["result"])]
    if others:
        shown = ", ".join(others[:8]) + (f" and {len(others) - 8} more" if len(others) > 8 else "")
        notes.append(f"Changed, too, without a coefficient of a model: {shown}.")
    return (*notes, *(f"{note[0].upper()}{note[1:]}." for note in attribution.notes))


def _marks(causes: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"[{place}]" for place in range(1, len(causes) + 1))


def _result(row: dict[str, object]) -> str:
    return str(row["result"]) if not row["outcome"] else f"{row['result']}: {row['outcome']}"


def _figure(value: float | None, error: float | None, starred: str | None) -> str:
    if value is None:
        return ""
    return f"{number(value)}{starred or ''}" + ("" if error is None else f" ({number(error)})")


def _signed(value: float | None) -> str:
    """Two decimals; a change too small for them still shows its sign, none at all shows none."""
    if value is None:
        return ""
    return "0" if value == 0 else f"{value:+.2f}"
