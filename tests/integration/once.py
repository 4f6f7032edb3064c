"""Make something dear once for all processes of the suite."""

from collections.abc import Callable
from pathlib import Path

from filelock import FileLock


def once(folder: Path, make: Callable[[Path], object]) -> None:
    """Make the folder's content unless another process has done so, or is doing it: then wait for it."""
    with FileLock(f"{folder}.lock"):
        made = folder.with_name(f"{folder.name}.made")
        if not made.exists():
            folder.mkdir(exist_ok=True)
            make(folder)
            made.touch()
