"""A panel matched on the propensity score: which rows are scored together, and the weight that each row gets.

Three designs, because papers that write "matched by kernel, then estimated by two-way effects" do not say which:

baseline : one cross-section, per city the mean of its covariates over the years before the policy; the weight holds
    in every year. A city is in the sample or not, and no covariate can have been moved by the policy.
by_year : a score and a match for each year.
pooled : one score over all city-years; a city-year may be matched to another year's.

The last two let a city enter and leave the sample, and match on covariates that the policy may have moved.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from resilience_pipeline.econometrics.matching import MATCHED, UNUSED, USED, Support, effective_number, kernel_match
from resilience_pipeline.econometrics.propensity import Model, fit_propensity
from resilience_pipeline.econometrics.sample import NotEstimableError

Design = Literal["baseline", "by_year", "pooled"]

KEY = ("city_code", "year")

#: Columns of a matched panel.
MATCHED_PANEL = pl.Schema(
    {
        "city_code": pl.String,
        "year": pl.Int32,
        "propensity_score": pl.Float64,  # null where a covariate is missing
        "on_support": pl.Boolean,  # False for treated units off support only; null where there is no score
        "matching_weight": pl.Float64,  # 1 or a kernel weight; 0 = scored, not matched; null = not scored
        "matching_fate": pl.String,  # matching.FATES, or why there is no score
    }
)


@dataclass(frozen=True)
class Rules:
    """How a panel is matched.

    covariates : columns of the propensity score. treatment : column, 0 or 1, the same in every year of a city.
    start_year : first year of the policy; `baseline` uses the years before it.
    """

    covariates: tuple[str, ...]
    treatment: str
    start_year: int
    design: Design = "baseline"
    model: Model = "probit"
    bandwidth: float = 0.06
    support: Support = "common"


def scored_units(frame: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """The units that are scored: city_code, year (null under `baseline`), treatment (Boolean) and the covariates.

    Parameters
    ----------
    frame : city_code, year, the treatment and the covariates, one row per city and year.

    Raises
    ------
    NotEstimableError : a column is empty ("awaiting"); the treatment changes within a city; there is no year before
        the policy, or no row has all covariates.
    """
    _demand_values(frame, (rules.treatment, *rules.covariates))
    changing = frame.group_by("city_code").agg(pl.col(rules.treatment).n_unique().alias("n")).filter(pl.col("n") > 1)
    if changing.height:
        raise NotEstimableError(
            f"{rules.treatment!r} changes within {changing.height} cities; matching compares cities that are ever "
            "treated with those that never are"
        )
    covariates = [pl.col(name).cast(pl.Float64) for name in rules.covariates]
    rows = (
        frame.select(*KEY, pl.col(rules.treatment).cast(pl.Boolean), *covariates)
        .filter(pl.col(rules.treatment).is_not_null(), *(pl.col(name).is_finite() for name in rules.covariates))
        .sort(KEY)  # sums run in one order, whatever the order of the rows
    )
    if rules.design == "baseline":
        rows = rows.filter(pl.col("year") < rules.start_year)
        if rows.is_empty():
            raise NotEstimableError(
                f"no city has all covariates in a year before {rules.start_year}: there is no baseline"
            )
        means = rows.group_by("city_code", maintain_order=True).agg(
            pl.col(rules.treatment).first(), pl.col(rules.covariates).mean()
        )
        return means.select("city_code", pl.lit(None, pl.Int32).alias("year"), rules.treatment, *rules.covariates)
    if rows.is_empty():
        raise NotEstimableError(f"no row has a value in every one of {', '.join(rules.covariates)}")
    return rows


def match_units(units: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """`scored_units` with propensity_score, on_support, matching_weight and matching_fate.

    Raises
    ------
    NotEstimableError : of `fit_propensity` and `kernel_match`; under `by_year` with the year, and for all years then,
        since a sample without a year would be another design.
    """
    if rules.design != "by_year":
        return _match_together(units, rules)
    parts = []
    for (year,), rows in units.group_by("year", maintain_order=True):
        try:
            parts.append(_match_together(rows, rules))
        except NotEstimableError as refusal:
            raise NotEstimableError(f"in {year}: {refusal.reason}") from None
    return pl.concat(parts).sort(KEY)


def match_panel(frame: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Schema `MATCHED_PANEL` on the rows of `frame`, sorted by city and year.

    Raises
    ------
    NotEstimableError : of `scored_units` and `match_units`.
    """
    units = match_units(scored_units(frame, rules), rules)
    on = ["city_code"] if rules.design == "baseline" else list(KEY)
    added = units.select(*on, *MATCHED_PANEL.names()[2:])
    table = frame.select(KEY).sort(KEY).join(added, on=on, how="left", maintain_order="left")
    unscored = "not scored: a covariate is missing"
    if rules.design == "baseline":
        unscored = f"not scored: no year before {rules.start_year} with all covariates"
    return table.with_columns(pl.col("matching_fate").fill_null(unscored)).cast(MATCHED_PANEL)


