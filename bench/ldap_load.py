"""Asks an LDAP server who has a number, or whose name begins so, and checks every answer.

On one or many connections, with one or several requests open on each.

Law: its own few lines of BER, on purpose: it shares no code with the server it judges. One process,
one thread, raw sockets and epoll, so that it costs less than any server it asks. Run as a program
(`python -m bench.ldap_load CORE`) it reads a `Load` from standard input (JSON), pins itself to a
core and prints a `LoadResult`.

Closed loop (`rate` 0): a connection asks again as soon as it has an answer; what it asks at one
moment goes out in one piece. Open loop: questions are due at fixed times, and latency counts from
the due time, so that a slow server cannot hide.

Over 400 lines: it is one program, which shares nothing with what it judges.
"""

from __future__ import annotations

import os
import select
import socket
import ssl
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache

import msgspec

from rufname.latency import percentile

TIMEOUT_S = 30.0
"""Without any answer for so long, the run ends in an error."""

_BIND_RESPONSE = 0x61
_ENTRY, _DONE = 0x64, 0x65
_SUCCESS = b"\x0a\x01\x00"
_SIZE_LIMIT_EXCEEDED = b"\x0a\x01\x04"
_SUBTREE = b"\x0a\x01\x02"
_NEVER_DEREF = b"\x0a\x01\x00"
_NO_TIME_LIMIT = b"\x02\x01\x00"
_VALUES_TOO = b"\x01\x01\x00"
_NAME = b"\x04\x0bdisplayName"
_MOST_OPEN = 64
"""Half of the message IDs that there are: there is always one that no open question has."""


class Question(msgspec.Struct, frozen=True, array_like=True):
    """A number to ask and the display name that must come; "" = no entry may come.

    With `Load.limit`, the beginning of a name, and "".
    """

    number: str
    name: str


class Load(msgspec.Struct, frozen=True):
    """What to ask, of whom, how.

    Attributes:
        port: on 127.0.0.1.
        bind: bind name; password: its password; simple bind on each connection.
        base: search base.
        attributes: the number attributes asked: one = equality, several = an OR over them.
        questions: each is asked once, in order.
        connections: how many at once.
        rate: questions a second over all connections; 0 = as fast as the server answers.
        tls: TLS from the first octet on, with whatever certificate.
        anew: each question on a connection of its own, one after the other.
        pipeline: questions open at once on each connection, 1-64.
        limit: not 0: questions are beginnings of names, `attributes` those of names; so many
            entries must come, and the word that there are more.
        returned: the attributes that are asked for; displayName must be one of them.
        names: beginning → the display names that may come, all of them different contacts' own.
    """

    port: int
    bind: str
    password: str
    base: str
    attributes: tuple[str, ...]
    questions: tuple[Question, ...]
    connections: int = 32
    rate: float = 0.0
    tls: bool = False
    anew: bool = False
    pipeline: int = 1
    limit: int = 0
    returned: tuple[str, ...] = ("displayName",)
    names: dict[str, tuple[str, ...]] = {}

    def __post_init__(self) -> None:
        """Refuse what would use a message ID twice."""
        if not 1 <= self.pipeline <= _MOST_OPEN:
            raise ValueError(f"pipeline: got {self.pipeline}, allowed: 1 to {_MOST_OPEN}")


class LoadResult(msgspec.Struct, frozen=True):
    """What came back: every answer was right, else there is no result."""

    answered: int
    seconds: float
    client_cpu_s: float
    p50_us: float
    p99_us: float
    p999_us: float
    max_us: float


class WrongAnswer(Exception):
    """The server said something else than expected, or nothing."""


