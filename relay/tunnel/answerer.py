"""The directory's answers to sealed questions: opened, the user verified, answered, sealed.

Law: the relay is believed nothing: the user is whom the token inside the seal names, checked here
against Entra's keys, with the rights of direct mode. Nothing of a question or an answer is logged.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from relay.accounts import Accounts, Asker
from relay.desk import Desk
from relay.errors import EnvelopeRefused, KeysUnusable, MalformedRequest, NotAllowed, RelayError
from relay.extension import MAX_CARDS, OPERATION, ExtensionQuestion, cards
from relay.memberships import Memberships
from relay.persons import MAX_ID_CHARS, SearchQuestion
from relay.problem import problem, problem_of
from relay.schema import Problem
from relay.tunnel.bus import Question, Reply
from relay.tunnel.envelope import Answer, Envelope, OpenedRequest, seal_answer
from relay.tunnel.frames import Refusal
from relay.vcard import MEDIA_TYPE, vcard
from relay.verifying import TokenVerifier

REMEMBERED_S = 20.0
MAX_REMEMBERED = 512
"""Answers that are given once more where the relay repeats a question whose line was lost."""

MOST_FURTHER = 4
"""Pages behind the first one of a message extension's question: one may end before it is full, amid
a crowd of one person."""

PROBLEM = "application/problem+json"

_REFUSALS: dict[str, Refusal] = {
    "unknown-key": "unknown-key",
    "cannot-open": "cannot-open",
    "replayed": "replayed",
    "clock": "clock",
    "busy": "busy",
    "too-large": "too-large",
}

_log = logging.getLogger(__name__)


class _Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The arguments of `me`."""


