"""A user's own study file, beside resilience.toml, becomes assets and results without touching the package."""

import shutil

from tests.integration.terminal import Terminal

STUDY = """
[study]
name = "saving"
title = "Pilots and deposits"
first_year = 2012
last_year = 2022

[sample]
required = ["deposits_cny_10k"]

[variables.log_deposits]
table = "outcomes"
formula = "ln(deposits_cny_10k)"
description = "Log of year-end deposits, 10,000 yuan"

[tables.saving_1]
title = "Deposits"
kind = "regression"

[[tables.saving_1.columns]]
label = "Two-way effects"
outcome = "log_deposits"
treatment = "did"
absorb = ["city_code", "year"]
"""


def test_an_own_study_is_found_run_and_shown(finished, small_twin, tmp_path):
    terminal = Terminal(tmp_path)
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / "saving.toml").write_text(STUDY, encoding="utf-8")
    shutil.copytree(finished.root / "data_lake", tmp_path / "data_lake")
    chosen = "key:report/saving_1 or key:estimates/saving_* or key:grid/saving_* or key:panel/saving_*"
    terminal("run", "--landing", str(small_twin / "landing"), "--select", chosen)
    (column,) = terminal.json("sql", "select status, n_obs from estimates.saving_1_1 where term = 'did'")
    assert column["status"] == "estimated"
    assert column["n_obs"] > 300
    assert "Deposits" in terminal("show", "saving_1")


def test_a_study_file_with_a_mistake_names_file_key_and_remedy_without_a_traceback(tmp_path):
    (tmp_path / "studies").mkdir()
    broken = STUDY.replace('formula = "ln(deposits_cny_10k)"', 'formula = "ln(deposits)"')
    (tmp_path / "studies" / "saving.toml").write_text(broken, encoding="utf-8")
    done = Terminal(tmp_path).run("run")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for words in ("saving.toml", "log_deposits", "deposits_cny_10k", "remedy"):
        assert words in done.stderr
