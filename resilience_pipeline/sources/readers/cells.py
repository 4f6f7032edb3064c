"""Collects the cells of one delivery into a `CELLS` frame."""

import polars as pl

from resilience_pipeline.sources.source import CELLS, Delivery

_ROW = pl.Schema({name: kind for name, kind in CELLS.items() if name not in ("source", "delivery_sha256", "file")})


class CellRows:
    """Cells of one delivery, in the order in which they are added."""

    def __init__(self, source: str, delivery: Delivery) -> None:
        self._source = source
        self._delivery = delivery
        self._rows: list[tuple[object, ...]] = []

    def add(
        self,
        row: int,
        column: int,
        heading: str | None,
        text: str | None,
        *,
        entity: str | None = None,
        entity_code: str | None = None,
        period: str | None = None,
        unit: str | None = None,
        edition: int | None = None,
        sheet: str | None = None,
        title: str | None = None,
        imputed: bool | None = None,
    ) -> None:
        """One value cell; rows and columns count from 1."""
        self._rows.append(
            (edition, sheet, title, row, column, entity, entity_code, period, heading, unit, text, imputed)
        )

    def frame(self) -> pl.DataFrame:
        """The cells as a frame of schema `CELLS`."""
        return (
            pl.DataFrame(self._rows, schema=_ROW, orient="row")
            .with_columns(
                source=pl.lit(self._source),
                delivery_sha256=pl.lit(self._delivery.sha256),
                file=pl.lit(self._delivery.file),
            )
            .select(CELLS.names())
        )
