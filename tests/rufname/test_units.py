"""The units of the manual, as systemd reads them."""

from __future__ import annotations

import re
import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest

MANUAL = Path(__file__).parents[2] / "docs"
PROGRAM = "/opt/rufname/bin/rufname"


def write_units(page: str, folder: Path) -> list[str]:
    """Write each unit that a page of the manual shows; return their paths."""
    text = (MANUAL / page).read_text("utf-8")
    blocks = re.split(r"^    # /etc/systemd/system/", text, flags=re.MULTILINE)
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


# How exposed systemd may hold the last unit to be, in tenths: its own mark for "OK" ends at 5.0.
@pytest.mark.parametrize(
    ("page", "names", "exposure"),
    [
        ("operation.md", ["rufname.socket", "rufname.service"], 40),
        ("relay.md", ["rufname-relay.service"], 20),
    ],
)
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")
def test_systemd_takes_the_units_of_the_manual_and_holds_them_for_protected(
    page: str, names: list[str], exposure: int, tmp_path: Path
) -> None:
    units = write_units(page, tmp_path)
    assert [Path(unit).name for unit in units] == names
    faults = analyzed("verify", *units).stderr.splitlines()
    assert [line for line in faults if "rufname" in line] == []  # not of the machine's own units
    rated = analyzed("security", "--offline=true", f"--threshold={exposure}", units[-1])
    assert rated.returncode == 0, rated.stdout[-200:]


@pytest.mark.parametrize("page", ["operation.md", "relay.md"])
def test_a_service_that_cannot_start_yet_is_tried_until_it_can_but_not_a_wrong_configuration(
    page: str, tmp_path: Path
) -> None:
    """Without a rest between them five attempts are over in seconds, and systemd gives up."""
    unit = Path(write_units(page, tmp_path)[-1]).read_text(encoding="utf-8")
    assert "\nStartLimitIntervalSec=0\n" in unit.partition("[Service]")[0]
    assert "\nRestartSec=1\nRestartPreventExitStatus=2\n" in unit.partition("[Service]")[2]
