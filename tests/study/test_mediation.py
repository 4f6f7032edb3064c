"""Kind "mediation": what its section may say, and the two steps from panel tables to draws and effects."""

import polars as pl
import pytest

from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.options import Options
from resilience_pipeline.report.printer import Page, Published
from resilience_pipeline.report.render import draw, render_page
from resilience_pipeline.step import Inputs
from resilience_pipeline.study.kinds import mediation
from resilience_pipeline.study.load import load_study
from resilience_pipeline.study.steps import steps
from resilience_pipeline.words import many
from tests.econometrics.channels import channels
from tests.study.study_files import SOUND, write

CHANNELS = """
[variables.business]
table = "business"
formula = "exports_cny_10k"

[variables.synergy]
table = "synergy"
formula = "imports_cny_10k"

[tables.paths]
title = "Paths"

[[tables.paths.columns]]
like = "mine_1.1"
outcome = "business"

[[tables.paths.columns]]
like = "mine_1.1"
controls = ["business", "log_loans"]

[[tables.paths.columns]]
like = "mine_1.1"
outcome = "synergy"
where = "year > 2013"

[tables.paths_mediation]
title = "Mediation"
kind = "mediation"
like = "mine_1.1"
mediators = ["business", "synergy"]
"""
FEW = Options.of({"bootstrap_draws": 99})
EFFECTS = ("estimates", "paths_mediation", "effects")
DRAWS = ("estimates", "paths_mediation", "draws")


@pytest.fixture
def study(tmp_path):
    return load_study(write(tmp_path, SOUND + CHANNELS))


def panel_tables(**changed: pl.Expr) -> dict:
    frame = channels(units=30).select(
        city_code=pl.col("city").cast(pl.String),
        year=pl.col("year").cast(pl.Int32),
        did="did",
        fiscal="y",
        log_loans="gdp",
        business="business",
        synergy="synergy",
    )
    frame = frame.with_columns(**changed)
    where = {"treatment": "did", "outcomes": "fiscal", "controls": "log_loans"}
    where |= {"business": "business", "synergy": "synergy"}
    return {("panel", "mine", table): frame.select("city_code", "year", name) for table, name in where.items()}


def run(study, tables: dict, options: Options = FEW) -> dict:
    """Results of all estimates steps of the study by key, run in order."""
    found, results = dict(tables), {}
    for step in sorted(steps(study), key=lambda step: (step.key[1] == "paths_mediation", step.key[1:])):
        inputs = Inputs({key: found[key] for key in step.inputs}, synthetic=False)
        results[step.key] = step.compute(inputs, options)
        found[step.key] = results[step.key].table
    return results


def effects_of(results: dict) -> tuple[pl.DataFrame, dict]:
    return results[EFFECTS].table, {check.name: check for check in results[EFFECTS].checks}


def test_each_mediator_stands_alone_and_all_stand_together(study):
    results = run(study, panel_tables())
    table, checks = effects_of(results)
    models = table.select("model", "subject").unique(maintain_order=True).rows()
    assert models == [
        ("alone", "business"),
        ("alone", "synergy"),
        ("together", "all mediators"),
        ("together", "business"),
        ("together", "synergy"),
    ]
    assert all(check.passed for check in checks.values())
    draws = results[DRAWS].table
    assert draws.group_by("model", "mediator", maintain_order=True).len().rows() == [
        ("alone", "business", 99),
        ("alone", "synergy", 99),
        ("together", "business", 99),
        ("together", "synergy", 99),
    ]


def test_the_equations_are_held_against_the_printed_columns_that_have_the_same_rows(study):
    _, checks = effects_of(run(study, panel_tables()))
    # paths.3 has a filter that the mediation does not have: it is another equation and is not read.
    assert checks["as_printed"].message == "as in paths.1, paths.2"
    (step,) = (step for step in steps(study) if step.key == EFFECTS)
    assert {key[-1] for key in step.inputs if key[:2] == ("estimates", "paths")} == {"1", "2"}


def test_a_printed_column_on_other_rows_is_named_and_not_compared(study):
    lost = pl.when(pl.col("year") == 2013).then(None).otherwise("fiscal")
    _, checks = effects_of(run(study, panel_tables(fiscal=lost)))
    assert checks["as_printed"].passed
    assert checks["as_printed"].message == "as in paths.2; other rows than paths.1"


def test_a_column_printed_otherwise_fails_a_blocking_check(study):
    tables = panel_tables()
    found = tables | {key: result.table for key, result in run(study, tables).items()}
    key = ("estimates", "paths", "2")
    found[key] = found[key].with_columns(
        pl.when(pl.col("term") == "business").then(pl.col("estimate") + 1e-8).otherwise("estimate").alias("estimate")
    )
    (step,) = (step for step in steps(study) if step.key == EFFECTS)
    result = step.compute(Inputs({k: found[k] for k in step.inputs}, synthetic=False), FEW)
    check = {check.name: check for check in result.checks}["as_printed"]
    assert (check.passed, check.blocking) == (False, True)
    assert "business of paths.2" in check.message


