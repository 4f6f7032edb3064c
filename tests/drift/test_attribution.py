"""What moved a coefficient is told apart by making one change at a time; what does not add up is interaction.

The road here is three steps long: cells are staged as numbers, summed, and the coefficient is the sum times a factor
that an option sets. So the share of every change is known beforehand.
"""

from dataclasses import replace

import polars as pl
import pytest

from resilience_pipeline import packages
from resilience_pipeline.code_version import code_version
from resilience_pipeline.drift.attribution import attribute
from resilience_pipeline.drift.changes import changes_between, together
from resilience_pipeline.options import Options
from resilience_pipeline.sources.source import CELLS
from resilience_pipeline.step import Check, Step, StepResult
from resilience_pipeline.warehouse import lake as lake_module
from resilience_pipeline.warehouse.history import as_of
from resilience_pipeline.warehouse.lake import Lake

SOURCE, STAGED, PANEL, ESTIMATE = ("sources", "book"), ("staging", "book"), ("panel", "sums"), ("estimates", "t", "1")
PLACE = ("t_1", "did")
FACTOR = {2017: 1.0, 2018: 2.0, 2019: 10.0}
computed: list[tuple[str, ...]] = []


def cells(deliveries: dict[str, float], editions: dict[str, int] | None = None) -> pl.DataFrame:
    """One cell for each delivery; a file is named after its hash up to the dash."""
    rows = [
        {"source": "book", "delivery_sha256": sha, "file": sha.split("-")[0], "sheet": "s", "row": 1, "column": 1,
         "edition": (editions or {}).get(sha), "text": str(value)}
        for sha, value in deliveries.items()
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=CELLS)


def stage(inputs, options):
    computed.append(STAGED)
    table = inputs[SOURCE].select(pl.col("text").cast(pl.Float64).alias("x"))
    return StepResult(table, (Check("positive", table["x"].sum() > 0, "their sum is not positive"),))


def total(inputs, options):
    computed.append(PANEL)
    return StepResult(inputs[STAGED].select(pl.col("x").sum()))


def total_of_frozen(inputs, options):
    return StepResult(inputs["frozen", "book"].select(pl.col("x").sum()))


def estimated(inputs, options):
    computed.append(ESTIMATE)
    value = inputs[PANEL]["x"].item() * FACTOR[options["start_year"]]
    row = {"name": "t.1", "label": "(1)", "outcome": "y", "term": "did", "estimate": value, "std_error": 1.0}
    return StepResult(pl.DataFrame([{**row, "p_value": 0.01}]))


def half_of_it(inputs, options):
    result = estimated(inputs, options)
    return replace(result, table=result.table.with_columns(pl.col("estimate") / 2))


def steps(code: object = "one") -> list[Step]:
    return [
        Step(STAGED, (SOURCE,), stage, "", checks=(("positive", True),)),
        Step(PANEL, (STAGED,), total, ""),
        Step(ESTIMATE, (PANEL,), estimated, "", code=(code,), options=("start_year",)),
    ]


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path)


def run(lake, run_id, delivered, year=2018, road=None, reader="r1"):
    """A run of the whole road, as its pins keep it."""
    snapshot, options = lake.pin(run_id), Options.of({"start_year": year})
    snapshot.write(SOURCE, delivered, code_version=reader, options={})
    for step in road or steps():
        tables = {key: snapshot.read(key) for key in step.inputs}
        result = step.compute(type("Given", (), {"__getitem__": lambda _, key, t=tables: t[key]})(), options)
        if all(check.passed for check in result.checks):
            snapshot.write(
                step.key,
                result.table,
                code_version=code_version(step),
                inputs=step.inputs,
                options={name: options[name] for name in step.options},
            )
    snapshot.end(())
    computed.clear()
    return as_of(lake, run_id)


def told(old, new, *, road=None, largest=6, reread=lambda source, sha: None):
    values = [state.read(ESTIMATE)["estimate"].item() for state in (old, new)]
    moved = {PLACE: values[1] - values[0]} if values[0] != values[1] else {}
    return attribute(old, new, moved, [ESTIMATE], road or steps(), reread, largest=largest)


