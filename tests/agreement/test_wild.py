"""Published wild cluster bootstrap results on the data they were made from."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.moments import moment_table
from resilience_pipeline.econometrics.sample import level_codes
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.econometrics.wild import wild_bootstrap
from tests.econometrics.panels import panel

#: Printed to three digits from 9,999 draws: 0.0005 to 0.0015, and two of the draws' own errors (0.0002) beyond.
P_VALUE, P_TOLERANCE = 0.001, 0.0009


@pytest.mark.real_data
def test_voters_give_the_readme_of_fwildclusterboot(real_data: Path) -> None:
    """proposition_vote ~ treatment + log_income | Q1 + Q2: 0.079, t 3.983, p 0.001, [0.039, 0.119]; Rademacher."""
    columns = ("proposition_vote", "treatment", "log_income", "Q1_immigration", "Q2_defense", "group_id1")
    frame = pl.read_csv(real_data / "validation" / "voters.csv").drop_nulls(columns)
    spec = Specification(
        *("voters", "proposition_vote", "treatment", ("log_income",)), absorb=("Q1_immigration", "Q2_defense"),
        vcov="wcr", cluster=("group_id1",), singletons="keep", unit="ID", draws=99_999, seed=1,
    )  # fmt: skip
    result = estimate(spec, frame)
    term = result.terms[0]
    assert (result.n_obs, result.n_clusters, result.draws) == (300, 40, 99_999)
    assert term.estimate == pytest.approx(0.079, abs=5e-4)
    assert term.t == pytest.approx(3.983, abs=5e-4)
    assert term.p_value == pytest.approx(P_VALUE, abs=P_TOLERANCE)
    assert (term.ci_low, term.ci_high) == pytest.approx((0.039, 0.119), abs=0.0015)


def test_ten_clusters_give_1024_sign_vectors_and_ties_count() -> None:
    """Two vectors are farther out than the sample, two as far: itself and its mirror image. Strictly: 2/1024.

    wildboottest 0.3.2 counts strictly, so that rounding decides about ties: it gives 4/1024 on these rows.
    """
    frame = panel(units=10, periods=12, seed=9).with_columns(y=pl.col("y") + 3 * pl.col("did"))
    city, year = level_codes(frame, "city"), level_codes(frame, "year")
    columns = {name: frame[name].to_numpy() for name in ("y", "did", "gdp", "roads")}
    table = moment_table(columns, clusters=city, effects=(city, year))
    fit = table.fit("y", ("did", "gdp", "roads"))
    test = wild_bootstrap(
        table, fit, "y", ("did", "gdp", "roads"), ("did",), draws=1024, rng=np.random.default_rng(0)
    )["did"]  # fmt: skip
    assert (len(test), test.listed) == (1024, True)
    assert test.p_value(strict=True) == 2 / 1024
    assert test.p_value() == 4 / 1024
