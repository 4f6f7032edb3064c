"""Kind "difference": what its section may say, and the two steps from panel tables to draws and tests."""

import polars as pl
import pytest

from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.options import Options
from resilience_pipeline.report.printer import Page, Published
from resilience_pipeline.report.render import draw, render_page
from resilience_pipeline.step import Inputs
from resilience_pipeline.study.kinds import difference
from resilience_pipeline.study.load import load_study
from resilience_pipeline.study.steps import steps
from tests.econometrics.groups import flagged
from tests.study.study_files import SOUND, write

SPLIT = """
[variables.digital]
table = "digital"
formula = "exports_cny_10k"

[tables.halves]
title = "Halves"

[[tables.halves.columns]]
like = "mine_1.1"
label = "Without"
where = "digital = 0"

[[tables.halves.columns]]
like = "mine_1.1"
label = "With"
where = "digital = 1"

[tables.halves_difference]
title = "Difference"
kind = "difference"
of = ["halves.1", "halves.2"]
group = "digital"
"""
FEW = Options.of({"permutation_draws": 99})


@pytest.fixture
def study(tmp_path):
    return load_study(write(tmp_path, SOUND + SPLIT))


def panel_tables(**changed: pl.Expr) -> dict:
    """Panel tables of the study: thirty cities, half of which are digital from a year of their own on."""
    frame = flagged(units=30, changing=True, difference=1.0).select(
        city_code=pl.col("city").cast(pl.String),
        year=pl.col("year").cast(pl.Int32),
        did="did",
        fiscal="y",
        log_loans="gdp",
        digital="flag",
    )
    frame = frame.with_columns(**changed)
    where = {"treatment": "did", "outcomes": "fiscal", "controls": "log_loans", "digital": "digital"}
    return {("panel", "mine", table): frame.select("city_code", "year", name) for table, name in where.items()}


def run(study, tables: dict, options: Options = FEW) -> dict:
    """Results of all estimates steps of the study but the first table's, by key, run in order."""
    found, results = dict(tables), {}
    for step in sorted(steps(study), key=lambda step: (step.key[1] != "mine_1", step.key[1], step.key[2])):
        inputs = Inputs({key: found[key] for key in step.inputs}, synthetic=False)
        results[step.key] = step.compute(inputs, options)
        found[step.key] = results[step.key].table
    return results


def outcome_of(results: dict) -> tuple[pl.DataFrame, dict]:
    result = results["estimates", "halves_difference", "tests"]
    return result.table, {check.name: check for check in result.checks}


def test_the_steps_give_the_printed_columns_their_difference_and_the_draws(study):
    results = run(study, panel_tables())
    table, checks = outcome_of(results)
    assert table["method"].to_list() == [
        "least squares",
        "least squares",
        "full interaction",
        "stacked scores",
        "permutation of cities' groups",
    ]
    printed = [results["estimates", "halves", column].table["estimate"][0] for column in ("1", "2")]
    assert table["estimate"][:2].to_list() == pytest.approx(printed, abs=1e-12)
    for row in (3, 4):
        assert table["estimate"][row] == pytest.approx(printed[1] - printed[0], abs=1e-12)
    draws = results["estimates", "halves_difference", "draws"].table
    assert draws.columns == ["draw", "first", "second", "difference"]
    assert draws.height == 99
    assert (table["draws"][4], table["seed"][4]) == (99, 20181016)
    assert all(check.passed for check in checks.values())
    assert checks["as_printed"].message == "as in halves.1, halves.2"


def test_the_steps_read_what_they_use_and_no_more(study):
    by_key = {step.key: step for step in steps(study)}
    draws, tests = (by_key["estimates", "halves_difference", part] for part in ("draws", "tests"))
    panel = {("panel", "mine", table) for table in ("treatment", "outcomes", "controls", "digital")}
    assert set(draws.inputs) == panel
    assert set(tests.inputs) == panel | {draws.key, ("estimates", "halves", "1"), ("estimates", "halves", "2")}
    assert set(draws.options) == {"ssc", "singletons", "permutation_draws", "seed"}


def test_errors_stay_clustered_under_another_option_and_the_same_seed_gives_the_same_bytes(study):
    one, _ = outcome_of(run(study, panel_tables()))
    two, checks = outcome_of(run(study, panel_tables(), Options.of({"permutation_draws": 99, "vcov": "iid"})))
    assert one.equals(two)
    assert all(check.passed for check in checks.values())


