"""Replication files: the panel as Stata and R read it, and scripts that come to our figures or stop."""

import io
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from typer.testing import CliRunner

from resilience_pipeline.cli import app
from resilience_pipeline.econometrics.matched_panel import Rules
from resilience_pipeline.replication.column import CLOSE, replicated_column, without_coarser
from resilience_pipeline.replication.folder import panel_of, replication, write_replication
from resilience_pipeline.replication.panel_file import LABEL_LENGTH, panel_file, stata_names
from resilience_pipeline.replication.psmatch2 import match_lines
from resilience_pipeline.replication.stata import comment
from resilience_pipeline.report.layout import SYNTHETIC
from tests.replication.do_file import Program
from tests.replication.small_lake import COLUMNS, LONG, filled, frames, put


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The files of the small study, its lake and the study."""
    lake, study = filled(tmp_path_factory.mktemp("replication"))
    return replication(lake, study), lake, study


@pytest.fixture
def data(made):
    """The .dta as numbers."""
    return pd.read_stata(io.BytesIO(made[0].files["small.dta"]), convert_categoricals=False)


def reader(made):
    found = pd.io.stata.StataReader(io.BytesIO(made[0].files["small.dta"]))
    found.read()
    return found


def test_every_column_is_in_the_files(made):
    assert made[0].columns == tuple(f"small_1.{name}" for name in COLUMNS)
    assert made[0].open == {}


def test_the_do_file_holds_commands_that_stata_has_and_comes_to_our_figures(made):
    program = Program(made[0].files["small.do"].decode(), made[0].files)
    assert program.columns == list(made[0].columns)
    assert len(program.checked) == sum(
        1 + ("cluster" in (spec := made[2].specification(name)).vcov) + 2 * (3 + (not spec.absorb))
        for name in made[0].columns
    )


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("(year < 2018 & !missing(year))", "(year < 2019 & !missing(year))"),
        ("absorb(city_code year) vce(cluster city_code)", "absorb(city_code) vce(cluster city_code)"),
        ("vce(cluster province_id)", "vce(cluster city_code)"),
        (" [aweight = matching_weight]", ""),
        (" * sqrt(", " * 1.0001 * sqrt("),
    ],
)
def test_the_do_file_stops_where_a_filter_an_effect_a_cluster_a_weight_or_a_rule_is_wrong(made, right, wrong):
    text = made[0].files["small.do"].decode()
    assert right in text
    with pytest.raises(AssertionError):
        Program(text.replace(right, wrong), made[0].files)


def test_the_do_file_uses_the_command_of_each_rule(made):
    text = made[0].files["small.do"].decode()
    parts = {part.split(":")[0]: part for part in text.split("* ---- small_1.")[1:]}
    assert "\nregress outcome did size " in parts["pooled"]
    assert "\nxtreg outcome did size " in parts["xtreg"]
    assert "xtreg" not in parts["xtreg_regions"].split("\n", 3)[3].replace("rule xtreg", "")
    assert "absorb(city_code region_id#year)" in parts["regions"]  # year adds nothing to region by year
    assert "keepsingletons" in parts["kept"]
    assert "if in_small_1_untranslated == 1" in parts["untranslated"]
    assert "vce(unadjusted)" in parts["iid"]


def test_an_error_is_held_loosely_only_where_programs_count_parameters_differently(made):
    _, lake, study = made
    panel = panel_of(lake, study)
    closeness = {
        name: replicated_column(lake.read(("estimates", "small_1", name)), panel).closeness
        for name in ("two_way", "regions")
    }
    assert closeness["two_way"] == CLOSE
    assert CLOSE < closeness["regions"] < 0.02


def test_an_effect_that_a_finer_one_holds_is_left_out():
    assert without_coarser(("city", "year", "region^year")) == ("city", "region^year")
    assert without_coarser(("city", "year")) == ("city", "year")


def test_pyfixest_on_the_exported_panel_comes_to_our_figures(made, data):
    pf = pytest.importorskip("pyfixest")
    replicated, lake, study = made
    compared = 0
    for name in ("two_way", "until", "east", "untranslated", "weighted", "by_province", "pooled", "iid", "robust"):
        spec = study.specification(f"small_1.{name}")
        rows = data
        for condition, keep in {
            "until": data["year"] < 2018,
            "east": (data["region"] != "东部") & data["size"].notna(),
            "untranslated": data["in_small_1_untranslated"] == 1,
            "weighted": data["matching_weight"] > 0,
        }.items():
            rows = data[keep] if condition == name else rows
        clusters = {"by_province": "province_id"}.get(name, "city_code")
        errors = {"iid": "iid", "robust": "hetero"}.get(name, {"CRV1": clusters})
        effects = "+ C(year) | city_code" if spec.absorb else ""
        fit = pf.feols(
            f"outcome ~ did + size + {replicated.panel.names[LONG]} {effects}",
            rows,
            vcov=errors,
            weights="matching_weight" if name == "weighted" else None,
            ssc=pf.ssc(k_fixef="nonnested"),
            fixef_rm="singleton",
            demeaner=pf.MapDemeaner(backend="rust", fixef_tol=1e-12),
        )
        for term in lake.read(("estimates", "small_1", name)).filter(pl.col("term") != "const").to_dicts():
            variable = replicated.panel.names[term["term"]]
            assert fit.coef()[variable] == pytest.approx(term["estimate"], rel=1e-7), name
            assert fit.se()[variable] == pytest.approx(term["std_error"], rel=1e-7), name
            compared += 1
    assert compared == 27


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_the_r_script_comes_to_our_figures(made, tmp_path):
    def r(*arguments):
        return subprocess.run(["Rscript", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)

    if r("-e", "library(haven)").returncode:
        pytest.skip("R's package haven is not installed")
    for name, content in made[0].files.items():
        (tmp_path / name).write_bytes(content)
    if r("-e", "library(fixest)").returncode:  # then base R stands in for feols
        stand_in = Path(__file__).parent / "feols_in_base_r.R"
        script = (tmp_path / "small.R").read_text().replace("library(fixest)", f'source("{stand_in}")')
        (tmp_path / "small.R").write_text(script)
    done = r("small.R")
    assert done.returncode == 0, done.stderr
    assert f"{len(COLUMNS)} columns agree" in done.stdout
    wrong = (tmp_path / "small.R").read_text().replace("year < 2018", "year < 2019")
    (tmp_path / "wrong.R").write_text(wrong)
    assert r("wrong.R").returncode != 0


def test_the_r_script_closes_every_bracket_and_names_variables_of_the_file(made, data):
    text = made[0].files["small.R"].decode()
    bare = re.sub(r'"(?:[^"\\]|\\.)*"|#.*', "", text)
    for opening, closing in ("()", "{}", "[]"):
        assert bare.count(opening) == bare.count(closing)
    for formula in re.findall(r"feols\((.+?), data", text):
        assert set(re.findall(r"[A-Za-z_]\w*", formula)) <= set(data.columns)


def test_the_file_says_that_it_is_synthetic_and_a_real_one_does_not(made, tmp_path):
    assert reader(made).data_label.startswith(SYNTHETIC)
    for name in ("small.do", "small.R"):
        assert SYNTHETIC in made[0].files[name].decode().splitlines()[0]
    lake, study = filled(tmp_path, synthetic=False)
    real = replication(lake, study)
    assert not any(b"SYNTHETIC" in content for content in real.files.values())


def test_variables_are_labelled_in_both_languages_and_values_by_name(made):
    found = reader(made)
    assert found.variable_labels()["outcome"] == "结果 OUT: An outcome"
    assert found.variable_labels()["did"].startswith("双重差分项 did: treat x post")
    assert found.value_labels()["city_code"][110100] == "城市1"
    assert found.value_labels()["region_id"] == {1: "东北", 2: "东部", 3: "中部", 4: "西部"}
    assert found.value_labels()["treat"] == {0: "other city", 1: "pilot city"}
    assert all(len(label) <= LABEL_LENGTH for label in found.variable_labels().values())


def test_the_file_holds_the_panels_values(made, data):
    expected = frames()
    assert data["outcome"].tolist() == expected["outcomes"]["outcome"].to_list()
    assert data["size"].isna().tolist() == expected["controls"]["size"].is_null().to_list()
    assert data["city_code"].tolist() == [int(code) for code in expected["outcomes"]["city_code"]]
    assert data["region"].tolist() == expected["geography"]["region"].to_list()


def test_the_same_lake_gives_the_same_bytes(made):
    _, lake, study = made
    assert replication(lake, study).files == made[0].files


def test_an_infinite_value_and_a_missing_text_are_missing_in_the_file():
    panel = pl.DataFrame(
        {
            "city_code": ["110000", "120000"],
            "year": pl.Series([2012, 2012], dtype=pl.Int32),
            "x": [float("inf"), 1.0],
            "region": [None, "东部"],
        }
    )
    file = panel_file("x.dta", "t", panel, {}, synthetic=False)
    data = pd.read_stata(io.BytesIO(file.data), convert_categoricals=False)
    assert data["x"].isna().tolist() == [True, False]
    assert data["region_id"].isna().tolist() == [True, False]


def test_names_that_stata_or_r_do_not_take_are_changed_and_stay_apart():
    names = stata_names(["year", "if", "a" * 40, "a" * 41, "a" * 32, "2012", "_n", "x-y"])
    assert len(set(names.values())) == len(names)
    assert all(re.fullmatch(r"[A-Za-z]\w{0,31}", name) for name in names.values())
    assert (names["year"], names["if"], names["a" * 32]) == ("year", "v_if", "a" * 32)


def test_a_panel_that_moved_on_leaves_the_column_out_and_says_why(tmp_path):
    lake, study = filled(tmp_path)
    outcomes = frames()["outcomes"].with_columns(pl.col("outcome") * 1.001)
    put(lake, ("panel", "small", "outcomes"), outcomes)
    found = replication(lake, study)
    assert found.columns == ()
    assert "run everything again" in found.open["small_1.pooled"]


def test_errors_that_no_command_prints_leave_the_column_out_and_say_why(tmp_path):
    lake, study = filled(tmp_path)
    key = ("estimates", "small_1", "pooled")
    put(lake, key, lake.read(key).with_columns(vcov=pl.lit("cv3"), ssc=pl.lit(None, pl.String)))
    assert "no command checks errors by cv3" in replication(lake, study).open["small_1.pooled"]


def test_what_awaits_its_data_is_named_on_the_page(tmp_path):
    lake, study = filled(tmp_path)
    record = lake.read(("estimates", "small_1", "pooled")).head(1)
    waiting = record.with_columns(status=pl.lit("awaiting"), reason=pl.lit("no value"), term=pl.lit(None, pl.String))
    put(lake, ("estimates", "small_1", "pooled"), waiting)
    write_replication(lake.root, tmp_path / "out", [study])
    page = (tmp_path / "out" / "REPLICATION.md").read_text()
    assert "not in the files: small_1.pooled (awaiting: no value)" in page
    assert f"`{LONG}` is named" in page
    assert SYNTHETIC in page


def test_a_comment_of_a_do_file_ends_nothing_and_expands_nothing():
    assert not re.search(r"/\*|\*/|//|[`$]", comment("a /* b */ c // d `e' $f"))


RULES = {"covariates": ("size",), "treatment": "treat", "start_year": 2016}


@pytest.mark.parametrize("design", ["baseline", "by_year", "pooled"])
def test_the_match_is_psmatch2s_under_the_rules_in_force(made, design):
    rules = Rules(**RULES, design=design, model="logit", bandwidth=0.1, support="common")
    text = "\n".join(match_lines(rules, made[0].panel))
    assert "psmatch2 treat size, kernel kerneltype(epan) bwidth(0.1) logit common" in text
    assert ("collapse (mean) size (first) treat, by(city_code)" in text) == (design == "baseline")
    assert ("foreach year of local years" in text) == (design == "by_year")
    assert "reldif(matched, matching_weight) < 1e-4" in text
    assert text.count("{") == text.count("}")


def test_a_do_file_with_matching_weights_matches_first_by_the_options_behind_the_weights(made):
    text = made[0].files["small.do"].decode()
    short = made[0].panel.names[LONG]
    assert f"psmatch2 treat size {short}, kernel kerneltype(epan) bwidth(0.06) common\n" in text
    assert "keep if year < 2018" in text
    assert text.index("psmatch2 treat") < text.index("* ---- small_1.pooled")


def test_psmatch2s_own_defaults_are_not_spelt_out(made):
    text = "\n".join(match_lines(Rules(**RULES, support="none"), made[0].panel))
    assert "bwidth(0.06)\n" in text


def test_the_command_writes_the_files_into_a_folder_of_their_own(made, tmp_path, monkeypatch):
    _, lake, study = made
    monkeypatch.setattr("resilience_pipeline.cli_results._studies", lambda folder: (study,))
    done = CliRunner().invoke(app, ["export", "--replication", "--out", str(tmp_path), "--lake", str(lake.root)])
    assert done.exit_code == 0, done.output
    names = {path.name for path in (tmp_path / "replication").iterdir()}
    assert names == {"small.dta", "small.do", "small.R", "REPLICATION.md"}
