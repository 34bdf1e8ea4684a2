"""The directory's end of the tunnel: lines to the relay, held, renewed, and answered on.

Law: it opens no port and believes the relay nothing; whatever comes, it goes on trying. What went
wrong is told once, with what to do, and again when it changes. Questions and answers are not
logged; `relay.tunnel.answerer` makes the answers. Over 400 lines: registration, lines, questions
and drain are one life, each a part below.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from relay.errors import KeysUnusable
from relay.tunnel.bus import Question, Reply
from relay.tunnel.dialling import CannotDial, dial, line_address
from relay.tunnel.enrolment import Enrolment
from relay.tunnel.frames import (
    Ask,
    BadFrame,
    Cancel,
    Drain,
    Hello,
    Publish,
    Refuse,
    SignIn,
    ToConnector,
    Welcome,
    decode_from_relay,
    encode,
)
from relay.tunnel.keyring import KeyRing
from relay.tunnel.line import ConnectorEnd
from relay.tunnel.settings import TunnelSettings

SIGN_IN_S = 10.0
FIRST_PAUSE_S = 0.5
LAST_PAUSE_S = 60.0
"""Between two attempts: a random time up to a bound that doubles from the first to the last, so
that the directories of a relay that comes back do not all come at once."""

HEALTHY_S = 20.0
"""A line that lived so long ends the doubling."""

LOOK_S = 10.0
"""How often clock and keys are looked at: a day's key is published at its beginning, and works from
the day before."""

REGISTRATION_LOOK_S = 5.0
MAX_CLOCK_OFF_S = 60
"""Tokens are taken with so much leeway; questions with 120 s."""

OTHER_NODE_TRIES = 3
"""Attempts to hold the second line to another node; a relay of one node has none."""

SAY_AGAIN_S = 600.0
"""A fault that lasts is told again so often."""

_log = logging.getLogger(__name__)

Answers = Callable[[Question], Awaitable[Reply]]


class _Line:
    """One open line.

    Attributes:
        node: the relay's node at its other end.
        leaving: another line takes its place; it ends with its last answer.
    """

    def __init__(self, socket: ClientConnection, node: str, window: int) -> None:
        self.socket = socket
        self.node = node
        self.end = ConnectorEnd(window)
        self.tasks: dict[int, asyncio.Task[None]] = {}
        self.leaving = False


class Connector:
    """Holds the lines of one directory. Belongs to one event loop."""

    def __init__(
        self,
        keys_dir: Path,
        settings: TunnelSettings,
        answers: Callable[[Enrolment, KeyRing], Answers],
        version: str,
        now: Callable[[], float] = time.time,
        *,
        register: str = "rufname register",
    ) -> None:
        """Prepare; nothing is opened before `run`.

        Args:
            keys_dir: where registration leaves keys.
            settings: how to reach the relay.
            answers: makes what answers questions, once registration is there.
            version: of this program.
            now: seconds since the epoch.
            register: the command that registers, for whoever reads that nobody did.
        """
        self._register = register
        self._keys_dir = keys_dir
        self._settings = settings
        self._make_answers = answers
        self._version = version
        self._now = now
        self._enrolment: Enrolment | None = None
        self._ring: KeyRing | None = None
        self._answers: Answers | None = None
        self._bundle: tuple[int, bytes] = (0, b"")
        self._published = b""
        self._lines: dict[int, _Line] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stopping = asyncio.Event()
        self._woken = asyncio.Event()
        self._woke_at = -HEALTHY_S
        self._said: dict[int, tuple[str, float]] = {}
        self._relay_ahead_s: float | None = None  # the relay's clock above our monotonic one
        self._clock_off_s = 0
        self.counts: Counter[str] = Counter()
        """Since the start; no personal data."""

    async def run(self) -> None:
        """Hold lines until `drain`."""
        await self._wait_for_registration()
        self._spawn(self._look_at_clock_and_keys())
        await asyncio.gather(*(self._hold(slot) for slot in range(self._settings.lines)))

    async def drain(self, timeout_s: float) -> None:
        """Open no more lines, answer what was asked, close the lines.

        Args:
            timeout_s: how long questions may take.
        """
        self._stopping.set()
        self._woken.set()
        asked = [task for line in self._lines.values() for task in line.tasks.values()]
        if asked:
            await asyncio.wait(asked, timeout=timeout_s)
        for line in list(self._lines.values()):
            await line.socket.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def metrics(self) -> dict[str, int]:
        """Return the open lines, how far the clock is off, and counts."""
        return {
            "lines_open": sum(not line.leaving for line in self._lines.values()),
            "clock_off_s": abs(self._clock_off_s),
            **self.counts,
        }

    # registration and keys

    async def _wait_for_registration(self) -> None:
        while not self._stopping.is_set():
            try:
                self._enrolment = Enrolment.load(self._keys_dir)
                self._ring = KeyRing.load(self._keys_dir)
            except KeysUnusable as error:
                self._say(-1, str(error))
            else:
                if self._enrolment is not None and self._ring is not None:
                    if self._enrolment.tid == self._ring.tid:
                        self._take_up(self._enrolment, self._ring)
                        self._said.pop(-1, None)
                        return
                    self._say(-1, f"{self._keys_dir}: keys of two tenants: register again")
                else:
                    self._say(-1, f"this directory is not registered: run `{self._register}`")
            await self._pause(REGISTRATION_LOOK_S)

    def _take_up(self, enrolment: Enrolment, ring: KeyRing) -> None:
        """Be this registration's directory from now on."""
        self._enrolment, self._ring = enrolment, ring
        self._answers = self._make_answers(enrolment, ring)
        self._bundle = (0, b"")

    def _present(self) -> Enrolment:
        """Return the registration as it is now; other keys that came with it are taken up.

        Keys alone are not: those of a registration that still waits are no reason to stop.

        Raises:
            KeysUnusable: its files are damaged, or not all of one registration.
        """
        assert self._enrolment is not None
        assert self._ring is not None
        enrolment = Enrolment.load(self._keys_dir)
        if enrolment is None:
            return self._enrolment
        if enrolment.public != self._enrolment.public:
            ring = KeyRing.load(self._keys_dir) or self._ring
            if ring.tid != enrolment.tid:
                raise KeysUnusable(f"{self._keys_dir}: keys of two tenants: register again")
            if ring.identity.public != self._ring.identity.public:
                self._take_up(enrolment, ring)
                _log.info("registered anew, with another identity: its keys are taken up")
        return enrolment

    def _current_bundle(self) -> bytes:
        """Return the key bundle of today, made once a day."""
        assert self._ring is not None
        day = int(self._now() // 86_400)
        if self._bundle[0] != day:
            self._bundle = (day, self._ring.bundle(self._now()).encode())
        return self._bundle[1]

    async def _look_at_clock_and_keys(self) -> None:
        """Publish each day's keys; after the clock was set, begin anew on every line."""
        ahead_s = self._now() - time.monotonic()
        while True:
            await asyncio.sleep(LOOK_S)
            lines = [line for line in self._lines.values() if not line.leaving]
            if abs(self._now() - time.monotonic() - ahead_s) > MAX_CLOCK_OFF_S:
                ahead_s = self._now() - time.monotonic()
                self._relay_ahead_s = None  # the machine may have slept: the next greeting tells
                self._bundle = (0, b"")  # the last one has the time that was wrong
                _log.info("the clock was set: the lines to the relay begin anew")
                await asyncio.gather(*(line.socket.close() for line in lines))
                continue
            self._see_clock()
            with contextlib.suppress(KeysUnusable, ConnectionClosed):
                bundle = self._current_bundle()
                if bundle != self._published and lines:
                    self._published = bundle
                    await lines[0].socket.send(encode(Publish(bundle)))

    # lines

    async def _hold(self, slot: int) -> None:
        """Keep one line open: dial, answer until it ends, dial again."""
        pause_s, elsewhere = FIRST_PAUSE_S, OTHER_NODE_TRIES
        while not self._stopping.is_set():
            began, wait_s = time.monotonic(), 0.0
            try:
                line = await self._open(slot)
                if self._stopping.is_set():
                    await line.socket.close()
                    return
                if elsewhere and self._is_taken(slot, line.node):
                    elsewhere -= 1
                    await line.socket.close()
                    continue
                await self._serve(slot, line)
                continue  # the node goes down: another line at once
            except CannotDial as error:
                wait_s = error.wait_s
                self._say(slot, str(error))
            except (BadFrame, KeysUnusable) as error:
                self._say(slot, str(error))
            except ConnectionClosed as error:
                if not error.rcvd or error.rcvd_then_sent:  # else it was closed here
                    self._say(slot, _closing_words(error))
            if time.monotonic() - began >= HEALTHY_S:
                pause_s, elsewhere = FIRST_PAUSE_S, OTHER_NODE_TRIES
            await self._pause(max(wait_s, random.uniform(0, pause_s)))  # noqa: S311 - no secret
            pause_s = min(pause_s * 2, LAST_PAUSE_S)

    def _is_taken(self, slot: int, node: str) -> bool:
        """Tell whether another line is held to this node already."""
        others = (line for other, line in self._lines.items() if other != slot)
        return any(line.node == node and not line.leaving for line in others)

    async def _open(self, slot: int) -> _Line:
        """Return a line that was welcomed.

        Raises:
            CannotDial, ConnectionClosed, BadFrame, KeysUnusable: there is none now.
        """
        enrolment = self._present()
        nodes = self._settings.nodes or (enrolment.relay,)
        address = line_address(nodes[(slot + self.counts["dialled"]) % len(nodes)])
        self.counts["dialled"] += 1
        socket = await dial(address, self._settings, self._version)
        try:
            async with asyncio.timeout(SIGN_IN_S):
                welcome = await self._sign_in(socket, enrolment)
                bundle = self._current_bundle()
                if welcome.bundle_digest != hashlib.sha256(bundle).digest():
                    await socket.send(encode(Publish(bundle)))
                self._published = bundle
        except TimeoutError:
            await socket.close()
            raise CannotDial("the relay does not take the sign-in in time") from None
        except BaseException:
            socket.transport.abort()
            raise
        return _Line(socket, welcome.node, self._settings.window)

    async def _sign_in(self, socket: ClientConnection, enrolment: Enrolment) -> Welcome:
        hello = decode_from_relay(_octets(await socket.recv()))
        if not isinstance(hello, Hello):
            raise BadFrame("the relay does not begin with a greeting")
        self._relay_ahead_s = hello.now - time.monotonic()
        self._see_clock()
        signature = enrolment.sign_in(hello.nonce)
        sign_in = SignIn(
            enrolment.tid, enrolment.connector, signature, self._settings.window, self._version
        )
        await socket.send(encode(sign_in))
        welcome = decode_from_relay(_octets(await socket.recv()))
        if not isinstance(welcome, Welcome):
            raise BadFrame("the relay does not welcome after the sign-in")
        return welcome

    def _see_clock(self) -> None:
        """Compare this machine's clock with the relay's; a difference is told, not corrected."""
        if self._relay_ahead_s is None:
            return
        off_s = round(self._now() - time.monotonic() - self._relay_ahead_s)
        if abs(off_s) <= MAX_CLOCK_OFF_S:
            if self._clock_off_s:
                _log.info("the clock agrees with the relay's again")
            self._clock_off_s = 0
        elif self._clock_off_s == 0 or abs(off_s - self._clock_off_s) > MAX_CLOCK_OFF_S:
            self._clock_off_s = off_s
            _log.error(
                "this machine's clock differs from the relay's: users' sign-ins and questions are "
                "refused until it is right",
                extra={"fields": {"ahead_s": off_s}},
            )

    async def _serve(self, slot: int, line: _Line) -> None:
        """Answer on a line until it ends; return when the relay wants another in its place.

        Raises:
            ConnectionClosed, BadFrame: it ended.
        """
        self._lines[slot] = line
        began = time.monotonic()
        if not self._stopping.is_set() and began - self._woke_at >= HEALTHY_S:
            self._woke_at = began  # the relay is there: no other line waits any longer
            self._woken.set()  # but lines that end at once do not wake each other for ever
            self._woken.clear()
        self._said.pop(slot, None)
        self.counts["lines_opened"] += 1
        _log.info("line to the relay open", extra={"fields": {"line": slot, "node": line.node}})
        try:
            while True:
                frame = decode_from_relay(_octets(await line.socket.recv()))
                if isinstance(frame, Drain):
                    line.leaving = True
                    self._spawn(self._leave(slot, line))
                    return
                self._obey(line, frame)
        except BadFrame:
            await line.socket.close(4400, "a frame that may not come now")
            raise
        finally:  # questions go on: the relay may repeat them on another line
            if self._lines.get(slot) is line:
                del self._lines[slot]

    async def _leave(self, slot: int, line: _Line) -> None:
        """Go on answering on a line of a node that goes down, until another line is open."""
        _log.info("the relay's node goes down", extra={"fields": {"line": slot, "node": line.node}})
        with contextlib.suppress(ConnectionClosed, BadFrame):
            while slot not in self._lines and not self._stopping.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.1):
                        self._obey(line, decode_from_relay(_octets(await line.socket.recv())))
        if line.tasks:
            await asyncio.wait(line.tasks.values(), timeout=self._settings.deadline_s)
        await line.socket.close()

    # questions

    def _obey(self, line: _Line, frame: ToConnector) -> None:
        """Begin or give up a question."""
        if isinstance(frame, Ask):
            self._take(line, frame)
        elif isinstance(frame, Cancel):
            task = line.tasks.get(frame.id) if line.end.cancel(frame) else None
            if task is not None:
                task.cancel()
        else:
            raise BadFrame("the relay sent a frame that may not come now")

    def _take(self, line: _Line, ask: Ask) -> None:
        """Answer a question in its own time, or refuse it: the window is full."""
        if line.end.take(ask):
            task = self._spawn(self._answer(line, ask))
            line.tasks[ask.id] = task
            task.add_done_callback(lambda _task: line.tasks.pop(ask.id, None))
        else:
            self.counts["refused_busy"] += 1
            self._spawn(self._send(line, encode(Refuse(ask.id, "busy"))))

    async def _answer(self, line: _Line, ask: Ask) -> None:
        assert self._answers is not None
        try:
            async with asyncio.timeout(ask.deadline_ms / 1000):
                reply = await self._answers(Question(ask.sealed, ask.deadline_ms, ask.again))
        except TimeoutError:
            reply = Reply(refusal="too-late")
        frame = line.end.reply(ask.id, reply)
        if frame is not None:
            await self._send(line, encode(frame))

    async def _send(self, line: _Line, octets: bytes) -> None:
        with contextlib.suppress(ConnectionClosed):
            await line.socket.send(octets)

    # the rest

    def _spawn(self, job: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)

    def _say(self, slot: int, fault: str) -> None:
        """Log a fault of a line once, again when it changes, and now and then while it lasts."""
        if self._stopping.is_set():
            return
        said, at = self._said.get(slot, ("", 0.0))
        now_s = time.monotonic()
        if fault != said or now_s - at >= SAY_AGAIN_S:
            self._said[slot] = (fault, now_s)
            fields = {} if slot < 0 else {"fields": {"line": slot}}
            _log.error("no line to the relay: %s", fault, extra=fields)
        self.counts["lines_failed"] += 1


def _octets(message: str | bytes) -> bytes:
    if isinstance(message, str):
        raise BadFrame("the relay sent a text message")
    return message


def _closing_words(error: ConnectionClosed) -> str:
    """Return why a line ended, in words for the administrator."""
    frame = error.rcvd
    if frame is None:
        return "the connection to the relay was cut"
    reason = frame.reason or "no reason given"
    return f"the relay closed the line ({frame.code}): {reason}"
