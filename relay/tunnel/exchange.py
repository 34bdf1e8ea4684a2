"""The relay's end of all lines of this node: who holds a line gets its tenant's questions.

Law: routes by the tenant that was verified, never by anything in a question or a frame; sealed
octets are handed on and forgotten; nothing is logged per question. `relay.http` brings the sockets,
the bus the questions, also those of other nodes. Over 400 lines: a line's sign-in, its questions
and its end share one state, which half of it in another file would have to reach into.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import msgspec

from relay.errors import (
    BundleRefused,
    DirectoryOffline,
    DirectoryTooSlow,
    Overloaded,
    RelayError,
    TryLater,
)
from relay.limits import Rate
from relay.tunnel.bus import Bus, Question, Reply
from relay.tunnel.frames import (
    NONCE_BYTES,
    BadFrame,
    Drain,
    Hello,
    Publish,
    SignIn,
    Welcome,
    decode_from_connector,
    encode,
    sign_in_octets,
)
from relay.tunnel.held import (
    BAD_FRAME,
    GOING_AWAY,
    LATE,
    NOT_REGISTERED,
    REFUSED,
    TOO_MANY_LINES,
    TRY_AGAIN_LATER,
    HeldLine,
    LineClosed,
    LineLost,
    LineRefused,
    LineSocket,
)
from relay.tunnel.keys import CONNECTOR_LABEL, KeyBundle, SignedBundle, is_signed
from relay.tunnel.tenants import OutdatedRecord, TenantRecord, TenantRecords

SIGN_IN_S = 10.0
"""A connector that has not signed in by then is closed."""

MAX_UNSIGNED = 256
"""Lines that have not signed in; more are closed at once, so that they cannot crowd others out."""

MAX_LINES_PER_TENANT = 16
"""Two lines each of eight directory nodes."""

CLOSE_S = 2.0
"""How long lines that were closed may take to end."""

TRIES = 2
"""A question whose line is lost goes once more over another line of its tenant."""

CLOCK_LEEWAY_S = 120

PUBLISH_EVERY_S, PUBLISH_BURST = 10.0, 6
"""Key bundles of one tenant: six at once, then one in ten seconds; a directory has one a day. What
comes faster, or cannot be stored, waits for so long; of several the last one counts."""

LOOKS, LOOK_AGAIN_S = 2, 10.0
"""How often it is looked whose lines have to end after a tenant's record was changed."""

_log = logging.getLogger(__name__)


class ExchangeSettings(msgspec.Struct, frozen=True):
    """What a node needs to know.

    Attributes:
        host: the relay's name, lower case, as its tenants registered at it.
        node: the name of this node.
        deadline_s: how long an asker waits for an answer.
    """

    host: str
    node: str
    deadline_s: float = 5.0


class _Tenant:
    """A tenant's lines at this node."""

    __slots__ = ("lines", "opened", "served", "serving")

    def __init__(self) -> None:
        self.lines: list[HeldLine] = []
        self.serving = asyncio.Lock()  # joining and leaving the bus, one after the other
        self.served = False
        self.opened = asyncio.Event()


