"""A verdict follows from the coefficients a claim is tied to, by the stated rule, and says when it waits for data."""

import polars as pl
import pytest

from resilience_pipeline.econometrics.estimate import Estimate, Term
from resilience_pipeline.econometrics.inference import Inference
from resilience_pipeline.econometrics.inference import to_frame as inference_frame
from resilience_pipeline.econometrics.tidy import to_frame
from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.options import Options
from resilience_pipeline.report.kinds.hypotheses import show, verdict_of
from resilience_pipeline.report.printer import Page, Published
from resilience_pipeline.study.load import find_studies, load_study
from tests.study.study_files import SOUND, write

STUDY = find_studies()[0]
TABLE = STUDY.table("hypotheses")
CLAIMS = """
[tables.claims]
title = "Claims"
kind = "hypotheses"

[[tables.claims.claims]]
name = "h1"
statement = "It works"
positive = ["mine_1.1.did"]
"""


def record(name: str, term: str, estimate: float, p: float, status: str = "estimated") -> pl.DataFrame:
    spec = STUDY.specification(name)
    if status != "estimated":
        return to_frame([Estimate(spec, status, "no value was delivered")])
    return to_frame([Estimate(spec, "estimated", terms=(Term(term, estimate, 0.1, estimate / 0.1, p, -1.0, 1.0),))])


def mediation(low: float, high: float) -> pl.DataFrame:
    rows = [
        Inference(name, "bootstrap of cities, BCa", "indirect", (low + high) / 2, 0.1, low, high)
        for name in ("business_environment", "industrial_synergy", "new_quality_productive_forces")
    ]
    alone = inference_frame(rows).select(pl.lit("alone").alias("model"), pl.all())
    together = inference_frame(rows).select(pl.lit("together").alias("model"), pl.all())
    return pl.concat([alone, together.with_columns(ci_low=pl.lit(-9.0))])


def verdicts(*, did: float = 0.6, b: float = 2.0, p: float = 0.001, product: tuple = (0.1, 0.2), status="estimated"):
    """The verdict on each claim."""
    terms = {"table_4.3": ("did", did), "table_9.1": ("did", 0.1), "table_9.3": ("did", 0.1), "table_9.5": ("did", 0.1)}
    terms |= {
        "table_9.2": ("business_environment", b),
        "table_9.4": ("industrial_synergy", b),
        "table_9.6": ("new_quality_productive_forces", b),
    }
    tables = {
        ("estimates", *name.split(".")): record(name, term, value, p, status) for name, (term, value) in terms.items()
    }
    tables["estimates", "table_9_mediation", "effects"] = mediation(*product)
    printed = show(Page(TABLE, tables, Published(), {}, Options()))
    return dict(printed.tidy.select("hypothesis", "verdict").unique(maintain_order=True).rows())


def test_positive_parts_are_consistent_with_every_claim():
    assert set(verdicts().values()) == {"consistent with it"}
    assert list(verdicts()) == ["H1", "H2", "H3", "H4"]


def test_one_negative_part_contradicts_the_claims_that_rest_on_it():
    found = verdicts(b=-2.0)
    assert found["H1"] == "consistent with it"
    assert {found[name] for name in ("H2", "H3", "H4")} == {"contradicted"}


def test_a_product_whose_interval_holds_zero_leaves_its_claim_unsupported():
    assert verdicts(product=(-0.1, 0.2))["H2"] == "not supported"
    assert verdicts(product=(-0.3, -0.1))["H2"] == "contradicted"


def test_a_coefficient_not_told_from_zero_leaves_its_claim_unsupported():
    assert set(verdicts(p=0.2).values()) == {"not supported"}


def test_what_awaits_its_source_gives_no_verdict():
    assert set(verdicts(status="awaiting").values()) == {"awaiting"}


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [
        (["positive", "awaiting"], "awaiting"),
        (["negative", "failed"], "failed"),
        (["positive", "not told from zero", "negative"], "contradicted"),
    ],
)
def test_the_gravest_finding_decides(findings, verdict):
    assert verdict_of(findings) == verdict


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("mine_1.1.did", "mine_1.7.did", "claims names no column"),
        ("mine_1.1.did", "mine_1.1.fiscal", "claims name no term"),
        ("mine_1.1.did", "did", "positive is no coefficient"),
        ('positive = ["mine_1.1.did"]', "positive = []", "positive is missing"),
        ('name = "h1"', 'name = "h1"\nindirect = "somewhere"', "indirect is no mediator of a result"),
    ],
)
def test_a_claim_that_rests_on_nothing_is_refused(tmp_path, old, new, message):
    with pytest.raises(SpecificationError, match=message):
        load_study(write(tmp_path, SOUND + CLAIMS.replace(old, new)))
