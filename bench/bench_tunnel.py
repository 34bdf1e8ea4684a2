"""What does a relay cost: a question's time, a node's CPU, the memory of who only waits?

The relay is the real `rufname relay`, alone on core 0. Its CPU is measured with a connector of the
bench that answers 4 KiB at once; the time above direct mode with the real `rufname serve` behind
it, one question after the other, the octets sealed before; and memory with one line for each of
10,000 tenants, which sign in and wait. Every answer is looked at.

Over 400 lines: the three figures are of one relay and its lines.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import resource
import struct
import threading
import time
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
from joserfc import jws
from joserfc.jwk import RSAKey
from typing_extensions import override

from bench import prepared
from bench.report import Measure
from relay.tunnel.enrolment import Enrolment
from relay.tunnel.envelope import Question, seal_question
from relay.tunnel.frames import (
    PATH,
    SUBPROTOCOL,
    Answer,
    Ask,
    Hello,
    SignIn,
    Welcome,
    decode_from_relay,
    encode,
)
from relay.tunnel.keyring import KeyRing
from relay.tunnel.keys import TenantIdentity, fingerprint
from relay.tunnel.suites import Suite
from relay.tunnel.tenants import ConnectorKey, TenantRecord
from relay.tunnel.tenantstore import SqliteRecords
from rufname.calibrating import typed_texts
from rufname.programs import cpu_s, first_core, free_port, memory, pin, running, wait_for_port
from rufname.rundir import read_status
from rufname.trial import RUFNAME

QUESTION = "a relay"
P50_GOAL_MS, P99_GOAL_MS = 3.0, 10.0
RATE_GOAL, LINE_GOAL_KIB, TENANTS = 2_000, 25.0, 10_000  # a directory holds two lines
TWO_PINGS_S = 45
"""As long every line waits, so that each was pinged twice."""

CLIENT_ID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
TEAMS = "1fec8e78-bce4-4aaf-ab1b-5451cc387264"
USER = "99999999-8888-4777-8666-555555555555"
ANSWER = b"a" * 4200
ASKERS = 8


def tenant(number: int) -> str:
    """Return the id of a made-up tenant."""
    return f"{number:08x}-1111-4111-8111-111111111111"


class Issuer(ThreadingHTTPServer):
    """Stands for Entra: its key set, and tokens of its users."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "bench", "use": "sig"})
        body = json.dumps({"keys": [self.key.as_dict(private=False)]}).encode()

        class Keys(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            @override
            def log_message(self, *_: Any) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Keys)
        self.address = f"http://127.0.0.1:{self.server_port}"

    def token(self, tid: str) -> str:
        now = int(time.time())
        claims = {
            "aud": CLIENT_ID, "iss": f"{self.address}/{tid}/v2.0", "nbf": now, "exp": now + 3600,
            "azp": TEAMS, "oid": USER, "scp": "access_as_user", "tid": tid, "ver": "2.0",
        }  # fmt: skip
        header = {"typ": "JWT", "alg": "RS256", "kid": "bench"}
        return jws.serialize_compact(header, json.dumps(claims).encode(), self.key)


class Relay(msgspec.Struct, frozen=True):
    """A running node, and the key that all made-up tenants connect with."""

    pid: int
    port: int
    url: str
    issuer: Issuer
    key: TenantIdentity


