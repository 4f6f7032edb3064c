"""Which file of the landing folder belongs to which source, by names alone: no file is opened here."""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources.source import Source

SUFFIXES = (".xlsx", ".xlsm", ".xls", ".csv", ".tsv", ".txt", ".dta")
_IGNORED_NAMES = re.compile(
    r"~\$.*|\..*|readme.*|licen[sc]e.*|truth\.json|thumbs\.db|desktop\.ini|__macosx", re.IGNORECASE
)
_IGNORED_SUFFIXES = (".md", ".part", ".tmp", ".crdownload", ".download")


@dataclass(frozen=True)
class Recognition:
    """What lies in the landing folder.

    Parameters
    ----------
    claimed : (file, source name), by file; paths are relative, with "/" between folders.
    refused : files that must not be read, or that two sources claim; each error says why and what to do.
    refused_of : (file, source name) of the refused files whose name fits one source.
    unrecognised : (file, reason) of files that no source knows.
    """

    claimed: tuple[tuple[str, str], ...]
    refused: tuple[DeliveryError, ...]
    unrecognised: tuple[tuple[str, str], ...]
    refused_of: tuple[tuple[str, str], ...] = ()

    def files_of(self, source: str) -> list[str]:
        """The files of one source, sorted; refused ones too: reading them fails, so its last good table stays."""
        return sorted(file for file, name in (*self.claimed, *self.refused_of) if name == source)


def recognise(landing: Path, sources: Sequence[Source]) -> Recognition:
    """Assign each data file below `landing` to one source.

    A folder named as a source claims all data files in it; elsewhere the sources' patterns decide, and their `sniff`.
    Links that lead out of the landing folder, and linked folders, are refused. A landing folder that does not exist
    is an empty one.
    """
    claimed, refused, unrecognised, refused_of = [], [], [], []
    for file, problem in _files(landing):
        readable = os.path.splitext(file)[1].lower() in SUFFIXES
        if problem is not None:
            refused.append(problem)
            if readable and len(claims := _claims(file, sources)) == 1:
                refused_of.append((file, claims[0]))
            continue
        if not readable:
            unrecognised.append((file, f"not one of the formats that are read ({', '.join(SUFFIXES)})"))
            continue
        claims = _claims(file, sources)
        if len(claims) == 1:
            claimed.append((file, claims[0]))
        elif claims:
            refused.append(_claimed_twice(file, claims))
        else:
            unrecognised.append((file, "its name fits no source; put it into a folder named after its source"))
    return Recognition(tuple(claimed), tuple(refused), tuple(unrecognised), tuple(refused_of))


def _claims(file: str, sources: Sequence[Source]) -> list[str]:
    folders = set(file.split("/")[:-1])
    by_folder = [source.name for source in sources if source.name in folders]
    return by_folder or [
        source.name
        for source in sources
        if _globs(source.patterns).fullmatch(file) and (source.sniff is None or source.sniff(PurePosixPath(file)))
    ]


@lru_cache(maxsize=1024)
def _globs(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the patterns; `*` and `?` stay inside one folder name, `**/` crosses any number; case is ignored."""
    return re.compile("|".join(map(_expression, patterns)) or "(?!)", re.IGNORECASE)


def _expression(pattern: str) -> str:
    parts = re.findall(r"\*\*/|\*\*|\*|\?|\[[^]]+\]|[^*?\[]+|\[", pattern)
    meanings = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    ranged = re.compile(r"\[[^]]+\]")
    return "".join(meanings.get(part) or (part if ranged.fullmatch(part) else re.escape(part)) for part in parts)


def _files(landing: Path) -> Iterator[tuple[str, DeliveryError | None]]:
    """(relative path, why it must not be read) of every file that is not to be ignored, in order."""
    root = landing.resolve()
    found: list[tuple[str, DeliveryError | None]] = []

    def closed(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):  # gone since it was listed, or no landing folder yet
            name = Path(error.filename).relative_to(root).as_posix()
            found.append((name, _closed(name, error.strerror or type(error).__name__)))

    for folder, folders, names in os.walk(root, onerror=closed, followlinks=False):
        folders[:] = [name for name in folders if not _is_ignored(name)]
        inside = Path(folder).relative_to(root).as_posix()
        for names_here, are_files in ((names, True), (folders, False)):
            for name in names_here:
                path = os.path.join(folder, name)
                kind = _kind(path)
                if stat.S_ISLNK(kind) or (are_files and not _is_ignored(name)):
                    file = name if inside == "." else f"{inside}/{name}"
                    # no linked folder is entered, so an ordinary file lies inside the landing folder
                    found.append((file, None if stat.S_ISREG(kind) else _problem(Path(path), file, root)))
    yield from sorted(found, key=lambda item: item[0])


def _kind(path: str) -> int:
    try:
        return os.lstat(path).st_mode
    except OSError:  # gone since it was listed
        return 0


def _is_ignored(name: str) -> bool:
    return _IGNORED_NAMES.fullmatch(name) is not None or name.lower().endswith(_IGNORED_SUFFIXES)


def _problem(path: Path, file: str, root: Path) -> DeliveryError | None:
    try:
        target = path.resolve(strict=True)
        kind = target.stat().st_mode
    except (OSError, RuntimeError):
        return _refused(file, "the link leads nowhere", "a broken link")
    if not target.is_relative_to(root):
        return _refused(file, "the link leads out of the landing folder", f"a link to {target}")
    if stat.S_ISDIR(kind):
        return _refused(file, "a linked folder is not followed", f"a link to {target}")
    if not stat.S_ISREG(kind):
        return _refused(file, "this is no ordinary file", "a device, socket or pipe")
    return None


def _refused(file: str, what: str, found: str) -> DeliveryError:
    return DeliveryError(
        what,
        remedy="copy the file itself into the landing folder",
        file=file,
        expected="an ordinary file inside the landing folder",
        found=found,
    )


def _closed(folder: str, why: str) -> DeliveryError:
    return DeliveryError(
        "this folder cannot be opened, so nobody knows what lies in it",
        remedy="make the folder readable; what was delivered from it stands meanwhile",
        file=folder,
        expected="a folder that can be listed",
        found=why,
    )


def _claimed_twice(file: str, claims: list[str]) -> DeliveryError:
    return DeliveryError(
        "more than one source claims the file",
        remedy=f"move it into a folder named after its source: {' or '.join(f'{name}/' for name in claims)}",
        file=file,
        expected="one source",
        found=", ".join(claims),
    )
