"""What people read in a bundle: results, specifications, SQL, README. All of it follows from a lake and the record."""

import tempfile
from collections.abc import Collection, Sequence
from importlib import resources
from pathlib import Path

from resilience_pipeline.bundle.readme import CRATE, INPUTS, README, RECORD, inputs_csv, readme
from resilience_pipeline.bundle.record import Record
from resilience_pipeline.report.export import export_results
from resilience_pipeline.settings import options_table
from resilience_pipeline.sql_files import sql_folder
from resilience_pipeline.status import read_result
from resilience_pipeline.study.study import Study
from resilience_pipeline.warehouse.lake import Lake

FORMATS = ("csv", "markdown", "latex", "svg")
#: Files of a user's `studies` folder that belong to a study; larger ones are no declarations.
STUDY_SUFFIXES, LARGEST_STUDY_FILE = frozenset({".toml", ".csv", ".md", ".json"}), 1 << 20


def contents(lake: Lake, record: Record, studies: Sequence[Study], studies_folder: Path) -> dict[str, bytes]:
    """Path in the bundle -> its bytes; of results those that are recorded.

    Parameters
    ----------
    studies : every study of the project. studies_folder : where the user's own lie; it may not exist.
    """
    names = {name.split("/")[1] for name in record.tables if name.startswith("report/")}
    files = {
        **_results(lake.root, names, studies),
        **_specifications(studies_folder),
        **_sql(),
        "requirements.txt": "".join(f"{name}=={version}\n" for name, version in record.packages.items()).encode(),
        INPUTS: inputs_csv(record.deliveries),
    }
    printed = sorted({name.split("/")[1].split(".")[0] for name in files if name.startswith("results/")})
    titles = {name: title for name in printed if (title := _title(lake, name))}
    return {**files, README: readme(record, titles, [*sorted(files), RECORD, CRATE]).encode()}


def _results(root: Path, names: Collection[str], studies: Sequence[Study]) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="resilience_bundle_") as folder:
        export_results(root, Path(folder), studies, formats=FORMATS, only=names)
        return {f"results/{path.name}": path.read_bytes() for path in sorted(Path(folder).iterdir()) if path.is_file()}


def _specifications(folder: Path) -> dict[str, bytes]:
    package = resources.files("resilience_pipeline.study")
    files = {
        f"specifications/{file.name}": file.read_bytes() for file in package.iterdir() if file.name.endswith(".toml")
    }
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        small = path.is_file() and not path.is_symlink() and path.stat().st_size <= LARGEST_STUDY_FILE
        if small and path.suffix in STUDY_SUFFIXES:
            files[f"specifications/own/{path.relative_to(folder).as_posix()}"] = path.read_bytes()
    files["specifications/options.csv"] = options_table().write_csv().encode()
    return files


def _sql() -> dict[str, bytes]:
    with resources.as_file(sql_folder()) as folder:
        return {
            f"sql/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in sorted(folder.rglob("*.sql"))
        }


def _title(lake: Lake, name: str) -> str:
    name = name.removesuffix("_ours")
    pointer = lake.current(("report", name)) if name.isidentifier() else None
    if pointer is None:
        return ""
    document = read_result(lake.root, name).document
    return "" if document is None else document.title