def measure(count: int, folder: Path, *, quick: bool) -> Iterator[Measure]:
    """Give the node's CPU, the time above direct mode, and the memory of idle lines."""
    tenants = 1_000 if quick else TENANTS
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    issuer = Issuer()
    thread = threading.Thread(target=issuer.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield from _rate(folder / "rate", issuer, 2_000 if quick else 10_000)
        yield from _overhead(folder / "overhead", issuer, count, 300 if quick else 3_000)
        yield from _idle(folder / "idle", issuer, tenants, 2 if quick else TWO_PINGS_S)
    finally:
        issuer.shutdown()
        thread.join()
        issuer.server_close()


@contextlib.contextmanager
def _relay(folder: Path, issuer: Issuer, records: list[TenantRecord]) -> Iterator[Relay]:
    """Run a node that knows these tenants."""
    (folder / "var").mkdir(parents=True)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    (folder / "relay.toml").write_text(
        f'url = "{url}"\nlisten = "{url}"\nclient_id = "{CLIENT_ID}"\n'
        f'authority = "{issuer.address}"\n[limits]\nuser_rate = 0\ntenant_rate = 0\n'
        "max_in_flight = 1000\ndrain_s = 0\nmax_connections = 15000\n"
    )
    key = TenantIdentity.generate()
    shared = (ConnectorKey("bench", key.public, 0),)
    every = [
        record if record.connectors else msgspec.structs.replace(record, connectors=shared)
        for record in records
    ]

    async def put() -> None:
        store = SqliteRecords(folder / "var" / "tenants.sqlite")
        for record in every:
            await store.put(record)
        await store.close()

    asyncio.run(put())
    argv = [*RUFNAME, "relay", "-c", str(folder / "relay.toml")]
    with running(argv, folder / "relay.log") as process:
        wait_for_port(port, process, folder / "relay.log")
        pin(process.pid, first_core())
        yield Relay(process.pid, port, url, issuer, key)


def _record(number: int) -> TenantRecord:
    return TenantRecord(tenant(number), b"i" * 32, "0" * 64, registered_at=1)


class Line:
    """One line of a connector without a library: a relay's peer has to cost little here."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, relay: Relay, tid: str) -> Line:
        """Dial, sign in, and be welcomed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), head
        line = cls(reader, writer)
        hello = decode_from_relay(await line.read())
        assert isinstance(hello, Hello)
        signature = Enrolment(relay.url, tid, "bench", relay.key).sign_in(hello.nonce)
        line.write(encode(SignIn(tid, "bench", signature, 64)))
        assert isinstance(decode_from_relay(await line.read()), Welcome)
        return line

    async def read(self) -> bytes:
        """Return the next message; pings are answered meanwhile (RFC 6455, 5.2)."""
        while True:
            first, length = await self._reader.readexactly(2)
            if length == 126:
                (length,) = struct.unpack(">H", await self._reader.readexactly(2))
            elif length == 127:
                (length,) = struct.unpack(">Q", await self._reader.readexactly(8))
            payload = await self._reader.readexactly(length)
            if first == 0x82:
                return payload
            assert first == 0x89, "the relay closed the line"
            self.write(payload, 0x8A)

    def write(self, payload: bytes, first: int = 0x82) -> None:
        """Send a message, masked with zeros."""
        size = len(payload)
        length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + struct.pack(">H", size)
        self._writer.write(bytes((first,)) + length + bytes(4) + payload)

    async def answer(self) -> None:
        """Answer every question with the same octets."""
        while True:
            frame = decode_from_relay(await self.read())
            if isinstance(frame, Ask):
                self.write(encode(Answer(frame.id, ANSWER)))


def _request(path: str, token: str, body: bytes, kind: str) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, octets: bytes) -> bytes:
    """Send a request; return the body of the answer, which has to be 200."""
    writer.write(octets)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
    body = await reader.readexactly(length)
    if not head.startswith(b"http/1.1 200"):
        raise RuntimeError(f"the answer was {head!r} {body!r}")
    return body


