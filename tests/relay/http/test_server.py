"""The real server on a loopback socket, asked by a real client and by curl."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Coroutine

import httpx
import pytest
import uvloop
from litestar import Litestar

from relay.http import authentication
from relay.http import connection as connection_module
from relay.http.app import create_app
from relay.http.connection import BoundedConnection
from relay.http.server import HttpServer, serve_http
from relay.local import LocalDirectory
from tests.relay.http.asking import CLIENTS, PASSWORD, basic
from tests.relay.http.conftest import SETTINGS

ERIKA = "Erika Müller-Lüdenscheidt"
NUMBER = "+498999998123"
ANYNODE_HEAD = b"POST /v1/caller/anynode HTTP/1.1\r\nHost: a\r\n"
JOERG = (
    '{"name":"Jörg \\"Joe\\" O\\\\Neil","class":2,"number":"+493023125001",'
    '"id":"crm:2","source":"crm","runners_up":0}'
)
ANYNODE_ASKS = '{"sourceAddress": {"dialString": "00498999998123", "x": 1.0}, "y": [null]}'
ANYNODE_HEARS = (
    '{"routeContinue":true,"sourceAddress":{"dialString":"00498999998123","x":1.0,'
    f'"displayName":"{ERIKA}"}},"y":[null]}}'
)
TOO_LARGE = (
    '{"type":"urn:rufname:problem:too-large","title":"The request body is too large","status":413}'
)

Runner = Callable[[Coroutine[None, None, None]], None]


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Runner:
    """Run a coroutine on each of the two loops."""
    return request.param  # type: ignore[no-any-return]  # params are untyped


@contextlib.asynccontextmanager
async def serving(app: Litestar) -> AsyncIterator[tuple[HttpServer, int]]:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = await serve_http([listener], app)
    try:
        yield server, port
    finally:
        await server.drain(5)


async def exchange(port: int, request: bytes) -> bytes:
    """Send octets, return all that comes until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    with contextlib.suppress(ConnectionError):
        await writer.drain()
    try:
        return await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.close()


async def until(reached: Callable[[], bool]) -> None:
    """Let the loop turn until the server has come to a state that it does not announce."""
    async with asyncio.timeout(10):
        while not reached():  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0)


def get(path: str, *fields: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: a.test", *fields, "", ""]).encode()


def test_a_client_gets_names_over_one_kept_connection(app: Litestar, run: Runner) -> None:
    async def main() -> None:
        async with (
            serving(app) as (server, port),
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as ask,
        ):
            for _ in range(20):
                answer = await ask.get(f"/v1/caller/{NUMBER}", auth=("sbc", PASSWORD))
                assert (answer.status_code, answer.text) == (200, ERIKA)
                assert "Server" not in answer.headers
                assert "Date" in answer.headers
            assert server.metrics() == {"connections": 1, "requests": 20}

    run(main())


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["/v1/caller/+498999998123"], ERIKA + "|200"),
        (["/v1/caller/%2B498999998123"], ERIKA + "|200"),
        (["/v1/caller/089%2F99998-123"], ERIKA + "|200"),
        (["/v1/caller/tel:+49-89-99998-123"], ERIKA + "|200"),
        (["/v1/caller?number=+498999998123"], ERIKA + "|200"),
        (["-G", "--data-urlencode", "number=+49 (89) 99998/123", "/v1/caller"], ERIKA + "|200"),
        (["/v1/caller/+493023125999"], "|404"),
        (["-u", "sbc:wrong", "/v1/caller/+498999998123"], "|401"),
        (["-X", "POST", "/v1/caller/+498999998123"], "|405"),
        (["-X", "OPTIONS", "--request-target", "*", "/"], "|204"),
        (["-X", "OPTIONS", "/v1/caller"], "|204"),
        (["-d", ANYNODE_ASKS, "/v1/caller/anynode"], f"{ANYNODE_HEARS}|200"),
        (
            ["-d", ANYNODE_ASKS, "-H", "Transfer-Encoding: chunked", "/v1/caller/anynode"],
            f"{ANYNODE_HEARS}|200",
        ),
        (
            ["-d", ANYNODE_ASKS, "-H", "Content-Type: text/xml", "/v1/caller/anynode"],
            f"{ANYNODE_HEARS}|200",
        ),
        (["-d", "x" * 16_385, "/v1/caller/anynode"], f"{TOO_LARGE}|413"),
        (
            ["-d", "x" * 99_999, "-H", "Transfer-Encoding: chunked", "/v1/caller/anynode"],
            f"{TOO_LARGE}|413",
        ),
        (["/readyz"], '{"status":"ready"}|200'),
        (
            ["-H", "Accept: application/json", "/v1/caller/+493023125001"],
            f"{JOERG}|200",
        ),
    ],
)
def test_curl_prints_the_name_and_nothing_else(
    app: Litestar, arguments: list[str], expected: str
) -> None:
    async def main() -> None:
        async with serving(app) as (_, port):
            *options, path = arguments
            curl = await asyncio.create_subprocess_exec(
                *("curl", "-s", "--noproxy", "*", "-u", f"sbc:{PASSWORD}", "-w", "|%{http_code}"),
                *options,
                f"http://127.0.0.1:{port}{path}",
                stdout=asyncio.subprocess.PIPE,
            )
            out, _ = await curl.communicate()
            assert out.decode() == expected

    asyncio.run(main())


