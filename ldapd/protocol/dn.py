"""Distinguished names: read from text, and compared.

Law: pure code. Reading follows RFC 4514 and also takes what older clients write (RFC 2253, 1779):
spaces around separators, `;` between RDNs, quoted values, `OID.` before a dotted type. Comparing
follows caseIgnoreMatch (RFC 4517 4.2.11, prepared as RFC 4518 says) for every type, since no schema
is asked: good enough to find a suffix or a bind name, no proof of identity of other values.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import msgspec

from ldapd.errors import InvalidDn, ProtocolError
from ldapd.protocol.ber import read_header

MAX_CACHED_CHARS = 256
"""Longer names are compared without memory, so that nobody fills it."""

ATTRIBUTE_OIDS = {
    "2.5.4.3": "cn",
    "2.5.4.7": "l",
    "2.5.4.8": "st",
    "2.5.4.10": "o",
    "2.5.4.11": "ou",
    "2.5.4.6": "c",
    "2.5.4.9": "street",
    "0.9.2342.19200300.100.1.25": "dc",
    "0.9.2342.19200300.100.1.1": "uid",
    "commonname": "cn",
    "localityname": "l",
    "stateorprovincename": "st",
    "organizationname": "o",
    "organizationalunitname": "ou",
    "countryname": "c",
    "streetaddress": "street",
    "domaincomponent": "dc",
    "userid": "uid",
}
"""Long names and OIDs of the types in the table of RFC 4514 3."""


class Ava(msgspec.Struct, frozen=True, gc=False):
    """One attribute type and value (RFC 4514 2.3); `value` is unescaped, `attribute` as written."""

    attribute: str
    value: str


Rdn = tuple[Ava, ...]
"""A relative distinguished name: one pair, or several joined by `+`."""

_NormalRdn = tuple[tuple[str, str], ...]

_TYPE = re.compile(r"(?:[oO][iI][dD]\.)?([A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+) *= *")
_SPACES = re.compile(" *")
_HEX_STRING = re.compile(r"#((?:[0-9A-Fa-f]{2})+)")
_PLAIN = re.compile(r'[^"+,;<>\\\0]*')
_QUOTED = re.compile(r'[^"\\\0]*')
_HEX_PAIR = re.compile("[0-9A-Fa-f]{2}")
_ESCAPABLE = frozenset(' "#+,;<=>\\')
_STRING_TAGS = frozenset({0x04, 0x0C, 0x12, 0x13, 0x16, 0x1A})
"""OctetString, UTF8String, NumericString, PrintableString, IA5String, VisibleString."""


def parse_dn(text: str) -> tuple[Rdn, ...]:
    """Read a distinguished name, leftmost RDN first.

        distinguishedName = [ relativeDistinguishedName *( COMMA relativeDistinguishedName ) ]
        relativeDistinguishedName = attributeTypeAndValue *( PLUS attributeTypeAndValue )
        attributeTypeAndValue = attributeType EQUALS attributeValue
        attributeValue = string / hexstring

    Args:
        text: the name; "" and blanks are the empty name, ().

    Raises:
        InvalidDn: with the position of the first character that does not fit.
    """
    return _DnReader(text).read()


class _DnReader:
    """Reads one name; `pos` is the next character."""

    __slots__ = ("pos", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0

    def read(self) -> tuple[Rdn, ...]:
        self._skip_spaces()
        if self.pos == len(self.text):
            return ()
        rdns: list[Rdn] = []
        avas: list[Ava] = []
        while True:
            avas.append(self._read_ava())
            separator = self.text[self.pos : self.pos + 1]
            if separator != "+":
                rdns.append(tuple(avas))
                avas = []
            if not separator:
                return tuple(rdns)
            if separator not in ",;+":
                raise InvalidDn("a comma or the end is due", self.pos)
            self.pos += 1
            self._skip_spaces()

    def _skip_spaces(self) -> None:
        found = _SPACES.match(self.text, self.pos)
        assert found is not None  # the pattern matches the empty text
        self.pos = found.end()

    def _read_ava(self) -> Ava:
        found = _TYPE.match(self.text, self.pos)
        if found is None:
            raise InvalidDn("an attribute type and = are due", self.pos)
        self.pos = found.end()
        if self.text.startswith("#", self.pos):
            value = self._read_hex_string()
        elif self.text.startswith('"', self.pos):
            value = self._read_quoted()
        else:
            value = self._read_string(_PLAIN, trim=True)
        return Ava(found[1], value)

    def _read_hex_string(self) -> str:
        """Read `hexstring = SHARP 1*hexpair`: the value's BER; strings become text."""
        found = _HEX_STRING.match(self.text, self.pos)
        if found is None:
            raise InvalidDn("pairs of hexadecimal digits are due behind #", self.pos + 1)
        octets = bytes.fromhex(found[1])
        try:
            tag, start, stop = read_header(octets, 0, len(octets))
            if stop != len(octets):
                raise InvalidDn("the hexadecimal value is not one BER element", self.pos)
            value = octets[start:stop].decode() if tag in _STRING_TAGS else found[0].lower()
        except (ProtocolError, UnicodeDecodeError):
            raise InvalidDn("the hexadecimal value is not BER of a text", self.pos) from None
        self.pos = found.end()
        self._skip_spaces()
        return value

    def _read_quoted(self) -> str:
        """Read a quoted value (RFC 2253 4): anything but quote and backslash stands for itself."""
        self.pos += 1
        value = self._read_string(_QUOTED, trim=False)
        if not self.text.startswith('"', self.pos):
            raise InvalidDn("the closing quote is due", self.pos)
        self.pos += 1
        self._skip_spaces()
        return value

    def _read_string(self, plain: re.Pattern[str], *, trim: bool) -> str:
        """Read plain runs and escapes; blanks at the end go if they are not escaped."""
        begin = self.pos
        octets = b""
        while True:
            found = plain.match(self.text, self.pos)
            assert found is not None  # both patterns match the empty text
            run = found[0]
            self.pos = found.end()
            escaped = self.text.startswith("\\", self.pos)
            if trim and not escaped:
                run = run.rstrip(" ")
            try:
                octets += run.encode()
                if not escaped:
                    return octets.decode()
            except UnicodeError:
                raise InvalidDn("a value that is not UTF-8", begin) from None
            octets += self._read_escape()

    def _read_escape(self) -> bytes:
        """Read `pair = ESC ( ESC / special / hexpair )`."""
        self.pos += 1
        pair = _HEX_PAIR.match(self.text, self.pos)
        if pair is not None:
            self.pos = pair.end()
            return bytes.fromhex(pair[0])
        character = self.text[self.pos : self.pos + 1]
        if character not in _ESCAPABLE:
            raise InvalidDn("a special character or two hexadecimal digits are due", self.pos)
        self.pos += 1
        return character.encode()


