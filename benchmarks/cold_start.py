"""How long a command that only reads takes from nothing to its last line, as a multiple of importing polars and DuckDB.

Each round starts the import and each command once, in new processes, one after the other, so that what else the
machine does falls on all alike; printed are the medians of the rounds' ratios and of the seconds.

Run: python benchmarks/cold_start.py [rounds] [project folder with a finished run; default: the working directory]
"""

import os
import subprocess
import sys
import time
from statistics import median

BASE = (sys.executable, "-c", "import polars, duckdb")
RESILIENCE = (sys.executable, "-m", "resilience_pipeline")
#: Command -> what it may take at most, as a multiple; None = not promised.
COMMANDS: dict[tuple[str, ...], float | None] = {
    ("show", "table_4"): 1.5,
    ("trace", "table_4.3.did"): 2.0,
    ("trace", "table_4.3.did", "--json"): 2.0,
    ("impact", "gdp_cny_10k"): None,
    ("status",): None,
}


def seconds(command: tuple[str, ...], environment: dict[str, str]) -> float:
    """From start to end of a new process that must succeed."""
    begin = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def main() -> None:
    """Print a line for each command."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    project = sys.argv[2] if len(sys.argv) > 2 else "."
    environment = {**os.environ, "RESILIENCE_PROJECT": os.path.abspath(project)}
    taken: dict[tuple[str, ...], list[float]] = {command: [] for command in ((), *COMMANDS)}
    for _ in range(rounds + 1):
        taken[()].append(seconds(BASE, environment))
        for command in COMMANDS:
            taken[command].append(seconds((*RESILIENCE, *command), environment))
    base = taken[()][1:]  # the first round warms the disk's cache
    print(f"{'import polars, duckdb':34s} {median(base):6.3f} s, {rounds} rounds")
    for command, most in COMMANDS.items():
        own = taken[command][1:]
        ratio = median(a / b for a, b in zip(own, base, strict=True))
        promise = "" if most is None else f"   at most {most:g}: {'held' if ratio <= most else 'BROKEN'}"
        print(f"{' '.join(command):34s} {median(own):6.3f} s, {ratio:5.2f} times{promise}")


if __name__ == "__main__":
    main()
