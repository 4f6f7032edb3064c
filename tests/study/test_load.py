"""A study file is read as written, and whatever is wrong in it is named with file, key and remedy."""

import pytest

from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.options import CATALOGUE
from resilience_pipeline.study.load import find_studies, load_study
from tests.study.study_files import SOUND, spoilt, write


def test_a_sound_file_gives_its_window_variables_and_columns(tmp_path):
    study = load_study(write(tmp_path))

    (column,) = study.table("mine_1").columns
    assert (study.name, study.first_year, study.last_year) == ("mine", 2012, 2022)
    assert [variable.name for variable in study.variables] == ["log_loans", "fiscal"]
    assert study.required_indicators == ("gdp_cny_10k",)
    assert (column.name, column.unit, column.time) == ("mine_1.1", "city_code", "year")
    assert column.regressors == ("did", "log_loans")
    assert column.cluster == ("city_code",)
    assert study.text == SOUND


SPOILT = {
    "an unknown key": ('title = "Mine"', 'titel = "Mine"', "tables.mine_1.titel is not a key"),
    "an unknown section": ("[sample]", "[samples]", "samples is not a key"),
    "a missing key": ('title = "A study of mine"\n', "", "study.title is missing"),
    "a year in quotes": ("first_year = 2012", 'first_year = "2012"', "study.first_year has the wrong type"),
    "a window that ends before it starts": ("last_year = 2022", "last_year = 2011", "does not make a window"),
    "a name with a blank": ('name = "mine"', 'name = "my study"', "study.name is not a name"),
    "an unknown required indicator": ("gdp_cny_10k", "gdp_cny", "names an indicator that does not exist"),
    "a formula on an unknown indicator": (
        "ln(loans_cny_10k)",
        "ln(loan_cny_10k)",
        "names a column that does not exist",
    ),
    "a formula with a composite it does not build": ("ln(loans_cny_10k)", "ctri", "names a column that does not exist"),
    "a formula on the leap of a composite it does not build": (
        "ln(loans_cny_10k)",
        "resilience_leap",
        "names a column that does not exist",
    ),
    "a formula that is not SQL": ("ln(loans_cny_10k)", "ln(loans_cny_10k", "variables.log_loans.formula is no formula"),
    "a subquery": ("ln(loans_cny_10k)", "(select 1) + loans_cny_10k", "'select' has no place"),
    "a table function": ("ln(loans_cny_10k)", "read_csv('x')", "unsupported function"),
    "an aggregate": ("ln(loans_cny_10k)", "loans_cny_10k / sum(loans_cny_10k)", "looks beyond the row"),
    "a window function": ("ln(loans_cny_10k)", "avg(loans_cny_10k) over (partition by year)", "has no place"),
    "a formula without a column": ("ln(loans_cny_10k)", "1 + 1", "names no column"),
    "a formula that gives text": ("ln(loans_cny_10k)", "cast(loans_cny_10k as varchar)", "not a number"),
    "an option and a formula": ('table = "outcomes"', 'table = "outcomes"\noption = "financing"', "not both"),
    "readings without an option": (
        'table = "outcomes"',
        'table = "outcomes"\nreadings = { a = "loans_cny_10k" }',
        "stand without an option",
    ),
    "an unknown option": (
        'formula = "ln(loans_cny_10k)"',
        'option = "finance"\nreadings = { log_loans = "loans_cny_10k" }',
        "is not an option",
    ),
    "readings that miss a choice": (
        'formula = "ln(loans_cny_10k)"',
        'option = "financing"\nreadings = { log_loans = "loans_cny_10k" }',
        "do not cover the choices of option financing",
    ),
    "a variable with a reserved name": ("[variables.fiscal]", "[variables.did]", "has a reserved name"),
    "a variable in a table of the panel": ('table = "outcomes"', 'table = "sample"', "is written by the panel itself"),
    "an outcome that is not declared": ('outcome = "fiscal"', 'outcome = "fiscl"', "outcome names a variable"),
    "a control that is not declared": ('["log_loans"]', '["log_loan"]', "controls names a variable"),
    "an effect that does not exist": ('"city_code", "year"', '"city^year"', "absorb names a variable"),
    "controls that are no list": ('["log_loans"]', '"log_loans"', "controls has the wrong type"),
    "a control that is the outcome": ('["log_loans"]', '["fiscal"]', "name a column twice"),
    "an unknown error rule": ('treatment = "did"', 'treatment = "did"\nvcov = "hc9"', "vcov has an unknown value"),
    "a filter with a subquery": (
        'treatment = "did"',
        'treatment = "did"\nwhere = "year in (select 1)"',
        "where is no filter",
    ),
    "a filter on an unknown column": ('treatment = "did"', 'treatment = "did"\nwhere = "yaer < 2020"', "where names"),
    "a column name with a dot": ('outcome = "fiscal"', 'name = "a.b"\noutcome = "fiscal"', "name is not a name"),
    "columns in a table of pilots": (
        'title = "Mine"',
        'title = "Mine"\nkind = "pilots"',
        "is not a key of this section",
    ),
    "an indicator system without indices": (
        "[tables.mine_1]",
        '[tables.mine_2]\ntitle = "System"\nkind = "indicators"\n\n[tables.mine_1]',
        "needs the indices",
    ),
    "an unknown kind of table": ('title = "Mine"', 'title = "Mine"\nkind = "figure"', "kind has an unknown value"),
    "rows of an unknown variable": (
        "[tables.mine_1]",
        '[tables.mine_2]\ntitle = "Moments"\nkind = "descriptives"\nvariables = ["x"]\n\n[tables.mine_1]',
        "names no variable",
    ),
    "no variable in descriptives": (
        "[tables.mine_1]",
        '[tables.mine_2]\ntitle = "Moments"\nkind = "descriptives"\n\n[tables.mine_1]',
        "do not fit the table's kind",
    ),
    "rows of an unknown column": (
        "[tables.mine_1]",
        '[tables.m]\ntitle = "M"\nkind = "descriptives"\nvariables = ["did"]\nsample = "mine_1.7"\n\n[tables.mine_1]',
        "sample names no column",
    ),
    "variables in a regression": (
        'title = "Mine"',
        'title = "Mine"\nvariables = ["did"]',
        "is not a key of this section",
    ),
    "a column that is like none": ('treatment = "did"', 'treatment = "did"\nlike = "mine_1.9"', "like names no column"),
    "a column that is like itself": (
        'treatment = "did"',
        'treatment = "did"\nlike = "mine_1.1"',
        "like is like itself",
    ),
    "a copy of an unknown variable": (
        "[tables.mine_1]",
        '[copies.raw]\nof = ["fiscl"]\nwinsorise = "none"\n\n[tables.mine_1]',
        "of names no variable",
    ),
    "an account of an unknown table": ("required =", 'account = ["outcome"]\nrequired =', "account names no table"),
    "an unknown estimator": (
        'treatment = "did"',
        'treatment = "did"\nestimator = "imputaton"',
        "estimator there is no estimator 'imputaton'",
    ),
    "an unknown option of an estimator": (
        'treatment = "did"',
        'treatment = "did"\nestimator = "cs"\noptions = { agregate = "simple" }',
        "estimator cs has no option 'agregate'",
    ),
    "an option of an estimator that is no text": (
        'treatment = "did"',
        'treatment = "did"\nestimator = "cs"\noptions = { anticipation = 1 }',
        "anticipation has the wrong type",
    ),
    "an event study of a column by another estimator": (
        'absorb = ["city_code", "year"]\n',
        'absorb = ["city_code", "year"]\nestimator = "cs"\n\n'
        '[tables.f]\ntitle = "F"\nkind = "event_study"\nlike = "mine_1.1"\nbase = 2015\n',
        "estimator is not for this kind of result",
    ),
    "a placebo of a column by another estimator": (
        'absorb = ["city_code", "year"]\n',
        'absorb = ["city_code", "year"]\nestimator = "cs"\n\n'
        '[tables.p]\ntitle = "P"\nkind = "placebo"\nof = "mine_1.1"\nforms = ["cities"]\n',
        "of names a column of another estimator",
    ),
    "text that is not TOML": ("[sample]", "[sample", "is not TOML"),
}