def depth_below(dn: str, base: str) -> int | None:
    """Return how many RDNs `dn` has before those of `base`: 0 = the same; None = not under it.

    Raises:
        InvalidDn: one of them is no name.
    """
    entry, top = normal_dn(dn), normal_dn(base)
    depth = len(entry) - len(top)
    return depth if depth >= 0 and entry[depth:] == top else None


def normal_dn(text: str) -> tuple[_NormalRdn, ...]:
    """Return a name in the form in which equal names are equal; hashable, leftmost RDN first.

    Types are lower case and short, values as `caseIgnoreMatch` sees them, pairs of one RDN sorted.

    Raises:
        InvalidDn: no name.
    """
    return _cached_normal(text) if len(text) <= MAX_CACHED_CHARS else _normal(text)


def _normal(text: str) -> tuple[_NormalRdn, ...]:
    return tuple(
        tuple(sorted({(_fold_type(ava.attribute), _fold_value(ava.value)) for ava in rdn}))
        for rdn in parse_dn(text)
    )


_cached_normal = lru_cache(maxsize=1024)(_normal)


def _fold_type(name: str) -> str:
    name = name.lower()
    return ATTRIBUTE_OIDS.get(name, name)


def _fold_value(value: str) -> str:
    """Prepare a value: NFKC, case folded, blanks squeezed and trimmed (RFC 4518 2)."""
    if not value.isascii():
        value = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())
    return " ".join(value.lower().split())