@pytest.mark.parametrize(
    "garbage",
    [
        b"\r\n\r\nx\r\n\r\n",
        b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /v1/caller/+49 89 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n",
        ANYNODE_HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ANYNODE_HEAD + b"Transfer-Encoding: chunked\r\n\r\nx\r\n",
        b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /" + b"9" * (BoundedConnection.max_head_bytes + 1),
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"9" * (BoundedConnection.max_head_bytes + 1),
    ],
)
def test_what_is_no_http_closes_that_connection_without_words(
    app: Litestar, run: Runner, garbage: bytes
) -> None:
    async def main() -> None:
        async with serving(app) as (_, port):
            good, writer = await asyncio.open_connection("127.0.0.1", port)
            head, _, body = (await exchange(port, garbage)).partition(b"\r\n\r\n")
            assert head.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 431 "))
            assert body == b""
            writer.write(get("/healthz"))
            assert (await good.readline()).startswith(b"HTTP/1.1 200")
            writer.close()

    run(main())


async def test_a_body_that_never_ends_is_cut(app: Litestar) -> None:
    async with serving(app) as (_, port):
        who = f"Authorization: {basic('sbc', PASSWORD)}\r\n".encode()
        chunked = ANYNODE_HEAD + who + b"Transfer-Encoding: chunked\r\n\r\n"
        for endless in (b"0\r\n" + b"X: y\r\n" * 300_000, b"0\r\nX: " + b"y" * 1_200_000):
            with contextlib.suppress(ConnectionError):
                answer = await exchange(port, chunked + endless)
                assert not answer or answer.startswith(b"HTTP/1.1 4")


async def test_requests_that_come_together_are_answered_in_turn(app: Litestar) -> None:
    async with serving(app) as (_, port):
        many = get("/healthz", "X: " + "y" * 1000) * 50 + get("/healthz", "Connection: close")
        assert (await exchange(port, many)).count(b'{"status":"live"}') == 51


@pytest.mark.parametrize(
    "path",
    ["/healthz", "/readyz", "/", "/none", f"/v1/caller/{NUMBER}", "/v1/caller/1", "/v1/sign-in"],
)
async def test_a_head_is_answered_as_a_get_without_the_body(app: Litestar, path: str) -> None:
    as_sbc = f"Authorization: {basic('sbc', PASSWORD)}"
    async with serving(app) as (_, port):
        asked = get(path, as_sbc, "Connection: close")
        whole = (await exchange(port, asked)).partition(b"\r\n\r\n")[0]
        head = await exchange(port, asked.replace(b"GET", b"HEAD", 1))
    assert head.endswith(b"\r\n\r\n")
    assert _untimed(head[:-4]) == _untimed(whole)


def _untimed(head: bytes) -> list[bytes]:
    """Return the lines of a head that are the same whenever it is asked for."""
    timed = (b"server-timing:", b"date:")
    return [line for line in head.split(b"\r\n") if not line.startswith(timed)]


