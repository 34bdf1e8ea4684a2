"""Whatever a read waits for, a cancel from another thread ends it, and frees nothing under it."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ldap3
import pytest

from connectors.cancelling import Cancelling, break_wire
from connectors.errors import Cancelled
from connectors.ldapsession import LdapSession, Link
from connectors.web import WebLink, WebSession
from tests.connectors.certificates import Authority

LOOPBACK = "127.0.0.1"
SYN_SENT = 2
"""tcp_states.h: the connection was asked for, nobody has answered."""


class Waiting:
    """Counts how often it was cancelled."""

    def __init__(self) -> None:
        self.cancels = 0

    def cancel(self) -> None:
        self.cancels += 1


def test_a_cancel_reaches_all_that_is_waited_for_and_nothing_else() -> None:
    cancelling, first, second, third = Cancelling(), Waiting(), Waiting(), Waiting()
    with cancelling.reaching(first) as reached:
        assert reached is first
        with cancelling.reaching(second):
            pass
        with cancelling.reaching(third):
            cancelling.cancel()
    cancelling.cancel()
    assert (first.cancels, second.cancels, third.cancels) == (1, 0, 1)


def test_nothing_is_waited_for_once_it_was_cancelled() -> None:
    cancelling, waiting = Cancelling(), Waiting()
    cancelling.cancel()
    with pytest.raises(Cancelled), cancelling.reaching(waiting):
        raise AssertionError
    assert waiting.cancels == 0


def test_no_wire_and_a_closed_one_are_left_alone() -> None:
    break_wire(None)
    one, other = socket.socketpair()
    one.close()
    break_wire(one)
    other.close()


def test_a_broken_wire_keeps_its_tls(tmp_path: Path) -> None:
    """What is still encrypted is never taken for what was sent, nor anything sent in clear."""
    authority = Authority(tmp_path)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(*authority.server("localhost"))
    asking = ssl.create_default_context(cafile=str(authority.path))
    one, other = socket.socketpair()

    def serve() -> None:
        with serving.wrap_socket(other, server_side=True) as server:
            server.sendall(b"a" * 30_000)
            with contextlib.suppress(OSError):
                server.recv(1)

    thread = threading.Thread(target=serve)
    thread.start()
    with asking.wrap_socket(one, server_hostname="localhost") as client:
        assert client.recv(1) == b"a"
        assert select.select([client], [], [], 20)[0]
        break_wire(client)
        while rest := _received(client):
            assert set(rest) == set(b"a")
        with pytest.raises(ssl.SSLError, match="EOF"):
            client.sendall(b"secret")
    thread.join(20)
    assert not thread.is_alive()


def _received(client: ssl.SSLSocket) -> bytes:
    with contextlib.suppress(OSError):  # an end without the words of TLS
        return client.recv(4_096)
    return b""


Server = Callable[[], int]


@pytest.fixture
def mute() -> Iterator[int]:
    """A port where connections are made and nothing is ever said."""
    with socket.create_server((LOOPBACK, 0), backlog=50) as server:
        yield server.getsockname()[1]


@pytest.fixture
def deaf() -> Iterator[int]:
    """A port where no further connection is answered: its queue is full."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server((LOOPBACK, 0), backlog=0))
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)  # noqa: FBT003 - as the socket module has it
            filler.connect_ex(server.getsockname())
        yield server.getsockname()[1]


def web(port: int) -> tuple[Any, Callable[[], object], Callable[[], socket.socket | None]]:
    session = WebSession(WebLink(None, allow_plain=True, allow_link_local=False, timeout_s=60))

    def ask() -> object:
        with contextlib.closing(session):
            return session.request("GET", f"https://{LOOPBACK}:{port}/")

    return session, ask, lambda: session._connection and session._connection.sock


def directory(port: int) -> tuple[Any, Callable[[], object], Callable[[], socket.socket | None]]:
    urls = (f"ldaps://{LOOPBACK}:{port}", f"ldaps://{LOOPBACK}:{port}")
    link = Link(urls, "", None, None, "", True, False, connect_timeout_s=60, timeout_s=60)  # noqa: FBT003 - plain, no link-local
    session = LdapSession(ldap3, link)

    def ask() -> object:
        with session:
            return session.root("vendorName")

    return session, ask, lambda: session._connection and session._connection.socket


@pytest.mark.parametrize("kind", [web, directory])
def test_a_cancel_ends_the_wait_for_a_server_that_does_not_greet(kind: Any, mute: int) -> None:
    check_cancel(*kind(mute), lambda wire: isinstance(wire, ssl.SSLSocket))


@pytest.mark.parametrize("kind", [web, directory])
def test_a_cancel_ends_the_wait_for_a_server_that_is_not_there(kind: Any, deaf: int) -> None:
    check_cancel(*kind(deaf), lambda _: True)


@pytest.mark.parametrize("kind", [web, directory])
def test_what_was_cancelled_before_asks_nobody(kind: Any, mute: int) -> None:
    session, ask, _ = kind(mute)
    session.cancel()
    with pytest.raises(Cancelled):
        ask()


def check_cancel(
    session: Any,
    ask: Callable[[], object],
    wire_of: Callable[[], socket.socket | None],
    waits: Callable[[socket.socket], bool],
) -> None:
    """Cancel once the wire waits for its server: the thread that asks ends by itself."""
    ended: list[BaseException] = []

    def run() -> None:
        try:
            ask()
        except Cancelled as error:
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    deadline = time.monotonic() + 20
    while (wire := wire_of()) is None or not waits(wire) or _tcp_state(wire) not in {1, SYN_SENT}:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    session.cancel()
    thread.join(5)
    assert not thread.is_alive()
    assert len(ended) == 1


def _tcp_state(wire: socket.socket) -> int:
    try:
        return wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    except OSError:
        return 0
