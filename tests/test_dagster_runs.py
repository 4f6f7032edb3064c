"""What Dagster keeps of runs that the lake let go goes, too, unless Dagster knows something from it alone."""

import dagster as dg

from resilience_pipeline.dagster_runs import forget

EDITIONS = dg.StaticPartitionsDefinition(["2018", "2019"])


@dg.asset
def table() -> None:
    """Made by every run."""


@dg.asset
def seldom() -> None:
    """Made by the first run only."""


@dg.asset(partitions_def=EDITIONS)
def yearbook(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    return dg.MaterializeResult()


def made(instance: dg.DagsterInstance, *assets: dg.AssetsDefinition, edition: str | None = None) -> str:
    return dg.materialize(list(assets), instance=instance, partition_key=edition).run_id


def test_a_run_goes_with_its_events_and_the_last_to_make_a_table_stays():
    with dg.DagsterInstance.ephemeral() as instance:
        first, second, third = made(instance, table, seldom), made(instance, table), made(instance, table)
        assert forget(instance, [first, second, "of another home"]) == [second]
        assert {run.run_id for run in instance.get_runs()} == {first, third}
        assert instance.all_logs(second) == []


def test_the_last_run_to_mark_an_edition_stays_so_that_the_mark_does():
    with dg.DagsterInstance.ephemeral() as instance:
        runs = [made(instance, yearbook, edition=edition) for edition in ("2018", "2018", "2019")]
        assert forget(instance, runs) == [runs[0]]
        assert instance.get_materialized_partitions(yearbook.key) == {"2018", "2019"}


def test_a_run_that_goes_on_stays():
    with dg.DagsterInstance.ephemeral() as instance:
        run = instance.create_run_for_job(dg.define_asset_job("all").resolve(asset_graph=graph()))
        assert forget(instance, [run.run_id]) == []


def graph():
    return dg.Definitions(assets=[table]).resolve_asset_graph()
