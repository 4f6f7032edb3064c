"""All areas, one after the other: what `resilience doctor` reports."""

from collections.abc import Iterator

from resilience_pipeline.doctor import deliveries, installation, instance, lake, landing, settings, tables, warehouse
from resilience_pipeline.doctor.finding import Finding, warning
from resilience_pipeline.project import Project


def examine(project: Project, *, deep: bool = False) -> Iterator[Finding]:
    """Every finding, area by area; only a trial file is written, and removed.

    Parameters
    ----------
    deep : also every version that is kept, every run's file, the warehouse from beginning to end, and Dagster's files.
    """
    yield from installation.examine()
    yield from settings.examine(project)
    if project.lake.is_dir():
        yield from lake.examine(project.lake)
        yield from tables.examine(project.lake, deep=deep)
        yield from deliveries.examine(project.lake, project.landing)
        yield from warehouse.examine(project.lake, deep=deep)
    else:
        yield warning(lake.AREA, f"there is no lake at {project.lake}", "resilience demo, or resilience run")
    yield from instance.examine(project, deep=deep)
    yield from landing.examine(project.landing)
