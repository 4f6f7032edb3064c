"""Kind "inference": what its section may say, and one coefficient by every method beside each other."""

import polars as pl
import pytest

from resilience_pipeline import reference
from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.options import Options
from resilience_pipeline.report.printer import Page, Published
from resilience_pipeline.report.render import draw, render_page
from resilience_pipeline.step import Inputs
from resilience_pipeline.study.load import load_study
from resilience_pipeline.study.steps import steps
from tests.econometrics.panels import panel
from tests.study.study_files import SOUND, write

ASKED = """
[tables.asked]
title = "Asked"
kind = "inference"
of = "mine_1.1"
"""
FEW = {"wild_draws": 199, "bootstrap_draws": 199, "randomisation_draws": 199}
METHODS = ("estimates", "asked", "methods")
UNITS = 45


@pytest.fixture
def study(tmp_path):
    return load_study(write(tmp_path, SOUND + ASKED))


def panel_tables(frame: pl.DataFrame | None = None) -> dict:
    """Panel tables of the study: the first 45 prefecture-level cities there are."""
    cities = reference.cities()[:UNITS]
    frame = panel(units=UNITS) if frame is None else frame
    city = frame["city"].to_numpy()
    named = {"city_code": "code6", "name": "name", "province": "province_name"}
    frame = frame.select(
        *(pl.Series(ours, cities[theirs].to_numpy()[city]) for ours, theirs in named.items()),
        year=pl.col("year").cast(pl.Int32),
        did="did",
        fiscal="y",
        log_loans="gdp",
    )
    where = {
        "treatment": ["did"],
        "outcomes": ["fiscal"],
        "controls": ["log_loans"],
        "geography": ["name", "province"],
    }
    return {("panel", "mine", table): frame.select("city_code", "year", *names) for table, names in where.items()}


def run(study, tables: dict, **changed: object) -> dict:
    """Results of the estimates steps by key, the regression's first."""
    found, results = dict(tables), {}
    for step in sorted(steps(study), key=lambda step: step.key[1] != "mine_1"):
        inputs = Inputs({key: found[key] for key in step.inputs}, synthetic=False)
        results[step.key] = step.compute(inputs, Options.of(FEW | changed))
        found[step.key] = results[step.key].table
    return results


def test_every_method_has_a_row_and_all_give_the_printed_coefficient(study):
    results = run(study, panel_tables())
    table = results[METHODS].table
    assert table["status"].unique().to_list() == ["estimated"]
    assert table["method"].to_list() == [
        "classical (the paper's)",
        "heteroskedasticity-robust (HC1)",
        "clustered by city_code (CV1)",
        "cluster jackknife by city_code (CV3)",
        "wild cluster bootstrap by city_code (WCR)",
        "pairs bootstrap of city_code",
        "randomisation inference, studentised",
        "randomisation inference, coefficient",
        "clustered by province (CV1)",
        "wild cluster bootstrap by province (WCR)",
        "clustered by city_code and year",
        "spatial within 200 km (Conley)",
        "spatial within 500 km (Conley)",
        *["leaving one unit out"] * 7,
    ]
    printed = results["estimates", "mine_1", "1"].table
    whole = table.filter(pl.col("statistic") == "coefficient")
    assert whole["estimate"].to_list() == pytest.approx([printed["estimate"][0]] * 13, abs=1e-10)
    assert whole["n_obs"].unique().to_list() == [printed["n_obs"][0]]
    clustered = table.row(by_predicate=pl.col("method") == "clustered by city_code (CV1)", named=True)
    assert clustered["std_error"] == pytest.approx(printed["std_error"][0], rel=1e-8)
    near, far = table.filter(pl.col("method").str.starts_with("spatial"))["std_error"]
    assert near != far
    checks = {check.name: check for check in results[METHODS].checks}
    assert all(check.passed for check in checks.values())
    assert checks["as_printed"].message == "as in mine_1.1"


def test_each_drawn_row_says_how_many_and_from_which_seed(study):
    table = run(study, panel_tables(), seed=7)[METHODS].table.filter(pl.col("draws").is_not_null())
    drawn = table.filter(~pl.col("method").str.contains("province"))
    assert drawn.height == 4
    assert drawn.select("draws", "seed").unique().rows() == [(199, 7)]
    by_province = table.filter(pl.col("method").str.contains("province")).row(0, named=True)
    provinces = reference.cities()[:UNITS]["province_code"].n_unique()
    assert (by_province["draws"], by_province["seed"]) == (2**provinces, None)


