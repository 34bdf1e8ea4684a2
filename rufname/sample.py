"""A made-up company's contacts: seeded, skewed and dirty, as many as are asked for.

Law: a stream. What is kept while it runs does not grow with the number of contacts; the first
contacts are the same however many are asked for; the same seed gives the same contacts in every
process and Python version (only `random.Random.random` is drawn, whose sequence Python promises).

Shares, after what real directories look like: company sizes follow Zipf(1.1) up to 20,000 people,
each company with 1-3 trunk numbers and a block of direct lines (9 to 9,000 a trunk), its main line
as a record of its own; 60 % of the people have a mobile; surnames Zipf(0.9); 3 % have only the
switchboard's number; 8 % stand in the other source too, with a changed spelling and one shared
number or e-mail; 2 % have a name in another script; 1.3 % of the numbers cannot be read at all.

Every contact carries both what its source writes and what is true: see `sample_contact.MadeLine`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from random import Random

import msgspec
from msgspec.structs import replace

from engine.contact import PhoneKind
from rufname.sample_contact import PROBES, MadeContact, MadeLine, Source
from rufname.sample_names import (
    CITIES,
    COMPANY_FORMS,
    COMPANY_STEMS,
    COMPANY_TRADES,
    DEPARTMENTS,
    GIVEN_BITS,
    JOBS,
    PARTICLES,
    STREETS,
    SURNAME_BITS,
    TITLES,
    Locale,
    ascii_form,
    locales,
)
from rufname.sample_numbers import (
    FOREIGN_AREAS,
    FOREIGN_FORMS,
    FOREIGN_MAIN_LINE_FORMS,
    FORM_BITS,
    GERMAN_AREAS,
    HOME_AREA,
    LANDLINE_FORMS,
    MAIN_LINE_FORMS,
    MOBILE_FORMS,
    TRUNKS_PER_AREA,
    UNREADABLE,
    Form,
    Subscriber,
    extension_apart,
    mobile_digits,
    read_truth,
    trunk_digits,
)

MAX_COMPANY_SIZE = 20_000
"""Three trunks with four-digit extensions hold 27,000: room, and E.164 numbers of 15 digits."""

ZIPF_EXPONENT = 1.1
_BITS = float(1 << 53)
_MASK_FORM = (1 << FORM_BITS) - 1
_MASK_GIVEN = (1 << GIVEN_BITS) - 1
_MASK_SURNAME = (1 << SURNAME_BITS) - 1

CHANGED_AT = tuple(
    f"2026-{month:02d}-{day:02d}T{hour:02d}:{(day * 7 + hour) % 60:02d}:00Z"
    for month in range(1, 9)
    for day in range(1, 29)
    for hour in (7, 9, 11, 16)
)
"""Times of change, ISO 8601 UTC."""
_TIMES = len(CHANGED_AT)

LONG_NOTE = "Rückruf erbeten, bitte Termin mit der Zentrale abstimmen. " * 6
"""More than 255 characters, for the columns that cut there."""


class _Company(msgspec.Struct, frozen=True):
    """What all people of one company share."""

    size: int
    source: Source
    name: str
    domain: str
    number: str
    street: str
    place: tuple[str, str]
    country: str
    area: str
    trunks: tuple[str, ...]
    extension_base: int
    forms: tuple[Form, ...]


def contacts(count: int, seed: int = 1) -> Iterator[MadeContact]:
    """Stream `count` contacts: first the probe set, then company by company.

    Args:
        count: how many; fewer than the probe set gives its first ones, 0 gives none. Tried up to
            ten million; the ranges of unassigned numbers end near thirty million.
        seed: another seed, other contacts; the probe set stays.
    """
    stream = _Stream(seed, len(PROBES))
    return islice(chain(PROBES, chain.from_iterable(stream.companies())), count)


def questions(made: MadeContact) -> Iterator[tuple[str, str]]:
    """Give E.164 number and expected name for each number of a contact that has one right answer.

    Numbers with an extension apart are left out: E.164 cannot say them.
    """
    for line in made.lines:
        if line.answer and line.truth and not line.truth[0].extension:
            yield f"+{line.truth[0].digits}", line.answer


class _Stream:
    """The running generator: a random source and a counter for each range of numbers."""

    def __init__(self, seed: int, taken: int) -> None:
        self._draw = Random(seed).random  # noqa: S311 - made-up names need no secrecy
        self._locales = locales()
        self._key = 1_000_000 + taken
        self._companies = 0
        self._mobiles = 0
        self._trunks: dict[str, int] = {}

    def companies(self) -> Iterator[Iterator[MadeContact]]:
        """Give one company after the other, without an end; each is to be read before the next."""
        while True:
            yield self._company()

    def _company(self) -> Iterator[MadeContact]:
        """Give one company: its main line, if it is more than one person, and its people."""
        draw, make = self._draw, self._person
        bits = int(draw() * _BITS)
        size = min(MAX_COMPANY_SIZE, int((1.0 - draw()) ** -ZIPF_EXPONENT))
        company = self._found(size, bits)
        if size > 1:
            yield self._main_line(company, bits >> 20)
        for position in range(size):
            person = make(company, position, int(draw() * _BITS), int(draw() * _BITS))
            if draw() * 100 < 8:  # noqa: PLR2004 - 8 % stand in both sources
                yield from self._twins(person)
            else:
                yield person

    def _found(self, size: int, bits: int) -> _Company:
        """Make a company; `bits` are 53 random ones."""
        self._companies += 1
        serial = self._companies
        own_trunks = 1 if size < 20 else 1 + bits % 3  # noqa: PLR2004 - small firms have one
        width = 1
        while own_trunks * 9 * 10 ** (width - 1) < size * 1.3:
            if width == 4:  # noqa: PLR2004 - longer extensions would leave E.164
                own_trunks += 1
            else:
                width += 1
        foreign = (bits >> 2) % 100 < 10  # noqa: PLR2004 - 10 % abroad
        if foreign:
            country, area = FOREIGN_AREAS[(bits >> 9) % len(FOREIGN_AREAS)]
        else:
            home = (bits >> 9) % 10 < 3  # noqa: PLR2004 - 30 % in the own town
            country = "49"
            area = HOME_AREA if home else GERMAN_AREAS[(bits >> 13) % len(GERMAN_AREAS)]
        name = self._company_name(size, bits >> 17)
        slug = ascii_form(name.split(" ", 1)[0]).lower()
        return _Company(
            size=size,
            source="phonelist" if (bits >> 33) % 100 < 15 else "crm",  # noqa: PLR2004 - 15 %
            name=name,
            domain=f"{slug or 'firma'}-{serial}.example",
            number="K" + str(serial).zfill(7),
            street=f"{STREETS[(bits >> 41) % len(STREETS)]} {1 + (bits >> 45) % 120}",
            place=CITIES[(bits >> 24) % len(CITIES)],
            country=country,
            area=area,
            trunks=tuple([self._next_trunk(country, area) for _ in range(own_trunks)]),
            extension_base=10 ** (width - 1),
            forms=FOREIGN_FORMS if foreign else LANDLINE_FORMS,
        )

    def _company_name(self, size: int, bits: int) -> str:
        """Name a company; a fifth of the single persons have none."""
        if size == 1 and bits % 5 == 0:
            return ""
        form = COMPANY_FORMS[(bits >> 3) % len(COMPANY_FORMS)]
        people = self._locales[0].surnames
        surname = people[(bits >> 7) & _MASK_SURNAME][0]
        kind = bits & 3
        trade = COMPANY_TRADES[(bits >> 21) % len(COMPANY_TRADES)]
        if kind == 0:
            return f"{surname} & Söhne {trade.capitalize()} {form}"
        if kind == 1:
            return f"{surname} {trade.capitalize()} {form}"
        stem = COMPANY_STEMS[(bits >> 26) % len(COMPANY_STEMS)]
        return f"{stem}{trade} {surname} {form}"

    def _next_trunk(self, country: str, area: str) -> str:
        serial = self._trunks.get(country + area, 0)
        if serial >= TRUNKS_PER_AREA:
            raise OverflowError(f"all trunks behind +{country} {area} are taken")
        self._trunks[country + area] = serial + 1
        return trunk_digits(serial)

    def _main_line(self, company: _Company, bits: int) -> MadeContact:
        self._key += 1
        forms = MAIN_LINE_FORMS if company.country == "49" else FOREIGN_MAIN_LINE_FORMS
        lines = []
        for trunk in company.trunks[:2]:  # a source has two columns for business numbers
            main = Subscriber(company.country, company.area, trunk, "0")
            form = forms[bits & _MASK_FORM]
            bits >>= 3
            lines.append(_line("work", form, main, company.name))
        if bits & 3 == 0:
            nines = "9" * len(str(company.extension_base))
            fax = Subscriber(company.country, company.area, company.trunks[0], nines)
            lines.append(_line("fax", forms[0], fax, company.name))
        return MadeContact(
            source=company.source,
            key=str(self._key),
            name=company.name,
            company=company.name,
            street=company.street,
            postcode=company.place[0],
            city=company.place[1],
            lines=tuple(lines),
            mail=f"info@{company.domain}",
            customer_no=company.number,
            changed=CHANGED_AT[bits % _TIMES],
        )

    def _person(self, company: _Company, position: int, bits: int, more: int) -> MadeContact:
        """Make a person; `bits` and `more` are 53 random ones each."""
        self._key += 1
        locale = self._locales[bits & 255]
        given = locale.given[(bits >> 8) & _MASK_GIVEN]
        surname = locale.surnames[(bits >> 19) & _MASK_SURNAME]
        last = surname[0]
        rare = (bits >> 33) & 1023
        title = ""
        if rare < 90:  # noqa: PLR2004 - about one in twelve has more than the two plain words
            title, last = self._rarities(rare, locale, last, more)
        name = f"{last}{given[0]}" if locale.family_first else f"{given[0]} {last}"
        if title:
            name = f"{title} {name}"
        mail = ""
        if more & 7:  # one in eight has no mail address
            mail = f"{given[1]}.{surname[1]}{position or ''}@{company.domain}"
        place, has_jobs = company.place, company.size > 1
        return MadeContact(
            company.source,
            str(self._key),
            name,
            given[0],
            last,
            title,
            company.name,
            DEPARTMENTS[(more >> 3) & 15] if has_jobs else "",
            JOBS[(more >> 7) & 15] if has_jobs else "",
            company.street,
            place[0],
            place[1],
            self._lines(company, position, name, bits >> 43, more >> 11),
            mail,
            company.number,
            LONG_NOTE if (more >> 40) & 1023 == 0 else "",
            CHANGED_AT[(more >> 30) % _TIMES],
        )

    def _rarities(self, rare: int, locale: Locale, last: str, more: int) -> tuple[str, str]:
        """Give some a title, a double surname or a particle (the Latin ones)."""
        if rare < 60:  # noqa: PLR2004 - 6 % of all
            return TITLES[rare & 7], last
        if locale.code != "de":
            return "", last
        if rare < 80:  # noqa: PLR2004 - 2 %
            return "", f"{last}-{locale.surnames[(more >> 20) & _MASK_SURNAME][0]}"
        return "", f"{PARTICLES[rare % len(PARTICLES)]} {last}"

    def _lines(
        self, company: _Company, position: int, name: str, form_bits: int, more: int
    ) -> tuple[MadeLine, ...]:
        """Write a person's numbers: direct line or switchboard, and perhaps a mobile."""
        trunks = company.trunks
        count = len(trunks)
        trunk, answer = trunks[position % count], name
        if company.size == 1:
            extension = ""
        elif more & 127 < 4:  # noqa: PLR2004 - 3 %
            trunk, extension, answer = trunks[0], "0", company.name
        else:
            extension = str(company.extension_base + position // count)
        form = company.forms[form_bits & _MASK_FORM]
        if form is extension_apart and extension == "0":
            form = company.forms[0]
        work = Subscriber(company.country, company.area, trunk, extension)
        line = _line("work", form, work, answer)
        if (more >> 7) & 127 >= 77:  # noqa: PLR2004 - 40 % without a mobile
            return (line,)
        own = _line("mobile", MOBILE_FORMS[(more >> 14) & _MASK_FORM], self._next_mobile(), name)
        if (more >> 24) & 63 == 0 and line.truth and own.truth:
            both = f"{line.written} o. {own.written}"  # 1.6 %: two numbers in one field
            return (MadeLine("work", both, line.truth + own.truth, answer),)
        return line, own

    def _next_mobile(self) -> Subscriber:
        serial = self._mobiles
        self._mobiles = serial + 1
        prefix, digits = mobile_digits(serial)
        return Subscriber("49", prefix, digits, "")

    def _twins(self, person: MadeContact) -> tuple[MadeContact, ...]:
        """Give the person's record, and one in the other source that shares a number or e-mail."""
        bits = int(self._draw() * _BITS)
        shared = _shareable(person)
        if shared is None and not person.mail:
            return (person,)
        self._key += 1
        maiden_name = self._locales[0].surnames[(bits >> 16) & _MASK_SURNAME][0]
        name, last = _respelled(person.given_name, person.surname, maiden_name, bits & 7)
        mail = person.mail
        if shared is None or (mail and bits & 8):
            form = MOBILE_FORMS[(bits >> 4) & _MASK_FORM]
            line = _line("mobile", form, self._next_mobile(), name)
        else:
            line = MadeLine(shared.kind, f"+{shared.truth[0].digits}", shared.truth)
            mail = ""
            lines = tuple(
                MadeLine(old.kind, old.written, old.truth) if old is shared else old
                for old in person.lines
            )
            person = replace(person, lines=lines)
        twin = MadeContact(
            source="phonelist" if person.source == "crm" else "crm",
            key=str(self._key),
            name=name,
            given_name=person.given_name,
            surname=last,
            company=person.company,
            city=person.city,
            lines=(line,),
            mail=mail,
            changed=person.changed,
            twin_of=person.key,
        )
        return person, twin


def _line(kind: PhoneKind, form: Form, number: Subscriber, answer: str) -> MadeLine:
    truth = read_truth(form, number)
    if truth is UNREADABLE:
        return MadeLine(kind, form(number), ())
    return MadeLine(kind, form(number), (truth,), answer)


def _shareable(person: MadeContact) -> MadeLine | None:
    """Return the line that only this person has and that can be written again, the mobile first."""
    for line in reversed(person.lines):
        if line.answer == person.name and len(line.truth) == 1 and not line.truth[0].extension:
            return line
    return None


def _respelled(given: str, last: str, maiden_name: str, how: int) -> tuple[str, str]:
    """Return display name and surname as another clerk would write them; `how` is 0-7."""
    if how in {1, 6}:
        given, last = ascii_form(given) or given, ascii_form(last) or last
    elif how == 2:  # noqa: PLR2004
        last = maiden_name
    match how:
        case 0 | 6:
            name = f"{last}, {given}"
        case 3:
            name = f"{given[0]}. {last}"
        case 4:
            name = f"{last.upper()} {given}"
        case 5:
            name = f"{last} {given}"
        case _:
            name = f"{given} {last}"
    return name, last
