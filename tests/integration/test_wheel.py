"""The wheel carries all that it needs and works outside the repository."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    (built,) = out.glob("*.whl")
    return built


def test_the_wheel_carries_the_sql_the_study_files_and_the_reference_tables(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for folder, suffix in (("sql/staging", ".sql"), ("study", ".toml"), ("reference", ".csv")):
        inside = {Path(n).name for n in names if n.startswith(f"resilience_pipeline/{folder}/") and n.endswith(suffix)}
        where = REPOSITORY / folder if folder.startswith("sql") else REPOSITORY / "resilience_pipeline" / folder
        assert inside >= {file.name for file in where.glob(f"*{suffix}")} != set()


def test_definitions_load_from_the_wheel_alone(wheel, tmp_path):
    target = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    program = (
        "import resilience_pipeline, sys\n"
        "from resilience_pipeline.definitions import defs\n"
        "assert resilience_pipeline.__file__.startswith(sys.argv[1]), resilience_pipeline.__file__\n"
        "print(len(list(defs.resolve_all_asset_keys())))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(target)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(target), "DAGSTER_DISABLE_TELEMETRY": "yes", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 40
