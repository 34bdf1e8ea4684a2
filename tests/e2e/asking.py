"""Asking a server as others do: OpenLDAP's `ldapsearch`, plain HTTP, a probe for readiness."""

from __future__ import annotations

import base64
import http.client
import socket
import subprocess
import tempfile
from typing import NamedTuple

from tests.e2e.processes import LOOPBACK, find_program

Entry = dict[str, list[str]]
"""Attribute → values, the DN under `dn`."""

_ROOT_DSE = bytes.fromhex(
    # SearchRequest, message 1: base "", scope base, deref never, no limits, (objectClass=*), "1.1"
    "302a020101632504000a01000a0100020100020100010100870b6f626a656374436c61737330050403312e31"
)


class Asker(NamedTuple):
    """Who asks where: a port on loopback, a bind name, its password, a base."""

    port: int
    bind: str
    password: str
    base: str

    def search(self, filter_text: str, *attributes: str) -> list[Entry]:
        """Search with OpenLDAP's command; fails on any result code but success."""
        return _entries([*self._command(), filter_text, *attributes])

    def search_many(self, pattern: str, values: list[str], *attributes: str) -> list[Entry]:
        """Put each value for the %s of a filter, on one connection; entries in order of asking."""
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as asked:
            asked.writelines(f"{value}\n" for value in values)
            asked.flush()
            return _entries([*self._command(), "-f", asked.name, pattern, *attributes])

    def _command(self) -> list[str]:
        argv = [find_program("ldapsearch"), "-x", "-LLL", "-o", "ldif-wrap=no"]
        argv += ["-H", f"ldap://{LOOPBACK}:{self.port}", "-b", self.base]
        return [*argv, "-D", self.bind, "-w", self.password]


def ldap_answers(port: int) -> bool:
    """Tell whether a server answers a search for its root DSE without a bind."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=2) as line:
            line.sendall(_ROOT_DSE)
            return line.recv(1) == b"\x30"
    except OSError:
        return False


def http_get(
    port: int, path: str, user: str = "", password: str = "", *, accept: str = ""
) -> tuple[int, str]:
    """GET from loopback, with Basic authentication if there is a user.

    Returns:
        Status and body; (0, reason) if nobody answers.
    """
    headers = {"Accept": accept} if accept else {}
    if user:
        pair = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
        headers["Authorization"] = f"Basic {pair}"
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8")
    except (OSError, http.client.HTTPException) as error:
        return 0, str(error)
    finally:
        connection.close()


def _entries(argv: list[str]) -> list[Entry]:
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{argv[-2:]}: {done.returncode} {done.stderr}"
    return ldif_entries(done.stdout)


def ldif_entries(text: str) -> list[Entry]:
    """Read LDIF (RFC 2849) that is not wrapped."""
    entries = []
    for block in text.split("\n\n"):
        entry: Entry = {}
        for line in block.strip().splitlines():
            name, _, value = line.partition(":")
            if value.startswith(":"):
                value = base64.b64decode(value[1:].strip()).decode("utf-8")
            entry.setdefault(name, []).append(value.strip())
        if entry:
            entries.append(entry)
    return entries