def test_one_changed_delivery_makes_all_of_it_and_nothing_is_recomputed(lake):
    old, new = run(lake, "r1", cells({"a-1": 1.0})), run(lake, "r2", cells({"a-1": 1.0, "b-1": 3.0}))
    found = told(old, new)
    assert found.causes == ("book: new b",)
    assert found.shares[PLACE] == (6.0,)
    assert (found.steps, computed) == (0, [])


def test_nothing_is_recomputed_where_nothing_moved(lake):
    old, new = run(lake, "r1", cells({"a-1": 1.0})), run(lake, "r2", cells({"a-1": 1.0}))
    assert told(old, new).causes == ()
    assert computed == []


def test_one_changed_option_makes_all_of_it(lake):
    delivered = cells({"a-1": 3.0})
    found = told(run(lake, "r1", delivered), run(lake, "r2", delivered, year=2019))
    assert found.causes == ("option start_year: 2018 to 2019",)
    assert found.shares[PLACE] == (24.0,)


def test_a_delivery_and_an_option_are_told_apart_and_the_rest_is_interaction(lake):
    old = run(lake, "r1", cells({"a-1": 1.0, "b-1": 2.0}), year=2018)  # 3 x 2 = 6
    new = run(lake, "r2", cells({"a-1": 1.0, "b-2": 5.0}), year=2019)  # 6 x 10 = 60
    found = told(old, new)
    assert found.causes == ("book: corrected b", "option start_year: 2018 to 2019", "interaction")
    assert found.shares[PLACE] == (6 * 2 - 6, 3 * 10 - 6, 60 - 6 - 6 - 24)
    assert found.steps == 4  # staged, summed and estimated for the delivery, estimated for the option


def test_a_change_is_made_under_the_options_of_the_older_state(lake):
    old, new = run(lake, "r1", cells({"a-1": 1.0}), year=2019), run(lake, "r2", cells({"a-2": 3.0}), year=2017)
    assert told(old, new).shares[PLACE] == (20.0, -9.0, 3.0 - 10.0 - 20.0 + 9.0)


def test_the_wave_ends_where_a_table_comes_out_as_it_is_stored(lake):
    old = run(lake, "r1", cells({"a-1": 1.0, "b-1": 1.0}))
    new = run(lake, "r2", cells({"a-2": 1.0, "b-2": 2.0}))  # a was delivered anew with the same figure
    found = told(old, new)
    assert found.shares[PLACE] == (0.0, 2.0, 0.0)
    assert computed == [STAGED, STAGED, PANEL, ESTIMATE]


def test_several_deliveries_each_get_their_share(lake):
    old = run(lake, "r1", cells({"a-1": 1.0, "b-1": 2.0, "gone-1": 4.0}))
    new = run(lake, "r2", cells({"a-2": 1.5, "b-1": 2.0, "c-1": 10.0}))
    found = told(old, new)
    assert dict(zip(found.causes, found.shares[PLACE], strict=True)) == {
        "book: corrected a": 1.0,
        "book: new c": 20.0,
        "book: without gone": -8.0,
        "interaction": 0.0,
    }


def test_a_file_that_was_only_renamed_is_no_change(lake):
    old = run(lake, "r1", cells({"a-1": 1.0}))
    renamed = cells({"a-1": 1.0, "b-1": 1.0}).with_columns(pl.col("file").replace("a", "z"))
    assert told(old, run(lake, "r2", renamed)).causes == ("book: new b",)


def test_new_code_counts_as_computed_on_the_old_inputs(lake):
    def doubled(inputs, options):
        result = estimated(inputs, options)
        return replace(result, table=result.table.with_columns(pl.col("estimate") * 2))

    newer = [*steps()[:2], replace(steps()[2], compute=doubled, code=("two",))]
    old = run(lake, "r1", cells({"a-1": 1.0}))  # 2
    new = run(lake, "r2", cells({"a-1": 1.0, "b-1": 3.0}), road=newer)  # 4 x 2 x 2 = 16
    found = told(old, new, road=newer)
    assert found.causes == ("code", "book: new b", "interaction")
    assert found.shares[PLACE] == (2.0, 12.0, 0.0)