def test_the_city_that_makes_the_effect_is_named_first(study):
    pushed = pl.col("y") + 40 * pl.col("did") * (pl.col("city") == 3)
    table = run(study, panel_tables(panel(units=UNITS).with_columns(y=pushed)))[METHODS].table
    left_out = table.filter(pl.col("method") == "leaving one unit out")
    named = reference.cities().row(3, named=True)
    assert left_out["statistic"][2] == f"without {named['name']} {named['code6']}"
    assert left_out["statistic"][0] == f"smallest, without {named['name']} {named['code6']}"
    assert left_out["estimate"][0] == left_out["estimate"][2] == left_out["estimate"].min()
    assert left_out["n_clusters"].unique().to_list() == [UNITS - 1]


def test_a_method_that_the_rows_do_not_allow_is_a_row_with_its_reason_and_the_others_stand(study):
    alone = panel(units=UNITS).with_columns(did=pl.col("did") * (pl.col("city") == 3))
    table = run(study, panel_tables(alone))[METHODS].table
    failed = table.filter(pl.col("status") != "estimated")
    assert failed["method"].to_list() == ["cluster jackknife by city_code (CV3)"]
    assert "it is not identified" in failed["reason"][0]
    assert table.filter(pl.col("method").str.starts_with("spatial"))["std_error"].null_count() == 0
    assert table["undefined_draws"].max() > 0  # bootstrap samples without the treated city


def test_the_option_vcov_changes_nothing_and_the_same_seed_gives_the_same_bytes(study):
    one, two, other = (run(study, panel_tables(), **changed) for changed in ({}, {"vcov": "iid"}, {"seed": 2}))
    assert one[METHODS].table.equals(two[METHODS].table)
    assert not one[METHODS].table.equals(other[METHODS].table)


def test_an_outcome_that_was_not_delivered_awaits(study):
    tables = panel_tables()
    key = ("panel", "mine", "outcomes")
    tables[key] = tables[key].with_columns(fiscal=pl.lit(None, pl.Float64))
    table = run(study, tables)[METHODS].table
    assert table["status"].to_list() == ["awaiting"]
    assert "fiscal rests on" in table["reason"][0]


def test_the_step_reads_what_it_uses_and_no_more(study):
    step = next(step for step in steps(study) if step.key == METHODS)
    named = ("treatment", "outcomes", "controls", "geography")
    assert set(step.inputs) == {("panel", "mine", table) for table in named} | {("estimates", "mine_1", "1")}
    drawn = {"wild_draws", "bootstrap_draws", "randomisation_draws", "seed"}
    assert set(step.options) == {"ssc", "singletons"} | drawn


OTHERS = """
[tables.plain]
title = "Plain"

[[tables.plain.columns]]
outcome = "fiscal"
controls = ["log_loans"]

[tables.two]
title = "Two"

[[tables.two.columns]]
like = "mine_1.1"
cluster = ["city_code", "year"]
"""


@pytest.mark.parametrize(
    ("of", "message"),
    [("mine_1.9", "names no column"), ("plain.1", "cannot be asked about"), ("two.1", "cannot be asked about")],
)
def test_a_column_that_cannot_be_asked_about_is_named(tmp_path, of: str, message: str):
    with pytest.raises(SpecificationError, match=message):
        load_study(write(tmp_path, SOUND + OTHERS + ASKED.replace("mine_1.1", of)))


def test_the_page_prints_methods_intervals_and_what_each_assumes(study):
    tidy = run(study, panel_tables())[METHODS].table
    page = Page(study.table("asked"), {METHODS: tidy}, Published(), {"did": "SCIA"}, Options())
    text = " ".join(render_page(page, synthetic=False)[0].text.split())
    for words in (
        "SCIA in mine_1.1",
        "Classical (the paper's)",
        "Randomisation inference, studentised",
        "the p value to quote",
        "Leaving one unit out: smallest, without",
        "seed 20181016",
    ):
        assert words in text
    picture = draw(study.table("asked"), tidy, "svg", synthetic=False)
    assert picture is not None
    assert picture.startswith(b"<?xml")
