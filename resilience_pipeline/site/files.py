"""The files beside the pages: pictures and downloads of every result, written only where the result changed.

Drawing and packing all of them takes most of the time; a list of what each file was made from stands beside them.
"""

import hashlib
import json
import warnings
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from pathlib import Path

from resilience_pipeline.errors import LakeError
from resilience_pipeline.report.export import in_format, pictures_of
from resilience_pipeline.report.formats import FORMATS
from resilience_pipeline.report.plots import FORMATS as PICTURES
from resilience_pipeline.site.results import Shown
from resilience_pipeline.study.study import Study
from resilience_pipeline.warehouse.atomic import replace_text, replacing

FOLDER, LIST = "files", "made_from.json"
#: Tables in these forms, figures in `PICTURES`, too.
TABLES = ("csv", "latex", "docx", "markdown")


def write_files(out: Path, results: Iterable[Shown], studies: Sequence[Study]) -> dict[str, dict[str, str]]:
    """Write what is missing or changed; result -> format -> file below `out`.

    Parameters
    ----------
    out : folder of the site. studies : that declare the results.
    """
    folder = out / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    known = _read(folder / LIST)
    made: dict[str, dict] = {}
    for shown in results:
        key = _made_from(shown)
        before = known.get(shown.name, {})
        files = before.get("files", {})
        if before.get("key") != key or not all((folder / name).is_file() for name in files.values()):
            files = _write(folder, shown, studies)
        made[shown.name] = {"key": key, "files": files}
    replace_text(folder / LIST, json.dumps(made, indent=1, sort_keys=True) + "\n")
    keep = {name for entry in made.values() for name in entry["files"].values()}
    for name in {name for entry in known.values() for name in entry["files"].values()} - keep:
        (folder / name).unlink(missing_ok=True)
    return {name: {form: f"{FOLDER}/{file}" for form, file in entry["files"].items()} for name, entry in made.items()}


def _write(folder: Path, shown: Shown, studies: Sequence[Study]) -> dict[str, str]:
    files, pictures = {}, pictures_of(shown.found, studies)
    for form in (*PICTURES, *TABLES):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a missing font is told by the run and by `doctor`
            try:
                data = pictures(form) if form in PICTURES else in_format(shown.found, form, studies, pictures=pictures)
            except LakeError:
                continue  # an earlier version computed its rows, without what the drawing needs
        if data is not None:
            files[form] = f"{shown.name}.{form if form in PICTURES else FORMATS[form].suffix}"
            with replacing(folder / files[form]) as hidden:
                hidden.write_bytes(data)
    return files


def _made_from(shown: Shown) -> str:
    """Changes with the result's rows, its printed form, and the code that draws and prints."""
    parts = (shown.found.pointer.data_version, shown.document.to_json(), _report_code())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@cache
def _report_code() -> str:
    digest = hashlib.sha256()
    for path in sorted(_modules(resources.files("resilience_pipeline.report"))):
        digest.update(path)
    return digest.hexdigest()


def _modules(folder) -> Iterable[bytes]:  # type: ignore[no-untyped-def]
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _modules(entry)
        elif entry.name.endswith(".py"):
            yield entry.read_bytes()


def _read(file: Path) -> dict[str, dict]:
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}
