"""The delivered cells behind a coefficient, with their texts, and the files that they stand in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from resilience_pipeline.errors import LakeError
from resilience_pipeline.lineage.opened import Index, codes_called
from resilience_pipeline.lineage.records import Cell, DeliveryTrace

_ORIGIN = ("source", "delivery_sha256", "file", "sheet", "row", "column")
_LONGEST_TEXT = 120


@dataclass(frozen=True)
class Cells:
    """Cells behind a coefficient.

    Parameters
    ----------
    read : (table, columns or None) -> the version that the coefficient was made from.
    cells : the grid's, of every series behind it; None where there is none.
    lists : tables of lists and documents behind it.
    """

    index: Index
    study: str
    read: Callable[..., pl.DataFrame]
    cells: pl.DataFrame | None
    lists: Sequence[str]

    def spread(
        self, city: str | None, year: int | None, limit: int
    ) -> tuple[tuple[Cell, ...], int, tuple[DeliveryTrace, ...]]:
        """Cells asked for, how many there are, and all deliveries."""
        frames = [*([] if self.cells is None else [self._of_grid(self.cells)]), *self._of_lists()]
        if not frames:
            return (), 0, ()
        every = pl.concat(frames, how="diagonal")
        deliveries = self._deliveries(every)
        asked = every
        if city is not None:
            called = codes_called(city, every.select("city_code", name="city").unique())
            asked = asked.filter(pl.col("city_code").is_in(called))
        if year is not None:
            asked = asked.filter(pl.col("year") == year)
        if asked.is_empty():
            raise LakeError(
                what=f"no cell of {' in '.join(str(x) for x in (city, year) if x is not None)} is behind it",
                expected=", ".join(every["city"].drop_nulls().unique().sort().head(12).to_list()),
                remedy="name a kept city by its code or its Chinese name, and a year of the study",
            )
        turn = pl.int_range(pl.len()).over("indicator")
        shown = asked.with_columns(_turn=turn).sort("_turn", "indicator", maintain_order=True).head(limit)
        shown = shown.drop("_turn").sort("indicator", "city_code", "year", maintain_order=True)
        return tuple(Cell(**row) for row in self._with_texts(shown).to_dicts()), asked.height, deliveries

    def _of_grid(self, cells: pl.DataFrame) -> pl.DataFrame:
        names = self.read(f"grid/{self.study}/cities").select("city_code", city="name")
        return cells.join(names, on="city_code", how="left", maintain_order="left")

    def _of_lists(self) -> list[pl.DataFrame]:
        """Rows of lists and documents: they have no indicator, so the source's name stands for it."""
        frames = []
        for table in self.lists:
            name = table.split("/")[-1]
            read = self.read(table)
            year = pl.col("year") if "year" in read.columns else pl.lit(None, dtype=pl.Int32).alias("year")
            rows = read.select("city_code", year, *_ORIGIN, text=_short("text"))
            frames.append(
                rows.with_columns(indicator=pl.lit(name), status=pl.lit("listed"), city=pl.lit(None, dtype=pl.String))
            )
        return frames

    def _with_texts(self, shown: pl.DataFrame) -> pl.DataFrame:
        """The shown cells with the text as delivered, and every field of `Cell`."""
        fields = list(Cell.__dataclass_fields__)
        if "text" not in shown.columns:
            shown = shown.with_columns(text=pl.lit(None, dtype=pl.String))
        observed = f"grid/{self.study}/observations"
        if self.cells is not None and observed in self.index.by_table:
            place = ["delivery_sha256", "sheet", "row", "column"]
            near_by = self.read(observed, (*place, "text")).filter(
                pl.col("row").is_in(shown["row"].drop_nulls().unique().to_list())
            )
            texts = near_by.select(*place, _text="text").unique(place)
            shown = shown.join(texts, on=place, how="left", nulls_equal=True, maintain_order="left")
            shown = shown.with_columns(text=pl.coalesce("text", "_text"))
        absent = [name for name in fields if name not in shown.columns]
        return shown.with_columns(pl.lit(None).alias(name) for name in absent).select(fields)

    def _deliveries(self, every: pl.DataFrame) -> tuple[DeliveryTrace, ...]:
        counted = every.drop_nulls("delivery_sha256").group_by("source", "file", "delivery_sha256").len()
        editions = self._editions()
        found = []
        for source, file, sha256, count in counted.sort("source", "file", "delivery_sha256").rows():
            copy = self.index.lake.root / "deliveries" / sha256 / Path(file).name
            there = copy.is_file()
            found.append(
                DeliveryTrace(
                    file,
                    sha256,
                    source,
                    self.index.declared(f"sources/{source}").get("publisher", ""),
                    editions.get(sha256, ()),
                    count,
                    str(copy.relative_to(self.index.lake.root)) if there else None,
                    copy.stat().st_size if there else None,
                )
            )
        return tuple(found)

    def _editions(self) -> dict[str, tuple[int, ...]]:
        observed = f"grid/{self.study}/observations"
        if self.cells is None or observed not in self.index.by_table:
            return {}
        pairs = self.read(observed, ("delivery_sha256", "edition")).drop_nulls().unique().sort("edition")
        found: dict[str, tuple[int, ...]] = {}
        for sha256, edition in pairs.rows():
            found[sha256] = (*found.get(sha256, ()), edition)
        return found


def _short(column: str) -> pl.Expr:
    text = pl.col(column)
    return pl.when(text.str.len_chars() > _LONGEST_TEXT).then(text.str.slice(0, _LONGEST_TEXT) + "…").otherwise(text)
