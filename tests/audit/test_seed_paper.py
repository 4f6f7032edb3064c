"""The seed paper: each contradiction that its printed figures hold is found, with the figures that show it."""

from functools import cache

import pytest

from resilience_pipeline.audit.command import SEED, audit_folder
from resilience_pipeline.audit.reading import read_paper
from resilience_pipeline.audit.rules import RULES, audit
from resilience_pipeline.audit.treated_rows import by_mean, by_mean_and_sd
from tests.audit.papers import findings_of


@cache
def seed():
    return findings_of(SEED)


@cache
def compared():
    return {v.rule.name: v.checked.compared for v in audit(read_paper(SEED)) if v.checked}


def told(rule):
    """All that the rule's findings say, one text per finding."""
    return [" | ".join((*f.places, f.printed, f.implied)) for f in seed()[rule]]


#: Contradictions of the paper: what it is about, the rule, words of one finding that show it.
CONTRADICTIONS = [
    ("period: text 0.352, table 0.398, 0.352 stands under matching", "text_against_tables",
        ["effect without the pandemic years: 0.352", "prints 0.398", "stands at table_5.2.did.estimate"]),
    ("period: text N 2,150, table 2,245, 2,150 stands under matching", "text_against_tables",
        ["2,150", "prints 2245", "table_5.2.n_obs"]),
    ("matching: text 0.134, which is the table's standard error", "text_against_tables",
        ["0.134", "prints 0.352", "table_5.2.did.std_error"]),
    ("matching: 0.134 with error 0.285 cannot have p < 0.01", "text_significance",
        ["p < 0.01", "0.134 (0.285)", "z = 0.4702", "p = 0.64"]),
    ("column (4) names two tests", "column_numbers", ["column (4)", "column (3) of table_5", "further effects"]),
    ("the abstract, section 5.4 and the conclusions list different tests", "robustness_lists",
        ["abstract lacks replaced outcome", "section 6 lacks replaced outcome", "winsorised regression"]),
    ("the winsorised regression is shown nowhere", "results_without_record",
        ["winsorised regression", "no table or figure"]),
    ("mediation through new-quality forces does not add up", "mediation_identity",
        ["total 0.656", "0.6698", "0.6675 to 0.6722", "table_9.6.NQPF"]),
    ("market share's moments are impossible for a share and for its log", "definition_range",
        ["MS", "from -0.836 to 16.681", "allows 0 to 1", "stay below 0, so it is not that either"]),
    ("hypotheses called verified by causal steps", "indirect_effects",
        ["H2 verified", "H3 verified", "H4 verified", "IS z 2.376, at twice the errors 1.188"]),
    ("standard errors are not said to be clustered, and are the classical ones", "classical_errors",
        ["not stated", "table_4.1.did 0.242", "0.241 to 0.2417", "0.06488 to 0.06494 (printed 0.0649)"]),
    ("digital-economy policy: the difference is not tested", "untested_differences",
        ["digital-economy", "z = 2.816", "1.408 (p 0.16): the difference would not stand"]),
    ("intellectual property: the difference is not tested", "untested_differences", ["z = 4.825", "2.413"]),
    ("resource-based cities: the difference is not tested", "untested_differences", ["z = 5.023", "2.511"]),
    ("FIN is not the credit sub-index but reads like log loans", "proxy_moments",
        ["FIN", "mean 16.658", "minus the PKU credit sub-index", "ln(year-end loans", "14.614 is its 1 % point"]),
    ("the mean of DID fits no number of cities over five years", "treated_count",
        ["222 to 224 treated rows by the mean", "223 to 224 by mean and sd", "multiple of 5", "44 units give 0.0712",
            "45 units give 0.0728", "37 x 6", "56 x 4"]),
    ("285 cities in the abstract, 281 in the regressions", "sample_units",
        ["abstract", "285 units", "3,091 rows = 281 x 11", "114 + 167"]),
]  # fmt: skip