class Exchange:
    """All lines of this node. Belongs to one event loop."""

    def __init__(
        self,
        bus: Bus,
        records: TenantRecords,
        settings: ExchangeSettings,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Prepare.

        Args:
            bus: brings questions for tenants whose lines are here.
            records: who is registered.
            settings: name and bounds.
            now: seconds since the epoch.
        """
        self._bus = bus
        self._records = records
        self._settings = settings
        self._now = now
        self._tenants: dict[str, _Tenant] = {}
        self._unsigned = 0
        self._sockets: set[asyncio.Task[None]] = set()
        self._checks: set[asyncio.Task[None]] = set()
        self._unpublished: dict[str, bytes] = {}
        self._publishing = Rate(1 / PUBLISH_EVERY_S, PUBLISH_BURST * PUBLISH_EVERY_S)
        self._draining = False
        self._empty = asyncio.Event()
        self.counts: Counter[str] = Counter()
        """Since the start; no personal data."""
        records.watch(self._record_changed)

    # asking

    async def ask(self, tid: str, sealed: bytes) -> Reply:
        """Return a tenant's reply to a sealed question, wherever the tenant's line is.

        Args:
            tid: the tenant that was verified to ask.
            sealed: at most `MAX_QUESTION_BYTES`.

        Raises:
            DirectoryOffline: the tenant has no line.
            DirectoryTooSlow: there was no reply in time.
            TryLater: the bus is not there now.
        """
        self.counts["asked"] += 1
        try:
            question = Question(sealed, int(self._settings.deadline_s * 1000))
            reply = await self._bus.ask(tid, question)
        except RelayError as error:
            self.counts[f"unanswered_{type(error).__name__.lower()}"] += 1
            raise
        self.counts[f"refused_{reply.refusal}" if reply.refusal else "answered"] += 1
        return reply

    async def _answer(self, tid: str, question: Question) -> Reply:
        """Answer a question that the bus brings: over the line with the most room.

        A machine that has not answered after half the time may be without power or network, which
        shows only when its pings stay without an answer: another one is asked, if there is one.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + question.deadline_ms / 1000
        refused, unable = None, ""
        try:
            async with asyncio.timeout_at(until):
                for turn in range(TRIES):
                    line = await self._line(tid, unable)
                    if line is None:
                        return refused or Reply(refusal="busy")
                    waits = turn or not self._has_other(tid, line.connector)
                    try:
                        async with asyncio.timeout_at(
                            until if waits else (loop.time() + until) / 2
                        ):
                            reply = await line.ask(question)
                    except TimeoutError:
                        if waits:
                            raise
                        unable = line.connector
                        question = _again(question, until - loop.time())
                        continue
                    except LineLost:
                        question = _again(question, until - loop.time())
                        continue
                    if reply.refusal != "unknown-key" or not self._has_other(tid, line.connector):
                        return reply
                    refused, unable = reply, line.connector
        except TimeoutError:
            raise DirectoryTooSlow from None
        if refused is not None:
            return refused
        raise DirectoryOffline

    def _has_other(self, tid: str, machine: str) -> bool:
        """Tell whether another machine of the tenant holds a line here.

        Its keys may be others: those of a machine whose clock was ahead once are ahead ever since.
        """
        tenant = self._tenants.get(tid)
        return any(line.connector != machine for line in (tenant.lines if tenant else ()))

    async def _line(self, tid: str, unable: str) -> HeldLine | None:
        """Return the line to ask over; None: all are full. Raises `DirectoryOffline`.

        Args:
            tid: the tenant.
            unable: a machine that was asked and has not the key, or no answer; "" = none.
        """
        tenant = self._tenants.get(tid)
        if tenant is None:
            raise DirectoryOffline
        if not tenant.lines:  # the first one is being welcomed
            await tenant.opened.wait()
        lines = [line for line in tenant.lines if not line.draining] or tenant.lines
        lines = [line for line in lines if line.connector != unable] or lines
        if not lines:
            raise DirectoryOffline
        line = min(lines, key=lambda each: (each.is_full, each.is_doubtful, each.load))
        return None if line.is_full else line

    # lines

    async def attend(self, socket: LineSocket) -> None:
        """Hold one line from its first frame to its end; never raises but when cancelled."""
        task = asyncio.current_task()
        assert task is not None
        self._sockets.add(task)
        code, reason = GOING_AWAY, ""
        try:
            await self._hold(socket)
        except LineClosed:
            return
        except BadFrame as error:
            self.counts["bad_frames"] += 1
            code, reason = BAD_FRAME, str(error)
        except LineRefused as error:
            code, reason = error.code, error.reason
        except TryLater as error:
            code, reason = TRY_AGAIN_LATER, error.reason
        finally:
            self._sockets.discard(task)
            if not self._sockets:
                self._empty.set()
        await _said_to_all([socket.close(code, reason)])

    async def _hold(self, socket: LineSocket) -> None:
        tid, line = await self._admit(socket)
        try:
            while True:
                frame = decode_from_connector(await line.socket.receive())
                if isinstance(frame, Publish):
                    await self._publish(tid, frame.bundle)
                else:
                    line.take(frame)
        finally:
            await self._close(tid, line)

    async def _admit(self, socket: LineSocket) -> tuple[str, HeldLine]:
        """Return a line that is open, and whose it is; no more of it is kept than that."""
        if self._draining:
            raise LineRefused(GOING_AWAY, "this node is going down")
        if self._unsigned >= MAX_UNSIGNED:
            raise LineRefused(TRY_AGAIN_LATER, "too many connectors sign in")
        self._unsigned += 1
        try:
            async with asyncio.timeout(SIGN_IN_S):
                signed, record = await self._sign_in(socket)
        except TimeoutError:
            raise LineRefused(LATE, "no sign-in in time") from None
        finally:
            self._unsigned -= 1
        key = _key_of(record, signed.connector)
        assert key is not None
        line = HeldLine(socket, signed.connector, key, signed.window)
        await self._open(signed, line, record.bundle)
        return record.tid, line

    async def _sign_in(self, socket: LineSocket) -> tuple[SignIn, TenantRecord]:
        """Return who is at the other end, once that is proven."""
        nonce = os.urandom(NONCE_BYTES)
        await socket.send(encode(Hello(nonce, int(self._now()))))
        frame = decode_from_connector(await socket.receive())
        if not isinstance(frame, SignIn):
            raise BadFrame("a frame before the sign-in")
        record = await self._records.get(frame.tid)
        key = _key_of(record, frame.connector)
        signed = sign_in_octets(self._settings.host, frame.tid, frame.connector, nonce)
        if (
            record is None
            or key is None
            or not is_signed(key, CONNECTOR_LABEL, signed, frame.signature)
        ):
            self.counts["sign_ins_refused"] += 1
            _log.warning("a connector was refused")
            raise LineRefused(
                REFUSED, "this connector is not registered here, or not under this key"
            )
        return frame, record

    async def _open(self, signed: SignIn, line: HeldLine, bundle: bytes) -> None:
        """Let questions reach a line, then welcome it."""
        tenant = self._tenants.setdefault(signed.tid, _Tenant())
        async with tenant.serving:
            if self._tenants.get(signed.tid) is tenant:
                await self._welcome(signed, tenant, line, bundle)
        if line not in tenant.lines:  # the last line left meanwhile, and the tenant with it
            await self._open(signed, line, bundle)
            return
        self.counts["lines_opened"] += 1
        _log.info(
            "line opened",
            extra={
                "fields": {
                    "tenant": signed.tid,
                    "connector": signed.connector,
                    "version": signed.version,
                    "lines": len(tenant.lines),
                }
            },
        )

    async def _welcome(
        self, signed: SignIn, tenant: _Tenant, line: HeldLine, bundle: bytes
    ) -> None:
        if len(tenant.lines) >= MAX_LINES_PER_TENANT:
            raise LineRefused(TOO_MANY_LINES, f"{MAX_LINES_PER_TENANT} lines are open already")
        try:
            if not tenant.served:
                tenant.opened.clear()
                await self._bus.serve(signed.tid, lambda asked: self._answer(signed.tid, asked))
                tenant.served = True
            digest = hashlib.sha256(bundle).digest() if bundle else b""
            await line.socket.send(encode(Welcome(self._settings.node, digest)))
        except BaseException:
            await self._leave_if_unused(signed.tid, tenant)
            raise
        tenant.lines.append(line)
        tenant.opened.set()

    async def _close(self, tid: str, line: HeldLine) -> None:
        """Take a line out; its questions go over another one, or end."""
        tenant = self._tenants[tid]
        tenant.lines.remove(line)
        line.lose()
        self.counts["lines_closed"] += 1
        async with tenant.serving:
            await self._leave_if_unused(tid, tenant)

    async def _leave_if_unused(self, tid: str, tenant: _Tenant) -> None:
        if not tenant.lines:
            tenant.opened.set()  # who waits for the first line learns that there is none
            await asyncio.shield(self._bus.leave(tid))
            tenant.served = False
            if self._tenants.get(tid) is tenant:
                del self._tenants[tid]

    # keys

    async def _publish(self, tid: str, octets: bytes) -> None:
        """Take a tenant's new key bundle, later if it cannot be taken now.

        The one that is published opens for a day more: no line ends because of that.

        Raises `LineRefused` for one that is not the tenant's.
        """
        try:
            self._publishing.take(tid, time.monotonic())
            await self._store(tid, octets)
        except TryLater:
            if tid not in self._unpublished:
                self._watch_over(self._publish_later(tid))
            self._unpublished[tid] = octets

    async def _publish_later(self, tid: str) -> None:
        """Store a tenant's last bundle once that is possible; without a line it comes again."""
        while tid in self._tenants:
            await asyncio.sleep(PUBLISH_EVERY_S)
            octets = self._unpublished[tid]
            try:
                await self._store(tid, octets)
            except TryLater:
                continue
            except LineRefused as error:
                fields = {"tenant": tid, "reason": error.reason}
                _log.warning("keys were not taken", extra={"fields": fields})
            if self._unpublished[tid] is octets:
                break
        del self._unpublished[tid]

    async def _store(self, tid: str, octets: bytes) -> None:
        """Store a tenant's key bundle; one that is older than the published one changes nothing.

        Raises:
            LineRefused: it is not the tenant's.
            TryLater: the records cannot be read or written now.
        """
        for _ in range(3):
            record = await self._records.get(tid)
            if record is None:
                raise LineRefused(NOT_REGISTERED, "the tenant is not registered any more")
            try:
                fresh = SignedBundle.decode(octets).verify(tid, record.identity)
            except BundleRefused as error:
                raise LineRefused(REFUSED, str(error)) from None
            if fresh.issued > self._now() + CLOCK_LEEWAY_S:
                _log.warning("keys dated ahead were not taken", extra={"fields": {"tenant": tid}})
                return
            if fresh.issued <= _issued(record, tid):
                return
            with contextlib.suppress(OutdatedRecord):
                await self._records.put(msgspec.structs.replace(record, bundle=octets))
                self.counts["bundles_published"] += 1
                return
        raise Overloaded("the tenant's record changes all the time")

    # changes and the end

    def _record_changed(self, tid: str) -> None:
        if tid in self._tenants:
            self._watch_over(self._check_lines(tid))

    def _watch_over(self, job: Coroutine[Any, Any, None]) -> None:
        """Run something beside the lines, to the end of the node at most."""
        task = asyncio.get_running_loop().create_task(job)
        self._checks.add(task)
        task.add_done_callback(self._checks.discard)

    async def _check_lines(self, tid: str) -> None:
        """Close the lines whose key is not the tenant's any more.

        What cannot be read now is read later; and what was read once more, since a replica of the
        records may lag behind the news.
        """
        looks = LOOKS
        while looks and tid in self._tenants:
            with contextlib.suppress(TryLater):
                record = await self._records.get_now(tid)
                looks -= 1
                await self._close_gone(tid, record)
            if looks:
                await asyncio.sleep(LOOK_AGAIN_S)

    async def _close_gone(self, tid: str, record: TenantRecord | None) -> None:
        tenant = self._tenants.get(tid)
        gone = [
            line
            for line in (tenant.lines if tenant else ())
            if _key_of(record, line.connector) != line.public
        ]
        for _ in gone:
            _log.info("line closed: its key is gone", extra={"fields": {"tenant": tid}})
        reason = "this connector is not registered any more"
        await _said_to_all([line.socket.close(NOT_REGISTERED, reason) for line in gone])

    async def drain(self, timeout_s: float) -> None:
        """Ask every connector to go elsewhere, answer what is in flight, close every line.

        Args:
            timeout_s: how long connectors may take; after it their lines are closed.
        """
        self._draining = True
        lines = [line for tenant in self._tenants.values() for line in tenant.lines]
        for line in lines:
            line.draining = True
        until = time.monotonic() + timeout_s
        await _said_to_all([line.socket.send(encode(Drain())) for line in lines])
        await self._wait_empty(max(0.0, until - time.monotonic()))
        rest = [line for tenant in self._tenants.values() for line in tenant.lines]
        await _said_to_all(
            [line.socket.close(GOING_AWAY, "this node is going down") for line in rest]
        )
        await self._wait_empty(CLOSE_S)
        for task in (*self._sockets, *self._checks):
            task.cancel()

    async def _wait_empty(self, timeout_s: float) -> None:
        if self._sockets:
            self._empty.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), timeout_s)

    def metrics(self) -> dict[str, int]:
        """Return what is open now, and what was counted."""
        lines = [line for tenant in self._tenants.values() for line in tenant.lines]
        return {
            "tenants": len(self._tenants),
            "lines": len(lines),
            "questions_in_flight": sum(line.load for line in lines),
            **self.counts,
        }


async def _said_to_all(words: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Say something on many lines; one whose peer does not read makes nobody wait for long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_S):
            await asyncio.gather(*words, return_exceptions=True)


def _key_of(record: TenantRecord | None, connector: str) -> bytes | None:
    """Return the public key under which a connector is registered."""
    key = record.connector(connector) if record is not None else None
    return None if key is None else key.public


def _issued(record: TenantRecord, tid: str) -> int:
    """Return when the published bundle was made, 0 without one."""
    if not record.bundle:
        return 0
    try:
        bundle: KeyBundle = SignedBundle.decode(record.bundle).verify(tid, record.identity)
    except BundleRefused:  # of an identity that was replaced
        return 0
    return bundle.issued


def _again(question: Question, left_s: float) -> Question:
    """Return a question that is asked over another line, with the time that is left."""
    return Question(question.sealed, max(int(left_s * 1000), 1), again=True)
