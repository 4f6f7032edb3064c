"""A Postgres server of a test's own: loopback, a password, a folder that goes when it stops."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

#: The server refuses to run as root; a test that is root starts it as one of these.
ACCOUNTS = ("postgres", "nobody")


def binaries() -> Path:
    """Folder of initdb and postgres; the test is skipped where there is none."""
    beside = shutil.which("initdb")
    if beside:
        return Path(beside).resolve().parent
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    pytest.skip("no Postgres server on this machine (Debian and Ubuntu: apt install postgresql)")


@contextmanager
def postgres_server() -> Iterator[tuple[str, str]]:
    """The address of an empty database, and the password in it."""
    bin_, account = binaries(), _account()
    folder = Path(tempfile.mkdtemp(prefix="postgres_"))
    password, port = secrets.token_hex(16), _free_port()
    try:
        (folder / "password").write_text(password + "\n")
        if account:
            for path in (folder, folder / "password"):
                shutil.chown(path, account)
        subprocess.run(
            [
                *(bin_ / "initdb", "-D", folder / "data", "--no-sync", "-E", "UTF8", "--locale=C"),
                *("-U", "team", "-A", "scram-sha-256", f"--pwfile={folder / 'password'}"),
            ],
            check=True,
            capture_output=True,
            user=account,
            cwd=folder,
        )
        settings = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "fsync": "off"}
        server = subprocess.Popen(
            [bin_ / "postgres", "-D", folder / "data", *(f"--{name}={value}" for name, value in settings.items())],
            stdout=subprocess.DEVNULL,
            stderr=(folder / "log").open("w"),
            user=account,
            cwd=folder,
        )
        try:
            _wait_for(port, server, folder / "log")
            yield f"postgresql://team:{password}@127.0.0.1:{port}/postgres", password
        finally:
            server.terminate()
            server.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _account() -> str | None:
    if os.geteuid() != 0:
        return None
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ACCOUNTS if name in known)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(log.read_text())
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(log.read_text())
