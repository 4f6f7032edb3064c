"""Published estimates on the data they were made from. Tolerances are half a unit of the last printed digit."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from resilience_pipeline.econometrics.engines import compare_engines
from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.specification import Specification


def stata(path: Path) -> pl.DataFrame:
    return pl.from_pandas(pd.read_stata(path, convert_categoricals=False))


def numbers(result: Estimate, term: str) -> tuple[float, float]:
    found = next(t for t in result.terms if t.term == term)
    return found.estimate, found.std_error


NLSWORK = Specification(
    "nlswork",
    "ln_wage",
    None,
    ("grade", "age", "age2", "ttl_exp", "ttl_exp2", "tenure", "tenure2", "black", "not_smsa", "south"),
    absorb=("idcode",),
    vcov="iid",
    singletons="keep",
    unit="idcode",
    time="year",
)


def nlswork(folder: Path) -> pl.DataFrame:
    squares = {f"{name}2": pl.col(name).cast(pl.Float64) ** 2 for name in ("age", "ttl_exp", "tenure")}
    return stata(folder / "validation" / "nlswork.dta").with_columns(black=pl.col("race") == 2, **squares)


@pytest.mark.real_data
def test_nlswork_gives_the_fixed_effects_table_of_the_stata_manual(real_data: Path) -> None:
    """Stata Longitudinal-Data Reference Manual, xtreg, fe: grade and black do not vary in a woman's rows."""
    result = estimate(NLSWORK, nlswork(real_data))
    assert (result.n_obs, result.n_units) == (28091, 4697)
    assert [w.split()[0] for w in result.warnings] == ["grade", "black"]
    printed = {
        "age": (0.0359987, 0.0033864),
        "ttl_exp": (0.0334668, 0.0029653),
        "tenure": (0.0357539, 0.0018487),
        "south": (-0.0606309, 0.0109319),
    }
    for term, figures in printed.items():
        assert numbers(result, term) == pytest.approx(figures, abs=6e-8)
    assert result.r2_within_entity == pytest.approx(0.1727, abs=5e-5)


@pytest.mark.real_data
def test_nlswork_gives_the_robust_errors_of_the_stata_manual_which_are_clustered(real_data: Path) -> None:
    result = estimate(replace(NLSWORK, vcov="cluster", cluster=("idcode",), ssc="xtreg"), nlswork(real_data))
    printed = {"age": 0.0052407, "ttl_exp": 0.0040690, "tenure": 0.0024683, "south": 0.0163366}
    for term, figure in printed.items():
        assert numbers(result, term)[1] == pytest.approx(figure, abs=6e-8)


@pytest.mark.real_data
def test_nlswork_loses_its_singletons_as_in_reghdfe(real_data: Path) -> None:
    dropped = estimate(replace(NLSWORK, singletons="drop"), nlswork(real_data), engines=("kernel",))
    kept = estimate(NLSWORK, nlswork(real_data), engines=("kernel",))
    assert dropped.n_obs == 27541
    assert dropped.n_singletons == 28091 - 27541
    assert numbers(dropped, "age")[0] == pytest.approx(numbers(kept, "age")[0], abs=1e-12)


@pytest.mark.real_data
def test_medicaid_expansion_gives_the_two_way_estimate_of_fixest(real_data: Path) -> None:
    """Mixtape Sessions, Advanced DID: .070321 (.007401), clustered by state."""
    frame = stata(real_data / "validation" / "ehec.dta").with_columns(
        expanded=((pl.col("year") >= pl.col("yexp2")) & pl.col("yexp2").is_not_null())
    )
    spec = Specification(
        "ehec", "dins", "expanded", absorb=("stfips", "year"), cluster=("stfips",), unit="stfips", time="year"
    )
    result = estimate(spec, frame)
    assert numbers(result, "expanded") == pytest.approx((0.070321, 0.007401), abs=5e-7)
    assert (result.n_units, result.n_periods) == (46, 12)
    assert result.r2_within_all == pytest.approx(0.426746, abs=5e-7)
    assert compare_engines(spec, frame).agrees


@pytest.mark.real_data
def test_minimum_wages_give_the_two_way_estimate_of_linearmodels(real_data: Path) -> None:
    frame = pl.read_csv(real_data / "validation" / "mpdta.csv").with_columns(
        did=(pl.col("first.treat") > 0) & (pl.col("year") >= pl.col("first.treat"))
    )
    spec = Specification(
        "mpdta", "lemp", "did", absorb=("countyreal", "year"), cluster=("countyreal",), ssc="linearmodels"
    )
    assert numbers(estimate(spec, frame), "did") == pytest.approx((-0.03655, 0.01482), abs=5e-6)


def test_wage_panel_gives_table_14_2_of_wooldridge() -> None:
    from linearmodels.datasets import wage_panel

    frame = pl.from_pandas(wage_panel.load())
    spec = Specification(
        "wages", "lwage", None, ("expersq", "married", "union"), absorb=("nr", "year"), vcov="iid", unit="nr"
    )
    result = estimate(spec, frame)
    assert numbers(result, "expersq") == pytest.approx((-0.0052, 0.0007), abs=5e-5)
    assert numbers(result, "married") == pytest.approx((0.0467, 0.0183), abs=5e-5)
    assert numbers(result, "union") == pytest.approx((0.0800, 0.0193), abs=5e-5)


def test_grunfeld_gives_the_within_estimates_of_plm() -> None:
    from statsmodels.datasets import grunfeld

    frame = pl.from_pandas(grunfeld.load_pandas().data).filter(pl.col("firm") != "American Steel")
    spec = Specification("grunfeld", "invest", None, ("value", "capital"), absorb=("firm",), vcov="iid")
    result = estimate(spec, frame)
    assert numbers(result, "value") == pytest.approx((0.11012, 0.01186), abs=6e-6)
    assert numbers(result, "capital") == pytest.approx((0.31007, 0.01735), abs=6e-6)
    two_way = estimate(replace(spec, absorb=("firm", "year")), frame)
    assert numbers(two_way, "value")[0] == pytest.approx(0.11772, abs=6e-6)
    assert numbers(two_way, "capital")[0] == pytest.approx(0.35792, abs=6e-6)
