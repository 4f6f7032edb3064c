"""Which indicator each delivered column is, and by what factor its unit converts. Values are not touched here."""

import polars as pl

from resilience_pipeline import reference
from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources.naming import match_heading
from resilience_pipeline.sources.readers.header import clean_heading
from resilience_pipeline.sources.source import Source

#: One row per recognised (title, heading, unit) of a delivery. `factor` is null where the unit does not convert.
HEADINGS = pl.Schema(
    {
        "title": pl.String,
        "heading": pl.String,
        "unit": pl.String,
        "indicator": pl.String,
        "scope": pl.String,
        "unit_text": pl.String,
        "canonical_unit": pl.String,
        "factor": pl.Float64,
    }
)
PRINTED = ("title", "heading", "unit")


def recognise(source: Source, cells: pl.DataFrame) -> tuple[pl.DataFrame, tuple[DeliveryError, ...]]:
    """The recognised headings (HEADINGS), and an error for each heading that reads as two indicators."""
    rows, errors = [], []
    for title, heading, unit in cells.select(PRINTED).unique(maintain_order=True).iter_rows():
        try:
            declared = match_heading(source, title, heading)
        except DeliveryError as error:
            errors.append(error)
            continue
        if declared is not None:
            printed = unit or declared.unit
            text = clean_unit(printed) if printed else None
            rows.append((title, heading, unit, declared.indicator, declared.scope, text))
    found = pl.DataFrame(rows, schema=list(HEADINGS.items())[:6], orient="row")
    factors = reference.units().select(unit_text="unit", canonical_unit="canonical_unit", factor="factor")
    canonical = reference.indicators().select("indicator", canonical_unit="unit")
    return (
        found.join(canonical, on="indicator", how="left", maintain_order="left")
        .join(factors, on=["unit_text", "canonical_unit"], how="left", maintain_order="left")
        .select(HEADINGS.names()),
        tuple(errors),
    )


def clean_unit(printed: str) -> str:
    """`（ 10 000 persons ）` -> `10000persons`: half-width, without blanks, capitals and outer brackets."""
    text = clean_heading(printed).lower().removeprefix("单位:")
    return text[1:-1] if text.startswith("(") and text.endswith(")") else text
