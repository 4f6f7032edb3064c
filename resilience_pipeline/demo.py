"""The demonstration: a synthetic twin, the full run on it, and the tables beside what was planted."""

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from resilience_pipeline import terminal
from resilience_pipeline.errors import LakeError
from resilience_pipeline.options import Options
from resilience_pipeline.project import Project
from resilience_pipeline.sources.recognise import recognise
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.status import read_result
from resilience_pipeline.warehouse.lake import Lake

if TYPE_CHECKING:
    from resilience_pipeline.twin import Draw

SHOWN = ("table_3", "table_4")
LANDING = "synthetic_twin"  # the demonstration's folder in the landing folder


def write_twin(out: Path, drawn: "Draw") -> dict[str, object]:
    """Write a twin to `out`; where its parts are."""
    from resilience_pipeline.twin import write

    if out.exists() and any(out.iterdir()):
        raise LakeError(what=f"{out} is not empty", remedy="give --out a new or empty folder; nothing is overwritten")
    write(drawn, out)
    files = sum(path.is_file() for path in (out / "landing").rglob("*"))
    return {"landing": str(out / "landing"), "truth": str(out / "truth.json"), "files": files, "synthetic": True}


def run_demo(project: Project, seed: int, *, as_json: bool) -> int:
    """Put the twin into the landing folder, run everything on it, print what came out; the exit code.

    The twin lies in a landing folder of its own below the project's, so that Dagster's UI finds it, too. Refuses to
    mix it with real files.
    """
    _refuse_real(project)
    twin = _twin_of(project, seed)
    run = _quiet_run if as_json else _shown_run
    code = run(project)
    results = {name: read_result(project.lake, name) for name in SHOWN}
    if as_json:
        tables = {name: result.record() for name, result in results.items()}
        terminal.print_json({"ok": code == 0, "lake": str(project.lake), "twin": str(twin), "results": tables})
        return code
    for result in results.values():
        terminal.out.print()
        terminal.print_result(result)
    _print_whereabouts(project, twin)
    return code


def _twin_of(project: Project, seed: int) -> Path:
    """Folder of the twin's truth; the twin is written anew unless this very one stands."""
    from resilience_pipeline.twin import draw

    twin, landing = project.lake / "twin", project.landing / LANDING
    drawn = draw(seed)
    if landing.is_dir() and _stands(twin, drawn):
        return twin
    terminal.err.print(f"writing the synthetic twin to {landing}", style="dim")
    for folder in (twin, landing):
        shutil.rmtree(folder, ignore_errors=True)
    write_twin(twin, drawn)
    project.landing.mkdir(parents=True, exist_ok=True)
    (twin / "landing").rename(landing)
    return twin


def _stands(twin: Path, drawn: "Draw") -> bool:
    """Whether the twin written there is this one: the same seed and the same plan, whatever version wrote it."""
    try:
        record = json.loads((twin / "truth.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    plan = {"seed": drawn.seed, "heterogeneity": drawn.heterogeneity, "mediation": drawn.mediation}
    return {name: record.get(name) for name in plan} == plan


def _shown_run(project: Project) -> int:
    return terminal.run(project, None, Options(), accept_revisions=True)


def _quiet_run(project: Project) -> int:
    from resilience_pipeline.running import run_assets

    return 0 if run_assets(project, accept_revisions=True).ok else terminal.FAILED


def _refuse_real(project: Project) -> None:
    pointers = Lake(project.lake).tables()
    real = [".".join(p.key) for p in pointers if p.rows and p.key[0] == "staging" and not p.synthetic]
    files = recognise(project.landing, SOURCES).claimed
    real += [file for file, _ in files if not file.startswith(f"{LANDING}/")]
    if real:
        raise LakeError(
            what=f"{project.lake} holds real files or tables made from them ({real[0]})",
            remedy="give the demonstration a lake of its own: resilience demo --lake data_lake_demo",
        )


def _print_whereabouts(project: Project, twin: Path) -> None:
    truth = json.loads((twin / "truth.json").read_text(encoding="utf-8"))
    effect = truth["effects"]["controls_held"]["CTRI"]
    terminal.out.print(
        f"Planted in the synthetic twin: an average effect of {effect:.3f} on CTRI over treated rows "
        f"({twin / 'truth.json'}; the pipeline never reads it).\n\n"
        f"raw files     {project.landing / LANDING}\n"
        f'tables        {project.lake / "warehouse.duckdb"}   (resilience sql "show all tables")\n'
        f"to read       resilience report --open\n"
        f"in Dagster    make dev, then http://127.0.0.1:3000\n"
        f"your files    delete {LANDING}/ there, put yours in {project.landing}, then: resilience run\n",
        soft_wrap=True,
    )
