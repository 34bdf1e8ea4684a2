"""vCards 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350): lines of bytes → records.

Law: pure. Forgiving as every reader of vCards has to be: an unknown property or a line that is none
is passed over; a card that cannot be read is named by its line, and the next one is read.
"""

from __future__ import annotations

import codecs
import quopri
import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from connectors.rowkeys import RowKeys
from connectors.settings import MapRule
from engine.source import Record

MAX_LINE_BYTES = 64 * 1024
"""A property of a contact; a photo is longer, and is not kept."""

MAX_CARD_LINES = 200_000
"""A photo of 10 MB in lines of 75 characters: behind it, the end of the card was lost."""

DEFAULT_KEY = ("UID",)

DEFAULT_MAP: dict[str, MapRule] = {
    "display_name": "FN",
    "given_name": "N.given",
    "surname": "N.surname",
    "title": "N.prefix",
    "company": "ORG",
    "department": "ORG.unit",
    "job": ("TITLE", "ROLE"),
    "street": "ADR.street",
    "postcode": "ADR.postcode",
    "city": "ADR.city",
    "country": "ADR.country",
    "phones.work": "TEL.work",
    "phones.mobile": "TEL.mobile",
    "phones.home": "TEL.home",
    "phones.fax": "TEL.fax",
    "phones.company": "TEL.company",
    "phones.other": "TEL.other",
    "emails": "EMAIL",
    "url": "URL",
    "photo": "PHOTO",
    "birthday": "BDAY",
    "notes": "NOTE",
}

COLUMNS = (
    "UID", "FN", "N.surname", "N.given", "N.additional", "N.prefix", "N.suffix", "NICKNAME", "ORG",
    "ORG.unit", "TITLE", "ROLE", "TEL.work", "TEL.mobile", "TEL.home", "TEL.fax", "TEL.company",
    "TEL.other", "EMAIL", "ADR.street", "ADR.postcode", "ADR.city", "ADR.region", "ADR.country",
    "URL", "PHOTO", "BDAY", "NOTE", "CATEGORIES", "REV",
)  # fmt: skip
"""What a card is known to hold; a property of another name (X-…) is a column of that name."""

_FIRST_COUNTS = frozenset({"FN", "N", "ORG", "TITLE", "ROLE", "ADR", "URL", "PHOTO", "BDAY", "UID"})
"""Of these a contact has one: the preferred, else that of work, else the first that says anything.
Parts of two addresses are none."""

_NAME_PARTS = ("surname", "given", "additional", "prefix", "suffix")
_ADDRESS_PARTS = ("box", "extended", "street", "city", "region", "postcode", "country")
_PICTURES = frozenset({"PHOTO", "LOGO", "SOUND", "KEY"})
_STRUCTURAL = frozenset({"BEGIN", "END", "VERSION", "PRODID", "X-ABLABEL", "KIND"})
GROUP_IN_WORDS = "a group of other cards, not a contact"

_GROUPS = {"KIND": "group", "X-ADDRESSBOOKSERVER-KIND": "group", "X-EVOLUTION-LIST": "true"}
"""What tells that a card stands for others."""

_PARAMETER = re.compile(r';([\w-]+)(?:=((?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*))?')
_QUOTED_HEAD = re.compile(rb'((?:[^":]|"[^"]*")*):')
_NAME = re.compile(r"(?:([\w-]+)\.)?([A-Za-z][\w-]*)")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_FIELD = re.compile(r"(?:[^;\\]|\\.)*", re.DOTALL)
_ITEM = re.compile(r"(?:[^,\\]|\\.)*", re.DOTALL)


class Card(msgspec.Struct):
    """One vCard; `fault` says why it is no contact ("": it is), `line` where it begins, from 1."""

    line: int
    record: Record
    fault: str = ""


