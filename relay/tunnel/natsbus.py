"""The bus of a relay of several nodes: core NATS, one queue group for each tenant.

Law: sealed octets go through NATS and stay nowhere: before its first question a node asks whether
its account can store anything (JetStream), and uses no NATS that can. All is below `rufname.`:

    rufname.ask.TID      a question, to one of the nodes that hold a line of the tenant
    rufname.re.NODE.N    the reply to the asking node's question N, or a sign of work
    rufname.stop.NODE    nobody waits for this reply any more

A tenant whose line this very node holds is asked without NATS. A node that works on a question for
long gives a sign of it; one that is silent for longer is taken for dead, and the question goes out
once more, marked as a repetition. So a slow directory is waited for until the deadline, and a dead
node costs less than half a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from typing import Annotated

import msgspec
import nats.errors
import nats.js.errors
from msgspec import Meta
from nats.aio.client import Client
from nats.aio.msg import Msg
from typing_extensions import override

from relay.directory import Readiness
from relay.errors import BusUnavailable, DirectoryOffline, DirectoryTooSlow, TryLater
from relay.tunnel.bus import Bus, Handler, Question, Reply
from relay.tunnel.frames import Refusal
from relay.tunnel.natslink import Interest, NatsLink, NatsSettings, Unfit, end_task

SILENCE_S = 0.4
"""A node that neither replies nor shows work for so long does not have the question."""

SIGN_S = 0.15
"""How often a node that works on a question says so; most are answered before the first time."""

NOBODY_PAUSE_S = 0.25
"""Before it is believed that nobody serves a tenant: a node whose NATS server died needs some tens
of milliseconds to serve it again elsewhere."""

LINK_S = 1.0
"""How long a question waits for a connection to NATS."""

TRIES = 2

ELSEWHERE: tuple[Refusal | None, ...] = ("busy", "offline")
"""Refusals of a node, not of the directory: another node may do better."""

NO_JETSTREAM = (None, 10039, 10076)
"""Nobody answers for JetStream; it is not enabled for the account; nor for the server
(nats-server, `server/errors.json`). Another 503 only says that it has no leader now."""

QUEUE = "lines"

_log = logging.getLogger(__name__)


class _Sign(msgspec.Struct, frozen=True, array_like=True, tag="sign"):
    """A node works on a question; `stop` is where to tell that nobody waits any more."""

    stop: Annotated[str, Meta(max_length=128)]


class _Done(msgspec.Struct, frozen=True, array_like=True, tag="done"):
    reply: Reply


class _Nobody(msgspec.Struct, frozen=True, array_like=True, tag="nobody"):
    """The node lost the tenant's line, or gave the question up."""


class _Late(msgspec.Struct, frozen=True, array_like=True, tag="late"):
    """The directory did not answer within the deadline."""


_Said = _Sign | _Done | _Nobody | _Late

_encode = msgspec.msgpack.Encoder().encode
_read_question = msgspec.msgpack.Decoder(Question).decode
_read_said = msgspec.msgpack.Decoder(_Said).decode


class _Waiting:
    """A question that this node asked: what is said of it, newest last; None: the link broke."""

    def __init__(self) -> None:
        self.said: asyncio.Queue[_Said | None] = asyncio.Queue()
        self.stop = ""


class _Again(Exception):
    """A question got no reply of a directory, and may be asked once more.

    Attributes:
        outcome: what to return or raise if it is not.
        counts: whether it was a try: the loss of our own connection is none.
        pause_s: to wait before.
    """

    def __init__(
        self, outcome: Reply | Exception, *, counts: bool = True, pause_s: float = 0.0
    ) -> None:
        super().__init__()
        self.outcome = outcome
        self.counts = counts
        self.pause_s = pause_s


