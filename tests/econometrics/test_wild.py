"""The wild cluster bootstrap from the table of moments, held to refits of every bootstrap sample."""

from itertools import product

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.kernel import fit_arrays
from resilience_pipeline.econometrics.moments import MomentTable, moment_table
from resilience_pipeline.econometrics.sample import level_codes
from resilience_pipeline.econometrics.wild import wild_bootstrap
from tests.econometrics.panels import panel

REGRESSORS = ("did", "gdp")
NULLS = (0.0, 0.3, -1.2)


def few(clusters: int = 8) -> pl.DataFrame:
    """An unbalanced panel of few cities, a third of them treated."""
    return panel(units=clusters, periods=7, lost=5, seed=11)


def table_of(frame: pl.DataFrame, cluster: str = "city", weighted: bool = False) -> MomentTable:
    columns = {name: frame[name].to_numpy() for name in ("y", *REGRESSORS)}
    effects = [level_codes(frame, "city"), level_codes(frame, "year")]
    weights = frame["weight"].to_numpy() if weighted else None
    return moment_table(columns, clusters=level_codes(frame, cluster), effects=effects, weights=weights)


def wild(table: MomentTable, draws: int, seed: int = 1, weights: str = "rademacher", term: str = "did"):
    fit = table.fit("y", REGRESSORS)
    rng = np.random.default_rng(seed)
    return wild_bootstrap(table, fit, "y", REGRESSORS, (term,), draws=draws, rng=rng, weights=weights)[term]  # type: ignore[arg-type]


def refitted(frame: pl.DataFrame, null: float, signs: np.ndarray, weighted: bool) -> np.ndarray:
    """|t| of each bootstrap sample: restricted fit, signs before its clusters' residuals, a regression each."""
    effects = (level_codes(frame, "city"), level_codes(frame, "year"))
    cluster, weights = effects[0], frame["weight"].to_numpy() if weighted else None
    y, did, gdp = (frame[name].to_numpy() for name in ("y", *REGRESSORS))
    moved = y - null * did
    # With all effects as columns the restricted residuals are those of a plain weighted regression.
    dummies = np.hstack([np.eye(int(codes.max()) + 1)[codes] for codes in effects])
    X = np.column_stack([gdp, dummies])
    root = np.ones(len(y)) if weights is None else np.sqrt(weights)
    theta = np.linalg.lstsq(X * root[:, None], moved * root, rcond=None)[0]
    fitted, residual = X @ theta, moved - X @ theta
    found = []
    for sign in signs:
        star = null * did + fitted + sign[cluster] * residual
        fit = fit_arrays(star, np.column_stack([did, gdp]), effects=effects, weights=weights, clusters=(cluster,))
        found.append(abs(fit.coefficients[0] - null) / fit.std_errors[0])
    return np.array(found)


@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("null", NULLS)
def test_every_sign_vector_gives_the_t_of_its_refit(null: float, weighted: bool) -> None:
    frame = few()
    test = wild(table_of(frame, weighted=weighted), draws=256)
    assert test.listed
    assert len(test) == 256
    # Bit g of the vector's number stands for cluster g.
    signs = np.array([vector[::-1] for vector in product((1.0, -1.0), repeat=8)])
    expected = refitted(frame, null, signs, weighted)
    np.testing.assert_allclose(test.statistics(null), expected, rtol=1e-8)
    observed = abs(test.estimate - null) / test.std_error
    assert test.p_value(null) == (expected >= observed * (1 - 1e-8)).mean()


def test_the_sample_itself_is_the_first_of_all_sign_vectors_and_its_mirror_image_the_last() -> None:
    test = wild(table_of(few()), draws=256)
    for null in NULLS:
        t = abs(test.estimate - null) / test.std_error
        assert test.statistics(null)[[0, -1]] == pytest.approx([t, t], rel=1e-10)