def test_a_flag_that_was_not_delivered_awaits_with_what_it_rests_on(study):
    table, checks = outcome_of(run(study, panel_tables(digital=pl.lit(None, pl.Float64))))
    assert table["status"].to_list() == ["awaiting"]
    assert "digital rests on exports_cny_10k" in table["reason"][0]
    assert not checks["estimated"].passed
    assert not checks["estimated"].blocking


def test_a_group_without_treated_cities_fails_with_the_reason(study):
    table, checks = outcome_of(run(study, panel_tables(did=pl.col("did") * pl.col("digital"))))
    assert table["status"].to_list() == ["failed"]
    assert "'did' does not vary" in table["reason"][0]
    assert checks["moments_agree"].passed


def test_a_column_printed_otherwise_fails_a_blocking_check(study):
    tables = panel_tables()
    results = run(study, tables)
    found = tables | {key: result.table for key, result in results.items()}
    key = ("estimates", "halves", "2")
    found[key] = found[key].with_columns(pl.col("estimate") + 1e-8)
    (step,) = (step for step in steps(study) if step.key == ("estimates", "halves_difference", "tests"))
    result = step.compute(Inputs({k: found[k] for k in step.inputs}, synthetic=False), FEW)
    check = {check.name: check for check in result.checks}["as_printed"]
    assert not check.passed
    assert check.blocking
    assert "did of halves.2" in check.message


def test_moments_that_are_off_fail_a_blocking_check(study, monkeypatch):
    def off(*arguments):
        raise difference.MomentMismatchError("fiscal on did: 1 from the table of moments, 2 from the kernel")

    monkeypatch.setattr(difference, "sides_of", off)
    results = run(study, panel_tables())
    for part in ("draws", "tests"):
        (check,) = (c for c in results["estimates", "halves_difference", part].checks if c.name == "moments_agree")
        assert not check.passed
        assert check.blocking


SPOILT = {
    "one column": ('["halves.1", "halves.2"]', '["halves.1"]', "of is no pair"),
    "the same column twice": ('["halves.1", "halves.2"]', '["halves.1", "halves.1"]', "of is no pair"),
    "a column that does not exist": ('"halves.2"]', '"halves.3"]', "of names no column"),
    "another model": ('label = "With"', 'label = "With"\ncontrols = []', "of are two models"),
    "a group that is no variable": ('group = "digital"', 'group = "digitl"', "group names no variable"),
    "a group that is in no filter": ('group = "digital"', 'group = "log_loans"', "group does not split"),
    "no group": ('group = "digital"\n', "", "group is missing"),
}


@pytest.mark.parametrize("fault", SPOILT)
def test_what_is_wrong_in_the_section_is_named(tmp_path, fault):
    old, new, message = SPOILT[fault]
    assert old in SPLIT
    with pytest.raises(SpecificationError, match=message) as caught:
        load_study(write(tmp_path, SOUND + SPLIT.replace(old, new, 1)))
    assert caught.value.remedy


def page(study, tables: dict) -> Page:
    found = {key: result.table for key, result in run(study, tables).items()}
    key = ("estimates", "halves_difference", "tests")
    labels = {spec.name: spec.label for spec in study.table("halves").columns}
    return Page(study.table("halves_difference"), {key: found[key]}, Published(), {"did": "DID"}, Options(), (), labels)


def test_the_printed_result_has_each_test_its_draws_and_its_assumptions(study):
    rendered, printed = render_page(page(study, panel_tables()), synthetic=False)
    assert "DID in halves.2 less halves.1; rows are split by digital." in rendered.text
    assert "permutation of cities' groups" in rendered.text
    assert list(dict.fromkeys(row[0] for row in printed.grid.rows)) == ["(1) Without", "(2) With", "(2) less (1)"]
    assert "each city takes another city's groups of all years" in rendered.text
    assert "seed 20181016" in rendered.text
    assert printed.without_result == ()


def test_what_awaits_is_said_in_the_printed_result(study):
    waiting = page(study, panel_tables(digital=pl.lit(None, pl.Float64)))
    rendered, printed = render_page(waiting, synthetic=False)
    assert "awaiting: no value was delivered for digital" in rendered.text
    assert printed.without_result == ("did",)
    assert draw(waiting.table, printed.tidy, "svg", synthetic=False) is None


def test_the_figure_draws_what_has_an_interval(study):
    shown = page(study, panel_tables())
    _, printed = render_page(shown, synthetic=True)
    assert draw(shown.table, printed.tidy, "svg", synthetic=True).startswith(b"<?xml")
