"""What a source stood on before a run, and which of those deliveries stand on without lying in the landing folder.

A delivery whose file is gone stands on: results must not change because somebody tidied a folder. It is let go where
its bytes lie there under another name, where it was withdrawn, or where it belongs to the synthetic twin.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import polars as pl

from resilience_pipeline.sources.delivered import Delivered
from resilience_pipeline.sources.readers.edition import editions_in_path
from resilience_pipeline.sources.source import CELLS, Delivery

GONE = "its file is no longer in the landing folder; put it back, or do without it: `resilience withdraw {file}`"


def _no_copy(delivered: Delivered) -> Delivery | None:
    return None


def _not_moved(delivered: Delivered) -> str | None:
    return None


@dataclass(frozen=True)
class Before:
    """What a source stood on when the run began, and what the run knows of its files.

    Parameters
    ----------
    deliveries : those of the last good table.
    cells : reads the last good table.
    copy : the lake's copy of a delivery; None where it is lost or damaged.
    moved : where the same bytes lie in the landing folder now, for another source too; None where nowhere.
    withdrawn : (file, sha256) of what the user does without.
    held_back : file -> why it is not read in this run: it is still arriving, or cannot be opened.
    refused : file or folder -> why it must not be read at all.
    damaged : the last good table cannot be read any more, so all its deliveries are read again.
    """

    deliveries: tuple[Delivered, ...] = ()
    cells: Callable[[], pl.DataFrame] = CELLS.to_frame
    copy: Callable[[Delivered], Delivery | None] = _no_copy
    moved: Callable[[Delivered], str | None] = _not_moved
    withdrawn: frozenset[tuple[str, str]] = frozenset()
    held_back: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    damaged: bool = False

    def is_withdrawn(self, delivery: Delivery | Delivered) -> bool:
        """Whether the user does without these bytes under this name."""
        return (delivery.file, delivery.sha256) in self.withdrawn

    def why_standing(self, delivered: Delivered) -> str | None:
        """Why a delivery whose file is not to be read stands on all the same; None where it is let go."""
        if self.is_withdrawn(delivered):
            return None
        path = PurePosixPath(delivered.file)
        for place in map(str, (path, *path.parents)):
            if reason := self.held_back.get(place) or self.refused.get(place):
                return f"not read now: {reason}"
        if delivered.synthetic or self.moved(delivered) is not None:
            return None
        return GONE.format(file=delivered.file)


@dataclass(frozen=True)
class Anew:
    """What is read again although its cells stand.

    Parameters
    ----------
    everything : every delivery.
    editions : every delivery of these editions of a yearbook; none where None.
    alone : only files of `editions` are looked at; all other deliveries stand as they are.
    """

    everything: bool = False
    editions: frozenset[int] | None = None
    alone: bool = False

    def reads(self, file: str, there: Delivered | None) -> bool:
        """Whether a delivery that stands is read again; one that says no edition is, to find it."""
        said = self._editions_said(file, there)
        return self.everything or (self.editions is not None and (not said or not said.isdisjoint(self.editions)))

    def passes_over(self, file: str, there: Delivered | None) -> bool:
        """Whether the file is of another edition than those asked for alone."""
        return self.alone and not self.reads(file, there)

    def _editions_said(self, file: str, there: Delivered | None) -> set[int]:
        return {*editions_in_path(file).values(), *(there.editions if there is not None else ())}