def encode_tlv(tag: int, content: bytes) -> bytes:
    """Return tag, definite length and content (X.690 8.1)."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def encode_bind(bind: str, password: str) -> bytes:
    """Return a simple bind with message ID 1 (RFC 4511 4.2)."""
    body = b"\x02\x01\x03" + encode_tlv(4, bind.encode()) + encode_tlv(0x80, password.encode())
    return encode_tlv(0x30, b"\x02\x01\x01" + encode_tlv(0x60, body))


def encode_search(message_id: int, load: Load, text: str) -> bytes:
    """Return a subtree search by number or beginning of a name (RFC 4511 4.5.1); ID 1-127."""
    value = encode_tlv(4, text.encode())
    tag = 0xA3  # equalityMatch
    if load.limit:
        tag, value = 0xA4, encode_tlv(0x30, encode_tlv(0x80, text.encode()))  # substrings, initial
    terms = [encode_tlv(tag, encode_tlv(4, name.encode()) + value) for name in load.attributes]
    wanted = terms[0] if len(terms) == 1 else encode_tlv(0xA1, b"".join(terms))
    body = (
        encode_tlv(4, load.base.encode())
        + _SUBTREE
        + _NEVER_DEREF
        + bytes((2, 1, load.limit))
        + _NO_TIME_LIMIT
        + _VALUES_TOO
        + wanted
        + encode_tlv(0x30, b"".join(encode_tlv(4, name.encode()) for name in load.returned))
    )
    return encode_tlv(0x30, bytes((2, 1, message_id)) + encode_tlv(0x63, body))


def display_name(entry: bytes) -> bytes:
    """Return the value of displayName in a SearchResultEntry, as a TLV.

    Raises:
        WrongAnswer: there is none, or not just one.
    """
    at = entry.find(_NAME) + len(_NAME)
    if at < len(_NAME) or entry[at] != 0x31:  # SET OF
        raise WrongAnswer(f"an entry without displayName: {entry!r}")
    size, at = _length(entry, at + 1)
    value = entry[at : at + size]
    inner, start = _length(value, 1)
    if start + inner != size:
        raise WrongAnswer(f"not just one displayName: {entry!r}")
    return value


def _length(octets: bytes, at: int) -> tuple[int, int]:
    """Return the definite length that stands there, and where its content begins."""
    size = octets[at]
    if size < 0x80:
        return size, at + 1
    end = at + 1 + (size & 0x7F)
    return int.from_bytes(octets[at + 1 : end], "big"), end


def split_messages(octets: bytes) -> tuple[list[tuple[int, int, bytes]], bytes]:
    """Split whole LDAPMessages off: (message ID, operation tag, the message), and the rest.

    Message IDs of one octet only: this client sends no others.

    Raises:
        WrongAnswer: that is no LDAPMessage.
    """
    messages = []
    start, end = 0, len(octets)
    while end - start > 1:
        if octets[start] != 0x30:
            raise WrongAnswer(f"no LDAPMessage: {octets[start : start + 16]!r}")
        body, size = start + 2, octets[start + 1]
        if size & 0x80:
            count = size & 0x7F
            if end < body + count:
                break
            size = int.from_bytes(octets[body : body + count], "big")
            body += count
        if end < body + size:
            break
        messages.append((octets[body + 2], octets[body + 3], octets[start : body + size]))
        start = body + size
    return messages, octets[start:]


class _Open:
    """One question that is open, and what must come."""

    __slots__ = ("among", "due", "entries", "expected", "name", "result", "seen", "wanted")

    def __init__(
        self, load: Load, question: Question, due: float, among: frozenset[bytes] | None
    ) -> None:
        self.due = due
        self.entries = 0
        self.among = among
        self.seen: set[bytes] = set()
        self.name = question.number if load.limit else question.name
        self.expected = encode_tlv(4, question.name.encode()) if question.name else b""
        self.wanted = load.limit or int(bool(question.name))
        self.result = _SIZE_LIMIT_EXCEEDED if load.limit else _SUCCESS

    def take_entry(self, message: bytes) -> None:
        """Note an entry; raises `WrongAnswer` if it is none of those that may come."""
        self.entries += 1
        if self.among is not None:
            fits = message not in self.seen and display_name(message) in self.among
            self.seen.add(message)
        else:
            fits = bool(self.expected) and self.expected in message
        if not fits:
            raise WrongAnswer(f"expected {self.name!r}, got {message!r}")

    def take_result(self, message: bytes) -> None:
        """Note the end; raises `WrongAnswer` if too few or too many entries have come."""
        if self.result not in message or self.entries != self.wanted:
            raise WrongAnswer(f"{self.entries} entries for {self.name!r}, then {message!r}")


class _Connection:
    """One bound connection and the questions that are open on it."""

    __slots__ = ("among", "message_id", "open", "rest", "socket", "unsent")

    def __init__(self, peer: socket.socket, among: dict[str, frozenset[bytes]]) -> None:
        self.socket = peer
        self.among = among
        self.message_id = 1
        self.open: dict[int, _Open] = {}
        self.rest = b""
        self.unsent: list[bytes] = []

    def bind(self, load: Load) -> None:
        """Bind, and wait for the answer.

        Raises:
            WrongAnswer: the server refused.
        """
        self.socket.sendall(encode_bind(load.bind, load.password))
        (_, operation, message), *_ = split_messages(self.socket.recv(4096))[0] or [(0, 0, b"")]
        if operation != _BIND_RESPONSE or _SUCCESS not in message:
            raise WrongAnswer(f"the bind as {load.bind!r} was refused: {message!r}")

    def ask(self, load: Load, question: Question, due: float) -> None:
        """Write one question down to be sent; `due` is when it should have been.

        A server with several threads may answer one question after a hundred later ones.
        """
        self.message_id = self.message_id % 127 + 1
        while self.message_id in self.open:
            self.message_id = self.message_id % 127 + 1
        self.open[self.message_id] = _Open(load, question, due, self.among.get(question.number))
        self.unsent.append(encode_search(self.message_id, load, question.number))

    def send(self) -> None:
        """Send what is written down, in one piece."""
        self.socket.sendall(b"".join(self.unsent))
        self.unsent.clear()

    def take(self) -> list[float]:
        """Read what came; return when each question that is answered now, rightly, was due.

        Raises:
            WrongAnswer: another name, another count of entries, a result code, a closed connection.
        """
        octets = self.socket.recv(65_536)
        if not octets:
            raise WrongAnswer("the server closed the connection")
        messages, self.rest = split_messages(self.rest + octets if self.rest else octets)
        answered = []
        for message_id, operation, message in messages:
            question = self.open.get(message_id)
            if question is None:
                asked = ", ".join(map(str, self.open))
                raise WrongAnswer(f"an answer to message {message_id}, asked was {asked}")
            if operation == _ENTRY:
                question.take_entry(message)
            elif operation == _DONE:
                question.take_result(message)
                answered.append(question.due)
                del self.open[message_id]
        return answered


def run(load: Load) -> LoadResult:
    """Ask everything; return the figures.

    Raises:
        WrongAnswer: the first wrong answer ends the run.
        TimeoutError: no answer for `TIMEOUT_S`.
    """
    if load.anew:
        cpu, started = time.process_time(), time.perf_counter()
        return _result(sorted(_each_anew(load)), started, cpu)
    with ExitStack() as stack:
        sockets = [stack.enter_context(_connect(load)) for _ in range(load.connections)]
        among = _names_by_beginning(load)
        connections = [_Connection(each, among) for each in sockets]
        for connection in connections:
            connection.bind(load)
        cpu, started = time.process_time(), time.perf_counter()
        return _result(sorted(_drive(load, connections)), started, cpu)


def _result(latencies: list[float], started: float, cpu: float) -> LoadResult:
    return LoadResult(
        answered=len(latencies),
        seconds=time.perf_counter() - started,
        client_cpu_s=time.process_time() - cpu,
        p50_us=percentile(latencies, 0.5) * 1e6,
        p99_us=percentile(latencies, 0.99) * 1e6,
        p999_us=percentile(latencies, 0.999) * 1e6,
        max_us=latencies[-1] * 1e6,
    )


def _names_by_beginning(load: Load) -> dict[str, frozenset[bytes]]:
    """Return beginning → the names that may come, as they stand in an entry."""
    return {
        text: frozenset(encode_tlv(4, name.encode()) for name in names)
        for text, names in load.names.items()
    }


def _connect(load: Load) -> socket.socket:
    peer = socket.create_connection(("127.0.0.1", load.port), timeout=TIMEOUT_S)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return _trusting().wrap_socket(peer) if load.tls else peer


@cache
def _trusting() -> ssl.SSLContext:
    """Return a client's context that takes every certificate: what TLS costs is asked, no more."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _each_anew(load: Load) -> Iterator[float]:
    """Connect, bind and ask for each question; yield how long that took, in seconds."""
    among = _names_by_beginning(load)
    for question in load.questions:
        began = time.perf_counter()
        with _connect(load) as peer:
            connection = _Connection(peer, among)
            connection.bind(load)
            connection.ask(load, question, began)
            connection.send()
            while not connection.take():
                pass
        yield time.perf_counter() - began