@pytest.mark.parametrize("fault", SPOILT)
def test_the_error_names_file_key_and_remedy(tmp_path, fault):
    old, new, message = SPOILT[fault]
    path = write(tmp_path, spoilt(old, new))

    with pytest.raises(SpecificationError) as caught:
        load_study(path)

    assert message in str(caught.value)
    assert caught.value.file == str(path)
    assert caught.value.expected
    assert caught.value.found
    assert caught.value.remedy


def test_a_misspelt_name_is_answered_with_the_near_one(tmp_path):
    with pytest.raises(SpecificationError, match="did you mean loans_cny_10k"):
        load_study(write(tmp_path, spoilt("loans_cny_10k", "loan_cny_10k")))


def test_two_columns_of_one_name_are_refused(tmp_path):
    twice = SOUND + '\n[[tables.mine_1.columns]]\nname = "1"\noutcome = "fiscal"\ntreatment = "did"\n'
    with pytest.raises(SpecificationError, match="is used twice"):
        load_study(write(tmp_path, twice))


def test_a_file_that_is_not_utf8_is_refused(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(SOUND.replace("A study of mine", "研究").encode("gb18030"))
    with pytest.raises(SpecificationError, match="is not UTF-8"):
        load_study(path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SpecificationError, match="cannot be read"):
        load_study(tmp_path / "absent.toml")


def test_a_file_in_the_studies_folder_is_found_after_the_packages_own(tmp_path):
    write(tmp_path)
    assert [study.name for study in find_studies(tmp_path)] == ["trade_resilience", "real_outcomes", "mine"]


def test_a_folder_that_does_not_exist_holds_no_study(tmp_path):
    assert len(find_studies((tmp_path / "studies",))) == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [('name = "mine"', 'name = "real_outcomes"', "study name"), ("mine_1", "table_4", "table name table_4")],
)
def test_a_name_that_another_file_uses_is_refused(tmp_path, old, new, message):
    write(tmp_path, SOUND.replace(old, new))
    with pytest.raises(SpecificationError, match=message):
        find_studies(tmp_path)


