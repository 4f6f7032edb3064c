"""The staging steps: one for each source, all alike. What differs stands in the source's record and its select."""

from functools import partial

from resilience_pipeline import reference
from resilience_pipeline.options import Options
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.sources.source import Source
from resilience_pipeline.sql_files import sql_text
from resilience_pipeline.staging import contracts, headings, lists, observations, places, rules, table_rules
from resilience_pipeline.staging.stage import stage
from resilience_pipeline.step import Inputs, Step, StepResult

#: Reference tables by which staging reads; they count in its code version.
_REFERENCE = (
    "indicators",
    "cities",
    "city_aliases",
    "former_codes",
    "provinces",
    "other_rows",
    "pilot_names",
    "units",
    "missing_marks",
)

_GRAIN = {
    "observations": "one row per city (or nation), year, indicator and scope",
    "pilots": "one row per printed name of the list",
    "city_classes": "one row per listed city",
    "documents": "one row per city and year",
}


def steps() -> list[Step]:
    """One step a source, in the order of precedence of the registry."""
    return [staging_step(source) for source in SOURCES]


def staging_step(source: Source) -> Step:
    """The step that stages one source; it also gets its own last good table, to compare revisions with."""
    shared = ("shared/places", "shared/observations") if source.shape == "observations" else ("shared/places",)
    texts = tuple(sql_text("staging", name) for name in (source.name, *shared))
    tables = tuple(reference.load(name).write_csv() for name in _REFERENCE)
    modules = (contracts, headings, lists, observations, places, rules, table_rules)
    return Step(
        key=("staging", source.name),
        inputs=(("sources", source.name),),
        compute=partial(_compute, source),
        description=describe(source),
        code=(*texts, *tables, *modules),
        kinds=frozenset({"sql", "duckdb", "polars"}),
        checks=tuple((rule.name, rule.blocking) for rule in rules.RULES_OF[source.shape]),
        reads_previous=True,
    )


def _compute(source: Source, inputs: Inputs, options: Options) -> StepResult:
    return stage(source, inputs["sources", source.name], inputs.tables.get(("staging", source.name)))


def describe(source: Source) -> str:
    """Markdown: what the table is, its grain, what it does not do, whose data it is."""
    return (
        f"{source.title}, with canonical names, units and city codes; {_GRAIN[source.shape]}.\n\n"
        f"Publisher: {source.publisher}. Units are converted once, missing marks become null and are counted, refused "
        "rows stand in the rejects with their reason. It fills no gap, corrects no value and drops no city: a key that "
        "repeats with one value is kept once, with two values fails the table. Sections 4.2 to 4.6 of the paper name "
        "the data."
    )
