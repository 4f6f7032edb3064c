"""What was done to each value of the panel: reported, interpolated, a province's mean, winsorised, missing, undefined.

One row per variable, city and year; where raw indicators are winsorised before the index, those cells too.
"""

from collections.abc import Sequence

import polars as pl

from resilience_pipeline.grid.reference import national_indicators
from resilience_pipeline.grid.wide import KEY, spread
from resilience_pipeline.indices.tables import BY_COLUMN
from resilience_pipeline.indices.values import indicator_values
from resilience_pipeline.indices.winsorise import Winsorising
from resilience_pipeline.options import Options
from resilience_pipeline.panel.variables import Values
from resilience_pipeline.study.formula import roots
from resilience_pipeline.study.needs import canonical, formula_of
from resilience_pipeline.study.study import Variable

#: What an input can be other than reported, the gravest first; a variable takes the gravest of its inputs.
GRAVITY = ("winsorised", "province_mean", "interpolated", "imputed")

#: What can become of a value, the ones that are there first.
STATUSES = ("reported", "imputed", "interpolated", "province_mean", "winsorised", "undefined", "missing")

VALUE_STATUS = pl.Schema(
    {
        "city_code": pl.String,
        "year": pl.Int32,
        "variable": pl.String,
        "status": pl.String,  # missing | undefined | winsorised | province_mean | interpolated | imputed | reported
        "value_before": pl.Float64,  # before winsorising
        "value_after": pl.Float64,  # as the panel holds it
        "inputs_interpolated": pl.Int32,  # how many of the indicators behind it
        "inputs": pl.String,  # those that are not as reported, each with what it is; empty where all are
        "reason": pl.String,  # why there is no value; null where there is one
    }
)


def value_status(
    variables: Sequence[Variable], values: Values, cells: pl.DataFrame, index: pl.DataFrame, options: Options
) -> pl.DataFrame:
    """Status of every value of the variables, columns of `VALUE_STATUS`, sorted by variable, city and year.

    Parameters
    ----------
    variables : those of `values`.
    values : from `variables.evaluate`.
    cells, index : of the grid.
    """
    behind = {v.name: canonical(roots(formula_of(v, options)), options) for v in variables}
    names = sorted({name for inputs in behind.values() for name in inputs})
    raw = _raw_changes(cells, index, names, options)
    statuses = _input_statuses(cells, index, names, raw)
    both = pl.concat(
        [
            statuses,
            values.before.select(pl.exclude(KEY).name.suffix("/before")),
            values.after.select(pl.exclude(KEY).name.suffix("/after")),
        ],
        how="horizontal",
    )
    rows = [
        both.select(*KEY, *_of_variable(v.name, behind[v.name], _why_undefined(formula_of(v, options))))
        for v in variables
    ]
    return pl.concat([pl.DataFrame(schema=VALUE_STATUS), raw, *(r.cast(VALUE_STATUS) for r in rows)]).sort(
        "variable", *KEY
    )


def _why_undefined(formula: str) -> str:
    """Why a formula can have no value where all of its inputs have one."""
    tables = dict.fromkeys(BY_COLUMN[name].name for name in roots(formula) if name in BY_COLUMN)
    if tables:
        return f"no value in the indices' table {', '.join(tables)}, whose description says when"
    return "the formula has no finite value here: the log of a non-positive number, or a division by zero"


def _of_variable(name: str, inputs: Sequence[str], undefined: str) -> list[pl.Expr]:
    before, after = pl.col(f"{name}/before"), pl.col(f"{name}/after")
    missing = _listed([pl.when(pl.col(i) == "missing").then(pl.lit(i)) for i in inputs])
    ranked = [
        (before.is_null() & (missing != ""), "missing"),
        (before.is_null(), "undefined"),
        (before != after, "winsorised"),
        *((pl.any_horizontal(pl.lit(False), *(pl.col(i) == grave for i in inputs)), grave) for grave in GRAVITY),
    ]
    status = pl.coalesce(*(pl.when(holds).then(pl.lit(name)) for holds, name in ranked), pl.lit("reported"))
    odd = [pl.when(pl.col(i) != "reported").then(pl.format("{}: {}", pl.lit(i), pl.col(i))) for i in inputs]
    interpolated = [(pl.col(i) == "interpolated").cast(pl.Int32) for i in inputs]
    reason = (
        pl.when(before.is_null() & (missing != ""))
        .then(pl.format("no value of {}", missing))
        .when(before.is_null())
        .then(pl.lit(undefined))
    )
    return [
        pl.lit(name).alias("variable"),
        status.alias("status"),
        before.alias("value_before"),
        after.alias("value_after"),
        pl.sum_horizontal(pl.lit(0, dtype=pl.Int32), *interpolated).alias("inputs_interpolated"),
        _listed(odd).alias("inputs"),
        reason.alias("reason"),
    ]


def _listed(parts: Sequence[pl.Expr]) -> pl.Expr:
    return pl.concat_str([*parts], separator="; ", ignore_nulls=True) if parts else pl.lit("")


def _input_statuses(cells: pl.DataFrame, index: pl.DataFrame, names: Sequence[str], raw: pl.DataFrame) -> pl.DataFrame:
    """Status of each indicator by city and year; "missing" where nobody delivered it, "winsorised" where changed."""
    wide = spread(cells, index, names, "status").with_columns(pl.col(list(names)).fill_null("missing"))
    if raw.is_empty():
        return wide
    changed = spread(raw.rename({"variable": "indicator"}), index, names, "status")
    return wide.select(*KEY, *(pl.coalesce(changed[name], wide[name]).alias(name) for name in names))


def _raw_changes(cells: pl.DataFrame, index: pl.DataFrame, names: Sequence[str], options: Options) -> pl.DataFrame:
    """City indicators that winsorising before the index changed, as rows of `VALUE_STATUS`."""
    how = Winsorising.at("before_index", options)
    of_cities = [name for name in names if name not in national_indicators()]
    if how.rule == "none" or not of_cities:
        return pl.DataFrame(schema=VALUE_STATUS)
    long = [
        indicator_values(cells, index, of_cities, rule).unpivot(
            of_cities, index=list(KEY), variable_name="variable", value_name=name
        )
        for rule, name in ((Winsorising("none"), "value_before"), (how, "value_after"))
    ]
    both = pl.concat([long[0], long[1].select("value_after")], how="horizontal")
    return (
        both.filter(pl.col("value_before") != pl.col("value_after"))
        .with_columns(
            status=pl.lit("winsorised"), inputs_interpolated=0, inputs=pl.lit(""), reason=pl.lit(None, dtype=pl.String)
        )
        .select(VALUE_STATUS.names())
        .cast(VALUE_STATUS)
    )
