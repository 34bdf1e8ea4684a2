"""Asking an LDAP server as others do: OpenLDAP's `ldapsearch`, and a bare probe for readiness."""

from __future__ import annotations

import base64
import socket
import subprocess

from tests.e2e.processes import LOOPBACK, find_program

_ROOT_DSE = bytes.fromhex(
    # SearchRequest, message 1: base "", scope base, deref never, no limits, (objectClass=*), "1.1"
    "302a020101632504000a01000a0100020100020100010100870b6f626a656374436c61737330050403312e31"
)


def ldap_answers(port: int) -> bool:
    """Tell whether a server answers a search for its root DSE without a bind."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=2) as line:
            line.sendall(_ROOT_DSE)
            return line.recv(1) == b"\x30"
    except OSError:
        return False


def ldapsearch(
    port: int, bind: str, password: str, base: str, filter_text: str, *attributes: str
) -> list[dict[str, list[str]]]:
    """Search with OpenLDAP's command; fails on any result code but success."""
    argv = [*ldapsearch_command(port, bind, password, base), filter_text, *attributes]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=10, check=False)
    assert done.returncode == 0, f"{filter_text}: {done.returncode} {done.stderr}"
    return ldif_entries(done.stdout)


def ldapsearch_command(port: int, bind: str, password: str, base: str) -> list[str]:
    """Return the command with its connection, ready for a filter; it prints one line a value."""
    argv = [find_program("ldapsearch"), "-x", "-LLL", "-o", "ldif-wrap=no"]
    return [*argv, "-H", f"ldap://{LOOPBACK}:{port}", "-D", bind, "-w", password, "-b", base]


def ldif_entries(text: str) -> list[dict[str, list[str]]]:
    """Read LDIF (RFC 2849) that is not wrapped; the DN stands under `dn`."""
    entries = []
    for block in text.split("\n\n"):
        entry: dict[str, list[str]] = {}
        for line in block.strip().splitlines():
            name, _, value = line.partition(":")
            if value.startswith(":"):
                value = base64.b64decode(value[1:].strip()).decode("utf-8")
            entry.setdefault(name, []).append(value.strip())
        if entry:
            entries.append(entry)
    return entries
