"""What a result says, in a sentence or two that a reader without statistics can follow; one function for each kind.

A sentence is made from the very tables that the result is printed from. It says what was found and how sure that is,
never what it proves; what has no result says why.
"""

from collections.abc import Callable

import polars as pl

from resilience_pipeline.econometrics import event_rows, honest
from resilience_pipeline.econometrics.every_method import COEFFICIENT, LEFT_OUT
from resilience_pipeline.econometrics.pretest_power import JOINT
from resilience_pipeline.report.figures import count, number, probability
from resilience_pipeline.report.printer import Page
from resilience_pipeline.study.kind import estimate_key
from resilience_pipeline.study.kinds.difference import settings_of

LEVEL = 0.05
#: A standardised difference beyond this counts as unbalanced (Rosenbaum and Rubin 1985).
UNBALANCED = 0.1


def regression(page: Page) -> str:
    """The treatment's coefficient in every column."""
    found: list[str] = []
    open_: dict[str, list[str]] = {}
    for spec in page.table.columns:
        record = page.tables[estimate_key(spec)]
        # Another estimator names its effect by itself and puts it first.
        own = record.filter(pl.col("term") == spec.treatment) if spec.treatment else record.clear()
        row = (own if own.height else record).row(0, named=True)
        if row["estimate"] is not None:
            interval = f"{number(row['ci_low'])} to {number(row['ci_high'])}"
            found.append(f"{spec.label}: {number(row['estimate'])} (95 % interval {interval})")
        else:
            open_.setdefault(_why(record.row(0, named=True)), []).append(spec.label)
    return _sentences([*found, *(f"{', '.join(labels)}: {why}" for why, labels in open_.items())])


def alternatives(page: Page) -> str:
    """In how many of the last columns the treatment's coefficient is positive, and significantly so."""
    signs = []
    for spec in page.table.columns:
        record = page.tables[estimate_key(spec)].filter(pl.col("term") == spec.treatment)
        signs += record.select("estimate", "p_value").rows()
    if not signs:
        return _open("every column", page.tables[estimate_key(page.table.columns[0])].row(0, named=True))
    positive = sum(estimate > 0 for estimate, _ in signs)
    significant = sum(estimate > 0 and p < LEVEL for estimate, p in signs)
    return (
        f"Of {len(signs)} estimates under other measures of the outcome, {positive} are positive, {significant} of "
        "them significantly at 5 %."
    )


def balance(page: Page) -> str:
    """How many variables were apart before the policy, in level and in trend."""
    (tidy,) = page.tables.values()
    some = tidy.filter(status="estimated")
    if some.is_empty():
        return "No variable can be compared yet."
    level = some.filter(pl.col("standardised_difference").abs() > UNBALANCED).height
    trend = some.filter(pl.col("trend_p_value") < LEVEL)["variable"].to_list()
    trends = f"trends differ in {', '.join(map(page.symbol, trend))}" if trend else "no trend differs"
    return (
        f"Before the policy, {level} of {some.height} variables differed between pilots and others by more than a "
        f"tenth of a standard deviation; {trends}, at 5 %."
    )


def event_study(page: Page) -> str:
    """Whether years before the policy differ together, and the average of the years after."""
    tests = next(table for table in page.tables.values() if "subject" in table.columns)
    rows = {(row["subject"], row["method"], row["statistic"]): row for row in tests.to_dicts()}
    leads = rows.get((event_rows.LEADS, event_rows.HOTELLING, event_rows.F)) or rows.get(
        (event_rows.LEADS, event_rows.WALD, event_rows.F)
    )
    average = rows.get((event_rows.LAGS, event_rows.LEAST_SQUARES, event_rows.AVERAGE))
    if average is None or average["status"] != "estimated":
        return _open("the event study", tests.row(0, named=True))
    parts = []
    if leads is not None and leads["p_value"] is not None:
        told = "differ from" if leads["p_value"] < LEVEL else "cannot be told from"
        parts.append(f"together, the years before the policy {told} zero (p {probability(leads['p_value'])})")
    slope = rows.get((event_rows.LEADS, JOINT, event_rows.slope_name(0.8)))
    bias = rows.get((event_rows.LEADS, JOINT, event_rows.bias_name(0.8)))
    if slope and bias and slope["estimate"] is not None and bias["estimate"] is not None:
        parts.append(
            f"that test would find a trend of {number(slope['estimate'])} a year four times out of five, which alone "
            f"would put {number(bias['estimate'])} on the average effect"
        )
    parts.append(
        f"the average effect of the years after is {number(average['estimate'])} (95 % interval "
        f"{number(average['ci_low'])} to {number(average['ci_high'])})"
    )
    return _sentences(parts)


def honest_bounds(page: Page) -> str:
    """How far trends may differ before each effect is lost."""
    (tidy,) = page.tables.values()
    rows = tidy.filter(pl.col("statistic") == honest.BREAKDOWN).to_dicts()
    parts = []
    for row in rows:
        if row["status"] != "estimated":
            parts.append(_open(f"{row['subject']}, {row['method']}", row))
        elif row["estimate"] is None:
            parts.append(f"{row['subject']}, {row['method']}: the effect stands under every bound tried")
        elif row["estimate"] == 0:
            parts.append(f"{row['subject']}, {row['method']}: no effect can be told from zero under any bound")
        else:
            parts.append(f"{row['subject']}, {row['method']}: the effect is lost beyond {number(row['estimate'])}")
    return _sentences(parts) if parts else _open("the bounds", tidy.row(0, named=True))


