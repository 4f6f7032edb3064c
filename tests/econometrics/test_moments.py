"""The table of moments against refits of the very samples it stands for, and what it does where a refit fails."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.absorption import compact, is_nested
from resilience_pipeline.econometrics.kernel import CollinearColumnsError, fit_arrays
from resilience_pipeline.econometrics.moments import MomentMismatchError, MomentTable, TooManyDummiesError, moment_table
from resilience_pipeline.econometrics.sample import level_codes
from tests.econometrics.panels import panel

#: Two exact roads, one by QR and one by normal equations on columns of unit norm.
AGREEMENT = 1e-10

REGRESSORS = ("did", "gdp", "roads")
CITY_AND_YEAR = ("city", "year")
PANELS = {"balanced": panel(), "unbalanced": panel(lost=60), "with singletons": panel(lost=30, lone=3)}


def table_of(frame: pl.DataFrame, absorb=CITY_AND_YEAR, weights=None, cluster="city") -> MomentTable:
    return moment_table(
        {name: frame[name].to_numpy() for name in ("y", *REGRESSORS)},
        clusters=level_codes(frame, cluster),
        effects=[level_codes(frame, effect) for effect in absorb],
        weights=frame[weights].to_numpy() if weights else None,
    )


def refit(frame: pl.DataFrame, times: np.ndarray, absorb=CITY_AND_YEAR, weights=None, cluster="city") -> np.ndarray:
    """Least squares on the rows themselves, cluster c repeated times[c] times, each copy with effects of its own."""
    code = level_codes(frame, cluster)
    rows = np.concatenate([np.flatnonzero(code == c) for c in range(len(times)) for _ in range(int(times[c]))])
    lengths = [int((code == c).sum()) for c in range(len(times)) for _ in range(int(times[c]))]
    copy = np.repeat(np.arange(len(lengths)), lengths)
    effects = []
    for levels in (level_codes(frame, effect) for effect in absorb):
        inside = is_nested(levels, code)  # what lies inside a cluster is a level of its own in each copy
        effects.append(compact(levels[rows] + inside * copy * (levels.max() + 1)))
    fit = fit_arrays(
        frame["y"].to_numpy()[rows],
        frame.select(REGRESSORS).to_numpy()[rows],
        effects=effects,
        weights=frame[weights].to_numpy()[rows] if weights else None,
        vcov="iid",
    )
    return fit.coefficients[:-1]


@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("frame", PANELS.values(), ids=PANELS)
def test_leaving_a_city_out_is_the_refit_without_it(frame: pl.DataFrame, weights: str | None) -> None:
    table = table_of(frame, weights=weights)
    got = table.leaving_one_out().coefficients("y", REGRESSORS)
    for city in range(table.n_clusters):
        times = np.ones(table.n_clusters)
        times[city] = 0
        np.testing.assert_allclose(got[city], refit(frame, times, weights=weights), atol=AGREEMENT, rtol=0)


@pytest.mark.parametrize(
    ("absorb", "cluster"),
    [
        (CITY_AND_YEAR, "city"),
        (("city", "province^year"), "city"),
        (("city", "year", "province^year"), "city"),
        (("city", "year"), "province"),
        (("city", "province^year"), "province"),
        (("year",), "city"),
        (("city",), "city"),
        ((), "city"),
    ],
    ids=lambda part: " and ".join(part) or "none" if isinstance(part, tuple) else part,
)
@pytest.mark.parametrize("weights", [None, "weight"])
def test_a_drawn_sample_is_the_refit_on_its_copies_whatever_is_absorbed(absorb, cluster, weights) -> None:
    frame = panel(units=60, lost=60)
    table = table_of(frame, absorb, weights, cluster)
    rng = np.random.default_rng(5)
    times = np.array([np.bincount(rng.integers(0, table.n_clusters, table.n_clusters), minlength=table.n_clusters)] * 3)
    times[1] = rng.permutation(times[1])
    got = table.under(times.astype(float)).coefficients("y", REGRESSORS)
    for drawn, b in zip(times, got, strict=True):
        np.testing.assert_allclose(b, refit(frame, drawn, absorb, weights, cluster), atol=AGREEMENT, rtol=0)


@pytest.mark.parametrize("weights", [None, "weight"])
def test_the_fit_is_the_kernels_and_the_clusters_pulls_give_its_error(weights: str | None) -> None:
    frame = panel(lost=60)
    table = table_of(frame, weights=weights)
    fit = table.fit("y", REGRESSORS)
    pull = table.influence("y", REGRESSORS)
    np.testing.assert_allclose(fit.factor * pull.T @ pull, fit.covariance[:-1, :-1], rtol=1e-9, atol=1e-15)


def test_a_year_that_a_draw_lost_is_passed_over_as_a_refit_passes_over_it() -> None:
    # Only city 0 has rows in 2030; a draw without it has no such year.
    late = panel().filter(pl.col("city") == 0).with_columns(year=pl.col("year") + 18)
    frame = pl.concat([panel(lost=60), late])
    table = table_of(frame)
    times = np.ones(table.n_clusters)
    times[0] = 0
    got = table.under(times[None]).coefficients("y", REGRESSORS)[0]
    np.testing.assert_allclose(got, refit(frame, times), atol=AGREEMENT, rtol=0)


def test_a_draw_without_treated_cities_has_no_coefficients_and_leaves_its_neighbours_alone() -> None:
    frame = panel(lost=60)
    table = table_of(frame)
    treated = np.arange(table.n_clusters) < 13
    draws = np.array([np.ones(table.n_clusters), ~treated, np.ones(table.n_clusters)]).astype(float)
    got = table.under(draws).coefficients("y", REGRESSORS)
    assert np.isnan(got[1]).all()
    assert np.array_equal(got[0], got[2])
    assert np.isfinite(got[0]).all()


def test_a_treatment_that_is_absorbed_is_nan_in_the_table_and_refused_by_its_fit() -> None:
    frame = panel().with_columns(did=(pl.col("city") < 9).cast(pl.Float64))
    table = table_of(frame)
    assert np.isnan(table.full().coefficients("y", REGRESSORS)).all()
    with pytest.raises(CollinearColumnsError):
        table.fit("y", REGRESSORS)


def test_a_table_whose_numbers_are_off_is_refused_with_both_coefficients() -> None:
    table = table_of(panel(lost=60))
    spoilt = replace(table, packed=table.packed * np.linspace(1, 1 + 1e-6, table.packed.shape[1]))
    with pytest.raises(MomentMismatchError, match=r"from the table of moments, .* from the kernel"):
        spoilt.fit("y", REGRESSORS)


def test_columns_of_any_size_keep_the_agreement() -> None:
    frame = panel(lost=60).with_columns(gdp=1e9 + 1e6 * pl.col("gdp"), y=1e-4 * pl.col("y"))
    table_of(frame).fit("y", REGRESSORS)


def test_the_order_of_rows_and_the_names_of_cities_change_no_coefficient() -> None:
    frame = panel(lost=60)
    other = frame.sample(fraction=1.0, shuffle=True, seed=3).with_columns(city=(pl.col("city") * 7919) % 1009)
    one, two = (table_of(f).leaving_one_out().coefficients("y", REGRESSORS) for f in (frame, other))
    names = [level_codes(f, "city") for f in (frame, other)]
    moved = {int(f_city): int(code) for f_city, code in zip(other["city"], names[1], strict=True)}
    order = [moved[(city * 7919) % 1009] for city in sorted(frame["city"].unique())]
    np.testing.assert_allclose(two[order], one, atol=1e-12)


def test_more_levels_over_clusters_than_dummies_can_hold_are_refused() -> None:
    frame = panel(units=400, periods=5)
    with pytest.raises(TooManyDummiesError, match="1500 levels"):
        table_of(frame.with_columns(pair=pl.int_range(pl.len()) % 1500), absorb=("city", "pair"), cluster="province")
