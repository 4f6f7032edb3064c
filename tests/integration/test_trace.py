"""From every coefficient of a finished run to the cells of delivered files, by the command and by the function."""

import polars as pl
import pytest

from resilience_pipeline.lineage.opened import Index, find, open_index
from resilience_pipeline.lineage.records import Coefficient
from resilience_pipeline.lineage.trace import trace
from resilience_pipeline.warehouse.lake import Lake

#: It reads the paper, no delivered file.
WITHOUT_CELLS = ("estimates/audit/findings", "report/audit")


@pytest.fixture(scope="module")
def index(finished) -> Index:
    return open_index(Lake(finished.root / "data_lake"))


def every_coefficient(index: Index) -> list[Coefficient]:
    return [
        Coefficient(r["name"], r["table"], r["row"], tuple(r["units"]), r["estimate"], r["std_error"], r["status"])
        for r in index.coefficients.to_dicts()
    ]


def test_every_coefficient_of_every_table_reaches_cells(index):
    reached: dict[tuple[str, tuple[str, ...]], bool] = {}
    for coefficient in every_coefficient(index):
        way = (coefficient.table, coefficient.units)
        if way not in reached and coefficient.status != "awaiting":
            traced = trace(index, [coefficient], cells=1)
            reached[way] = bool(traced.cells and traced.deliveries and traced.assets)

    assert {table for (table, _), there in reached.items() if not there} == set(WITHOUT_CELLS)


def test_cells_of_a_trace_are_those_that_the_file_holds(index, finished):
    shown = trace(index, "table_4.3.did", year=2018, cells=200).cells
    reported = [cell for cell in shown if cell.status == "reported"]
    as_delivered = pl.concat(
        Lake(finished.root / "data_lake").read(("sources", source))
        for source in sorted({cell.source for cell in reported})
    )

    assert len({cell.indicator for cell in reported}) == 18
    for cell in reported:
        place = {"delivery_sha256": cell.delivery_sha256, "row": cell.row, "column": cell.column}
        there = as_delivered.filter(**place, sheet=cell.sheet) if cell.sheet else as_delivered.filter(**place)
        assert there["text"].to_list() == [cell.text]


def test_the_sample_adds_up_to_what_was_estimated(index, finished):
    traced = trace(index, "table_4.3.did")

    assert traced.sample.city_years - sum(traced.sample.lost.values()) == traced.sample.used == traced.rows[0]["n_obs"]
    assert sum(traced.variables[0].values.values()) == traced.sample.used


@pytest.mark.parametrize(
    ("asked", "model", "lost"),
    [
        ("table_3.log_fixed_investment", "table_4.1", "no value of log_fixed_investment"),  # its own gaps, too
        ("table_6_difference.tests.least_squares.table_6_2", "table_6.2", "do not meet digital_policy = 1"),
        ("table_4_estimators.drdid.att", "table_4_estimators.drdid", "of cities that lack a year"),
        ("table_5.2.did", "table_5.2", "matching_weight is zero"),
    ],
)
def test_model_and_sample_are_those_of_the_row(index, asked, model, lost):
    traced = trace(index, asked, cells=None)
    assert traced.specification["name"] == model
    assert any(reason.startswith(lost) for reason in traced.sample.lost)
    assert traced.sample.used == traced.rows[0]["n_obs"]


def test_a_row_about_several_models_claims_none_and_one_of_other_rows_no_sample(index):
    assert trace(index, "table_6_difference.tests.full_interaction", cells=None).specification is None
    assert trace(index, "figure_3.draws_years_before.1.2013", cells=None).sample is None
    awaiting = index.coefficients.filter(pl.col("name") == "real_2.fiscal_controls.did")["name"].to_list()
    for name in awaiting:
        assert trace(index, name, cells=None).specification["name"] == "real_2.fiscal_controls"


def test_a_row_of_a_curve_says_that_its_choices_are_not_the_declared_ones(index):
    assert "choices of its own" in trace(index, "figure_4.specifications.62", cells=None).notes[0]


def test_a_part_of_a_name_is_enough_and_several_are_listed(index):
    assert [c.name for c in find(index, "table_3.ctri")] == ["table_3.descriptives.ctri"]
    assert find(index, "figure_1.2019")[0].table == "report/figure_1"
    assert {c.name.rsplit(".", 1)[0] for c in find(index, "table_4")} == {"table_4.1", "table_4.2", "table_4.3"}
    assert find(index, "figure_4.specifications.62")[0].row == 61
    assert [c.row for c in find(index, "figure_2.draws_cities.17")] == [16]
    assert [c.name for c in find(index, "figure_1.treat_2019")] == ["figure_1.event_study.treat_2019"]


#: Dagster counts a yearbook's editions as partitions, and versions of these are not those of the table.
BY_EDITION = {f"sources/{source}" for source in ("city_yearbook", "science_yearbook")}


def test_the_index_says_of_each_table_what_dagster_holds(index, finished, monkeypatch):
    import dagster as dg

    from resilience_pipeline.assets.keys import asset_key

    monkeypatch.setenv("DAGSTER_HOME", str(finished.root / ".dagster_home"))
    with dg.DagsterInstance.get() as instance:
        for row in index.tables.filter(~pl.col("table").is_in(BY_EDITION)).to_dicts():
            event = instance.get_latest_materialization_event(asset_key(tuple(row["table"].split("/"))))
            tags = event.asset_materialization.tags
            assert (tags["dagster/data_version"], tags["dagster/code_version"], event.run_id) == (
                row["data_version"],
                row["code_version"],
                row["run_id"],
            )
            for name, version in (
                (name, v) for name, v in index.inputs(row["table"]).items() if name not in BY_EDITION
            ):
                read = asset_key(tuple(name.split("/"))).to_user_string()
                assert tags[f"dagster/input_data_version/{read}"] == version


def test_the_command_prints_and_gives_json(finished, index):
    city = trace(index, "table_4.3.did", cells=1, year=2018).cells[0].city_code
    record = finished.json("trace", "table_4.3.did", "--city", city, "--year", "2018")

    assert record["rows"][0]["term"] == "did"
    assert all(len(delivery["sha256"]) == 64 for delivery in record["deliveries"])
    assert {cell["city_code"] for cell in record["cells"]} == {city}
    then = finished.json("trace", "table_4.3.did", "--city", city, "--year", "2018", "--as-of", "last")
    assert then["run"] == record["assets"][0]["run_id"]
    assert {**then, "run": None, "notes": record["notes"]} == record
    printed = finished("trace", "table_4.3.did", "--depth", "2")
    assert "ln(exports_cny_10k)" in printed
    assert "SYNTHETIC" in printed
