"""What a phone field of a source holds: its numbers, the trunks they hint at, what is no number.

Law: pure. Fields are dirty: several numbers, labels, extensions, ranges, vanity letters, fax marks,
spreadsheet notation. The hyphen and the `-0` are read before they are stripped: they alone say
where a company's trunk ends. Nothing is dropped in silence: a part that is no number comes back
with the reason, which never quotes it. Most fields hold one plainly written number; they take a
short way, which gives the same as the long one (tested).

Over 400 lines: what a part means hangs on the part before it, so that all of it is read here.
"""

from __future__ import annotations

import re

import msgspec

from engine.countries import (
    MAX_E164_DIGITS,
    NORTH_AMERICA,
    area_code_length,
    country_code_of,
    looks_international,
)
from engine.dialplan import DialPlan
from engine.errors import InvalidNumber
from engine.fieldparts import (
    MAX_FIELD_CHARS,
    cut_labels,
    is_fax,
    parted,
    parts_of,
)
from engine.numbertext import MAX_RAW_CHARS, TOO_LONG, digits_only, fold_signs, join_direct_dial
from engine.reading import LOCAL, PhoneNumber, normalise, read_number
from engine.servicenumbers import may_be_trunk

MAX_RANGE = 100
"""A declared range of more extensions than this is kept as its trunk alone."""

MIN_RANGE_TRUNK_DIGITS = 6
"""Digits of area and trunk in front of a range that is marked by a hyphen alone."""

MIN_LIST_DIGITS = 6
"""Digits of country, area and trunk before the endings of a list."""

MIN_BESIDE_DIGITS = 6
"""Fewer digits that the plan cannot read are no number of another area."""

MAX_AREA_DIGITS = 5
"""No country has longer area codes."""

DIRECT_DIALLING = frozenset({"49", "43", "41", "423"})
"""Countries where a hyphen stands before the extension; elsewhere it only groups digits, and `-0`
alone is the switchboard's."""

_EXPONENT = re.compile(r"\s*(\d)(?:[.,](\d+))?E\+?(\d{1,2})\s*", re.IGNORECASE | re.ASCII)
_WHOLE_FLOAT = re.compile(r"\s*(\d{5,15})[.,]0\s*", re.ASCII)
_PLAIN = re.compile(
    r" *\(?\+?[0-9\u00a0 ()]*[0-9](?:/[1-9][0-9 ]*)?(?: ?[-–] ?([0-9][0-9 ]*))?"
    r"[ \u00a0]*",
    re.ASCII,
)
_CONTINUED = re.compile(r"(?P<hyphen>[-–]\s*)?(?P<extension>\d{1,5})", re.ASCII)
_MACHINE = re.compile(r"\+?\d{6,15}", re.ASCII)
_INSIDE_LABEL = re.compile(r"intern|ext|durchwahl|dw|direkt|nebenstelle|nst|app|klappe|kl")
_GROUP_AT_END = re.compile(r"[\s.)/](\d+)\s*$", re.ASCII)
_DIRECT_LABEL = re.compile(r"durchwahl|dw|direkt|nebenstelle|nst|app|kl")
_LIST = re.compile(
    r"(?P<head>.*\d\s*[-–]\s*(?P<first>\d{1,5}))(?P<more>(?:\s*/\s*[-–]?\s*\d{1,5})+)", re.ASCII
)
_ENDINGS = re.compile(
    r"(?P<head>.+[\s.)](?P<first>\d{2,4}))(?P<more>(?:\s*+/\s*+\d{2,4})+)", re.ASCII
)
_TIGHT_SLASH = re.compile(r"(?<!\s)/(?!\s)")
_RANGE = re.compile(
    r"(?P<head>[^a-z]*\d)\s*[-–/\s]\s*(?P<low>\d{1,5})\s*"
    r"(?:(?:bis|to|\.{2,3}|…)\s*[-–]?|[-–]\s*[-–]|(?P<bare>[-–]))\s*(?P<high>\d{1,5})",
    re.IGNORECASE | re.ASCII,
)
_VANITY = re.compile(r"(?P<head>[+(\d][\d\s\-./()]*\d)[\s\-./)]*(?P<word>[A-Z][A-Z\s-]{2,14})")
_NORTH_AMERICAN_HEADS = ("800", "833", "844", "855", "866", "877", "888")
_VANITY_HEADS = (
    *("0800", "00800", "+49800", "+43800", "+41800", "0900", "0180"),
    *(f"{before}{head}" for before in ("1", "+1") for head in _NORTH_AMERICAN_HEADS),
)
_KEYPAD = {
    letter: digit
    for digit, letters in zip(
        "23456789", ("ABC", "DEF", "GHI", "JKL", "MNO", "PQRS", "TUV", "WXYZ"), strict=True
    )
    for letter in letters
}
_HYPHENS = re.compile("[-–]")
_TRUNK_TAIL = re.compile(r"[-–]\s*(\d{1,5})\s*", re.ASCII)