class CardReader:
    """Reads the vCards of one source; keys it has to make are told apart over all of them.

    Attributes:
        ends_open: the lines ended inside a card: what was read is cut off.
        found: how many cards began.
    """

    def __init__(self, legacy_encoding: str = "cp1252") -> None:
        self.ends_open = False
        self.found = 0
        self._legacy = legacy_encoding
        self._keys = RowKeys()

    def cards(self, lines: Iterable[bytes]) -> Iterator[Card]:
        """Yield the cards in physical lines, with or without their line breaks."""
        properties: list[_Property] = []
        depth = began = 0
        for number, raw in _unfolded(lines):
            parsed = _Property.parse(raw, self._legacy)
            if parsed is None:
                continue
            mark = (parsed.name, parsed.text.strip().upper())
            if mark == ("BEGIN", "VCARD"):
                depth += 1
                if depth == 1:
                    properties, began = [], number
                    self.found += 1
            elif mark == ("END", "VCARD") and depth:
                depth -= 1
                if not depth:
                    yield self._card(began, properties)
            elif depth == 1:  # deeper: an AGENT of vCard 2.1, another person inside this one
                properties.append(parsed)
            if depth and number - began > MAX_CARD_LINES:
                yield Card(began, {}, f"it does not end within {MAX_CARD_LINES:,} lines")
                depth = 0
        self.ends_open = depth > 0

    def _card(self, line: int, properties: Sequence[_Property]) -> Card:
        columns: dict[str, list[str]] = {}
        labels = {p.group: p.text for p in properties if p.name == "X-ABLABEL" and p.group}
        if any(_GROUPS.get(p.name) == p.text.strip().lower() for p in properties):
            return Card(line, {}, GROUP_IN_WORDS)
        met: set[str] = set()
        for found in sorted(properties, key=_Property.preference):
            filled = [(column, text) for column, text in found.columns(labels) if text]
            if not filled or (found.name in met and found.name in _FIRST_COUNTS):
                continue
            met.add(found.name)
            for column, text in filled:
                values = columns.setdefault(column, [])
                if text not in values:
                    values.append(text)
        record = {column: "\n".join(values) for column, values in columns.items() if values}
        if not record.get("UID"):
            naming = ("FN", "N.surname", "N.given", "ORG", "EMAIL", "TEL.work", "TEL.mobile")
            record["UID"] = self._keys.key([record.get(column, "") for column in naming])
        return Card(line, record)


class _Property(msgspec.Struct):
    """One content line: `[group.]NAME;parameters:value` (RFC 6350 3.3)."""

    group: str
    name: str
    parameters: dict[str, list[str]]
    text: str

    @classmethod
    def parse(cls, raw: bytes, legacy: str) -> _Property | None:
        """Return the property of an unfolded line, None where it is none."""
        head, colon, value = _split_value(raw)
        if not colon:
            return None
        start = _text(head, "", legacy)
        name = _NAME.match(start)
        if name is None:
            return None
        parameters: dict[str, list[str]] = {}
        for key, values in _PARAMETER.findall(start, name.end()):
            if not values and key.upper() in {"QUOTED-PRINTABLE", "BASE64", "8BIT", "7BIT"}:
                parameters.setdefault("ENCODING", []).append(key.upper())
            elif not values:
                parameters.setdefault("TYPE", []).append(key.upper())
            else:
                texts = [
                    part.strip('" ') for part in re.split(r',(?=(?:[^"]*"[^"]*")*[^"]*$)', values)
                ]
                parameters.setdefault(key.upper(), []).extend(texts)
        upper, group = name[2].upper(), (name[1] or "").lower()
        encoding = (parameters.get("ENCODING") or [""])[0].upper()
        if encoding in {"B", "BASE64"}:
            return cls(group, upper, parameters, "") if upper in _PICTURES else None
        if encoding == "QUOTED-PRINTABLE":
            value = quopri.decodestring(value)
        charset = (parameters.get("CHARSET") or [""])[0]
        return cls(group, upper, parameters, _text(value, charset, legacy))

    @property
    def types(self) -> set[str]:
        """The values of TYPE in upper case, however they are listed ("voice,work" as one too)."""
        return {
            part.strip().upper()
            for value in self.parameters.get("TYPE", [])
            for part in value.split(",")
        }

    def preference(self) -> int:
        """Return the rank among equals: PREF=1 and TYPE=pref first, work before the rest."""
        preferred = (self.parameters.get("PREF") or [""])[0]
        if preferred.isdecimal():
            return min(int(preferred), 100)
        if "PREF" in self.types:
            return 1
        return 150 if "WORK" in self.types else 200

    def columns(self, labels: dict[str, str]) -> Iterator[tuple[str, str]]:
        """Yield the columns of a record that this property fills."""
        name = self.name
        if name == "N":
            yield from self._parts(name, _NAME_PARTS)
        elif name == "ADR":
            yield from self._parts(name, _ADDRESS_PARTS)
        elif name == "ORG":
            fields = _fields(self.text)
            yield "ORG", fields[0]
            yield "ORG.unit", " / ".join(field for field in fields[1:] if field)
        elif name == "TEL":
            yield f"TEL.{self._line(labels.get(self.group, ''))}", _plain(self.text)
        elif name in _PICTURES:
            if self.text.lower().startswith(("https:", "http:")):
                yield name, self.text.strip()
        elif name not in _STRUCTURAL:
            yield name, self._without_year(_plain(self.text))

    def _without_year(self, text: str) -> str:
        """Return a date without the year that Apple writes where none is known (1604)."""
        omitted = (self.parameters.get("X-APPLE-OMIT-YEAR") or [""])[0]
        if omitted and text.startswith(omitted):
            return "--" + text.removeprefix(omitted).removeprefix("-")  # RFC 6350 4.3.1
        return text

    def _parts(self, name: str, parts: Sequence[str]) -> Iterator[tuple[str, str]]:
        for part, text in zip(parts, _fields(self.text), strict=False):
            yield f"{name}.{part}", text

    def _line(self, label: str) -> str:
        """Return the kind of a telephone line, of its types or the label an Apple gave it."""
        types = self.types | set(re.findall(r"\w+", label.upper()))
        for kind, names in _LINES:
            if types & names:
                return kind
        return "other"


