"""Reading phone numbers: what any spelling of one means under a dial plan.

Law: pure, and no libphonenumber but for remembered questions about short numbers: the live path
takes one to three microseconds for the spellings that Session Border Controllers send
(`bench/bench_normalise.py`). Those take a short way in `read_number`; it gives the same as the long
one, which is tested.

Sources: ITU-T E.164 (at most 15 digits), E.123 (notation); the texts' rules in `engine.numbertext`.

Over 400 lines: what digits mean hangs on each rule that did not fit before.
"""

from __future__ import annotations

import re

import msgspec

from engine.countries import (
    MAX_E164_DIGITS,
    MIN_E164_DIGITS,
    NEEDLESS,
    NEEDLESS_DIGITS,
    NORTH_AMERICA,
    country_code_of,
    has_area_code,
    has_country_code,
    looks_international,
    looks_national,
    without_own_prefix,
    without_stray_prefix,
)
from engine.dialplan import DialPlan
from engine.errors import InvalidNumber
from engine.numbertext import (
    MAX_RAW_CHARS,
    OUTSIDE_LINE,
    TOO_LONG,
    digits_only,
    read_text,
)
from engine.servicenumbers import (
    MAX_SERVICE_DIGITS,
    is_emergency,
    is_service_behind_country,
    is_service_number,
)

NORMALISER_VERSION = 11
"""Part of every record's digest: raise it whenever a spelling is read in another way."""

NANP_NATIONAL_DIGITS = 10
"""Area code and number in the North American Numbering Plan."""

NANP_LOCAL_DIGITS = 7

MIN_LOCAL_DIGITS = 3
"""Fewer digits without a prefix are an extension of a plan that has none, not a subscriber."""

MIN_NATIONAL_DIGITS = 4
"""No country has shorter numbers behind its national prefix."""

MIN_CLOSED_DIGITS = 7
"""Digits that are taken for a number of a country without prefixes, though not of its shape."""

MIN_WITHOUT_PLUS = 8
"""The shortest E.164 number that is read without its "+"."""

MIN_WITHOUT_PREFIX = 9
"""The shortest national number that is read without its prefix: shorter ones are local ones."""

LONG = 10
"""With more digits, a text without any prefix is E.164 rather than local."""

UNIVERSAL_EXIT = "00"
"""The international prefix that people write whatever their own country's is (ITU-T E.164 A.4)."""

_SHORT_WAY = frozenset({"sip", "tel"})
_SILENT = re.compile(r"(?:;(?!ext\b)[a-z-]+(?:=[a-z][a-z0-9.-]*)?)+")
"""Parameters of a URI that say nothing of its number: no extension, no country of a context."""

_LONGEST_SERVICE = 3 + MAX_SERVICE_DIGITS
SERVICE = "a service number has no subscriber"
"""The reason why a service number is refused."""

LOCAL = "local number, area code added"
"""The rule of a number to which the plan's own area belongs."""

UNPREFIXED = "a national number without its prefix"
"""The end of a rule whose last number is one that a trunk may have sent so."""


