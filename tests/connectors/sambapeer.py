"""Samba as an Active Directory domain controller, on a loopback address of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ldap3

from tests.e2e.processes import Program, find_program, running_program

ADDRESS = "127.0.0.77"
"""Its ports are fixed; the address keeps it apart. With "/8", else it finds no interface."""

BASE = "DC=contoso,DC=test"
STAFF = f"OU=Staff,{BASE}"
ADMIN = "Administrator@contoso.test"
READER = "reader@contoso.test"
PASSWORD = "bra{ces}Passw0rd!x9"
CERTIFIED_NAME = "DC1.contoso.test"


class Samba:
    """A domain controller that runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"ldaps://{ADDRESS}"
        self.ca = folder / "ad/private/tls/ca.pem"
        self.secret = folder / "password"
        self.secret.write_text(PASSWORD)
        self._stack = contextlib.ExitStack()
        self._program: Program | None = None

    def provision(self) -> None:
        options = [
            "interfaces = 127.0.0.77/8",
            "bind interfaces only = yes",
            "server services = ldap, kdc",
            "vfs objects = dfs_samba4 acl_xattr",
        ]
        self.tool(
            "domain", "provision", "--realm=CONTOSO.TEST", "--domain=CONTOSO", "--server-role=dc",
            "--dns-backend=NONE", f"--adminpass={PASSWORD}", "--host-name=dc1",
            f"--host-ip={ADDRESS}", f"--targetdir={self.folder / 'ad'}",
            *(f"--option={option}" for option in options),
        )  # fmt: skip
        configuration = f"--configfile={self.folder / 'ad/etc/smb.conf'}"
        self.tool("user", "create", "reader", PASSWORD, configuration)
        self.tool("ou", "create", STAFF, configuration)

    def tool(self, *arguments: str) -> None:
        done = subprocess.run(
            [find_program("samba-tool"), *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env=os.environ | {"PYTHONPATH": "", "PYTHONSAFEPATH": ""},
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def ensure_running(self) -> None:
        if self._program is None:
            argv = [find_program("samba"), "-i", "-M", "single", "--debug-stdout", "-s"]
            self._program = self._stack.enter_context(
                running_program("samba", [*argv, str(self.folder / "ad/etc/smb.conf")], self.folder)
            )
            self._program.wait_for(self._answers, timeout_s=60, what="Samba to answer")
        self.signal(signal.SIGCONT)

    def signal(self, number: signal.Signals) -> None:
        assert self._program is not None
        self._program.signal(number)

    def kill(self) -> None:
        if self._program is not None:
            self._program.signal(signal.SIGCONT)
            self._program.kill_all()
            self._program = None
        self._stack.close()
        self._stack = contextlib.ExitStack()

    @contextlib.contextmanager
    def admin(self) -> Iterator[Any]:
        """A connection that may write."""
        server = ldap3.Server(ADDRESS, 636, use_ssl=True, get_info=ldap3.NONE)
        connection = ldap3.Connection(
            server, ADMIN, PASSWORD, auto_bind=True, raise_exceptions=True, check_names=False
        )
        try:
            yield connection
        finally:
            connection.unbind()

    def _answers(self) -> bool:
        try:
            context = ssl.create_default_context(cafile=str(self.ca))
            with socket.create_connection((ADDRESS, 636), timeout=2) as line:
                context.wrap_socket(line, server_hostname=CERTIFIED_NAME).close()
        except OSError:
            return False
        return True


@contextlib.contextmanager
def samba(folder: Path) -> Iterator[Samba]:
    """Provision a domain controller for a `with` block."""
    peer = Samba(folder)
    try:
        peer.provision()
        yield peer
    finally:
        peer.kill()