def _drive(load: Load, connections: list[_Connection]) -> Iterator[float]:
    """Ask all questions; yield each one's latency in seconds."""
    poll = select.epoll()
    by_descriptor = {each.socket.fileno(): each for each in connections}
    for descriptor in by_descriptor:
        poll.register(descriptor, select.EPOLLIN)
    clock = time.perf_counter
    start = clock()
    idle = [each for each in connections for _ in range(load.pipeline)]
    asked = pending = 0
    total = len(load.questions)
    while asked < total or pending:
        unsent: dict[_Connection, None] = {}
        while idle and asked < total:
            due = start + asked / load.rate if load.rate else clock()
            if due > clock():
                break
            connection = idle.pop()
            connection.ask(load, load.questions[asked], due)
            unsent[connection] = None
            asked += 1
            pending += 1
        for connection in unsent:
            connection.send()
        ready = poll.poll(_patience(load, start, asked, idle=bool(idle)))
        if not ready and pending and (not load.rate or not idle or asked == total):
            raise TimeoutError(f"no answer for {TIMEOUT_S:g} s; {asked} asked, {pending} open")
        for descriptor, _ in ready:
            connection = by_descriptor[descriptor]
            for due in connection.take():
                yield clock() - due
                idle.append(connection)
                pending -= 1
    poll.close()


def _patience(load: Load, start: float, asked: int, *, idle: bool) -> float:
    """Return how long to wait for answers: until shortly before the next question is due.

    The last two milliseconds are spun, since epoll rounds its time limit up to whole ones.
    """
    if not load.rate or not idle or asked == len(load.questions):
        return TIMEOUT_S
    return max(0.0, start + asked / load.rate - time.perf_counter() - 0.002)


def main() -> None:
    """Run a `Load` from standard input on the core named by the first argument."""
    os.sched_setaffinity(0, {int(sys.argv[1])})
    load = msgspec.json.decode(sys.stdin.buffer.read(), type=Load)
    sys.stdout.buffer.write(msgspec.json.encode(run(load)))


if __name__ == "__main__":
    main()
