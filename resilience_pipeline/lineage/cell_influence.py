"""Source cells and a coefficient: those that move it most, and one doubtful cell weighed. Every figure is exact."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from resilience_pipeline.errors import LakeError
from resilience_pipeline.lineage.cell_screen import screen
from resilience_pipeline.lineage.impact import impact
from resilience_pipeline.lineage.impact_records import DeliveredCell
from resilience_pipeline.lineage.influence import Outcome, Subject, order

#: What is tried on a doubtful cell: name -> factor; None = it comes empty, as if it had not been delivered.
TRIALS: Mapping[str, float | None] = {
    **{"without it": None, "+1 %": 1.01, "-1 %": 0.99},
    **{"+10 %": 1.1, "-10 %": 0.9},
}
#: So many times the cells asked for are computed exactly: the screen sees neither weights nor percentiles move.
SPARE = 2

PLACE = ("delivery_sha256", "file", "sheet", "row", "column")


@dataclass(frozen=True)
class CellPull:
    """What one delivered cell does.

    without : the coefficient as if it had not been delivered. more : with the cell 10 % larger. screened : the change
    to first order that made it a candidate, in errors; None where there was none. alike : cells of the same city and
    year, this one among them, whose absence takes the same row out of the sample.
    """

    indicator: str
    city_code: str
    city: str | None
    year: int
    value: float
    source: str
    file: str
    sheet: str | None
    row: int | None
    column: int | None
    without: Outcome
    more: Outcome
    screened: float | None
    alike: int = 1


def strongest_cells(subject: Subject, top: int) -> list[CellPull]:
    """The cells that move the coefficient most by being there, the strongest first.

    Candidates come from `screen`; what is returned, and its order, is computed anew through the whole chain. Of the
    cells without which the same row leaves the sample, the one with the largest derivative stands for all.
    """
    screened = _one_for_each_row(screen(subject)).head(SPARE * top)
    fact = ["city_code", "indicator", "year"]
    cells = subject.read(("grid", subject.study.name, "cells")).select(*fact, "source", *PLACE)
    candidates = screened.join(cells, on=fact, how="left", maintain_order="left").to_dicts()
    without = [subject.under(*_at(subject, cell), None) for cell in candidates]
    ranked = sorted(zip(candidates, without, strict=True), key=lambda pair: order(pair[1]))[:top]
    return [_pull(subject, cell, outcome) for cell, outcome in ranked]


def _one_for_each_row(screened: pl.DataFrame) -> pl.DataFrame:
    """The screened cells in their order, those that take the same row along folded; `alike` counts them."""
    row = ["city_code", "year"]
    numbered = screened.with_row_index("_at").with_columns(alike=pl.lit(1, dtype=pl.UInt32))
    lost = numbered.filter("takes_rows").sort(pl.col("derivative").abs(), "_at", descending=[True, False])
    folded = lost.group_by(row, maintain_order=True).agg(
        pl.all().exclude("_at", "alike").first(), _at=pl.col("_at").min(), alike=pl.len()
    )
    return pl.concat([numbered.filter(~pl.col("takes_rows")), folded.select(numbered.columns)]).sort("_at").drop("_at")


def _pull(subject: Subject, cell: Mapping, without: Outcome) -> CellPull:
    left_out = cell["left_out"]
    return CellPull(
        **{name: cell[name] for name in ("indicator", "city_code", "year", "value", "source")},
        **{name: cell[name] for name in PLACE[1:]},
        city=subject.cities.get(cell["city_code"]),
        without=without,
        more=subject.under(*_at(subject, cell), 1.1),
        screened=None if left_out is None else left_out / subject.std_error,
        alike=cell["alike"],
    )


def _at(subject: Subject, cell: Mapping) -> tuple[tuple[str, ...], dict[str, object]]:
    return subject.study.delivered(cell["source"]), {name: cell[name] for name in PLACE}


@dataclass(frozen=True)
class Weighing:
    """One delivered cell and the coefficient. trials : of `TRIALS`; held : why it may move nothing, where known."""

    cell: DeliveredCell
    trials: Mapping[str, Outcome]
    held: str | None = None


def weigh(subject: Subject, asked: str) -> Weighing:
    """What a doubtful cell does to the coefficient, and what an error in it would have done.

    Parameters
    ----------
    asked : as `impact` takes it: city/indicator/year, or file!sheet!R5C3.

    Raises
    ------
    LakeError : the study does not use the cell (with its fate), or the coefficient does not rest on it.
    """
    found = impact(subject.index, asked)
    own = [cell for cell in found.cells if cell.study == subject.study.name and cell.indicator is not None]
    counted = [cell for cell in own if cell.counts]
    if len(counted) != 1:
        fates = dict.fromkeys(f"{cell.source}: {cell.fate}" for cell in own)
        raise LakeError(
            what=f"{asked} is no single cell that counts in study {subject.study.name}",
            found="; ".join(fates) or None,
            remedy="name one by city/indicator/year or file!sheet!R5C3",
        )
    (cell,) = counted
    reach = next((reach for reach in found.reaches if reach.name == subject.name), None)
    if reach is None:
        raise LakeError(what=f"{subject.name} does not rest on {asked}", remedy=f"`resilience impact {asked}`")
    key = subject.study.delivered(cell.source)
    place = {name: getattr(cell, name) for name in PLACE if name != "delivery_sha256"}
    here = pl.all_horizontal(pl.col(name).eq_missing(pl.lit(value)) for name, value in place.items())
    if subject.read(key).filter(here).height > 1:
        raise LakeError(
            what=f"at {asked} stands more than one value: files of one name were delivered, or a cell says two things",
            remedy="withdraw the file that is not meant",
        )
    return Weighing(cell, {name: subject.under(key, place, factor) for name, factor in TRIALS.items()}, reach.held)