class WrittenNumber(msgspec.Struct, frozen=True, gc=False):
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


class FieldReading(msgspec.Struct, frozen=True, gc=False):
    """All numbers of a field in its order, and the reason for each part that is none."""

    numbers: tuple[WrittenNumber, ...] = ()
    refused: tuple[str, ...] = ()


def read_field(field: str, plan: DialPlan) -> FieldReading:
    """Read a phone field under the source's dial plan; an empty field gives an empty reading."""
    if len(field) <= MAX_RAW_CHARS:
        plain = _PLAIN.fullmatch(field)
        if plain:
            tail = plain[1]
            if tail and _may_span(field[: plain.start(1)].rstrip(" -–"), tail.rstrip(" ")):
                return read_field_slowly(field, plan)
            try:
                number = normalise(field, plan)
            except InvalidNumber:
                return read_field_slowly(field, plan)
            trunk = _trunk_before(tail, number.digits) if tail else ""
            return FieldReading((WrittenNumber(number, field.strip(), trunk),))
    return read_field_slowly(field, plan)


def _may_span(before: str, high: str) -> bool:
    """Tell whether a range may end with `high`: as many digits, and fewer, stand before it."""
    size = len(high)
    low = before[-size:]
    return low < high and low.isdigit() and not before[-size - 1 : -size].isdigit()


def read_field_slowly(field: str, plan: DialPlan) -> FieldReading:
    """Do what `read_field` does by the rules for fields, which take any content."""
    if not field or field.isspace():
        return FieldReading()
    if len(field) > MAX_FIELD_CHARS:
        return FieldReading(refused=(f"longer than {MAX_FIELD_CHARS} characters",))
    try:
        whole = _from_spreadsheet(field)
        if whole:
            return FieldReading((WrittenNumber(normalise(whole, plan), field.strip()),))
    except InvalidNumber as error:
        return FieldReading(refused=(error.reason,))
    folded = fold_signs(field)
    numbers: list[WrittenNumber] = []
    refused: list[str] = []
    for separator, begin, end in parts_of(folded):
        try:
            _take_part(folded[begin:end], field[begin:end], separator, plan, numbers)
        except InvalidNumber as error:
            pieces = [(begin + first, begin + last) for first, last in parted(folded[begin:end])]
            taken = len(numbers)
            try:
                if len(pieces) == 1 or end - begin > MAX_RAW_CHARS:
                    raise
                for first, last in pieces:
                    _take_part(folded[first:last], field[first:last], "", plan, numbers)
            except InvalidNumber:
                del numbers[taken:]
                refused.append(error.reason)
    return FieldReading(tuple(numbers), tuple(refused))


def _from_spreadsheet(field: str) -> str:
    """Return the digits of a field that holds the notation of a number, "" for any other.

    Raises:
        InvalidNumber: digits are lost.
    """
    whole = _WHOLE_FLOAT.fullmatch(field)
    if whole:
        return whole[1]
    rounded = _EXPONENT.fullmatch(field)
    if rounded is None:
        return ""
    if len(rounded[2] or "") == int(rounded[3]):  # all digits are there: 4.98999998123E11
        return f"{rounded[1]}{rounded[2] or ''}"
    raise InvalidNumber("a spreadsheet rounded the number (like 4,98941E+11): export it as text")


def _take_part(
    part: str, written: str, separator: str, plan: DialPlan, numbers: list[WrittenNumber]
) -> None:
    """Read one part and add what it says to `numbers`; it may continue the number before.

    Raises:
        InvalidNumber: it says no number.
    """
    if len(part) > MAX_RAW_CHARS:
        raise InvalidNumber(TOO_LONG)
    if "@" in part and ":" not in part:
        raise InvalidNumber("an e-mail address, no number")
    text, label = cut_labels(part.strip())
    written = written.strip()
    fax = is_fax(label)
    if numbers and _continue(text, written, separator, label, numbers):
        return
    text = join_direct_dial(_spell_vanity(text, plan))
    several = _read_range(text, plan) or _read_list(text, plan)
    if several:
        trunk, found = several
        numbers += [WrittenNumber(number, written, trunk, fax) for number in found]
        return
    number = _read_beside(text, label, plan, numbers) if numbers else normalise(text, plan)
    numbers.append(WrittenNumber(number, written, trunk_hint(text, number), fax))


