"""The demonstration: a synthetic twin, the full run on it, and the tables beside what was planted."""

import json
from pathlib import Path

from resilience_pipeline import terminal
from resilience_pipeline.errors import LakeError
from resilience_pipeline.options import Options
from resilience_pipeline.project import Project, find_project
from resilience_pipeline.status import read_result, read_status
from resilience_pipeline.warehouse.lake import Lake

SHOWN = ("table_3", "table_4")


def write_twin(
    out: Path, seed: int, *, cities: int, years: tuple[int, int], effect: float, bad_control: bool
) -> dict[str, object]:
    """Write a twin to `out`; where its parts are."""
    from resilience_pipeline.twin import draw, write

    if out.exists() and any(out.iterdir()):
        raise LakeError(what=f"{out} is not empty", remedy="give --out a new or empty folder; nothing is overwritten")
    write(draw(seed, cities=cities, years=years, effect=effect, bad_control=bad_control), out)
    files = sum(path.is_file() for path in (out / "landing").rglob("*"))
    return {"landing": str(out / "landing"), "truth": str(out / "truth.json"), "files": files, "synthetic": True}


def run_demo(project: Project, seed: int, *, as_json: bool) -> int:
    """Write the twin unless it stands, run everything on it, print what came out; the exit code.

    Refuses to touch a lake that holds results of real files.
    """
    _refuse_real(project.lake)
    twin = project.lake / "twin" / f"seed_{seed}"
    if not (twin / "truth.json").is_file():
        terminal.err.print(f"writing the synthetic twin to {twin}", style="dim")
        write_twin(twin, seed, cities=285, years=(2012, 2022), effect=0.656, bad_control=False)
    demo = find_project(lake=project.lake, landing=twin / "landing")
    code = terminal.run(demo, None, Options(), accept_revisions=True) if not as_json else _quiet_run(demo)
    results = {name: read_result(demo.lake, name) for name in SHOWN}
    truth = json.loads((twin / "truth.json").read_text(encoding="utf-8"))
    if as_json:
        tables = {name: result.record() for name, result in results.items()}
        terminal.print_json({"ok": code == 0, "lake": str(demo.lake), "twin": str(twin), "results": tables})
        return code
    for result in results.values():
        terminal.out.print()
        terminal.print_result(result)
    _print_whereabouts(demo, twin, truth)
    return code


def _quiet_run(project: Project) -> int:
    from resilience_pipeline.running import run_assets

    return 0 if run_assets(project, accept_revisions=True).ok else terminal.FAILED


def _refuse_real(lake: Path) -> None:
    real = [
        pointer
        for pointer in Lake(lake).tables()
        if pointer.rows and pointer.key[0] == "sources" and not pointer.synthetic
    ]
    if real:
        raise LakeError(
            what=f"{lake} holds tables made from real files ({'.'.join(real[0].key)})",
            remedy="give the demonstration a lake of its own: resilience demo --lake data_lake_demo",
        )


def _print_whereabouts(project: Project, twin: Path, truth: dict) -> None:
    estimand = truth["effects"]["controls_held"]["CTRI"]
    terminal.out.print(
        f"\nPlanted in the synthetic twin (truth.json; the pipeline never reads it): "
        f"an average effect of {estimand:.3f} on CTRI over treated rows.\n\n"
        f"raw files     {twin / 'landing'}\n"
        f'tables        {project.lake / "warehouse.duckdb"}   (resilience sql "show all tables")\n'
        f"in Dagster    make dev, then http://127.0.0.1:3000\n"
        f"your files    put them in {find_project(lake=project.lake).landing} and run: resilience run\n"
    )
    awaited = [source.name for source in read_status(project).sources if source.state == "awaiting"]
    if awaited:
        terminal.out.print(f"awaited       {', '.join(awaited)}")