@pytest.fixture
def upgraded(monkeypatch):
    """Call it, and what is computed from then on is computed under another numpy."""
    known = dict(packages.releases())
    return lambda: monkeypatch.setattr(lake_module, "releases", lambda: known | {"numpy": "99.0"})


def test_packages_are_the_cause_where_nothing_else_has_changed(lake, upgraded):
    old = run(lake, "r1", cells({"a-1": 1.0}))
    upgraded()
    other = [*steps()[:2], replace(steps()[2], compute=half_of_it)]  # as if the package gave another number
    stored = {step.key: code_version(step) for step in steps()}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("tests.drift.test_attribution.code_version", lambda step: stored[step.key])
        new = run(lake, "r2", cells({"a-1": 1.0}), road=other)
    found = told(old, new)
    assert found.causes == (f"packages (numpy {packages.releases()['numpy']} to 99.0)",)
    assert (found.shares[PLACE], computed) == ((-1.0,), [])


def test_packages_that_gave_the_same_numbers_have_no_share_beside_a_delivery(lake, upgraded):
    old = run(lake, "r1", cells({"a-1": 1.0}))
    upgraded()
    new = run(lake, "r2", cells({"a-1": 1.0, "b-1": 3.0}))
    found = told(old, new)
    assert [cause.split()[0] for cause in found.causes] == ["packages", "book:", "interaction"]
    assert found.shares[PLACE] == (0.0, 6.0, 0.0)
    assert any("recomputed under other packages" in note for note in found.notes)


def test_what_an_older_lake_says_of_packages_stands_in_its_estimates(lake):
    def versions(release):
        return lambda inputs, options: StepResult(
            estimated(inputs, options).table.with_columns(
                pl.lit(f'{{"numpy": "{release}"}}').alias("versions"), pl.col("estimate") * len(release)
            )
        )

    runs = []
    for number, release in enumerate(("1.0", "2.0.0")):
        road = [*steps()[:2], Step(ESTIMATE, (PANEL,), versions(release), "", code=("one",), options=("start_year",))]
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(lake_module, "releases", dict)
            patched.setattr("tests.drift.test_attribution.code_version", lambda step: "c")
            runs.append(run(lake, f"r{number}", cells({"a-1": 1.0}), road=road))
    assert told(*runs).causes == ("packages (numpy 1.0 to 2.0.0)",)


def test_a_new_reader_reads_the_old_deliveries_again_from_their_copies(lake):
    old = run(lake, "r1", cells({"a-1": 1.0, "gone-1": 1.0}), reader="r1")  # 4
    new = run(lake, "r2", cells({"a-1": 2.0}), reader="r2")  # the new reader reads twice as much: 4
    again = {"gone-1": cells({"gone-1": 2.0})}
    moved = {PLACE: 0.5}  # as if: the shares do not depend on it
    found = attribute(old, new, moved, [ESTIMATE], steps(), lambda source, sha: again[sha], largest=6)
    assert found.causes == ("code", "book: without gone", "interaction")
    assert found.shares[PLACE][:2] == (4.0, -4.0)


def test_results_of_code_that_is_not_here_any_more_are_not_told_apart(lake):
    old = run(lake, "r1", cells({"a-1": 1.0}))
    new = run(lake, "r2", cells({"a-1": 1.0, "b-1": 1.0}), year=2019, road=steps("two"))
    found = told(old, new, road=steps("three"))
    assert len(found.causes) == 1
    assert "is not the code that runs now" in found.notes[0]
    assert computed == []


def test_code_that_was_only_rewritten_since_still_tells_the_changes_apart(lake):
    old, new = run(lake, "r1", cells({"a-1": 1.0})), run(lake, "r2", cells({"a-2": 5.0}), year=2019)
    found = told(old, new, road=steps("written otherwise"))
    assert found.shares[PLACE] == (8.0, 8.0, 32.0)
    assert "to the byte" in found.notes[0]
    halved = [*steps()[:2], replace(steps()[2], compute=half_of_it)]
    assert "cannot be told apart" in told(old, new, road=halved).notes[0]