def _rate(folder: Path, issuer: Issuer, questions: int) -> Iterator[Measure]:
    """Give the questions that a CPU second of the node carries."""
    with _relay(folder, issuer, [_record(1)]) as relay:
        octets = _request(
            "/v1/rpc", issuer.token(tenant(1)), b"x" * 1100, "application/octet-stream"
        )

        async def load() -> float:
            line = await Line.open(relay, tenant(1))
            answering = asyncio.create_task(line.answer())

            async def asker(times: int) -> None:
                reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
                for _ in range(times):
                    if await _ask(reader, writer, octets) != ANSWER:
                        raise RuntimeError("another answer than the directory gave")
                writer.close()

            await asker(100)
            before = cpu_s(relay.pid)
            await asyncio.gather(*(asker(questions // ASKERS) for _ in range(ASKERS)))
            spent_s = cpu_s(relay.pid) - before
            answering.cancel()
            return questions / spent_s

        rate = asyncio.run(load())
    yield Measure(
        QUESTION, "questions a CPU second of the node", rate, "1/CPU s", "at least", RATE_GOAL
    )


def _overhead(folder: Path, issuer: Issuer, count: int, questions: int) -> Iterator[Measure]:
    """Give what the way over a relay adds to a search, against direct mode in turns."""
    installation, _ = prepared.installation(folder / "directory", count)
    tid = tenant(1)
    text = installation.config.read_text(encoding="utf-8")
    sign_in = f'tenant = "{tid}"\nclient_id = "{CLIENT_ID}"\nauthority = "{issuer.address}"\n'
    text = text.replace("[relay.limits]", f"{sign_in}[relay.limits]")
    text += (
        f'\n[tunnel]\nclient_id = "{CLIENT_ID}"\nauthority = "{issuer.address}"\nproxy = "none"\n'
        "[tunnel.limits]\nuser_rate = 0\ntenant_rate = 0\n"
    )
    installation.config.write_text(text, encoding="utf-8")
    keys = installation.folder / "var" / "keys"
    ring = KeyRing.create(keys, tid, time.time())
    own = TenantIdentity.generate()
    public = ring.identity.public
    record = TenantRecord(
        tid, public, fingerprint(public), (ConnectorKey("n", own.public, 0),), registered_at=1
    )
    with _relay(folder / "relay", issuer, [record]) as relay:
        Enrolment(relay.url, tid, "n", own).store(keys)
        with installation.serving() as serving:
            _wait_for_lines(installation.folder / "var" / "run")
            texts = typed_texts(count, 200)
            times = asyncio.run(
                _in_turns(
                    relay,
                    installation.http_port,
                    ring,
                    issuer.token(tid),
                    texts,
                    questions=questions,
                )
            )
            assert serving.pids
    direct, tunnelled = (sorted(each) for each in times)
    for name, place, goal in (("p50", 0.5, P50_GOAL_MS), ("p99", 0.99, P99_GOAL_MS)):
        ms = [each[int(len(each) * place)] * 1e3 for each in (direct, tunnelled)]
        yield Measure(QUESTION, f"direct, {name}", ms[0], "ms")
        yield Measure(QUESTION, f"above direct, {name}", ms[1] - ms[0], "ms", "at most", goal)


def _wait_for_lines(run_dir: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        status = read_status(run_dir)
        for worker in status.workers if status else ():
            if worker.name == "tunnel-0" and worker.metrics.get("lines_open"):
                return
        time.sleep(0.05)
    raise RuntimeError("no line to the relay within a minute")


async def _in_turns(
    relay: Relay, direct_port: int, ring: KeyRing, token: str, texts: list[str], *, questions: int
) -> tuple[list[float], list[float]]:
    """Ask both ways, one question after the other; return the times of each in seconds."""
    direct = await asyncio.open_connection("127.0.0.1", direct_port)
    over = await asyncio.open_connection("127.0.0.1", relay.port)
    bundle = ring.bundle(time.time()).verify(ring.tid, ring.identity.public)
    key = bundle.newest(Suite.X25519, time.time())
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(questions):
        asked = json.dumps({"text": texts[number % len(texts)], "limit": 10}).encode()
        plain = _request("/v1/people/search", token, asked, "application/json")
        began = time.perf_counter()
        body = await _ask(*direct, plain)
        times[0].append(time.perf_counter() - began)
        sealed = seal_question(Question("people.search", asked, token), ring.tid, key, time.time())
        octets = _request("/v1/rpc", token, sealed.octets, "application/octet-stream")
        began = time.perf_counter()
        answer = await _ask(*over, octets)
        times[1].append(time.perf_counter() - began)
        if sealed.open_answer(answer).answer.body != body:
            raise RuntimeError("the two ways give different answers")
    for _, writer in (direct, over):
        writer.close()
    return times


def _idle(folder: Path, issuer: Issuer, tenants: int, wait_s: int) -> Iterator[Measure]:
    """Give the memory of a line that has waited a while, with so many tenants on one node."""
    with _relay(folder, issuer, [_record(number) for number in range(tenants)]) as relay:

        async def hold() -> tuple[float, float]:
            before = memory([relay.pid]).whole
            async with _lines(relay, tenants) as lines:
                await asyncio.sleep(wait_s)
                held = memory([relay.pid]).whole
                octets = [
                    _request(
                        "/v1/rpc", issuer.token(tenant(number)), b"x", "application/octet-stream"
                    )
                    for number in (0, tenants - 1)
                ]
                reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
                took = []
                for octet in octets * 20:
                    began = time.perf_counter()
                    if await _ask(reader, writer, octet) != ANSWER:
                        raise RuntimeError("another answer than the directory gave")
                    took.append(time.perf_counter() - began)
                assert len(lines) == tenants
                return (held - before) * 1024 / tenants, median(took) * 1e3

        each_kib, answer_ms = asyncio.run(hold())
    yield Measure(QUESTION, "tenants that wait at one node", tenants, "", "at least", tenants)
    yield Measure(
        QUESTION, "memory of a line that waits", each_kib, "KiB", "at most", LINE_GOAL_KIB
    )
    yield Measure(QUESTION, "an answer among them, median", answer_ms, "ms")


@contextlib.asynccontextmanager
async def _lines(relay: Relay, tenants: int) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Hold one line for each tenant."""
    tasks = []
    for first in range(0, tenants, 100):
        opened = await asyncio.gather(
            *(
                Line.open(relay, tenant(number))
                for number in range(first, min(first + 100, tenants))
            )
        )
        tasks += [asyncio.create_task(line.answer()) for line in opened]
    try:
        yield tasks
        assert not any(task.done() for task in tasks), "a line was lost"
    finally:
        for task in tasks:
            task.cancel()
