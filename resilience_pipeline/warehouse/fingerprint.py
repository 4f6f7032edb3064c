"""The data version of a table: a SHA-256 of what it says, not of how it happens to lie in memory or on disk.

Same column names, types and values in the same order give the same version, whatever the chunks, the compression
and the releases of polars or Parquet.
"""

import hashlib
from typing import Protocol

import numpy as np
import polars as pl

from resilience_pipeline.warehouse.pointer import VERSION_LENGTH

_ROWS_AT_A_TIME = 500_000


class _Sink(Protocol):
    def update(self, data: bytes | memoryview, /) -> None: ...


def data_version(frame: pl.DataFrame) -> str:
    """First 32 hexadecimal digits of the SHA-256 of the table's names, types and values, row order included."""
    digest = hashlib.sha256()
    digest.update(repr([(name, str(kind)) for name, kind in frame.schema.items()]).encode())
    digest.update(str(frame.height).encode())
    for start in range(0, frame.height, _ROWS_AT_A_TIME):
        for column in frame.slice(start, _ROWS_AT_A_TIME):
            _feed(digest, column)
    return digest.hexdigest()[:VERSION_LENGTH]


def _feed(digest: _Sink, column: pl.Series) -> None:
    """Length, null mask and values, each part preceded by what tells it from its neighbours."""
    digest.update(f"|{column.len()}|".encode())
    digest.update(np.packbits(column.is_null().to_numpy()).tobytes())
    kind = column.dtype
    if isinstance(kind, pl.Null):
        return
    if isinstance(kind, pl.Struct):
        for name in (field.name for field in kind.fields):
            _feed(digest, column.struct.field(name))
    elif isinstance(kind, pl.Array):
        _feed(digest, column.cast(pl.List(kind.inner)))
    elif isinstance(kind, pl.List):
        filled = column.drop_nulls()
        lengths = filled.list.len()
        digest.update(lengths.cast(pl.UInt64).to_numpy().tobytes())
        _feed(digest, filled.filter(lengths > 0).explode())
    elif isinstance(kind, pl.Binary):
        _feed_text(digest, column.bin.encode("hex"))
    elif kind.is_numeric() and not kind.is_decimal():
        values = column.fill_null(0)
        if kind.is_float():  # every not-a-number is the same not-a-number
            values = values.fill_nan(float("nan"))
        digest.update(values.to_numpy().tobytes())
    elif isinstance(kind, pl.Boolean):
        digest.update(np.packbits(column.fill_null(False).to_numpy()).tobytes())
    elif kind.is_temporal():
        digest.update(column.to_physical().fill_null(0).to_numpy().tobytes())
    else:  # text, categories, enumerations, decimals: as printed
        _feed_text(digest, column.cast(pl.String))


def _feed_text(digest: _Sink, column: pl.Series) -> None:
    text = column.fill_null("") if column.null_count() else column
    # Arrow lays text end to end, as UTF-8: no Python string is made of it.
    laid = text.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    _, places, letters = laid.buffers()
    ends = np.frombuffer(places, np.int64)[laid.offset : laid.offset + len(laid) + 1]
    digest.update(np.diff(ends).astype(np.uint64).tobytes())
    if letters is not None:
        digest.update(memoryview(letters)[ends[0] : ends[-1]])
