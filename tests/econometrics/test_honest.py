"""Sensitivity to trends that differ, as rows: intervals, breakdown values, and reasons where there is none."""

from dataclasses import replace

import pytest

from resilience_pipeline.econometrics.honest import BREAKDOWN, RELATIVE, SMOOTH, honest_rows
from resilience_pipeline.econometrics.inference import Inference
from tests.econometrics.events import correlated


def rows(effects=None, **changes) -> dict[tuple[str, str, str], Inference]:
    settings = {"relative": (0.5, 1.0), "bends": (0.0, 0.5), "draws": 1_000, "seed": 3} | changes
    found = honest_rows(effects or correlated(), n_obs=66, n_clusters=6, **settings)
    return {(row.subject, row.method, row.statistic): row for row in found}


def test_the_first_lag_and_the_average_lag_have_an_interval_for_every_bound_and_two_breakdown_values() -> None:
    found = rows()
    assert {subject for subject, _, _ in found} == {"first lag", "average lag"}
    for subject in ("first lag", "average lag"):
        for bound in ("Mbar = 0.5", "Mbar = 1"):
            assert found[subject, RELATIVE, bound].ci_low < found[subject, RELATIVE, bound].ci_high
        for method in (RELATIVE, SMOOTH):
            assert found[subject, method, BREAKDOWN].estimate is not None
    assert all(row.n_obs == 66 and row.n_clusters == 6 for row in found.values())


def test_bends_are_counted_in_standard_errors_of_the_first_lag() -> None:
    error = correlated().std_errors[3]
    assert ("average lag", SMOOTH, f"M = {0.5 * error:.4g}") in rows()


def test_one_lag_is_the_average_of_all() -> None:
    assert {subject for subject, _, _ in rows(correlated(lags=1))} == {"first lag"}


def test_years_with_gaps_have_no_changes_to_bound() -> None:
    effects = correlated()
    gappy = replace(effects, years=(2013, *effects.years[1:]))
    found = list(rows(gappy).values())
    assert {row.status for row in found} == {"failed"}
    assert "gaps" in found[0].reason


@pytest.mark.parametrize(("leads", "reason"), [(0, "there is no lead"), (1, "fewer than two leads")])
def test_without_leads_the_reason_stands_in_place_of_the_bound(leads: int, reason: str) -> None:
    failed = [row.reason for row in rows(correlated(leads)).values() if row.status == "failed"]
    assert any(reason in why for why in failed)


def test_draws_of_one_seed_give_the_same_rows() -> None:
    assert rows() == rows()
    assert rows(seed=4) != rows()
