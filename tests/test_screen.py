"""The terminal shows names and cells of other people's files; it obeys nothing in them."""

import io

import polars as pl
import pytest
from rich.table import Table
from rich.text import Text

from resilience_pipeline import terminal
from resilience_pipeline.screen import Screen

#: Red, a new title, a C1 introducer, a carriage return that overwrites the line, letters from right to left.
HOSTILE = "a\x1b[31m\x1b]0;owned\x07\x9b31m\rb\u202ec"


def shown(renderable: object, **options: object) -> str:
    screen = Screen(file=io.StringIO(), width=200)
    screen.print(renderable, **options)
    return screen.file.getvalue()


@pytest.mark.parametrize("wrapped", [str, Text])
def test_what_a_terminal_would_obey_does_not_reach_it(wrapped):
    said = shown(wrapped(HOSTILE), markup=False)
    assert not set(said) & set("\x1b\x07\x9b\r\u202e")
    assert "[31m" in said  # it is seen, not hidden


def test_nor_from_within_a_table():
    table = Table("file")
    table.add_row(Text(HOSTILE))
    assert "\x1b" not in shown(table)


def test_our_own_colours_and_lines_stay():
    screen = Screen(file=io.StringIO(), force_terminal=True, color_system="standard", width=80)
    screen.print("[red]two[/]\nlines")
    assert "\x1b[31mtwo" in screen.file.getvalue()
    assert screen.file.getvalue().count("\n") == 2


def test_brackets_in_a_cell_are_no_markup(monkeypatch):
    screen = Screen(file=io.StringIO(), width=200)
    monkeypatch.setattr(terminal, "out", screen)
    terminal.print_frame(pl.DataFrame({"[b]text": ["[red]x[/red]", "[/closed] y"]}))
    assert "[red]x[/red]" in screen.file.getvalue()
    assert "[/closed] y" in screen.file.getvalue()
    assert "[b]text" in screen.file.getvalue()
