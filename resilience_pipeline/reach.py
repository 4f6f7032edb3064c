"""What a function of this package can reach: itself, the functions and constants that it names, what those name, ...

Read from source texts, without running anything. A comment, a docstring or a neighbour that is never called is not
part of it. What is looked up by a name at run time cannot be seen: modules that gather such things are REGISTRIES,
nothing behind them is followed, and a step lists or binds what it takes from one.
"""

import ast
import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = "resilience_pipeline"
REGISTRIES = frozenset(
    f"{PACKAGE}.{name}"
    for name in (
        "econometrics.estimators",
        "indices.tables",
        "options",  # which options a table was made under, and their values, stands with it
        "report.kinds",
        "sources.registry",
        "study.kinds",
    )
)

#: A module and a name at its top level; "" = all of the module.
Place = tuple[str, str]


@cache
def reached(place: Place) -> frozenset[Place]:
    """Every place of this package that the statement at `place` can reach, itself included."""
    found: set[Place] = set()
    ahead = [place]
    while ahead:
        module, name = here = ahead.pop()
        if here in found or (module in REGISTRIES and here != place):
            continue
        if not name:
            found.add(here)
            ahead += [(module, other) for other in _module(module).statements]
        elif name in (read := _module(module)).statements:
            found.add(here)
            ahead += read.names_of(name)
        elif name in read.imports:
            ahead.append(read.imports[name])
        elif _is_module(inner := f"{module}.{name}"):
            ahead.append((inner, ""))
    return frozenset(found)


@cache
def text_of(place: Place) -> str:
    """The statement at a place without comments, docstrings and layout."""
    module, name = place
    return "" if not name else "\n".join(map(ast.dump, _module(module).statements[name]))


class _Module:
    """A module's source: its statements by the names that they define, and what it imports from this package."""

    def __init__(self, name: str) -> None:
        tree = ast.parse(_file(name).read_text(encoding="utf-8"))
        self.imports: dict[str, Place] = {}
        self.statements: dict[str, list[ast.stmt]] = {}
        for statement in tree.body:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                self.imports.update(_imports(statement))
                continue
            _strip(statement)
            for defined in _defined(statement):
                self.statements.setdefault(defined, []).append(statement)
        self.name = name
        self._mentioned: dict[str, list[Place]] = {}

    def names_of(self, name: str) -> list[Place]:
        """Places that the statements of a name mention."""
        if name not in self._mentioned:
            self._mentioned[name] = self._names_of(name)
        return self._mentioned[name]

    def _names_of(self, name: str) -> list[Place]:
        found: dict[Place, None] = {}
        for statement in self.statements[name]:
            nodes = [node for part in _without_fields(statement) for node in ast.walk(part)]
            within = dict(self.imports)
            for node in nodes:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    within.update(_imports(node))
            attributes = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
            for node in nodes:
                match node:
                    case ast.Attribute(value=ast.Name(id=used), attr=attribute) if used in within:
                        module = _as_module(within[used])
                        found[(module, attribute) if module else within[used]] = None
                    case ast.Name(id=used) if used in within and id(node) not in attributes:
                        found[(module, "") if (module := _as_module(within[used])) else within[used]] = None
                    case ast.Name(id=used) if used in self.statements:
                        found[self.name, used] = None
        return list(found)


@cache
def _module(name: str) -> _Module:
    return _Module(name)


def _imports(statement: ast.stmt) -> dict[str, Place]:
    if isinstance(statement, ast.ImportFrom) and (statement.module or "").split(".")[0] == PACKAGE:
        return {alias.asname or alias.name: (str(statement.module), alias.name) for alias in statement.names}
    return {}


def _as_module(place: Place) -> str | None:
    """The module that an import names, where it names one."""
    joined = ".".join(place)
    return joined if _is_module(joined) else None


def _defined(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
            yield statement.name
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            yield from (node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))
        case ast.If() | ast.Try() | ast.With() | ast.For():
            for inner in ast.iter_child_nodes(statement):
                if isinstance(inner, ast.stmt):
                    yield from _defined(inner)


def _without_fields(statement: ast.stmt) -> Iterator[ast.AST]:
    """The statement, but of a class not what types its fields have: who uses a field's methods names its class."""
    if not isinstance(statement, ast.ClassDef):
        yield statement
        return
    yield from (*statement.bases, *statement.keywords, *statement.decorator_list)
    for part in statement.body:
        yield from ([part.value] if part.value else []) if isinstance(part, ast.AnnAssign) else [part]


def _strip(statement: ast.stmt) -> None:
    """Take docstrings away."""
    for node in ast.walk(statement):
        if (
            isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)
            and ast.get_docstring(node) is not None
        ):
            node.body = node.body[1:] or [ast.Pass()]


@cache
def _is_module(name: str) -> bool:
    return _file(name).is_file()


@cache
def _file(name: str) -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    root = Path(str(spec.origin)).parent if spec is not None else Path()
    below = root.joinpath(*name.split(".")[1:])
    return below / "__init__.py" if below.is_dir() else below.with_suffix(".py")
