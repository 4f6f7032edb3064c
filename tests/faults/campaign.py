"""The fault campaign: full runs killed at random moments and at each table write, full disks, two writers at once.

    python -m tests.faults.campaign --work DIR [--random 100] [--every 1] [--complete 1]
                                    [--disks 12] [--pairs 20] [--terminal 0]

After each fault the next run must complete, and every table (its bytes, its printed documents, its checks) must be the
undisturbed run's. Everything happens in a folder of its own; a folder in memory (`--work /dev/shm/x`) saves the disk.
Children are forked from this process, which imports what takes long but never lets polars start its threads: these do
not live on in a fork, and two modules of the package start them on import, so that children import the package.
"""

import argparse
import faulthandler
import hashlib
import importlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

POINTER = "current.json"
FAILED_TO_WRITE = 3
LONGEST_SECONDS = 1800  # a child that takes longer hangs: it says where, and counts as failed


def content_of(root: Path) -> dict[str, str]:
    """Every table of a lake by name: its bytes, its notes (printed documents, too) and its checks, as one hash.

    Which run wrote it and when, and how many files that very run had to read, is left out, and so is the lineage index
    of tables, which says just that. Opens files alone, so that a process that must not start polars can ask.
    """
    found = {}
    for file in sorted(root.rglob(POINTER)):
        name = "/".join(file.parent.relative_to(root).parts)
        if name == "lineage/tables":
            continue
        pointer = json.loads(file.read_text(encoding="utf-8"))
        table = file.with_name(f"{pointer['data_version']}.parquet").read_bytes()
        said = {name: value for name, value in pointer.items() if name not in ("run_id", "written_at")}
        said["notes"].pop("files_read_now", None)
        attempt_file = file.with_name("attempt.json")
        attempt = json.loads(attempt_file.read_text(encoding="utf-8")) if attempt_file.exists() else {}
        parts = ("name", "passed") if name.startswith("sources/") else ("name", "passed", "message")
        checks = [[check[part] for part in parts] for check in attempt.get("checks", [])]
        facts = [said, checks, attempt.get("ok"), attempt.get("error")]
        digest = hashlib.sha256(table)
        digest.update(json.dumps(facts, sort_keys=True).encode())
        found[name] = digest.hexdigest()
    return found


def warm() -> None:
    """Import what every run needs and no polars query runs in."""
    names = "duckdb docx fastexcel linearmodels matplotlib.pyplot numpy openpyxl pandas pandera.polars polars pyarrow"
    for name in f"{names} python_calamine scipy.optimize scipy.stats xlsxwriter".split():
        importlib.import_module(name)


def child(task: Callable[[], int]) -> int:
    """Fork; process id of the child, which ends with the task's exit code, -1 where it raised."""
    pid = os.fork()
    if pid:
        return pid
    code = 70
    faulthandler.dump_traceback_later(LONGEST_SECONDS, exit=True)
    try:
        code = task()
    except BaseException as error:  # noqa: BLE001 -- told and ended: nothing may go on as the parent
        sys.stderr.write(f"  child: {type(error).__name__}: {str(error)[:600]}\n")
    finally:
        os._exit(code)


