"""Write a bundle: results, specifications, SQL and the record of what they rest on, as one archive."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from resilience_pipeline.bundle.archive import write_archive
from resilience_pipeline.bundle.crate import crate_metadata
from resilience_pipeline.bundle.readme import CRATE, RECORD, readme
from resilience_pipeline.bundle.record import Record, record_of
from resilience_pipeline.report.export import export_results
from resilience_pipeline.settings import options_table
from resilience_pipeline.sql_files import sql_folder
from resilience_pipeline.status import read_result
from resilience_pipeline.study.study import Study
from resilience_pipeline.warehouse.lake import Lake

FORMATS = ("csv", "markdown", "latex", "svg")
#: Files of a user's `studies` folder that belong to a study; larger ones are no declarations.
STUDY_SUFFIXES, LARGEST_STUDY_FILE = frozenset({".toml", ".csv", ".md", ".json"}), 1 << 20


@dataclass(frozen=True)
class Bundle:
    """What was written."""

    out: Path
    files: tuple[str, ...]
    record: Record


def write_bundle(root: Path, out: Path, studies: Sequence[Study], studies_folder: Path) -> Bundle:
    """Bundle the headline results of a lake.

    Parameters
    ----------
    root : the lake's folder. out : the archive; it appears whole or not at all.
    studies : every study of the project. studies_folder : where the user's own lie; it may not exist.

    Raises
    ------
    BundleError : the lake holds no result.
    """
    lake = Lake(root)
    record = record_of(lake)
    files = {
        **_results(root, studies),
        **_specifications(studies_folder),
        **_sql(),
        "requirements.txt": "".join(f"{name}=={version}\n" for name, version in record.packages.items()).encode(),
        RECORD: json.dumps(record.as_json(), ensure_ascii=False, sort_keys=True).encode(),
    }
    names = sorted({name.split("/")[1].split(".")[0] for name in files if name.startswith("results/")})
    titles = {name: _title(root, name) for name in names}
    files["README.md"] = readme(
        record, {name: title for name, title in titles.items() if title}, sorted(files)
    ).encode()
    files[CRATE] = crate_metadata(record, files, published=_last_written(lake))
    write_archive(out, files)
    return Bundle(out, tuple(sorted(files)), record)


def _results(root: Path, studies: Sequence[Study]) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="resilience_bundle_") as folder:
        export_results(root, Path(folder), studies, formats=FORMATS)
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


def _title(root: Path, name: str) -> str:
    name = name.removesuffix("_ours")
    pointer = Lake(root).current(("report", name)) if name.isidentifier() else None
    if pointer is None:
        return ""
    document = read_result(root, name).document
    return "" if document is None else document.title


def _last_written(lake: Lake) -> str:
    return max(pointer.written_at for pointer in lake.headline().tables())
