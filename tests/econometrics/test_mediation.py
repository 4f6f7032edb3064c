"""The identity of mediation, planted paths, and errors against the stacked regression and refits of drawn samples."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.kernel import fit_arrays
from resilience_pipeline.econometrics.mediation import DRAWS, bootstrapped, system_of
from resilience_pipeline.econometrics.mediation_rows import (
    ALL,
    BCA,
    INDIRECT,
    PERCENTILE,
    SHARE,
    SOBEL,
    TEXTBOOK,
    mediation_rows,
)
from resilience_pipeline.econometrics.sample import NotEstimableError, level_codes
from tests.econometrics.channels import DIRECT, MEDIATORS, SPEC, TOTAL, A, B, channels

#: Two exact roads; and the identity, in the size of the total.
AGREEMENT, IDENTITY = 1e-10, 1e-12

SETTINGS = {
    "two effects": {},
    "weights": {"weights": "weight"},
    "region by year": {"absorb": ("city", "region^year")},
    "no effects": {"absorb": ()},
    "no controls": {"controls": ()},
}


def row(rows, subject, statistic, method="least squares"):
    (found,) = [r for r in rows if (r.subject, r.statistic, r.method) == (subject, statistic, method)]
    return found


def rows_of(frame, mediators=MEDIATORS, draws=199, seed=1, spec=SPEC):
    system = system_of(spec, mediators, frame)
    return mediation_rows(system, bootstrapped(system, draws, seed), seed)


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("mediators", [("business",), MEDIATORS], ids=["alone", "together"])
def test_total_is_direct_plus_products_in_the_sample_and_in_every_draw(mediators, settings) -> None:
    system = system_of(replace(SPEC, **settings), mediators, channels(lost=60))
    assert system.effects.gap < IDENTITY
    assert system.leaving_one_out().gap < IDENTITY
    draws = bootstrapped(system, 300, 1)
    gaps = draws.group_by("draw").agg(pl.col("total").first() - pl.col("direct").first() - pl.col("indirect").sum())
    assert gaps["total"].abs().max() < IDENTITY * 10


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_each_coefficient_is_the_printed_regression_of_its_equation(settings) -> None:
    frame, spec = channels(lost=60), replace(SPEC, **settings)
    rows = rows_of(frame, spec=spec)

    def printed(outcome, *extra):
        found = estimate(replace(spec, outcome=outcome, controls=(*extra, *spec.controls)), frame, engines=("kernel",))
        return {term.term: term for term in found.terms}

    expected = {(ALL, "total"): printed("y")["did"], (ALL, "direct"): printed("y", *MEDIATORS)["did"]}
    for name in MEDIATORS:
        expected |= {(name, "a"): printed(name)["did"], (name, "b"): printed("y", *MEDIATORS)[name]}
    for (subject, statistic), term in expected.items():
        got = row(rows, subject, statistic)
        assert got.estimate == pytest.approx(term.estimate, abs=AGREEMENT)
        assert (got.std_error, got.p_value) == pytest.approx((term.std_error, term.p_value), rel=1e-8)
        assert (got.ci_low, got.ci_high) == pytest.approx((term.ci_low, term.ci_high), rel=1e-8)


def test_the_planted_paths_are_found_together() -> None:
    rows = rows_of(channels(units=400, seed=4))
    planted = {("business", "a"): A[0], ("synergy", "a"): A[1], ("business", "b"): B[0], ("synergy", "b"): B[1]}
    planted |= {(ALL, "total"): TOTAL, (ALL, "direct"): DIRECT}
    for (subject, statistic), truth in planted.items():
        got = row(rows, subject, statistic)
        assert abs(got.estimate - truth) < 3.5 * got.std_error < 0.7
    for name, a, b in zip(MEDIATORS, A, B, strict=True):
        for method in (SOBEL, PERCENTILE, BCA):
            got = row(rows, name, INDIRECT, method)
            assert got.ci_low < a * b < got.ci_high
    got = row(rows, ALL, SHARE, BCA)
    assert got.ci_low < (A[0] * B[0] + A[1] * B[1]) / TOTAL < got.ci_high


def test_alone_a_mediator_claims_what_it_shares_with_the_other_and_together_the_shares_add_up() -> None:
    frame = channels(units=400)
    alone = [row(rows_of(frame, (name,)), name, INDIRECT, SOBEL).estimate for name in MEDIATORS]
    assert abs(alone[0] - A[0] * B[0]) > 0.1
    together = rows_of(frame)
    shares = [row(together, name, SHARE, PERCENTILE).estimate for name in MEDIATORS]
    total, direct = (row(together, ALL, name).estimate for name in ("total", "direct"))
    assert sum(shares) == pytest.approx(1 - direct / total, abs=IDENTITY)
    assert row(together, ALL, SHARE, PERCENTILE).estimate == pytest.approx(sum(shares), abs=IDENTITY)


@pytest.mark.parametrize("weights", [None, "weight"])
def test_sobels_covariance_is_that_of_both_equations_stacked_in_one_regression(weights) -> None:
    # Rows twice, once for each equation, every column and effect of its own: one cluster-robust covariance of a and b.
    frame = channels(lost=60, persistent=2.0, uneven=0.5)
    system = system_of(replace(SPEC, ssc="none", weights=weights), ("business",), frame)
    columns = frame.select("did", "gdp", "roads", "business").to_numpy()
    nothing = np.zeros_like(columns)
    X = np.vstack([np.hstack([columns[:, :3], nothing]), np.hstack([nothing[:, :3], columns])])
    both = pl.concat([frame.with_columns(equation=pl.lit(equation)) for equation in (0, 1)])
    fit = fit_arrays(
        np.concatenate([frame["business"].to_numpy(), frame["y"].to_numpy()]),
        X,
        effects=[level_codes(both, "city^equation"), level_codes(both, "year^equation")],
        clusters=[level_codes(both, "city")],
        weights=both["weight"].to_numpy() if weights else None,
        ssc="none",
    )
    V = fit.covariance
    assert system.covariance("business") == pytest.approx((V[0, 0], V[6, 6], V[0, 6]), rel=1e-8)
    a, b = fit.coefficients[0], fit.coefficients[6]
    expected = np.sqrt(a**2 * V[6, 6] + b**2 * V[0, 0] + 2 * a * b * V[0, 6])
    rows = mediation_rows(system, bootstrapped(system, 20, 1), 1)
    assert row(rows, "business", INDIRECT, SOBEL).std_error == pytest.approx(expected, rel=1e-8)


def test_where_cities_with_the_larger_a_have_the_larger_b_the_textbook_error_is_too_small() -> None:
    rows = rows_of(channels(units=300, uneven=1.5, seed=2), ("business",), draws=3000)
    stacked, textbook, drawn = (
        row(rows, "business", INDIRECT, method).std_error for method in (SOBEL, TEXTBOOK, PERCENTILE)
    )
    assert stacked > 1.1 * textbook
    assert drawn == pytest.approx(stacked, rel=0.1)


def test_a_draw_is_the_three_regressions_on_the_cities_drawn() -> None:
    frame = channels(units=30, lost=20)
    draws = bootstrapped(system_of(SPEC, MEDIATORS, frame), 2, seed=9)
    cities = np.random.default_rng(9).integers(0, 30, (2, 30))
    for number, drawn in enumerate(cities, start=1):
        copies = [
            frame.filter(pl.col("city") == city).with_columns(city=pl.lit(place, pl.Int64))
            for place, city in enumerate(drawn)
        ]
        sample = pl.concat(copies)
        long = estimate(replace(SPEC, controls=(*SPEC.controls, *MEDIATORS)), sample, engines=("kernel",))
        b = {term.term: term.estimate for term in long.terms}
        total = estimate(SPEC, sample, engines=("kernel",)).terms[0].estimate
        for got in draws.filter(draw=number).to_dicts():
            name = got["mediator"]
            a = estimate(replace(SPEC, outcome=name), sample, engines=("kernel",)).terms[0].estimate
            expected = {"total": total, "direct": b["did"], "a": a, "b": b[name], "indirect": a * b[name]}
            assert {key: got[key] for key in expected} == pytest.approx(expected, abs=AGREEMENT)
            assert got["share"] == pytest.approx(a * b[name] / total, rel=1e-8)


def test_intervals_of_the_product_cover_as_often_as_they_say() -> None:
    covered = np.zeros(3)
    simulations = 200
    for seed in range(simulations):
        rows = rows_of(
            channels(units=60, periods=6, persistent=1.0, seed=300 + seed), ("synergy", "business"), 299, seed
        )
        for place, method in enumerate((SOBEL, PERCENTILE, BCA)):
            got = row(rows, "synergy", INDIRECT, method)
            covered[place] += got.ci_low < A[1] * B[1] < got.ci_high
    # nominal 95 %, less what few clusters and 299 draws take; the simulation's error is 1.6 points
    assert (covered / simulations > 0.88).all()
    assert (covered / simulations < 0.995).all()


def test_draws_without_a_treated_city_are_null_and_counted() -> None:
    frame = channels(units=20).with_columns(did=pl.col("did") * pl.col("city").is_in([0, 3]))
    system = system_of(SPEC, ("business",), frame)
    draws = bootstrapped(system, 500, 1)
    rows = mediation_rows(system, draws, 1)
    undefined = row(rows, "business", INDIRECT, PERCENTILE).undefined_draws
    assert undefined == draws["indirect"].null_count()
    assert 30 < undefined < 100  # (18 / 20)^20 of 500 is 61
    assert row(rows, "business", SHARE, BCA).undefined_draws == undefined


def test_intervals_are_quantiles_of_the_stored_draws() -> None:
    system = system_of(SPEC, MEDIATORS, channels(lost=60))
    draws = bootstrapped(system, 400, 1)
    rows = mediation_rows(system, draws, 1)
    for statistic in (INDIRECT, SHARE):
        summed = draws.group_by("draw", maintain_order=True).agg(pl.col(statistic).sum())[statistic]
        drawn = {name: draws.filter(mediator=name)[statistic] for name in MEDIATORS} | {ALL: summed}
        for subject, values in drawn.items():
            got = row(rows, subject, statistic, PERCENTILE)
            assert (got.ci_low, got.ci_high) == pytest.approx(np.quantile(values.to_numpy(), [0.025, 0.975]), abs=1e-12)


def test_draws_are_stored_by_mediator_and_the_seed_makes_them() -> None:
    system = system_of(SPEC, MEDIATORS, channels())
    one, again, other = (bootstrapped(system, 30, seed) for seed in (1, 1, 2))
    assert one.schema == DRAWS
    assert one["mediator"].to_list()[:3] == ["business", "synergy", "business"]
    assert one.equals(again)
    assert not one.equals(other)


def test_rows_and_labels_in_another_order_change_no_number_but_the_draws_names() -> None:
    frame = channels(lost=60)
    moved = frame.sample(fraction=1.0, shuffle=True, seed=5)
    assert rows_of(frame) == rows_of(moved)
    renamed = frame.with_columns(city=(pl.col("city") * 7919) % 1009)
    for one, two in zip(rows_of(frame), rows_of(renamed), strict=True):
        assert two.estimate == pytest.approx(one.estimate, abs=1e-11)
        if one.draws is None:
            assert two.std_error == pytest.approx(one.std_error, rel=1e-9)


def test_all_equations_stand_on_the_rows_that_have_every_column() -> None:
    frame = channels().with_columns(synergy=pl.when(pl.col("year") == 2013).then(None).otherwise("synergy"))
    rows = rows_of(frame)
    assert {r.n_obs for r in rows} == {60 * 8}
    expected = estimate(SPEC, frame.drop_nulls(), engines=("kernel",)).terms[0].estimate
    assert row(rows, ALL, "total").estimate == pytest.approx(expected, abs=AGREEMENT)


def test_a_mediator_without_variation_of_its_own_and_one_without_values_are_refused_with_the_reason() -> None:
    copy = channels().with_columns(synergy=pl.col("gdp") * 2 + 1)
    with pytest.raises(NotEstimableError, match="synergy is a linear combination"):
        system_of(SPEC, MEDIATORS, copy)
    empty = channels().with_columns(synergy=pl.lit(None, pl.Float64))
    with pytest.raises(NotEstimableError, match="no value was delivered for synergy") as caught:
        system_of(SPEC, MEDIATORS, empty)
    assert caught.value.status == "awaiting"
