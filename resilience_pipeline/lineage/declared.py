"""What the plan declares of each table, as plain data for the index: specifications, formulas, publishers, SQL."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.indices.tables import SYSTEMS
from resilience_pipeline.lineage.choices import choices_of
from resilience_pipeline.lineage.counted import matched_rows, rows_counted, time_absorbed
from resilience_pipeline.options import Options
from resilience_pipeline.plan import Plan
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.sql_files import sql_text
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.columns import specification_under
from resilience_pipeline.study.kind import estimate_key
from resilience_pipeline.study.needs import all_variables, formula_of
from resilience_pipeline.study.study import ResultTable, Study


def declared_of(plan: Plan, studies: Sequence[Study], options: Options) -> dict[TableKey, dict[str, Any]]:
    """Table -> what was declared of it, with formulas as the options choose them.

    A source: publisher, title. A staged table: sql. A panel table: variables, name -> formula in force, symbol,
    description, the option that chose the formula, and a winsorising rule of its own. An index table: indicators,
    name -> formula. A result: title, kind, study, the specifications that it rests on, which rows of the panel count
    (`counted.py`), and whether effects of time take up what all cities have in common.
    """
    found: dict[TableKey, dict[str, Any]] = {}
    for source in SOURCES:
        found["sources", source.name] = {"publisher": source.publisher, "title": source.title}
        found["staging", source.name] = {
            "sql": f"sql/staging/{source.name}.sql",
            "text": sql_text("staging", source.name),
        }
    for study in studies:
        for key, record in _of_study(study, options).items():
            found.setdefault(key, {}).update(record)
    for step in plan.steps:  # a part of a result that has no column of its own is about what the result is about
        if step.key[0] == "estimates":
            found.setdefault(step.key, found.get(("report", step.key[1]), {}))
    return {step.key: found.get(step.key, {}) for step in plan.steps} | {
        key: record for key, record in found.items() if key[0] == "sources"
    }


def _of_study(study: Study, options: Options) -> dict[TableKey, dict[str, Any]]:
    found: dict[TableKey, dict[str, Any]] = {}
    for variable in all_variables(study):
        table = found.setdefault(("panel", study.name, variable.table), {"variables": {}})
        table["variables"][variable.name] = {
            "formula": formula_of(variable, options),
            "symbol": variable.symbol,
            "description": variable.description,
            "option": variable.option,
            "reading": None if variable.option is None else options[variable.option],
            "winsorise": variable.winsorise,
        }
    if study.matching is not None:
        found["panel", study.name, "matching"] = {"rows": matched_rows(options)}
    found["grid", study.name, "missing_runs"] = {"province_mean": study.province_mean_indicators}
    for tables in SYSTEMS.values():
        formulas = {entry.name: entry.formula(options) for entry in tables.system.indicators}
        found["indices", study.name, tables.indicators.name] = {"indicators": formulas}
    for result in study.tables:
        about = {"title": result.title, "kind": result.kind, "study": study.name}
        named = _specifications(study, result)
        for specification in result.columns:
            own = specification_under(study, specification, options)
            found[estimate_key(specification)] = {
                **about,
                "specifications": [asdict(own)],
                "rows": rows_counted(study, result, [own], options),
                "time_absorbed": time_absorbed(result, [own]),
            }
        under = [specification_under(study, spec, options) for spec in named]
        found["report", result.name] = {
            **about,
            "specifications": [asdict(spec) for spec in under],
            "rows": rows_counted(study, result, under, options),
            "choices": choices_of(result),
            "time_absorbed": time_absorbed(result, under),
        }
    return found


def _specifications(study: Study, result: ResultTable) -> tuple[Specification, ...]:
    """The specifications that a result is about: its own columns, or those that its settings name."""
    if result.columns:
        return result.columns
    settings = result.settings
    own = getattr(settings, "specification", None)
    if isinstance(own, Specification):
        return (own,)
    known = {spec.name: spec for table in study.tables for spec in table.columns}
    named = [getattr(settings, name, None) for name in ("of", "first", "second")]
    if isinstance(named[0], str) and named[0] not in known:  # another result, as of bounds on an event study
        return next((table.columns for table in study.tables if table.name == named[0]), ())
    return tuple(known[name] for name in (*named, result.sample) if isinstance(name, str) and name in known)