class NatsBus(Bus):
    """Joins the nodes of a relay; see `Bus`."""

    def __init__(self, settings: NatsSettings, node: str) -> None:
        """Connect to nothing yet.

        Args:
            settings: where NATS is.
            node: the name of this node, for NATS's own monitoring.
        """
        self._id = secrets.token_hex(12)
        self._link = NatsLink(
            settings, f"rufname relay {node}", accept=self._prove, on_loss=self._lost
        )
        self._handlers: dict[str, Handler] = {}
        self._served: dict[str, Interest] = {}
        self._asked: dict[str, _Waiting] = {}
        self._answering: dict[str, asyncio.Task[None]] = {}
        self._signing: asyncio.Task[None] | None = None
        self._last = 0
        self._proven = False
        self.repeated = 0
        """Questions that went out once more."""

    async def open(self, wait_s: float) -> None:
        """Connect; without NATS it goes on trying, and `ready` says so.

        Args:
            wait_s: how long to wait for the first connection.
        """
        await self._link.listen(f"rufname.re.{self._id}.*", self._hear)
        await self._link.listen(f"rufname.stop.{self._id}", self._stop)
        self._link.start()
        self._signing = asyncio.create_task(self._show_work(), name="signs of work")
        with contextlib.suppress(BusUnavailable):
            await self._link.connected(wait_s)

    @override
    async def serve(self, tid: str, handler: Handler) -> None:
        await self._link.connected(LINK_S)
        self._handlers[tid] = handler
        if tid not in self._served:
            self._served[tid] = await self._link.listen(f"rufname.ask.{tid}", self._take, QUEUE)
        try:
            await self._link.barrier()
        except BusUnavailable:
            await self.leave(tid)
            raise

    @override
    async def leave(self, tid: str) -> None:
        interest = self._served.pop(tid, None)
        if interest is not None:
            await self._link.forget(interest)
        self._handlers.pop(tid, None)

    @override
    async def ask(self, tid: str, question: Question) -> Reply:
        try:
            ends_s = asyncio.get_running_loop().time() + question.deadline_ms / 1000
            async with asyncio.timeout_at(ends_s):
                return await self._ask(tid, question, ends_s)
        except TimeoutError:
            raise DirectoryTooSlow from None

    @override
    def ready(self) -> Readiness:
        if self._link.is_up:
            return Readiness(ready=True)
        return Readiness(ready=False, reason=self._link.fault or "no connection to NATS")

    @override
    async def close(self) -> None:
        tasks = list(self._answering.values())
        if self._signing is not None:
            tasks.append(self._signing)
        await asyncio.gather(*map(end_task, tasks))
        await self._link.close()
        self._lost()

    async def _ask(self, tid: str, question: Question, ends_s: float) -> Reply:
        """Ask this node if it serves the tenant, then others; `ends_s` is in the loop's time."""
        own = self._handlers.get(tid)
        if own is not None:
            with contextlib.suppress(DirectoryOffline):
                reply = await own(question)
                if reply.refusal not in ELSEWHERE:
                    return reply
            question = msgspec.structs.replace(question, again=True)
        tries = 0
        while True:
            left_ms = int((ends_s - asyncio.get_running_loop().time()) * 1000)
            question = msgspec.structs.replace(question, deadline_ms=max(1, left_ms))
            try:
                return await self._try(tid, question)
            except _Again as again:
                tries += again.counts
                if tries == TRIES:
                    if isinstance(again.outcome, Reply):
                        return again.outcome
                    raise again.outcome from None
                await asyncio.sleep(again.pause_s)
            question = msgspec.structs.replace(question, again=True)
            self.repeated += 1

    async def _try(self, tid: str, question: Question) -> Reply:
        """Send a question out and wait for what is said of it.

        Raises:
            DirectoryTooSlow: its node says that the directory is too slow.
            BusUnavailable: there is no connection to NATS.
            _Again: ask once more.
        """
        self._last += 1
        number = str(self._last)
        waiting = self._asked[number] = _Waiting()
        try:
            await self._link.publish(
                f"rufname.ask.{tid}",
                _encode(question),
                f"rufname.re.{self._id}.{number}",
                LINK_S,
            )
            return await _await_reply(waiting)
        except asyncio.CancelledError:
            if waiting.stop:
                await self._tell_to_stop(waiting.stop, number)
            raise
        finally:
            del self._asked[number]

    async def _tell_to_stop(self, subject: str, number: str) -> None:
        with contextlib.suppress(BusUnavailable):  # then its deadline ends it
            await self._link.publish(subject, f"{self._id}.{number}".encode(), "", timeout_s=0)

    async def _hear(self, message: Msg) -> None:
        """Hand what is said of a question to who waits for it; a late word is dropped."""
        waiting = self._asked.get(message.subject.rpartition(".")[2])
        if waiting is None:
            return
        if message.headers and message.headers.get("Status") == "503":
            waiting.said.put_nowait(_Nobody())
            return
        try:
            waiting.said.put_nowait(_read_said(message.data))
        except msgspec.DecodeError:
            _log.error("a node of the relay replies what cannot be read: is it of this version?")

    async def _take(self, message: Msg) -> None:
        """Begin to answer a question."""
        try:
            question = _read_question(message.data)
        except msgspec.DecodeError:
            _log.error("a node of the relay asks what cannot be read: is it of this version?")
            return
        handler = self._handlers.get(message.subject.rpartition(".")[2])
        to = message.reply
        task = asyncio.create_task(self._answer(handler, question, to))
        self._answering[to] = task
        task.add_done_callback(lambda _: self._answering.pop(to, None))

    async def _answer(self, handler: Handler | None, question: Question, to: str) -> None:
        said = await _work(handler, question)
        with contextlib.suppress(BusUnavailable):  # the asker asks anew
            await self._link.publish(to, _encode(said), "", LINK_S)

    async def _show_work(self) -> None:
        """Show all who wait for a reply of this node that it is worked on."""
        sign = _encode(_Sign(f"rufname.stop.{self._id}"))
        while True:
            await asyncio.sleep(SIGN_S)
            for to in list(self._answering):
                with contextlib.suppress(BusUnavailable):
                    await self._link.publish(to, sign, "", timeout_s=0)

    async def _stop(self, message: Msg) -> None:
        task = self._answering.get(f"rufname.re.{message.data.decode('ascii', 'replace')}")
        if task is not None:
            task.cancel()

    async def _prove(self, client: Client) -> None:
        """Take no connection before it is known that nothing is stored.

        Once: after the death of a server JetStream answers nobody for seconds, until it has a new
        leader, and questions do not wait for that.
        """
        if not self._proven:
            await _stores_nothing(client)
            self._proven = True

    def _lost(self) -> None:
        """Tell all who wait that the link broke under them."""
        for waiting in self._asked.values():
            waiting.said.put_nowait(None)