#: What the list A1 to A24 asks of an audit, each with words of a finding.
CODES = {
    "A1": [("classical_errors", "explain 3.5 % to 5.2 % of the treatment")],
    "A2": [("placebo_spread", "500 draws within [-0.1, 0.1]"), ("placebo_spread", "at least 0.1013")],
    "A3": [("mediation_identity", "0.6675 to 0.6722")],
    "A4": [("mediation_shares", "BUET 42.4 %, IS 3.6 %, NQPF 86.4 %; together 132.3 %")],
    "A5": [("text_significance", "z = 0.4702"), ("comparisons", "table_5.2.r2 is 0.925, table_4.3.r2 is 0.928")],
    "A6": [("text_against_tables", "prints 2245"), ("period_counts", "281 units x 8 years = 2,248")],
    "A7": [("sample_units", "281 units, 4 fewer"), ("balanced_panel", "3,085 = 280 x 11 + 5")],
    "A8": [("unit_share", "15.8 % of the units, about 44.5 units")],
    "A9": [("winsorised_extremes", "GDP 16.175 at +9.4 sd"), ("winsorised_extremes", "FDI 19.949 at +14.1 sd"),
        ("winsorised_extremes", "RST 0.000 at -6.4 sd")],
    "A10": [("units_in_both_groups", "272 + 279 = 551 units of 281"), ("units_in_both_groups", "247 + 281 = 528")],
    "A11": [("untested_differences", "z = 2.816"), ("untested_differences", "1.408 (p 0.16)")],
    "A12": [("absorbed_treatment", "22 rows fewer are 2 x 11"), ("absorbed_treatment", "4 x 11 = 44")],
    "A13": [("relative_outcome", "2,810 rows at most")],
    "A14": [("control_signs", "table_4.2.GDP 0.641"), ("control_signs", "table_8.2.GDP -0.490"),
        ("control_signs", "table_5.1.MS 3.971"), ("component_overlap", "both hold foreign trade")],
    "A15": [("component_overlap", "NQPF (mediator)"), ("component_overlap", "both hold innovation")],
    "A16": [("mixed_r2", "table_5.1 0.308 (within), table_5.2 0.925 (overall)")],
    "A17": [("pooled_columns", "table_4.1.did 4.238 (0.242), table_4.2.did 0.655 (0.169)")],
    "A18": [("placebo_dates", "at least 0.328 (2013)")],
    "A19": [("declared_unused", "RA, mediator"), ("scale_used", "fill 2.1 %"),
        ("results_without_record", "Yellow River"), ("results_without_record", "environmentally friendly")],
    "A20": [("entries_of_other_levels", "Meihekou, Zhangjiagang, Yiwu, Shouguang, Kuitun"),
        ("entries_of_other_levels", "47 units of the panel's own level, 54 with"), ("repeated_entries", "440300 twice"),
        ("misspelt_entries", "(Linqi, Huzhou)")],
    "A21": [("announcement", "3 of 12 months of 2018"), ("carrying_years", "-39 % without 3 of 5 treated years")],
    "A22": [("contradicting_statements", "the effect lags by one year"), ("pointwise_bands", "22.6 %")],
    "A23": [("median_split", "43.1 % and 56.9 %")],
    "A24": [("contradicting_statements", "other nations"),
        ("universal_effect", "table_7.1.did -0.156 (0.171), p 0.36")],
}  # fmt: skip


@pytest.mark.parametrize(("rule", "words"), [row[1:] for row in CONTRADICTIONS], ids=[row[0] for row in CONTRADICTIONS])
def test_each_contradiction_of_the_paper_is_found_with_its_figures(rule, words):
    assert any(all(word in text for word in words) for text in told(rule)), told(rule)


@pytest.mark.parametrize("code", CODES)
def test_each_thing_that_an_audit_should_look_for_is_found(code):
    for rule, words in CODES[code]:
        assert code in next(known for known in RULES if known.name == rule).codes
        assert any(words in text for text in told(rule)), told(rule)


def test_the_codes_run_from_a1_to_a24():
    assert {code for rule in RULES for code in rule.codes} == {f"A{number}" for number in range(1, 25)} == set(CODES)


def test_all_109_marks_agree_with_estimate_over_error():
    assert compared()["star_marks"] == "109 marks: 109 agree with the normal law, 109 with t"


def test_what_agrees_is_not_flagged():
    quiet = ["star_marks", "listwise_counts", "through_the_means", "single_regressor_r2", "dummy_moments"]
    assert not {*quiet, "subsample_rows", "possible_moments", "used_undeclared"} & set(seed())
    assert [f for f in seed()["mediation_identity"] if "BUET" in f.implied or "IS" in " ".join(f.places)] == []


def test_every_rule_can_be_checked_on_the_seed_paper():
    assert len(compared()) == len(audit(read_paper(SEED)))


def test_what_is_impossible_is_an_error_and_what_is_judged_is_a_note():
    severities = {rule: {finding.severity for finding in found} for rule, found in seed().items()}
    impossible = {"text_significance", "period_counts", "treated_count", "placebo_spread", "mediation_identity"}
    impossible |= {"definition_range", "absorbed_treatment"}
    assert {rule for rule, found in severities.items() if found == {"error"}} == impossible
    judged = {"undescribed", "contradicting_statements", "pointwise_bands"}
    assert {rule for rule, found in severities.items() if found == {"note"}} == judged


def test_the_treated_rows_follow_from_mean_and_standard_deviation():
    row = read_paper(SEED).moments("DID")
    assert (list(by_mean(row)), by_mean_and_sd(row)) == ([222, 223, 224], [223, 224])


def test_the_same_folder_gives_the_same_text_twice():
    assert audit_folder(SEED).text == audit_folder(SEED).text
