"""The units of the manual, as systemd reads them."""

from __future__ import annotations

import re
import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest

MANUAL = Path(__file__).parents[2] / "docs" / "operation.md"
PROGRAM = "/opt/rufname/bin/rufname"
EXPOSURE = 40
"""Tenths: systemd's own mark for "OK" ends at 5.0."""


def write_units(folder: Path) -> list[str]:
    """Write each unit that the manual shows; return their paths."""
    blocks = re.split(r"^    # /etc/systemd/system/", MANUAL.read_text("utf-8"), flags=re.MULTILINE)
    paths = []
    for block in blocks[1:]:
        name, _, rest = block.partition("\n")
        text = re.split(r"^(?=\S)", rest, maxsplit=1, flags=re.MULTILINE)[0]
        path = folder / name
        path.write_text(textwrap.dedent(text).replace(PROGRAM, "/bin/true"))
        paths.append(str(path))
    return paths


def analyzed(*arguments: str) -> subprocess.CompletedProcess[str]:
    argv = ["systemd-analyze", "--no-pager", *arguments]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")
def test_systemd_takes_the_units_of_the_manual_and_holds_them_for_protected(tmp_path: Path) -> None:
    units = write_units(tmp_path)
    assert [Path(unit).name for unit in units] == ["rufname.socket", "rufname.service"]
    faults = analyzed("verify", *units).stderr.splitlines()
    assert [line for line in faults if "rufname" in line] == []  # not of the machine's own units
    rated = analyzed("security", "--offline=true", f"--threshold={EXPOSURE}", units[1])
    assert rated.returncode == 0, rated.stdout[-200:]
