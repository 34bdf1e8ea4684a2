"""Seeded people and seeded filters about them: what the daemon and slapd are both asked.

Law: the same seed gives the same people and filters. Filters are drawn from the people's own values
and pieces of them, so that they hit.
"""

from __future__ import annotations

import random

from engine.contact import Address, Contact, PhoneKind, PhoneLine
from engine.phone import PhoneNumber
from ldapd.protocol.filters import (
    And,
    Equality,
    Extensible,
    Filter,
    GreaterOrEqual,
    LessOrEqual,
    Not,
    Or,
    Present,
    Substrings,
)
from ldapd.schema import attribute_type
from tests.engine.building import contact

GIVEN = (
    "Anna", "Bernd", "Carla", "Dieter", "Eva", "Frank", "Gerda", "Hans-Peter", "Ina", "Jürgen",
    "Käthe", "Lutz", "Mia", "Noël", "Otto", "Petra",
)  # fmt: skip
SURNAMES = (
    "Meier", "Maier", "Schlotmeier", "Müller", "Muller", "Vogt", "Vogt-Meier", "O'Brien", "Özdemir",
    "Schäfer", "Schafer", "Weiß", "Bauer", "Neubauer", "Lindt", "Zorn", "Abel", "Ibsen",
)  # fmt: skip
COMPANIES = ("Nordlicht AG", "Brückner Bau GmbH", "Zeppelin Tor & Tür KG", "Meier & Sohn", "")
DEPARTMENTS = ("Einkauf", "Verkauf Nord", "Verkauf Süd", "IT", "", "")
JOBS = ("Leitung", "Assistenz der Leitung", "Fahrer", "", "")
STREETS = ("Am Ring 1", "Lindwurmstr. 7", "Bahnhofstraße 12 a", "", "")
CITIES = (("10115", "Berlin"), ("80337", "Ulm"), ("20095", "Hamburg"), ("", ""))
COUNTRIES = ("Germany", "Austria", "")
NOTES = ("mag keine Anrufe vor neun", "VIP", "", "", "")
AREAS = ("30", "89", "171")
TITLES = ("Dr.", "Prof. Dr.", "", "", "")

TEXTS = (
    "cn", "sn", "givenName", "displayName", "o", "ou", "title", "mail", "street", "postalCode",
    "l", "co", "description", "personalTitle", "name",
)  # fmt: skip
NUMBERS = ("telephoneNumber", "mobile", "homePhone", "facsimileTelephoneNumber")
ALIASES = {
    "cn": "commonName", "sn": "surname", "givenName": "GN", "o": "organizationName",
    "ou": "organizationalUnitName", "l": "localityName", "street": "2.5.4.9",
    "mail": "RFC822Mailbox",
    "mobile": "mobileTelephoneNumber", "homePhone": "homeTelephoneNumber",
}  # fmt: skip


def people(count: int, seed: int) -> list[Contact]:
    """Return made-up people and companies."""
    rng = random.Random(seed)
    return [_company(number, rng) if number % 9 == 8 else _person(number, rng)
            for number in range(count)]  # fmt: skip


def _lines(rng: random.Random, *kinds: PhoneKind) -> tuple[PhoneLine, ...]:
    return tuple(
        PhoneLine(
            kind, PhoneNumber(f"49{rng.choice(('30', '89', '171'))}{rng.randrange(10**6):06}")
        )  # type: ignore[arg-type]  # kinds are literals
        for kind in kinds
        if rng.random() < 0.6
    )


def _person(number: int, rng: random.Random) -> Contact:
    given, surname = rng.choice(GIVEN), rng.choice(SURNAMES)
    postcode, city = rng.choice(CITIES)
    mail = f"{given[0]}.{surname}{number}@firm.example".lower()
    return contact(
        str(number), f"{given} {surname}", *_lines(rng, "work", "mobile", "home", "fax"),
        given_name=given, surname=surname, company=rng.choice(COMPANIES),
        title=rng.choice(TITLES), department=rng.choice(DEPARTMENTS), job=rng.choice(JOBS),
        address=Address(rng.choice(STREETS), postcode, city, rng.choice(COUNTRIES)),
        emails=(mail,) if mail.isascii() and rng.random() < 0.6 else (), notes=rng.choice(NOTES),
    )  # fmt: skip


def _company(number: int, rng: random.Random) -> Contact:
    postcode, city = rng.choice(CITIES)
    return contact(
        str(number), "", *_lines(rng, "work", "fax"),
        company=f"{rng.choice(SURNAMES)} {rng.choice(('GmbH', 'AG', 'Spedition'))}",
        address=Address(rng.choice(STREETS), postcode, city),
    )  # fmt: skip


