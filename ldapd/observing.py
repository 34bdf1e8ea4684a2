"""A handler that tells of every request what it was and what became of it.

Stands before the real one only while somebody wants to know, so that nobody pays for it else.

Law: no socket, no log. What is told never changes what is answered: where telling goes wrong, that
is passed on as such, and the answer stands.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import takewhile

import msgspec

from ldapd.auth import BindCheck, Peer
from ldapd.handler import Answer, Hangup, LdapHandler, StartTls
from ldapd.listing import Slices
from ldapd.protocol.messages import BindRequest, LdapMessage
from ldapd.search import LongAnswer
from ldapd.traced import Outcome, Traced, describe
from ldapd.watching import Lookup, Watched, told

MAX_BINDS = 64
"""Binds whose password is being verified: more than the queue of `passwords` holds."""

Tell = Callable[[Traced, LdapMessage, Sequence[Lookup]], None]
"""Takes a request, the message it came as, and the look-ups that it took, the last one first."""


class _Seen:
    """One request while it is answered."""

    __slots__ = ("address", "began_s", "client", "lookups", "message", "outcome", "why")

    def __init__(self, peer: Peer, message: LdapMessage) -> None:
        self.client = _client_of(peer)
        self.address = "" if peer.address is None else str(peer.address)
        self.message = message
        self.lookups: Sequence[Lookup] = ()
        self.outcome = Outcome()
        self.why = ""
        self.began_s = time.perf_counter()

    def traced(self) -> Traced:
        """Return what there is to tell."""
        found = self.lookups[0] if self.lookups else None
        asked = describe(self.message.request)
        return msgspec.structs.replace(
            asked,
            detail=f"{asked.detail}: {self.why}" if self.why else asked.detail,
            at=time.time(),
            client=self.client,
            address=self.address,
            code=self.outcome.code,
            message=self.outcome.message,
            entries=self.outcome.entries,
            shown=self.outcome.shown,
            number="" if found is None else found[1],
            name="" if found is None else found[3],
            match_class=0 if found is None else found[4],
            runners_up=0 if found is None else found[5],
            duration_us=(time.perf_counter() - self.began_s) * 1e6,
        )


class ObservedHandler:
    """An `LdapHandler` in every respect, but that it tells."""

    def __init__(
        self,
        handler: LdapHandler,
        watched: Watched,
        tell: Tell,
        note_failure: Callable[[BaseException], None],
    ) -> None:
        """Observe `handler`, whose look-ups `watched` remembers."""
        self._handler = handler
        self._watched = watched
        self._tell = tell
        self._note_failure = note_failure
        self._binds: dict[int, _Seen] = {}

    def __getattr__(self, name: str) -> object:
        return getattr(self._handler, name)

    def known_answer(self, _peer: Peer, _data: bytes) -> None:
        """Leave everything to the long way, which is told of."""

    def known_answers(self, _peer: Peer, _data: bytes, _most: int) -> tuple[bytes, int]:
        """Leave everything to the long way, as `known_answer` does."""
        return b"", 0

    def handle(self, peer: Peer, message: LdapMessage) -> Answer:
        """Answer, and tell."""
        return self._observe(peer, message, self._handler.handle)

    def too_late(self, peer: Peer, message: LdapMessage) -> Answer:
        """Answer `busy`, and tell."""
        return self._observe(peer, message, self._handler.too_late)

    def failed(self, peer: Peer, message: LdapMessage) -> bytes:
        """Answer that it failed inside, and tell."""
        octets = self._handler.failed(peer, message)
        self._say(_Seen(peer, message), octets)
        return octets

    def busy(self, check: BindCheck) -> bytes:
        """Answer a bind that finds no place in the queue, and tell."""
        octets = self._handler.busy(check)
        self._end_bind(check, "", octets)
        return octets

    def finish_bind(self, peer: Peer, check: BindCheck, *, right: bool) -> bytes:
        """Answer a bind, and tell."""
        octets = self._handler.finish_bind(peer, check, right=right)
        seen = self._binds.get(id(check))
        if not right and seen is not None and type(seen.message.request) is BindRequest:
            seen.why = self._handler.why_refused(seen.message.request, peer)
        self._end_bind(check, _client_of(peer), octets)
        return octets

    def _observe(
        self, peer: Peer, message: LdapMessage, answer_with: Callable[[Peer, LdapMessage], Answer]
    ) -> Answer:
        seen = _Seen(peer, message)
        recent = self._watched.recent.get(seen.client, ())
        last = recent[-1] if recent else None
        answer = answer_with(peer, message)
        if isinstance(answer, BindCheck):
            if len(self._binds) >= MAX_BINDS:
                self._binds.clear()  # of connections that were lost meanwhile
            self._binds[id(answer)] = seen
            return answer
        recent = self._watched.recent.get(seen.client, ())
        seen.lookups = tuple(map(told, takewhile(lambda each: each is not last, reversed(recent))))
        if type(message.request) is BindRequest:
            seen.client = _client_of(peer)
        if isinstance(answer, LongAnswer):
            slices = self._followed(seen, answer)
            return LongAnswer(answer.message_id, next(slices), slices)
        self._say(seen, _octets_of(answer))
        return answer

    def _followed(self, seen: _Seen, answer: LongAnswer) -> Slices:
        """Give the slices of a list, and tell of it at its end, however that comes."""
        octets = answer.first
        try:
            while True:
                yield octets
                seen.outcome.take(octets)
                octets = b""
                try:
                    octets = next(answer.rest)
                except StopIteration as end:
                    octets = bytes(end.value)
                    return octets
        finally:
            answer.rest.close()
            self._say(seen, octets)

    def _end_bind(self, check: BindCheck, client: str, octets: bytes) -> None:
        seen = self._binds.pop(id(check), None)
        if seen is not None:
            seen.client = client
            self._say(seen, octets)

    def _say(self, seen: _Seen, octets: bytes) -> None:
        """Tell of one request, now that its last octets are known."""
        try:
            seen.outcome.take(octets)
            self._tell(seen.traced(), seen.message, seen.lookups)
        except Exception as error:  # noqa: BLE001 - who watches does no harm
            self._note_failure(error)


def _client_of(peer: Peer) -> str:
    return "" if peer.asker is None else peer.asker.client.name


def _octets_of(answer: bytes | Hangup | StartTls) -> bytes:
    if isinstance(answer, Hangup):
        return answer.reply
    return answer if isinstance(answer, bytes) else b""
