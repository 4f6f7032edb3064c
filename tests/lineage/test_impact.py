"""No coefficient outside what `impact` names changes; each that it names does, or `impact` says why it may not."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.errors import LakeError
from resilience_pipeline.lineage.choices import held_by_choices, held_by_controls
from resilience_pipeline.lineage.exact import differences, staged_with
from resilience_pipeline.lineage.impact import impact
from resilience_pipeline.lineage.reaches import no_figure_yet
from tests.lineage.conftest import BY_LAST_YEAR, QUICK
from tests.lineage.world import STUDY


def asked(fact: dict) -> str:
    return f"{fact['city_code']}/{fact['indicator']}/{fact['year']}"


def some_facts(world, indicator: str) -> list[dict]:
    """A cell at random and one of a pilot before the policy, which alone moves the pilots' means before it."""
    facts = world.facts(indicator)
    treated = world.tables["panel", STUDY.name, "treatment"].filter(treat=1)["city_code"].unique()
    pilot = facts.filter(pl.col("city_code").is_in(treated.to_list()), year=2015).row(0, named=True)
    drawn = np.random.default_rng(11).choice(facts.height, size=1)
    return [pilot, *(facts.row(int(place), named=True) for place in drawn)]


def moved_by(world, fact: dict) -> set[str]:
    """Coefficients that change when the cell rises or falls by a seventh, but for those of every last year."""
    quick = [step.key for step in world.steps if step.key[0] == "estimates" and step.key[1] in QUICK]
    walks = [world.after(world.with_cell(fact, factor), quick) for factor in (8 / 7, 6 / 7)]
    return {name for walked in walks for name in walked.coefficients}


@pytest.mark.parametrize("indicator", ["loans_cny_10k", "supplier_top5_share_pct", "ip_protection_index"])
def test_what_changes_is_named_and_what_is_named_changes_or_has_a_reason(world, indicator):
    named, moved = {}, set()
    for fact in some_facts(world, indicator):
        found = impact(world.index, asked(fact))
        here = moved_by(world, fact)
        assert here <= found.names
        moved |= here
        named |= {f"{r.table}:{r.name}": r for r in found.reaches if r.held is None}

    assert not {name for name in named if name not in moved and BY_LAST_YEAR not in name}


def test_a_cell_of_a_city_that_left_moves_nothing_and_says_why(world):
    cities = world.tables["grid", STUDY.name, "cities"]
    code = cities.filter(~pl.col("kept"))["city_code"][0]
    fact = world.facts("loans_cny_10k").filter(city_code=code).row(0, named=True)

    found = impact(world.index, asked(fact))

    # Where the window ends earlier the city may stay, so what stands under other last years may move.
    assert {reach.table.split("/")[1] for reach in found.reaches} == {BY_LAST_YEAR}
    assert found.cells[0].fate.startswith("dropped city: ")
    assert not moved_by(world, fact)


def test_a_winsorised_cell_says_that_it_moves_nothing_unless_it_comes_inside(world):
    status = world.tables["panel", STUDY.name, "value_status"].filter(
        variable="log_freight", status="winsorised", year=2015
    )
    far = status.filter(pl.col("value_before") > pl.col("value_after")).row(0, named=True)

    found = impact(world.index, f"{far['city_code']}/freight_10k_tonnes/2015")

    (reach,) = [reach for reach in found.reaches if reach.name == "table_4.3.did"]
    assert reach.through == ("log_freight",)
    assert "log_freight is winsorised here" in reach.held


def test_a_value_below_the_median_says_how_far_the_line_is(world):
    fact = world.facts("ip_protection_index").filter(year=2016).sort("value").row(0, named=True)

    found = impact(world.index, asked(fact))

    assert {reach.held.split(":")[0] for reach in found.reaches} == {
        f"{fact['value']:.6g} is at or below the median " + found.reaches[0].held.split("median ")[1].split(":")[0]
    }
    assert not moved_by(world, fact)


def test_a_pilot_taken_from_the_list_moves_only_what_the_list_is_named_for(world):
    pilots = world.tables["frozen", "pilot_list"]
    treated = world.tables["panel", STUDY.name, "treatment"].filter(treat=1)["city_code"]
    row = pilots.filter(pl.col("city_code").is_in(treated.to_list())).row(0, named=True)

    found = impact(world.index, f"pilot_list.csv!R{row['row']}")
    without = world.with_rows("pilot_list", lambda table: table.filter(pl.col("row") != row["row"]))
    moved = world.after(without).coefficients

    assert "estimates/table_4/1:table_4.1.did" in moved
    assert {name for name, (before, _) in moved.items() if before is not None} <= found.names  # others come anew


def test_a_cell_outside_the_rows_of_a_column_says_which_rows_count(world):
    status = world.tables["panel", STUDY.name, "value_status"].filter(variable="log_freight", status="reported")
    policy = world.tables["indices", STUDY.name, "digital_policy"].filter(digital_policy=1, year=2019)
    inside = status.join(policy, on=["city_code", "year"], how="semi")["city_code"].unique()
    fact = world.facts("freight_10k_tonnes").filter(pl.col("city_code").is_in(inside.to_list()), year=2019)
    fact = fact.row(0, named=True)

    held = {reach.name: reach.held for reach in impact(world.index, asked(fact)).reaches}

    assert held["table_6.1.did"].startswith("only rows where (digital_policy = 0) count, and")
    assert held["table_6.2.did"] is None
    assert held["balance.balance.log_freight"].startswith("only rows where post = 0 count")
    assert not {name for name in moved_by(world, fact) if name.startswith("estimates/table_6/1:")}


