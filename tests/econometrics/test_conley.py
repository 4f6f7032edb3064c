"""Spatial errors, held to a double loop over rows."""

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics import kernel
from resilience_pipeline.econometrics.conley import distances, kernel_weights
from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.model import model_of
from resilience_pipeline.econometrics.specification import Specification
from tests.econometrics.panels import panel

SPEC = Specification(
    *("t", "y", "did", ("gdp", "roads")), absorb=("city", "year"), vcov="conley:150", unit="city", time="year",
    latitude="latitude", longitude="longitude",
)  # fmt: skip


def placed(units: int = 30, lost: int = 25) -> pl.DataFrame:
    """The panel with its cities strewn over six by six degrees."""
    rng = np.random.default_rng(3)
    latitude, longitude = 28 + 6 * rng.random(units), 110 + 6 * rng.random(units)
    frame = panel(units=units, lost=lost)
    city = frame["city"].to_numpy()
    return frame.with_columns(latitude=pl.Series(latitude[city]), longitude=pl.Series(longitude[city]))


def under(vcov: str, frame: pl.DataFrame, **changed: object) -> Estimate:
    return estimate(Specification(**{**vars(SPEC), "vcov": vcov, **changed}), frame, engines=("kernel",))  # type: ignore[arg-type]


def errors(result: Estimate) -> list[float]:
    return [term.std_error for term in result.terms]


def test_beijing_and_shanghai_are_1067_kilometres_apart() -> None:
    beijing, shanghai = (39.9042, 116.4074), (31.2304, 121.4737)
    far = distances(*(np.array([x]) for x in (*beijing, *shanghai)))
    assert far == pytest.approx(np.array([[1067]]), abs=2)
    assert distances(*(np.array([x]) for x in (*beijing, *beijing))) == 0


def test_a_quarter_of_the_equator_is_a_quarter_of_the_circumference() -> None:
    assert distances(*(np.array([x]) for x in (0.0, 0.0, 0.0, 90.0)))[0, 0] == pytest.approx(40030.2 / 4, abs=0.1)


def test_uniform_counts_whole_up_to_the_cutoff_and_bartlett_fades() -> None:
    far = np.array([[0.0, 50.0, 100.0, 101.0]])
    assert kernel_weights(far, 100, "uniform").tolist() == [[1, 1, 1, 0]]
    assert kernel_weights(far, 100, "bartlett").tolist() == [[1, 0.5, 0, 0]]


@pytest.mark.parametrize("rule", ["conley:150", "conley:400:bartlett"])
def test_the_covariance_is_the_double_loop_over_rows(rule: str) -> None:
    frame = placed()
    model = model_of(Specification(**{**vars(SPEC), "vcov": rule}), frame)
    rows, pull = model.sample.frame, kernel.pull(model.design, model.absorber)
    parsed = model.sample.specification.error_rule
    expected = np.zeros((4, 4))
    for i, one in enumerate(rows.iter_rows(named=True)):
        for j, two in enumerate(rows.iter_rows(named=True)):
            if one["city"] == two["city"]:
                weight = 1.0
            elif one["year"] == two["year"]:
                where = (np.array([row[name]]) for row in (one, two) for name in ("latitude", "longitude"))
                weight = kernel_weights(distances(*where), parsed.kilometres, parsed.kernel)[0, 0]
            else:
                continue
            expected += weight * np.outer(pull[i], pull[j])
    factor = 30 / 29 * (rows.height - 1) / (rows.height - 3 - 8)
    assert errors(under(rule, frame)) == pytest.approx(np.sqrt(factor * np.diag(expected)), rel=1e-10)


def test_without_neighbours_the_error_is_the_one_clustered_by_city() -> None:
    frame = placed()
    spatial, clustered = under("conley:0", frame), under("cluster", frame, cluster=("city",))
    assert errors(spatial) == pytest.approx(errors(clustered), rel=1e-12)
    assert spatial.terms[0].p_value == pytest.approx(clustered.terms[0].p_value, rel=1e-10)
    assert spatial.dof == clustered.dof == 29


def test_shocks_that_neighbours_share_widen_the_error() -> None:
    frame = placed(units=60, lost=0)
    shared = (pl.col("latitude").floor() * 7 + pl.col("longitude").floor() + pl.col("year") * 1000) * 12.9898
    frame = frame.with_columns(
        y=pl.col("y") + 5 * shared.sin(), did=(pl.col("latitude") > 31) & (pl.col("year") > 2015)
    )
    near, none = (errors(under(rule, frame))[0] for rule in ("conley:120", "conley:0"))
    assert near > 1.2 * none


def test_the_record_says_the_kernel_and_the_kilometres() -> None:
    result = under("conley:150", placed())
    assert (result.vcov, result.kilometres) == ("conley:150:uniform", 150.0)
    assert result.n_clusters == 30


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"latitude": pl.col("latitude") + pl.col("year")}, "several places"),
        ({"latitude": pl.col("latitude") + 100}, "no degrees"),
        ({"latitude": pl.lit(None, pl.Float64)}, "no value was delivered for latitude"),
    ],
    ids=["a unit that moves", "no degrees", "no coordinates"],
)
def test_coordinates_that_cannot_be_used_are_a_reason(changed: dict, reason: str) -> None:
    result = under("conley:150", placed().with_columns(**changed))
    assert result.status != "estimated"
    assert reason in str(result.reason)


def test_a_panel_without_its_column_of_time_is_refused() -> None:
    assert "need the column of time" in str(under("conley:150", placed(), time=None).reason)
