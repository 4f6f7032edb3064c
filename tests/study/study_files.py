"""A small, sound study file, and ways to spoil it."""

from pathlib import Path

SOUND = """
[study]
name = "mine"
title = "A study of mine"
first_year = 2012
last_year = 2022

[sample]
required = ["gdp_cny_10k"]

[variables.log_loans]
table = "controls"
formula = "ln(loans_cny_10k)"

[variables.fiscal]
table = "outcomes"
formula = "budget_revenue_cny_10k / budget_expenditure_cny_10k"

[tables.mine_1]
title = "Mine"

[[tables.mine_1.columns]]
outcome = "fiscal"
treatment = "did"
controls = ["log_loans"]
absorb = ["city_code", "year"]
"""


def write(folder: Path, text: str = SOUND, name: str = "mine.toml") -> Path:
    """The text as a file of the folder."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def spoilt(old: str, new: str) -> str:
    """The sound study with one passage replaced."""
    assert old in SOUND
    return SOUND.replace(old, new, 1)
