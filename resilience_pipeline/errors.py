"""What happened, where (file, sheet, row, column), what was expected, what to do.

Every error that a user can cause or mend is a `PipelineError`; terminal and Dagster print it without a traceback.
Programming mistakes stay ordinary Python exceptions.
"""

from dataclasses import dataclass


@dataclass
class PipelineError(Exception):
    """A failure that a user can act on.

    Parameters
    ----------
    what : what happened, one sentence.
    remedy : what the user should do now, one sentence.
    file, sheet, row, column : where it stands in a delivered file; row and column count from 1 as a
        spreadsheet shows them. None where it does not apply.
    expected, found : what was looked for, and what stood there.
    """

    what: str
    remedy: str
    file: str | None = None
    sheet: str | None = None
    row: int | None = None
    column: int | None = None
    expected: str | None = None
    found: str | None = None

    @property
    def where(self) -> str:
        """`city.xlsx, sheet Sheet1, row 7, column 3`, as far as it is known; empty where nothing is."""
        parts = [self.file] if self.file else []
        parts += [f"{word} {value}" for word, value in self._places() if value is not None]
        return ", ".join(parts)

    def _places(self) -> tuple[tuple[str, str | int | None], ...]:
        return ("sheet", self.sheet), ("row", self.row), ("column", self.column)

    def __str__(self) -> str:
        lines = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.expected is not None:
            lines.append(f"  expected: {self.expected}")
        if self.found is not None:
            lines.append(f"  found:    {self.found}")
        lines.append(f"  remedy:   {self.remedy}")
        return "\n".join(lines)


class DeliveryError(PipelineError):
    """A delivered file cannot be taken in: unreadable, outside the landing folder, of no known layout."""


class TableRuleError(PipelineError):
    """A rule on a whole table failed: nothing of the table is written, the last good version stays."""


class SpecificationError(PipelineError):
    """A specification or study file is not well formed."""


class PaperError(PipelineError):
    """The folder of a paper to audit is not well formed."""


class OptionError(PipelineError):
    """An option is unknown, or its value is not one of its choices."""


class LakeError(PipelineError):
    """The data lake refuses: locked by another run, unreadable, or asked for a table that is not there."""


class BundleError(PipelineError):
    """A bundle cannot be made, read or checked."""
