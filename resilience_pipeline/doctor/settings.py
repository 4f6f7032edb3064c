"""What the user writes: `resilience.toml` and study files."""

from collections.abc import Iterator

from resilience_pipeline.doctor.finding import Finding, error, ok
from resilience_pipeline.errors import PipelineError
from resilience_pipeline.plan import make_plan
from resilience_pipeline.project import Project
from resilience_pipeline.settings import load_settings
from resilience_pipeline.study.load import find_studies

AREA = "settings"


def examine(project: Project) -> Iterator[Finding]:
    """Findings on the project's own files."""
    try:
        options = load_settings(project.settings_file)
    except PipelineError as mistake:
        yield error(AREA, str(mistake), f"mend {project.settings_file}")
    else:
        changed = ", ".join(f"{name} = {value}" for name, value in options.changed.items())
        yield ok(AREA, f"options other than the defaults: {changed or 'none'}")
    try:
        studies = find_studies(project.studies)
        make_plan(studies)
    except PipelineError as mistake:
        yield error(AREA, str(mistake), "mend that study file; until then nothing can be run")
    else:
        yield ok(AREA, f"{len(studies)} studies: {', '.join(study.name for study in studies)}")
