"""Results under other options than the defaults: a job of its own, tables of their own, never over the headline."""

import dagster as dg

from resilience_pipeline.assets.metadata import table_metadata
from resilience_pipeline.assets.resources import LakeResource
from resilience_pipeline.driver import execute
from resilience_pipeline.errors import PipelineError
from resilience_pipeline.plan import Plan
from resilience_pipeline.project import find_project
from resilience_pipeline.settings import load_settings


class Settings(dg.Config):
    """Options by name; what is not named is as in `resilience.toml`, then as by default."""

    settings: dict[str, str] = {}  # noqa: RUF012 -- a pydantic field, copied for each instance


def with_options_job(plan: Plan) -> dg.JobDefinition:
    """The job that computes every study of the plan under the launchpad's options."""

    @dg.op(
        description="Walk the plan from the grid to the report under other options; staged tables are read as they are."
    )
    def compute_under_options(context: dg.OpExecutionContext, config: Settings, lake: LakeResource) -> None:
        options = load_settings(find_project().settings_file, config.settings)
        variant = options.variant
        if variant is None:
            raise dg.Failure("these are the default options: run the job `everything`", allow_retries=False)
        snapshot = lake.lake.variant(variant).pin(context.run_id)
        failed: set[tuple[str, ...]] = set()
        for step in plan.studies:
            if failed.intersection(step.inputs):
                failed.add(step.key)
                continue
            try:
                outcome = execute(step, snapshot, options, force=lake.force)
            except PipelineError as error:
                context.log.error(str(error))
                failed.add(step.key)
                continue
            if outcome.pointer is None:
                failed.add(step.key)
                continue
            if outcome.computed:
                context.log_event(
                    dg.AssetMaterialization(
                        asset_key=["variants", variant, *step.key], metadata=table_metadata(outcome, lake.access)
                    )
                )
        if failed:
            names = ", ".join(".".join(key) for key in sorted(failed))
            raise dg.Failure(f"not computed under {options.changed}: {names}", allow_retries=False)

    @dg.job(name="with_options", description="Results under other options, stored under their own name.")
    def with_options() -> None:
        compute_under_options()

    return with_options