class FilterMaker:
    """Draws filters about people."""

    def __init__(self, contacts: list[Contact], seed: int) -> None:
        self._rng = random.Random(seed)
        self._contacts = contacts

    def draw(self) -> Filter:
        """Return a filter up to three operators deep."""
        return self._draw(self._rng.choice((0, 0, 1, 1, 2, 3)))

    def _draw(self, depth: int) -> Filter:
        rng = self._rng
        if not depth:
            return self._leaf()
        kind = rng.randrange(5)
        if kind == 0:
            return Not(self._draw(depth - 1))
        parts = tuple(
            self._draw(rng.randrange(depth)) for _ in range(rng.choice((0, 1, 2, 2, 3, 3)))
        )
        return And(parts) if kind < 3 else Or(parts)

    def _leaf(self) -> Filter:
        rng = self._rng
        draw = rng.random()
        if draw < 0.12:
            return Present(self._spelt(rng.choice((*TEXTS, *NUMBERS, "objectClass", "unheardOf"))))
        if draw < 0.32:
            return self._number()
        if draw < 0.36:
            return Equality(
                "objectClass", rng.choice((b"person", b"inetOrgPerson", b"TOP", b"domain"))
            )
        if draw < 0.40:
            return rng.choice(
                (Equality("unheardOf", b"x"), Equality("dc", b"meta"),
                 Substrings("cn;lang-de", b"a", (), None),
                 GreaterOrEqual("telephoneNumber", b"+49"), Equality("cn;lang-de", b"anna"))
            )  # fmt: skip
        return self._text()

    def _text(self) -> Filter:
        rng = self._rng
        attribute = rng.choice(TEXTS)
        value = self._value(attribute)
        name = self._spelt(attribute)
        kind = rng.randrange(10)
        if kind < 3:
            return Equality(name, self._respelt(value))
        if kind < 8:
            return self._substrings(name, value)
        if kind == 8 and attribute == "sn":
            piece = self._respelt(value[: rng.randrange(1, 5)].strip() or value)
            return rng.choice((GreaterOrEqual, LessOrEqual))(name, piece)
        rule = rng.choice(("", "caseIgnoreMatch", "2.5.13.2", "caseExactMatch", "1.2.3.4"))
        if attribute in ("mail", "name"):
            rule = ""
        if rng.random() < 0.2:
            return Extensible(
                "", "dc", rng.choice((b"meta", b"META", b"other")), dn_attributes=True
            )
        return Extensible(rule, name, self._respelt(value), dn_attributes=rng.random() < 0.3)

    def _substrings(self, name: str, value: str) -> Filter:
        """Cut a value into pieces that stand in it, or take pieces of another."""
        rng = self._rng
        if rng.random() < 0.15:
            value = self._value(rng.choice(TEXTS))
            if not value.isascii():
                value = "nowhere"
        cuts = sorted(rng.randrange(len(value) + 1) for _ in range(rng.choice((2, 2, 4))))
        pieces = [value[low:high].strip() for low, high in zip(cuts[::2], cuts[1::2], strict=True)]
        pieces = [piece for piece in pieces if any(map(str.isalnum, piece))] or [value[:2].strip()]
        first, *others = [self._respelt(piece) for piece in pieces]
        shape = rng.randrange(3)
        if shape == 0:
            return Substrings(name, first, tuple(others), None)
        if shape == 1:
            return Substrings(name, None, (first, *others), None)
        return Substrings(name, None, tuple(others), first)

    def _number(self) -> Filter:
        rng = self._rng
        name = self._spelt(rng.choice(NUMBERS))
        lines = [line for each in self._contacts for line in each.phones]
        digits = rng.choice(lines).number.digits
        if rng.random() < 0.2:
            digits = f"4930{rng.randrange(10**6):06}"
        kind = rng.randrange(6)
        if kind < 2:
            return Equality(
                name, rng.choice((b"+" + digits.encode(), b"+49 " + digits[2:].encode()))
            )
        if kind == 2:
            return Substrings(name, b"+" + digits[: rng.randrange(3, 9)].encode(), (), None)
        tail = digits[-rng.randrange(3, 8) :].lstrip("0")
        inside = digits[3 : rng.randrange(7, 11)].lstrip("0")
        if kind == 3 and len(tail) >= 3:
            return Substrings(name, None, (), tail.encode())
        if kind == 4 and len(inside) >= 3:
            return Substrings(name, None, (inside.encode(),), None)
        return Substrings(name, b"+49", (digits[5:8].encode(),), digits[-2:].encode())

    def _value(self, attribute: str) -> str:
        """Return a value that somebody has."""
        found = attribute_type(attribute)
        assert found is not None
        for _ in range(200):
            values = found.texts(self._rng.choice(self._contacts))
            if values:
                return self._rng.choice(values)
        return "nowhere"

    def _spelt(self, attribute: str) -> str:
        rng = self._rng
        name = ALIASES.get(attribute, attribute) if rng.random() < 0.2 else attribute
        return name.upper() if rng.random() < 0.1 else name

    def _respelt(self, value: str) -> bytes:
        """Return a value in another case, sometimes with another spelling of its umlauts."""
        rng = self._rng
        if rng.random() < 0.4:
            value = rng.choice((value.upper, value.lower, value.swapcase))()
        if rng.random() < 0.1:
            value = value.replace("ü", "ue").replace("ä", "ae").replace("ö", "oe")
        return value.encode()
