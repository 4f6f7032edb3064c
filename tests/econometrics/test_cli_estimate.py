"""`resilience estimate` on a user's own file: numbers, defaults, exit codes and messages."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import typer
from typer.testing import CliRunner, Result

from resilience_pipeline.cli_estimate import estimate_command
from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.estimators import ESTIMATORS
from resilience_pipeline.econometrics.specification import Specification
from tests.econometrics.adoptions import adoption_panel
from tests.econometrics.panels import panel

APP = typer.Typer()
APP.command()(estimate_command)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "panel.csv"
    panel(lost=20).write_csv(path)
    return path


def call(*arguments: object) -> Result:
    return CliRunner().invoke(APP, [str(argument) for argument in arguments])


def test_json_holds_the_numbers_of_the_python_call(table: Path) -> None:
    result = call(
        "--data", table, "--outcome", "y", "--treatment", "did", "--controls", "gdp,roads",
        "--absorb", "city,year", "--cluster", "city", "--where", "year < 2019", "--time", "year", "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    record = json.loads(result.stdout)
    spec = Specification(
        "t", "y", "did", ("gdp", "roads"), absorb=("city", "year"), cluster=("city",), where="year < 2019"
    )
    expected = estimate(spec, pl.read_csv(table))
    assert [term["estimate"] for term in record["terms"]] == [term.estimate for term in expected.terms]
    assert record["terms"][0]["std_error"] == expected.terms[0].std_error
    assert record["n_periods"] == 7


@pytest.mark.parametrize(
    ("options", "vcov", "cluster"),
    [
        ((), "hc1", []),
        (("--absorb", "city,year"), "cluster", ["city"]),
        (("--absorb", "year", "--unit", "city"), "cluster", ["city"]),
        (("--absorb", "city", "--cluster", "province,year"), "cluster", ["province", "year"]),
        (("--absorb", "city", "--vcov", "iid"), "iid", []),
        (("--absorb", "province^year", "--vcov", "cluster"), "cluster", ["province^year"]),
    ],
)
def test_the_error_rule_follows_what_was_given(
    table: Path, options: tuple[str, ...], vcov: str, cluster: list[str]
) -> None:
    result = call("--data", table, "--outcome", "y", "--treatment", "did", *options, "--json")
    assert result.exit_code == 0, result.output
    record = json.loads(result.stdout)
    assert (record["vcov"], record["specification"]["cluster"]) == (vcov, cluster)


def test_the_wild_bootstrap_takes_draws_and_seed_from_the_command(table: Path) -> None:
    arguments = ("--data", table, "--outcome", "y", "--treatment", "did", "--absorb", "city,year", "--vcov", "wcr")
    records = [json.loads(call(*arguments, "--draws", 499, "--seed", seed, "--json").stdout) for seed in (1, 1, 2)]
    assert [(record["draws"], record["seed"]) for record in records] == [(499, 1), (499, 1), (499, 2)]
    assert records[0] == records[1]
    assert records[0]["terms"][0]["p_value"] != records[2]["terms"][0]["p_value"]
    assert records[0]["terms"][-1]["p_value"] is None  # the constant's
    assert "wild cluster bootstrap, 499 rademacher draws, seed 1" in " ".join(
        call(*arguments, "--draws", 499, "--seed", 1).stdout.split()
    )


def test_spatial_errors_take_places_from_columns_of_the_file(table: Path, tmp_path: Path) -> None:
    placed = pl.read_csv(table).with_columns(north=30 + pl.col("city") / 20, east=pl.lit(110.0))
    placed.write_csv(tmp_path / "placed.csv")
    arguments = (
        "--data", tmp_path / "placed.csv", "--outcome", "y", "--treatment", "did", "--absorb", "city,year",
        "--time", "year", "--vcov", "conley:100:bartlett", "--latitude", "north", "--longitude", "east",
    )  # fmt: skip
    record = json.loads(call(*arguments, "--json").stdout)
    assert (record["vcov"], record["kilometres"]) == ("conley:100:bartlett", 100.0)
    assert "spatial within 100 km, bartlett kernel" in " ".join(call(*arguments).stdout.split())


def test_parquet_and_stata_files_give_the_same_as_csv(table: Path, tmp_path: Path) -> None:
    frame = pl.read_csv(table)
    frame.write_parquet(tmp_path / "panel.parquet")
    frame.to_pandas().to_stata(tmp_path / "panel.dta", write_index=False)
    terms = []
    for name in ("panel.csv", "panel.parquet", "panel.dta"):
        result = call("--data", tmp_path / name, "--outcome", "y", "--treatment", "did", "--absorb", "city", "--json")
        terms.append(json.loads(result.stdout)["terms"])
    assert terms[0] == terms[1] == terms[2]


def test_a_person_reads_a_table_with_the_error_rule_named(table: Path) -> None:
    result = call("--data", table, "--outcome", "y", "--treatment", "did", "--absorb", "city,year")
    assert result.exit_code == 0
    assert "clustered by city (reghdfe)" in result.stdout
    assert "did" in result.stdout
    assert "const" in result.stdout


def test_missing_marks_in_a_csv_are_missing_values(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_text("y,x\n1,1\n2,2.5\nNA,3\n4,.\n5,\n3,7\n2,8\n")
    result = call("--data", path, "--outcome", "y", "--treatment", "x", "--json")
    assert json.loads(result.stdout)["n_dropped_missing"] == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--where", "year in (select 1)"), "sample filter"),
        (("--where", "year = (select count(*) from read_csv('/etc/passwd'))"), "sample filter"),
        (("--vcov", "hac"), "--vcov cannot be 'hac'"),
        (("--ssc", "sas"), "--ssc cannot be 'sas'"),
        (("--singletons", "maybe"), "--singletons cannot be 'maybe'"),
        (("--vcov", "cluster"), "clusters are ()"),
        (("--vcov", "iid", "--cluster", "city"), "leave one of the two out"),
        (("--vcov", "conley:200", "--unit", "city"), "latitude and longitude"),
        (("--vcov", "cv3", "--cluster", "city,year"), "clusters of one kind"),
        (("--vcov", "cv3", "--cluster", "city", "--seed", "1"), "draws nothing, but --seed 1 is given"),
        (("--vcov", "hc1", "--latitude", "gdp"), "knows no distances"),
        (("--controls", "did"), "did stands twice"),
    ],
)
def test_a_command_that_cannot_be_used_exits_2_with_a_remedy(
    table: Path, options: tuple[str, ...], message: str
) -> None:
    result = call("--data", table, "--outcome", "y", "--treatment", "did", *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "remedy" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("name", "text"), [("none.csv", None), ("book.xlsx", "x"), ("bad.parquet", "x"), ("a.dta", "x")]
)
def test_a_file_that_cannot_be_read_exits_2_and_is_named(tmp_path: Path, name: str, text: str | None) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    result = call("--data", tmp_path / name, "--outcome", "y", "--treatment", "x")
    assert result.exit_code == 2
    assert name in result.stderr
    assert "remedy" in result.stderr


def test_data_that_do_not_identify_the_model_exit_3_with_the_reason(table: Path) -> None:
    arguments = ("--data", table, "--outcome", "y", "--treatment", "province", "--absorb", "city")
    result = call(*arguments)
    assert result.exit_code == 3
    assert "it is absorbed" in result.stderr
    as_json = call(*arguments, "--json")
    assert as_json.exit_code == 3
    assert json.loads(as_json.stdout)["status"] == "failed"


def test_the_command_starts_no_pipeline() -> None:
    heavy = ("dagster", "duckdb", "linearmodels", "polars")
    code = f"import sys, resilience_pipeline.cli_estimate; print(*[m for m in {heavy} if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []


@pytest.fixture
def firms(tmp_path: Path) -> Path:
    path = tmp_path / "firms.csv"
    adoption_panel({2005: 12, None: 20}).write_csv(path, separator=";")
    return path


def did(path: Path, *arguments: object) -> Result:
    return call(
        "--data", path, "--outcome", "y", "--treatment", "did", "--unit", "firm", "--time", "year", *arguments
    )  # fmt: skip


def test_an_estimator_is_chosen_with_its_options_on_a_file_with_semicolons(firms: Path) -> None:
    result = did(firms, "--estimator", "imputation", "--option", "aggregate=dynamic", "--json")
    assert result.exit_code == 0, result.output
    record = json.loads(result.stdout)
    assert [term["term"] for term in record["terms"]] == ["lag_0", "lag_1", "lag_2", "lag_3"]
    assert record["options"] == {"aggregate": "dynamic"}
    assert record["specification"]["cluster"] == ["firm"]


def test_the_seed_and_the_draws_reach_an_estimator_that_draws(firms: Path) -> None:
    result = did(firms, "--estimator", "sdid", "--option", "solver=exact", "--draws", 7, "--seed", 3)
    assert result.exit_code == 0, result.output
    assert "errors placebo, 7 draws, seed 3" in result.stdout


def test_a_seed_is_refused_where_nothing_is_drawn(firms: Path) -> None:
    result = did(firms, "--estimator", "sunab", "--seed", 3)
    assert result.exit_code == 2
    assert "draws nothing" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--estimator", "sunab", "--option", "agg=all"), "expected: aggregate"),
        (("--estimator", "sunab", "--option", "aggregate"), "has no value"),
        (("--estimator", "sunba"), "expected: twfe, event_study, match, bacon, cs, drdid, imputation, sunab, sdid"),
        (("--option", "aggregate=all"), "expected: no option at all"),
    ],
)
def test_unknown_estimators_and_options_are_refused_with_the_known_ones(
    firms: Path, arguments: tuple[str, ...], said: str
) -> None:
    result = did(firms, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_every_estimator_stands_in_the_help_with_its_options() -> None:
    shown = " ".join(call("--help").output.split())
    for name, estimator in ESTIMATORS.items():
        assert f"{name} " in shown
        assert all(f"{option.name}=" in shown for option in estimator.options)
