"""Kind "regression": ours beside the paper's, column by column, from records only; nothing is estimated here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from resilience_pipeline.econometrics.estimators import estimator_of
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.report import figures, layout
from resilience_pipeline.report.figures import count, in_published_se, number, stars
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.report.printer import Page, Printed, Printer, error_rule, without_estimate
from resilience_pipeline.step import TableKey
from resilience_pipeline.study import published
from resilience_pipeline.study.kind import estimate_key
from resilience_pipeline.study.published import published_coefficients, published_models
from resilience_pipeline.study.study import ResultTable, Study

#: One row per column and term.
COMPARISON = pl.Schema(
    {
        "table": pl.String(),
        "column": pl.String(),
        "term": pl.String(),
        "status": pl.String(),
        "ours": pl.Float64(),
        "se": pl.Float64(),
        "p_value": pl.Float64(),
        "published": pl.Float64(),
        "published_se": pl.Float64(),
        "difference_in_published_se": pl.Float64(),
    }
)

_DIFFERENCE = "Difference: ours less the paper's, in the paper's standard errors; it names no error rule."
#: The main effect of estimators other than least squares, in one row.
_EFFECTS = {"att": "ATT", "att_simple": "ATT"}
_YES = {True: "yes", False: "no"}
_R2 = (
    ("R2, effects counted", "r2_overall", "overall"),
    # The paper's "within" columns print xtreg's output (a row "Number of city_id"), where years are regressors.
    ("R2 within units, year effects counted", "r2_within_entity", "within"),
    ("R2 within all effects", "r2_within_all", None),
)


@dataclass(frozen=True)
class Column:
    """One column to print: its specification, its tidy record, what the paper prints for it (empty where nothing).

    published has our terms: term, estimate, std_error, stars; published_model at most one row.
    """

    specification: Specification
    record: pl.DataFrame
    published: pl.DataFrame
    published_model: pl.DataFrame

    @property
    def model(self) -> dict[str, Any]:
        """The model's own fields."""
        return self.record.row(0, named=True)

    @property
    def terms(self) -> dict[str, dict[str, Any]]:
        """Our terms by name, without the null term of what was not estimated."""
        return {row["term"]: row for row in self.record.to_dicts() if row["term"] is not None}

    @property
    def paper(self) -> dict[str, dict[str, Any]]:
        """The paper's terms by our names."""
        return {row["term"]: row for row in self.published.to_dicts()}

    @property
    def name(self) -> str:
        """ "3" of "table_4.3"."""
        return self.specification.name.split(".", 1)[1]


def comparison(columns: Sequence[Column]) -> pl.DataFrame:
    """Schema `COMPARISON`: every term of ours or the paper's, in printed order."""
    rows = []
    for column in columns:
        for term in _ordered([column]):
            ours, paper = column.terms.get(term, {}), column.paper.get(term, {})
            figures = ours.get("estimate"), paper.get("estimate"), paper.get("std_error")
            rows.append(
                {
                    "table": column.specification.name.split(".", 1)[0],
                    "column": column.name,
                    "term": term,
                    "status": column.model["status"],
                    "ours": ours.get("estimate"),
                    "se": ours.get("std_error"),
                    "p_value": ours.get("p_value"),
                    "published": paper.get("estimate"),
                    "published_se": paper.get("std_error"),
                    "difference_in_published_se": in_published_se(*figures),
                }
            )
    return pl.DataFrame(rows, schema=COMPARISON)


def regression_grid(columns: Sequence[Column], symbols: Mapping[str, str]) -> Grid:
    """Outcomes, terms by their symbols with errors in parentheses beneath; then effects, counts and R2."""
    headings = ["Variable"]
    published: list[int] = []
    for place, column in enumerate(columns, start=1):
        headings.append(f"({place})")
        if _beside(column):
            published += [len(headings), len(headings) + 1]
            headings += ["paper", "difference"]
    rows = [_outcomes(columns, symbols)]
    labels = _labels(columns, symbols)
    for label in dict.fromkeys(labels.values()):
        estimates, errors = [label], [""]
        for column in columns:
            own = [term for term in _ordered([column]) if labels[term] == label]
            cells = _term_cells(column, own[0] if own else label)
            estimates += [estimate for estimate, _ in cells]
            errors += [error for _, error in cells]
        rows += [estimates, errors]
    rows += _model_rows(columns)
    return Grid(tuple(headings), tuple(map(tuple, rows)), published=tuple(published))


def legend(columns: Sequence[Column], symbols: Mapping[str, str]) -> list[str]:
    """Notes beneath: what each column is, why one has no result, its warnings, the error rule, what the marks mean."""
    notes = []
    for place, column in enumerate(columns, start=1):
        spec, model = column.specification, column.model
        right = ", ".join(symbols.get(name, name) for name in spec.regressors)
        rows = f", where {spec.where}" if spec.where else ""
        weights = f", weighted by {symbols.get(spec.weights, spec.weights)}" if spec.weights else ""
        notes.append(
            f"({place}) {spec.label}: {symbols.get(spec.outcome, spec.outcome)} on {right}{rows}{weights}{_by(spec)}."
        )
        if model["status"] != "estimated":
            notes.append(f"({place}) {model['status']}: {model['reason']}.")
        notes += [f"({place}) warning: {warning}." for warning in model["warnings"] or ()]
    rules = {error_rule(column.model): None for column in columns if column.model["status"] == "estimated"}
    if len(rules) == 1:
        notes.append(f"Errors: {next(iter(rules))}.")
    else:
        notes += [f"({place}) errors: {error_rule(c.model)}." for place, c in enumerate(columns, 1) if c.terms]
    return [*notes, "Standard errors in parentheses; *, **, *** significant at 10 %, 5 %, 1 %."]


