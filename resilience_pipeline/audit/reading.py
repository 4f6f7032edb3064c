"""A folder to a `Paper`; what is wrong in a file is said with file, row, what was expected and found.

A file that is missing gives no rows, a folder without any of them is refused. Every file is UTF-8 with the headings
that `paper.py` lists; an empty field is a missing value.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from resilience_pipeline.audit.csv_rows import HEADINGS, Row, csv_rows
from resilience_pipeline.audit.design import Design
from resilience_pipeline.audit.design_file import read_design
from resilience_pipeline.audit.paper import Claim, Coefficient, KnownSeries, Model, Moments, Paper, Variable
from resilience_pipeline.errors import PaperError
from resilience_pipeline.toml_file import near

T = TypeVar("T")

#: What a claim says about what `refers_to` (and `against`) name.
CLAIM_KINDS = {
    "value": "the figure `refers_to` has this value",
    "p_below": "the term `refers_to` has a p value below this",
    "p_above": "the term `refers_to` has a p value above this",
    "greater": "the figure `refers_to` is greater than the figure `against`",
    "column": "the column `refers_to` is the one of this number",
    "units": "the sample has this many units",
    "unit_share": "the mean `refers_to` is this share of the units, in per cent",
    "robustness": "a test of this name is listed; `refers_to` is where its result stands",
    "result": "something was found; `refers_to` is where its result stands",
    "universal": "the effect holds in every group",
    "statement": "any other statement; `against` is the id of one that it cannot stand beside",
}
ROLES = ("outcome", "dimension", "treatment", "control", "mediator", "moderator")
KINDS = ("dummy", "share", "index", "log", "level", "ratio", "not stated")


def read_paper(folder: Path) -> Paper:
    """The paper that a folder holds.

    Raises
    ------
    PaperError : the folder holds none of the files; a file is not UTF-8 or CSV, lacks a heading or has an unknown one;
        a field is of the wrong form; a place or id is given twice; a claim refers to what is not printed.
    """
    files = [folder / f"{name}.csv" for name in HEADINGS] + [folder / "design.toml"]
    if not any(file.is_file() for file in files):
        raise PaperError(
            what="the folder holds no paper",
            expected=", ".join(file.name for file in files),
            found="none of them" if folder.is_dir() else "no such folder",
            remedy="name the folder with these files; resilience_pipeline/study/published is an example",
            file=str(folder),
        )
    design = read_design(folder / "design.toml")
    paper = Paper(
        name=design.title,
        coefficients=_all(folder, "coefficients", _coefficient, lambda row: row.place),
        models=_all(folder, "models", _model, lambda row: row.column),
        descriptives=_all(folder, "descriptives", _moments, lambda row: row.variable.lower()),
        claims=_all(folder, "claims", _claim, lambda row: row.id),
        variables=_all(folder, "variables", _variable, lambda row: row.name),
        known_series=_all(folder, "reference_moments", _known, lambda row: f"{row.variable}: {row.series}"),
        design=design,
    )
    _check_claims(folder / "claims.csv", paper)
    _check_columns(folder / "design.toml", paper, design)
    return paper


def _all(folder: Path, name: str, read: Callable[[Row], T], key: Callable[[T], str]) -> tuple[T, ...]:
    file = folder / f"{name}.csv"
    if not file.is_file():
        return ()
    rows: dict[str, T] = {}
    for row in csv_rows(file, name):
        record = read(row)
        if key(record) in rows:
            raise PaperError(
                what=f"{key(record)} stands twice",
                remedy="take one of the two rows out",
                file=str(file),
                row=row.number,
            )
        rows[key(record)] = record
    return tuple(rows.values())


def _column(row: Row) -> str:
    return f"table_{row.text('table')}.{row.text('column')}"


def _coefficient(row: Row) -> Coefficient:
    stars = row.whole("stars")
    if stars > 3:
        row.fail("stars", "is no number of stars", "0 to 3", "write how many stars stand behind the coefficient")
    figures = row.printed("estimate"), row.positive("std_error")
    return Coefficient(_column(row), row.text("outcome"), row.text("term"), *figures, stars)


def _model(row: Row) -> Model:
    return Model(
        column=_column(row),
        n_obs=row.whole("n_obs"),
        r2=row.if_any("r2", row.printed),
        r2_kind=row.choice("r2_kind", ("overall", "within")) if row.optional("r2_kind") else None,
        n_cities=row.if_any("n_cities", row.whole),
        city_fe=row.choice("city_fe", ("0", "1")) == "1",
        year_fe=row.choice("year_fe", ("0", "1")) == "1",
    )


def _moments(row: Row) -> Moments:
    return Moments(
        variable=row.text("variable"),
        n_obs=row.whole("n_obs"),
        mean=row.printed("mean"),
        sd=row.positive("sd"),
        minimum=row.printed("min"),
        maximum=row.printed("max"),
    )


def _claim(row: Row) -> Claim:
    kind = row.choice("kind", tuple(CLAIM_KINDS))
    if kind in ("value", "p_below", "p_above", "units", "unit_share"):
        row.printed("value")
    if kind in ("column", "robustness"):
        row.text("value")
    if kind in ("value", "p_below", "p_above", "greater", "column", "unit_share"):
        row.text("refers_to")
    if kind == "greater":
        row.text("against")
    return Claim(
        id=row.text("id"),
        place=row.text("place"),
        kind=kind,
        statement=row.text("statement"),
        value=row.optional("value") or "",
        refers_to=row.optional("refers_to") or "",
        against=row.optional("against") or "",
    )


def _variable(row: Row) -> Variable:
    return Variable(
        name=row.text("name"),
        definition=row.text("definition"),
        place=row.text("place"),
        role=row.choice("role", ROLES),
        kind=row.choice("kind", KINDS),
        lower=row.if_any("lower", row.number_of),
        upper=row.if_any("upper", row.number_of),
        parts=row.parts("parts"),
        source_last_year=row.if_any("source_last_year", row.whole),
    )


def _known(row: Row) -> KnownSeries:
    return KnownSeries(
        variable=row.text("variable"),
        series=row.text("series"),
        declared=row.choice("declared", ("yes", "no")) == "yes",
        mean=row.number_of("mean"),
        sd=row.positive("sd").value,
        p1=row.if_any("p1", row.number_of),
        p99=row.if_any("p99", row.number_of),
        lowest=row.if_any("lowest", row.number_of),
        highest=row.if_any("highest", row.number_of),
        source=row.text("source"),
    )


def _check_claims(file: Path, paper: Paper) -> None:
    """Every place that a claim names must be there, once all files that print one are."""
    printing = ("coefficients.csv", "models.csv", "descriptives.csv", "design.toml")
    if not all((file.parent / name).is_file() for name in printing):
        return
    known = _names(paper)
    for number, claim in enumerate(paper.claims, start=2):
        for key, name in (("refers_to", claim.refers_to), ("against", claim.against)):
            what = _NAMED.get(claim.kind, "anything")
            if name and name not in known[what]:
                raise PaperError(
                    what=f"{key} of claim {claim.id} names nothing that is printed",
                    expected=f"{what} of the paper" if what != "anything" else "a printed place, or the id of a claim",
                    found=near(name, known[what]),
                    remedy="mend the name; leave the field empty where the paper prints no result",
                    file=str(file),
                    row=number,
                )


#: What claims of a kind speak of; the others may name anything.
_NAMED = {
    "value": "a figure",
    "greater": "a figure",
    "unit_share": "a figure",
    "p_below": "a term",
    "p_above": "a term",
    "column": "a column",
}


def _names(paper: Paper) -> dict[str, set[str]]:
    """Names of all that is printed, by what it is."""
    columns = {model.column for model in paper.models} | {row.column for row in paper.coefficients}
    names = {"a figure": set(paper.figures), "a term": {row.place for row in paper.coefficients}, "a column": columns}
    others = {column.split(".", 1)[0] for column in columns} | {claim.id for claim in paper.claims}
    return {**names, "anything": set.union(*names.values(), others, set(paper.design.figures))}


def _check_columns(file: Path, paper: Paper, design: Design) -> None:
    """Columns that the design names must be printed, once models.csv is there."""
    known = {model.column for model in paper.models}
    if not known:
        return
    named = [column for split in design.splits for column in (*split.columns, split.baseline)]
    named += [column for chain in design.mediation for column in (chain.first, chain.second, chain.total)]
    named += [column for entry in design.effects for column in (entry.column, entry.base)]
    named += [column for entry in design.relative_outcomes for column in (entry.column, entry.base)]
    named += [column for period in design.periods for column in (period.column, period.baseline)]
    named += [design.sample.baseline] if design.sample and design.sample.baseline else []
    named += [placebo.estimate.rsplit(".", 1)[0] for placebo in design.placebo]
    for column in named:
        if column not in known:
            raise PaperError(
                what="the design names a column that models.csv does not have",
                expected=", ".join(sorted(known)),
                found=near(column, known),
                remedy="mend the name",
                file=str(file),
            )
