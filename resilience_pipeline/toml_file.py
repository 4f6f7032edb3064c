"""TOML files that people write: each key read with its type, each key nobody reads refused with the near ones named.

What the keys mean stands with their readers (`study/load.py`, `settings.py`).
"""

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from resilience_pipeline.errors import PipelineError

T = TypeVar("T", str, int, bool)

_WORDS = {
    str: "a text in quotes",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a section",
}


def near(name: str, known: Mapping[str, object] | frozenset[str] | set[str]) -> str:
    """`name (did you mean log_gdp?)`, or the name alone where nothing known is near."""
    begun = [other for other in sorted(known) if other.startswith(f"{name}_")]
    close = begun or get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f"{name} (did you mean {close[0]}?)" if close else name


class Section:
    """One section of a TOML file; errors name the file and the full key.

    Parameters
    ----------
    file : the file as errors name it.
    key : dotted key of the section, "" for the whole file.
    values : its content.
    error : class of the errors raised.
    """

    def __init__(self, file: str, key: str, values: Mapping[str, Any], error: type[PipelineError]) -> None:
        self.file, self.key, self.values, self.error = file, key, values, error

    def fail(self, key: str, what: str, expected: str, found: str, remedy: str) -> NoReturn:
        """Raise the section's error about one of its keys ("" = the section itself)."""
        raise self.error(
            what=f"{self._full(key) or 'the file'} {what}",
            expected=expected,
            found=found,
            remedy=remedy,
            file=self.file,
        )

    def allow(self, *keys: str) -> None:
        """Refuse every key but these."""
        for key in self.values:
            if key not in keys:
                self.fail(
                    key,
                    "is not a key of this section",
                    expected=", ".join(keys),
                    found=near(key, set(keys)),
                    remedy="use one of the expected keys, or take the line out",
                )

    def get(self, key: str, kind: type[T], default: T | None = None) -> T:
        """The value of `key`; the default where it is absent, an error where there is neither."""
        if key not in self.values:
            if default is None:
                self.fail(key, "is missing", _WORDS[kind], "nothing", f"write `{key} = ...` in [{self.key}]")
            return default
        return self._typed(key, self.values[key], kind)

    def optional(self, key: str) -> str | None:
        """The text of `key`, None where it is absent."""
        return self.get(key, str) if key in self.values else None

    def choice(self, key: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """The text of `key`, which must be one of `choices`."""
        value = self.get(key, str, default)
        if value not in choices:
            self.fail(key, "has an unknown value", " | ".join(choices), value, "use one of the expected values")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of texts under `key`; empty where it is absent."""
        values = self._typed(key, self.values.get(key, []), list)
        return tuple(self._typed(f"{key}[{number}]", value, str) for number, value in enumerate(values, start=1))

    def numbers(self, key: str, default: tuple[float, ...]) -> tuple[float, ...]:
        """The list of numbers under `key`; the default where it is absent."""
        if key not in self.values:
            return default
        values = self._typed(key, self.values[key], list)
        return tuple(
            float(value) if type(value) is int else self._typed(f"{key}[{number}]", value, float)
            for number, value in enumerate(values, start=1)
        )

    def section(self, key: str) -> "Section":
        """The section under `key`; an empty one where it is absent."""
        values = self._typed(key, self.values.get(key, {}), dict)
        return Section(self.file, self._full(key), values, self.error)

    def sections(self, key: str) -> "dict[str, Section]":
        """The named sections under `key`, in written order."""
        parent = self.section(key)
        return {name: parent.section(name) for name in parent.values}

    def items(self, key: str) -> "list[Section]":
        """The `[[...]]` entries under `key`, in written order."""
        entries = self._typed(key, self.values.get(key, []), list)
        return [
            Section(
                self.file,
                f"{self._full(key)}[{number}]",
                self._typed(f"{key}[{number}]", entry, dict),
                self.error,
            )
            for number, entry in enumerate(entries, start=1)
        ]

    def _typed(self, key: str, value: Any, kind: type) -> Any:
        if type(value) is not kind:
            self.fail(key, "has the wrong type", _WORDS[kind], repr(value), f"write {_WORDS[kind]}")
        return value

    def _full(self, key: str) -> str:
        return f"{self.key}.{key}" if self.key and key else self.key or key


def read_toml(path: Path, error: type[PipelineError]) -> tuple[Section, str]:
    """The file as its outermost section, and its text as written.

    Raises
    ------
    PipelineError : of class `error`, when the file cannot be read, is not UTF-8 or is not TOML.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as failure:
        raise error(
            what=f"the file cannot be read: {failure.strerror}",
            remedy="check its name and its permissions",
            file=str(path),
        ) from None
    except UnicodeDecodeError as failure:
        raise error(
            what="the file is not UTF-8",
            expected="UTF-8 text",
            found=f"byte {failure.object[failure.start]:#04x} at position {failure.start}",
            remedy="save it as UTF-8",
            file=str(path),
        ) from None
    return parse_toml(text, str(path), error), text


def parse_toml(text: str, file: str, error: type[PipelineError]) -> Section:
    """The text of a file as its outermost section; an `error` where it is not TOML."""
    try:
        return Section(file, "", tomllib.loads(text), error)
    except tomllib.TOMLDecodeError as failure:
        raise error(
            what="the file is not TOML",
            expected='lines such as `title = "..."` and sections such as `[study]`',
            found=str(failure),
            remedy="mend the place named",
            file=file,
        ) from None
