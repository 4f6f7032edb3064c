"""Results of the lake as files: one in the form asked for, or all of them in all forms, from what each run kept."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import polars as pl

from resilience_pipeline.errors import LakeError, OptionError
from resilience_pipeline.report.document import printed_order
from resilience_pipeline.report.formats import FORMATS
from resilience_pipeline.report.formats.latex import everything
from resilience_pipeline.report.kinds import PRINTERS
from resilience_pipeline.report.plots import FORMATS as PICTURES
from resilience_pipeline.report.render import draw
from resilience_pipeline.status import Result, read_result
from resilience_pipeline.study.study import ResultTable, Study
from resilience_pipeline.variants import lake_of, no_result, own_results
from resilience_pipeline.warehouse.atomic import replacing

ALL_FORMATS = (*FORMATS, *PICTURES)
BINARY = tuple(name for name in ALL_FORMATS if name in PICTURES or FORMATS[name].binary)
ALL_RESULTS, CONTENTS = "all_results.tex", "contents.json"
_EARLIER = "an earlier version printed it and kept no cells for other formats"
_EARLIER_ROWS = "an earlier version computed its rows, without what the drawing needs"
_AGAIN = "compute it again: resilience run --select 'group:report'"
_SUFFIXES = {form.suffix: name for name, form in FORMATS.items()} | {name: name for name in PICTURES}

#: Format -> the result drawn in it; None where it is no figure.
Pictures = Callable[[str], bytes | None]


@dataclass(frozen=True)
class Exported:
    """files : what was written, relative to the folder, in order. open : result -> why it was not."""

    files: tuple[str, ...]
    open: dict[str, str]


def format_of(path: Path) -> str:
    """The format that a file's suffix names; an OptionError where it names none."""
    suffix = path.suffix.removeprefix(".").lower()
    if suffix not in _SUFFIXES:
        raise OptionError(
            what=f"the name {path.name} says no format",
            expected=", ".join(f".{known}" for known in _SUFFIXES),
            remedy="end the name in one of these, or give --format",
        )
    return _SUFFIXES[suffix]


def in_format(
    found: Result, form: str, studies: Sequence[Study], *, ours: bool = False, pictures: Pictures | None = None
) -> bytes:
    """A result in one of `ALL_FORMATS`.

    Parameters
    ----------
    studies : that may declare the result; read for pictures only, which are drawn from the result's rows.
    ours : leave out the published figures.
    pictures : of the result, where the caller asks for several formats.

    Raises
    ------
    OptionError : there is no such format, or the result is no figure. LakeError : an earlier version printed it.
    """
    pictures = pictures or pictures_of(found, studies)
    if form not in ALL_FORMATS:
        raise OptionError(
            what=f"there is no format {form!r}", expected=", ".join(ALL_FORMATS), remedy="use one of the expected ones"
        )
    if form in PICTURES:
        picture = pictures(form)
        if picture is None:
            raise OptionError(
                what=f"{found.name} is no figure, or has nothing to draw yet",
                expected=", ".join(FORMATS),
                remedy="take it in one of the expected formats",
            )
        return picture
    if found.document is None:
        raise LakeError(
            what=f"{found.name} cannot be written as {form}: {_EARLIER}",
            remedy=_AGAIN,
        )
    document = found.document.ours() if ours else found.document
    if form == "docx":
        return FORMATS[form].write(document, pictures("png"))
    return FORMATS[form].write(document)


def pictures_of(found: Result, studies: Sequence[Study]) -> Pictures:
    """`picture_of` one result; each format is drawn once, also where a document holds the picture."""
    return cache(partial(picture_of, found, studies=studies))


def picture_of(found: Result, form: str, studies: Sequence[Study]) -> bytes | None:
    """The result drawn, None where it is no figure; a LakeError where an earlier version computed its rows."""
    tables: dict[str, ResultTable] = {table.name: table for study in studies for table in study.tables}
    table = tables.get(found.name)
    if table is None or PRINTERS[table.kind].draw is None:
        return None
    try:
        return draw(table, found.table, form, synthetic=found.pointer.synthetic)
    except pl.exceptions.ColumnNotFoundError as missing:
        raise LakeError(what=f"{found.name} cannot be drawn: {_EARLIER_ROWS}", remedy=_AGAIN) from missing


def export_results(
    root: Path,
    out: Path,
    studies: Sequence[Study],
    *,
    formats: Sequence[str] = ALL_FORMATS,
    variant: str | None = None,
    only: Collection[str] | None = None,
) -> Exported:
    """Every result of the lake in every format that it has, and `contents.json`, which says what each file is.

    A result that prints published figures is written twice: `table_4`, ours beside the paper's, and `table_4_ours`.

    Parameters
    ----------
    root : of the lake. out : the folder; it is made when missing, and only files of these names are replaced.
    only : these results; None = all.
    """
    lake = lake_of(root, variant)
    order = {table.name: place for place, table in enumerate(table for study in studies for table in study.tables)}
    names = sorted((p.key[-1] for p in own_results(lake) if p.key[0] == "report"), key=printed_order)
    names = [name for name in names if only is None or name in only]
    names.sort(key=lambda name: (order.get(name, len(order)), name))
    if not names:
        raise no_result(lake)
    contents: list[dict[str, object]] = []
    open_: dict[str, str] = {}
    for name in names:
        found = read_result(root, name, variant)
        if found.document is None:
            open_[name] = _EARLIER
            continue
        pictures = pictures_of(found, studies)
        for form in formats:
            for ours in (False, True) if form in FORMATS and found.document.grid.published else (False,):
                try:
                    data = (
                        pictures(form)
                        if form in PICTURES
                        else in_format(found, form, studies, ours=ours, pictures=pictures)
                    )
                except LakeError:
                    open_[f"{name} as {form}"] = _EARLIER_ROWS
                    continue
                if data is not None:
                    contents.append(_entry(found, form, ours=ours))
                    _replace(out / str(contents[-1]["file"]), data)
    tables = [str(entry["file"]) for entry in contents if entry["format"] == "latex" and not entry["ours_only"]]
    files = [str(entry["file"]) for entry in contents]
    if tables:
        _replace(out / ALL_RESULTS, everything(tables, [file for file in files if file.endswith(".pdf")]))
        files.append(ALL_RESULTS)
    _replace(out / CONTENTS, (json.dumps(contents, ensure_ascii=False, indent=1) + "\n").encode())
    return Exported((*files, CONTENTS), open_)


def _entry(found: Result, form: str, *, ours: bool) -> dict[str, object]:
    suffix = form if form in PICTURES else FORMATS[form].suffix
    return {
        "file": f"{found.name}{'_ours' if ours else ''}.{suffix}",
        "result": found.name,
        "format": form,
        "ours_only": ours,
        "synthetic": found.pointer.synthetic,
        "data_version": found.pointer.data_version,
    }


def _replace(path: Path, data: bytes) -> None:
    with replacing(path) as hidden:
        hidden.write_bytes(data)
