"""CSV files of a paper's folder, row by row: each field read with its form, each error with file, row and remedy."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar

import polars as pl

from resilience_pipeline.audit.printed import Printed
from resilience_pipeline.errors import PaperError
from resilience_pipeline.toml_file import near

T = TypeVar("T")

#: Headings of each file; those after the first tuple may be absent.
HEADINGS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "coefficients": (("table", "column", "label", "outcome", "term", "estimate", "std_error", "stars"), ()),
    "models": (("table", "column", "n_obs", "r2", "r2_kind", "n_cities", "city_fe", "year_fe"), ("note",)),
    "descriptives": (("variable", "n_obs", "mean", "sd", "min", "max"), ()),
    "claims": (("id", "place", "kind", "statement", "value", "refers_to", "against"), ()),
    "variables": (
        ("name", "definition", "place", "role", "kind", "lower", "upper", "parts"),
        ("source_last_year",),
    ),
    "reference_moments": (
        ("variable", "series", "declared", "mean", "sd", "p1", "p99", "lowest", "highest", "source"),
        (),
    ),
}


@dataclass(frozen=True)
class Row:
    """A row of a file, and how to complain about it."""

    file: Path
    number: int
    values: dict[str, str | None]

    def fail(self, key: str, what: str, expected: str, remedy: str) -> NoReturn:
        found = self.values.get(key)
        raise PaperError(
            what=f"{key} {what}",
            expected=expected,
            found="an empty field" if found is None else found,
            remedy=remedy,
            file=str(self.file),
            row=self.number,
        )

    def text(self, key: str) -> str:
        value = self.values.get(key)
        return value if value is not None else self.fail(key, "is empty", "a text", "fill it in")

    def optional(self, key: str) -> str | None:
        return self.values.get(key)

    def printed(self, key: str) -> Printed:
        text = self.text(key)
        if not Printed.readable(text):
            self.fail(key, "is no figure", "digits as printed, such as 0.656 or 3,085", "write the digits as printed")
        return Printed(text)

    def positive(self, key: str) -> Printed:
        figure = self.printed(key)
        if figure.value <= 0:
            self.fail(key, "is not positive", "a figure above 0", "write the digits as printed")
        return figure

    def whole(self, key: str) -> int:
        text = self.text(key).replace(",", "")
        if not text.isdigit():
            self.fail(key, "is no count", "a whole number", "write the digits as printed")
        return int(text)

    def if_any(self, key: str, read: Callable[[str], T]) -> T | None:
        return None if self.values.get(key) is None else read(key)

    def number_of(self, key: str) -> float:
        return self.printed(key).value

    def choice(self, key: str, choices: tuple[str, ...]) -> str:
        text = self.text(key)
        if text not in choices:
            self.fail(key, "has an unknown value", " | ".join(choices), "use one of the expected values")
        return text

    def parts(self, key: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in (self.values.get(key) or "").split(";") if part.strip())


def csv_rows(file: Path, name: str) -> list[Row]:
    """Rows of a file whose headings are those of `HEADINGS[name]`.

    Raises
    ------
    PaperError : the file is not UTF-8 or CSV, a heading is missing or unknown.
    """
    try:
        frame = pl.read_csv(file.read_bytes().decode("utf-8").encode(), infer_schema=False)
    except (UnicodeDecodeError, pl.exceptions.PolarsError) as failure:
        raise PaperError(
            what="the file is no CSV in UTF-8",
            expected="headings and rows with commas between their fields",
            found=str(failure).splitlines()[0],
            remedy="save it as CSV in UTF-8",
            file=str(file),
        ) from None
    required, optional = HEADINGS[name]
    odd = [c for c in frame.columns if c not in (*required, *optional)] or [c for c in required if c not in frame]
    if odd:
        raise PaperError(
            what=f"heading {near(odd[0], {*required, *optional})} is {'unknown' if odd[0] in frame else 'missing'}",
            expected=", ".join((*required, *optional)),
            found=", ".join(frame.columns),
            remedy="mend the headings",
            file=str(file),
            row=1,
        )
    frame = frame.with_columns(pl.all().replace("", None))  # an empty field in quotes is empty, too
    return [Row(file, number, values) for number, values in enumerate(frame.to_dicts(), start=2)]
