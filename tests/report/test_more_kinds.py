"""Alternatives, codebook and copies as printed: what stands in a row, and what is said without data."""

import polars as pl
import pytest

from resilience_pipeline.econometrics.estimators import estimate
from resilience_pipeline.econometrics.tidy import to_frame
from resilience_pipeline.options import Options
from resilience_pipeline.report.printer import Page, Published
from resilience_pipeline.report.render import render_page, title_of
from resilience_pipeline.study.kind import estimate_key
from resilience_pipeline.study.load import load_study
from resilience_pipeline.study.study import Study, Variable
from tests.study.study_files import SOUND, write

EVENT = """
[tables.figure_9]
title = "Every year"
kind = "event_study"
like = "mine_1.1"
base = 2013
"""
MORE = """
[variables.other]
table = "outcomes"
formula = "budget_revenue_cny_10k"
symbol = "OTH"

[tables.again]
title = "With other outcomes"
kind = "alternatives"
of = "mine_1"
outcomes = ["fiscal", "other"]
"""
PAIRED = """
[copies.raw]
winsorise = "none"
of = ["log_loans"]

[[tables.mine_1.columns]]
like = "mine_1.1"
controls = ["log_loans_raw"]
"""


ESTIMATORS = """
[[tables.mine_1.columns]]
like = "mine_1.1"
estimator = "imputation"
options = { aggregate = "simple" }

[[tables.mine_1.columns]]
like = "mine_1.1"
estimator = "sunab"
options = { aggregate = "simple" }

[[tables.mine_1.columns]]
like = "mine_1.1"
estimator = "bacon"
options = { detail = "kinds" }
controls = []
"""


@pytest.fixture
def study(tmp_path):
    def of(more: str) -> Study:
        return load_study(write(tmp_path, SOUND.replace("2022", "2015") + more))

    return of


def panel() -> pl.DataFrame:
    """Six cities, two of them pilots from 2014 on, 2012 to 2015; the effect is 1 in 2014 and 2 in 2015."""
    rows = []
    for city in range(6):
        for year in range(2012, 2016):
            treat = int(city < 2)
            effect = treat * {2014: 1.0, 2015: 2.0}.get(year, 0.0)
            wiggle = 0.001 * ((city * 7 + year * 3) % 5)
            dummies = [treat * int(year == y) for y in range(2012, 2016)]
            did = treat * int(year >= 2014)
            loans = float((city * 5 + year) % 7)
            rows.append((str(city), year, did, city + year + effect + wiggle, 2 * effect + wiggle, loans, *dummies))
    names = ["city_code", "year", "did", "fiscal", "other", "log_loans", *(f"treat_{y}" for y in range(2012, 2016))]
    return pl.DataFrame(rows, schema=names, orient="row").with_columns(log_loans_raw=pl.col("log_loans") + 0.5)


def page(study: Study, name: str, data: pl.DataFrame, symbols: dict | None = None) -> Page:
    table = study.table(name)
    records = {estimate_key(spec): to_frame([estimate(spec, data, engines=("kernel",))]) for spec in table.columns}
    return Page(table, records, Published(), symbols or {}, Options(), study.variables)


def test_alternatives_estimate_every_column_again_for_every_outcome(study):
    again = study(MORE)
    assert [spec.name for spec in again.table("again").columns] == ["again.fiscal_1", "again.other_1"]
    rendered, printed = render_page(page(again, "again", panel(), {"other": "OTH"}), synthetic=False)
    estimates = dict(printed.tidy.select("outcome", "estimate").rows())
    assert estimates["other"] == pytest.approx(2 * estimates["fiscal"], abs=0.01)
    assert "OTH" in rendered.text


def test_a_copy_stands_in_the_row_of_the_variable_it_copies(study):
    paired = study(PAIRED)
    symbols = {"log_loans": "L", "log_loans_raw": "L"}
    rendered, printed = render_page(page(paired, "mine_1", panel(), symbols), synthetic=False)
    (line,) = [line for line in rendered.text.splitlines() if line.startswith("L ")]
    assert len(line.split()) == 3  # the label and a number in each of the two columns
    assert set(printed.tidy["term"]) == {"did", "log_loans", "log_loans_raw", "const"}


def test_two_terms_of_one_symbol_in_one_column_keep_a_row_each(study):
    both = study(PAIRED.replace('["log_loans_raw"]', '["log_loans", "log_loans_raw"]'))
    symbols = {"log_loans": "L", "log_loans_raw": "L"}
    data = panel().with_columns(log_loans_raw=pl.col("log_loans") ** 2)
    rendered, _ = render_page(page(both, "mine_1", data, symbols), synthetic=False)
    for name in ("log_loans ", "log_loans_raw "):
        assert any(line.startswith(name) for line in rendered.text.splitlines())


def test_only_a_numbered_result_has_its_number_in_the_title(study):
    assert title_of(study(EVENT).table("figure_9")) == "Figure 9: Every year"
    assert title_of(study(MORE).table("again")) == "With other outcomes"


def test_the_codebook_counts_what_became_of_values(study):
    from resilience_pipeline.report.kinds.codebook import codebook

    status = pl.DataFrame({"variable": ["fiscal"] * 4, "status": ["reported", "reported", "winsorised", "missing"]})
    book = codebook(
        Page(
            study("").tables[0],
            {},
            Published(),
            {},
            Options(),
            (Variable("fiscal", "outcomes", "ln(gdp_cny_10k)", symbol="F", description="A share"),),
        ),
        status,
    ).row(0, named=True)
    assert (book["values"], book["reported"], book["winsorised"], book["missing"]) == (3, 2, 1, 1)
    assert (book["formula"], book["winsorised_by"]) == ("ln(gdp_cny_10k)", "by_year")


def test_effects_of_other_estimators_stand_in_one_row_beside_the_two_way_coefficient(study):
    rendered, printed = render_page(page(study(ESTIMATORS), "mine_1", panel()), synthetic=False)
    lines = rendered.text.splitlines()
    (row,) = [place for place, line in enumerate(lines) if line.startswith("ATT")]
    assert len(lines[row].split()) == 3
    assert lines[row - 2].startswith("did")
    assert "by imputed untreated outcomes (Borusyak, Jaravel and Spiess 2024), aggregate simple." in rendered.text
    assert "influence functions summed by city_code, normal law" in rendered.text
    assert set(printed.tidy.filter(column="2")["term"]) == {"att"}


def test_a_number_without_an_error_has_nothing_in_parentheses(study):
    rendered, _ = render_page(page(study(ESTIMATORS), "mine_1", panel()), synthetic=False)
    assert "weight_treated_vs_never" in rendered.text
    assert "()" not in rendered.text
