"""Where an asset's code stands, as Dagster's UI links to it: the step's function, its SQL, its study's file."""

import inspect
import warnings
from functools import cache, partial
from pathlib import Path

import dagster as dg

from resilience_pipeline.project import find_project
from resilience_pipeline.sql_files import sql_folder
from resilience_pipeline.step import Step
from resilience_pipeline.study.declared import PACKAGE_STUDIES
from resilience_pipeline.study.load import load_study


def code_links(step: Step) -> dict[str, dg.CodeReferencesMetadataValue]:
    """Metadata of an asset; nothing where the function's source is not at hand.

    The lines are those of this machine: Dagster shows links only to who opens the UI beside the code.
    """
    compute = step.compute
    while isinstance(compute, partial):
        compute = compute.func
    try:
        file, (_, line) = inspect.getsourcefile(compute), inspect.getsourcelines(compute)
    except (OSError, TypeError):
        return {}
    if file is None:
        return {}
    with warnings.catch_warnings(action="ignore", category=dg.BetaWarning):
        links: list[dg.LocalFileCodeReference | dg.UrlCodeReference] = [_link(file, line, compute.__qualname__)]
        links += [_link(str(path), 1, path.name) for path in _sql(step)]
        links += [_link(str(path), _line_of(path, step.key[1]), path.name) for path in _study_files(step)]
        return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=links)}


def _link(file: str, line: int, label: str) -> dg.LocalFileCodeReference:
    return dg.LocalFileCodeReference(file_path=file, line_number=line, label=label)


def _line_of(path: Path, table: str) -> int:
    """Where the study's file declares the table; its first line for what is no result."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return lines.index(f"[tables.{table}]") + 1 if f"[tables.{table}]" in lines else 1


def _sql(step: Step) -> list[Path]:
    file = Path(str(sql_folder())).resolve().joinpath(step.key[0], f"{step.key[-1]}.sql")
    return [file] if file.is_file() else []


def _study_files(step: Step) -> list[Path]:
    """The study that declares the result, or whose grid, indices or panel the table is."""
    return [path for path, names in _declared().items() if (step.key[0], step.key[1]) in names]


@cache
def _declared() -> dict[Path, frozenset[tuple[str, str]]]:
    """Study file -> layers and names of what it declares; which tables are well formed is told elsewhere."""
    found = {}
    for path in (*PACKAGE_STUDIES, *sorted(find_project().studies.glob("*.toml"))):
        study = load_study(path)
        own = {(layer, study.name) for layer in ("grid", "indices", "panel")}
        found[Path(path).resolve()] = frozenset(
            own | {(layer, table.name) for table in study.tables for layer in ("estimates", "report")}
        )
    return found
