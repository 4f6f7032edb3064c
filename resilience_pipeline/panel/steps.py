"""The panel's tables as steps: treatment, geography, one table per `Variable.table`, value status and sample."""

from collections.abc import Sequence
from functools import partial

import polars as pl

from resilience_pipeline import reference as reference_tables
from resilience_pipeline import table_checks
from resilience_pipeline.econometrics import conley
from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.grid import reference, wide
from resilience_pipeline.grid.wide import KEY, city_years
from resilience_pipeline.indices import registry, values
from resilience_pipeline.indices import winsorise as winsorise_module
from resilience_pipeline.indices.tables import of_composites
from resilience_pipeline.options import Options
from resilience_pipeline.panel import checks as panel_checks
from resilience_pipeline.panel import matching, programmes
from resilience_pipeline.panel import sample as sample_module
from resilience_pipeline.panel import spillovers as spillovers_module
from resilience_pipeline.panel import treatment as treatment_module
from resilience_pipeline.panel import value_status as status_module
from resilience_pipeline.panel import variables as variables_module
from resilience_pipeline.panel.checks import (
    a_column_has_values,
    a_status_for_every_value,
    absence_explained,
    adds_up,
    did_is_treat_times_post,
    reasons_given,
)
from resilience_pipeline.panel.variables import awaiting, evaluate, reads
from resilience_pipeline.step import Check, Inputs, Step, StepResult, TableKey
from resilience_pipeline.study import needs
from resilience_pipeline.study.formula import roots
from resilience_pipeline.study.needs import all_variables, formulas_of, index_option_names, option_names
from resilience_pipeline.study.study import Study, Variable
from resilience_pipeline.study.vocabulary import event_columns
from resilience_pipeline.table_checks import balanced, finite, key_unique

ON_GRID = (("key_unique", True), ("balanced", True))


def steps(study: Study) -> list[Step]:
    """Treatment and what follows from it, geography, the variables' tables, matching if declared, and the accounts."""
    pilots, treatment = _key(study, "pilots"), _key(study, "treatment")
    cities = _grid(study, "cities")
    window = range(study.first_year, study.last_year + 1)
    variables = tuple(variable for variable in all_variables(study) if variable.table != "treatment")
    tables = tuple(dict.fromkeys(variable.table for variable in variables))
    account = study.account or tables
    return [
        Step(
            key=pilots,
            inputs=(study.delivered("pilot_list"),),
            compute=_pilots,
            description="The 55 printed pilot names and how each counts under the options. One row per printed name. "
            "Resolves no spelling; staging does. Section 4.2; the paper's Table 1.",
            code=(treatment_module, panel_checks, table_checks),
            options=treatment_module.OPTIONS,
            checks=(("key_unique", True), ("reasons_given", True)),
        ),
        Step(
            key=treatment,
            inputs=(pilots, cities),
            compute=partial(_treatment, window),
            description="treat, post and did = treat x post. One row per kept city and year; empty where the pilot "
            "list was not delivered. Section 4.2.",
            code=(treatment_module, wide, panel_checks, table_checks),
            options=("start_year",),
            checks=(*ON_GRID, ("did_is_treat_times_post", True)),
        ),
        Step(
            key=_key(study, "event_time"),
            inputs=(treatment,),
            compute=partial(_event_time, window),
            description="A dummy for each calendar year in pilot cities, treat_2012 and so on, for event studies. One "
            "row per kept city and year. Leaves no base year out; the specification does. Section 5.3.",
            code=(treatment_module, table_checks),
            checks=ON_GRID,
        ),
        Step(
            key=_key(study, "spillovers"),
            inputs=(treatment, pilots),
            compute=_spillovers,
            description="Kilometres to the nearest pilot's seat, in the sample or not, and whether a city that is no "
            "pilot lies in a ring around one from the start year on. One row per kept city and year. Measures no flow "
            "of goods.",
            code=(
                spillovers_module,
                treatment_module,
                conley,
                reference_tables.city_coordinates().write_csv(),
                table_checks,
            ),
            options=("spillover_km",),
            checks=ON_GRID,
        ),
        Step(
            key=_key(study, "geography"),
            inputs=(cities,),
            compute=partial(_geography, window),
            description="Name, province and region for effects such as region by year. One row per kept city and "
            "year. Regions are the four of the National Bureau of Statistics; region_factor is region or province, as "
            "the option says. Section 5.4.",
            code=(wide, table_checks),
            options=("region_factor",),
            checks=ON_GRID,
        ),
        *(_variables_step(study, table, tuple(v for v in variables if v.table == table)) for table in tables),
        *programmes.steps(study),
        *matching.steps(study),
        _value_status_step(study, variables),
        Step(
            key=_key(study, "sample"),
            inputs=(cities, *(_key(study, table) for table in account)),
            compute=partial(_sample, window, account),
            description="The account of the sample: for every city-year of the grid, cities that left included, "
            "whether it is complete, and if not, why. One row per city and year. Each specification deletes "
            "on its own columns. Section 4.6.",
            code=(sample_module, wide, panel_checks, table_checks),
            checks=(*ON_GRID, ("adds_up", True)),
        ),
    ]


