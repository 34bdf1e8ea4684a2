"""What several questions ask of: read and indexed once a run, then copied for each of them.

Law: who asks gets a copy, since some questions change it. What was made stands in the folder that
the environment variable `BENCH_PREPARED` names and goes with the run; without it, nothing is kept.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from bench.directory import fill
from rufname.programs import free_port
from rufname.sample import contacts
from rufname.trial import Installation, Run, install

KEPT_IN = "BENCH_PREPARED"

_first_runs: dict[Path, tuple[Installation, Run]] = {}


def directory(folder: Path, count: int) -> None:
    """Put into a folder what `bench.directory.fill` makes of so many contacts."""
    made = _kept(f"directory-{count}")
    if made is None:
        fill(folder, contacts(count))
        return
    if not made.exists():
        made.mkdir(parents=True)
        fill(made, contacts(count))
    shutil.copytree(made, folder, symlinks=True, dirs_exist_ok=True)


def installation(folder: Path, count: int) -> tuple[Installation, Run]:
    """Return an installation of so many contacts, which were read once, and what that run took."""
    made = _kept(f"installation-{count}")
    if made is None:
        alone = install(folder, count)
        return alone, alone.sync()
    if made not in _first_runs:
        first = install(made, count)
        _first_runs[made] = first, first.sync()
    first, run = _first_runs[made]
    return copy(first, folder), run


def copy(installation: Installation, folder: Path) -> Installation:
    """Copy an installation that does not serve; the copy has ports of its own."""
    shutil.copytree(installation.folder, folder, symlinks=True, dirs_exist_ok=True)
    copied = Installation(folder, free_port(), free_port())
    text = copied.config.read_text(encoding="utf-8")
    for before, after in (
        (installation.ldap_port, copied.ldap_port),
        (installation.http_port, copied.http_port),
    ):
        text = text.replace(f"127.0.0.1:{before}", f"127.0.0.1:{after}")
    copied.config.write_text(text, encoding="utf-8")
    return copied


def _kept(name: str) -> Path | None:
    folder = os.environ.get(KEPT_IN)
    return Path(folder, name) if folder else None
