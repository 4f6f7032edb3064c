"""Kind "comparison": all that the paper prints in its regression tables, line by line beside ours, with a verdict.

A difference is information: the files may be other ones, or synthetic. So no check fails on it.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from resilience_pipeline.report import figures, layout
from resilience_pipeline.report.figures import count, in_published_se, number, stars
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.report.printer import Page, Printed, Printer
from resilience_pipeline.step import TableKey
from resilience_pipeline.study import published
from resilience_pipeline.study.kind import estimate_key
from resilience_pipeline.study.kinds.comparison import Comparison
from resilience_pipeline.study.published import published_coefficients, published_models
from resilience_pipeline.study.study import ResultTable, Study, Variable

COEFFICIENTS = pl.Schema(
    {
        "result": pl.String(),  # table_4.3.did
        "table": pl.String(),
        "column": pl.String(),
        "label": pl.String(),
        "outcome": pl.String(),
        "term": pl.String(),
        "symbol": pl.String(),  # as printed
        "status": pl.String(),  # estimated | awaiting | failed | no counterpart
        "reason": pl.String(),
        "ours": pl.Float64(),
        "std_error": pl.Float64(),
        "p_value": pl.Float64(),
        "published": pl.Float64(),
        "published_std_error": pl.Float64(),
        "published_stars": pl.Int64(),
        "difference": pl.Float64(),
        "difference_in_published_se": pl.Float64(),
        "same_sign": pl.Boolean(),
        "verdict": pl.String(),
    }
)
MODELS = pl.Schema(
    {
        "result": pl.String(),  # table_4.3
        "table": pl.String(),
        "column": pl.String(),
        "label": pl.String(),
        "status": pl.String(),
        "reason": pl.String(),
        "n_obs": pl.Int64(),
        "published_n_obs": pl.Int64(),
        "n_cities": pl.Int64(),
        "published_n_cities": pl.Int64(),
        "r2": pl.Float64(),  # of the published kind
        "published_r2": pl.Float64(),
        "r2_kind": pl.String(),
        "verdict": pl.String(),
    }
)
#: The paper's kind of R2 -> ours.
R2 = {"overall": "r2_overall", "within": "r2_within_entity"}
NO_COUNTERPART = "no counterpart"


def inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    """Every record of a column that the paper prints."""
    return tuple(
        estimate_key(spec)
        for other in study.tables
        for spec in other.columns
        if published_models(other.name, spec.name.split(".", 1)[1]).height
    )


def show(page: Page) -> Printed:
    """Published rows in printed order, ours beside them."""
    settings = page.table.settings
    assert isinstance(settings, Comparison)
    records = {f"{key[1]}.{key[2]}": table for key, table in page.tables.items()}
    if settings.of == "models":
        tidy = models(records)
        grid = _models_grid(tidy)
        notes = ["R2 of the kind that the paper prints: effects counted, or within units with years counted."]
    else:
        tidy = coefficients(records, page.variables)
        grid = _coefficients_grid(tidy)
        counts = tidy["verdict"].value_counts().sort("count", "verdict", descending=[True, False])
        notes = [
            "Difference in errors: ours less the paper's, over its standard error, whose rule it does not name.",
            "Verdicts: " + ", ".join(f"{n} {verdict}" for verdict, n in counts.iter_rows()) + ".",
        ]
    open_ = tidy.filter(pl.col("status") != "estimated")["result"].unique(maintain_order=True)
    return Printed(grid, tidy, tuple(notes), tuple(open_))


def coefficients(records: Mapping[str, pl.DataFrame], variables: tuple[Variable, ...]) -> pl.DataFrame:
    """Schema `COEFFICIENTS`: one row for each published coefficient.

    Parameters
    ----------
    records : "table_4.3" -> tidy estimate.
    variables : whose symbols the paper prints.
    """
    names = {v.symbol.lower(): v.name for v in variables if v.symbol and not v.copy_of} | {"const": "const"}
    rows = []
    for printed in published_coefficients().to_dicts():
        place = f"table_{printed['table']}.{printed['column']}"
        term = names.get(printed["term"].lower(), printed["term"])
        ours, status, reason = _ours(records.get(place), term)
        rows.append(
            {
                "result": f"{place}.{term}",
                "table": f"table_{printed['table']}",
                "column": printed["column"],
                "label": printed["label"],
                "outcome": printed["outcome"],
                "term": term,
                "symbol": printed["term"],
                "status": status,
                "reason": reason,
                "ours": ours.get("estimate"),
                "std_error": ours.get("std_error"),
                "p_value": ours.get("p_value"),
                "published": printed["estimate"],
                "published_std_error": printed["std_error"],
                "published_stars": printed["stars"],
                **_difference(ours.get("estimate"), printed, status),
            }
        )
    return pl.DataFrame(rows, schema=COEFFICIENTS)


def models(records: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Schema `MODELS`: one row for each published column.

    Parameters
    ----------
    records : "table_4.3" -> tidy estimate.
    """
    rows = []
    for printed in published_models().to_dicts():
        place = f"table_{printed['table']}.{printed['column']}"
        model = records[place].row(0, named=True) if place in records else {}
        same = model.get("n_obs") == printed["n_obs"]
        status = model.get("status", NO_COUNTERPART)
        rows.append(
            {
                "result": place,
                "table": f"table_{printed['table']}",
                "column": printed["column"],
                "label": model.get("label") or printed["note"],
                "status": status,
                "reason": model.get("reason"),
                "n_obs": model.get("n_obs"),
                "published_n_obs": printed["n_obs"],
                "n_cities": model.get("n_units"),
                "published_n_cities": printed["n_cities"],
                "r2": model.get(R2.get(printed["r2_kind"] or "", "")),
                "published_r2": printed["r2"],
                "r2_kind": printed["r2_kind"],
                "verdict": status if status != "estimated" else "the same rows" if same else "other rows",
            }
        )
    return pl.DataFrame(rows, schema=MODELS)