def _key(study: Study, table: str) -> TableKey:
    return "panel", study.name, table


def _grid(study: Study, table: str) -> TableKey:
    return "grid", study.name, table


def _read_tables(study: Study, variables: Sequence[Variable]) -> tuple[TableKey, ...]:
    """Tables beside the grid that the variables' formulas may read."""
    read = sorted(reads(variables))
    names = {name for variable in variables for formula in formulas_of(variable) for name in roots(formula)}
    if not study.composites and any(map(of_composites, names)):
        raise SpecificationError(
            what=f"study {study.name} has a formula that reads an index, but builds none",
            remedy="set composites = true under [study], or take the index out of the formula",
        )
    return tuple((layer, study.name, table) for layer, table in read)


_EVALUATION = (variables_module, values, winsorise_module, registry, needs, wide, reference, panel_checks, table_checks)


def _variables_step(study: Study, table: str, variables: tuple[Variable, ...]) -> Step:
    window = range(study.first_year, study.last_year + 1)
    return Step(
        key=_key(study, table),
        inputs=(_grid(study, "cells"), _grid(study, "cities"), *_read_tables(study, variables)),
        compute=partial(_variables, variables, window),
        description=f"{table.replace('_', ' ').capitalize()}: {', '.join(v.name for v in variables)}, logs taken and "
        "winsorised as the options say. One row per kept city and year. Deletes no row. Sections 4.3 to 4.6.",
        code=_EVALUATION,
        options=tuple(dict.fromkeys((*option_names(study, (table,)), *winsorise_module.OPTIONS))),
        checks=(*ON_GRID, ("finite", True), ("a_column_has_values", False)),
    )


def _value_status_step(study: Study, variables: tuple[Variable, ...]) -> Step:
    return Step(
        key=_key(study, "value_status"),
        inputs=(_grid(study, "cells"), _grid(study, "cities"), *_read_tables(study, variables)),
        compute=partial(_value_status, variables, range(study.first_year, study.last_year + 1)),
        description="What was done to each value: reported, interpolated, a province's mean, winsorised, missing or "
        "undefined, with the value before and after. One row per variable, city and year. Section 4.6.",
        code=(status_module, *_EVALUATION, *(table.rests_on for table in needs.study_index_tables(study))),
        options=tuple(dict.fromkeys((*option_names(study), *index_option_names(study), *winsorise_module.OPTIONS))),
        checks=(("key_unique", True), ("a_status_for_every_value", True), ("absence_explained", True)),
    )


def _pilots(inputs: Inputs, options: Options) -> StepResult:
    (staged,) = inputs.tables.values()
    county, zone, henan = (str(options[name]) for name in treatment_module.OPTIONS)
    table = treatment_module.pilots(staged, county, zone, henan)
    codes = treatment_module.treated_cities(table)
    notes = {"names": table.height, "names_that_count": int(table["counts"].sum()), "treated_cities": len(codes)}
    return StepResult(table, (key_unique(table, ("number",)), reasons_given(table)), notes=notes)


