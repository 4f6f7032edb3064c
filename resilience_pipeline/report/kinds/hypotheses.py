"""Kind "hypotheses": each claim with the coefficients it rests on, and a verdict that follows by a stated rule.

A verdict says what these data say under these models: "consistent with" is not "verified".
"""

import polars as pl

from resilience_pipeline.report import figures, layout
from resilience_pipeline.report.figures import number, stars
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.report.printer import Page, Printed, Printer
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.kinds.hypotheses import Claim, Hypotheses
from resilience_pipeline.study.kinds.mediation import ALONE
from resilience_pipeline.study.study import ResultTable, Study

LEVEL = 0.05
#: The bootstrap interval of a*b that a verdict looks at.
INTERVAL = "BCa"

HYPOTHESES = pl.Schema(
    {
        "hypothesis": pl.String(),
        "statement": pl.String(),
        "part": pl.String(),  # table_4.3.did, or a*b of a mediator
        "estimate": pl.Float64(),
        "std_error": pl.Float64(),
        "p_value": pl.Float64(),
        "ci_low": pl.Float64(),
        "ci_high": pl.Float64(),
        "finding": pl.String(),  # positive | negative | not told from zero | awaiting | failed
        "verdict": pl.String(),
    }
)
PRODUCT = "a*b"
CONSISTENT, CONTRADICTED, OPEN = "consistent with it", "contradicted", "not supported"


def inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    """The records of the named specifications, and the mediation results."""
    settings = table.settings
    assert isinstance(settings, Hypotheses)
    keys: dict[TableKey, None] = {}
    for claim in settings.claims:
        keys |= {("estimates", *name.split(".", 1)): None for name, _ in claim.positive}
        if claim.indirect:
            keys["estimates", claim.indirect[0], "effects"] = None
    return tuple(keys)


def show(page: Page) -> Printed:
    """A row for each part of each claim; the verdict stands with the claim's first part."""
    settings = page.table.settings
    assert isinstance(settings, Hypotheses)
    rows, records = [], []
    for claim in settings.claims:
        parts = parts_of(claim, page)
        verdict = verdict_of([part["finding"] for part in parts])
        for place, part in enumerate(parts):
            records.append({"hypothesis": claim.name, "statement": claim.statement, **part, "verdict": verdict})
            interval = "" if part["ci_low"] is None else f"[{number(part['ci_low'])}, {number(part['ci_high'])}]"
            first = place == 0
            rows.append(
                (
                    claim.name if first else "",
                    claim.statement if first else "",
                    part["part"],
                    number(part["estimate"]) + stars(part["p_value"]),
                    interval,
                    part["finding"],
                    verdict if first else "",
                )
            )
    notes = (
        f'Verdict: "{CONSISTENT}" where every part is positive at 5 % (for a*b, where the {INTERVAL} interval of the '
        f'bootstrap over cities lies above zero), "{CONTRADICTED}" where one is negative so, else "{OPEN}". '
        "Mediators come after the treatment: a positive a*b is consistent with a channel and verifies none.",
    )
    headings = ("", "Claim", "Rests on", "Estimate", "95 % interval", "Finding", "Verdict")
    tidy = pl.DataFrame(records, schema=HYPOTHESES)
    open_ = tuple(tidy.filter(pl.col("finding").is_in(["awaiting", "failed"]))["part"])
    return Printed(Grid(headings, tuple(rows), prose=True), tidy, notes, open_)


def parts_of(claim: Claim, page: Page) -> list[dict]:
    """Every coefficient, then the product, with its finding at 5 %."""
    parts = []
    for name, term in claim.positive:
        record = page.tables["estimates", *name.split(".", 1)]
        found = record.filter(pl.col("term") == term)
        row = (found if found.height else record).row(0, named=True)
        fields = ("estimate", "std_error", "p_value", "ci_low", "ci_high")
        figures_ = {field: row[field] if found.height else None for field in fields}
        told = figures_["p_value"] is not None and figures_["p_value"] < LEVEL
        status = row["status"] if row["status"] != "estimated" or found.height else "failed"
        parts.append({"part": f"{name}.{term}", **figures_, "finding": _finding(status, figures_["estimate"], told)})
    if claim.indirect:
        parts.append(_product(*claim.indirect, page))
    return parts


def _product(result: str, mediator: str, page: Page) -> dict:
    (record,) = [table for key, table in page.tables.items() if key[1] == result]
    rows = record.filter(pl.col("subject") == mediator, pl.col("model") == ALONE)
    found = rows.filter(pl.col("statistic") == "indirect", pl.col("method").str.contains(INTERVAL))
    part = f"{PRODUCT} of {page.symbol(mediator)}"
    if found.is_empty():
        status = rows["status"][0] if rows.height else record["status"][0]
        empty = dict.fromkeys(("estimate", "std_error", "p_value", "ci_low", "ci_high"))
        return {"part": part, **empty, "finding": status if status != "estimated" else "failed"}
    row = found.row(0, named=True)
    known = row["ci_low"] is not None and row["ci_high"] is not None
    told = known and (row["ci_low"] > 0 or row["ci_high"] < 0)
    fields = {field: row[field] for field in ("estimate", "std_error", "p_value", "ci_low", "ci_high")}
    return {"part": part, **fields, "finding": _finding(row["status"], row["estimate"], told)}


def _finding(status: str, estimate: float | None, told: bool) -> str:
    if status != "estimated" or estimate is None:
        return status if status != "estimated" else "failed"
    if not told:
        return "not told from zero"
    return "positive" if estimate > 0 else "negative"


def verdict_of(findings: list[str]) -> str:
    """The verdict on a claim from the findings on its parts."""
    for status in ("failed", "awaiting"):
        if status in findings:
            return status
    if "negative" in findings:
        return CONTRADICTED
    return CONSISTENT if set(findings) == {"positive"} else OPEN


PRINTER = Printer(
    grain="One row per claim and coefficient that it rests on, with finding and verdict.",
    inputs=inputs,
    show=show,
    code=(figures, layout),
)
