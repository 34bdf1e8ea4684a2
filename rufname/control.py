"""Control sockets: how commands ask the processes of a running `serve`.

Unix sockets, mode 0600: `run/control.sock` of the process that writes (`rufname sync`), and
`run/ldapd-PID.sock` or `run/relay-PID.sock` of each worker that answers (`rufname trace`). One
request a connection, then a stream of replies, each one line of JSON of at most 64 KiB; the last
one is `Done` or `Refused`.

    for reply in ask(config.control_path, SyncRequest(source="crm")):          # the command line
        ...                               # Progress, Report (one a source), then Done or Refused

    async def answer(request: Request) -> AsyncGenerator[Reply, None]:         # the server
        yield Report(run)                     # `Done` follows by itself when the generator ends

    server = ControlServer(config.control_path, answer)
    await server.start()
    ...
    await server.stop()

A client that goes away closes the generator: GeneratorExit at its `yield`, or CancelledError where
it waits. Whether the work behind it goes on is the generator's business. While it is silent the
server sends `Alive`, so that either side notices within seconds when the other one is gone.

Law: transport only; what a request does stands elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import stat
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from connectors.report import RunReport
from ldapd.traced import Following, Traced, TraceRequest
from rufname.errors import AccessDenied, ConnectionLost, ServerAbsent, ServerPresent

MAX_LINE_BYTES = 64 * 1024
MAX_CONNECTIONS = 16
"""People at terminals and a scheduler or two; more can only be a fault."""

ALIVE_INTERVAL_S = 5.0
SILENCE_LIMIT_S = 30.0
REQUEST_LIMIT_S = 10.0
WRITE_LIMIT_S = 10.0
"""A client that stops reading must not hold up the work it asked for."""

_MAX_SOCKET_PATH_BYTES = 107  # sun_path of unix(7) without its NUL

_log = logging.getLogger("rufname.control")


class SyncRequest(msgspec.Struct, frozen=True, tag="sync", forbid_unknown_fields=True):
    """Read a source now, by name; None: all of them. `dry_run`: only say what would change.

    `full`: every record, though the source can be followed by change. `release`: the number of its
    run that was held back, 0 for none. `config`: the file whose sources are meant, absolute; "" for
    the server's own.
    """

    source: str | None = None
    dry_run: bool = False
    full: bool = False
    release: int = 0
    config: str = ""


class StatusRequest(msgspec.Struct, frozen=True, tag="status", forbid_unknown_fields=True):
    """Say what the writing process does now."""


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """How far a run is: `phase` "read" counts records, "index" changes, "check" contacts.

    `total` 0 = not known.
    """

    source: str
    phase: Literal["read", "index", "check"]
    done: int
    total: int = 0
    rejected: int = 0


class Report(msgspec.Struct, frozen=True, tag="report"):
    """What came of reading one source."""

    run: RunReport


class Status(msgspec.Struct, frozen=True, tag="status"):
    """What the writing process does now.

    Attributes:
        pid: of the process.
        reading: the source that is being read, "" for none; the first one where there are two.
        waiting: sources that are read after it, in this order.
        next_reads: source → when it is due by its schedule, seconds since 1970.
        all_reading: every source that is being read.
        index_fault: why the index does not follow what was read, "" if it does.
    """

    pid: int
    reading: str = ""
    waiting: tuple[str, ...] = ()
    next_reads: dict[str, float] = {}
    all_reading: tuple[str, ...] = ()
    index_fault: str = ""


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The request was carried out; what came of each source said its `Report`."""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The request was not carried out, or not to its end; `reason` is one line for people."""

    reason: str


class Alive(msgspec.Struct, frozen=True, tag="alive"):
    """The work goes on; `ask` keeps it to itself."""


Request = SyncRequest | StatusRequest | TraceRequest
Reply = Progress | Report | Status | Traced | Following | Done | Refused
Handler = Callable[[Request], AsyncGenerator[Reply, None]]

_encode = msgspec.json.Encoder().encode
_request_of = msgspec.json.Decoder(Request).decode
_reply_of = msgspec.json.Decoder(Reply | Alive).decode


def ask(path: Path, request: Request, silence_s: float = SILENCE_LIMIT_S) -> Iterator[Reply]:
    """Ask the server and yield its replies; the last one is `Done` or `Refused`.

    Args:
        path: of the control socket.
        request: what to do.
        silence_s: the longest wait for any sign of life.

    Raises:
        ServerAbsent: nobody listens; at the first step, before anything was asked.
        AccessDenied: the socket belongs to another user; at the first step.
        ConnectionLost: the server went away, hangs, or spoke nonsense, before the last reply.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(silence_s)
        try:
            with _reachable(path) as address:
                connection.connect(address)
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
            raise ServerAbsent(f"{path}: nobody listens") from None
        except PermissionError:
            raise AccessDenied(f"{path}: belongs to another user") from None
        except OSError as error:
            raise _lost(path, error) from None
        try:
            connection.sendall(_line(request))
            for line in _lines(connection):
                reply = _reply_of(line)
                if not isinstance(reply, Alive):
                    yield reply
                if isinstance(reply, Done | Refused):
                    return
        except OSError as error:
            raise _lost(path, error) from None
        except msgspec.DecodeError:
            raise ConnectionLost(path, "spoke another protocol: is it of this release?") from None
    raise ConnectionLost(path, "the server went away in the middle of its answer")


