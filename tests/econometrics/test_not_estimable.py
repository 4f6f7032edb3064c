"""Every reason for which a specification has no estimate, each made to fire; none of them is an exception."""

from dataclasses import replace

import polars as pl
import pytest

from resilience_pipeline.econometrics.engines import compare_engines
from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.errors import SpecificationError
from tests.econometrics.panels import panel

SPEC = Specification("t", "y", "did", ("gdp",), absorb=("city", "year"), cluster=("city",), unit="city", time="year")
FRAME = panel()
NOTHING = pl.lit(None, pl.Float64)

CASES = {
    "a column is absent": (replace(SPEC, controls=("gpd",)), FRAME, "failed", "no column 'gpd'; near it: gdp"),
    "a filter's column is absent": (replace(SPEC, where="yaer < 2015"), FRAME, "failed", "no column 'yaer'"),
    "a column was not delivered": (SPEC, FRAME.with_columns(gdp=NOTHING), "awaiting", "no value was delivered for gdp"),
    "a filter's column was not delivered": (
        replace(SPEC, where="roads > 0"),
        FRAME.with_columns(roads=NOTHING),
        "awaiting",
        "no value was delivered for roads",
    ),
    "no table was delivered": (SPEC, FRAME.head(0), "awaiting", "no rows yet"),
    "text in the outcome": (SPEC, FRAME.with_columns(y=pl.lit("x")), "failed", "'y' holds String"),
    "no row in the filter": (replace(SPEC, where="year > 3000"), FRAME, "failed", "no row meets the sample filter"),
    "no complete row": (
        SPEC,
        FRAME.with_columns(y=pl.when(pl.col("gdp") > 0).then("y"), gdp=pl.when(pl.col("gdp") <= 0).then("gdp")),
        "failed",
        "no row has a value in every one",
    ),
    "negative weights": (
        replace(SPEC, weights="weight"),
        FRAME.with_columns(weight=-pl.col("weight")),
        "failed",
        "negative",
    ),
    "weights all zero": (replace(SPEC, weights="weight"), FRAME.with_columns(weight=0.0), "failed", "zero in every"),
    "only singletons": (SPEC, FRAME.filter(pl.col("city") == pl.col("year") - 2012), "failed", "all are singletons"),
    "a constant outcome": (SPEC, FRAME.with_columns(y=pl.lit(3.5)), "failed", "outcome 'y' does not vary"),
    "an absorbed outcome": (SPEC, FRAME.with_columns(y=pl.col("city") / 7), "failed", "outcome 'y' does not vary once"),
    "a constant treatment": (replace(SPEC, where="year < 2016"), FRAME, "failed", "treatment 'did' does not vary: it"),
    "an absorbed treatment": (
        SPEC,
        FRAME.with_columns(did=pl.col("year") >= 2016),
        "failed",
        "treatment 'did' does not vary once the absorbed effects city, year are out",
    ),
    "a treatment that is a sum of controls": (
        replace(SPEC, controls=("gdp", "mix")),
        FRAME.with_columns(mix=3 * pl.col("did") - pl.col("gdp")),
        "failed",
        "treatment 'did' is a linear combination",
    ),
    "one cluster": (replace(SPEC, cluster=("one",)), FRAME.with_columns(one=1), "failed", "only one cluster"),
    "more parameters than rows": (
        replace(SPEC, absorb=(), controls=("gdp", "roads"), vcov="iid", cluster=()),
        FRAME.filter(pl.col("city").is_in([0, 20]), pl.col("year").is_in([2015, 2017])),
        "failed",
        "too few rows: 4 rows for 4 parameters",
    ),
    "no control varies": (
        replace(SPEC, treatment=None, controls=("province",)),
        FRAME,
        "failed",
        "no regressor varies once the effects are out: province",
    ),
}


@pytest.mark.parametrize(("spec", "frame", "status", "reason"), CASES.values(), ids=CASES)
def test_the_record_says_why_there_is_no_estimate(
    spec: Specification, frame: pl.DataFrame, status: str, reason: str
) -> None:
    result = estimate(spec, frame)
    assert result.status == status
    assert reason in (result.reason or "")
    assert result.terms == ()
    assert result.spec_hash == spec.hash
    agreement = compare_engines(spec, frame)
    assert not agreement.compared
    assert reason in (agreement.reason or "")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"controls": ("gdp", "gdp")}, "gdp stands twice"),
        ({"controls": ("y",)}, "y stands twice"),
        ({"treatment": None, "controls": ()}, "neither a treatment nor a control"),
        ({"cluster": ()}, "clusters are ()"),
        ({"cluster": ("city", "year", "province")}, "clusters are"),
        ({"cluster": ("city", "city")}, "clusters are"),
        ({"vcov": "hac"}, "no error rule 'hac'"),
        ({"ssc": "sas"}, "no small-sample rule 'sas'"),
    ],
)
def test_a_specification_that_no_data_could_serve_is_refused(change: dict[str, object], what: str) -> None:
    with pytest.raises(SpecificationError, match="remedy") as refusal:
        estimate(replace(SPEC, **change), FRAME)
    assert what in str(refusal.value)
