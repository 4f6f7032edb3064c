"""Other processes for the fault tests: started from source text, spoken to over pipes, killed without warning."""

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


@contextmanager
def process(source, *arguments):
    """A Python process running `source`; its first line of output has been read when the block starts."""
    child = subprocess.Popen(
        [sys.executable, "-c", source, *map(str, arguments)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout.readline(), "the process ended before it was ready"
        yield child
    finally:
        child.kill()
        child.communicate()
