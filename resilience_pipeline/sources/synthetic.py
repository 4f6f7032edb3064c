"""Whether a delivered file comes from the synthetic twin: it then carries the marker, and all made from it says so.

Only the look for the marker, by bounded reads; nothing of the file is interpreted.
"""

import lzma
import zipfile
import zlib
from pathlib import Path

MARKER = "SYNTHETIC TWIN"

#: The marker stands in a first line, a label or a footer; GB18030 and UTF-8 write it in ASCII.
_SPELLINGS = tuple(MARKER.encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, OSError, EOFError, ValueError)
_PROPERTIES = 8  # a workbook has two or three property parts
_PART_BYTES = 1 << 20
_EDGE_BYTES = 4 << 20


def is_synthetic(path: Path) -> bool:
    """Whether the file carries the marker of the synthetic twin.

    Of a workbook (or another zipped document) the property parts are searched, 1 MiB of each at most; of other
    files the first and the last 4 MiB, so that a large delivery costs no more than a small one. A workbook that
    cannot be unpacked is not synthetic; that it is damaged is for its reader to say.
    """
    if zipfile.is_zipfile(path):
        return _in_properties(path)
    with path.open("rb") as file:
        if _carries(file.read(_EDGE_BYTES)):
            return True
        file.seek(max(0, path.stat().st_size - _EDGE_BYTES))
        return _carries(file.read(_EDGE_BYTES))


def _in_properties(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.startswith("docProps/") and name.endswith(".xml")]
            for name in names[:_PROPERTIES]:
                with archive.open(name) as part:
                    if _carries(part.read(_PART_BYTES)):
                        return True
    # a damaged, encrypted or oddly compressed archive
    except _DAMAGED:
        return False
    return False


def _carries(content: bytes) -> bool:
    return any(spelling in content for spelling in _SPELLINGS)
