"""Small disks of their own: full or read-only for real. Root alone can mount them; elsewhere the tests are skipped."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


class Disk:
    """A small file system in memory, mounted at `path` while the test runs."""

    def __init__(self, path: Path, size: str) -> None:
        self.path = path
        path.mkdir()
        if not sys.platform.startswith("linux") or shutil.which("mount") is None:
            pytest.skip("small file systems are mounted on Linux only")
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)], capture_output=True, check=False
        )
        if mounted.returncode:
            pytest.skip(f"only root may mount a small file system: {mounted.stderr.decode().strip()}")

    def make_read_only(self) -> None:
        subprocess.run(["mount", "-o", "remount,ro", str(self.path)], check=True)

    def fill(self, leave: int) -> Path:
        """Fill the disk but for `leave` bytes; returns the file that takes the room."""
        ballast = self.path / "ballast"
        free = shutil.disk_usage(self.path).free
        with ballast.open("wb") as file:
            file.write(bytes(max(0, free - leave)))
        return ballast

    def unmount(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.path)], check=True)
