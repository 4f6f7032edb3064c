"""Spatial errors beside diff-diff's, which reproduces R's conleyreg."""

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.specification import Specification
from tests.econometrics.test_conley import placed

#: Their serial weights fall with the lag over this many years, ours stay one: the difference is 1e-8 in a variance.
ENDLESS = 10**9
TOLERANCE = 1e-6  # their earth has a radius of 6,371.01 km, ours of 6,371.0088


def theirs(frame: pl.DataFrame, X: np.ndarray, kernel: str, **panel: object) -> np.ndarray:
    linalg = pytest.importorskip("diff_diff.linalg")
    model = linalg.LinearRegression(
        include_intercept=not panel,
        vcov_type="conley",
        conley_coords=frame.select("latitude", "longitude").to_numpy(),
        conley_cutoff_km=200.0,
        conley_metric="haversine",
        conley_kernel=kernel,
        **panel,
    )
    model.fit(X, frame["y"].to_numpy())
    return np.sqrt(np.diag(model.vcov_))


def ours(frame: pl.DataFrame, spec: Specification, kernel: str) -> list[float]:
    changed = {
        "vcov": f"conley:200:{kernel}", "ssc": "none", "unit": "city", "time": "year",
        "latitude": "latitude", "longitude": "longitude",
    }  # fmt: skip
    result = estimate(Specification(**{**vars(spec), **changed}), frame, engines=("kernel",))  # type: ignore[arg-type]
    return [term.std_error for term in result.terms]


@pytest.mark.parametrize("kernel", ["uniform", "bartlett"])
def test_a_single_year_gives_diff_diffs_errors(kernel: str) -> None:
    frame = placed(60, 0).filter(pl.col("year") == 2014)
    constant, *slopes = theirs(frame, frame.select("gdp", "roads").to_numpy(), kernel)
    assert ours(frame, Specification("t", "y", None, ("gdp", "roads")), kernel) == pytest.approx(
        [*slopes, constant], rel=TOLERANCE
    )


@pytest.mark.parametrize("kernel", ["uniform", "bartlett"])
def test_a_panel_with_effects_gives_diff_diffs_errors(kernel: str) -> None:
    frame = placed(30, 25)
    dummies = [frame.select(pl.col(name).cast(pl.String)).to_dummies().to_numpy() for name in ("city", "year")]
    X = np.hstack([frame.select("did", "gdp").to_numpy(), dummies[0], dummies[1][:, 1:]]).astype(float)
    panel = {
        "conley_time": frame["year"].to_numpy(),
        "conley_unit": frame["city"].to_numpy(),
        "conley_lag_cutoff": ENDLESS,
    }
    spec = Specification("t", "y", "did", ("gdp",), absorb=("city", "year"))
    assert ours(frame, spec, kernel)[:2] == pytest.approx(theirs(frame, X, kernel, **panel)[:2], rel=TOLERANCE)
