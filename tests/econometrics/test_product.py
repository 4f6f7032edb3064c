"""Thousands of regressions at once give what `estimate` gives for each by itself, refusals included."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.product import fit_product, replaced_t
from resilience_pipeline.econometrics.specification import Specification
from tests.econometrics.panels import panel

TOLERANCE = 1e-10  # two exact algorithms; rounding is near 1e-13

PLAIN = Specification("s", "y", "did", absorb=("city", "year"), cluster=("city",), unit="city", time="year")
SPECIFICATIONS = (
    PLAIN,
    replace(PLAIN, controls=("gdp", "roads")),
    replace(PLAIN, controls=("gdp", "roads"), cluster=("province",)),
    replace(PLAIN, controls=("gdp", "twice_gdp"), absorb=("city", "year", "province^year")),
    replace(PLAIN, controls=("roads",), where="year < 2018"),
    replace(PLAIN, controls=("roads",), weights="weight"),
    replace(PLAIN, absorb=(), ssc="none"),
    replace(PLAIN, where="year < 2016"),  # nobody is treated
    replace(PLAIN, controls=("nothing",)),
    replace(PLAIN, where="city = 3", absorb=()),  # one cluster
    replace(PLAIN, where="year > 2030"),
    replace(PLAIN, controls=("also_did",)),
)


def panels() -> list[dict[str, pl.Series]]:
    """Alternatives of one unbalanced panel: another outcome, a gap in it, other pilots, no pilots, other weights."""
    frame = panel(lost=25, lone=1).with_columns(
        twice_gdp=2 * pl.col("gdp"), nothing=pl.lit(None, dtype=pl.Float64), also_did=3 * pl.col("did")
    )
    columns = {name: frame[name] for name in frame.columns}
    others = {
        "y": (frame["y"].exp(), frame.select(pl.when(pl.col("city") != 5).then("y").alias("y"))["y"]),
        "weight": (frame.select(weight=pl.col("weight") ** 2)["weight"],),
        "did": (
            frame.select(did=((pl.col("city") % 3 == 1) & (pl.col("year") >= 2015)).cast(pl.Float64))["did"],
            frame.select(did=pl.lit(None, dtype=pl.Float64).repeat_by(1).explode())["did"].new_from_index(
                0, len(frame)
            ),
        ),
    }
    return [columns, *({**columns, name: series} for name, found in others.items() for series in found)]


def alone(spec: Specification, columns: dict[str, pl.Series]):
    return estimate(spec, pl.DataFrame(columns), engines=("kernel",))


def test_every_specification_on_every_panel_is_what_estimate_gives():
    alternatives = panels()
    fits = fit_product(SPECIFICATIONS, alternatives)
    statuses = set()
    for f, columns in enumerate(alternatives):
        for s, spec in enumerate(SPECIFICATIONS):
            expected = alone(spec, columns)
            statuses.add(expected.status)
            assert (fits.status[f, s], fits.reason[f, s]) == (expected.status, expected.reason or "")
            if expected.status != "estimated":
                assert np.isnan(fits.estimate[f, s])
                assert fits.n_obs[f, s] == -1
                continue
            term = expected.terms[0]
            assert fits.estimate[f, s] == pytest.approx(term.estimate, rel=TOLERANCE)
            assert fits.std_error[f, s] == pytest.approx(term.std_error, rel=TOLERANCE)
            counts = (fits.n_obs[f, s], fits.n_units[f, s], fits.n_treated[f, s], fits.n_clusters[f, s])
            assert counts == (expected.n_obs, expected.n_units, expected.n_treated_units, expected.n_clusters)
    assert statuses == {"estimated", "failed", "awaiting"}


def test_a_collinear_control_that_left_is_named():
    fits = fit_product(SPECIFICATIONS, panels()[:1])
    assert fits.dropped[0].tolist()[:4] == ["", "", "", "twice_gdp"]


def test_the_outcomes_spread_is_that_of_the_rows_used():
    columns = panels()[0]
    fits = fit_product([replace(PLAIN, where="year < 2018", singletons="keep")], [columns])
    used = pl.DataFrame(columns).filter(pl.col("year") < 2018)
    assert fits.outcome_sd.item() == pytest.approx(used["y"].std(), rel=1e-12)


def test_other_treatments_in_place_of_the_own_give_their_own_t():
    frame = panel(units=20)
    columns = {name: frame[name] for name in frame.columns}
    rng = np.random.default_rng(3)
    fakes = np.stack(
        [((frame["city"].is_in(rng.choice(20, 6))) & (frame["year"] >= 2015)).to_numpy() for _ in range(4)], axis=1
    ).astype(float)
    specifications = [PLAIN, replace(PLAIN, controls=("gdp",), where="year != 2016", cluster=("province",))]
    t = replaced_t(specifications, [columns], lambda panel, name: fakes, 4)
    for s, spec in enumerate(specifications):
        for draw in range(4):
            term = alone(spec, {**columns, "did": pl.Series("did", fakes[:, draw])}).terms[0]
            assert t[0, s, draw] == pytest.approx(term.t, rel=1e-9)


def test_a_specification_without_one_cluster_is_refused():
    with pytest.raises(ValueError, match="needs a treatment, one cluster"):
        fit_product([replace(PLAIN, cluster=("city", "year"))], panels()[:1])