def ended(pid: int) -> int:
    """Wait; the exit code, or minus the signal's number."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class Campaign:
    """Faults against one twin. `wrong` collects what was not as it must be."""

    def __init__(self, work: Path, landing: Path, memory: Path, seed: int, sources: tuple[str, ...] = ()) -> None:
        self.work, self.landing, self.memory, self.sources = work, landing, memory, sources
        self.random = random.Random(seed)
        self.wrong: list[str] = []
        self.runs = self.checked = 0
        self.good: dict[str, str] = {}
        self.seconds = 0.0

    def run(self, root: Path, fault: Callable[[], None] = lambda: None, *, catalogue: bool = True) -> int:
        """Process id of a full run on a lake, with a fault laid into it before it starts."""
        self.runs += 1
        run_id = f"run_{self.runs}"

        def task() -> int:
            from tests.faults.walk import remember, walk

            remember(self.memory)
            fault()
            return FAILED_TO_WRITE if walk(self.landing, root, run_id, self.sources, catalogue) else 0

        return child(task)

    def undisturbed(self) -> None:
        """The run that all others are held to; then a second one, so that its time is that of writing alone."""
        for name in ("first", "good"):
            started = time.monotonic()
            if ended(self.run(self.work / name)):
                raise SystemExit("the undisturbed run fails")
            self.seconds = time.monotonic() - started
            self.good = content_of(self.work / name)
        if content_of(self.work / "first") != self.good:
            raise SystemExit("two undisturbed runs differ")
        print(f"undisturbed: {len(self.good)} tables, {self.seconds:.1f} s with steps remembered", flush=True)

    def must_complete(self, root: Path, what: str, *, catalogue: bool = True) -> bool:
        """Run once more and hold every table to the undisturbed run's."""
        code = ended(self.run(root, catalogue=catalogue))
        found = content_of(root)
        bad = sorted(name for name in {*found, *self.good} if found.get(name) != self.good.get(name))
        if code or bad:
            self.wrong.append(f"{what}: next run ended with {code}, {len(bad)} tables differ: {bad[:5]}")
            print("  " + self.wrong[-1], flush=True)
        self.checked += 1
        if self.checked % 10 == 0:
            print(f"  {self.checked} faults, {len(self.wrong)} wrong", file=sys.stderr, flush=True)
        return not (code or bad)

    def at_random(self, times: int) -> None:
        """SIGKILL at a random moment of a run on an empty lake."""
        killed = good = 0
        for number in range(times):
            root = self.work / "random"
            pid = self.run(root)
            time.sleep(self.random.uniform(0, self.seconds))
            os.kill(pid, signal.SIGKILL)
            killed += ended(pid) == -signal.SIGKILL
            good += self.must_complete(root, f"random kill {number}")
            shutil.rmtree(root)
        print(
            f"random moments: {times} runs, {killed} killed before they ended, {good} completed and equal", flush=True
        )

    def at_each_write(self, name: str, every: int, complete: int) -> None:
        """SIGKILL just before the renaming of each `name`; the lake of one kill is where the next run goes on.

        A copy of every `complete`th killed lake is completed; the lake itself is, after its last kill. The catalogue,
        most of a run's time, is brought up in one of ten.
        """
        lake, kills, completed, good = self.work / "writes", 0, 0, 0
        for skip in [0] + [every] * 100_000:
            if ended(self.run(lake, lambda skip=skip: _die_at(name, skip))) != -signal.SIGKILL:
                break
            kills += 1
            if kills % complete == 0:
                shutil.copytree(lake, self.work / "copy", copy_function=_link)
                what = f"kill {kills} before a rename to {name}"
                good += self.must_complete(self.work / "copy", what, catalogue=completed % 10 == 0)
                completed += 1
                shutil.rmtree(self.work / "copy")
        last = self.must_complete(lake, f"after the last kill before a rename to {name}")
        shutil.rmtree(lake)
        print(
            f"renames to {name}: {kills} kills, {completed} completed, {good} of them equal; at the end {last}",
            flush=True,
        )

    def on_full_disks(self, times: int) -> None:
        """A lake on a small disk in memory that fills up; then it grows, and the next run completes."""
        disk = self.work / "disk"
        disk.mkdir()
        files = [file for file in (self.work / "good").rglob("*") if file.is_file()]
        needed = sum(file.stat().st_size for file in files if not file.name.startswith("warehouse.duckdb"))
        full = good = 0
        for number in range(times):
            size = int(needed * (number + 0.5) / times)
            if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], check=False).returncode:
                print("full disks: not tried, only root may mount one")
                return
            full += ended(self.run(disk / "lake")) != 0
            subprocess.run(["mount", "-o", f"remount,size={20 * needed}", disk], check=True)
            good += self.must_complete(disk / "lake", f"disk of {size} bytes")
            subprocess.run(["umount", disk], check=True)
        print(f"full disks: {times} runs, {full} met a full disk, {good} completed and equal", flush=True)

    def in_pairs(self, times: int) -> None:
        """Two runs on one lake, started at once or a moment apart."""
        good = 0
        for number in range(times):
            root = self.work / "pairs"
            first = self.run(root)
            time.sleep(self.random.uniform(0, self.seconds) * (number % 2))
            codes = [ended(pid) for pid in (first, self.run(root))]
            if any(codes):
                self.wrong.append(f"pair {number}: exit codes {codes}")
            good += self.must_complete(root, f"pair {number}") and not any(codes)
            shutil.rmtree(root)
        print(f"two writers: {times} pairs, {good} completed and equal", flush=True)

    def in_a_terminal(self, times: int) -> None:
        """`resilience run` through Dagster, nothing remembered, killed at a random moment; the next one completes."""
        killed = good = 0
        project = self.work / "project"
        env = {**os.environ, "RESILIENCE_PROJECT": str(project), "DAGSTER_DISABLE_TELEMETRY": "yes"}
        command = [sys.executable, "-m", "resilience_pipeline", "run", "--landing", str(self.landing), "--json"]
        seconds = 0.0
        for number in range(-1, times):
            project.mkdir()
            if number >= 0:
                run = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(self.random.uniform(0, seconds))
                run.kill()
                killed += run.wait() == -signal.SIGKILL
            started = time.monotonic()
            done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            seconds = max(seconds, time.monotonic() - started)
            found = content_of(project / "data_lake")
            if number < 0:
                good_here = found
            elif done.returncode or found != good_here:
                self.wrong.append(f"terminal {number}: exit {done.returncode}; {done.stdout.decode()[-400:]}")
            else:
                good += 1
            shutil.rmtree(project)
        print(
            f"through Dagster: {times} runs, {killed} killed before they ended, {good} completed and equal", flush=True
        )