def test_ties_count_unless_strictly_larger_ones_are_asked_for() -> None:
    """With ten clusters: 1,024 vectors, of which the sample and its mirror image always tie."""
    frame = panel(units=10, periods=8, seed=4).with_columns(y=pl.col("y") + 2.0 * pl.col("did"))
    test = wild(table_of(frame), draws=9_999)
    assert len(test) == 1024
    larger = test.p_value(strict=True)
    assert test.p_value() >= larger + 2 / 1024


def test_drawn_signs_give_one_added_to_count_and_draws() -> None:
    table = table_of(panel(units=40, lost=30))
    test = wild(table, draws=999)
    assert not test.listed
    t = abs(test.estimate) / test.std_error
    assert test.p_value() == (1 + (test.statistics() >= t).sum()) / 1000
    assert len(np.unique(test.statistics().round(9))) > 900


def test_drawn_signs_come_near_all_of_them() -> None:
    table = table_of(few(12))
    everything, drawn = wild(table, draws=4096), wild(table, draws=4095)
    assert (everything.listed, drawn.listed) == (True, False)
    for null in NULLS:
        assert drawn.p_value(null) == pytest.approx(everything.p_value(null), abs=4 * 0.5 / np.sqrt(4095))


@pytest.mark.parametrize("weights", ["rademacher", "webb"])
def test_the_interval_holds_what_the_test_does_not_reject(weights: str) -> None:
    test = wild(table_of(panel(units=40, lost=30)), draws=1999, weights=weights)
    low, high = test.interval()
    assert low < test.estimate < high
    for end, side in ((low, -1), (high, 1)):
        assert test.p_value(end - side * 1e-6) > 0.05
        assert test.p_value(end + side * 1e-6) <= 0.05
    clustered = 2.02 * test.std_error  # t with 39 degrees of freedom
    assert (high - low) / 2 == pytest.approx(clustered, rel=0.25)


def test_webb_signs_are_tested_at_their_own_scale() -> None:
    table = table_of(panel(units=40, lost=30))
    rademacher, webb = wild(table, 9_999), wild(table, 9_999, weights="webb")
    assert webb.p_value() == pytest.approx(rademacher.p_value(), abs=0.03)
    assert len(np.unique(webb.statistics().round(9))) == 9_999


def test_too_few_clusters_leave_an_interval_without_ends() -> None:
    """Of sixteen vectors two tie with the sample, so no hypothesis has a p value below one eighth."""
    test = wild(table_of(few(4)), draws=99)
    assert len(test) == 16
    assert test.interval() == (-np.inf, np.inf)


def test_signs_by_province_re_sample_provinces() -> None:
    frame = panel(units=45, lost=30)
    assert len(wild(table_of(frame, "province"), draws=999)) == 2**9


def test_clusters_without_rows_take_no_sign() -> None:
    frame = few()
    columns = {name: frame[name].to_numpy() for name in ("y", *REGRESSORS)}
    effects = [level_codes(frame, "city"), level_codes(frame, "year")]
    gaps = moment_table(columns, clusters=2 * level_codes(frame, "city"), effects=effects, n_clusters=20)
    one, two = wild(gaps, 999), wild(table_of(frame), 999)
    assert len(one) == len(two) == 256
    np.testing.assert_allclose(one.statistics(), two.statistics(), rtol=1e-10)


def test_the_same_seed_gives_the_same_draws() -> None:
    table = table_of(panel(units=40))
    one, again, other = (wild(table, 99, seed=seed).shift for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_each_term_is_tested_under_its_own_null_with_the_same_signs() -> None:
    table = table_of(panel(units=40, lost=30))
    fit = table.fit("y", REGRESSORS)
    both = wild_bootstrap(table, fit, "y", REGRESSORS, REGRESSORS, draws=999, rng=np.random.default_rng(1))
    for term in REGRESSORS:
        np.testing.assert_allclose(both[term].statistics(), wild(table, 999, term=term).statistics(), rtol=1e-10)
