"""Records of one person → one hit, each field with its origin.

Law: only what the asker may see is compared and joined, so that a hidden record joins no two visible
ones. Two records are one person if they share a personal e-mail address, or a number together with
the surname and no given names that contradict each other. A person stands where its best record does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

import tantivy
from msgspec.structs import replace

from engine.contact import Address, Contact, ContactId, PhoneLine
from engine.questions import all_of, any_of, whole
from engine.reader import Reader
from engine.rights import Principal
from engine.schema import NAME, NUMBER, PERSON, term
from engine.terms import personal_email
from engine.tokens import whole_name, words

MAX_RECORDS = 16
"""Records joined into one hit; a number with more holders of one name is a switchboard."""

MAX_LINKED = 400
"""Records read for the people of one page."""

_TEXTS = (
    "display_name", "given_name", "surname", "title", "company", "department", "job", "url",
    "photo", "birthday", "notes", "changed",
)  # fmt: skip
_ADDRESS = ("street", "postcode", "city", "country")
_NOWHERE = Address()


def linked(
    reader: Reader,
    contacts: Sequence[Contact],
    principal: Principal,
    known: AbstractSet[tuple[int, int]],
) -> list[Contact]:
    """Return the visible records that may be of the same people as these, themselves left out.

    Args:
        reader: asked once for all of them.
        contacts: as the asker may see them.
        principal: who asks.
        known: segment and document of records that need not be read again.
    """
    questions = [question for contact in contacts for question in _link_questions(contact)]
    if not questions:
        return []
    scope = reader.scope(principal)
    hits = reader.by_rank(any_of(questions), principal, MAX_LINKED)
    return [
        reader.visible(address, scope)
        for _, address in hits
        if (address.segment_ord, address.doc) not in known
    ]


def _link_questions(contact: Contact) -> list[tantivy.Query]:
    """Return the queries for what joins records: own addresses; numbers with the surname."""
    mails = filter(None, map(personal_email, contact.emails))
    questions = [term(PERSON, "@" + mail) for mail in mails]
    name = surname_of(contact)
    if name:
        last = term(NAME, whole(name))
        questions += [all_of([term(NUMBER, line.number.key), last]) for line in contact.phones]
    return questions


def surname_of(contact: Contact) -> str:
    """Return the last folded word of the surname, else of the name; "" if there is none."""
    found = words(contact.surname or contact.name)
    return found[-1] if found else ""


def same_person(one: Contact, other: Contact) -> bool:
    """Tell whether two records, as the asker may see them, are of one person or one company."""
    if one.is_company != other.is_company:
        return False
    mails = set(filter(None, map(personal_email, one.emails)))
    if not mails.isdisjoint(map(personal_email, other.emails)):
        return True
    numbers = {line.number.key for line in one.phones}
    if numbers.isdisjoint(line.number.key for line in other.phones):
        return False
    if one.is_company:
        return whole_name(words(one.name)) == whole_name(words(other.name))
    return _names_agree(one, other)


def _names_agree(one: Contact, other: Contact) -> bool:
    """Tell whether two names may be one person's: the surname, and no other given name."""
    last = surname_of(one)
    if not last or last not in words(f"{other.surname} {other.name}"):
        return False
    given = _given_words(one, last)
    others = _given_words(other, surname_of(other))
    if not given or not others:
        return True
    return any(a.startswith(b) or b.startswith(a) for a in given for b in others)


def _given_words(contact: Contact, last: str) -> list[str]:
    if contact.given_name:
        return words(contact.given_name)
    told = whole_name(words(contact.name)).split()
    return [word for word in told if word != last]


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
        for member in members:
            for line in member.phones:
                self.lines.setdefault(line.number.key, (line, member.id))
            for address in member.emails:
                self.emails.setdefault(address.casefold(), (address, member.id))
        self.contact = best if len(members) == 1 else self._filled(best, members[1:])

    def _filled(self, best: Contact, others: Iterable[Contact]) -> Contact:
        changes: dict[str, object] = {}
        address = best.address
        custom = dict(best.custom)
        for other in others:
            for field in _TEXTS:
                text = getattr(other, field)
                if text and not getattr(best, field) and field not in changes:
                    if field == "display_name" and best.name:
                        continue
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
