"""tinyproxy as the only way out: with a login, or for some ports alone."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.processes import LOOPBACK, find_program, free_port, running_program, wait_until

LOGIN = "firm:wort-1"


@contextlib.contextmanager
def running_proxy(folder: Path, *, login: str = "", to_port: int = 0) -> Iterator[str]:
    """Run a proxy for a `with` block; yields its URL.

    Args:
        folder: made; what it writes stands there.
        login: `NAME:PASSWORD`; "" = it asks for none.
        to_port: the only port it connects to; 0 = any.
    """
    folder.mkdir()
    port = free_port()
    lines = [f"Listen {LOOPBACK}", f"Port {port}", f"Allow {LOOPBACK}", "LogLevel Connect"]
    if login:
        name, _, password = login.partition(":")
        lines.append(f"BasicAuth {name} {password}")
    if to_port:
        lines.append(f"ConnectPort {to_port}")
    config = folder / "tinyproxy.conf"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    argv = [find_program("tinyproxy"), "-d", "-c", str(config)]
    with running_program("tinyproxy", argv, folder):
        wait_until(lambda: _listens(port), timeout_s=30, what="tinyproxy to listen")
        yield f"http://{LOOPBACK}:{port}"


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), 1):
        return True
    return False


def asked(folder: Path) -> str:
    """Return what the proxy was asked, as it logged it."""
    logs = sorted(folder.glob("*.log"))
    return "".join(log.read_text(encoding="utf-8", errors="replace") for log in logs)
