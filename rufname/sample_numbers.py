"""Numbers nobody can be reached under, and the ways people write them.

Law: no randomness here; a serial number or a table index comes in, digits or text come out.

The ranges that regulators reserve for fiction (Germany: +49 30 23125 000-999, +49 89 99998 000-999,
+49 171 39200 00-99) hold a few thousand numbers; the probe set lives there. A million contacts need
more: they get long numbers behind area codes and mobile prefixes that are not assigned (tested
against libphonenumber: none is valid). Every serial gives another number: it is multiplied by a
factor prime to the size of its range, which permutes the range.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from engine.phone import DialPlan, PhoneNumber

HOME_AREA = "879"
"""The area code of the made-up company's own town."""

GERMAN_AREAS = (HOME_AREA, "499", "459", "589", "649", "729", "749", "769", "969", "979")

FOREIGN_AREAS = (
    ("43", "299"), ("43", "299"), ("43", "299"), ("41", "60"), ("41", "60"), ("33", "40"),
    ("48", "20"), ("420", "42"), ("90", "299"), ("7", "29"), ("30", "29"),
)  # fmt: skip
"""Country code and unassigned prefix, as often as their share of the foreign companies."""

MOBILE_PREFIXES = ("165", "166", "167")

OWN_TRUNK = "498999998"
"""The made-up company itself: its extensions 000-999 are the range reserved for fiction."""

SAMPLE_PLAN = DialPlan(
    name="home",
    country_code="49",
    area_code=HOME_AREA,
    national_prefix="0",
    international_prefix="00",
    trunks=(OWN_TRUNK,),
    extension_length=(3, 3),
)
"""How all numbers of the sample are to be read: local numbers belong to `HOME_AREA`."""

TRUNKS_PER_AREA = 900_000
MOBILES_PER_PREFIX = 100_000_000

FORM_BITS = 10
"""A form is drawn by that many random bits."""

UNREADABLE = PhoneNumber("")
"""What a form says whose number cannot be got back: cut zeros, spreadsheet notation, mere words."""


