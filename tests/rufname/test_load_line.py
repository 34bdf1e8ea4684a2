"""One connection, also in TLS: the driver's tests show it at work."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

import pytest

from rufname.load_line import Line, LineFault, open_line
from rufname.load_questions import Question
from rufname.load_speech import Answer, HttpSpeech, LdapSpeech, LoadRefused
from tests.connectors.certificates import Authority

QUESTION = Question("known", "+491", "Ada")


def _serve_once(
    answer: bytes, context: ssl.SSLContext | None = None
) -> tuple[int, threading.Thread]:
    """Answer one request of one connection in a thread; then close."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, listener.accept()[0] as peer:
            line = context.wrap_socket(peer, server_side=True) if context else peer
            line.recv(4096)
            if answer:
                line.sendall(answer)
            line.close()

    thread = threading.Thread(target=serve)
    thread.start()
    return listener.getsockname()[1], thread


def test_a_server_that_hangs_up_on_the_bind_is_told() -> None:
    port, thread = _serve_once(b"")
    with pytest.raises(LoadRefused, match="instead of answering the bind"):
        open_line(("127.0.0.1", port), LdapSpeech("cn=x", b"", "dc=meta", ("mobile",)))
    thread.join(20)


def _answer(line: Line) -> Answer | None:
    line.send(QUESTION, 0.0, 0.0)
    while (answer := line.take()) is None:
        pass
    return answer


def test_a_name_comes_through_tls_whose_certificate_is_checked(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.server("localhost"))
    body = "Ü" * 20_000  # more than one TLS record
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}".encode()
    port, thread = _serve_once(answer, context)
    trusted = ssl.create_default_context(cafile=authority.path)
    line = open_line(("localhost", port), HttpSpeech("x", "Basic eA=="), trusted)
    assert _answer(line) == Answer(body)
    line.socket.close()
    thread.join(20)


def test_a_certificate_of_an_unknown_authority_puts_no_load(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.server("localhost"))
    listener = socket.create_server(("127.0.0.1", 0))

    def refuse() -> None:
        with (
            listener,
            listener.accept()[0] as peer,
            pytest.raises(OSError, match=r"alert|EOF|reset"),
        ):
            context.wrap_socket(peer, server_side=True)

    thread = threading.Thread(target=refuse)
    thread.start()
    with pytest.raises(LoadRefused, match=r"certificate verify failed|CERTIFICATE_VERIFY_FAILED"):
        open_line(
            ("localhost", listener.getsockname()[1]),
            HttpSpeech("x", "Basic eA=="),
            ssl.create_default_context(),
        )
    thread.join(20)


def test_a_connection_that_breaks_says_whether_it_may_have_been_stale() -> None:
    port, thread = _serve_once(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nAda")
    line = open_line(("127.0.0.1", port), HttpSpeech("x", "Basic eA=="))
    assert not line.is_stale
    assert _answer(line) == Answer("Ada")
    line.answers += 1
    thread.join(20)
    with pytest.raises(LineFault, match=r"closed|reset|[Bb]roken"):
        _answer(line)
    assert line.is_stale
    line.socket.close()
