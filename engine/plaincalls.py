"""The short way of a look-up: a "+" and digits that one record holds, or nobody at all.

So is nearly every call. It names who `CallerLookup.answer` names, which a property test holds, in
half of the time (`bench/bench_ldap.py`), and leaves to that whatever it is not sure of: shared
numbers, numbers near a trunk, records without a name, spellings that have to be read.

Law: as `engine.caller`.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.caller import EXACT
from engine.holding import NAME_OCTETS, SHOWN_AT, SOURCE_BYTES
from engine.numbertable import Sources, Steps
from engine.phone import (
    MAX_E164_DIGITS,
    MIN_PLAIN_DIGITS,
    PLAIN_BEGINNING,
    PLAIN_BEGINNINGS,
    without_needless_zero,
)
from engine.query import CallerQuery
from engine.reader import Reader
from engine.trunk import MAX_EXTENSION_DIGITS, MIN_TRUNK_DIGITS

Named = tuple[bytes, bytes]
"""A name to show (UTF-8), and the UUID of the record's entry (ASCII)."""

NOBODY: Named = (b"", b"")
"""Stands for nobody where None says that it was not found out."""

PlainCaller = Callable[[bytes], Named | None]
"""Takes the digits behind a "+" (ASCII); returns the one record that answers its asker, `NOBODY`,
or None for what is no such plain case."""


class InForce:
    """The state that answers at the moment; another object after each change."""

    __slots__ = ("reader",)

    def __init__(self, reader: Reader) -> None:
        self.reader = reader


def plain_caller(  # noqa: C901 - flat for its speed
    in_force: InForce, like: CallerQuery
) -> PlainCaller:
    """Return what looks numbers up for an asker, always in the state that is in force.

    Flat, and a closure over what a state and an asker give, since every call passes there.

    Args:
        in_force: followed.
        like: any query of the asker.
    """
    state: Reader | None = None
    steps: Steps | None = None
    visible: Sources = None
    country_length = PLAIN_BEGINNINGS.get

    def renew(reader: Reader) -> None:
        nonlocal state, steps, visible
        state, visible = reader, reader.number_sources(like.principal)
        steps = reader.numbers.steps if EXACT in like.classes else None

    def plain(digits: bytes) -> Named | None:  # noqa: C901, PLR0911 - as above
        if in_force.reader is not state:
            renew(in_force.reader)
        if steps is None:
            return None
        country = country_length(digits[:PLAIN_BEGINNING])
        if country is None:
            read = without_needless_zero(digits)
            if read is None:
                return None
            digits, country = read
        size = len(digits)
        if not MIN_PLAIN_DIGITS <= size <= MAX_E164_DIGITS:
            return None
        numbers, trunks, uuids = steps
        if numbers.set_key(digits[::-1]):
            if numbers.count() != 1:
                return None
            holder = numbers.value()
            source, octets = holder[:SOURCE_BYTES], holder[NAME_OCTETS]
            if not octets or (visible is not None and source not in visible):
                return None
            end = SHOWN_AT + octets
            return holder[SHOWN_AT:end], uuids[source](holder[end:])
        if trunks.set_range(digits):
            if not trunks.prev_nodup():
                return NOBODY
        elif not trunks.last():
            return NOBODY
        shortest = max(country + MIN_TRUNK_DIGITS, size - MAX_EXTENSION_DIGITS)
        return None if trunks.key().startswith(digits[:shortest]) else NOBODY

    return plain
