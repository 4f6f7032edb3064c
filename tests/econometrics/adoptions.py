"""Panels of staggered adoption with a known effect, in view of the tests that use them."""

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.estimators import estimate
from resilience_pipeline.econometrics.specification import Specification

PERIODS = range(2001, 2009)


def adoption_panel(
    starts: dict[int | None, int], effect: float = 1.0, noise: float = 1.0, seed: int = 7
) -> pl.DataFrame:
    """firm, year, y, x, did, region: `starts` says how many firms start in which year (None = never).

    y = firm + year + 0.5 x + effect did + noise.
    """
    generator, rows, firm = np.random.default_rng(seed), [], 0
    for start, count in starts.items():
        for _ in range(count):
            level = generator.normal()
            for year in PERIODS:
                did, x = float(start is not None and year >= start), generator.normal()
                y = level + 0.1 * (year - 2001) ** 1.5 + 0.5 * x + effect * did + noise * generator.normal()
                rows.append((f"f{firm:03d}", year, y, x, did, firm % 5))
            firm += 1
    return pl.DataFrame(rows, schema=["firm", "year", "y", "x", "did", "region"], orient="row")


def specification(estimator: str, **changes: object) -> Specification:
    """y on did by an estimator, clustered by firm; `options` as a dictionary."""
    fields: dict = {"outcome": "y", "treatment": "did", "unit": "firm", "time": "year", "cluster": ("firm",)}
    fields |= {"absorb": ("firm", "year")} if estimator == "twfe" else {}
    options = changes.pop("options", {})
    fields |= {"estimator": estimator, "estimator_options": tuple(options.items())}  # type: ignore[attr-defined]
    return Specification("test", **(fields | changes))


def by(estimator: str, frame: pl.DataFrame, **changes: object) -> Estimate:
    """The estimate."""
    return estimate(specification(estimator, **changes), frame)


def numbers(result: Estimate) -> dict[str, tuple[float, float]]:
    """Term -> estimate and error."""
    assert result.status == "estimated", result.reason
    return {term.term: (term.estimate, term.std_error) for term in result.terms}
