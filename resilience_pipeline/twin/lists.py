"""Lists and documents of the twin in memory, as the file road stages them: pilots, resource-based cities, reports."""

import numpy as np
import polars as pl

from resilience_pipeline.staging.schema import CITY_CLASSES, DOCUMENTS, PILOTS
from resilience_pipeline.twin.blemishes import holes
from resilience_pipeline.twin.cities import pilot_names
from resilience_pipeline.twin.economy import Draw
from resilience_pipeline.twin.layouts.work_reports import report

CLASS_WORDS = {"成长型": "growing", "成熟型": "mature", "衰退型": "declining", "再生型": "regenerating"}
#: Stands where files would say in which cell a row stands.
PLACEHOLDER = "twin"


def pilots() -> pl.DataFrame:
    """PILOTS, in the order of the paper's Table 1."""
    rows = [
        {
            "number": p.number,
            "printed_name": p.printed_name,
            "resolved_name": p.resolved_name,
            "kind": p.kind,
            "city_code": p.city_code,
            "resolution": p.resolution,
            "source": "pilot_list",
            "delivery_sha256": PLACEHOLDER,
            "file": PLACEHOLDER,
            "sheet": None,
            "row": p.number + 1,
            "column": 2,
            "text": p.printed_name,
        }
        for p in pilot_names()
    ]
    return pl.DataFrame(rows, schema=PILOTS)


def resource_cities(draw: Draw) -> pl.DataFrame:
    """CITY_CLASSES of the delivered cities that are listed."""
    listed = [city for city in draw.cities if city.resource_class]
    frame = pl.DataFrame(
        {
            "city_code": [city.code for city in listed],
            "city_class": [CLASS_WORDS[city.resource_class] for city in listed],
        }
    )
    return with_origin(frame, "resource_cities").select(CITY_CLASSES.names()).cast(dict(CITY_CLASSES))  # type: ignore[arg-type]


def work_reports(draw: Draw) -> pl.DataFrame:
    """DOCUMENTS, one for each city and year in which the city has a row."""
    places = np.argwhere(~holes(draw).absent).tolist()
    frame = pl.DataFrame(
        {
            "city_code": [draw.cities[i].code for i, _ in places],
            "year": [draw.year_list[t] for _, t in places],
            "document": [report(draw, i, t) for i, t in places],
        }
    ).with_columns(characters=pl.col("document").str.len_chars())
    return with_origin(frame, "work_reports").select(DOCUMENTS.names()).cast(dict(DOCUMENTS))  # type: ignore[arg-type]


def with_origin(frame: pl.DataFrame, source: str) -> pl.DataFrame:
    """Placeholders where files would say in which cell a row stands."""
    return frame.with_columns(
        source=pl.lit(source),
        delivery_sha256=pl.lit(PLACEHOLDER),
        file=pl.lit(PLACEHOLDER),
        sheet=pl.lit(None, dtype=pl.String),
        row=pl.lit(1, dtype=pl.Int32),
        column=pl.lit(1, dtype=pl.Int32),
        text=pl.lit(None, dtype=pl.String),
    )