def test_a_change_that_is_refused_alone_leaves_what_stood(lake):
    old = run(lake, "r1", cells({"a-1": 1.0}))
    new = run(lake, "r2", cells({"a-2": 5.0, "b-1": -3.0}))  # b alone would make the sum negative
    found = told(old, new)
    assert dict(zip(found.causes, found.shares[PLACE], strict=True)) == {
        "book: corrected a": 8.0,
        "book: new b": 0.0,
        "interaction": -6.0,
    }
    assert any("refused by staging.book" in note for note in found.notes)


def test_a_delivery_that_staging_refused_counts_in_the_run_that_accepted_it(lake):
    first = run(lake, "r1", cells({"a-1": 1.0}))
    refused = run(lake, "r2", cells({"a-1": 1.0, "b-1": -3.0}), year=2019)
    assert told(first, refused).causes == ("option start_year: 2018 to 2019",)
    accepted = run(lake, "r3", cells({"a-1": 1.0, "b-1": -3.0, "c-1": 4.0}), year=2019)
    found = told(refused, accepted)
    assert found.causes == ("book: new b", "book: new c", "interaction")
    assert found.notes[-1].startswith("alone, a change was refused by staging.book")


def test_what_a_partial_run_staged_counts_in_the_run_that_computed_the_results(lake):
    first = run(lake, "r1", cells({"a-1": 1.0}))
    staged = run(lake, "r2", cells({"a-1": 1.0, "b-1": 3.0}), road=steps()[:2])
    all_of_it = run(lake, "r3", cells({"a-1": 1.0, "b-1": 3.0}))
    assert told(first, staged).causes == ()
    found = told(staged, all_of_it)
    assert (found.causes, found.shares[PLACE]) == (("book: new b",), (6.0,))


def test_a_table_that_the_older_state_did_not_know_is_computed_for_it(lake):
    def passed(inputs, options):
        return StepResult(inputs[STAGED])

    old = run(lake, "r1", cells({"a-1": 1.0, "b-1": 1.0}))
    between = Step(("frozen", "book"), (STAGED,), passed, "")
    longer = [steps()[0], between, replace(steps()[1], inputs=(between.key,), compute=total_of_frozen), steps()[2]]
    new = run(lake, "r2", cells({"a-2": 3.0, "b-2": 5.0}), road=longer)
    found = told(old, new, road=longer)
    assert dict(zip(found.causes, found.shares[PLACE], strict=True)) == {
        "code": 0.0,
        "book: corrected a": 4.0,
        "book: corrected b": 8.0,
        "interaction": 0.0,
    }


def test_many_deliveries_are_taken_together_by_edition_and_then_by_source(lake):
    names = {f"f{year}{part}-1": 1.0 for year in (2020, 2021) for part in "abc"}
    editions = {name: int(name[1:5]) for name in names}
    old, new = run(lake, "r1", cells({"z-1": 1.0})), run(lake, "r2", cells({"z-1": 1.0} | names, editions))
    by_edition, by_source = told(old, new, largest=3), told(old, new, largest=1)
    assert by_edition.causes == (
        "3 deliveries of book, edition 2020",
        "3 deliveries of book, edition 2021",
        "interaction",
    )
    assert by_edition.shares[PLACE] == (6.0, 6.0, 0.0)
    assert "6 changes were taken together into 2" in by_edition.notes[0]
    assert by_source.causes == ("6 deliveries of book", "interaction")
    assert len(together(changes_between(old, new, steps()).single, 6)) == 6


def test_more_sources_than_recomputations_are_taken_together_at_last(lake):
    old, new = run(lake, "r1", cells({"a-1": 1.0})), run(lake, "r2", cells({"a-1": 1.0, "b-1": 1.0}), year=2019)
    (only,) = together(changes_between(old, new, steps()).single, 1)
    assert only.label == "2 other changes together"
    assert (set(only.delivered), dict(only.options)) == ({"book"}, {"start_year": 2019})