def _die_at(name: str, skip: int) -> None:
    """Let this process die in place of its renaming number `skip` (from 0) to a file whose name ends with `name`.

    What says how a source and its rejected rows stand is written in every run, so it does not count: no run would get
    beyond it.
    """
    rename, seen, each_run = os.replace, 0, {"sources", "rejects"}

    def dying(source: os.PathLike, target: os.PathLike) -> None:
        nonlocal seen
        if str(target).endswith(name) and not (name == POINTER and each_run.intersection(Path(target).parts)):
            if seen == skip:
                os.kill(os.getpid(), signal.SIGKILL)
            seen += 1
        rename(source, target)

    os.replace = dying


def _link(source: str, target: str) -> None:
    """A second name for a file of the lake, which is only ever replaced whole; a copy of what is written in place."""
    if source.endswith((".parquet", ".json")):
        os.link(source, target)
    else:
        shutil.copy2(source, target)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    defaults = {"random": 100, "every": 1, "complete": 1, "disks": 12, "pairs": 20, "terminal": 0, "cities": 60}
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--sources", default="", help="only take in and stage these, names with commas between")
    parser.add_argument("--landing", type=Path, help="delivered files, in place of a twin")
    parser.add_argument("--seed", type=int, default=2018)
    parser.add_argument("--work", type=Path, required=True, help="a folder that is made and may be deleted afterwards")
    parser.add_argument("--memory", type=Path, help="folder of what steps computed, of an earlier campaign")
    arguments = parser.parse_args()
    work = arguments.work.absolute()
    work.mkdir(parents=True)
    warm()
    landing = arguments.landing or work / "twin" / "landing"
    if arguments.landing is None:
        twin = ["twin", "--out", str(work / "twin"), "--seed", "7", "--cities", str(arguments.cities)]
        subprocess.run([sys.executable, "-m", "resilience_pipeline", *twin], check=True, stdout=subprocess.DEVNULL)
    sources = tuple(filter(None, arguments.sources.split(",")))
    campaign = Campaign(work, landing, arguments.memory or work / "memory", arguments.seed, sources)
    campaign.undisturbed()
    if arguments.random:
        campaign.at_random(arguments.random)
    if arguments.disks:
        campaign.on_full_disks(arguments.disks)
    if arguments.pairs:
        campaign.in_pairs(arguments.pairs)
    if arguments.every:
        campaign.at_each_write(".parquet", arguments.every, arguments.complete)
        campaign.at_each_write(POINTER, arguments.every, arguments.complete)
    if arguments.terminal:
        campaign.in_a_terminal(arguments.terminal)
    print(json.dumps({"wrong": campaign.wrong}, indent=1))
    return bool(campaign.wrong)


if __name__ == "__main__":
    sys.exit(main())