class ControlServer:
    """Listens on the control socket and lets a handler answer, each request in its own task."""

    def __init__(
        self, path: Path, handler: Handler, alive_interval_s: float = ALIVE_INTERVAL_S
    ) -> None:
        """Prepare; nothing listens before `start`.

        Args:
            path: of the socket; its folder is made if absent (0700).
            handler: an asynchronous generator function, called for each well-formed request.
            alive_interval_s: the longest silence towards a client.
        """
        self._path = path
        self._handler = handler
        self._alive_interval_s = alive_interval_s
        self._server: asyncio.Server | None = None
        self._inode = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen; a socket file that a killed server left is replaced.

        Raises:
            ServerPresent: another server answers there.
            OSError: the socket cannot be made.
        """
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove_stale(self._path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with _reachable(self._path) as address:
                listener.bind(address)
            self._path.chmod(0o600)  # before `listen`: nobody can have connected yet
            self._inode = self._path.stat().st_ino
            listener.settimeout(0)
            self._server = await asyncio.start_unix_server(
                self._take, sock=listener, limit=MAX_LINE_BYTES
            )
        except BaseException:
            listener.close()
            raise

    async def stop(self) -> None:
        """Stop listening, close every request under way, remove the socket; may be repeated."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)
        with contextlib.suppress(FileNotFoundError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection; whatever happens to it stays with it."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._converse(reader, writer)
        except asyncio.CancelledError:
            pass  # only `stop` cancels; streams report a cancelled task as a fault
        except (_ClientGone, OSError, TimeoutError):
            _log.info("a client of the control socket went away")
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request, send its replies."""
        try:
            line = await asyncio.wait_for(reader.readline(), REQUEST_LIMIT_S)
        except ValueError:
            await _send(writer, Refused(f"a request longer than {MAX_LINE_BYTES} bytes"))
            return
        if not line.endswith(b"\n"):
            return
        try:
            request = _request_of(line)
        except msgspec.DecodeError as error:
            await _send(writer, Refused(f"not a request of this release: {error}"))
            return
        if len(self._tasks) > MAX_CONNECTIONS:
            await _send(writer, Refused(f"more than {MAX_CONNECTIONS} requests at once"))
            return
        try:
            await _send(writer, await self._stream(self._handler(request), writer))
        except _ClientGone:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a handler does, the client hears of it
            _log.exception("a request on the control socket failed")
            await _send(writer, Refused(f"the server failed: {type(error).__name__}"))

    async def _stream(
        self, replies: AsyncGenerator[Reply, None], writer: asyncio.StreamWriter
    ) -> Reply:
        """Send what the handler yields, and signs of life between; return the last reply."""
        step: asyncio.Task[Reply | None] | None = None
        try:
            while True:
                step = asyncio.create_task(_next(replies))
                while not (await asyncio.wait({step}, timeout=self._alive_interval_s))[0]:
                    await _send(writer, Alive())
                reply = step.result()
                if reply is None:
                    return Done()
                if isinstance(reply, Done | Refused):
                    return reply
                await _send(writer, reply)
        finally:
            if step is not None and not step.done():
                step.cancel()
                await asyncio.wait({step})
            await replies.aclose()


class _ClientGone(Exception):
    """The client closed the connection or does not read."""


async def _next(replies: AsyncGenerator[Reply, None]) -> Reply | None:
    """Return the handler's next reply; None at its end."""
    return await anext(replies, None)


async def _send(writer: asyncio.StreamWriter, reply: Reply | Alive) -> None:
    """Send one reply; raises `_ClientGone` where nobody reads it."""
    writer.write(_line(reply))
    try:
        await asyncio.wait_for(writer.drain(), WRITE_LIMIT_S)
    except (OSError, TimeoutError) as error:
        raise _ClientGone from error


def _line(message: Request | Reply | Alive) -> bytes:
    """Return a message as its line.

    Raises:
        ValueError: it is longer than a line may be.
    """
    line = _encode(message) + b"\n"
    if len(line) > MAX_LINE_BYTES:
        raise ValueError(f"a message of {len(line)} bytes; at most {MAX_LINE_BYTES} are allowed")
    return line


def _lines(connection: socket.socket) -> Iterator[bytes]:
    """Yield whole lines until the other side closes; a longer line is no line of ours."""
    pending = b""
    while data := connection.recv(MAX_LINE_BYTES):
        *lines, pending = (pending + data).split(b"\n")
        yield from lines
        if len(pending) > MAX_LINE_BYTES:
            raise msgspec.DecodeError("a reply without end")


def _lost(path: Path, error: OSError) -> ConnectionLost:
    if isinstance(error, TimeoutError):
        return ConnectionLost(path, "the server gives no sign of life")
    return ConnectionLost(path, error.strerror or type(error).__name__)


def _remove_stale(path: Path) -> None:
    """Remove a socket on which nobody listens; anything else at `path` is left to `bind`.

    Raises:
        ServerPresent: somebody listens.
    """
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            return
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, _reachable(path) as address:
        probe.settimeout(1.0)
        try:
            probe.connect(address)
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
        except TimeoutError:
            raise ServerPresent(f"{path}: a server that does not answer holds it") from None
        else:
            raise ServerPresent(f"{path}: another server answers there")


@contextlib.contextmanager
def _reachable(path: Path) -> Iterator[str]:
    """Yield an address for `bind` and `connect`: a long path goes through its open folder."""
    if len(os.fsencode(path)) <= _MAX_SOCKET_PATH_BYTES:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
