"""What a phone field of a source holds: its numbers, the trunks they hint at, what is no number.

Law: pure. Fields are dirty: several numbers, labels, extensions, ranges, vanity letters, fax marks.
The hyphen and the `-0` are read before they are stripped: they alone say where a company's trunk
ends. Nothing is dropped in silence: a part that is no number comes back with the reason, which
never quotes it.
"""

from __future__ import annotations

import re
import unicodedata

import msgspec

from engine.errors import InvalidNumber
from engine.phone import (
    DialPlan,
    PhoneNumber,
    country_code_of,
    join_direct_dial,
    normalise,
    read_number,
)
from engine.servicenumbers import may_be_trunk

MAX_FIELD_CHARS = 1_000
"""A field of twenty numbers has below 500; longer ones are notes."""

MAX_RANGE = 100
"""A declared range of more extensions than this is kept as its trunk alone."""

MIN_RANGE_TRUNK_DIGITS = 6
"""Digits of area and trunk in front of a range that is marked by a hyphen alone."""

MIN_TRUNK_SUBSCRIBER_DIGITS = 3
"""Digits a trunk has behind its country code at the least: shorter ones would be whole areas."""

_FLOAT = re.compile(r"\s*\d([.,]\d+)?E\+?\d{1,2}\s*", re.IGNORECASE)
_WHOLE_FLOAT = re.compile(r"\s*(\d{5,15})[.,]0\s*")
_SPLIT = re.compile(
    r"\s*(?:[,|\n]|;(?!\s*(?:ext|phone-context|isub)\s*=)|\s(?:o\.|od\.|oder|or|bzw\.|u\.|und|and|&)\s"
    r"|(?<=\d)\s*/\s*(?=\+|00))\s*",
    re.IGNORECASE,
)
_LABEL_WORDS = (
    r"(?:tel|telefon|telephone|phone|fon|ruf|rufnummer|mobil|mobile|mobiltelefon|handy|cell|cellular"
    r"|natel|gsm|fax|telefax|faxnummer|zentrale|büro|buero|office|work|privat|private|home|dienstlich"
    r"|geschäftlich|geschaeftlich|firma|company|main|direkt|direct|durchwahl|dw|nr|no|number|t|m|f|p|g)"
)
_LABEL = re.compile(
    rf"^\s*\(?(?P<label>{_LABEL_WORDS}(?:[\s./()-]+{_LABEL_WORDS})*)\)?\s*[.:]*\s*(?=[+(\d])",
    re.IGNORECASE,
)
_TRAILING_LABEL = re.compile(rf"\s*\(?\b(?P<label>{_LABEL_WORDS})\b[.)]*\s*$", re.IGNORECASE)
_FAX = re.compile(r"fax|^f$", re.IGNORECASE)
_CONTINUED = re.compile(r"^[-\u2010-\u2015\u2212]\s*(\d{1,5})$")
_RANGE = re.compile(
    r"^(?P<head>.*\d.*?)\s*[-\u2010-\u2015\u2212/]\s*(?P<low>\d{1,5})\s*"
    r"(?:bis|to|\.\.\.?|\u2026|(?P<hyphen>\u2013|-))\s*-?\s*(?P<high>\d{1,5})$",
    re.IGNORECASE,
)
_VANITY = re.compile(r"^(?P<head>[+\d][\d\s\-./()]*\d)[\s\-./]*(?P<word>[A-Z][A-Z\s-]{2,14})$")
_VANITY_HEADS = ("0800", "00800", "+49800", "+43800", "+41800", "1800", "+1800", "0900", "0180")
_KEYPAD = {
    letter: digit
    for digit, letters in zip(
        "23456789", ("ABC", "DEF", "GHI", "JKL", "MNO", "PQRS", "TUV", "WXYZ"), strict=True
    )
    for letter in letters
}
_DOUBLED = re.compile(r"^\s*(?:\+|00)\s*(\d{1,3})[\s/.-]*(?:\+|00)\s*\1")
_BARE_COUNTRY = re.compile(r"^\s*([1-9]\d{1,2})\s*\(0\)")
_HYPHENS = re.compile(r"[-\u2010-\u2015\u2212\uff0d\ufe63]")
_TRUNK_TAIL = re.compile(r"[-\u2010-\u2015\u2212\uff0d\ufe63]\s*(\d{1,5})\s*$")


class WrittenNumber(msgspec.Struct, frozen=True):
    """One number of a field.

    Attributes:
        number: the subscriber.
        written: its part of the field, as the source wrote it.
        trunk: E.164 digits of the trunk the spelling hints at (before the hyphen), "" for none.
        fax: the field calls it a fax.
    """

    number: PhoneNumber
    written: str
    trunk: str = ""
    fax: bool = False


class FieldReading(msgspec.Struct, frozen=True):
    """All numbers of a field in its order, and the reason for each part that is none."""

    numbers: tuple[WrittenNumber, ...] = ()
    refused: tuple[str, ...] = ()