def unmatched_panel(frame: pl.DataFrame, refusal: NotEstimableError) -> pl.DataFrame:
    """The same table where the data do not allow the match: no score, no weight, status and reason in every row."""
    nothing = {name: pl.lit(None, kind) for name, kind in MATCHED_PANEL.items() if name not in KEY}
    nothing["matching_fate"] = pl.lit(f"{refusal.status}: {refusal.reason}")
    return frame.select(KEY).sort(KEY).with_columns(**nothing).cast(MATCHED_PANEL)


def refusal_of(table: pl.DataFrame) -> NotEstimableError | None:
    """Why the whole table has no weight, as `unmatched_panel` wrote it; None where it has one."""
    if table.is_empty() or table["matching_weight"].null_count() < table.height:
        return None
    status, reason = table["matching_fate"][0].split(": ", 1)
    return NotEstimableError(reason, status)


@dataclass(frozen=True)
class Account:
    """Who is in a matched panel. Units are cities under `baseline`, city-years else.

    off_support : city codes of treated units without a match, each with its number of years, in order.
    """

    design: Design
    treated: int
    on_support: int
    controls: int
    controls_used: int
    effective_controls: float
    unscored: int
    off_support: tuple[tuple[str, int], ...]

    @property
    def unit(self) -> str:
        """What is counted."""
        return "cities" if self.design == "baseline" else "city-years"


def account(table: pl.DataFrame, design: Design) -> Account:
    """The account of a `MATCHED_PANEL` that has weights."""
    units = table.unique("city_code", keep="first", maintain_order=True) if design == "baseline" else table
    fates = dict(units["matching_fate"].value_counts().iter_rows())
    off = units.filter(~pl.col("on_support"))
    years = off.group_by("city_code", maintain_order=True).len()
    on, used = fates.get(MATCHED, 0), units.filter(matching_fate=USED)
    return Account(
        design=design,
        treated=on + off.height,
        on_support=on,
        controls=used.height + fates.get(UNUSED, 0),
        controls_used=used.height,
        effective_controls=effective_number(used["matching_weight"].to_numpy()),
        unscored=units["propensity_score"].null_count(),
        off_support=tuple(years.sort("city_code").iter_rows()),
    )


def _match_together(units: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    treated = units[rules.treatment].to_numpy()
    X = units.select(rules.covariates).to_numpy()
    score = fit_propensity(treated.astype(float), X, rules.model, rules.covariates).probabilities
    match = kernel_match(score, treated, rules.bandwidth, rules.support)
    return units.with_columns(
        propensity_score=pl.Series(score),
        on_support=pl.Series(match.on_support),
        matching_weight=pl.Series(match.weights),
        matching_fate=pl.Series(match.fates.tolist(), dtype=pl.String),
    )


def _demand_values(frame: pl.DataFrame, names: Sequence[str]) -> None:
    if frame.is_empty():
        raise NotEstimableError("the data have no rows yet", "awaiting")
    empty = [name for name in dict.fromkeys(names) if frame[name].null_count() == frame.height]
    if empty:
        raise NotEstimableError(f"no value was delivered for {', '.join(empty)}", "awaiting")
