"""The records of one person → one hit, each field with its origin.

Law: pure. The first record shows, the others fill its blanks; who is of one person,
`engine.grouping` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import compress
from operator import attrgetter, not_

from msgspec.structs import replace

from engine.contact import Address, Contact, ContactId, PhoneLine
from engine.matching import FULL_NAME
from engine.query import PersonHit
from engine.typed import Typed

NOTHING_TYPED = Typed(())

_TEXTS = (
    "display_name", "given_name", "surname", "title", "company", "department", "job", "url",
    "photo", "birthday", "notes", "changed",
)  # fmt: skip
_texts_of = attrgetter(*_TEXTS)
_ADDRESS = ("street", "postcode", "city", "country")
_NOWHERE = Address()


class Joined:
    """One person: the best record, its blanks filled from the others.

    Attributes:
        contact: what to show.
        records: the ids, the best first.
        origins: field → record, where that is not the best one.
        lines: every number once, with its record.
        emails: every address once, with its record.
    """

    def __init__(self, members: Sequence[Contact]) -> None:
        best = members[0]
        self.records = tuple(member.id for member in members)
        self.origins: dict[str, ContactId] = {}
        self.lines: dict[str, tuple[PhoneLine, ContactId]] = {}
        self.emails: dict[str, tuple[str, ContactId]] = {}
        lines, emails = self.lines, self.emails
        for member in members:
            identity = member.id
            for line in member.phones:
                number = line.number
                key = number.key if number.extension else number.digits
                if key not in lines:
                    lines[key] = line, identity
            for address in member.emails:
                emails.setdefault(address.casefold(), (address, identity))
        self.contact = self._filled(best, members[1:])

    def _filled(self, best: Contact, others: Iterable[Contact]) -> Contact:
        changes: dict[str, object] = {}
        address = best.address
        custom = dict(best.custom)
        blank = list(map(not_, _texts_of(best)))
        blank[0] = blank[0] and not best.name
        for other in others:
            told = _texts_of(other)
            for field, text in zip(compress(_TEXTS, blank), compress(told, blank), strict=True):
                if text and field not in changes:
                    changes[field] = text
                    self.origins[field] = other.id
            if best.address == _NOWHERE and address == _NOWHERE != other.address:
                address = other.address  # whole, from one record
                self.origins.update((f, other.id) for f in _ADDRESS if getattr(address, f))
            for number, text in other.custom.items():
                if text and number not in custom:
                    custom[number] = text
                    self.origins[f"custom.{number}"] = other.id
        return replace(
            best,
            address=address,
            phones=tuple(line for line, _ in self.lines.values()),
            emails=tuple(address for address, _ in self.emails.values()),
            custom=custom,
            **changes,
        )


def _are_different(phones: Sequence[PhoneLine]) -> bool:
    """Tell whether no number stands twice among several; most contacts have at most two."""
    if len(phones) == 2:  # noqa: PLR2004 - as said
        return phones[0].number != phones[1].number
    return len(phones) == len({line.number for line in phones})


def person_of(
    members: Sequence[Contact],
    *,
    match_class: int = FULL_NAME,
    typed: Typed = NOTHING_TYPED,
    searched: frozenset[str] = frozenset(),
) -> PersonHit:
    """Return the person of some records, as the asker may see them, the one that shows first."""
    if len(members) == 1:
        return alone(members[0], match_class, typed, searched)
    return _one_of(members, match_class, typed, searched)


def alone(contact: Contact, match_class: int, typed: Typed, searched: frozenset[str]) -> PersonHit:
    """Return the person of one record: as it stands, but for a number that stands there twice."""
    phones = contact.phones
    if len(phones) < 2 or _are_different(phones):  # noqa: PLR2004 - else there is nothing twice
        return PersonHit(contact, (contact.id,), {}, (), (), match_class, typed, searched)
    return _one_of((contact,), match_class, typed, searched)


def _one_of(
    members: Sequence[Contact], match_class: int, typed: Typed, searched: frozenset[str]
) -> PersonHit:
    person = Joined(members)
    return PersonHit(
        contact=person.contact,
        records=person.records,
        origins=person.origins,
        number_origins=tuple(origin for _, origin in person.lines.values()),
        email_origins=tuple(origin for _, origin in person.emails.values()),
        match_class=match_class,
        typed=typed,
        searched=searched,
    )
