"""The README names what a newcomer can ask for: every command, kind of result, and result of the paper's study."""

from pathlib import Path

import pytest

from resilience_pipeline.cli import app
from resilience_pipeline.study.kinds import KINDS
from resilience_pipeline.study.load import find_studies

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SPANNED = {f"table_{n}" for n in range(4, 10)} | {"table_7_difference"}  # named as "`table_4` to `table_9`"


@pytest.mark.parametrize("kind", KINDS)
def test_the_readme_says_how_each_kind_of_result_is_declared(kind):
    declared = [line.split(" | ")[2] for line in README.splitlines() if line.count(" | ") == 2]
    assert any(f"`{kind}`" in cell for cell in declared)


def test_the_readme_names_every_result_of_the_papers_study():
    names = {table.name for table in find_studies()[0].tables} - SPANNED
    assert [name for name in sorted(names) if f"`{name}`" not in README] == []


def test_the_readme_shows_every_command():
    commands = [command.name or command.callback.__name__ for command in app.registered_commands]
    assert [name for name in commands if f"resilience {name}" not in README] == []
