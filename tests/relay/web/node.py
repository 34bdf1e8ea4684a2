"""Node with the page's packages, where there is a Node that can build it."""

from __future__ import annotations

import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

import pytest

WEB = Path(__file__).parents[3] / "relay" / "web"
LEAST = (20, 19)
INSTALL_TIMEOUT_S = 240
_INSTALLED = WEB / "node_modules" / ".rufname-lock"


@lru_cache
def node_version() -> tuple[int, ...]:
    """Return the version of `node`, () without npm or without both."""
    if not (shutil.which("node") and shutil.which("npm")):
        return ()
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    return tuple(int(part) for part in said.stdout.strip().lstrip("v").split(".") if part.isdigit())


needs_node = pytest.mark.skipif(
    node_version() < LEAST, reason="the page is built by Node 20.19 or later"
)


def install_packages() -> Path:
    """Install the locked packages, once for each lock; return the folder of the page's sources."""
    lock = (WEB / "package-lock.json").read_bytes()
    if not _INSTALLED.exists() or _INSTALLED.read_bytes() != lock:
        run("npm", "ci", "--no-progress", "--prefer-offline", timeout_s=INSTALL_TIMEOUT_S)
        _INSTALLED.write_bytes(lock)
    return WEB


def run(*argv: str, folder: Path = WEB, timeout_s: float = 60) -> str:
    """Run a command in the page's folder; return what it printed."""
    done = subprocess.run(
        argv, cwd=folder, capture_output=True, text=True, timeout=timeout_s, check=False
    )
    assert done.returncode == 0, f"{' '.join(argv)}: {done.stdout}{done.stderr}"
    return done.stdout
