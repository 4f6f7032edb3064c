"""A step is computed when something behind its table changed, and only then; its table stands otherwise."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl
import pytest

from resilience_pipeline.driver import execute, listening, why_stale
from resilience_pipeline.errors import PipelineError
from resilience_pipeline.options import Options
from resilience_pipeline.packages import releases
from resilience_pipeline.stale import stale_tables, under_other_packages
from resilience_pipeline.step import Check, Inputs, Step, StepResult
from resilience_pipeline.warehouse import lake as lake_module
from resilience_pipeline.warehouse.attempts import last_attempt
from resilience_pipeline.warehouse.lake import Lake

FILES, STAGED, PANEL = ("sources", "files"), ("staging", "numbers"), ("panel", "study", "numbers")
LATER = Options.of({"winsorise": "none"})


@dataclass
class Road:
    """Three steps: files are read, staged and made a panel under the option winsorise."""

    lake: Lake
    delivered: list[int] = field(default_factory=lambda: [1, 2, 3])
    synthetic: bool = False
    computed: list[str] = field(default_factory=list)

    def read(self, inputs: Inputs, options: Options) -> StepResult:
        self.computed.append("files")
        return StepResult(pl.DataFrame({"x": self.delivered}), synthetic=self.synthetic)

    def stage(self, inputs: Inputs, options: Options) -> StepResult:
        self.computed.append("numbers")
        table = inputs[FILES]
        refused = table.filter(pl.col("x") > 100)
        known = table.filter(pl.col("x") != 7)
        checks = (
            Check("positive", bool((table["x"] > 0).all()), "all are positive"),
            Check("small", refused.is_empty(), f"{refused.height} are large", blocking=False),
        )
        return StepResult(known, checks, rejects=refused)

    def panel(self, inputs: Inputs, options: Options) -> StepResult:
        self.computed.append("panel")
        return StepResult(inputs[STAGED].with_columns(rule=pl.lit(str(options["winsorise"]))), markdown="| x |")

    @property
    def steps(self) -> list[Step]:
        return [
            Step(FILES, (), _named(self.read), "files"),
            Step(
                STAGED,
                (FILES,),
                _named(self.stage),
                "numbers",
                checks=(("positive", True), ("small", False)),
                reads_previous=True,
            ),
            Step(PANEL, (STAGED,), _named(self.panel), "panel", options=("winsorise",)),
        ]

    def run(self, run_id: str, options: Options | None = None, **flags: bool) -> list[str]:
        """Names of the steps that one run computed."""
        self.computed.clear()
        variant = None if options is None else options.variant
        snapshot = (self.lake if variant is None else self.lake.variant(variant)).pin(run_id)
        for step in self.steps if variant is None else self.steps[2:]:
            if execute(step, snapshot, options or Options(), **flags).pointer is None:
                break
        return list(self.computed)

    def why(self, number: int, **changes: object) -> str | None:
        return why_stale(replace(self.steps[number], **changes), self.lake.pin("look"), Options())


def _named(method):
    """A bound method as a function whose module is its code."""

    def compute(inputs: Inputs, options: Options) -> StepResult:
        return method(inputs, options)

    return compute


@pytest.fixture
def road(tmp_path: Path) -> Road:
    road = Road(Lake(tmp_path / "lake"))
    assert road.run("run_1") == ["files", "numbers", "panel"]
    return road


def test_the_same_files_again_compute_nothing_beyond_them(road):
    assert road.run("run_2") == ["files"]
    assert road.lake.current(PANEL).run_id == "run_1"


def test_a_change_goes_as_far_as_the_tables_change(road):
    road.delivered = [1, 2, 3, 7]  # staging drops 7, so nothing comes out otherwise
    assert road.run("run_2") == ["files", "numbers"]
    road.delivered = [1, 2, 4]
    assert road.run("run_3") == ["files", "numbers", "panel"]


def test_a_table_that_stands_tells_its_checks_again_and_keeps_pointer_and_notes(road):
    road.delivered = [1, 200]
    road.run("run_2")
    outcome = execute(road.steps[1], road.lake.pin("run_3"), Options())
    assert not outcome.computed
    assert [(c.name, c.passed, c.blocking, c.message) for c in outcome.checks] == [
        ("positive", True, True, "all are positive"),
        ("small", False, False, "1 are large"),
    ]
    assert outcome.pointer == road.lake.current(STAGED)
    assert execute(road.steps[2], road.lake.pin("run_3"), Options()).pointer.notes["markdown"] == "| x |"


def test_force_computes_what_stands(road):
    assert road.run("run_2", force=True) == ["files", "numbers", "panel"]


def test_other_code_is_a_reason(road):
    assert road.why(2) is None
    assert road.why(2, code=("select 2",)) == "its code or a text behind it has changed"


def test_another_option_is_a_reason_only_for_a_step_that_reads_it(road):
    lake = road.lake.pin("look")
    assert why_stale(road.steps[2], lake, LATER) == "other options: winsorise: by_year -> none"
    assert why_stale(road.steps[1], lake, LATER) is None


def test_an_input_that_changed_is_named(road):
    road.delivered = [5]
    execute(road.steps[0], road.lake.pin("run_2"), Options())
    assert road.why(1) == "changed since: sources.files"
    assert road.why(2) is None


def test_another_set_of_inputs_is_a_reason(road):
    assert road.why(2, inputs=(STAGED, FILES)) == "changed since: sources.files"


def test_the_same_figures_from_the_twin_are_computed_again_and_called_synthetic(road):
    road.synthetic = True
    assert road.run("run_2") == ["files", "numbers", "panel"]
    assert road.lake.current(PANEL).synthetic


def test_a_failed_step_is_tried_again_although_its_last_good_table_has_these_very_inputs(road):
    good = road.delivered
    road.delivered = [-1]
    assert road.run("run_2") == ["files", "numbers"]
    road.delivered = good
    assert road.run("run_3") == ["files", "numbers"]
    assert road.run("run_4") == ["files"]


def test_an_error_that_a_user_can_mend_is_met_again_until_it_is_mended(road):
    def broken(inputs: Inputs, options: Options) -> StepResult:
        raise PipelineError(what="torn", remedy="mend it")

    for run_id in ("run_2", "run_3"):
        with pytest.raises(PipelineError, match="torn"):
            execute(replace(road.steps[2], compute=broken, code=(1,)), road.lake.pin(run_id), Options())
    assert road.why(2) == "its last attempt failed"


def test_a_run_killed_between_a_table_and_the_note_of_its_checks_computes_it_again(road):
    attempt = road.lake.root.joinpath(*STAGED, "attempt.json")
    before = attempt.read_bytes()
    road.delivered = [1, 200]
    road.run("run_2")
    attempt.write_bytes(before)  # as after a kill just before the note
    assert road.why(1) == "its last attempt was interrupted"
    attempt.unlink()
    assert road.why(1) == "nothing says how its last attempt went"


@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_a_table_without_its_file_is_computed_again(road, damage):
    file = road.lake.path(STAGED)
    file.unlink() if damage == "missing" else file.write_bytes(file.read_bytes()[:-20])
    assert road.why(1) == "its Parquet file is missing or damaged"
    assert road.run("run_2") == ["files", "numbers"]
    assert road.lake.read(STAGED)["x"].to_list() == [1, 2, 3]


def test_rows_refused_belong_to_the_table(road):
    road.lake.path(("rejects", "numbers")).unlink()
    assert road.why(1) == "the rows it refused are missing or damaged"


def test_revisions_that_were_refused_are_taken_when_a_user_says_so(road):
    road.delivered = [-1]
    assert road.run("run_2") == ["files", "numbers"]
    assert road.run("run_3", accept_revisions=True) == ["files", "numbers"]


def test_a_variant_computes_its_own_once(road):
    assert road.run("run_2", LATER) == ["panel"]
    assert road.run("run_3", LATER) == []
    assert road.lake.variant(LATER.variant).read(PANEL)["rule"].unique().to_list() == ["none"]


def test_a_variant_takes_the_headlines_table_over_where_all_agrees_and_keeps_it(road):
    others = Options.of({"start_year": 2019})
    lake = road.lake.variant(others.variant)
    assert road.run("run_2", others) == []
    assert lake.current(PANEL).variant == others.variant
    assert last_attempt(lake, PANEL).ok
    road.delivered = [4, 5]
    road.run("run_3")
    assert lake.read(PANEL)["x"].to_list() == [1, 2, 3]
    assert road.run("run_4", others) == ["panel"]


def test_what_stands_is_in_the_runs_pins(road):
    road.run("run_2")
    road.delivered = [9]
    road.run("run_3")
    assert road.lake.pin("run_2").read(PANEL)["x"].to_list() == [1, 2, 3]


def test_listeners_are_told_what_was_computed_and_what_stands(road):
    told = []
    road.delivered = [1, 2, 3, 7]
    with listening(lambda key, state: told.append((key[-1], state))):
        road.run("run_2")
        road.run("run_3")
    ends = [(name, state) for name, state in told if state != "started"]
    assert ends == [
        ("files", "kept"), ("numbers", "kept"), ("numbers", "unchanged"),
        ("files", "unchanged"), ("numbers", "unchanged"), ("numbers", "unchanged"),
    ]  # fmt: skip


def test_other_packages_make_nothing_stale_and_are_told(road, monkeypatch):
    older = dict(releases()) | {"numpy": "1.0"}
    with monkeypatch.context() as patched:
        patched.setattr(lake_module, "releases", lambda: older)
        road.run("run_2", force=True)
    assert road.run("run_3") == ["files"]
    assert road.lake.current(PANEL).packages == road.lake.pin("run_3").current(PANEL).packages == older
    assert stale_tables(road.lake, road.steps).is_empty()
    assert under_other_packages(road.lake, road.steps) == (2, (f"numpy 1.0 to {releases()['numpy']}",))
    road.run("run_4", LATER)
    assert road.lake.variant(LATER.variant).current(PANEL).packages == releases()
    road.run("run_5", force=True)
    assert under_other_packages(road.lake, road.steps) == (0, ())


def test_what_a_variant_takes_over_was_computed_when_the_headline_was(road, monkeypatch):
    monkeypatch.setattr(lake_module, "releases", lambda: {"numpy": "99.0"})
    seen = road.lake.variant("other").pin("run_2").take_over(PANEL)
    assert seen.packages == road.lake.current(PANEL).packages == releases()


def test_stale_tables_are_listed_with_what_may_follow(road):
    changed = [road.steps[0], replace(road.steps[1], code=("select 2",)), road.steps[2]]
    assert stale_tables(road.lake, road.steps).is_empty()
    assert stale_tables(road.lake, changed).rows() == [
        ("staging.numbers", "its code or a text behind it has changed", False),
        ("panel.study.numbers", "reads staging.numbers", True),
    ]
