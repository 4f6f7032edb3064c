"""A rule that lacks its input says which, and finds nothing."""

import pytest

from resilience_pipeline.audit.reading import read_paper
from resilience_pipeline.audit.rules import RULES, audit
from tests.audit.papers import planted, reasons

C, M, D, Q, V, K, T = (
    "coefficients.csv",
    "models.csv",
    "descriptives.csv",
    "claims.csv",
    "variables.csv",
    "reference_moments.csv",
    "design.toml",
)
PRINTED = (C, M, D)
SPLIT = (
    '[[splits]]\nname = "income in 2010"\ncolumns = ["table_4.1", "table_4.2"]\nbaseline = "table_2.2"\n'
    'divided_by = "median"\ntest = "interaction"\n'
)

#: (rule, words of the reason, files taken away, edits)
LACKING = [
    ("star_marks", "coefficients.csv has no rows", PRINTED, ()),
    ("star_marks", "does not say what the stars mean", (), [(T, 'stars = ["0.10", "0.05", "0.01"]\n', "")]),
    ("text_significance", "no statement on significance", (Q,), ()),
    ("text_significance", "effect_p: coefficients.csv has no table_2.2.reform", (C,),
        [(Q, '"section 6, period",value,its standard error', "section 6,value,its standard error")]),
    ("text_against_tables", "claims.csv quotes no figure", (Q,), ()),
    ("text_against_tables", "no table is given", PRINTED, ()),
    ("comparisons", "compares no two figures", (Q,), ()),
    ("comparisons", "no printed figure is called table_2.2.r2", (M,), ()),
    ("column_numbers", "names no column by its number", (Q,), ()),
    ("sample_units", "design.toml has no [sample]", (T,), ()),
    ("sample_units", "is not claimed", (), [(T, "units = 60\n", "")]),
    ("sample_units", "neither models.csv nor descriptives.csv", (M, D), ()),
    ("balanced_panel", "is not called balanced", (), [(T, "balanced = true", "balanced = false")]),
    ("listwise_counts", "descriptives.csv has no rows", (D,), ()),
    ("listwise_counts", "no baseline column is named", (), [(T, 'balanced = true\nbaseline = "table_2.2"', "")]),
    ("listwise_counts", "coefficients.csv has no rows of it", (C,), ()),
    ("listwise_counts", "models.csv has no column of table_2", (M,), ()),
    ("period_counts", "no [[periods]]", (T,), ()),
    ("treated_count", "no [treatment]", (T,), ()),
    ("treated_count", "no row of reform", (D,), ()),
    ("unit_share", "takes no mean for a share", (Q,), ()),
    ("classical_errors", "models.csv has no rows", (M,), ()),
    ("classical_errors", "no R2 that counts the effects", (), [(M, "2,1,600,0.926,overall", "2,1,600,0.926,")]),
    ("classical_errors", "no row of openness", (D,), ()),
    ("through_the_means", "descriptives.csv has no rows", (D,), ()),
    ("through_the_means", "no column with a constant", (C,), ()),
    ("single_regressor_r2", "no column has the treatment as its only regressor", (), ()),
    ("single_regressor_r2", "models.csv has no rows", (M,), ()),
    ("placebo_spread", "draws units or both", (T,), ()),
    ("placebo_spread", "coefficients.csv has no table_2.2.reform", (C,), ()),
    ("placebo_dates", "draws dates", (T,), ()),
    ("mediation_identity", "no [[mediation]]", (T,), ()),
    ("mediation_identity", "different rows, so the identity need not hold", (),
        [(M, "5,1,600", "5,1,590"), (M, "5,3,600", "5,3,590")]),
    ("mediation_shares", "no two [[mediation]] chains", (T,), ()),
    ("indirect_effects", "no [[mediation]]", (T,), ()),
    ("definition_range", "variables.csv has no rows", (V,), ()),
    ("definition_range", "descriptives.csv has no rows", (D,), ()),
    ("scale_used", "no described variable is an index with both bounds", (), [(V, "index,0,100", "index,,100")]),
    ("proxy_moments", "reference_moments.csv has no rows", (K,), ()),
    ("proxy_moments", "declares no series", (), [(K, "resident,yes", "resident,no")]),
    ("proxy_moments", "no row of log_income", (), [(D, "log_income,600,10.095,0.473,8.980,11.202\n", "")]),
    ("dummy_moments", "describes no dummy", (), [(V, "treatment,dummy", "treatment,level")]),
    ("possible_moments", "descriptives.csv has no rows", (D,), ()),
    ("winsorised_extremes", "does not say that variables were winsorised", (T,), ()),
    ("source_years", "no last year of a source", (V,), ()),
    ("subsample_rows", "no [[splits]]", (), [(T, SPLIT, "")]),
    ("subsample_rows", "models.csv has no row of table_4.1", (M,), ()),
    ("units_in_both_groups", "no n_cities for a whole split", (),
        [(M, "4,1,300,0.928,overall,30", "4,1,300,0.928,overall,")]),
    ("median_split", "no split is said to be at a median", (), [(T, '"median"', '"list"')]),
    ("untested_differences", "no [[splits]]", (), [(T, SPLIT, "")]),
    ("universal_effect", "no statement that the effect holds everywhere", (Q,), ()),
    ("mixed_r2", "no kind of R2", (M,), ()),
    ("pooled_columns", "models.csv has no rows", (M,), ()),
    ("pooled_columns", "coefficients.csv has no rows", (C,), ()),
    ("absorbed_treatment", "no [[effects]]", (T,), ()),
    ("relative_outcome", "no [[relative_outcomes]]", (T,), ()),
    ("control_signs", "variables.csv has no control", (V,), ()),
    ("declared_unused", "variables.csv has no rows", (V,), ()),
    ("used_undeclared", "coefficients.csv has no rows", (C,), ()),
    ("undescribed", "descriptives.csv has no rows", (D,), ()),
    ("component_overlap", "no parts of an outcome", (), [(V, "exports;imports;variety", "")]),
    ("robustness_lists", "lists no robustness test", (Q,), ()),
    ("results_without_record", "reports no result", (Q,), ()),
    ("repeated_entries", "no [treatment]", (T,), ()),
    ("entries_of_other_levels", "no [treatment]", (T,), ()),
    ("misspelt_entries", "no [treatment]", (T,), ()),
    ("announcement", "does not say when the policy was announced", (), [(T, 'announced = "2014-12"\n', "")]),
    ("carrying_years", "no [[periods]]", (T,), ()),
    ("contradicting_statements", "no statement to hold against another", (Q,), ()),
    ("pointwise_bands", "no [event_study]", (T,), ()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "words", "without", "edits"), LACKING, ids=[f"{number}-{row[0]}" for number, row in enumerate(LACKING)]
)
def test_a_rule_without_its_input_says_which_it_lacks(tmp_path, rule, words, without, edits):
    found = reasons(planted(tmp_path, *edits, without=without))
    assert words in str(found.get(rule))


