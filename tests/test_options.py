"""Options: defaults, resilience.toml and overrides in this order; nothing unknown passes."""

import pytest

from resilience_pipeline.errors import OptionError
from resilience_pipeline.options import CATALOGUE, Options
from resilience_pipeline.settings import load_paths, load_retention, load_settings, options_table, settings_beside


def settings_file(folder, text):
    path = folder / "resilience.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_the_defaults_hold(tmp_path):
    assert load_settings(None).changed == {}
    assert load_settings(tmp_path / "resilience.toml", {}).variant is None


def test_the_file_changes_the_default_and_an_override_the_file(tmp_path):
    path = settings_file(tmp_path, '[options]\nwinsorise = "none"\nmaximum_missing_run = 2\n')
    assert load_settings(path).changed == {"winsorise": "none", "maximum_missing_run": 2}
    assert load_settings(path, {"winsorise": "pooled"})["winsorise"] == "pooled"


def test_an_unknown_option_is_answered_with_the_near_ones(tmp_path):
    path = settings_file(tmp_path, '[options]\nwinsorize = "none"\n')
    with pytest.raises(OptionError, match="winsorise") as caught:
        load_settings(path)
    assert caught.value.file == str(path)
    with pytest.raises(OptionError, match="there is no option 'qqqq'"):
        load_settings(None, {"qqqq": 1})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("winsorise", "sometimes"),
        ("maximum_missing_run", "many"),
        ("maximum_missing_run", -1),
        ("winsorise_lower", 0.7),
        ("start_year", 2016),
    ],
)
def test_a_value_that_is_no_choice_is_refused_with_the_choices(name, value):
    with pytest.raises(OptionError, match=f"option {name} cannot be") as caught:
        load_settings(None, {name: value})
    assert caught.value.expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[option]\n", "option is not a key"),
        ("options = 3\n", "options has the wrong type"),
        ("[options\n", "is not TOML"),
        ("[paths]\nlandings = 'x'\n", "paths.landings is not a key"),
        ("[paths]\nlake = 3\n", "paths.lake has the wrong type"),
    ],
)
def test_a_settings_file_that_is_not_well_formed_is_refused(tmp_path, text, message):
    path = settings_file(tmp_path, text)
    read = load_paths if message.startswith("paths") else load_settings
    with pytest.raises(OptionError, match=message) as caught:
        read(path)
    assert caught.value.remedy


def test_paths_start_at_the_files_folder(tmp_path):
    path = settings_file(tmp_path, "[paths]\nlake = 'lake'\nlanding = '/srv/landing'\n")
    assert load_paths(path) == {"lake": tmp_path / "lake", "landing": type(tmp_path)("/srv/landing")}
    assert load_paths(tmp_path / "absent.toml") == {}


def test_the_table_of_options_explains_every_option():
    table = options_table()
    assert table["option"].to_list() == [option.name for option in CATALOGUE]
    assert table.null_count().row(0) == (0, 0, 0, 0)
    assert all(len(text) > 0 for text in (*table["others"], *table["reason"]))


@pytest.mark.parametrize("option", CATALOGUE, ids=lambda option: option.name)
def test_every_default_is_one_of_its_choices(option):
    assert option.parse(option.default) == option.default


def test_different_settings_have_different_names():
    one, other = Options.of({"winsorise": "none"}), Options.of({"winsorise": "pooled"})
    assert one.variant != other.variant
    assert Options.of({"winsorise": "by_year"}).variant is None


def test_everything_is_kept_unless_the_file_says_how_long(tmp_path):
    path = tmp_path / "resilience.toml"
    assert load_retention(path).everything
    path.write_text("[lake]\nkeep_runs = 5\n")
    assert (load_retention(path).runs, load_retention(path).days) == (5, None)
    path.write_text("[lake]\nkeep_days = 0\n")
    with pytest.raises(OptionError, match="keep_days is too small"):
        load_retention(path)


def test_what_must_be_said_beside_the_file_gives_the_very_options(tmp_path):
    path = tmp_path / "resilience.toml"
    path.write_text('[options]\nwinsorise = "none"\nindex_form = "scaled"\n')
    wanted = Options.of({"winsorise": "none", "weighting": "pca"})
    said = settings_beside(path, wanted)
    assert said == {"index_form": "levels", "weighting": "pca"}
    assert load_settings(path, said).values == wanted.values
