"""Commands that only read are loaded alone and answer without what a run needs."""

import subprocess
import sys

import pytest

#: Nothing that `resilience show` prints needs these.
HEAVY = ("dagster", "polars", "duckdb", "numpy", "pandas", "resilience_pipeline.plan")


def imported_by(*modules: str) -> set[str]:
    """Top names of what a new process has imported after these modules."""
    code = f"import sys, {', '.join(modules)}; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("modules", "without"),
    [
        (("resilience_pipeline.start", "resilience_pipeline.cli_results", "resilience_pipeline.status"), HEAVY),
        (
            ("resilience_pipeline.start", "resilience_pipeline.cli_lineage", "resilience_pipeline.lineage.printing"),
            ("dagster", "duckdb", "numpy", "pandas", "resilience_pipeline.plan"),
        ),
    ],
)
def test_reading_imports_nothing_that_computing_needs(modules, without):
    assert not imported_by(*modules) & set(without)
