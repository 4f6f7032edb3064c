"""What a trace states is so: samples as they were estimated, values counted in them, models as the rows name them."""

import io
from types import SimpleNamespace

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.leave_out import RowInfluence
from resilience_pipeline.econometrics.sample import draw_sample
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.lineage import influence
from resilience_pipeline.lineage.influence import Outcome, Pull
from resilience_pipeline.lineage.influence_printing import print_pulls, sentence
from resilience_pipeline.lineage.opened import codes_called, find
from resilience_pipeline.lineage.printing import print_trace, shares
from resilience_pipeline.lineage.records import Coefficient
from resilience_pipeline.lineage.sample_flow import rows_that_stay
from resilience_pipeline.lineage.trace import trace
from resilience_pipeline.screen import Screen


def printed(traced) -> str:
    screen = Screen(file=io.StringIO(), width=400)
    print_trace(screen, traced, depth=2)
    return screen.file.getvalue()


def test_of_every_row_the_sample_is_as_large_as_its_n_and_the_values_are_counted_in_it(world):
    for row in world.index.coefficients.filter(pl.col("row").is_not_null()).to_dicts():
        chosen = Coefficient(row["name"], row["table"], row["row"], tuple(row["units"]), None, None, None)
        traced = trace(world.index, [chosen], cells=None)
        flow, said = traced.sample, traced.rows[0].get("n_obs")
        if flow is not None:
            assert flow.used + sum(flow.lost.values()) == flow.city_years
            assert said in (None, flow.used), row["name"]
            for variable in traced.variables:
                assert sum(variable.values.values()) in (0, flow.used), (row["name"], variable.name)


def test_a_row_that_stood_alone_is_lost_and_its_values_do_not_count(world):
    traced = trace(world.index, "table_6.1.did", cells=None)
    assert traced.sample.lost["alone in an absorbed effect"] == traced.rows[0]["n_singletons"] > 0
    assert sum(traced.variables[0].values.values()) == traced.rows[0]["n_obs"]


def test_rows_leave_a_sample_as_they_leave_the_regression():
    """Two cities of one year each, a gap, a weight of zero and a filter; one singleton makes the next."""
    frame = pl.DataFrame(
        {
            "city_code": ["a", "a", "b", "b", "c", "d", "d", "e", "e", "f", "f"],
            "year": [1, 2, 1, 2, 3, 3, 4, 1, 2, 1, 2],
            "y": [1.0, 2.0, 4.0, 3.0, 5.0, 6.0, 7.0, None, 2.0, 1.0, 1.0],
            "d": [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0],
            "w": [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0],
        }
    )
    spec = Specification(
        **{"name": "one", "outcome": "y", "treatment": "d", "absorb": ("city_code", "year"), "weights": "w"},
        where="year < 4",
    )
    lost, stay = rows_that_stay(frame, {n: v for n, v in vars(spec).items() if v}, ("y", "d", "w"))
    sample = draw_sample(spec, frame)

    assert (
        stay.select("city_code", "year").sort(pl.all()).equals(sample.frame.select("city_code", "year").sort(pl.all()))
    )
    assert lost == {
        "do not meet year < 4": 1,
        "no value of y": 1,
        "w is zero": 1,
        "alone in an absorbed effect": sample.n_singletons,
    }


def test_what_has_no_estimate_prints_its_own_figures(world):
    assert "mean" in printed(trace(world.index, "table_3.ctri", cells=None))
    assert "correlation 0." in printed(trace(world.index, "correlations.did.ctri", cells=None))


def test_a_term_is_its_estimate_and_the_beginning_of_names_lists_all(world):
    names = [coefficient.name for coefficient in find(world.index, "table_5_balance")]
    assert len(names) == len(world.tables["estimates", "table_5_balance", "matching"])


def test_a_city_is_the_one_of_that_name_and_not_another_whose_name_holds_it():
    cities = pl.DataFrame({"city_code": ["210300", "340500", "110000"], "name": ["鞍山市", "马鞍山市", "北京市"]})
    assert codes_called("鞍山", cities) == ["210300"]
    assert codes_called("鞍山市", cities) == ["210300"]
    assert codes_called("340500", cities) == ["340500"]
    assert codes_called("鞍", cities) == ["210300", "340500"]
    assert codes_called("火星", cities) == []


def test_a_change_of_the_last_digit_is_said_to_be_none():
    """Another source's value that is the same takes the cell's place: what is left is rounding."""
    asked = SimpleNamespace(estimate=0.446815)
    assert sentence(asked, Outcome(0.446815 + 1e-16, 2.4e-15, 610)).endswith("the coefficient is the same.")
    assert "moves it by 0.002 errors" in sentence(asked, Outcome(0.44714, 0.002, 610))


def test_a_row_without_which_there_is_no_coefficient_keeps_its_columns_in_print():
    """It comes first, and has no dfbetas."""
    asked = SimpleNamespace(name="table_4.3.did", estimate=0.4, std_error=0.1)
    alone = Pull("110000", "北京市", 2018, Outcome(None, n_obs=609, reason="not identified"))
    other = Pull("310000", "上海市", 2019, Outcome(0.5, 1.0, 609), 0.875)
    screen = Screen(file=io.StringIO(), width=400)
    print_pulls(screen, asked, [alone, other], top=2)
    first, second = screen.file.getvalue().splitlines()[2:4]
    assert first.split()[-1] == second.split()[-1] == "609"
    assert "0.875" in second


def test_a_row_that_identifies_the_coefficient_alone_is_no_nan_in_json(monkeypatch):
    nan = np.array([np.nan])
    monkeypatch.setattr(influence, "row_influence", lambda model, term: RowInfluence(nan, nan, np.array([1.0])))
    rows = pl.DataFrame({"city_code": ["110000"], "year": [2018]})
    asked = SimpleNamespace(
        model=SimpleNamespace(sample=SimpleNamespace(frame=rows)),
        **{"term": "did", "cities": {}, "outcome": lambda value, n, reason: Outcome(None, n_obs=n, reason=reason)},
    )
    (pull,) = influence.pulls(asked, "row")
    assert pull.dfbetas is None
    assert pull.without.coefficient is None


def test_one_value_in_many_is_not_rounded_away():
    assert shares({"reported": 3167, "missing": 1}) == "> 99.9 % reported, < 0.1 % missing"
    assert shares({"reported": 990, "province_mean": 10}) == "99.0 % reported, 1.0 % province mean"
    assert shares({"reported": 616}) == "100.0 % reported"