def test_every_rule_says_what_it_lacks():
    assert {row[0] for row in LACKING} == {rule.name for rule in RULES}


@pytest.mark.parametrize("kept", [C, M, D, Q, V, K, T])
def test_a_folder_with_one_file_alone_is_audited_without_a_finding_that_rests_on_the_others(tmp_path, kept):
    folder = planted(tmp_path, without=tuple({C, M, D, Q, V, K, T} - {kept}))
    verdicts = audit(read_paper(folder))
    assert len(verdicts) == len(RULES)
    assert [f for v in verdicts for f in v.findings if f.severity == "error"] == []


def left_out(folder, rule):
    """What the rule could not compare in a folder."""
    verdict = next(verdict for verdict in audit(read_paper(folder)) if verdict.rule.name == rule)
    assert verdict.checked is not None
    return " ".join(verdict.checked.left_out)


@pytest.mark.parametrize(
    ("rule", "words", "edits"),
    [
        ("mediation_identity", "logistics: its columns have different rows", [(M, "5,1,600", "5,1,590")]),
        ("classical_errors", "table_5.1 has controls that are not printed", []),
        ("classical_errors", "table_3.1 has another sample", []),
        ("listwise_counts", "table_2.2: descriptives.csv has no row of credit_index",
            [(D, "credit_index,600,48.806,14.328,21.560,81.741\n", "")]),
        ("through_the_means", "table_3.1 prints no constant", []),
        ("proxy_moments", "no row of trade",
            [(K, "log_income,log of income of", "trade,trade,yes,1,1,,,,,nobody\nlog_income,log of income of")]),
        ("repeated_entries", "Nowhere: no reading is known", [(T, '"Weihai"', '"Nowhere"')]),
    ],
)  # fmt: skip
def test_what_a_rule_cannot_compare_is_said_beside_what_it_did(tmp_path, rule, words, edits):
    assert words in left_out(planted(tmp_path, *edits), rule)
