"""Rules on a whole staged table. Each returns a check with the rows that break it; none changes a value."""

from collections.abc import Sequence

import polars as pl

from resilience_pipeline import reference
from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources.source import Source
from resilience_pipeline.staging import rules
from resilience_pipeline.step import Check

#: Two values are the same value when they differ by less: one float operation (the unit's factor) lies between them.
SAME_VALUE = 1e-9
#: A publisher's rounding moves a value by less than this share; more is a revision.
REVISED = 0.01
OBSERVATION_KEY = ("city_code", "year", "indicator", "scope")


def headings_are_unambiguous(errors: Sequence[DeliveryError]) -> Check:
    """No printed heading reads as two indicators."""
    failures = pl.DataFrame(
        {"what": [e.what for e in errors], "indicators": [e.found for e in errors]},
        schema={"what": pl.String, "indicators": pl.String},
    )
    return rules.check(rules.HEADING_IS_ONE_INDICATOR, failures, "; ".join(e.what for e in errors))


def required_headings(source: Source, headings: pl.DataFrame, cells: pl.DataFrame) -> Check:
    """Every required indicator stands among the headings; of any source at least one heading is recognised."""
    declared = source.rules.required or tuple(sorted({h.indicator for h in source.headings}))
    found = set(headings["indicator"])
    missing = [name for name in declared if name not in found] if source.rules.required or not found else []
    failures = pl.DataFrame(
        [(name, h.heading, h.title) for name in missing for h in source.headings if h.indicator == name],
        schema={"indicator": pl.String, "heading_looked_for": pl.String, "title_looked_for": pl.String},
        orient="row",
    )
    seen = cells["heading"].drop_nulls().unique(maintain_order=True).head(8).to_list()
    sheets = cells.select("file", "sheet").unique(maintain_order=True).head(5)
    places = (file if sheet is None else f"{file} sheet {sheet}" for file, sheet in sheets.iter_rows())
    message = f"not found: {', '.join(missing)}; headings seen in {', '.join(places)}: {', '.join(seen)}"
    return rules.check(rules.REQUIRED_HEADINGS, failures, message)


def known_units(headings: pl.DataFrame, cells: pl.DataFrame) -> Check:
    """Every recognised heading converts; a failing one is shown with its place and the units that would do."""
    broken = headings.filter(pl.col("factor").is_null()).unique(["title", "heading", "unit"], maintain_order=True)
    accepted = reference.units().group_by("canonical_unit").agg(pl.col("unit").str.join(", ").alias("units_accepted"))
    place = cells.unique(["title", "heading", "unit"], keep="first", maintain_order=True)
    failures = (
        broken.join(place, on=["title", "heading", "unit"], how="left", nulls_equal=True, maintain_order="left")
        .join(accepted, on="canonical_unit", how="left", maintain_order="left")
        .select(
            "file", "sheet", "row", "column", "heading", "unit_text", "indicator", "canonical_unit", "units_accepted"
        )
    )
    message = rules.shown(
        failures,
        lambda row: (
            f"heading {row['heading']} has {'the unit ' + row['unit_text'] if row['unit_text'] else 'no unit'}, "
            f"expected one that converts to {row['canonical_unit']} ({row['units_accepted']})"
        ),
    )
    return rules.check(rules.KNOWN_UNITS, failures, message)


def one_value_per_key(frame: pl.DataFrame, key: Sequence[str], value: str) -> tuple[pl.DataFrame, Check, int]:
    """The frame with one row per key, the check, and how many equal or empty repetitions were dropped.

    Of repetitions that agree the first by place stays, a reported one before an imputed one, a value before an empty
    cell. Repetitions that differ all fail, each with its place, and all stay out of the frame.
    """
    numeric = frame.schema[value].is_numeric()
    values = pl.col(value)
    spread = (
        (values.max() - values.min()) > SAME_VALUE * values.abs().max()
        if numeric
        else values.drop_nulls().n_unique() > 1
    )
    judged = frame.with_columns(differs=spread.over(key).fill_null(False))
    failures = judged.filter(pl.col("differs")).drop("differs").sort(*key, "file", "row", "column")
    agreeing = judged.filter(~pl.col("differs")).drop("differs")
    ordering = [values.is_null(), *([pl.col("imputed")] if "imputed" in frame.columns else [])]
    kept = agreeing.sort(*key, *ordering, "file", "sheet", "row", "column").unique(
        key, keep="first", maintain_order=True
    )
    places = rules.shown(failures, lambda row: f"{row[value]} ({'/'.join(str(row[k]) for k in key)})")
    return kept, rules.check(rules.UNIQUE_KEY, failures, places), agreeing.height - kept.height


def enough_cities(source: Source, observations: pl.DataFrame) -> Check:
    """Cities that an indicator lists in a year, empty cells included, against the source's fullest table.

    A share holds for any number of cities a user has; a table cut short stands out among its neighbours.
    """
    counted = (
        observations.filter(pl.col("scope") != "nation")
        .group_by("indicator", "scope", "year")
        .agg(
            pl.col("city_code").n_unique().alias("cities"),
            pl.col("file", "sheet", "row", "column").sort_by("row").last(),
        )
        .with_columns(fullest=pl.col("cities").max().over("scope"))
        .sort("indicator", "scope", "year")
    )
    share = source.rules.minimum_city_share
    failures = counted.filter(pl.col("cities") < share * pl.col("fullest"))
    places = rules.shown(
        failures,
        lambda row: (
            f"the last of {row['cities']} cities of {row['indicator']} {row['scope']} {row['year']}, "
            f"the fullest table has {row['fullest']}"
        ),
    )
    message = f"{places}; the least share of the fullest table is {share:.0%}"
    return rules.check(rules.CITY_COVERAGE, failures, message)


def few_rejects(source: Source, refused: pl.DataFrame, values: int) -> Check:
    """Refused values over all values, against the source's limit; failing shows the count by rule.

    Parameters
    ----------
    values : values that were kept.
    """
    total = refused.height + values
    share = refused.height / total if total else 0.0
    counts = refused.group_by("rule").len("rejects").sort("rejects", "rule", descending=[True, False])
    failures = counts if share > source.rules.maximum_rejected_share else counts.clear()
    message = (
        f"{refused.height} of {total} values refused ({share:.1%}), the limit is "
        f"{source.rules.maximum_rejected_share:.1%}: {rules.shown(refused, lambda row: row['reason'])}"
    )
    return rules.check(rules.REJECTED_SHARE, failures, message)


def agrees_with_previous(source: Source, observations: pl.DataFrame, previous: pl.DataFrame | None) -> Check:
    """Share of the values in both versions that moved by more than one per cent, against the source's limit."""
    if previous is None:
        return rules.check(rules.REVISION_SHARE, observations.clear())
    before = previous.select(*OBSERVATION_KEY, previous_value="value", previous_file="file")
    shared = observations.join(before, on=OBSERVATION_KEY).filter(
        pl.col("value").is_not_null(), pl.col("previous_value").is_not_null()
    )
    moved = (pl.col("value") - pl.col("previous_value")).abs()
    revised = shared.filter(moved > REVISED * pl.col("previous_value").abs())
    share = revised.height / shared.height if shared.height else 0.0
    failures = revised if share > source.rules.maximum_revision_share else revised.clear()
    message = (
        f"{revised.height} of {shared.height} shared values moved by more than {REVISED:.0%} ({share:.1%}), the limit "
        f"is {source.rules.maximum_revision_share:.1%}: "
        + rules.shown(failures, lambda row: f"{row['value']}, before {row['previous_value']}")
    )
    return rules.check(rules.REVISION_SHARE, failures, message)