def read_field(field: str, plan: DialPlan) -> FieldReading:
    """Read a phone field under the source's dial plan; an empty field gives an empty reading."""
    if not field or field.isspace():
        return FieldReading()
    if len(field) > MAX_FIELD_CHARS:
        return FieldReading(refused=(f"longer than {MAX_FIELD_CHARS} characters",))
    if _FLOAT.fullmatch(field):
        reason = "a spreadsheet rounded the number (like 4,98941E+11): export it as text"
        return FieldReading(refused=(reason,))
    whole = _WHOLE_FLOAT.fullmatch(field)
    text = whole[1] if whole else field
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    numbers: list[WrittenNumber] = []
    refused: list[str] = []
    for part in _SPLIT.split(text):
        if part and not part.isspace():
            try:
                numbers += _read_part(part.strip(), plan, numbers)
            except InvalidNumber as error:
                refused.append(error.reason)
    return FieldReading(tuple(numbers), tuple(refused))


def _read_part(part: str, plan: DialPlan, before: list[WrittenNumber]) -> list[WrittenNumber]:
    """Read one part: a number, a range, or an extension that continues the number before."""
    continued = _CONTINUED.match(part)
    if continued and before and before[-1].trunk:
        trunk = before[-1].trunk
        number = normalise(f"+{trunk}{continued[1]}", plan)
        return [WrittenNumber(number, part, trunk, before[-1].fax)]
    text, fax = _cut_labels(part)
    text = join_direct_dial(_mend(text))
    spread = _RANGE.match(text)
    if spread:
        found = _read_range(spread, part, plan, fax=fax)
        if found:
            return found
    number = normalise(text, plan)
    return [WrittenNumber(number, part, trunk_hint(text, number), fax)]


def _cut_labels(part: str) -> tuple[str, bool]:
    """Cut words that name the kind of line; tell whether they name a fax."""
    labels = []
    text = part
    for pattern in (_LABEL, _TRAILING_LABEL):
        found = pattern.search(text)
        if found and found.group() != text:
            rest = text[found.end() :] if found.start() == 0 else text[: found.start()]
            if any(map(str.isdigit, rest)):
                labels.append(found["label"])
                text = rest
    return text, any(_FAX.search(label) for label in labels)


def _mend(text: str) -> str:
    """Undo what people do to numbers: a doubled country code, a bare one, vanity letters."""
    doubled = _DOUBLED.match(text)
    if doubled:
        text = f"+{doubled[1]}{text[doubled.end() :]}"
    bare = _BARE_COUNTRY.match(text)
    if bare and country_code_of(bare[1]) == bare[1]:
        text = f"+{bare[1]} {text[bare.end() :]}"
    vanity = _VANITY.match(text)
    if vanity:
        head = "".join(letter for letter in vanity["head"] if letter.isdigit() or letter == "+")
        if head.startswith(_VANITY_HEADS):
            word = "".join(_KEYPAD.get(letter, "") for letter in vanity["word"])
            text = head + word
    return text


def _read_range(
    spread: re.Match[str], part: str, plan: DialPlan, *, fax: bool
) -> list[WrittenNumber]:
    """Read `089 99998-10 bis -19`: every number of it, or its trunk alone if there are too many.

    A bare hyphen mostly groups digits (`0351/123-4567`): it spans a range only between few
    extensions of one length, behind a whole trunk.
    """
    low, high = spread["low"], spread["high"]
    if len(low) > len(high) or int(low) >= int(high):
        return []
    bare = spread["hyphen"] is not None
    if bare and (len(low) != len(high) or int(high) - int(low) >= MAX_RANGE):
        return []
    try:
        reading = read_number(spread["head"], plan)
    except InvalidNumber:
        return []  # an area code: the hyphens group the digits of one number
    trunk = reading.numbers[0]
    national = len(trunk.digits) - len(country_code_of(trunk.digits))
    if trunk.extension or (bare and (reading.internal or national < MIN_RANGE_TRUNK_DIGITS)):
        return []
    if int(high) - int(low) >= MAX_RANGE:
        return [WrittenNumber(PhoneNumber(trunk.digits + low), part, trunk.digits, fax)]
    return [
        WrittenNumber(
            normalise(f"+{trunk.digits}{extension:0{len(low)}d}", plan), part, trunk.digits, fax
        )
        for extension in range(int(low), int(high) + 1)
    ]


def trunk_hint(text: str, number: PhoneNumber) -> str:
    """Return the trunk that a spelling hints at: what stands before one single hyphen.

    `089/99998-123` → 4989 99998; `089 99998-0` likewise. Nothing for numbers with several hyphens
    (they only group), for mobiles, service numbers and the North American plan.
    """
    if number.extension:
        return ""
    tail = _TRUNK_TAIL.search(text)
    if tail is None or len(_HYPHENS.findall(text)) != 1:
        return ""
    trunk = number.digits.removesuffix(tail[1])
    country = country_code_of(trunk)
    if trunk == number.digits or not country:
        return ""
    if len(trunk) - len(country) < MIN_TRUNK_SUBSCRIBER_DIGITS + 1:
        return ""
    return trunk if may_be_trunk(number.digits, country) else ""
