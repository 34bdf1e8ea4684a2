"""What the manual's pages about SBCs and PBXs say, read so that the tests can do exactly that."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.e2e.processes import find_program
from tests.e2e.running import ClientSpec, Rufname

CLIENTS = Path(__file__).parents[2] / "docs" / "clients"

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_ROW = re.compile(r"^\| ([^|]+) \| (.+) \|$", re.MULTILINE)


class Page:
    """One page under `docs/clients/`."""

    def __init__(self, name: str) -> None:
        self.text = (CLIENTS / f"{name}.md").read_text(encoding="utf-8")

    def blocks(self, language: str) -> list[str]:
        """Return the blocks of a language, in the order of the page."""
        return [body for kind, body in _BLOCK.findall(self.text) if kind == language]

    def rows(self, heading: str) -> dict[str, str]:
        """Return field → value of the tables below a heading, without the marks of code."""
        part = self.text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
        assert part, heading
        return {field: value.strip("`") for field, value in _ROW.findall(part)}


def here(text: str, server: Rufname, client: ClientSpec) -> str:
    """Put this server's ports and this client's password into what a page says."""
    return (
        text.replace("PASSWORD", client.password)
        .replace(":8080", f":{server.http_port}")
        .replace(":1389", f":{server.ldap_port}")
    )


def curl(*arguments: str) -> tuple[int, str]:
    """Run curl, silent and without a proxy; returns the status of HTTP and the body."""
    done = subprocess.run(
        [find_program("curl"), "-s", "--noproxy", "*", "-m", "10", "-w", "\n%{http_code}",
         *arguments],
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body
