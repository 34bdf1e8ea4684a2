"""One connection of a load, in clear or in TLS, and the question that is open on it.

Law: blocking, for one thread; it is read when `select` says that something has come.
"""

from __future__ import annotations

import socket
import ssl

from rufname.load_questions import Question
from rufname.load_speech import Answer, LoadRefused, Speech

CONNECT_LIMIT_S = 5.0
WRITE_LIMIT_S = 5.0
RECEIVE_BYTES = 65_536


class LineFault(Exception):
    """The connection broke; the text says how."""


class Line:
    """One connection and the question that is open on it."""

    __slots__ = (
        "_rest", "_speech", "answers", "asked_at", "due", "idle_since", "question", "socket",
    )  # fmt: skip

    def __init__(self, peer: socket.socket, speech: Speech) -> None:
        self.socket = peer
        self._speech = speech
        self._rest = b""
        self.question: Question | None = None
        self.answers = 0
        self.due = self.asked_at = self.idle_since = 0.0

    def send(self, question: Question, due: float, now: float) -> None:
        """Send one question.

        Raises:
            LineFault: the connection is gone.
        """
        self.question, self.due, self.asked_at = question, due, now
        try:
            self.socket.sendall(self._speech.ask(question.number))
        except OSError as error:
            raise LineFault(_words(error)) from error

    @property
    def is_stale(self) -> bool:
        """Whether it may have been closed, as idle, before the question came.

        It was used before, and not one octet has been answered to this question.
        """
        return self.answers > 0 and not self._rest

    def take(self) -> Answer | None:
        """Read what has come; return the answer once it is whole.

        Raises:
            LineFault: the connection is gone.
        """
        try:
            while True:
                octets = self.socket.recv(RECEIVE_BYTES)
                if not octets:
                    raise LineFault("the server closed the connection")
                self._rest += octets
                # what TLS has already decrypted, select does not see
                if not (isinstance(self.socket, ssl.SSLSocket) and self.socket.pending()):
                    break
        except ssl.SSLWantReadError:
            return None
        except OSError as error:
            raise LineFault(_words(error)) from error
        answer, self._rest = self._speech.read(self._rest)
        return answer


def open_line(
    address: tuple[str, int], speech: Speech, context: ssl.SSLContext | None = None
) -> Line:
    """Connect, with TLS if there is a context, and greet.

    Raises:
        LoadRefused: the server cannot be reached or refuses the client.
    """
    peer: socket.socket | None = None
    try:
        peer = socket.create_connection(address, timeout=CONNECT_LIMIT_S)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            peer = context.wrap_socket(peer, server_hostname=address[0])
        _greet(peer, speech)
    except OSError as error:
        if peer is not None:
            peer.close()
        raise LoadRefused(f"{address[0]} port {address[1]}: {_words(error)}") from error
    except LoadRefused:
        if peer is not None:
            peer.close()
        raise
    peer.settimeout(WRITE_LIMIT_S)
    return Line(peer, speech)


def _greet(peer: socket.socket, speech: Speech) -> None:
    greeting = speech.greeting()
    if not greeting:
        return
    peer.sendall(greeting)
    octets = b""
    while not speech.is_greeted(octets):
        more = peer.recv(RECEIVE_BYTES)
        if not more:
            raise LoadRefused("the server closed the connection instead of answering the bind")
        octets += more


def _words(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