_LINES = (
    ("fax", {"FAX", "WORKFAX", "HOMEFAX"}),
    ("mobile", {"CELL", "CAR", "MOBILE", "IPHONE", "HANDY", "MOBIL"}),
    ("other", {"PAGER", "ASSISTANT", "X-ASSISTANT", "X-OTHER", "BBS", "MODEM", "TEXTPHONE"}),
    ("company", {"COMPANY", "X-COMPANY", "X-EVOLUTION-COMPANY", "MAIN-NUMBER", "COMPANY_MAIN"}),
    ("work", {"WORK", "BUSINESS", "ARBEIT"}),
    ("home", {"HOME", "PRIVAT"}),
)


def _split_value(raw: bytes) -> tuple[bytes, bytes, bytes]:
    """Split a line at the first colon outside of quotes."""
    if b'"' not in raw:
        return raw.partition(b":")
    head = _QUOTED_HEAD.match(raw)
    if head is None:
        return raw.partition(b":")
    return head[1], b":", raw[head.end() :]


def _unfolded(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield logical lines with the number of their first physical one.

    Folding (RFC 6350 3.2) may cut a character in two, so it is undone in bytes. A quoted-printable
    value of vCard 2.1 goes on behind a "=" at the end of its line. What is longer than
    `MAX_LINE_BYTES` is cut: only pictures are.
    """
    pieces: list[bytes] = []  # none is empty: a photo has thousands, too many to add one by one
    began = size = 0
    soft = False
    for number, physical in enumerate(lines, 1):
        # Files that were put together have a mark in their midst.
        line = physical.rstrip(b"\r\n").removeprefix(codecs.BOM_UTF8)
        if soft and not line.upper().startswith((b"BEGIN:", b"END:")):
            if without_sign := pieces.pop()[:-1]:
                pieces.append(without_sign)
            size -= 1
            piece = line
        elif line[:1] in {b" ", b"\t"}:
            piece = line[1:] if size < MAX_LINE_BYTES else b""
        else:
            if size:
                yield began, b"".join(pieces)
            pieces, began, size, piece = [], number, 0, line
        if piece:
            pieces.append(piece)
            size += len(piece)
        soft = (
            size < MAX_LINE_BYTES
            and bool(pieces)
            and pieces[-1].endswith(b"=")
            and b"QUOTED-PRINTABLE" in b"".join(pieces)[:256].upper()
        )
    if size:
        yield began, b"".join(pieces)


def _text(raw: bytes, charset: str, legacy: str) -> str:
    if raw.isascii() and not charset.lower().startswith(("utf-7", "iso-2022", "utf-16", "utf-32")):
        return raw.decode("ascii")
    for encoding in (charset or "utf-8", "utf-8"):
        try:
            return raw.decode(encoding)
        except (UnicodeError, LookupError):
            continue
    return raw.decode(legacy, "replace")


def _fields(text: str) -> list[str]:
    """Return the parts of a structured value (RFC 6350 3.4): at ";", lists within them joined."""
    fields = []
    place = 0
    while True:
        match = _FIELD.match(text, place)
        assert match is not None, "the pattern matches the empty text"
        fields.append(" ".join(_items(match[0])))
        place = match.end() + 1
        if place > len(text):
            return fields


def _items(text: str) -> list[str]:
    items = []
    place = 0
    while True:
        match = _ITEM.match(text, place)
        assert match is not None, "the pattern matches the empty text"
        items.append(_plain(match[0]))
        place = match.end() + 1
        if place > len(text):
            return [item for item in items if item]


def _plain(text: str) -> str:
    """Undo the escapes: a backslash before n is a line break, before any other that one."""
    unescaped = _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], text)
    return " ".join(unescaped.split())