def inference(page: Page) -> str:
    """The least and the greatest p value over methods, the interval of the default one, the most influential city."""
    (tidy,) = page.tables.values()
    told = tidy.filter(pl.col("statistic") == COEFFICIENT, pl.col("p_value").is_not_null())
    if told.is_empty():
        return _open("the methods", tidy.row(0, named=True))
    ordered = told.sort("p_value", "method").to_dicts()
    low, high = ordered[0], ordered[-1]
    sentence = (
        f"p lies between {probability(low['p_value'])} ({low['method']}) and {probability(high['p_value'])} "
        f"({high['method']}) over {len(ordered)} methods"
    )
    widest = max((r for r in told.to_dicts() if r["ci_low"] is not None), key=lambda r: r["ci_high"] - r["ci_low"])
    sentence += (
        f"; the widest 95 % interval is {number(widest['ci_low'])} to {number(widest['ci_high'])} ({widest['method']})"
    )
    left = tidy.filter(pl.col("method") == LEFT_OUT, pl.col("estimate").is_not_null())["estimate"].to_list()
    if left:
        sentence += f"; without any one city it stays between {number(min(left))} and {number(max(left))}"
    return sentence + "."


def omitted(page: Page) -> str:
    """How strong a confounder would have to be, and what the design could detect."""
    (tidy,) = page.tables.values()
    values = {(row["method"], row["statistic"]): row["estimate"] for row in tidy.to_dicts()}
    zero = values.get(("robustness value", "to bring the effect to zero"))
    least = next((v for (method, _), v in values.items() if method == "minimum detectable effect"), None)
    if zero is None or least is None:
        return _open("the bounds", tidy.row(0, named=True))
    strongest = [
        value for (method, words), value in values.items() if method == "partial R2" and "strongest control" in words
    ]
    scale = f" (the strongest control explains {100 * max(strongest):.1f} % at most)" if strongest else ""
    return (
        f"A variable left out would have to explain {100 * zero:.1f} % of what is left of both treatment and outcome "
        f"to bring the effect to zero{scale}; an effect of {number(least)} is the least that the design finds four "
        "times out of five."
    )


def placebo(page: Page) -> str:
    """How often fake treatments do as well as the true one, and whether their spread fits the error."""
    summary = next(table for key, table in page.tables.items() if key[-1] == "summary")
    parts = []
    for row in summary.to_dicts():
        if row["status"] != "estimated":
            parts.append(_open(row["title"], row))
        elif row["p_value_t"] is None:
            parts.append(f"{row['title']}: estimates from {number(row['minimum'])} to {number(row['maximum'])}")
        else:
            parts.append(
                f"{row['title']}: {count(row['draws'])} fake treatments, p {probability(row['p_value_t'])}; their "
                f"estimates spread by {number(row['sd'])}, the clustered error is {number(row['recomputed_std_error'])}"
            )
    return _sentences(parts)


def difference(page: Page) -> str:
    """The difference between the columns, called by their labels, by stacked scores."""
    tidy = next(iter(page.tables.values()))
    rows = [row for row in tidy.to_dicts() if row["method"] == "stacked scores"]
    if not rows or rows[0]["status"] != "estimated":
        return _open("the difference", tidy.row(0, named=True))
    row = rows[0]
    settings = settings_of(page.table)
    first, second = (page.labels.get(name, name) for name in (settings.first, settings.second))
    return (
        f'The effect in "{second}" less that in "{first}": {number(row["estimate"])} (95 % interval '
        f"{number(row['ci_low'])} to {number(row['ci_high'])}, p {probability(row['p_value'])})."
    )


def curve(page: Page) -> str:
    """How many specifications agree in sign and significance, and where the printed one lies among them."""
    summary = next(table for key, table in page.tables.items() if key[-1] == "summary")
    row = summary.filter(pl.col("dimension").is_null()).row(0, named=True)
    if not row["estimated"]:
        return "No specification could be estimated yet."
    place = ""
    if row["share_below_marked"] is not None:
        place = f"; {100 * row['share_below_marked']:.0f} % of them have a smaller t than the printed column"
    return (
        f"Of {count(row['estimated'])} specifications, {100 * row['share_positive']:.1f} % are positive, "
        f"{100 * row['share_positive_significant']:.1f} % positive and significant at 5 %, "
        f"{100 * row['share_negative_significant']:.1f} % negative and significant; the median t is "
        f"{number(row['median_t'], 2)}{place}."
    )


def _open(what: str, row: dict) -> str:
    return f"{what[:1].upper()}{what[1:]}: {_why(row)}."


def _why(row: dict) -> str:
    return f"{row['status']}: {row['reason'] or 'no reason given'}"


def _sentences(parts: list[str]) -> str:
    text = "; ".join(part.rstrip(".") for part in parts)
    return f"{text[:1].upper()}{text[1:]}."


#: Kind of result -> what it says.
FINDINGS: dict[str, Callable[[Page], str]] = {
    "regression": regression,
    "alternatives": alternatives,
    "balance": balance,
    "event_study": event_study,
    "honest": honest_bounds,
    "inference": inference,
    "omitted": omitted,
    "placebo": placebo,
    "difference": difference,
    "curve": curve,
}
