"""Each rule on the clean paper, printed from one simulated panel: silent there, awake where an error is planted."""

import pytest

from resilience_pipeline.audit.implied_errors import classical_error
from resilience_pipeline.audit.reading import read_paper
from resilience_pipeline.audit.rules import RULES, audit
from tests.audit.papers import CLEAN, findings_of, planted

C, M, D, Q, V, K, T = (
    "coefficients.csv",
    "models.csv",
    "descriptives.csv",
    "claims.csv",
    "variables.csv",
    "reference_moments.csv",
    "design.toml",
)

#: A column of the treatment alone without effects: coefficient 1.2, through the means, R2 as wrong as it gets.
POOLED = (
    (C, "2,2,controls and effects,openness,reform", "2,3,pooled,openness,reform,1.200,0.400,3\n"
        "2,3,pooled,openness,const,10.000,0.100,3\n2,2,controls and effects,openness,reform"),
    (M, "2,2,600,0.936,", "2,3,600,0.140,overall,60,0,0,\n2,2,600,0.936,"),
)  # fmt: skip
#: Two cities lose a year, everywhere: the counts agree with each other, the panel is no longer balanced.
UNBALANCED = (
    (D, "log_income,600", "log_income,598"),
    (M, "2,2,600", "2,2,598"),
    (M, "4,1,300", "4,1,298"),
)
#: Mediators so strong that their shares exceed the whole, each identity kept.
OVERLAPPING = (
    (C, "logistics,reform,0.178,0.0718,2", "logistics,reform,0.700,0.0718,3"),
    (C, "openness,reform,0.681,0.0959,3", "openness,reform,0.162,0.0959,1"),
    (C, "skills,reform,0.201,0.0800,2", "skills,reform,0.500,0.0800,3"),
    (C, "openness,reform,0.669,0.0817,3", "openness,reform,0.388,0.0817,3"),
)