def test_the_identity_is_a_blocking_check(study, monkeypatch):
    monkeypatch.setattr(mediation, "IDENTITY", -1.0)
    _, checks = effects_of(run(study, panel_tables()))
    assert (checks["identity"].passed, checks["identity"].blocking) == (False, True)


def test_a_mediator_that_was_not_delivered_awaits_and_leaves_the_other_alone(study):
    table, checks = effects_of(run(study, panel_tables(synergy=pl.lit(None, pl.Float64))))
    status = dict(table.select(pl.concat_str("model", "subject", separator=" "), "status").unique().rows())
    assert status == {"alone business": "estimated", "alone synergy": "awaiting", "together all mediators": "awaiting"}
    reasons = table.filter(pl.col("status") == "awaiting")["reason"].to_list()
    assert all("synergy rests on imports_cny_10k" in reason for reason in reasons)
    assert not checks["estimated"].passed
    assert checks["moments_agree"].passed


def test_an_outcome_that_was_not_delivered_awaits_everywhere(study):
    results = run(study, panel_tables(fiscal=pl.lit(None, pl.Float64)))
    table, _ = effects_of(results)
    assert table["status"].unique().to_list() == ["awaiting"]
    assert results[DRAWS].table.is_empty()


def test_one_mediator_needs_no_model_of_all(tmp_path):
    text = SOUND + CHANNELS.replace('mediators = ["business", "synergy"]', 'mediators = ["business"]')
    table, _ = effects_of(run(load_study(write(tmp_path, text)), panel_tables()))
    assert table["model"].unique().to_list() == ["alone"]


def test_the_same_seed_gives_the_same_bytes_whatever_the_option_vcov(study):
    one, _ = effects_of(run(study, panel_tables()))
    two, _ = effects_of(run(study, panel_tables(), Options.of({"bootstrap_draws": 99, "vcov": "hc1"})))
    other, _ = effects_of(run(study, panel_tables(), Options.of({"bootstrap_draws": 99, "seed": 1})))
    assert one.equals(two)
    assert not one.equals(other)


SPOILT = {
    "no mediators": ('mediators = ["business", "synergy"]\n', "", "mediators are missing"),
    "a mediator that is no variable": ('["business", "synergy"]', '["busines"]', "mediators names no variable"),
    "a mediator twice": ('["business", "synergy"]', '["business", "business"]', "mediators name a column twice"),
    "a mediator that is the outcome": ('["business", "synergy"]', '["fiscal"]', "mediators name a column twice"),
    "an unknown key": ('mediators = ["business"', 'channel = "x"\nmediators = ["business"', "channel is not a key"),
    "like no column": (
        'kind = "mediation"\nlike = "mine_1.1"',
        'kind = "mediation"\nlike = "mine_1.7"',
        "like names no",
    ),
}


@pytest.mark.parametrize("fault", SPOILT)
def test_what_is_wrong_in_the_section_is_named(tmp_path, fault):
    old, new, message = SPOILT[fault]
    assert old in CHANNELS
    with pytest.raises(SpecificationError, match=message) as caught:
        load_study(write(tmp_path, SOUND + CHANNELS.replace(old, new, 1)))
    assert caught.value.remedy


def page(study, tables: dict) -> Page:
    table = run(study, tables)[EFFECTS].table
    symbols = {"did": "DID", "business": "BUET"}
    return Page(study.table("paths_mediation"), {EFFECTS: table}, Published(), symbols, Options(), ())


def test_the_printed_result_claims_no_more_than_consistency(study):
    rendered, printed = render_page(page(study, panel_tables()), synthetic=False)
    assert "BUET" in rendered.text
    assert [row[2] for row in printed.grid.rows[:10]] == ["indirect"] * 5 + ["share"] * 5
    assert len(set(printed.grid.rows)) == printed.tidy.height
    assert "consistent with a channel" in rendered.text
    assert "verif" not in rendered.text.lower()
    assert printed.without_result == ()


def test_draws_that_identify_nothing_are_counted_once_for_each_model_and_mediator(study):
    two = pl.col("did") * pl.col("city_code").is_in(["0", "3"])
    rendered, printed = render_page(page(study, panel_tables(did=two)), synthetic=False)
    undefined = printed.tidy["undefined_draws"].max()
    assert undefined > 0
    for whose in ("alone, business", "together, business", "together, all mediators"):
        assert rendered.text.count(f"{whose}: {many(undefined, 'draw')} left out that did not identify it") == 1


def test_what_awaits_is_said_and_the_figure_draws_the_rest(study):
    shown = page(study, panel_tables(synergy=pl.lit(None, pl.Float64)))
    rendered, printed = render_page(shown, synthetic=True)
    assert "awaiting: no value was delivered for synergy" in rendered.text
    assert {row[4] for row in printed.grid.rows if row[1] in ("synergy", "all mediators")} == {"awaiting"}
    assert printed.without_result == ("synergy", "all mediators")
    assert draw(shown.table, printed.tidy, "svg", synthetic=True).startswith(b"<?xml")
    nothing = page(study, panel_tables(fiscal=pl.lit(None, pl.Float64)))
    _, empty = render_page(nothing, synthetic=True)
    assert draw(nothing.table, empty.tidy, "svg", synthetic=True) is None
