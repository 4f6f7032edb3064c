"""The text of the SQL files: one select per file, file name = table name.

In a checkout they lie in `sql/` beside the package, in an installed wheel inside it.
"""

from importlib import resources
from importlib.resources.abc import Traversable

_PACKAGE = "resilience_pipeline"


def sql_text(layer: str, name: str) -> str:
    """The select `sql/<layer>/<name>.sql`; `name` may hold one folder ("shared/places").

    Raises
    ------
    FileNotFoundError : there is no such file.
    """
    return sql_folder().joinpath(layer, *f"{name}.sql".split("/")).read_text(encoding="utf-8")


def sql_folder() -> Traversable:
    """Where the SQL files lie."""
    package = resources.files(_PACKAGE)
    inside = package.joinpath("sql")
    # Of an editable install only the checkout has the files: the wheel build copies them into the package.
    return inside if inside.is_dir() else package.joinpath("..", "sql")