#: (rules that must fire, severity, words of the first finding, edits)
PLANTED = [
    ({"star_marks"}, "error", "3 stars", [(C, "0.856,0.113,3", "0.856,0.113,1")]),
    ({"text_significance"}, "error", "p = 0.34",
        [(Q, "p_above,the constant is insignificant,0.10", "p_below,the constant is significant,0.01")]),
    ({"text_significance"}, "error", "p = 6.2e-15", [(Q, "0.10,table_2.2.const", "0.10,table_2.2.reform")]),
    ({"text_significance", "text_against_tables"}, "error", "0.817 (0.520) in the same sentence: z = 1.571",
        [(Q, "its standard error,0.131", "its standard error,0.520")]),
    ({"text_against_tables"}, "warning", "0.930 stands at table_2.1.reform.estimate",
        [(Q, "the effect,0.86,", "the effect,0.930,")]),
    ({"text_against_tables"}, "warning", "the table prints 0.858", [(Q, "the effect,0.86,", "the effect,0.859,")]),
    ({"comparisons"}, "warning", "table_2.1.r2 is 0.926, table_2.2.r2 is 0.936",
        [(Q, "table_2.2.r2,table_2.1.r2", "table_2.1.r2,table_2.2.r2")]),
    ({"column_numbers"}, "warning", "column (2) of table_2",
        [(Q, "the regression with controls,2", "the regression with controls,1")]),
    ({"column_numbers"}, "warning", "the regression of the effect alone is said to stand there, too",
        [(Q, "the regression with controls,2,table_2.2,", "the regression with controls,1,table_2.2,\n"
            "alone,section 5,column,the regression of the effect alone,1,table_2.1,")]),
    ({"sample_units"}, "warning", "600 rows = 60 x 10: 60 units, 4 fewer; subsamples of 30 + 30 units add up",
        [(T, "units = 60", "units = 64")]),
    ({"sample_units"}, "error", "600 rows of at most 500", [(T, "units = 60", "units = 50")]),
    ({"balanced_panel"}, "warning", "598 = 59 x 10 + 8", UNBALANCED),
    ({"listwise_counts"}, "error", "590 to 590 rows hold all its variables", [(D, "log_income,600", "log_income,590")]),
    ({"listwise_counts"}, "error", "570 to 580 rows hold all its variables",
        [(D, "log_income,600", "log_income,580"), (D, "urban_share,600", "urban_share,590")]),
    ({"listwise_counts"}, "error", "600 to 600 rows hold all its variables",
        [(M, "2,2,600", "2,2,590"), (M, "4,1,300", "4,1,290")]),
    ({"period_counts"}, "error", "60 units x 8 years = 480",
        [(M, "3,1,480", "3,1,470"), (Q, "rows to 2017,480", "rows to 2017,470")]),
    ({"period_counts"}, "error", "480 to 480",
        [(M, "3,1,480", "3,1,490"), (Q, "rows to 2017,480", "rows to 2017,490")]),
    ({"treated_count"}, "error", "101 treated rows by the mean",
        [(D, "reform,600,0.167,0.373", "reform,600,0.168,0.374"), (Q, "the treatment,0.167", "the treatment,0.168")]),
    ({"treated_count", "dummy_moments"}, "error", "none with that standard deviation",
        [(D, "reform,600,0.167,0.373", "reform,600,0.167,0.340")]),
    ({"unit_share"}, "warning", "33.4 % of the units, about 20 units",
        [(Q, "cities treated,33.3", "cities treated,16.7")]),
    ({"classical_errors"}, "warning", "clustered by city", [(C, "reform,0.930,0.109,3", "reform,0.930,0.0775,3")]),
    ({"through_the_means"}, "error", "constant + coefficients x printed means = 10.3",
        [(C, "openness,const,10.045", "openness,const,10.145")]),
    ({"single_regressor_r2", "pooled_columns"}, "error", "^2 = 0.08", POOLED),
    ({"placebo_spread"}, "error", "reach about 0.3399", [(T, '"-0.52"', '"-0.10"'), (T, '"0.45"', '"0.10"')]),
    ({"placebo_dates"}, "warning", "at least 0.4767 (2011), up to 0.715;",
        [(T, 'units = "random"\nrows = "before policy"', 'units = "real"\nrows = "all"')]),
    ({"mediation_identity"}, "error", "direct + a b = 0.9079", [(C, "openness,reform,0.681", "openness,reform,0.731")]),
    ({"mediation_shares"}, "warning", "logistics 81.1 %, skills 54.8 %; together 135.9 %", OVERLAPPING),
    ({"indirect_effects"}, "warning", "logistics z 2.",
        [(T, 'second = "table_5.2"\ntotal = "table_2.2"\ntest = "bootstrap of cities"',
            'second = "table_5.2"\ntotal = "table_2.2"')]),
    ({"definition_range"}, "error", "allows 0 to 1", [(D, "0.129,0.255", "0.129,-0.055")]),
    ({"scale_used"}, "warning", "the values fill 6.0 % of 0 to 1,000", [(V, "index,0,100", "index,0,1000")]),
    ({"proxy_moments"}, "warning", "what fits: log of income per resident",
        [(K, "resident,yes", "resident,no"), (K, "city,no", "city,yes")]),
    ({"dummy_moments"}, "error", "ends 0 and 1", [(V, "control,share,0,1", "control,dummy,0,1")]),
    ({"possible_moments"}, "error", "sd is at most 0.9",
        [(D, "skills,600,-0.014,0.991,-2.173,1.869", "skills,600,-0.014,0.991,-0.973,0.869")]),
    ({"possible_moments"}, "error", "sd is at most 0", [(D, "skills,600,-0.014", "skills,600,-3.014")]),
    ({"winsorised_extremes"}, "warning", "openness 18.500 at +5.4 sd", [(D, "6.397,13.178", "6.397,18.500")]),
    ({"winsorised_extremes"}, "error", "openness 28.000 at +11.5 sd", [(D, "6.397,13.178", "6.397,28.000")]),
    ({"source_years"}, "warning", "4 of 10 years lack values", [(V, "log,,,income,2019", "log,,,income,2015")]),
    ({"subsample_rows"}, "error", "300 + 299 = 599, -1 against the baseline", [(M, "4,2,300", "4,2,299")]),
    ({"subsample_rows"}, "error", "29 x 10 = 290 rows at most",
        [(M, "4,2,300,0.940,overall,30", "4,2,300,0.940,overall,29")]),
    ({"units_in_both_groups"}, "warning", "30 + 45 = 75 units of 60: at least 15",
        [(M, "4,2,300,0.940,overall,30", "4,2,300,0.940,overall,45")]),
    ({"median_split"}, "warning", "41.7 % and 58.3 %", [(M, "4,1,300,0.928,overall,30", "4,1,250,0.928,overall,25"),
        (M, "4,2,300,0.940,overall,30", "4,2,350,0.940,overall,35")]),
    ({"untested_differences"}, "warning", "z = 1.315", [(T, '"median"\ntest = "interaction"', '"median"')]),
    ({"universal_effect"}, "warning", "table_4.2.reform 0.098 (0.113), p 0.39",
        [(C, "0.698,0.113,3", "0.098,0.113,0")]),
    ({"mixed_r2"}, "warning", "table_3.3 0.598 (within)", [(M, "0.598,overall", "0.598,within")]),
    ({"pooled_columns"}, "warning", "with both effects table_2.1.reform is 0.930",
        [(M, "0.941,overall,60,1,1", "0.941,overall,60,0,0")]),
    ({"pooled_columns"}, "warning", "with both effects table_2.1.reform is 0.930",
        [(M, "0.941,overall,60,1,1", "0.941,overall,60,0,0"), (T, 'main_terms = ["treat", "post"]\n', "")]),
    ({"absorbed_treatment"}, "error", "all 600 rows are singletons", [(T, '"region^year"', '"city^year"')]),
    ({"relative_outcome"}, "warning", "540 rows at most", [(T, '"before policy"\n\n[[splits', '"past"\n\n[[splits')]),
    ({"control_signs"}, "warning", "4 columns above zero and 1 below",
        [(C, "urban_share,1.999", "urban_share,-1.999")]),
    ({"declared_unused"}, "warning", "no column of 11 holds it",
        [(V, "skills,score", "traffic,counts of lorries,section 3,mediator,level,0,,lorries,\nskills,score")]),
    ({"used_undeclared"}, "warning", "variables.csv has no definition of it",
        [(V, "skills,score of vocational schools,section 3,mediator,index,,,schools,\n", "")]),
    ({"undescribed"}, "note", "none of skills", [(D, "skills,600,-0.014,0.991,-2.173,1.869\n", "")]),
    ({"component_overlap"}, "warning", "both hold exports", [(V, "index,,,terminals", "index,,,terminals;exports")]),
    ({"component_overlap"}, "warning", "both hold imports", [(V, "index,0,100,credit", "index,0,100,credit;imports")]),
    ({"robustness_lists"}, "warning", "section 6 lacks relative outcome",
        [(Q, "robust_6_ratio,section 6,robustness,robustness test,relative outcome,table_3.3,\n", "")]),
    ({"results_without_record"}, "warning", "no table or figure",
        [(Q, "random cities show no effect,,figure_2,", "random cities show no effect,,,")]),
    ({"repeated_entries"}, "warning", "20 entries are 19 units of the panel (370200 twice)",
        [(T, '"Weihai"', '"Qingdao"')]),
    ({"repeated_entries"}, "warning", "(the same name twice)",
        [(T, '"Weihai"', '"Nowhere"'), (T, '"Wuhu"', '"Nowhere"')]),
    ({"entries_of_other_levels"}, "warning", "20 entries: 19 units of the panel's own level, 20 with those that hold",
        [(T, '"Weihai"', '"Yiwu"')]),
    ({"misspelt_entries"}, "note", "Haerbing", [(T, '"Weihai"', '"Haerbing"')]),
    ({"misspelt_entries"}, "warning", "told by their place in the list only (Huzhou)", [(T, '"Weihai"', '"Huzhou"')]),
    ({"announcement"}, "warning", "3 of 12 months of 2015", [(T, '"2014-12"', '"2015-10"')]),
    ({"carrying_years"}, "warning", "-51 % without 2 of 5 treated years",
        [(C, "reform,0.817", "reform,0.417"), (Q, "to 2017,0.817", "to 2017,0.417")]),
    ({"contradicting_statements"}, "note", "one of the two must go",
        [(Q, "other countries may differ,,,", "other countries may differ,,,dynamics")]),
    ({"pointwise_bands"}, "note", "18.5 %",
        [(T, 'bands = "simultaneous"\njoint_test = true', 'bands = "pointwise"\njoint_test = false')]),
]  # fmt: skip


