"""Every published coefficient and column stands beside ours, with a verdict that follows from the printed digits."""

import json

import polars as pl
import pytest

from resilience_pipeline.econometrics.estimate import Estimate, Term
from resilience_pipeline.econometrics.tidy import to_frame
from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.report.kinds.comparison import coefficients, models
from resilience_pipeline.study.load import find_studies
from resilience_pipeline.twin.referee import beside_planted, planted_results

STUDY = find_studies()[0]


def record(did: float, *, status: str = "estimated") -> pl.DataFrame:
    spec = STUDY.specification("table_4.3")
    if status != "estimated":
        return to_frame([Estimate(spec, status, "no value was delivered for log_freight")])
    fit = {"n_obs": 3085, "n_units": 281, "r2_overall": 0.91}
    terms = (Term("did", did, 0.1, did / 0.1, 0.001, did - 0.2, did + 0.2),)
    return to_frame([Estimate(spec, "estimated", terms=terms, **fit)])


def verdict(did: float) -> str:
    compared = coefficients({"table_4.3": record(did)}, STUDY.variables)
    return compared.filter(pl.col("result") == "table_4.3.did")["verdict"][0]


def test_all_published_coefficients_and_columns_have_a_row():
    assert coefficients({}, STUDY.variables).height == 109
    assert models({}).height == 19


@pytest.mark.parametrize(
    ("did", "expected"),  # printed: 0.656 (0.104)
    [
        (0.6563, "equal as printed"),
        (0.6567, "within one published error"),
        (0.76, "within one published error"),
        (0.80, "within two published errors"),
        (0.90, "further away, same sign"),
        (-0.10, "further away, other sign"),
    ],
)
def test_the_verdict_follows_from_the_distance_in_published_errors(did, expected):
    assert verdict(did) == expected


def test_the_papers_symbols_are_our_terms():
    compared = coefficients({}, STUDY.variables).filter(table="table_4", column="3")
    terms = dict(compared.select("symbol", "term").rows())
    assert terms["MS"] == "market_share"
    assert terms["const"] == "const"


def test_what_awaits_its_source_or_has_no_counterpart_says_why():
    compared = coefficients({"table_4.3": record(0, status="awaiting")}, STUDY.variables)
    waiting = compared.filter(pl.col("result") == "table_4.3.did").row(0, named=True)
    assert (waiting["verdict"], waiting["reason"]) == ("awaiting", "no value was delivered for log_freight")
    other = compared.filter(pl.col("result") == "table_4.1.did").row(0, named=True)
    assert (other["verdict"], other["reason"]) == ("no counterpart", "the study declares no such column")


def test_a_model_is_compared_by_its_rows_and_the_papers_kind_of_r2():
    row = models({"table_4.3": record(0.6)}).filter(pl.col("result") == "table_4.3").row(0, named=True)
    assert (row["n_obs"], row["published_n_obs"], row["verdict"]) == (3085, 3085, "the same rows")
    assert (row["r2"], row["published_r2"], row["r2_kind"]) == (0.91, 0.928, "overall")


def test_planted_values_stand_beside_those_found(tmp_path):
    truth = tmp_path / "truth.json"
    truth.write_text(json.dumps({"results": {"table_4.3.did": 0.656, "table_9.1.did": None}}), encoding="utf-8")
    compared = coefficients({"table_4.3": record(0.70)}, STUDY.variables)
    joined = beside_planted(compared, planted_results(truth))
    row = joined.filter(pl.col("result") == "table_4.3.did").row(0, named=True)
    assert row["difference_in_our_se"] == pytest.approx(0.44)
    assert row["found"]
    assert joined["planted"].count() == 1
    assert joined.height == 109


@pytest.mark.parametrize("text", ["{not JSON", "[]", '{"effects": {}}'])
def test_a_file_that_is_no_truth_is_refused_with_its_name(tmp_path, text):
    truth = tmp_path / "truth.json"
    truth.write_text(text, encoding="utf-8")
    with pytest.raises(DeliveryError, match="truth"):
        planted_results(truth)