class PhoneNumber(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A subscriber: E.164 digits without "+", and an extension that is dialled afterwards ("")."""

    digits: str
    extension: str = ""

    @property
    def key(self) -> str:
        """The index term: an extension apart makes another number (`498912345x55`)."""
        return f"{self.digits}x{self.extension}" if self.extension else self.digits


class Reading(msgspec.Struct, frozen=True, gc=False):
    """What one spelling may mean under a plan.

    Attributes:
        numbers: possible subscribers, most likely first; never empty.
        rule: the rule of the dial plan that applied, in words.
        explicit_country: the text itself named the country (`+`, international prefix).
        internal: the text was an extension of the own plan.
    """

    numbers: tuple[PhoneNumber, ...]
    rule: str
    explicit_country: bool = False
    internal: bool = False


MIN_PLAIN_DIGITS = _LONGEST_SERVICE + 1
"""Behind a "+": too many for a service number."""

PLAIN_BEGINNING = NEEDLESS_DIGITS

PLAIN_BEGINNINGS = {
    digits.encode(): len(country)
    for digits in (f"{number:0{PLAIN_BEGINNING}d}" for number in range(10**PLAIN_BEGINNING))
    if (country := country_code_of(digits)) and digits not in NEEDLESS
}
"""The first digits behind a "+" → how many of them are the country code: a number that begins so
and has `MIN_PLAIN_DIGITS` to `MAX_E164_DIGITS` is read as it stands, whatever the plan."""


def normalise(raw: str, plan: DialPlan) -> PhoneNumber:
    """Return the one subscriber that `raw` most likely means under `plan`.

    Args:
        raw: any spelling, at most 200 characters are read as a number.
        plan: where the number was written.

    Raises:
        InvalidNumber: no digits, a service number, too short, too long, letters in between.
    """
    return read_number(raw, plan).numbers[0]


def read_number(raw: str, plan: DialPlan) -> Reading:
    """Return everything `raw` may mean under `plan`, most likely first.

    Raises:
        InvalidNumber: nothing to look up; the reason says why.
    """
    if len(raw) > MAX_RAW_CHARS:
        raise InvalidNumber(TOO_LONG)
    text = raw
    if raw[:1] == "+":  # what nearly every Session Border Controller sends
        body = raw[1:]
        if body.isascii() and body.isdigit():
            return _explicit(body, "", "E.164 with +")
    elif raw[3:4] == ":" and raw[:3] in _SHORT_WAY:
        text = _user_of(raw)
        if text[:1] == "+" and text.isascii() and text[1:].isdigit():
            return _explicit(text[1:], "", "E.164 with +")
    if text.isdigit() and text.isascii():
        return _read_digits(text, "", plan, bracket="(0)" in raw)
    text = digits_only(text)
    if text[:1] == "+":
        body = text[1:]
        if body.isascii() and body.isdigit():
            return _explicit(body, "", "E.164 with +")
    elif text.isascii() and text.isdigit():
        return _read_digits(text, "", plan, bracket="(0)" in raw)
    return read_slowly(raw, plan)


def without_needless_zero(digits: bytes) -> tuple[bytes, int] | None:
    """Read what stands behind a "+" and begins like none of `PLAIN_BEGINNINGS`.

    Args:
        digits: ASCII.

    Returns:
        As what `read_number` reads it, if that is long enough, and how many digits of it are the
        country code; None if it has none, or must be read otherwise.
    """
    text = digits.decode()
    if not country_code_of(text):
        return None
    text = without_stray_prefix(text)
    country = country_code_of(text)
    return (text.encode(), len(country)) if country else None


def _user_of(uri: str) -> str:
    """Return what a tel: or sip: URI has for a number, "" where the rules for texts must tell."""
    text, _, host = uri[4:].partition("@")
    if uri[0] == "s" and (not host or host[0] in "aA"):  # perhaps anonymous.invalid
        return ""
    parameters = text.find(";")
    if parameters > 0 and _SILENT.fullmatch(text, parameters):
        return text[:parameters]
    return text


def read_slowly(raw: str, plan: DialPlan) -> Reading:
    """Do what `read_number` does by the rules for texts, which take any spelling."""
    outside = plan.outside_line
    if outside and raw.startswith(outside) and raw[len(outside) :].lstrip(" -/.,")[:1] == "+":
        reading = read_slowly(raw[len(outside) :].lstrip(" -/.,"), plan)
        rule = f"outside line {outside}, then {reading.rule}"
        return msgspec.structs.replace(reading, rule=rule)
    text = read_text(raw)
    if text.digits[0] == "+":
        return _explicit(text.digits[1:], text.extension, "E.164 with +")
    return _read_digits(text.digits, text.extension, plan, bracket="(0)" in raw)


def _explicit(digits: str, extension: str, rule: str) -> Reading:
    """Read digits whose country is given. Flat, since nearly every call passes here."""
    if digits[:NEEDLESS_DIGITS] in NEEDLESS:
        digits = without_stray_prefix(digits.removeprefix("00"))
    if not MIN_E164_DIGITS <= len(digits) <= MAX_E164_DIGITS:
        raise InvalidNumber(
            f"{len(digits)} digits behind +: an E.164 number has "
            f"{MIN_E164_DIGITS} to {MAX_E164_DIGITS}"
        )
    if not has_country_code(digits):
        raise InvalidNumber("no such country code")
    if len(digits) <= _LONGEST_SERVICE and is_service_behind_country(digits):
        raise InvalidNumber(SERVICE)
    return Reading((PhoneNumber(digits, extension),), rule, True)  # noqa: FBT003 - a third faster


def _read_digits(digits: str, extension: str, plan: DialPlan, *, bracket: bool) -> Reading:
    """Read digits without "+": service, extension, outside line, international, national, local.

    Args:
        digits: at least one.
        extension: dialled afterwards.
        plan: where they are dialled.
        bracket: the text has a "(0)": `49 (0)89 …` names its country.
    """
    if len(digits) <= MAX_SERVICE_DIGITS and _is_service(digits, plan):
        raise InvalidNumber(SERVICE)
    inside = len(digits) <= plan.extension_length[1] or bool(plan.ranges)
    if inside and not extension and plan.is_extension(digits):
        numbers = tuple(PhoneNumber(trunk + digits) for trunk in plan.trunks_before(digits))
        return Reading(numbers, "extension behind an own trunk", internal=True)
    if len(digits) > MAX_E164_DIGITS + MAX_SERVICE_DIGITS:
        raise InvalidNumber(f"{len(digits)} digits: too long for a phone number")
    if bracket and digits[0] != "0" and digits[len(country_code_of(digits)) :][:1] == "0":
        return _explicit(digits, extension, "country code before (0)")
    reading = _external(digits, extension, plan)
    if plan.outside_line and digits.startswith(plan.outside_line):
        reading = _through_outside_line(digits, extension, plan, reading)
    if reading is None:
        raise InvalidNumber(_why_none(digits, plan))
    return reading


def _why_none(digits: str, plan: DialPlan) -> str:
    """Return why digits are no number: perhaps a national one with one digit before it."""
    reason = f"{len(digits)} digits make no number under this dial plan"
    rest, prefix = digits[1:], plan.national_prefix
    behind_one = bool(prefix) and not plan.outside_line and rest.startswith(prefix)
    if behind_one and looks_national(rest[len(prefix) :], plan.country_code):
        return f"{reason}; {OUTSIDE_LINE}"
    return reason


def _is_service(digits: str, plan: DialPlan) -> bool:
    """Tell whether digits reach a service: a declared extension does not, but for emergencies."""
    country, outside = plan.country_code, plan.outside_line
    if outside and digits.startswith(outside) and is_emergency(digits[len(outside) :], country):
        return True
    if plan.ranges and plan.is_declared(digits):
        return is_emergency(digits, country)
    return is_service_number(digits, country)


def _through_outside_line(
    digits: str, extension: str, plan: DialPlan, direct: Reading | None
) -> Reading | None:
    """Add what digits mean behind the outside line to what they mean without one."""
    outside = plan.outside_line
    rest = digits[len(outside) :]
    if not rest:
        return direct
    if len(rest) <= MAX_SERVICE_DIGITS and is_service_number(rest, plan.country_code):
        raise InvalidNumber(SERVICE)
    dialled = _external(rest, extension, plan)
    if dialled is None:
        return direct
    dialled = msgspec.structs.replace(dialled, rule=f"outside line {outside}, then {dialled.rule}")
    if direct is None:
        return dialled
    surely_dialled = _is_sure(rest, dialled, plan)
    if _is_sure(digits, direct, plan):
        if direct.explicit_country and not surely_dialled:
            return direct
        first, second = direct, dialled
    else:
        first, second = (dialled, direct) if surely_dialled else (direct, dialled)
    numbers = first.numbers + second.numbers
    if first.rule.endswith(UNPREFIXED):  # the least likely of all stays the last
        guess = len(first.numbers) - 1
        numbers = (*numbers[:guess], *second.numbers, numbers[guess])
    numbers = tuple(dict.fromkeys(numbers))
    explicit = first.explicit_country and second.explicit_country
    return Reading(numbers, f"{first.rule}, or {second.rule}", explicit_country=explicit)


def _is_sure(digits: str, reading: Reading, plan: DialPlan) -> bool:
    """Tell whether digits have a prefix, and behind it a number of its country's shape."""
    prefixed = any(
        prefix and digits.startswith(prefix)
        for prefix in (plan.international_prefix, plan.national_prefix)
    )
    return prefixed and looks_international(reading.numbers[0].digits)


def _external(digits: str, extension: str, plan: DialPlan) -> Reading | None:
    """Read external digits by prefix; None if no rule makes a number of E.164 length of them."""
    exit_code, prefix = plan.international_prefix, plan.national_prefix
    if exit_code and digits.startswith(exit_code):
        return _behind_exit_code(digits[len(exit_code) :], extension, exit_code)
    if digits[:2] == UNIVERSAL_EXIT and looks_international(digits[2:]):
        return _behind_exit_code(digits[2:], extension, UNIVERSAL_EXIT)
    if prefix and digits.startswith(prefix) and prefix != plan.country_code:
        rest = digits[len(prefix) :]
        if prefix[0] == "0" or looks_national(rest, plan.country_code):
            number = without_stray_prefix(plan.country_code + rest)
            if len(number) <= _LONGEST_SERVICE:
                _refuse_service(number)
            if len(rest) < MIN_NATIONAL_DIGITS or not _fits(number):
                return None
            return Reading((PhoneNumber(number, extension),), f"national prefix {prefix}")
    return _bare(digits, extension, plan)


def _behind_exit_code(digits: str, extension: str, exit_code: str) -> Reading | None:
    digits = without_stray_prefix(digits)
    if not _fits(digits) or not has_country_code(digits):
        return None
    _refuse_service(digits)
    numbers = (PhoneNumber(digits, extension),)
    return Reading(numbers, f"international prefix {exit_code}", explicit_country=True)


def _bare(digits: str, extension: str, plan: DialPlan) -> Reading | None:
    """Read digits without any prefix: E.164 without "+", national or local; likely ones first.

    Trunks also send national numbers before which nobody has put the prefix (`171 3920012` in
    Munich): where there are digits enough, that is tried last.
    """
    reading, country = _likely(digits, extension, plan), plan.country_code
    if reading is None or len(digits) < LONG or LOCAL not in reading.rule:
        return reading
    if digits.startswith(country) or not looks_national(digits, country):
        return reading
    return msgspec.structs.replace(
        reading,
        numbers=(*reading.numbers, PhoneNumber(country + digits, extension)),
        rule=f"{reading.rule}, or {UNPREFIXED}",
    )


def _likely(digits: str, extension: str, plan: DialPlan) -> Reading | None:
    """Read digits without any prefix as what they mostly are."""
    country, size = plan.country_code, len(digits)
    home = digits.startswith(country)
    if home and size > LONG:
        return _without_plus(digits, extension)
    if home:
        _refuse_service(digits)
    here = _at_home(digits, plan)
    near = None
    if here is not None and _fits(here[0]):
        number = without_stray_prefix(here[0])
        near = Reading((PhoneNumber(number, extension),), here[1])
    world = None
    if size >= MIN_WITHOUT_PLUS and not (home and country == NORTH_AMERICA):
        world = _without_plus(digits, extension)
    if near is None or world is None:
        return near or world
    closed = not plan.national_prefix or country == NORTH_AMERICA
    if size <= LONG and _is_shaped(world) != _is_shaped(near):
        world_first = _is_shaped(world)
        if closed and not world_first:  # the shapes of such countries are strict
            return near
    elif size > LONG:  # in Brazil and China mobiles have eleven digits, and no prefix
        world_first = closed or not has_area_code(digits, country)
    else:
        world_first = home and size == LONG and not closed
    first, second = (world, near) if world_first else (near, world)
    return Reading(
        first.numbers + second.numbers,
        f"{first.rule}, or {second.rule}",
        explicit_country=first.explicit_country,
    )


def _at_home(digits: str, plan: DialPlan) -> tuple[str, str] | None:
    """Read digits without any prefix as a number of the plan's own country.

    Returns:
        E.164 digits and the rule; None if they are none.
    """
    country, size = plan.country_code, len(digits)
    if country == NORTH_AMERICA:
        return _in_north_america(digits, plan)
    closed = not plan.national_prefix
    national = looks_national(digits, country)
    prefixed = None if national else _behind_other_prefix(digits, country)
    if prefixed or (digits[0] == "0" and not national):
        return prefixed
    if national and closed:
        return country + digits, "national number, country code added"
    whole = national and (size >= MIN_WITHOUT_PREFIX or has_area_code(digits, country))
    local = plan.area_code + digits
    if (
        plan.area_code
        and size >= MIN_LOCAL_DIGITS
        and _fits(country + local)
        and (not whole or looks_national(local, country))
    ):
        return country + local, LOCAL
    if whole or (closed and size >= MIN_CLOSED_DIGITS):
        return country + digits, "number without prefix, country code added"
    return None


def _behind_other_prefix(digits: str, country: str) -> tuple[str, str] | None:
    """Read what stands behind another prefix than the plan's, or behind a 0 where there is none."""
    own = without_own_prefix(digits, country)
    if own:
        return country + own, "another national prefix cut, country code added"
    rest = digits.lstrip("0")
    if rest == digits or not looks_national(rest, country):
        return None
    return country + rest, "needless 0 cut, country code added"


def _in_north_america(digits: str, plan: DialPlan) -> tuple[str, str] | None:
    """Read seven or ten digits; area codes and exchanges begin with 2 to 9."""
    if digits[0] in "01":
        return None
    if len(digits) == NANP_NATIONAL_DIGITS:
        return NORTH_AMERICA + digits, "ten digits of the North American plan"
    if len(digits) == NANP_LOCAL_DIGITS and plan.area_code:
        return NORTH_AMERICA + plan.area_code + digits, LOCAL
    return None


def _without_plus(digits: str, extension: str) -> Reading | None:
    if digits[0] == NORTH_AMERICA and len(digits) != 1 + NANP_NATIONAL_DIGITS:
        return None
    digits = without_stray_prefix(digits)
    if not has_country_code(digits) or not _fits(digits) or _is_service_abroad(digits):
        return None
    return Reading((PhoneNumber(digits, extension),), "E.164 without +", explicit_country=True)


def _is_shaped(reading: Reading | None) -> bool:
    return reading is not None and looks_international(reading.numbers[0].digits)


def _fits(digits: str) -> bool:
    return MIN_E164_DIGITS <= len(digits) <= MAX_E164_DIGITS


def _is_service_abroad(digits: str) -> bool:
    """Tell whether E.164 digits are a service number behind its country code."""
    return len(digits) <= _LONGEST_SERVICE and is_service_behind_country(digits)


def _refuse_service(digits: str) -> None:
    """Refuse E.164 digits that are a service number behind its country code.

    Raises:
        InvalidNumber: they are.
    """
    if _is_service_abroad(digits):
        raise InvalidNumber(SERVICE)
