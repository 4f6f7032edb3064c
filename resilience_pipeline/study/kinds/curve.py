"""Kind "curve": a column of a regression under every combination of the choices that were open.

The section and the steps; what the steps compute stands in `curve_rows` and `curve_deals`, on a plan of `curve_plan`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial

from resilience_pipeline import table_checks
from resilience_pipeline.econometrics import (
    baseline,
    inference,
    pairs,
    product,
    product_jobs,
    randomisation,
    shared_columns,
)
from resilience_pipeline.econometrics import curve as curve_module
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.options import Options
from resilience_pipeline.panel import alternatives, analysis, variants
from resilience_pipeline.step import Step, TableKey
from resilience_pipeline.study import columns
from resilience_pipeline.study import curve as study_curve
from resilience_pipeline.study.curve import Dimension, read_dimensions, size, with_options_settled
from resilience_pipeline.study.kind import Declared, Kind, Parts, demand_column, estimate_key, part_key
from resilience_pipeline.study.kinds.curve_deals import dealt, tested
from resilience_pipeline.study.kinds.curve_plan import indicators_behind, plan_of
from resilience_pipeline.study.kinds.curve_rows import rows, summed_up
from resilience_pipeline.study.kinds.regression import ESTIMATION_CODE
from resilience_pipeline.study.study import ResultTable, Study
from resilience_pipeline.toml_file import Section, near

CODE = (
    *ESTIMATION_CODE,
    *(baseline, curve_module, pairs, product, product_jobs, shared_columns, study_curve, columns, table_checks),
    *(alternatives, analysis, variants),
)


@dataclass(frozen=True)
class Curve:
    """The column that it starts from, what varies, and what of that varies in the joint test."""

    of: str
    dimensions: tuple[Dimension, ...]
    permute: tuple[str, ...]


def read(section: Section, declared: Declared) -> Parts:
    """`of`, the column; `dimensions`, what varies; `permute`, the dimensions that vary in the joint test, or none."""
    of = demand_column(section, "of", section.get("of", str), declared.columns)
    dimensions = read_dimensions(section, declared)
    names = {dimension.name for dimension in dimensions}
    permute = section.texts("permute")
    for name in permute:
        if name not in names:
            section.fail("permute", "names no dimension", ", ".join(names), near(name, names), "mend the name")
    return Parts(settings=Curve(of, dimensions, permute))


def check(section: Section, table: ResultTable, known: Mapping[str, Specification]) -> None:
    """The column is a regression with a treatment and one kind of cluster."""
    settings = settings_of(table)
    column = known[demand_column(section, "of", settings.of, known)]
    if column.treatment is None or len(column.cluster) != 1:
        section.fail("of", "cannot be varied", "a column with a treatment, one kind of cluster", settings.of, "mend it")


def settings_of(table: ResultTable) -> Curve:
    """The settings of a result of this kind."""
    assert isinstance(table.settings, Curve)
    return table.settings


def rows_key(table: ResultTable) -> TableKey:
    """("estimates", "figure_4", "specifications")."""
    return part_key(table, "specifications")


def summary_key(table: ResultTable) -> TableKey:
    """("estimates", "figure_4", "summary")."""
    return part_key(table, "summary")


def permuted_key(table: ResultTable) -> TableKey:
    """("estimates", "figure_4", "permuted")."""
    return part_key(table, "permuted")


def joint_key(table: ResultTable) -> TableKey:
    """("estimates", "figure_4", "joint_test")."""
    return part_key(table, "joint_test")


def with_weights_settled(table: ResultTable, weighing: Collection[str], options: Options) -> ResultTable:
    """The curve where nothing can be weighed anew: without the choices that would be, and a note that names them.

    Parameters
    ----------
    weighing : options that choose weights. options : those under which the weights that hold were learnt.
    """
    settings = settings_of(table)
    dimensions, gone = with_options_settled(settings.dimensions, weighing, options)
    settled = replace(table, settings=replace(settings, dimensions=dimensions))
    if not gone:
        return settled
    named = "; ".join(f"{name.replace('_', ' ')}: {', '.join(choices)}" for name, choices in gone.items())
    note = f"The weights are the frozen window's in all of them, so choices that weigh anew are left out ({named})."
    return replace(settled, notes=(*table.notes, note))


def steps(study: Study, table: ResultTable) -> list[Step]:
    """The rows and their summary; where `permute` names dimensions, the random deals and the joint test, too."""
    settings = settings_of(table)
    column = study.specification(settings.of)
    plan = plan_of(study, column, settings.dimensions)
    moved = tuple(part for step in plan.variants.steps for part in (step.compute, *step.code))
    reads: dict[TableKey, tuple[str, ...]] = {("grid", study.name, "cells"): indicators_behind(study, plan)}
    rules = tuple(name for name in ("ssc", "singletons") if name not in plan.stated)
    options = tuple(dict.fromkeys((*plan.variants.options, *rules, *(("start_year",) if plan.baseline else ()))))
    code = (*CODE, *moved)
    notes = " ".join(table.notes)
    found = [
        Step(
            key=rows_key(table),
            inputs=(*plan.variants.given, estimate_key(column)),
            reads=reads,
            compute=partial(rows, plan),
            description=f"{table.title}: {column.name} under {size(settings.dimensions):,} combinations of "
            f"{', '.join(dimension.name for dimension in settings.dimensions)}. One row per specification. Chooses "
            f"none of them and tests nothing. {notes}",
            code=code,
            options=options,
            checks=(("as_printed", True), ("the_whole_product", True), ("estimated", False)),
        ),
        Step(
            key=summary_key(table),
            inputs=(rows_key(table),),
            compute=partial(summed_up, rows_key(table), settings.dimensions),
            description=f"{table.title}: shares and quantiles over all specifications, and over those of each choice. "
            f"One row for all, then one per choice. Estimates nothing anew. {notes}",
            code=(curve_module,),
            checks=(("estimated", False),),
        ),
    ]
    if settings.permute:
        found += [
            Step(
                key=permuted_key(table),
                inputs=plan.variants.given,
                reads=reads,
                compute=partial(dealt, plan, settings.permute),
                description=f"{table.title}: the curve over {', '.join(settings.permute)} with the pilots dealt out to "
                f"cities at random. One row per deal, 0 the true one. Makes no p value: the joint test does. {notes}",
                code=code,
                options=tuple(dict.fromkeys((*options, "curve_draws", "seed"))),
                checks=(("estimated", False),),
            ),
            Step(
                key=joint_key(table),
                inputs=(permuted_key(table),),
                compute=partial(tested, permuted_key(table)),
                description=f"{table.title}: how often the curve of random pilots is like the true one. One row per "
                f"statistic. Estimates nothing anew. {notes}",
                code=(curve_module, inference, randomisation),
                checks=(("estimated", False),),
            ),
        ]
    return found


KIND = Kind("curve", ("of", "dimensions", "permute"), read, steps, check)
