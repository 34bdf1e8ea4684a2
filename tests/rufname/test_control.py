"""The control socket: one request, a stream of replies, and both sides notice a lost other."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from connectors.report import RunReport
from rufname import control
from rufname.control import (
    MAX_CONNECTIONS,
    MAX_LINE_BYTES,
    ControlServer,
    Done,
    Handler,
    Progress,
    Refused,
    Reply,
    Report,
    Request,
    Status,
    StatusRequest,
    SyncRequest,
    ask,
)
from rufname.errors import AccessDenied, ConnectionLost, ServerAbsent, ServerPresent

RUN = RunReport("crm", "crm", "done", 10, 5, 1, 4, 0, 0, 0, "", 0.5)
SYNC = SyncRequest("crm")

CLIENTS = 24
"""Threads that ask at once; asyncio's own pool has fewer on a small machine."""

Serving = Callable[..., contextlib.AbstractAsyncContextManager[Path]]


@pytest.fixture(autouse=True)
async def _threads() -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(CLIENTS))


@pytest.fixture
def serving(tmp_path: Path) -> Serving:
    """Return a context that serves a handler on a real socket, and stops it."""

    @contextlib.asynccontextmanager
    async def serve(handler: Handler, alive_interval_s: float = 60.0) -> AsyncIterator[Path]:
        path = tmp_path / "run" / "control.sock"
        server = ControlServer(path, handler, alive_interval_s)
        await server.start()
        try:
            yield path
        finally:
            await server.stop()
        assert not path.exists()

    return serve


async def answer(request: Request) -> AsyncGenerator[Reply, None]:
    """Answer like a writing process that has one source."""
    if isinstance(request, StatusRequest):
        yield Status(os.getpid(), "crm", ("phonelist",), {"crm": 1.5})
    elif request.source == "crm":
        yield Progress("crm", "read", 5, 10)
        yield Progress("crm", "index", 10, 10, rejected=1)
        yield Report(RUN)
    else:
        yield Refused(f"no source {request.source!r}")


async def asked(path: Path, request: Request, silence_s: float = 30.0) -> list[Reply]:
    """Ask from another thread, as another process would."""
    return await asyncio.to_thread(lambda: list(ask(path, request, silence_s)))