def _continue(
    text: str, written: str, separator: str, label: str, numbers: list[WrittenNumber]
) -> bool:
    """Read `-12` behind `089 99998-10`, or a pause and an extension; tell whether it was one."""
    found = _CONTINUED.fullmatch(text)
    if found is None:
        return False
    last, extension = numbers[-1], found["extension"]
    direct = _DIRECT_LABEL.search(label) is not None
    trunk = last.trunk or (last.number.digits if direct and not last.number.extension else "")
    digits = trunk + extension
    alike = len(digits) == len(last.number.digits)
    if len(digits) > MAX_E164_DIGITS and (direct or found["hyphen"]):
        raise InvalidNumber(f"{len(digits)} digits: too long for a phone number")
    if last.trunk and (direct or found["hyphen"] or alike):
        fax = is_fax(label) if label else last.fax
        numbers.append(WrittenNumber(PhoneNumber(digits), written, trunk, fax))
        return True
    both = f"{last.written}{separator}{written}"
    if trunk and _is_trunk(trunk, digits):  # 089 99998, Nst. 12
        numbers[-1] = WrittenNumber(PhoneNumber(digits), both, trunk, last.fax)
        return True
    paused = separator and separator[-1] in ",;" and not found["hyphen"] and not last.trunk
    if paused and not last.number.extension and _MACHINE.fullmatch(last.written):
        numbers[-1] = WrittenNumber(PhoneNumber(last.number.digits, extension), both)
        return True
    return False


def _read_beside(
    text: str, label: str, plan: DialPlan, numbers: list[WrittenNumber]
) -> PhoneNumber:
    """Read a number that stands behind others of its field.

    Without an area code it is one of the same area, not of the plan's (`040 428000, 428001` in
    Munich), and few digits are another ending, not an extension of the own plan.

    Raises:
        InvalidNumber: it is none.
    """
    last = numbers[-1].number
    digits = digits_only(text)
    try:
        reading = read_number(text, plan)
    except InvalidNumber:
        number = _of_area(last, digits) if len(digits) >= MIN_BESIDE_DIGITS else None
        if number is None:
            raise
        return number
    number = reading.numbers[0]
    if reading.rule.startswith(LOCAL) and not number.digits.startswith(plan.trunks):
        return _of_area(last, digits) or number
    if not reading.internal or _INSIDE_LABEL.search(label):
        return number
    if text[:1].isalpha():
        raise InvalidNumber("few digits behind an unknown word, perhaps a room")
    size = len(digits)
    own = tuple(each.digits[:-size] for each in reading.numbers)
    if not _may_end(last) or any(each.number.digits.startswith(own) for each in numbers):
        return number
    written = numbers[-1].written
    ending = _GROUP_AT_END.search(fold_signs(written))
    if ending is None or len(ending[1]) != size:
        raise InvalidNumber("few digits behind a number that is no own one")
    return PhoneNumber(last.digits[:-size] + digits)


def _may_end(number: PhoneNumber) -> bool:
    """Tell whether a number is a line of a house, of which another may end otherwise."""
    country_code = country_code_of(number.digits)
    return country_code == NORTH_AMERICA or may_be_trunk(number.digits, country_code)


def _of_area(last: PhoneNumber, digits: str) -> PhoneNumber | None:
    """Return a number without an area code as one of the area of the number before it.

    Returns:
        None behind a mobile, and if that makes no number of its country.
    """
    if not digits.isdigit() or not _may_end(last):
        return None
    country_code = country_code_of(last.digits)
    national = last.digits[len(country_code) :]
    area = area_code_length(national, country_code)
    whole = f"{country_code}{national[:area]}{digits}"
    for found in (whole, country_code + digits):
        if len(found) <= MAX_E164_DIGITS and looks_international(found):
            return PhoneNumber(found)
    return None


def _spell_vanity(text: str, plan: DialPlan) -> str:
    """Write the letters of a service number as the digits of their keys: `0800 FLOWERS`."""
    vanity = _VANITY.fullmatch(text) if text[-1:].isupper() else None
    if vanity is None:
        return text
    head = "".join(letter for letter in vanity["head"] if letter.isdigit() or letter == "+")
    heads: tuple[str, ...] = _VANITY_HEADS
    if plan.country_code == NORTH_AMERICA:
        heads += _NORTH_AMERICAN_HEADS
    if not head.startswith(heads):
        return text
    return head + "".join(_KEYPAD.get(letter, "") for letter in vanity["word"])