def test_the_clean_paper_gives_no_finding_at_all():
    assert findings_of(CLEAN) == {}


def test_all_but_one_rule_can_be_checked_on_the_clean_paper():
    unchecked = [verdict.rule.name for verdict in audit(read_paper(CLEAN)) if verdict.checked is None]
    assert unchecked == ["single_regressor_r2"]


@pytest.mark.parametrize(
    ("rules", "severity", "words", "edits"), PLANTED, ids=[f"{number}-{min(p[0])}" for number, p in enumerate(PLANTED)]
)
def test_a_planted_error_is_found_where_it_was_planted_and_nowhere_else(tmp_path, rules, severity, words, edits):
    found = findings_of(planted(tmp_path, *edits))
    assert set(found) == rules
    finding = next(f for name, every in found.items() for f in every if f.severity == severity)
    told = [text for every in found.values() for f in every for text in (f.printed, f.implied)]
    assert any(words in text for text in told), told
    assert finding.places
    assert finding.why


def test_every_rule_has_a_planted_error():
    assert set.union(*(rules for rules, *_ in PLANTED)) == {rule.name for rule in RULES}


def test_the_classical_error_is_that_of_least_squares_on_the_simulated_panel():
    from resilience_pipeline.econometrics.kernel import fit_arrays
    from tests.audit.make_paper import codes, panel

    frame = panel()
    effects = [codes(frame["city"]), codes(frame["year"])]
    y, x = frame["openness"].to_numpy(), frame.select("reform").to_numpy()
    exact = fit_arrays(y, x, effects=effects, vcov="iid").std_errors[0]
    paper = read_paper(CLEAN)
    implied = classical_error(paper, paper.model("table_2.1"))
    assert implied.exact
    assert implied.did.low <= exact <= implied.did.high
    assert implied.did.high - implied.did.low < 0.02 * exact


def test_a_treated_row_that_is_missing_explains_a_count_that_is_no_multiple(tmp_path):
    row = (D, "reform,600,0.167,0.373", "reform,599,0.165,0.372")
    found = findings_of(planted(tmp_path, row, (Q, "the treatment,0.167", "the treatment,0.165")))
    assert "treated_count" not in found


def test_mediators_on_other_rows_need_not_add_up(tmp_path):
    edits = (C, "openness,reform,0.681", "openness,reform,0.731"), (M, "5,2,600", "5,2,590")
    assert findings_of(planted(tmp_path, *edits)) == {}


def test_an_effect_that_is_rounded_away_is_no_contradiction(tmp_path):
    assert findings_of(planted(tmp_path, (C, "openness,reform,0.681", "openness,reform,0.680"))) == {}
    assert "mediation_identity" in findings_of(planted(tmp_path / "more", (C, "reform,0.681", "reform,0.679")))
