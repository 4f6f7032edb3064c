"""A variant says that it is behind the headline, why, and what brings it up."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from resilience_pipeline import running, terminal
from resilience_pipeline.behind import variant_status
from resilience_pipeline.options import Options
from resilience_pipeline.project import find_project
from resilience_pipeline.running import RunReport
from resilience_pipeline.warehouse.lake import Lake

UNCUT = Options.of({"winsorise": "none"})
CELLS, COLUMN, PRINTED = ("frozen", "wind"), ("estimates", "table_4", "3"), ("report", "table_4")


@dataclass
class Ground:
    """A lake with one source, one column and its printed result, in the headline and under UNCUT."""

    root: Path

    @property
    def lake(self) -> Lake:
        return Lake(self.root / "data_lake")

    def deliver(self, value: int) -> None:
        self.lake.pin(f"d{value}").write(CELLS, pl.DataFrame({"x": [value]}), code_version="c", options={})

    def compute(self, run: str, options: Options, code: str = "c", result: tuple[str, ...] = PRINTED) -> None:
        home = self.lake if options.variant is None else self.lake.variant(options.variant)
        snapshot = home.pin(run)
        value = snapshot.read(CELLS)["x"][0] + len(str(options["winsorise"]))
        chosen = {"winsorise": options["winsorise"]}
        frame = pl.DataFrame({"y": [value]})
        snapshot.write(COLUMN, frame, code_version=code, inputs=[CELLS], options={})
        snapshot.write(result, frame, code_version=code, inputs=[COLUMN], options=chosen)

    def state(self):
        return variant_status(self.lake, UNCUT.variant, self.root / "studies", self.root / "resilience.toml")


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    ground = Ground(tmp_path)
    ground.deliver(1)
    ground.compute("one", Options())
    ground.compute("two", UNCUT)
    return ground


def test_a_variant_on_what_the_headline_stands_on_is_not_behind(ground):
    assert (ground.state().behind, ground.state().refresh) == ("", "resilience run --set winsorise=none")


def test_a_delivery_that_only_the_headline_has_seen_puts_it_behind_until_it_is_computed_again(ground):
    ground.deliver(2)
    ground.compute("three", Options())
    assert ground.state().behind == "changed since: frozen.wind"
    assert "bring it up with: resilience run --set winsorise=none" in ground.state().words
    ground.compute("four", UNCUT)
    assert ground.state().behind == ""


def test_other_code_in_the_headline_puts_it_behind(ground):
    ground.compute("three", Options(), code="d")
    assert ground.state().behind == "made by other code since in the headline: estimates.table_4.3, report.table_4"


def test_a_table_that_was_only_half_refreshed_puts_it_behind(ground):
    variant = ground.lake.variant(UNCUT.variant)
    variant.pin("three").write(COLUMN, pl.DataFrame({"y": [9]}), code_version="c", inputs=[CELLS], options={})
    assert ground.state().behind == "changed since: estimates.table_4.3"


def test_a_result_that_no_study_declares_any_more_keeps_no_variant_behind(tmp_path):
    ground = Ground(tmp_path)
    ground.deliver(1)
    ground.compute("one", UNCUT, result=("report", "of_a_deleted_study"))
    ground.deliver(2)
    assert ground.state().behind == ""


def test_the_command_says_what_the_settings_file_would_decide_otherwise(ground):
    (ground.root / "resilience.toml").write_text('[options]\nindex_form = "scaled"\nwinsorise = "none"\n')
    assert ground.state().refresh == "resilience run --set index_form=levels"


def test_a_variant_of_an_option_that_is_gone_has_no_command(ground):
    variant = ground.lake.variant("gone_1")
    variant.pin("x").write(PRINTED, pl.DataFrame({"y": [1]}), code_version="c", options={"no_such_option": "a"})
    ground.compute("three", Options(), code="d")
    found = variant_status(ground.lake, "gone_1", ground.root / "studies")
    assert (found.options, found.refresh) == (None, "")
    assert found.words.endswith("no options of today give it")


def test_a_run_brings_up_every_variant_where_that_is_asked_for(ground, monkeypatch):
    ran: list[str | None] = []

    def report(variant: str | None) -> RunReport:
        ran.append(variant)
        return RunReport("id", True, 0, {}, 0, 0)

    monkeypatch.setattr(running, "asset_count", lambda project: 1)
    monkeypatch.setattr(running, "run_assets", lambda project, **how: report(None))
    monkeypatch.setattr(running, "run_variant", lambda project, options, **how: report(options.variant))
    monkeypatch.setenv("RESILIENCE_PROJECT", str(ground.root))
    ground.lake.variant("living").pin("x").write(("living", "s"), pl.DataFrame(), code_version="c", options={})
    terminal.run(find_project(), None, Options())
    terminal.run(find_project(), None, Options(), variants=True)
    terminal.run(find_project(), None, UNCUT, variants=True)
    assert ran == [None, None, UNCUT.variant, None, UNCUT.variant]