def _treatment(window: range, inputs: Inputs, options: Options) -> StepResult:
    pilots, grid = inputs.tables.values()
    index = city_years(grid, window)
    table = treatment_module.treatment(pilots, index, int(options["start_year"]))
    here = set(grid.filter("kept")["city_code"])
    outside = [code for code in treatment_module.treated_cities(pilots) if code not in here]
    notes: dict[str, str | int | float | bool] = {"treated_city_years": int(table["did"].sum() or 0)}
    if outside:
        notes["treated_cities_outside_the_sample"] = ", ".join(outside)
    if pilots.is_empty():
        notes["awaiting"] = "treat, did"
    return StepResult(table, (*_on_grid(table, index), did_is_treat_times_post(table)), notes=notes)


def _event_time(window: range, inputs: Inputs, options: Options) -> StepResult:
    (treated,) = inputs.tables.values()
    table = treatment_module.event_time(treated, event_columns(window))
    return StepResult(table, _on_grid(table, treated.select(KEY)))


def _spillovers(inputs: Inputs, options: Options) -> StepResult:
    treated, pilots = inputs.tables.values()
    places, kilometres = reference_tables.city_coordinates(), float(options["spillover_km"])
    table = spillovers_module.spillovers(treated, places, kilometres, treatment_module.treated_cities(pilots))
    cities = table.filter(pl.col("year") == pl.col("year").max())
    notes = {f"cities_{ring}": int(cities[ring].sum() or 0) for ring in ("near_pilot", "further_from_pilot")}
    return StepResult(table, _on_grid(table, treated.select(KEY)), notes=notes)


def _geography(window: range, inputs: Inputs, options: Options) -> StepResult:
    (grid,) = inputs.tables.values()
    index = city_years(grid, window)
    facts = grid.select("city_code", "name", "province", "region")
    table = index.join(facts, on="city_code", how="left", maintain_order="left")
    table = table.with_columns(pl.col(str(options["region_factor"])).alias("region_factor"))
    return StepResult(table, _on_grid(table, index))


def _variables(variables: tuple[Variable, ...], window: range, inputs: Inputs, options: Options) -> StepResult:
    cells, grid, *_ = inputs.tables.values()
    index = city_years(grid, window)
    both = evaluate(variables, cells, index, _others(inputs), options)
    table = both.after
    notes: dict[str, str | int | float | bool] = {
        f"{v.name}_winsorised": int((both.before[v.name] != table[v.name]).sum()) for v in variables
    }
    if empty := awaiting(table):
        notes["awaiting"] = ", ".join(empty)
    return StepResult(table, (*_on_grid(table, index), finite(table), a_column_has_values(table)), notes=notes)


def _value_status(variables: tuple[Variable, ...], window: range, inputs: Inputs, options: Options) -> StepResult:
    cells, grid, *_ = inputs.tables.values()
    index = city_years(grid, window)
    both = evaluate(variables, cells, index, _others(inputs), options)
    table = status_module.value_status(variables, both, cells, index, options)
    names = tuple(variable.name for variable in variables)
    checks = (
        key_unique(table, ("variable", *KEY)),
        a_status_for_every_value(table, names, index.height),
        absence_explained(table),
    )
    counts = table["status"].value_counts().sort("status")
    return StepResult(table, checks, notes={f"{status}_values": count for status, count in counts.rows()})


def _sample(window: range, tables: tuple[str, ...], inputs: Inputs, options: Options) -> StepResult:
    grid, *frames = inputs.tables.values()
    table = sample_module.sample(grid, window, dict(zip(tables, frames, strict=True)))
    complete = int(table["complete"].sum())
    notes = {
        "city_years_of_the_grid": table.height,
        "of_cities_that_left": int((~table["city_kept"]).sum()),
        "incomplete": int(table["city_kept"].sum()) - complete,
        "complete": complete,
    }
    grid_rows = balanced(table, KEY, grid.height * len(window))
    return StepResult(table, (key_unique(table, KEY), grid_rows, adds_up(table)), notes=notes)


def _others(inputs: Inputs) -> dict[tuple[str, str], pl.DataFrame]:
    """Tables other than the grid's, by layer and table."""
    return {(key[0], key[-1]): frame for key, frame in inputs.tables.items() if key[0] != "grid"}


def _on_grid(table: pl.DataFrame, index: pl.DataFrame) -> tuple[Check, Check]:
    return key_unique(table, KEY), balanced(table, KEY, index.height)