async def _stores_nothing(client: Client) -> None:
    """Raise `Unfit` if the account has JetStream, or does not say whether it has."""
    try:
        await client.jetstream(timeout=2).account_info()
    except nats.js.errors.ServiceUnavailableError as error:
        if error.err_code in NO_JETSTREAM:
            return
        raise Unfit(str(error.description)) from None
    except (nats.js.errors.APIError, nats.errors.Error, OSError) as error:
        raise Unfit(f"it does not say whether it stores questions: {error!r}") from None
    raise Unfit("the account for questions could store them: give it one without JetStream")


async def _await_reply(waiting: _Waiting) -> Reply:
    """Return the reply once it is there; see `NatsBus._try`."""
    while True:
        try:
            async with asyncio.timeout(SILENCE_S):
                said = await waiting.said.get()
        except TimeoutError:
            raise _Again(BusUnavailable("a node of the relay does not answer")) from None
        match said:
            case _Done(reply):
                if reply.refusal in ELSEWHERE:
                    raise _Again(reply)
                return reply
            case _Nobody():
                raise _Again(DirectoryOffline(), pause_s=NOBODY_PAUSE_S)
            case _Late():
                raise DirectoryTooSlow
            case _Sign(stop):
                waiting.stop = stop
            case None:
                raise _Again(BusUnavailable("no connection to NATS"), counts=False)


async def _work(handler: Handler | None, question: Question) -> _Said:
    if handler is None:  # left between the question's sending and its coming
        return _Nobody()
    try:
        async with asyncio.timeout(question.deadline_ms / 1000):
            return _Done(await handler(question))
    except (TimeoutError, DirectoryTooSlow):
        return _Late()
    except TryLater:
        return _Nobody()