async def test_who_offers_another_protocol_is_answered_in_this_one(app: Litestar) -> None:
    async with serving(app) as (_, port):
        offer = get("/healthz", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            writer.write(offer)
            async with asyncio.timeout(10):
                await reader.readuntil(b'{"status":"live"}')
        writer.close()


async def test_the_first_http_needs_no_host(app: Litestar) -> None:
    async with serving(app) as (_, port):
        answer = await exchange(port, b"GET /healthz HTTP/1.0\r\n\r\n")
        assert answer.endswith(b'{"status":"live"}')


async def test_the_first_http_is_not_told_to_go_on(app: Litestar) -> None:
    async with serving(app) as (_, port):
        head = b"POST /v1/sign-in HTTP/%s\r\nHost: a\r\nContent-Type: application/json\r\n"
        body = b"Content-Length: 2\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n{}"
        for version, status in ((b"1.0", b"400"), (b"1.1", b"100")):
            answer = await exchange(port, head % version + body)
            assert answer.startswith(b"HTTP/1.1 " + status)


async def test_empty_lines_between_requests_do_not_keep_a_connection(
    app: Litestar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "HEAD_TIMEOUT_S", 0.1)
    async with serving(app) as (server, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(get("/healthz"))
        await reader.readuntil(b'{"status":"live"}')
        writer.write(b"\r\n")
        with contextlib.suppress(ConnectionResetError):
            await asyncio.wait_for(reader.read(), 10)
        await until(lambda: server.metrics()["connections"] == 0)
        writer.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HT",
        get("/healthz", "Content-Length: 9") + b"1",
        get("/healthz") + get("/healthz") + b"GET / HT",
    ],
)
def test_who_does_not_finish_a_request_is_cut_off(
    app: Litestar, run: Runner, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(connection_module, "HEAD_TIMEOUT_S", 0.05)

    async def main() -> None:
        async with serving(app) as (server, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            with contextlib.suppress(ConnectionResetError):
                await asyncio.wait_for(reader.read(), 10)
            writer.close()
            await until(lambda: server.metrics()["connections"] == 0)

    run(main())


def test_a_finished_request_lifts_its_deadline(
    app: Litestar, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "HEAD_TIMEOUT_S", 0.5)

    async def main() -> None:
        async with (
            serving(app) as (server, port),
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as ask,
        ):
            await ask.get("/healthz")
            loop = asyncio.get_running_loop()
            after_the_deadline = loop.create_future()
            loop.call_later(0.6, after_the_deadline.set_result, None)
            await after_the_deadline
            assert server.metrics()["connections"] == 1
            await ask.get("/healthz")
            assert server.metrics() == {"connections": 1, "requests": 2}

    run(main())


def test_connections_beyond_the_bound_are_closed_and_those_before_it_served(
    app: Litestar, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedConnection, "max_connections", 2)

    async def main() -> None:
        async with serving(app) as (server, port):
            first = await asyncio.open_connection("127.0.0.1", port)
            second = await asyncio.open_connection("127.0.0.1", port)
            await until(lambda: server.metrics()["connections"] == 2)
            with contextlib.suppress(ConnectionResetError):
                assert await exchange(port, get("/healthz", "Connection: close")) == b""
            for reader, writer in (first, second):
                writer.write(get("/healthz", "Connection: close"))
                assert (await reader.read()).endswith(b'{"status":"live"}')
                writer.close()

    run(main())


def test_a_drain_ends_running_requests_and_closes_the_listener(
    local: LocalDirectory, run: Runner
) -> None:
    async def main() -> None:
        async with serving(create_app(local, lambda: CLIENTS, SETTINGS)) as (server, port):
            idle, idle_writer = await asyncio.open_connection("127.0.0.1", port)
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await until(lambda: server.metrics()["connections"] == 2)
            password = f"Authorization: {basic('sbc', PASSWORD)}"
            writer.write(get(f"/v1/caller/{NUMBER}", password))
            await until(lambda: bool(server._server.server_state.tasks))  # a password is verified
            await server.drain(5)
            assert (await reader.read()).endswith(ERIKA.encode())
            assert await idle.read() == b""
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)
            await server.drain(5)
            await server.wait_closed()
            for each in (idle_writer, writer):
                each.close()

    run(main())


def test_a_drain_answers_a_call_whose_connection_was_accepted_just_before(
    local: LocalDirectory, run: Runner
) -> None:
    async def main() -> None:
        async with serving(create_app(local, lambda: CLIENTS, SETTINGS)) as (server, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await until(lambda: server.metrics()["connections"] == 1)
            draining = asyncio.create_task(server.drain(10))
            await until(lambda: not server._server.servers[0].is_serving())
            password = f"Authorization: {basic('sbc', PASSWORD)}"
            writer.write(get(f"/v1/caller/{NUMBER}", password))
            answer = await reader.read()
            assert answer.endswith(ERIKA.encode())
            assert b"connection: close" in answer.lower()
            await draining
            writer.close()

    run(main())


def test_a_drain_cuts_what_does_not_end_in_time(
    local: LocalDirectory, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified = threading.Event()

    def slow(_stored: str, _password: bytes) -> bool:
        return verified.wait(20)

    monkeypatch.setattr(authentication, "verify_password", slow)

    async def main() -> None:
        async with serving(create_app(local, lambda: CLIENTS, SETTINGS)) as (server, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(get(f"/v1/caller/{NUMBER}", f"Authorization: {basic('sbc', PASSWORD)}"))
            await until(lambda: bool(server._server.server_state.tasks))
            async with asyncio.timeout(10):
                await server.drain(0.2)
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
            writer.close()
            verified.set()

    run(main())


def test_the_signals_stay_those_of_the_worker(app: Litestar, run: Runner) -> None:
    async def main() -> None:
        before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
        async with serving(app):
            assert {each: signal.getsignal(each) for each in before} == before

    run(main())


def test_no_number_reaches_a_log(app: Litestar, run: Runner, log: Callable[[], str]) -> None:
    async def main() -> None:
        async with serving(app) as (_, port):
            password = f"Authorization: {basic('sbc', PASSWORD)}"
            close = "Connection: close"
            for request in (
                get(f"/v1/caller/{NUMBER}", password, close),
                get("/v1/caller/+493023125999", password, close),
                get(f"/v1/caller/{NUMBER}", close),
                get(f"/v1/caller/{NUMBER} ", close),
                get(f"/{NUMBER}", close),
            ):
                await exchange(port, request)

    run(main())
    assert "99998123" not in log()
    assert "23125999" not in log()
    assert "Erika" not in log()


def test_what_the_listener_accepts_does_not_wait_for_nagle(app: Litestar) -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            server = await serve_http([listener], app)
            assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            await server.drain(5)

    asyncio.run(main())


def test_a_socket_that_cannot_be_served_is_an_error(app: Litestar, run: Runner) -> None:
    async def main() -> None:
        closed = socket.create_server(("127.0.0.1", 0))
        closed.close()
        with pytest.raises((OSError, ValueError)):
            await serve_http([closed], app)

    run(main())
