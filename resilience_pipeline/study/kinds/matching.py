"""Kind "matching": how well the study's match made pilots and other cities alike, and who is in it (Table 5)."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from resilience_pipeline.econometrics import balance as balance_module
from resilience_pipeline.econometrics import matched_panel, propensity
from resilience_pipeline.econometrics import matching as kernel_matching
from resilience_pipeline.econometrics.balance import balance, quantiles
from resilience_pipeline.econometrics.matched_panel import Rules, account, refusal_of, scored_units
from resilience_pipeline.econometrics.matching import FATES, MATCHED, OFF_SUPPORT
from resilience_pipeline.econometrics.propensity import linear_index
from resilience_pipeline.econometrics.sample import NotEstimableError
from resilience_pipeline.options import Options
from resilience_pipeline.panel import analysis
from resilience_pipeline.panel.analysis import analysis_frame, columns_read, table_of
from resilience_pipeline.step import Check, Inputs, Step, StepResult, TableKey
from resilience_pipeline.study import matching as study_matching
from resilience_pipeline.study.kind import Declared, Kind, Parts, part_key
from resilience_pipeline.study.matching import OPTIONS, city_names, off_support_in_words, rules_under
from resilience_pipeline.study.study import Matching, ResultTable, Study
from resilience_pipeline.study.vocabulary import MATCHING_COLUMNS, MATCHING_WEIGHT
from resilience_pipeline.toml_file import Section

LEVELS = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
SCORE, INDEX = "propensity_score", "linear_index"  # rows of the balance beside the covariates
UNSCORED, EFFECTIVE, IN_SAMPLE = "not scored", "effective number", "in the weighted sample"
LEFT = "off support"  # with the three above, counts beside FATES

#: One row per figure. What could not be matched has one row with the reason.
RECORD = pl.Schema(
    {
        "name": pl.String,  # of the result
        "status": pl.String,  # estimated | awaiting | failed
        "reason": pl.String,
        "part": pl.String,  # balance | count | quantile | unit
        "item": pl.String,  # covariate; what is counted; level; city, with its year where city-years are matched
        "group": pl.String,  # treated | controls; null where both make the figure
        "sample": pl.String,  # before | after; null where it is neither
        "statistic": pl.String,
        "value": pl.Float64,
        "text": pl.String,  # of a unit: what became of it; of the count off support: their names
    }
)


def read(section: Section, declared: Declared) -> Parts:
    """Nothing of its own; the study must have a [matching] section."""
    if declared.matching is None:
        section.fail("kind", "needs a match", "a section [matching]", "none", "declare it, or take the table out")
    return Parts()


def key(table: ResultTable) -> TableKey:
    """("estimates", "table_5_balance", "matching")."""
    return part_key(table, "matching")


def steps(study: Study, table: ResultTable) -> list[Step]:
    """One step."""
    matching = study.matching
    assert matching is not None  # `read` saw to it
    columns = (matching.treatment, *matching.covariates, MATCHING_WEIGHT)
    return [
        Step(
            key=key(table),
            inputs=tuple(dict.fromkeys(table_of(study, name) for name in columns)),
            reads=columns_read(study, columns),
            row_reads=partial(_row_reads, matching),
            compute=partial(_matching, table.name, matching),
            description=f"{table.title}: balance of {', '.join(matching.covariates)} before and after matching, "
            "support, effective number of controls, quantiles of the score, every unit's score and weight. One row per "
            "figure. Tests no difference: a test grows with the sample, a standardised difference does not. "
            + " ".join(table.notes),
            code=(balance_module, matched_panel, kernel_matching, propensity, study_matching, analysis),
            options=OPTIONS,
            checks=(("matched", False),),
        )
    ]


def _row_reads(matching: Matching, row: Mapping[str, Any]) -> tuple[str, ...]:
    """A covariate's balance is its own but for the controls' weights; others decide which pilots are matched."""
    own = row["sample"] == "before" or row["group"] == "treated"
    if row["part"] == "balance" and own and row["item"] in matching.covariates:
        return matching.treatment, str(row["item"])
    return ()


def _matching(name: str, matching: Matching, inputs: Inputs, options: Options) -> StepResult:
    rules = rules_under(matching, options)
    frame = analysis_frame(inputs.tables, (matching.treatment, *matching.covariates))
    table = next(table for table in inputs.tables.values() if MATCHING_WEIGHT in table.columns)
    try:
        if refusal := refusal_of(table):
            raise refusal
        rows = record(scored_units(frame, rules), table, rules)
    except NotEstimableError as refused:
        alone = pl.DataFrame({"name": name, "status": refused.status, "reason": refused.reason})
        empty = pl.concat([pl.DataFrame(schema=RECORD), alone], how="diagonal")
        return StepResult(empty, (Check("matched", False, f"{refused.status}: {refused.reason}", blocking=False),))
    found = account(table, rules.design)
    message = f"{found.on_support} of {found.treated} treated {found.unit} on support"
    complete = rows.with_columns(name=pl.lit(name), status=pl.lit("estimated"), reason=pl.lit(None, pl.String))
    return StepResult(complete.select(RECORD.names()).cast(RECORD), (Check("matched", True, message, blocking=False),))


def record(units: pl.DataFrame, table: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """The columns of `RECORD` from `part` on.

    Parameters
    ----------
    units : `scored_units`. table : `MATCHED_PANEL`, matched under the same rules.
    """
    on = ["city_code"] if rules.design == "baseline" else ["city_code", "year"]
    weights = table.unique(on, keep="first", maintain_order=True).select(*on, *MATCHING_COLUMNS, "matching_fate")
    units = units.join(weights, on=on, how="left", maintain_order="left")
    rows = [*_balance(units, rules), *_counts(table, rules), *_quantiles(units, rules), *_units(units, rules)]
    return pl.DataFrame(rows, schema=dict(list(RECORD.items())[3:]), orient="row")


Row = tuple[str, str, str | None, str | None, str, float | None, str | None]


def _balance(units: pl.DataFrame, rules: Rules) -> list[Row]:
    names = (*rules.covariates, SCORE, INDEX)
    index = linear_index(units[SCORE].to_numpy(), rules.model)
    index = np.where(
        np.isfinite(index), index, np.nan
    )  # a score of 0 or 1 to the last digit: no mean, not an infinite one
    X = np.column_stack([units.select(*rules.covariates, SCORE).to_numpy(), index])
    compared = balance(X, names, units[rules.treatment].to_numpy(), units[MATCHING_WEIGHT].to_numpy())
    rows: list[Row] = []
    for row in compared.to_dicts():
        at = (row["covariate"], row["sample"])
        rows.append(("balance", at[0], "treated", at[1], "mean", row["mean_treated"], None))
        rows.append(("balance", at[0], "controls", at[1], "mean", row["mean_controls"], None))
        for statistic in ("standardised_difference", "variance_ratio"):
            rows.append(("balance", at[0], None, at[1], statistic, row[statistic], None))
    return rows


def _counts(table: pl.DataFrame, rules: Rules) -> list[Row]:
    found = account(table, rules.design)
    units = table.unique("city_code", keep="first") if rules.design == "baseline" else table
    counted = dict(units["matching_fate"].value_counts().iter_rows())
    rows: list[Row] = [
        (
            "count",
            fate,
            "treated" if fate in (MATCHED, *OFF_SUPPORT) else "controls",
            None,
            found.unit,
            counted.get(fate, 0),
            None,
        )
        for fate in FATES
    ]
    rows.append(("count", UNSCORED, None, None, found.unit, found.unscored, None))
    rows.append(("count", EFFECTIVE, "controls", "after", found.unit, found.effective_controls, None))
    in_sample = table.filter(pl.col(MATCHING_WEIGHT) > 0).height
    rows.append(("count", IN_SAMPLE, None, "after", "city-years", in_sample, None))
    return [
        *rows,
        (
            "count",
            LEFT,
            "treated",
            "after",
            found.unit,
            sum(years for _, years in found.off_support),
            off_support_in_words(found),
        ),
    ]


def _quantiles(units: pl.DataFrame, rules: Rules) -> list[Row]:
    rows: list[Row] = []
    for group, treated in (("treated", True), ("controls", False)):
        part = units.filter(pl.col(rules.treatment) == treated)
        score, weights = part[SCORE].to_numpy(), part[MATCHING_WEIGHT].to_numpy()
        for sample, w in (("before", np.ones(len(score))), ("after", weights)):
            values = quantiles(score, w, LEVELS)
            rows += [("quantile", f"{q:g}", group, sample, SCORE, v, None) for q, v in zip(LEVELS, values, strict=True)]
    return rows


def _units(units: pl.DataFrame, rules: Rules) -> list[Row]:
    names = city_names()
    rows: list[Row] = []
    for row in units.to_dicts():
        year = "" if row["year"] is None else f" {row['year']}"
        item = f"{row['city_code']} {names.get(row['city_code'], '')}".rstrip() + year
        group = "treated" if row[rules.treatment] else "controls"
        rows.append(("unit", item, group, None, SCORE, row[SCORE], row["matching_fate"]))
        rows.append(("unit", item, group, None, "weight", row[MATCHING_WEIGHT], row["matching_fate"]))
    return rows


KIND = Kind("matching", (), read, steps)
