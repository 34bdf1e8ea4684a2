"""What the benches ask, with the one right answer to each: drawn from the sample, seeded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random

import msgspec

from engine.servicenumbers import is_service_number
from rufname.sample import questions
from rufname.sample_contact import MadeContact
from rufname.sample_numbers import OWN_TRUNK

SEED = 7


class Asked(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A question as a client spells it, and the name that must come ("" = nobody)."""

    number: str
    name: str


class Questions(msgspec.Struct, frozen=True):
    """All cases; each in mixed order, so that neighbours in the index are not neighbours here."""

    hits: tuple[Asked, ...]
    spelled: tuple[Asked, ...]
    written: tuple[Asked, ...]
    shared: tuple[Asked, ...]
    extensions: tuple[Asked, ...]
    misses: tuple[Asked, ...]


def draw(made: Iterable[MadeContact], limit: int = 50_000) -> Questions:
    """Draw at most `limit` questions of each case from a sample."""
    hits: list[Asked] = []
    shared: list[Asked] = []
    written: list[Asked] = []
    extensions: list[Asked] = []
    for contact in made:
        for number, name in questions(contact):
            if contact.is_company or name != contact.name:
                shared.append(Asked(number, name))
            else:
                hits.append(Asked(number, name))
                extension = number.removeprefix(f"+{OWN_TRUNK}")
                if extension != number and not is_service_number(extension, "49"):
                    extensions.append(Asked(extension, name))
        written += _as_written(contact)
    mixed = Random(SEED)
    for case in (hits, shared, written):
        mixed.shuffle(case)
    del hits[limit:], shared[limit:], written[limit:]
    return Questions(
        hits=tuple(hits),
        spelled=tuple(map(respell, hits, range(len(hits)))),
        written=tuple(written),
        shared=tuple(shared),
        extensions=tuple(extensions),
        misses=tuple(Asked(missing(asked.number), "") for asked in hits),
    )


def work_numbers(made: Iterable[MadeContact]) -> list[Asked]:
    """Return the E.164 business numbers that one person alone has, in mixed order."""
    asked = [
        Asked(f"+{line.truth[0].digits}", line.answer)
        for contact in made
        if not contact.is_company
        for line in contact.lines
        if line.kind == "work" and line.answer == contact.name and line.truth
        if not line.truth[0].extension
    ]
    Random(SEED).shuffle(asked)
    return asked


def respell(asked: Asked, turn: int) -> Asked:
    """Spell an E.164 number in one of six other ways that Session Border Controllers send."""
    digits = asked.number[1:]
    german = digits.startswith("49")
    national = f"0{digits[2:]}" if german else f"00{digits}"
    grouped = f"+49 (0){digits[2:5]} {digits[5:]}" if german else f"+{digits[:3]} {digits[3:]}"
    spellings = (
        digits,
        f"00{digits}",
        national,
        f"tel:+{digits}",
        f"sip:+{digits}@sbc.example;user=phone",
        grouped,
    )
    return Asked(spellings[turn % len(spellings)], asked.name)


def missing(number: str) -> str:
    """Return a number of the same length that the sample never has: no area code begins with 0."""
    return f"+490{number[4:]}"


def _as_written(contact: MadeContact) -> Iterator[Asked]:
    """Give the spellings of the source itself, where one field holds one number."""
    for line in contact.lines:
        if line.answer and len(line.truth) == 1:
            yield Asked(line.written, line.answer)
