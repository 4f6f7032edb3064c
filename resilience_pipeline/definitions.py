"""The one entry point for Dagster: every asset, job and resource of the project."""

import dagster as dg

from resilience_pipeline.assets.alerts import alert_sensors
from resilience_pipeline.assets.frozen import frozen_assets
from resilience_pipeline.assets.landing import landing_asset, landing_sensor
from resilience_pipeline.assets.living import living_assets
from resilience_pipeline.assets.resources import LakeResource
from resilience_pipeline.assets.run_end import drift_spec
from resilience_pipeline.assets.schedules import editions_due, monthly_recheck
from resilience_pipeline.assets.sources import asset_of_source, inventory_asset
from resilience_pipeline.assets.steps import asset_of
from resilience_pipeline.assets.variants import with_options_job
from resilience_pipeline.landing.rules import load_rules
from resilience_pipeline.plan import project_plan
from resilience_pipeline.project import find_project
from resilience_pipeline.sources.registry import SOURCES

plan = project_plan()
rules = load_rules(find_project().settings_file)

defs = dg.Definitions(
    assets=[
        *(landing_asset(source) for source in SOURCES),
        inventory_asset(),
        *(asset_of_source(source) for source in SOURCES),
        *(asset_of(step) for step in plan.staging),
        *frozen_assets(),
        *(asset_of(step) for step in plan.studies),
        drift_spec(),
        *living_assets(plan.declared),
    ],
    jobs=[
        dg.define_asset_job(
            "everything",
            selection=dg.AssetSelection.all(),
            description="All assets, from the landing folder to the report.",
        ),
        with_options_job(plan),
    ],
    sensors=[landing_sensor(rules), *alert_sensors(SOURCES)],
    schedules=[editions_due(SOURCES, rules), monthly_recheck(rules)],
    resources={"lake": LakeResource.configure_at_launch()},
    executor=dg.in_process_executor,
)