class _Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The arguments of `people.person` and `people.vcard`."""

    id: Annotated[str, Meta(min_length=1, max_length=MAX_ID_CHARS)]


_encode = msgspec.json.Encoder().encode


class Answerer:
    """Answers the questions of one tenant. Belongs to one event loop."""

    def __init__(
        self,
        envelope: Envelope,
        tokens: TokenVerifier,
        accounts: Callable[[], Accounts],
        desk: Desk,
        now: Callable[[], float] = time.time,
        *,
        message_extension: bool = False,
        memberships: Callable[[], Memberships] | None = None,
    ) -> None:
        """Prepare.

        Args:
            envelope: opens what is sealed to the tenant's keys.
            tokens: verifies users of the tenant, and of no other.
            accounts: returns the users and groups as configured now.
            desk: answers about people.
            now: seconds since the epoch.
            message_extension: answer it too.
            memberships: returns who knows groups that a token does not tell; None: nobody does.
        """
        nobody = Memberships()
        self._memberships = memberships or (lambda: nobody)
        self._message_extension = message_extension
        self._envelope = envelope
        self._tokens = tokens
        self._accounts = accounts
        self._desk = desk
        self._now = now
        self._replies: dict[bytes, tuple[float, asyncio.Future[Reply]]] = {}
        self._operations: dict[str, Callable[[Asker, bytes], Awaitable[Answer]]] = {
            "me": self._me,
            OPERATION: self._extension,
            "people.search": self._search,
            "people.person": self._person,
            "people.vcard": self._vcard,
        }
        self.counts: Counter[str] = Counter()
        """Since the start; no personal data."""

    async def answer(self, question: Question) -> Reply:
        """Return the sealed answer to a question, or why there is none; never raises an error.

        A question that the relay repeats because its line was lost gets the very octets that it
        got before; any other repetition is refused.
        """
        mark, now_s = hashlib.sha256(question.sealed).digest(), time.monotonic()
        if question.again:
            known = self._replies.get(mark)
            if known is not None and now_s - known[0] <= REMEMBERED_S:
                self.counts["repeated"] += 1
                await asyncio.wait((known[1],))
                return Reply(refusal="too-late") if known[1].cancelled() else known[1].result()
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        if mark not in self._replies:  # a replay must not hide the answer it copies
            self._remember(mark, now_s, reply)
        try:
            made = await self._reply(question.sealed)
        except BaseException:
            reply.cancel()
            raise
        reply.set_result(made)
        self.counts[f"refused_{made.refusal}" if made.refusal else "answered"] += 1
        return made

    def _remember(self, mark: bytes, now_s: float, reply: asyncio.Future[Reply]) -> None:
        while self._replies:
            oldest = next(iter(self._replies))
            if (
                len(self._replies) < MAX_REMEMBERED
                and now_s - self._replies[oldest][0] <= REMEMBERED_S
            ):
                break
            del self._replies[oldest]
        self._replies[mark] = (now_s, reply)

    async def _reply(self, sealed: bytes) -> Reply:
        try:
            opened = self._envelope.open_request(sealed, self._now())
        except EnvelopeRefused as error:
            if error.answer:
                return Reply(error.answer)
            return Reply(refusal=_REFUSALS.get(error.code, "fault"))
        except KeysUnusable as error:
            _log.error("a question cannot be opened: %s", error)
            return Reply(refusal="fault")
        answer = await self._answer(opened)
        try:
            return Reply(seal_answer(opened.reply, answer, self._now()))
        except EnvelopeRefused as error:
            return Reply(refusal=_REFUSALS.get(error.code, "fault"))

    async def _answer(self, opened: OpenedRequest) -> Answer:
        asked = opened.question
        try:
            identity = await self._tokens.identity(asked.token)
            asker = await self._memberships().asker(identity, self._accounts())
            return await self._operations.get(asked.op, _unknown)(asker, asked.args)
        except RelayError as error:
            told, wait_s = problem_of(error)
            return _problem(told, wait_s)
        except Exception as error:  # noqa: BLE001 - a question never ends the worker
            frames = traceback.extract_tb(error.__traceback__)
            place = f"{frames[-1].name}, line {frames[-1].lineno}" if frames else "unknown"
            _log.error("a question failed: %s in %s", type(error).__name__, place)
            return _problem(problem(500), 0)

    async def _me(self, asker: Asker, args: bytes) -> Answer:
        _read(args, _Nothing)
        return Answer(200, _encode(self._desk.me(asker)))

    async def _search(self, asker: Asker, args: bytes) -> Answer:
        page = await self._desk.search(asker, _read(args, SearchQuestion))
        return Answer(200, _encode(page))

    async def _extension(self, asker: Asker, args: bytes) -> Answer:
        if not self._message_extension:
            raise NotAllowed("the message extension is not configured")
        asked = _read(args, ExtensionQuestion)
        page = await self._desk.search(asker, SearchQuestion(asked.text, limit=MAX_CARDS))
        hits = page.hits
        for _ in range(MOST_FURTHER):
            if not page.cursor or len(hits) >= MAX_CARDS:
                break
            further = SearchQuestion(asked.text, MAX_CARDS - len(hits), page.cursor)
            page = await self._desk.search(asker, further)
            hits += page.hits
        return Answer(200, _encode(cards(msgspec.structs.replace(page, hits=hits))))

    async def _person(self, asker: Asker, args: bytes) -> Answer:
        hit = await self._desk.person(asker, _read(args, _Record).id)
        return Answer(200, _encode(self._desk.card(hit)))

    async def _vcard(self, asker: Asker, args: bytes) -> Answer:
        hit = await self._desk.person(asker, _read(args, _Record).id)
        return Answer(200, vcard(hit), MEDIA_TYPE)


async def _unknown(_asker: Asker, _args: bytes) -> Answer:
    raise MalformedRequest("an unknown operation")


def _read(args: bytes, kind: type[Any]) -> Any:
    """Return arguments as a Struct; what is wrong is told without quoting it."""
    try:
        return msgspec.json.decode(args, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise MalformedRequest("the arguments do not fit the operation") from None


def _problem(told: Problem, wait_s: int) -> Answer:
    return Answer(told.status, _encode(told), PROBLEM, wait_s)
