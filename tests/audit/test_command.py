"""`resilience audit`: what it prints, as text and as data; its exit codes; what it must not load."""

import json
import subprocess
import sys

import polars as pl
from typer.testing import CliRunner

from resilience_pipeline.audit.command import SEED, audit_folder
from resilience_pipeline.audit.findings import FINDINGS
from resilience_pipeline.audit.rules import RULES
from resilience_pipeline.cli import app
from tests.audit.papers import CLEAN, planted


def call(*arguments):
    return CliRunner().invoke(app, ["audit", *map(str, arguments)])


def test_the_seed_paper_is_audited_where_no_folder_is_named():
    result = call()
    assert result.exit_code == 0
    assert result.stdout == audit_folder(SEED).text
    assert result.stdout.startswith("Audit of Yu, Zhang, Yang and Yao (2025)")


def test_json_holds_every_finding_and_every_rule_without_one():
    result = call("--json")
    rows = json.loads(result.stdout)
    assert {row["rule"] for row in rows} == {rule.name for rule in RULES}
    assert [*rows[0]] == [*FINDINGS]
    assert [row["severity"] for row in rows if row["outcome"] == "nothing found"].count(None) == 8


def test_errors_come_first_and_rules_without_a_finding_last():
    table = audit_folder(SEED).table
    assert table.schema == FINDINGS
    order = table["severity"].drop_nulls().to_list()
    assert order == sorted(order, key=["error", "warning", "note"].index)
    assert table.head(len(order))["severity"].null_count() == 0


def test_another_paper_is_audited_from_its_folder(tmp_path):
    folder = planted(tmp_path, ("design.toml", '"region^year"', '"city^year"'))
    text = call("--paper", folder).stdout
    assert "Audit of An invented paper on reform and openness\n1 error, 0 warnings, 0 notes" in text
    assert "ERROR  absorbed_treatment (A12)" in text


def test_a_clean_paper_says_what_was_compared_and_what_was_not_checkable():
    text = call("--paper", CLEAN).stdout
    assert "0 errors, 0 warnings, 0 notes, 48 of 49 rules found nothing, 1 not checkable" in text
    assert "  mediation_identity: logistics 0.8579 (0.8568 to 0.859) against 0.858" in text
    assert "NOT CHECKABLE\n  single_regressor_r2: no column" in text


def test_a_folder_without_a_paper_is_the_users_to_mend(tmp_path):
    code = "from resilience_pipeline.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "audit", "--paper", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "the folder holds no paper" in done.stderr


def test_the_audit_loads_neither_dagster_nor_an_estimator():
    heavy = ["dagster", "duckdb", "linearmodels", "statsmodels"]
    code = (
        "import sys; from resilience_pipeline.cli import app; from typer.testing import CliRunner; "
        "assert CliRunner().invoke(app, ['audit']).exit_code == 0; "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_table_of_the_clean_paper_has_no_severity():
    assert audit_folder(CLEAN).table["severity"].null_count() == pl.DataFrame(audit_folder(CLEAN).table).height
