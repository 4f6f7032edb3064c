"""A folder that is not well formed is refused with file, row, what was expected and what to do."""

import pytest

from resilience_pipeline.audit.reading import read_paper
from resilience_pipeline.errors import PaperError
from tests.audit.papers import CLEAN, planted

C, M, D, Q, V, K, T = (
    "coefficients.csv",
    "models.csv",
    "descriptives.csv",
    "claims.csv",
    "variables.csv",
    "reference_moments.csv",
    "design.toml",
)


def refusal(folder):
    with pytest.raises(PaperError) as raised:
        read_paper(folder)
    return str(raised.value)


def test_an_empty_folder_holds_no_paper(tmp_path):
    assert "the folder holds no paper" in refusal(tmp_path)
    assert "no such folder" in refusal(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ((C, "estimate,std_error,stars", "estimate,std_error,star"),
            ["coefficients.csv, row 1", "star (did you mean stars?)"]),
        ((C, "label,outcome,term", "label,term"), ["coefficients.csv"]),
        ((C, "0.930,0.109,3", "0.93x,0.109,3"), ["coefficients.csv, row 2: estimate is no figure", "found:    0.93x"]),
        ((C, "0.930,0.109,3", "0.930,0.000,3"), ["std_error is not positive"]),
        ((C, "0.930,0.109,3", "0.930,,3"), ["std_error is empty", "an empty field"]),
        ((C, "0.930,0.109,3", "0.930,0.109,4"), ["stars is no number of stars"]),
        ((C, "0.930,0.109,3", "0.930,0.109,***"), ["stars is no count"]),
        ((C, "2,1,effects,openness,const", "2,1,effects,openness,reform"), ["row 3: table_2.1.reform stands twice"]),
        ((M, "2,1,600,0.926,overall", "2,1,600,0.926,total"), ["r2_kind has an unknown value", "overall | within"]),
        ((M, "2,1,600,0.926,overall,60,1,1", "2,1,600,0.926,overall,60,yes,1"), ["city_fe has an unknown value"]),
        ((M, "2,1,600", "2,1,6e2"), ["n_obs is no count"]),
        ((D, "urban_share,600,0.516,0.129", "urban_share,600,0.516,-0.129"), ["sd is not positive"]),
        ((D, "log_income,600", "REFORM,600"), ["row 5: reform stands twice"]),
        ((Q, "section 4,value", "section 4,figure"), ["claims.csv, row 4: kind has an unknown value", "universal"]),
        ((Q, "the effect,0.86,", "the effect,,"), ["value is empty"]),
        ((Q, "the effect,0.86,", "the effect,large,"), ["value is no figure"]),
        ((Q, "table_2.2.reform.estimate", "table_2.2.refrom.estimate"),
            ["names nothing that is printed", "did you mean table_2.2.reform.estimate?"]),
        ((Q, "1 %,0.01,table_2.2.reform", "1 %,0.01,table_2.2"), ["claims.csv, row 7", "expected: a term of the"]),
        ((Q, "controls,2,table_2.2,", "controls,2,table_2,"), ["expected: a column of the paper"]),
        ((Q, "controls improve the fit,,table_2.2.r2,table_2.1.r2", "controls improve the fit,,table_2.2.r2,"),
            ["against is empty"]),
        ((V, "section 3,treatment,dummy", "section 3,treated,dummy"), ["role has an unknown value"]),
        ((V, "control,share,0,1", "control,share,none,1"), ["lower is no figure"]),
        ((K, "resident,yes", "resident,maybe"), ["declared has an unknown value"]),
        ((T, "units = 60", 'units = "60"'), ["sample.units has the wrong type"]),
        ((T, "units = 60", "unit = 60"), ["unit is not a key of this section"]),
        ((T, "last_year = 2019\nunits", "last_year = 2009\nunits"), ["last_year lies before first_year"]),
        ((T, '"2014-12"', '"December 2014"'), ["announced is no month"]),
        ((T, '"0.05", "0.01"', '"5 %", "0.01"'), ["stars is no figure"]),
        ((T, 'tail = "0.01"', 'tail = "1"'), ["tail is no share of rows"]),
        ((T, '["table_4.1", "table_4.2"]', '["table_4.1"]'), ["columns name no two subsamples"]),
        ((T, '"table_3.1"', '"table_3.4"'),
            ["names a column that models.csv does not have", "table_3.4 (did you mean"]),
        ((T, 'drawn = "units"', 'drawn = "cities"'), ["drawn has an unknown value"]),
        ((T, "[inference]", "[inference"), ["is not TOML"]),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file_is_said_with_its_place(tmp_path, edit, words):
    message = refusal(planted(tmp_path, edit))
    assert all(word in message for word in words), message
    assert "remedy:" in message


def test_a_file_that_is_not_utf8_is_refused(tmp_path):
    folder = planted(tmp_path)
    (folder / Q).write_bytes("id,place\nä,ö\n".encode("latin-1"))
    assert "no CSV in UTF-8" in refusal(folder)


def test_an_empty_field_in_quotes_is_empty(tmp_path):
    folder = planted(tmp_path, (M, "2,1,600,0.926,overall,60,1,1,", '2,1,600,0.926,"","",1,1,""'))
    model = read_paper(folder).model("table_2.1")
    assert (model.r2_kind, model.n_cities) == (None, None)


def test_figures_keep_their_digits():
    assert read_paper(CLEAN).figure("table_3.3.reform.estimate").text == "0.0890"