def _read_range(text: str, plan: DialPlan) -> tuple[str, list[PhoneNumber]] | None:
    """Read `089 99998-10 bis -19`: trunk and every number, or the first if there are too many.

    A bare hyphen mostly groups digits (`0351/123-4567`): it spans a range only between few
    extensions, behind a whole trunk, and where direct dialling is usual.
    """
    found = _RANGE.fullmatch(text)
    if found is None or len(found["low"]) != len(found["high"]) or found["low"] >= found["high"]:
        return None
    try:
        reading = read_number(found["head"], plan)
    except InvalidNumber:
        return None  # an area code: the hyphens group the digits of one number
    trunk, low, count = (
        reading.numbers[0].digits,
        found["low"],
        int(found["high"]) - int(found["low"]),
    )
    first = trunk + low
    if reading.numbers[0].extension or reading.internal or len(first) > MAX_E164_DIGITS:
        return None
    if not _is_trunk(trunk, first) or (
        found["bare"] and not (_has_prefix(text) and _is_bare_range(trunk, first, count))
    ):
        return None
    last = int(low) + (count if count < MAX_RANGE else 0)
    numbers = [PhoneNumber(f"{trunk}{each:0{len(low)}d}") for each in range(int(low), last + 1)]
    return trunk, numbers


def _has_prefix(text: str) -> bool:
    return text.lstrip(" (")[:1] in {"+", "0"}


def _is_bare_range(trunk: str, first: str, count: int) -> bool:
    country_code = country_code_of(trunk)
    return (
        count < MAX_RANGE
        and country_code in DIRECT_DIALLING
        and len(trunk) - len(country_code) >= MIN_RANGE_TRUNK_DIGITS
        and looks_international(first)
    )


def _read_list(text: str, plan: DialPlan) -> tuple[str, list[PhoneNumber]] | None:
    """Read `089 99998-10/11/-12` or `089 99998 10 / 11`: trunk, "" for none, and every number."""
    hyphened = _LIST.fullmatch(text) if "/" in text else None
    found = hyphened or (_ENDINGS.fullmatch(text) if "/" in text else None)
    if found is None or (not hyphened and _TIGHT_SLASH.search(found["more"])):
        return None  # 01 234567/12 is direct dialling
    more = [each.strip() for each in found["more"].split("/")[1:]]
    if any(each[0] not in "-–" and len(each) != len(found["first"]) for each in more):
        return None
    first = normalise(found["head"], plan)
    trunk = trunk_hint(found["head"], first)
    before = trunk if hyphened else first.digits[: -len(found["first"])]
    endings = [each.lstrip("-– ") for each in more]
    size = len(before) + max(map(len, endings))
    if first.extension or len(before) < MIN_LIST_DIGITS or size > MAX_E164_DIGITS:
        return None
    return trunk, [first, *(PhoneNumber(before + ending) for ending in endings)]


def trunk_hint(text: str, number: PhoneNumber) -> str:
    """Return the trunk that a spelling hints at: what stands before one single hyphen.

    `089/99998-123` → 4989 99998; `089 99998-0` likewise. Nothing for numbers with several hyphens
    (they only group, but for a last `-0`), where the part before it is an area code alone, for
    mobiles, service numbers, the North American plan; and outside the countries of direct dialling
    for all but `-0`.
    """
    text = fold_signs(text)
    place = max(text.rfind("-"), text.rfind("–"))
    tail = _TRUNK_TAIL.fullmatch(text, place) if place > 0 else None
    if tail is None or number.extension:
        return ""
    if tail[1] != "0" and len(_HYPHENS.findall(text)) != 1:
        return ""
    return _trunk_before(tail[1], number.digits)


def _trunk_before(tail: str, digits: str) -> str:
    """Return the trunk if `tail`, the text behind the hyphen, is an extension; else ""."""
    tail = tail.rstrip(" ")
    if len(tail) > 5 or not tail.isdigit() or not digits.endswith(tail):  # noqa: PLR2004 - five digits, as in `engine.trunk`
        return ""
    trunk = digits[: -len(tail)]
    country_code = country_code_of(trunk)
    if country_code not in DIRECT_DIALLING and tail.strip("0"):
        return ""
    return trunk if _is_trunk(trunk, digits) else ""


def _is_trunk(trunk: str, digits: str) -> bool:
    """Tell whether a company's trunk may end here: behind the area code, on a fixed line."""
    country_code = country_code_of(trunk)
    national = trunk[len(country_code) :]
    if not country_code or len(national) < 4:  # noqa: PLR2004 - area and a digit, as in `engine.trunk`
        return False
    if len(national) <= MAX_AREA_DIGITS + 1:
        area = area_code_length(digits[len(country_code) :], country_code)
        if len(national) <= area:
            return False
    return may_be_trunk(digits, country_code)
