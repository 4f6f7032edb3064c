"""Dagster's UI and daemon for this project: one at a time on a Dagster home, on loopback unless told otherwise.

The lock is the operating system's, and the server holds it, too: whoever is killed, it is free the moment the last of
them has ended. The card beside it only says who holds it.
"""

import ipaddress
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from resilience_pipeline.errors import PipelineError
from resilience_pipeline.project import Project, set_up
from resilience_pipeline.warehouse.atomic import replace_text

try:
    import fcntl
except ImportError:  # Windows: the lock is the launcher's alone there
    fcntl = None  # type: ignore[assignment]

MODULE = "resilience_pipeline.definitions"
LOCK = "dev.lock"
#: A server that has not ended so many seconds after it was asked to is killed.
GRACE_SECONDS = 30.0


@dataclass(frozen=True)
class Card:
    """Who serves a Dagster home: its process, where, and since when (ISO 8601, UTC)."""

    pid: int
    host: str
    port: int
    started: str


def serve(
    project: Project,
    host: str,
    port: int,
    *,
    read_only: bool = False,
    remote: bool = False,
    starting: Callable[[], None] = lambda: None,
) -> int:
    """Serve until the user ends it; the server's exit code.

    Parameters
    ----------
    host, port : where to listen.
    read_only : Dagster's web pages alone, with nothing on them that starts or changes anything; no daemon, so no
        sensor and no schedule. Any number of these may run beside the one that may write.
    remote : required for a host that other machines reach.
    starting : called when nothing stands in the way any more.

    Raises
    ------
    PipelineError : other machines reach the host, the port is taken, or the home is served already.
    """
    if not (remote or is_loopback(host)):
        raise PipelineError(
            what=f"other machines reach {host}, and Dagster has no login: whoever reaches it may start and change runs",
            expected="127.0.0.1, localhost or ::1",
            remedy="leave --host out and reach it through an SSH tunnel, or, where only trusted people can reach it, "
            "add --allow-remote, better still with --read-only",
        )
    if read_only:
        _check_port(host, port)
        starting()
        return _run(_dagster(host, port, read_only=True), project)
    set_up(project)
    with _alone(project.dagster_home) as lock:
        _check_port(host, port)
        starting()
        card = Card(0, host, port, datetime.now(UTC).isoformat(timespec="seconds"))
        return _run(_dagster(host, port, read_only=False), project, lock, card)


def served_by(home: Path) -> Card | None:
    """Who serves this Dagster home through `serve`; None where nobody does."""
    if not (home / LOCK).is_file():
        return None
    try:
        with FileLock(home / LOCK, timeout=0):
            return None
    except Timeout:
        return _card(home)
    except OSError:  # a home that cannot be written is served by nobody who may write
        return None


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _alone(home: Path) -> Iterator[int | None]:
    """Hold the home's lock; yields the handle that the server is to inherit, None where it cannot."""
    if fcntl is None:
        try:
            with FileLock(home / LOCK, timeout=0):
                yield None
        except Timeout:
            raise _served(home) from None
        return
    handle = os.open(home / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield handle
    except BlockingIOError:
        raise _served(home) from None
    finally:
        os.close(handle)


def _dagster(host: str, port: int, *, read_only: bool) -> list[str]:
    server = ["dagster_webserver", "--read-only"] if read_only else ["dagster", "dev"]
    return [sys.executable, "-m", *server, "-m", MODULE, "-h", host, "-p", str(port)]


def _run(command: list[str], project: Project, lock: int | None = None, card: Card | None = None) -> int:
    """Start the server in a session of its own, so that all of its processes end with it, and wait for it."""
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(project.dagster_home),
        "RESILIENCE_PROJECT": str(project.root),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
    }
    inherited = () if lock is None else (lock,)
    asked: list[float] = []
    before = {
        number: signal.signal(number, lambda *_: asked.append(time.monotonic()))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    server = subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=project.root, env=environment, start_new_session=True, pass_fds=inherited
    )
    try:
        if card is not None:
            replace_text(_card_file(project.dagster_home), json.dumps(asdict(card) | {"pid": server.pid}))
        return _wait(server, asked)
    finally:
        _end(server, kill=True)
        for number, handler in before.items():
            signal.signal(number, handler)
        if card is not None:
            _card_file(project.dagster_home).unlink(missing_ok=True)


def _wait(server: subprocess.Popen[bytes], asked: list[float]) -> int:
    """Wait for the server, ending it when somebody asks us to; a second request, or patience lost, kills it."""
    told = 0
    while True:
        try:
            code = server.wait(timeout=0.2)
            return 0 if asked else code
        except subprocess.TimeoutExpired:
            if asked and time.monotonic() - asked[0] > GRACE_SECONDS:
                _end(server, kill=True)
            elif len(asked) > told:
                _end(server, kill=told > 0)
                told = len(asked)


def _end(server: subprocess.Popen[bytes], *, kill: bool) -> None:
    """Ask the server's whole session to end, or end it."""
    if os.name == "nt":
        server.kill() if kill else server.terminate()
        return
    with suppress(ProcessLookupError, PermissionError):  # nobody of it is left
        os.killpg(server.pid, signal.SIGKILL if kill else signal.SIGINT)


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port just given back is no taken port
        try:
            trial.bind((host, port))
        except OSError as error:
            raise PipelineError(
                what=f"cannot listen on {host}, port {port}",
                found=error.strerror or str(error),
                remedy=f"end what uses it, or name another port: resilience dev --port {port + 1}",
            ) from None


def _served(home: Path) -> PipelineError:
    card = _card(home)
    return PipelineError(
        what="this project's Dagster is served already; two daemons on one home would do everything twice",
        file=str(home),
        found=f"process {card.pid} on http://{card.host}:{card.port}, since {card.started}"
        if card.pid
        else "a process",
        remedy="use that one, or end it first (Ctrl-C where it runs); to look on from elsewhere: resilience dev "
        "--read-only --port 3001",
    )


def _card(home: Path) -> Card:
    try:
        record = json.loads(_card_file(home).read_text(encoding="utf-8"))
        return Card(int(record["pid"]), str(record["host"]), int(record["port"]), str(record["started"]))
    except (OSError, ValueError, KeyError, TypeError):  # it has not written its card yet
        return Card(0, "", 0, "")


def _card_file(home: Path) -> Path:
    return home / f"{LOCK}.json"
