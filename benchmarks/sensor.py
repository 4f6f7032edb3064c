"""A thousand ticks of the landing sensor over 5,000 files: time of a tick, size of the cursor, memory of the process.

The sensor is called as Dagster's daemon calls it, on an ephemeral instance. A tenth of the ticks meets a file that
arrives, another tenth one that was touched; every run that is asked for counts as gone through at once, so nothing
waits. The files are small workbooks: how long hashing takes depends on the disk, and only new bytes are hashed.
Run: python -m benchmarks.sensor
"""

import io
import os
import resource
import statistics
import tempfile
import time
import zipfile
from pathlib import Path

import dagster as dg

from resilience_pipeline.assets.landing import landing_sensor
from resilience_pipeline.definitions import defs
from resilience_pipeline.landing.memory import FILE
from resilience_pipeline.landing.rules import Rules

FILES, TICKS, EVERY = 5_000, 1_000, 10


def workbook(number: int) -> bytes:
    """A zip of about 20 kB, the size of a table of the yearbook."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", f"{number:020000}")
    return buffer.getvalue()


def fill(landing: Path) -> None:
    """Editions in folders of fifty workbooks each."""
    for number in range(FILES):
        put(landing, number)


def place(landing: Path, number: int) -> Path:
    """Where workbook `number` lies."""
    return landing / "yearbooks" / f"edition_{1950 + number // 50}" / f"2-{number % 50}.xlsx"


def put(landing: Path, number: int) -> None:
    """Write it."""
    file = place(landing, number)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(workbook(number))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(RESILIENCE_PROJECT=folder)
        for name in ("RESILIENCE_LAKE", "RESILIENCE_LANDING"):
            os.environ.pop(name, None)
        lake = Path(folder) / "data_lake"
        landing = lake / "landing"
        fill(landing)
        sensor, instance, repository = (
            landing_sensor(Rules()),
            dg.DagsterInstance.ephemeral(),
            defs.get_repository_def(),
        )
        cursor, requests, sizes = None, 0, []

        def tick() -> tuple[float, float]:
            nonlocal cursor, requests
            begun = time.perf_counter(), time.process_time()
            with dg.build_sensor_context(instance, cursor, repository_def=repository) as context:
                result = sensor(context)
            took = time.perf_counter() - begun[0], time.process_time() - begun[1]
            cursor, requests = result.cursor, requests + len(result.run_requests or [])
            sizes.append(len(cursor))
            return took

        first = [tick() for _ in range(3)]
        assert requests == 1, requests
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        quiet, moved = [], []
        for number in range(TICKS):
            arrives, touched = number % EVERY == 0, number % EVERY == EVERY // 2
            if arrives:
                put(landing, FILES + number)
            if touched:
                os.utime(place(landing, number))
            (moved if number % (EVERY // 2) < 2 else quiet).append(tick())
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(f"{FILES:,} files, {TICKS:,} ticks, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        print(f"first tick {first[0][0]:.2f} s; second, which opens and hashes all files, {first[1][0]:.2f} s")
        for name, times in (("nothing moved", quiet), ("a file arrived, settled or was touched", moved)):
            wall, cpu = zip(*times, strict=True)
            print(
                f"{name}: median {statistics.median(wall):.3f} s, 95th {statistics.quantiles(wall, n=20)[-1]:.3f} s, "
                f"worst {max(wall):.3f} s; of the processor median {statistics.median(cpu):.3f} s"
            )
        print(f"runs asked for {requests:,}: the first delivery and {TICKS // EVERY} files that arrived")
        print(f"cursor at most {max(sizes)} bytes; {FILE} {(lake / FILE).stat().st_size:,} bytes")
        print(f"the process grew by {grown / 1024:.1f} MB")


if __name__ == "__main__":
    main()
