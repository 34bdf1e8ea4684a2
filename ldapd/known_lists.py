"""Lists that were answered before: the same octets from the same client, from the same state.

A phone asks one list for each letter that somebody types, and everybody types the same ones.
Answered anew, such a list costs a search, a check of each contact and the joining of its entries:
six times the CPU time of a whole request that is answered from here, system calls included.

Law: pure code; it says what the long way would say to the same octets. Nothing can be stale: an
answer is good for one client of one configuration and one state of the index, and every commit and
every change of rights makes another state, with which all answers are forgotten. Kept is what ended
in success or at the client's own size limit: what the clock or the load had a part in is not.
"""

from __future__ import annotations

from typing import Protocol

from ldapd.protocol.ber import INTEGER, SEQUENCE, message_end, read_header
from ldapd.protocol.messages import SUCCESS_DONE
from ldapd.protocol.requests import identifier_of

MAX_OCTETS = 8 * 1024 * 1024
"""Of questions and answers in one process; then all are forgotten."""

MAX_LISTS = 8_192
"""Lists of one process: small ones are not to fill the memory with what stands around them."""

MAX_ANSWER = 64 * 1024
"""Longer answers are few, and are sent in slices."""

MAX_QUESTION = 1_024
"""Longer questions are no device's."""

_LIMITED_DONE = SUCCESS_DONE.replace(b"\x0a\x01\x00", b"\x0a\x01\x04")  # sizeLimitExceeded
_LASTING_ENDS = (SUCCESS_DONE, _LIMITED_DONE)
"""How answers end that may be kept; this daemon sends no other words with these codes."""

_SHORT = 0x80
_FEWEST = 7
"""Octets of the shortest LDAPMessage whose ID is read here: a header, an ID, and an operation."""

_LAST_START = 6
"""Where the message ID of a message begins at the latest, with a length of four octets."""


class Known:
    """One answer, cut where the message ID of the question belongs."""

    __slots__ = ("_pieces", "entries", "is_limited")

    def __init__(self, pieces: list[bytes], *, entries: int, is_limited: bool) -> None:
        self._pieces = pieces
        self.entries = entries
        self.is_limited = is_limited

    def answer(self, identifier: bytes) -> bytes:
        """Return the answer to a question with this element for its message ID."""
        return identifier.join(self._pieces)


class States(Protocol):
    """What the answers come from."""

    @property
    def state(self) -> object:
        """What is another object after every commit and every change of rights."""


class KnownLists:
    """The lists of one process and one configuration, all from one state of the index."""

    __slots__ = ("_index", "_known", "_left", "_max_octets", "_state")

    def __init__(self, index: States, max_octets: int = MAX_OCTETS) -> None:
        """Keep at most `max_octets` of questions and answers from `index`."""
        self._index = index
        self._max_octets = max_octets
        self._state: object = None
        self._known: dict[tuple[object, bytes], Known | tuple[bytes, bytes]] = {}
        self._left = max_octets

    def find(self, asker: object, data: bytes) -> tuple[Known, bytes] | None:
        """Return what is known of received octets, and the element of their message ID.

        Args:
            asker: the client, as one object as long as its configuration holds.
            data: anything.

        Returns:
            None if the octets are not one whole message that was answered before, IDs apart.
        """
        cut = _cut(data)
        if cut is None:
            return None
        question, identifier = cut
        known = self._known.get((asker, question))
        if known is None or not identifier:
            return None
        if self._state is not self._index.state:
            self._forget()
            return None
        if not isinstance(known, Known):
            cut_up = _known(*known)
            if cut_up is None:
                return None
            known = self._known[asker, question] = cut_up
        return known, identifier

    def learn(self, asker: object, data: bytes, answer: bytes) -> None:
        """Keep the answer to a question, if it is one that may be kept.

        Args:
            asker: as in `find`.
            data: a search without controls, alone in what was received.
            answer: whole, as the state that is now in force gave it.
        """
        cut = _cut(data)
        if cut is None or len(answer) > MAX_ANSWER or message_end(data, 0) != len(data):
            return
        question, identifier = cut
        if not identifier or not answer.endswith(_LASTING_ENDS):
            return
        if self._state is not self._index.state:
            self._forget()
        octets = len(question) + len(answer)
        if self._left < octets or len(self._known) >= MAX_LISTS:
            self._forget()
        if self._left >= octets and (asker, question) not in self._known:
            self._known[asker, question] = answer, identifier
            self._left -= octets

    def _forget(self) -> None:
        self._state = self._index.state
        self._known.clear()
        self._left = self._max_octets


def _cut(data: bytes) -> tuple[bytes, bytes] | None:
    """Return a message without the value of its ID, and the element of the ID (b"": unusual).

    Equal ones are of one length and framed alike: what tells where the ID stands is in them.
    """
    size = len(data)
    if not _FEWEST <= size <= MAX_QUESTION or data[0] != SEQUENCE:
        return None
    length = data[1]
    at = 2 if length < _SHORT else 2 + (length & 0x7F)
    if at + 4 > size or at > _LAST_START or data[at] != INTEGER:
        return None
    start, stop = at + 2, at + 2 + data[at + 1]
    if not start < stop < size:
        return None
    return data[:start] + data[stop:], identifier_of(data, start, stop)


def _known(answer: bytes, identifier: bytes) -> Known | None:
    """Cut an answer into pieces: when it is asked for again, since most lists are asked once.

    Returns:
        None if it is to another message.
    """
    pieces: list[bytes] = []
    pos = last = 0
    while pos < len(answer):
        _, start, end = read_header(answer, pos, len(answer))
        if not answer.startswith(identifier, start):
            return None
        pieces.append(answer[last:start])
        last, pos = start + len(identifier), end
    pieces.append(answer[last:])
    is_limited = answer.endswith(_LIMITED_DONE)
    return Known(pieces, entries=len(pieces) - 2, is_limited=is_limited)