def test_what_all_cities_have_in_common_is_taken_up_by_effects_of_time(world):
    fact = world.facts("exchange_rate_cny_per_usd").filter(year=2019).row(0, named=True)

    held = {reach.name: reach.held for reach in impact(world.index, asked(fact)).reaches}

    assert "the effects of time take that up" in held["table_4.3.did"]
    assert held["table_4.3.const"] is held["table_4.2.did"] is None, "the mean moves, and column 2 has no such effects"
    assert held["table_3.descriptives.foreign_investment"] is None, "a mean has no effects, whatever its sample"


def test_a_panel_that_ended_before_the_cell_says_so(world):
    fact = world.facts("loans_cny_10k").filter(year=2020).row(0, named=True)

    reaches = [r for r in impact(world.index, asked(fact)).reaches if r.table.split("/")[1] == BY_LAST_YEAR]

    ended = {r.name.split(".")[2] for r in reaches if r.held is not None and r.held.startswith("this panel ends in")}
    assert {"2018", "2019"} <= ended
    assert not ended & {"2020", "2021", "2022"}


def test_a_curve_says_where_no_specification_behind_a_row_has_the_column():
    specifications = pl.DataFrame(
        {"controls": ["all", "none"], "status": ["awaiting", "estimated"], "reason": ["no value of loans", None]}
    )
    index = SimpleNamespace(by_table={"estimates/curve/specifications": {}}, look=lambda name: specifications)
    about = {"choices": {"controls": {"all": None, "none": []}}, "specifications": [{"controls": ["loans"]}]}

    of_none, of_all = (
        held_by_choices(index, about, {"name": f"curve.summary.controls.{choice}"}, "loans")
        for choice in ("none", "all")
    )

    assert of_none == "no specification of it has loans"
    assert of_all == "no specification with loans could be estimated: no value of loans"
    assert held_by_choices(index, about, {"name": "curve.summary"}, "ctri") is None, "it is no control"


def test_a_result_of_which_no_row_is_estimated_has_nothing_that_could_move():
    assert no_figure_yet(["awaiting"]) == "awaiting: there is no figure yet that could move"
    assert no_figure_yet(["awaiting", "estimated"]) is None
    assert no_figure_yet([None]) is None, "a table that says nothing of its rows"
    assert no_figure_yet([]) is None


def test_a_series_that_makes_only_controls_of_a_curve_stops_where_they_do():
    specifications = pl.DataFrame(
        {"controls": ["all", "none"], "status": ["awaiting", "estimated"], "reason": ["no value of people", None]}
    )
    formulas = {
        "income": "revenue / spending",
        "loans": "ln(loans_cny)",
        "crowd": "ln(people)",
        "mixed": "index_of_all",
    }
    read = [(("grid/s/cells", name), "value") for name in ("revenue", "spending", "loans_cny", "people")]
    index = SimpleNamespace(
        by_table={"estimates/curve/specifications": {}, "panel/s/all": {}},
        look=lambda name: specifications,
        declared=lambda name: {"variables": {name: {"formula": formula} for name, formula in formulas.items()}},
        graph=SimpleNamespace(direct=lambda part: read if part[0] == "estimates/curve/permuted" else []),
    )
    controls = {"all": None, "none": []}

    def held(outcome: str, indicator: str) -> str | None:
        about = {
            "choices": {"controls": controls},
            "specifications": [{"outcome": outcome, "controls": ["loans", "crowd"]}],
        }
        row = {"name": "curve.permuted.3", "table": "estimates/curve/permuted"}
        return held_by_controls(index, "s", about, row, indicator)

    assert held("income", "loans_cny") == "no specification with loans could be estimated: no value of people"
    assert held("income", "revenue") is None, "the outcome is made of it"
    assert held("mixed", "loans_cny") is None, "an index may be made of it, too"


def test_a_report_says_how_many_mentions_make_a_policy(world):
    reports = world.tables["frozen", "work_reports"]
    flags = world.tables["indices", STUDY.name, "digital_policy"].filter(digital_policy=0)
    row = reports.join(flags.select("city_code", "year"), on=["city_code", "year"], how="semi").row(0, named=True)
    mentions = flags.filter(city_code=row["city_code"], year=row["year"])["digital_policy_mentions"][0]

    found = impact(world.index, f"work_reports.csv!R{row['row']}")

    reasons = {reach.held for reach in found.reaches if reach.through == ("digital_policy",) and reach.way == "value"}
    (reason,) = reasons
    assert reason.startswith(f"the report has {mentions} mentions and a policy is 3: digital_policy stays 0")


def test_an_indicator_and_a_file_name_all_that_rests_on_them(world):
    of_series = impact(world.index, "freight_10k_tonnes")

    assert "estimates/table_4/3:table_4.3.did" in of_series.names
    assert "estimates/table_4/1:table_4.1.did" not in of_series.names
    assert of_series.names <= impact(world.index, "city_yearbook.csv").names
    with pytest.raises(LakeError, match="freight_10k_tonnes"):
        impact(world.index, "freight_10k_tons")


def test_a_value_that_staging_would_refuse_takes_its_row_away(world):
    fact = world.facts("supplier_top5_share_pct").row(0, named=True)
    table = world.tables["frozen", fact["source"]]
    place = {name: fact[name] for name in ("file", "row")}

    assert staged_with(table, place, lambda old: 101.0).height == table.height - 1
    empty = staged_with(table, place, None).filter(file=fact["file"], row=fact["row"])
    assert empty.select("value", "missing_mark").row(0) == (None, "")


def test_a_row_that_goes_differs_from_nothing():
    before = pl.DataFrame({"variable": ["a", "b"], "mean": [1.0, 2.0]})

    assert differences("estimates/t/d", before, before.head(1)) == {"estimates/t/d:t.d.b": (2.0, None)}
    assert differences("estimates/t/d", before, before) == {}
