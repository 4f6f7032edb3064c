"""Error rules follow the options where a column does not state its own."""

from resilience_pipeline.options import Options
from resilience_pipeline.study.columns import specification_columns, specification_under
from resilience_pipeline.study.load import load_study
from tests.study.study_files import SOUND, spoilt, write


def test_a_column_without_error_rules_follows_the_options(tmp_path):
    study = load_study(write(tmp_path))
    options = Options.of({"vcov": "hc1", "ssc": "xtreg", "singletons": "keep"})

    spec = specification_under(study, study.specification("mine_1.1"), options)

    assert (spec.vcov, spec.ssc, spec.singletons) == ("hc1", "xtreg", "keep")


def test_what_a_column_states_stands_under_every_option(tmp_path):
    study = load_study(write(tmp_path, spoilt('treatment = "did"', 'treatment = "did"\nvcov = "iid"')))

    spec = specification_under(study, study.specification("mine_1.1"), Options.of({"vcov": "hc1", "ssc": "xtreg"}))

    assert (spec.vcov, spec.ssc) == ("iid", "xtreg")


def test_the_columns_of_a_specification_are_those_it_reads_each_once(tmp_path):
    text = spoilt(
        '["city_code", "year"]', '["city_code", "region^year"]\nwhere = "province <> \'西藏\' and year < 2020"'
    )
    spec = load_study(write(tmp_path, text)).specification("mine_1.1")

    expected = ("fiscal", "did", "log_loans", "city_code", "region", "year", "province")
    assert sorted(specification_columns(spec)) == sorted(expected)


def test_a_column_names_its_estimator_and_a_column_like_it_can_change_its_options(tmp_path):
    text = SOUND.replace('treatment = "did"', 'treatment = "did"\nestimator = "cs"\noptions = { method = "reg" }')
    text += '\n[[tables.mine_1.columns]]\nlike = "mine_1.1"\noptions = { method = "ipw", aggregate = "simple" }\n'
    study = load_study(write(tmp_path, text))

    first, second = study.table("mine_1").columns

    assert (first.estimator, first.estimator_options) == ("cs", (("method", "reg"),))
    assert (second.estimator, dict(second.estimator_options)) == ("cs", {"method": "ipw", "aggregate": "simple"})