def _ours(record: pl.DataFrame | None, term: str) -> tuple[dict[str, Any], str, str | None]:
    """Our row of the term, its status and the reason where there is none."""
    if record is None:
        return {}, NO_COUNTERPART, "the study declares no such column"
    model = record.row(0, named=True)
    if model["status"] != "estimated":
        return {}, model["status"], model["reason"]
    found = record.filter(pl.col("term") == term)
    if found.is_empty():
        return {}, NO_COUNTERPART, f"our column has no term {term}"
    return found.row(0, named=True), "estimated", None


def _difference(ours: float | None, printed: Mapping[str, Any], status: str) -> dict[str, Any]:
    if ours is None:
        return {"difference": None, "difference_in_published_se": None, "same_sign": None, "verdict": status}
    difference = ours - printed["estimate"]
    in_errors = in_published_se(ours, printed["estimate"], printed["std_error"])
    same_sign = (ours > 0) == (printed["estimate"] > 0)
    return {
        "difference": difference,
        "difference_in_published_se": in_errors,
        "same_sign": same_sign,
        "verdict": _verdict(difference, in_errors, _rounding(printed["printed_estimate"]), same_sign),
    }


def _verdict(difference: float, in_errors: float | None, rounding: float, same_sign: bool) -> str:
    if abs(difference) <= rounding:
        return "equal as printed"
    sign = "same sign" if same_sign else "other sign"
    if in_errors is None:
        return sign
    for bound, words in ((1, "within one published error"), (2, "within two published errors")):
        if abs(in_errors) <= bound:
            return words
    return f"further away, {sign}"


def _rounding(printed: str) -> float:
    """Half a unit of the last printed digit."""
    decimals = len(printed.partition(".")[2])
    return 0.5 * 10.0**-decimals


def _coefficients_grid(tidy: pl.DataFrame) -> Grid:
    rows = [
        (
            row["table"].replace("_", " ").capitalize(),
            f"({row['column']})",
            "Constant" if row["symbol"] == "const" else row["symbol"],
            number(row["ours"]) + stars(row["p_value"]),
            "" if row["std_error"] is None else f"({number(row['std_error'])})",
            number(row["published"]) + "*" * row["published_stars"],
            f"({number(row['published_std_error'])})",
            "" if row["difference_in_published_se"] is None else f"{row['difference_in_published_se']:+.2f}",
            row["verdict"],
        )
        for row in tidy.to_dicts()
    ]
    headings = ("Table", "Column", "Term", "Ours", "(s.e.)", "Paper", "(s.e.)", "Difference in errors", "Verdict")
    return Grid(headings, tuple(rows), published=(5, 6, 7, 8))


def _models_grid(tidy: pl.DataFrame) -> Grid:
    rows = [
        (
            row["table"].replace("_", " ").capitalize(),
            f"({row['column']})",
            count(row["n_obs"]),
            count(row["published_n_obs"]),
            count(row["n_cities"]),
            count(row["published_n_cities"]),
            number(row["r2"]),
            number(row["published_r2"]),
            row["r2_kind"] or "not said",
            row["verdict"],
        )
        for row in tidy.to_dicts()
    ]
    headings = (
        *("Table", "Column", "N", "paper's N", "Cities", "paper's cities", "R2", "paper's R2", "kind of R2", "Verdict"),
    )
    return Grid(headings, tuple(rows), published=(3, 5, 7, 8, 9))


PRINTER = Printer(
    grain="One row per published coefficient (or column), ours beside it, with a verdict.",
    inputs=inputs,
    show=show,
    code=(figures, layout, published, published_coefficients().write_csv(), published_models().write_csv()),
)
