"""The joint test of a curve: the pilots dealt out to cities at random, by a seed that is kept."""

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.curve import joint_test
from resilience_pipeline.study.kinds import curve as kind
from tests.study.curve.small_curve import FEW, rows_of, run

DEALS = ("permuted",)


def test_the_joint_test_deals_the_pilots_out_and_keeps_the_seed(study, results):
    table = study.table("figure_4")
    dealt = results[kind.permuted_key(table)].table
    assert dealt["draw"].to_list() == list(range(20))
    assert dealt["seed"].unique().to_list() == [20181016]
    assert dealt["specifications"].max() == 2 * 3  # start years by controls
    rows = rows_of(study, results)
    own = rows.filter(
        pilots="no counties",
        weighting="entropy",
        index_form="levels",
        winsorise="by_year",
        sample="all years",
        errors="by city",
    )
    assert dealt["median_t"][0] == pytest.approx(own["t"].median(), rel=1e-9)
    again = run(study, parts=DEALS)[kind.permuted_key(table)].table
    assert again.equals(dealt)
    other = run(study, settings={**FEW, "seed": 5}, parts=DEALS)[kind.permuted_key(table)].table
    assert other["median_t"][0] == dealt["median_t"][0]
    assert not other["median_t"][1:].equals(dealt["median_t"][1:])
    found = {row["statistic"]: row for row in results[kind.joint_key(table)].table.to_dicts()}
    fake, true = dealt["median_t"][1:], dealt["median_t"][0]
    assert found["median t"]["p_value"] == pytest.approx((1 + (fake.abs() >= abs(true)).sum()) / 20)


def test_a_curve_that_no_deal_comes_near_has_the_smallest_p_value_there_is():
    draws = pl.DataFrame(
        {
            "draw": range(20),
            "seed": 1,
            "specifications": 6,
            "median_t": [5.0, *np.linspace(-2, 2, 19)],
            "share_positive_significant": [1.0, *[0.0] * 19],
            "share_negative_significant": [0.0] * 20,
        }
    )
    p = {row.statistic: row.p_value for row in joint_test(draws)}
    assert p["median t"] == p["share positive and significant"] == pytest.approx(1 / 20)
    assert p["share negative and significant"] == 1.0
