"""Columns that alternative panels share, told apart by their values: each is looked at and converted once."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.absorption import Floats

#: Columns by name, all of one length. Panels that share a column should share the object: it is looked at once.
Panel = Mapping[str, pl.Series]


@dataclass(frozen=True)
class _Look:
    series: pl.Series  # held, so that its identity stays its own
    content: str
    gaps: str


class SharedColumns:
    """What is known of columns so far."""

    def __init__(self) -> None:
        self._seen: dict[int, _Look] = {}
        self._values: dict[str, Floats] = {}

    def content(self, series: pl.Series) -> str:
        """A digest of the values; of equal columns the same."""
        return self._look(series).content

    def gaps(self, series: pl.Series) -> str:
        """A digest of which values a regression can use, and of whether all are null; of a label, of its values."""
        return self._look(series).gaps

    def floats(self, series: pl.Series) -> Floats:
        """The values, nan where missing; of equal columns the same array."""
        content = self.content(series)
        if content not in self._values:
            self._values[content] = series.cast(pl.Float64).to_numpy()
        return self._values[content]

    def _look(self, series: pl.Series) -> _Look:
        look = self._seen.get(id(series))
        if look is None:
            look = self._seen[id(series)] = _looked_at(series)
        return look


def _looked_at(series: pl.Series) -> _Look:
    if not (series.dtype.is_numeric() or series.dtype == pl.Boolean):
        text = digest(repr(series.to_list()).encode())
        return _Look(series, text, text)
    values = series.cast(pl.Float64).to_numpy()
    empty = "empty" if series.null_count() == len(series) else ""  # such a column awaits; one of nan has failed
    return _Look(series, digest(values.tobytes()), empty + digest(np.isfinite(values).tobytes()))


def digest(content: bytes) -> str:
    """sha256."""
    return hashlib.sha256(content).hexdigest()