class Subscriber(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A number in its parts: country code, area code, trunk, and an extension that may be ""."""

    country: str
    area: str
    trunk: str
    extension: str


Form = Callable[[Subscriber], str]


def trunk_digits(serial: int) -> str:
    """Return the six digits of an area's trunk number `serial`, below `TRUNKS_PER_AREA`.

    All have six digits, so that none is the beginning of another; none begins with 0.
    """
    return str(100_000 + (serial * 387_421 + 31_337) % TRUNKS_PER_AREA)


def mobile_digits(serial: int) -> tuple[str, str]:
    """Return prefix and eight digits of the mobile number `serial`, below three hundred million."""
    digits = str((serial // 3 * 61_803_399 + 27_182_818) % MOBILES_PER_PREFIX)
    return MOBILE_PREFIXES[serial % 3], digits.zfill(8)


def digits_of(number: Subscriber) -> str:
    """Return the E.164 digits, without "+"."""
    return f"{number.country}{number.area}{number.trunk}{number.extension}"


def _tail(number: Subscriber, hyphen: str = "-") -> str:
    return f"{number.trunk}{hyphen}{number.extension}" if number.extension else number.trunk


def _plain(number: Subscriber) -> str:
    return f"+{number.country}{number.area}{number.trunk}{number.extension}"


def _clean(number: Subscriber) -> str:
    extension = number.extension
    tail = f"{number.trunk}-{extension}" if extension else number.trunk
    return f"+{number.country} {number.area} {tail}"


def _zero_in_brackets(number: Subscriber) -> str:
    return f"+{number.country} (0){number.area} {_tail(number)}"


def _exit_code(number: Subscriber) -> str:
    return f"00{number.country} {number.area} {number.trunk}{number.extension}"


def _slash(number: Subscriber) -> str:
    return f"0{number.area}/{_tail(number)}"


def _brackets(number: Subscriber) -> str:
    trunk = number.trunk
    parts = f"(0{number.area}) {trunk[:2]} {trunk[2:4]} {trunk[4:]}"
    return f"{parts} {number.extension}" if number.extension else parts


def _national(number: Subscriber) -> str:
    return f"0{number.area} {number.trunk}{number.extension}"


def _without_area(number: Subscriber) -> str:
    """Write the local number where it is one that cannot be taken for an international one."""
    if number.area != HOME_AREA or number.trunk.startswith(number.country):
        return _slash(number)
    return _tail(number)


def _no_break_spaces(number: Subscriber) -> str:
    return f"+{number.country}\u00a0{number.area}\u00a0{number.trunk}\u00a0{number.extension}"


def _en_dash(number: Subscriber) -> str:
    return f"0{number.area} {_tail(number, '–')}"


def _uri(number: Subscriber) -> str:
    return f"tel:+{number.country}-{number.area}-{_tail(number)}"


def _labelled(number: Subscriber) -> str:
    return f"Zentrale: 0{number.area}/{_tail(number)}"


def _full_width(number: Subscriber) -> str:
    wide = digits_of(number).translate(_WIDE)
    return f"\uff0b{wide}"


def extension_apart(number: Subscriber) -> str:
    """Write the extension as one that is dialled afterwards: another number than in one piece."""
    if not number.extension:
        return _clean(number)
    return f"+{number.country} {number.area} {number.trunk} ext. {number.extension}"


def _lost_zero(number: Subscriber) -> str:
    return f"{number.area}{number.trunk}{number.extension}"


def _spreadsheet(number: Subscriber) -> str:
    digits = digits_of(number)
    return f"{digits[0]},{digits[1:6]}E+{len(digits) - 1}"


def _words(number: Subscriber) -> str:
    return "siehe Zentrale" if number.extension else "auf Anfrage"


_WIDE = {ord("0") + digit: 0xFF10 + digit for digit in range(10)}


def _table(shares: tuple[tuple[Form, int], ...]) -> tuple[Form, ...]:
    """Spread forms by their shares; what is left of the table is the first form's."""
    forms = [form for form, share in shares for _ in range(share)]
    return tuple([shares[0][0]] * ((1 << FORM_BITS) - len(forms)) + forms)


UNREADABLE_FORMS = frozenset({_lost_zero, _spreadsheet, _words})

LANDLINE_FORMS = _table((
    (_clean, 0), (_plain, 150), (_zero_in_brackets, 150), (_slash, 130), (_brackets, 80),
    (_national, 80), (_exit_code, 60), (_without_area, 60), (_no_break_spaces, 25), (_en_dash, 25),
    (_uri, 20), (extension_apart, 10), (_labelled, 10), (_full_width, 5), (_lost_zero, 5),
    (_spreadsheet, 5), (_words, 3),
))  # fmt: skip

MOBILE_FORMS = _table((
    (_clean, 0), (_plain, 200), (_zero_in_brackets, 100), (_slash, 150), (_national, 150),
    (_exit_code, 40), (_brackets, 40), (_no_break_spaces, 25), (_en_dash, 15), (_uri, 10),
    (_full_width, 3), (_lost_zero, 5), (_spreadsheet, 5), (_words, 2),
))  # fmt: skip

FOREIGN_FORMS = _table((
    (_clean, 0), (_plain, 350), (_exit_code, 150), (_no_break_spaces, 30), (_uri, 20),
    (extension_apart, 10), (_full_width, 3), (_spreadsheet, 5), (_words, 2),
))  # fmt: skip

MAIN_LINE_FORMS = _table((
    (_clean, 0), (_zero_in_brackets, 250), (_slash, 250), (_en_dash, 40), (_labelled, 30),
    (_uri, 20),
))  # fmt: skip
"""Main lines keep the hyphen before the 0: it says that extensions follow."""

FOREIGN_MAIN_LINE_FORMS = _table(((_clean, 0), (_uri, 40)))


def read_truth(form: Form, number: Subscriber) -> PhoneNumber:
    """Return the number that a reader of the written form must get; `UNREADABLE` if none can."""
    if form in UNREADABLE_FORMS:
        return UNREADABLE
    if form is extension_apart:
        return PhoneNumber(f"{number.country}{number.area}{number.trunk}", number.extension)
    return PhoneNumber(f"{number.country}{number.area}{number.trunk}{number.extension}")
