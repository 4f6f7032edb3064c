"""The code version of a step: a hash that changes when the code or the text behind its numbers does."""

import hashlib
import inspect
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache, partial
from types import FunctionType, ModuleType
from typing import Any

from resilience_pipeline.reach import PACKAGE, Place, reached, text_of
from resilience_pipeline.step import Step


def code_version(step: Step) -> str:
    """Hash of what the step computes with: its function, what that binds, and the code and texts it lists.

    A function of this package counts with all that it can reach (`reach.py`), a module that a step lists with all that
    stands in it. What a function captures from a scope around it does not count: bind it with `functools.partial`, or
    list it under `code`.
    """
    return version_of(step.compute, *step.code)


def version_of(*parts: object) -> str:
    """Hash of functions, values and texts, as `code_version` takes them."""
    digest = hashlib.sha256()
    for text in _texts(parts):
        digest.update(text.encode())
        digest.update(b"\0")
    return digest.hexdigest()[:16]


def _texts(part: object) -> Iterator[str]:
    match part:
        case str() | int() | float() | bool() | range() | None:
            yield repr(part)
        case partial():
            yield from _texts((part.func, part.args, part.keywords))
        case FunctionType():
            yield part.__qualname__
            yield _reach(part.__module__, part.__qualname__, part)
        case ModuleType():
            yield _reach(part.__name__, "", part)
        case type():
            yield part.__qualname__
            yield _reach(part.__module__, part.__qualname__, part)
        case Mapping():
            for key in sorted(part, key=repr):
                yield from _texts((key, part[key]))
        case frozenset() | set():
            yield from _texts(sorted(part, key=repr))
        case tuple() | list():
            for item in part:
                yield from _texts(item)
        case _ if is_dataclass(part):
            yield _record(part)
        case _:
            raise TypeError(f"cannot tell the version of {part!r}")


#: Hash of a record by its identity, for as long as it lives: hundreds of steps bind the same study.
_RECORDS: dict[int, str] = {}


def _record(part: Any) -> str:
    """Hash of a dataclass. One that is not frozen is read anew each time."""
    if (known := _RECORDS.get(id(part))) is not None:
        return known
    found = version_of(type(part).__qualname__, *((field.name, getattr(part, field.name)) for field in fields(part)))
    if type(part).__dataclass_params__.frozen:
        _RECORDS[id(part)] = found
        weakref.finalize(part, _RECORDS.pop, id(part), None).atexit = False
    return found


def _reach(module: str, qualified_name: str, part: object) -> str:
    """Hash of what a function, class or module of this package reaches; other code counts with its module's source."""
    if module.split(".")[0] == PACKAGE:
        return _hash_of((module, qualified_name.split(".")[0]))
    found = inspect.getmodule(part)
    if found is None:
        raise TypeError("code without a module has no version")
    return inspect.getsource(found)


@cache
def _hash_of(place: Place) -> str:
    digest = hashlib.sha256()
    for module, name in sorted(reached(place)):
        digest.update(f"{module}.{name}\0{text_of((module, name))}\0".encode())
    return digest.hexdigest()