def raw(path: Path, data: bytes) -> bytes:
    """Send octets and read to the end."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(30.0)
        peer.connect(str(path))
        with contextlib.suppress(BrokenPipeError):  # refused before all of it was sent
            peer.sendall(data)
            peer.shutdown(socket.SHUT_WR)
        answered = b""
        with contextlib.suppress(ConnectionResetError):  # the end, where not all of it was read
            while part := peer.recv(65_536):
                answered += part
        return answered


async def test_a_sync_streams_its_progress_its_report_and_the_end(serving: Serving) -> None:
    async with serving(answer) as path:
        assert await asked(path, SYNC) == [
            Progress("crm", "read", 5, 10),
            Progress("crm", "index", 10, 10, rejected=1),
            Report(RUN),
            Done(),
        ]


async def test_status_says_what_the_process_does(serving: Serving) -> None:
    async with serving(answer) as path:
        status, end = await asked(path, StatusRequest())
        assert status == Status(os.getpid(), "crm", ("phonelist",), {"crm": 1.5})
        assert end == Done()


async def test_a_refusal_is_the_last_reply(serving: Serving) -> None:
    async with serving(answer) as path:
        assert await asked(path, SyncRequest("nope")) == [Refused("no source 'nope'")]


async def test_nothing_follows_a_refusal(serving: Serving) -> None:
    closed = asyncio.Event()

    async def handler(_request: Request) -> AsyncGenerator[Reply, None]:
        try:
            yield Refused("no")
            yield Report(RUN)
        finally:
            closed.set()

    async with serving(handler) as path:
        assert await asked(path, SYNC) == [Refused("no")]
        await asyncio.wait_for(closed.wait(), 30)


async def test_every_request_arrives_as_it_was_sent(serving: Serving) -> None:
    seen: list[Request] = []

    async def handler(request: Request) -> AsyncGenerator[Reply, None]:
        seen.append(request)
        yield Done()

    sent = [SyncRequest(), SyncRequest("Kündigung ☎", dry_run=True), StatusRequest()]
    async with serving(handler) as path:
        for request in sent:
            assert await asked(path, request) == [Done()]
    assert seen == sent


async def test_many_clients_are_answered_at_once(serving: Serving) -> None:
    there = asyncio.Barrier(8)

    async def handler(_request: Request) -> AsyncGenerator[Reply, None]:
        await asyncio.wait_for(there.wait(), 30)
        yield Report(RUN)

    async with serving(handler) as path:
        answers = await asyncio.gather(*(asked(path, SYNC) for _ in range(8)))
    assert answers == [[Report(RUN), Done()]] * 8


async def test_more_clients_than_allowed_are_refused(serving: Serving) -> None:
    go = asyncio.Event()
    waiting = asyncio.Semaphore(0)

    async def handler(_request: Request) -> AsyncGenerator[Reply, None]:
        waiting.release()
        await go.wait()
        yield Report(RUN)

    async with serving(handler) as path, asyncio.TaskGroup() as group:
        tasks = [group.create_task(asked(path, SYNC)) for _ in range(MAX_CONNECTIONS)]
        for _ in tasks:
            await asyncio.wait_for(waiting.acquire(), 30)
        assert await asked(path, SYNC) == [Refused("more than 16 requests at once")]
        go.set()
    assert all(task.result()[-1] == Done() for task in tasks)


async def test_only_the_owner_may_use_the_socket(serving: Serving) -> None:
    async with serving(answer) as path:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_without_a_socket_the_server_is_absent(tmp_path: Path) -> None:
    for path in (tmp_path / "control.sock", tmp_path / "none" / "control.sock"):
        with pytest.raises(ServerAbsent, match="nobody listens"):
            list(ask(path, SYNC))


def test_behind_a_killed_server_the_socket_is_stale(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with pytest.raises(ServerAbsent):
        list(ask(path, SYNC))


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may connect to any socket")
def test_the_socket_of_another_user_is_not_taken_for_an_absent_server(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        path.chmod(0)
        with pytest.raises(AccessDenied):
            list(ask(path, SYNC))


async def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    server = ControlServer(path, answer)
    await server.start()
    assert await asked(path, SYNC)
    await server.stop()


async def test_a_second_server_does_not_start(serving: Serving) -> None:
    async with serving(answer) as path:
        with pytest.raises(ServerPresent):
            await ControlServer(path, answer).start()
        assert await asked(path, SyncRequest("nope"))


async def test_what_is_no_socket_is_never_removed(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    path.write_text("precious")
    with pytest.raises(OSError, match="in use"):
        await ControlServer(path, answer).start()
    assert path.read_text() == "precious"


async def test_a_stopped_server_leaves_the_socket_of_its_successor(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    old, new = ControlServer(path, answer), ControlServer(path, answer)
    await old.start()
    path.unlink()
    await new.start()
    await old.stop()
    await old.stop()
    assert await asked(path, SYNC)
    await new.stop()


async def test_a_path_longer_than_a_socket_address_works(tmp_path: Path) -> None:
    path = tmp_path / ("long" * 30) / "control.sock"
    with pytest.raises(ServerAbsent):
        list(ask(path, SYNC))
    server = ControlServer(path, answer)
    await server.start()
    assert (await asked(path, SYNC))[-1] == Done()
    await server.stop()
    assert not path.exists()


async def test_a_server_that_stops_in_the_middle_is_a_lost_connection(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    begun, ended = asyncio.Event(), asyncio.Event()

    async def handler(_request: Request) -> AsyncGenerator[Reply, None]:
        try:
            yield Progress("crm", "read", 1)
            begun.set()
            await asyncio.Event().wait()
        finally:
            ended.set()

    server = ControlServer(path, handler)
    await server.start()
    client = asyncio.create_task(asked(path, SYNC))
    await asyncio.wait_for(begun.wait(), 30)
    await server.stop()
    assert ended.is_set()
    with pytest.raises(ConnectionLost, match="went away"):
        await client


def test_a_server_that_hangs_is_a_lost_connection(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as hung:
        hung.bind(str(path))
        hung.listen()
        with pytest.raises(ConnectionLost, match="no sign of life"):
            list(ask(path, SYNC, silence_s=0.05))


async def test_a_silent_handler_is_no_hanging_server(serving: Serving) -> None:
    quiet = asyncio.Event()

    async def handler(_request: Request) -> AsyncGenerator[Reply, None]:
        await quiet.wait()
        yield Report(RUN)

    async with serving(handler, alive_interval_s=0.01) as path:
        reading = await asyncio.to_thread(_first_signs_of_life, path)
        assert reading == b'{"type":"alive"}\n' * 3
        client = asyncio.create_task(asked(path, SYNC))
        asyncio.get_running_loop().call_later(0.1, quiet.set)
        assert await client == [Report(RUN), Done()]


def _first_signs_of_life(path: Path) -> bytes:
    with socket.socket(socket.AF_UNIX) as peer, contextlib.ExitStack() as stack:
        peer.settimeout(30.0)
        peer.connect(str(path))
        peer.sendall(b'{"type":"sync"}\n')
        lines = stack.enter_context(peer.makefile("rb"))
        return b"".join(lines.readline() for _ in range(3))


async def test_a_client_that_goes_away_closes_the_handler(serving: Serving) -> None:
    ended = asyncio.Event()

    async def handler(_request: Request) -> AsyncGenerator[Reply, None]:
        try:
            yield Progress("crm", "read", 1)
            await asyncio.Event().wait()
        finally:
            ended.set()

    def look_once(path: Path) -> Reply:
        replies = ask(path, SYNC)
        with contextlib.closing(replies):  # type: ignore[type-var]  # a generator has close()
            return next(replies)

    async with serving(handler, alive_interval_s=0.01) as path:
        assert await asyncio.to_thread(look_once, path) == Progress("crm", "read", 1)
        await asyncio.wait_for(ended.wait(), 30)


async def test_a_handler_that_fails_is_a_refusal_without_its_values(serving: Serving) -> None:
    async def handler(_request: Request) -> AsyncGenerator[Reply, None]:
        yield Progress("crm", "read", 1)
        raise FileNotFoundError(2, "No such file", "/home/erika")

    async with serving(handler) as path:
        assert await asked(path, SYNC) == [
            Progress("crm", "read", 1),
            Refused("the server failed: FileNotFoundError"),
        ]
        assert await asked(path, SYNC)


async def test_a_reply_longer_than_a_line_is_a_refusal(serving: Serving) -> None:
    async def handler(_request: Request) -> AsyncGenerator[Reply, None]:
        yield Refused("x" * MAX_LINE_BYTES)

    async with serving(handler) as path:
        assert await asked(path, SYNC) == [Refused("the server failed: ValueError")]


def test_a_request_longer_than_a_line_is_not_sent(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        with pytest.raises(ValueError, match="at most 65536"):
            list(ask(path, SyncRequest("x" * MAX_LINE_BYTES)))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\n", b"not a request"),
        (b"GET / HTTP/1.1\r\n\r\n", b"not a request"),
        (b'{"type":"shutdown"}\n', b"not a request"),
        (b'{"type":"sync","soruce":"crm"}\n', b"soruce"),
        (b'{"type":"sync","source":5}\n', b"source"),
        (b'{"type":"sync"' + b" " * MAX_LINE_BYTES + b"}\n", b"longer than 65536 bytes"),
        (b"x" * (3 * MAX_LINE_BYTES), b"longer than 65536 bytes"),
    ],
)
async def test_a_malformed_request_is_refused_and_the_server_goes_on(
    serving: Serving, data: bytes, reason: bytes
) -> None:
    async with serving(answer) as path:
        said = await asyncio.to_thread(raw, path, data)
        assert reason in said
        assert msgspec.json.decode(said)["type"] == "refused"
        assert (await asked(path, SYNC))[-1] == Done()


@pytest.mark.parametrize("data", [b"", b'{"type":"sync"}'])
async def test_a_client_that_ends_before_its_line_does_gets_nothing(
    serving: Serving, data: bytes
) -> None:
    async with serving(answer) as path:
        assert await asyncio.to_thread(raw, path, data) == b""
        assert (await asked(path, SYNC))[-1] == Done()


@pytest.mark.parametrize("said", [b"hello\n", b'{"type":"new"}\n', b"x" * (2 * MAX_LINE_BYTES)])
async def test_a_server_of_another_release_is_a_lost_connection(
    tmp_path: Path, said: bytes
) -> None:
    path = tmp_path / "control.sock"

    async def speak(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            writer.write(said)
            await writer.drain()
        writer.close()

    async with await asyncio.start_unix_server(speak, path):
        with pytest.raises(ConnectionLost):
            await asked(path, SYNC)


async def test_replies_cut_anywhere_come_out_whole(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    sent = b"".join(map(control._line, [Progress("crm", "read", 1), Report(RUN), Done()]))

    async def dribble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        for octet in sent:
            writer.write(bytes([octet]))
            await writer.drain()
        writer.close()

    async with await asyncio.start_unix_server(dribble, path):
        assert await asked(path, SYNC) == [Progress("crm", "read", 1), Report(RUN), Done()]


@given(st.builds(SyncRequest, st.none() | st.text(max_size=200), st.booleans()))
def test_a_request_reads_back_what_was_written(request: SyncRequest) -> None:
    line = control._line(request)
    assert line.count(b"\n") == 1
    assert control._request_of(line) == request


@given(
    st.builds(
        Progress, st.text(max_size=99), st.sampled_from(["read", "index"]), st.integers(0, 2**53)
    )
)
def test_a_reply_reads_back_what_was_written(reply: Progress) -> None:
    assert control._reply_of(control._line(reply)) == reply


def test_it_runs_on_the_event_loop_of_the_workers(tmp_path: Path) -> None:
    path = tmp_path / ("long" * 30) / "control.sock"

    async def serve_and_ask() -> list[Reply]:
        server = ControlServer(path, answer)
        await server.start()
        replies = await asked(path, SYNC)
        await server.stop()
        return replies

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(serve_and_ask())[-1] == Done()
    assert not path.exists()