def _by(spec: Specification) -> str:
    """The estimator and its options, where it is not least squares."""
    if spec.estimator == "twfe":
        return ""
    chosen = ", ".join(f"{name} {value}" for name, value in spec.estimator_options)
    return f", by {estimator_of(spec).summary}" + (f", {chosen}" if chosen else "")


def _beside(column: Column) -> bool:
    return not (column.published.is_empty() and column.published_model.is_empty())


def _ordered(columns: Sequence[Column]) -> list[str]:
    """Terms of all columns: treatments, controls in the order of the longest column, constant last."""
    terms = {treatment: None for column in columns for treatment in _printed(column)[:1]}
    for column in columns:
        terms |= {term: None for term in column.terms if term in _EFFECTS}
    for column in sorted(columns, key=lambda column: -len(_printed(column))):
        terms |= dict.fromkeys((*_printed(column), *column.terms, *column.paper))
    return [*(term for term in terms if term != "const"), *(["const"] if "const" in terms else [])]


def _printed(column: Column) -> tuple[str, ...]:
    """Regressors that have a coefficient, the treatment first; other estimators print none."""
    return column.specification.regressors if column.specification.estimator == "twfe" else ()


def _labels(columns: Sequence[Column], symbols: Mapping[str, str]) -> dict[str, str]:
    """Term -> what is printed for it, in printed order: its symbol, or its name where one column has two of a symbol.

    A copied variable has the symbol of the one it copies, so both stand in one row.
    """
    labels = {term: _EFFECTS.get(term) or symbols.get(term, term) for term in _ordered(columns)}
    twice: set[str] = set()
    for column in columns:
        own = [labels[term] for term in _ordered([column])]
        twice |= {label for label in own if own.count(label) > 1}
    return {term: term if label in twice else label for term, label in labels.items()}


def _term_cells(column: Column, term: str) -> list[tuple[str, str]]:
    ours, paper = column.terms.get(term), column.paper.get(term)
    cells = [
        (number(ours["estimate"]) + stars(ours["p_value"]), _in_parentheses(ours["std_error"])) if ours else ("", "")
    ]
    if _beside(column):
        cells.append(
            (paper["printed_estimate"] + "*" * paper["stars"], f"({paper['printed_std_error']})") if paper else ("", "")
        )
        difference = (
            in_published_se(ours["estimate"], paper["estimate"], paper["std_error"]) if ours and paper else None
        )
        cells.append(("" if difference is None else f"{difference:+.2f}", ""))
    return cells


def _in_parentheses(std_error: float | None) -> str:
    return "" if std_error is None else f"({number(std_error)})"


def _outcomes(columns: Sequence[Column], symbols: Mapping[str, str]) -> list[str]:
    cells = ["Outcome"]
    for column in columns:
        outcome = column.specification.outcome
        cells += [symbols.get(outcome, outcome), *(["", ""] if _beside(column) else [])]
    return cells


def _model_rows(columns: Sequence[Column]) -> list[list[str]]:
    def row(name: str, ours: list[str], paper: list[str]) -> list[str]:
        cells = [name]
        for column, own, printed in zip(columns, ours, paper, strict=True):
            cells += [own, printed, ""] if _beside(column) else [own]
        return cells

    models = [column.model for column in columns]
    printed = [column.published_model.row(0, named=True) if len(column.published_model) else {} for column in columns]
    blank = [""] * len(columns)
    effects = [set(column.specification.absorb) for column in columns]
    units = [column.specification.unit in found for column, found in zip(columns, effects, strict=True)]
    times = [column.specification.time in found for column, found in zip(columns, effects, strict=True)]
    rows = [
        row("City effects", [_YES[unit] for unit in units], [_effect(p, "city_fe") for p in printed]),
        row("Year effects", [_YES[time] for time in times], [_effect(p, "year_fe") for p in printed]),
    ]
    other = [", ".join(sorted(found - {"city_code", "year"})) for found in effects]
    if any(other):
        rows.append(row("Other effects", other, blank))
    rows.append(row("N", [count(m["n_obs"]) for m in models], [count(p.get("n_obs")) for p in printed]))
    rows.append(row("Cities", [count(m["n_units"]) for m in models], [count(p.get("n_cities")) for p in printed]))
    rows.append(row("Clusters", [count(m["n_clusters"]) for m in models], blank))
    for name, field, kind in _R2:
        paper = [number(p.get("r2")) if kind and p.get("r2_kind") == kind else "" for p in printed]
        rows.append(row(name, [number(m[field]) for m in models], paper))
    if any(model["status"] != "estimated" for model in models):
        rows.append(row("Status", [model["status"] for model in models], blank))
    return rows


def _effect(printed: Mapping[str, Any], field: str) -> str:
    return _YES[bool(printed[field])] if printed else ""


def inputs(study: Study, table: ResultTable) -> tuple[TableKey, ...]:
    """One tidy record for each column."""
    return tuple(estimate_key(specification) for specification in table.columns)


def show(page: Page) -> Printed:
    """The columns of the result, ours beside the paper's where it prints them."""
    columns = []
    for specification in page.table.columns:
        name = specification.name.split(".", 1)[1]
        columns.append(
            Column(
                specification,
                page.tables[estimate_key(specification)],
                page.published.coefficients.get(name, published_coefficients("", "")),
                page.published.models.get(name, published_models("")),
            )
        )
    return Printed(
        regression_grid(columns, page.symbols),
        comparison(columns),
        tuple(legend(columns, page.symbols)),
        without_estimate(page.tables),
        (_DIFFERENCE,) if any(map(_beside, columns)) else (),
    )


PRINTER = Printer(
    grain="One row per column and term, ours beside the published.",
    inputs=inputs,
    show=show,
    code=(figures, layout, published),
)
