"""Radicale as a CardDAV server: a folder of its own, its users in a file."""

from __future__ import annotations

import contextlib
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx

from tests.e2e.processes import LOOPBACK, Program, free_port, running_program

USER = "anna"
PASSWORD = "bra{ces}"

_CONFIG = """
[server]
hosts = {host}:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {folder}/collections
[logging]
level = warning
"""


_SERVE = """
import sys
from radicale import config, server
loaded = config.load([(sys.argv[1], False)])
loaded.update({"storage": {"_filesystem_fsync": False}}, "test", privileged=True)
server.serve(loaded)
"""
"""As its command does, but without waiting for the disk after each card."""


class Radicale:
    """A Radicale that a test may stop, kill and start again on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.root = f"http://{LOOPBACK}:{self.port}/"
        self.home = f"{self.root}{USER}/"
        (folder / "users").write_text(f"{USER}:{PASSWORD}\nbo:{PASSWORD}\n")
        text = _CONFIG.format(host=LOOPBACK, port=self.port, folder=folder)
        (folder / "config").write_text(text)
        self._client = httpx.Client(auth=(USER, PASSWORD), timeout=30, verify=False)
        self._stack = contextlib.ExitStack()
        self._program: Program | None = None

    def ensure_running(self) -> None:
        if self._program is None:
            argv = [sys.executable, "-P", "-c", _SERVE, str(self.folder / "config")]
            self._program = self._stack.enter_context(
                running_program("radicale", argv, self.folder)
            )
            self._program.wait_for(self._answers, timeout_s=30, what="Radicale to answer")
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

    def forget(self) -> None:
        """Forget all sync-tokens, as a server does with old ones."""
        for folder in self.folder.glob("collections/**/.Radicale.cache/sync-token"):
            shutil.rmtree(folder)

    def make_book(self, name: str) -> None:
        body = (
            '<d:mkcol xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"><d:set><d:prop>'
            "<d:resourcetype><d:collection/><c:addressbook/></d:resourcetype>"
            f"<d:displayname>{name}</d:displayname></d:prop></d:set></d:mkcol>"
        )
        self.ask("MKCOL", f"{name}/", body).raise_for_status()

    def put(self, path: str, card: str) -> None:
        """Write a card where Radicale keeps it, one file each: much quicker than to send it."""
        (self._storage / path).write_text(card, encoding="utf-8", newline="")

    def delete(self, path: str) -> None:
        (self._storage / path).unlink()

    @property
    def _storage(self) -> Path:
        return self.folder / "collections/collection-root" / USER

    def ask(self, method: str, path: str, body: str = "") -> httpx.Response:
        return self._client.request(
            method,
            self.home + path,
            content=body.encode(),
            headers={"Content-Type": "text/vcard" if method == "PUT" else "application/xml"},
        )

    def _answers(self) -> bool:
        try:
            self._client.get(self.root, timeout=2)
        except httpx.TransportError:
            return False
        return True


@contextlib.contextmanager
def radicale(folder: Path) -> Iterator[Radicale]:
    """Make a Radicale for a `with` block; it is started by whoever uses it."""
    peer = Radicale(folder)
    try:
        yield peer
    finally:
        peer.kill()
        peer._client.close()
