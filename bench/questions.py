"""What the benches ask, with the one right answer to each: drawn from the sample, seeded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from random import Random

import msgspec

from engine.servicenumbers import is_service_number
from engine.tokens import fold
from rufname.load_questions import missing
from rufname.sample import questions
from rufname.sample_contact import MadeContact
from rufname.sample_numbers import OWN_TRUNK

SEED = 7

TAIL_DIGITS = 8
TAIL_BUCKETS = 61
"""One in so many numbers is asked by its last digits: to know that nobody else has them, all of
those that might are kept in memory."""

NEVER_THINNED = 1_000
"""The first of a sample, with all the colleagues, who alone have extensions."""

LETTERS = 3
"""Of a name, as somebody types them on a desk phone."""

NO_AREA = "987"
"""No made-up number has this area code, so that nothing but its last digits can fit."""


class Asked(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A question as a client spells it, and the name that must come ("" = nobody)."""

    number: str
    name: str


class Questions(msgspec.Struct, frozen=True):
    """All cases; each in mixed order, so that neighbours in the index are not neighbours here.

    `trunks` are unknown extensions of companies (class 4), `tails` are known by their last digits
    alone (class 5), `nowhere` are national numbers that no class finds.
    """

    hits: tuple[Asked, ...]
    spelled: tuple[Asked, ...]
    written: tuple[Asked, ...]
    shared: tuple[Asked, ...]
    extensions: tuple[Asked, ...]
    misses: tuple[Asked, ...]
    trunks: tuple[Asked, ...]
    tails: tuple[Asked, ...]
    nowhere: tuple[Asked, ...]


def draw(made: Iterable[MadeContact], limit: int = 50_000, one_in: int = 1) -> Questions:
    """Draw at most `limit` questions of each case from a sample.

    Args:
        made: the sample, passed through once.
        limit: the most of each case.
        one_in: look at so many contacts for one that is asked for; keeps a large sample small.
    """
    hits: list[Asked] = []
    shared: list[Asked] = []
    written: list[Asked] = []
    extensions: list[Asked] = []
    trunks: list[Asked] = []
    tails: dict[str, str] = {}
    for place, contact in enumerate(made):
        _note_tails(contact, tails)
        if place % one_in and place >= NEVER_THINNED:
            continue
        trunks += _unknown_extensions(contact)
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
    known = [Asked(f"0{NO_AREA}{tail}", name) for tail, name in tails.items() if name]
    step = TAIL_BUCKETS * max(1, 10**TAIL_DIGITS // TAIL_BUCKETS // (2 * limit))
    free = [
        Asked(f"0{NO_AREA}{tail}", "")
        for number in range(0, 10**TAIL_DIGITS, step)
        if (tail := f"{number:0{TAIL_DIGITS}d}") not in tails
    ]
    for case in (hits, shared, written, trunks, known, free):
        mixed.shuffle(case)
        del case[limit:]
    return Questions(
        hits=tuple(hits),
        spelled=tuple(map(respell, hits, range(len(hits)))),
        written=tuple(written),
        shared=tuple(shared),
        extensions=tuple(extensions),
        misses=tuple(Asked(missing(asked.number), "") for asked in hits),
        trunks=tuple(trunks),
        tails=tuple(known),
        nowhere=tuple(free),
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


def beginnings(made: Iterable[MadeContact], more_than: int) -> dict[str, tuple[str, ...]]:
    """Return beginnings of three letters → the names that `(|(cn=…*)(sn=…*))` may bring.

    Only such as more than `more_than` contacts have, and about which servers that fold letters
    (`ue` = `ü` = `u`) and servers that do not are of one mind. A name without a surname of its own
    may come for any of its words: which of them is the surname, a server may guess.
    """
    exact: dict[str, list[str]] = defaultdict(list)
    folded: dict[str, set[str]] = defaultdict(set)
    guessed: dict[str, set[str]] = defaultdict(set)
    for contact in made:
        texts = (contact.name, contact.surname)
        for begin in {text[:LETTERS].casefold() for text in texts if text}:
            exact[begin].append(contact.name)
        for begin in {fold(text)[:LETTERS] for text in texts if text}:
            folded[begin].add(contact.name)
        if not contact.surname:
            for word in contact.name.split():
                guessed[fold(word)[:LETTERS]].add(contact.name)
    return {
        begin: tuple(sorted({*names, *guessed[begin]}))
        for begin, names in sorted(exact.items())
        if len(begin) == LETTERS and begin.isascii() and begin.isalpha() and fold(begin) == begin
        if len(names) > more_than and folded[begin] <= set(names)
    }


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


def _note_tails(contact: MadeContact, tails: dict[str, str]) -> None:
    """Note who has numbers of the one bucket: tail → name, "" once two lines have it."""
    for line in contact.lines:
        for number in line.truth:
            tail = number.digits[-TAIL_DIGITS:]
            if not number.extension and int(tail) % TAIL_BUCKETS == 0:
                tails[tail] = "" if tail in tails else contact.name


def _unknown_extensions(contact: MadeContact) -> Iterator[Asked]:
    """Give a number behind each German main line of a company, which nobody has."""
    if contact.is_company:
        for line in contact.lines:
            if line.kind == "work" and len(line.truth) == 1 and line.answer == contact.name:
                digits = line.truth[0].digits
                if digits.startswith("49") and not line.truth[0].extension:
                    yield Asked(f"+{digits}12", f"~{contact.name}")


def _as_written(contact: MadeContact) -> Iterator[Asked]:
    """Give the spellings of the source itself, where one field holds one number."""
    for line in contact.lines:
        if line.answer and len(line.truth) == 1:
            yield Asked(line.written, line.answer)