def test_the_papers_readings_are_the_choices_of_the_option_of_that_name():
    choices = {option.name: option.choices for option in CATALOGUE}
    variables = [
        variable for study in find_studies() for variable in study.variables if variable.option and not variable.copy_of
    ]

    assert {v.name for v in variables} == {"market_share", "economic_development", "financing", "foreign_investment"}
    for variable in variables:
        assert variable.option == variable.name
        assert tuple(variable.readings) == choices[variable.name]


def test_the_controls_of_real_outcomes_hold_no_part_of_an_outcome():
    (study,) = [study for study in find_studies() if study.name == "real_outcomes"]
    formulas = " ".join(variable.formula for variable in study.variables if variable.table == "controls")
    assert not any(part in formulas for part in ("gdp", "budget"))


def test_the_papers_table_4_has_its_three_columns():
    study = find_studies()[0]
    pooled, controlled, two_way = study.table("table_4").columns
    assert pooled.regressors == ("did",)
    assert len(controlled.controls) == 6
    assert controlled.absorb == ()
    assert two_way.controls == controlled.controls
    assert two_way.absorb == ("city_code", "year")


def test_a_column_takes_over_what_it_does_not_say_itself(tmp_path):
    more = (
        SOUND + '\n[[tables.mine_1.columns]]\nlike = "mine_1.1"\nlabel = "Early"\nwhere = "year < 2020"\nvcov = "iid"\n'
    )
    study = load_study(write(tmp_path, more))
    first, second = study.table("mine_1").columns
    assert (second.outcome, second.controls, second.absorb) == (first.outcome, first.controls, first.absorb)
    assert (second.name, second.label, second.where, second.vcov) == ("mine_1.2", "Early", "year < 2020", "iid")
    assert study.stated_rules == {"mine_1.1": (), "mine_1.2": ("vcov",)}


def test_copies_are_variables_of_a_table_of_their_own_under_another_winsorising_rule(tmp_path):
    text = spoilt("[tables.mine_1]", '[copies.raw]\nof = ["fiscal"]\nwinsorise = "none"\n\n[tables.mine_1]')
    (copy,) = [v for v in load_study(write(tmp_path, text)).variables if v.table == "raw"]
    assert (copy.name, copy.winsorise) == ("fiscal_raw", "none")
    assert copy.formula == "budget_revenue_cny_10k / budget_expenditure_cny_10k"


def test_a_variable_may_have_a_name_in_chinese(tmp_path):
    named = SOUND.replace('formula = "ln(loans_cny_10k)"', 'formula = "ln(loans_cny_10k)"\nlabel_zh = "年末贷款余额"')
    variables = {variable.name: variable for variable in load_study(write(tmp_path, named)).variables}
    assert (variables["log_loans"].label_zh, variables["fiscal"].label_zh) == ("年末贷款余额", "")


def test_every_variable_of_the_papers_tables_has_a_name_in_chinese():
    study = find_studies()[0]
    used = {name for table in study.tables for spec in table.columns for name in (spec.outcome, *spec.regressors)}
    declared = [v for v in study.variables if v.name in used and not v.name.startswith("ctri_")]
    assert declared
    assert [variable.name for variable in declared if not variable.label_zh] == []
