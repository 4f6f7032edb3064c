"""What the section of a curve may say, what its choices change of the column, and what its steps read."""

from dataclasses import replace

import pytest

from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.options import Options
from resilience_pipeline.study.curve import AS_IT_IS, Choice, Dimension, column_with, with_options_settled
from resilience_pipeline.study.kinds import curve as kind
from resilience_pipeline.study.load import find_studies, load_study
from resilience_pipeline.study.steps import steps
from tests.study.curve.small_curve import CURVE, STUDY
from tests.study.study_files import write


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('of = "mine_1.1"', 'of = "mine_1.2"', "of names no column"),
        ("start_year = [2017, 2018]", "start_year = [2017, 2016]", "start_year has a wrong value"),
        ("start_year = [2017, 2018]", "begin = [2017, 2018]", "begin is no option"),
        ("start_year = [2017, 2018]", "start_year = []", "must be a list of choices"),
        ("start_year = [2017, 2018]", "estimate = [2017, 2018]", "has a reserved name"),
        ('name = "none"', 'name = "all"', "has two choices of one name"),
        ('name = "none", controls', 'name = "none", control', "control is no option"),
        ('name = "none", controls', 'name = "none", henan_zone = "drop", controls', "sets options and keys"),
        ("controls = [] },", 'controls = ["log_lones"] },', "names no variable"),
        ('cluster = ["province"]', 'cluster = ["province", "year"]', "must name one column"),
        ('where = "year < 2020"', 'where = "years < 2020"', "names no variable"),
        ('permute = ["start_year"', 'permute = ["start"', "permute names no dimension"),
    ],
)
def test_what_is_wrong_in_the_section_is_named(tmp_path, old, new, what):
    assert old in CURVE
    with pytest.raises(SpecificationError, match=what):
        load_study(write(tmp_path, STUDY + CURVE.replace(old, new, 1)))


def test_an_option_that_moves_nothing_of_the_column_is_refused(tmp_path):
    text = CURVE.replace("start_year = [2017, 2018]", 'ip_split = ["by_year", "pooled"]').replace('"start_year", ', "")
    study = load_study(write(tmp_path, STUDY + text))
    with pytest.raises(SpecificationError, match="option ip_split moves none of"):
        steps(study)


def test_a_choice_of_rows_narrows_the_columns_own_filter_and_clusters_whatever_the_error_rule(study):
    column = replace(study.specification("mine_1.1"), where="year > 2015 or year < 2014", vcov="iid")
    chosen, baseline = column_with(column, [Choice("before", where="year < 2020"), Choice("held", baseline=("x",))])
    assert chosen.where == "(year > 2015 or year < 2014) and (year < 2020)"
    assert (chosen.vcov, chosen.controls, baseline) == ("cluster", column.controls, ("x",))
    assert column_with(column, [Choice("own")])[0].where == column.where


def test_a_step_reads_what_the_choices_move_and_the_tables_beneath_it(study):
    made = {step.key: step for step in steps(study)}
    step = made[kind.rows_key(study.table("figure_4"))]
    assert set(step.inputs) == {
        ("grid", "mine", "cells"),
        ("grid", "mine", "cities"),
        ("frozen", "pilot_list"),
        ("panel", "mine", "geography"),
        ("estimates", "mine_1", "1"),
    }
    assert {"county_level_pilots", "henan_zone", "start_year", "weighting", "index_form", "winsorise"} <= {
        *step.options
    }
    assert {"winsorise_upper", "ssc", "singletons"} <= {*step.options}
    assert "vcov" not in step.options


def test_the_paper_has_its_curve_on_the_third_column_of_table_4_over_thousands_of_specifications():
    (paper,) = [study for study in find_studies() if study.name == "trade_resilience"]
    settings = paper.table("figure_4").settings
    assert settings.of == "table_4.3"
    assert [d.name for d in settings.dimensions] == [
        *("pilots", "start_year", "weighting", "index_form", "winsorise"),
        *("controls", "effects", "sample", "errors"),
    ]
    assert kind.size(settings.dimensions) == 6 * 3 * 6 * 2 * 3 * 4 * 3 * 4 * 2


def test_a_dimension_whose_options_are_settled_keeps_what_holds_or_stays_as_it_is():
    first = Dimension("weighting", (Choice("e", (("weighting", "entropy"),)), Choice("p", (("weighting", "pca"),))))
    both = Choice("p, uncut", (("weighting", "pca"), ("winsorise", "none")))
    cut = Choice("uncut", (("weighting", "entropy"), ("winsorise", "none")))
    kept, gone = with_options_settled(
        (first, Dimension("mixed", (both, cut)), Dimension("other", (both,))), {"weighting"}, Options()
    )
    assert [dimension.choices for dimension in kept] == [
        (Choice("e"),),
        (Choice("uncut", (("winsorise", "none"),)),),
        (AS_IT_IS,),
    ]
    assert gone == {"weighting": ("p",), "mixed": ("p, uncut",), "other": ("p, uncut",)}
