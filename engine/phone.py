"""Phone numbers: what one is, how a dial plan reads any spelling of it, how it is written.

Law: pure code, no I/O, and no libphonenumber on the reading side: the live path costs a few
microseconds. The hyphen, the bracket and the URI parts are read before they are stripped.
libphonenumber only groups digits for people (`international`, `national`) and knows the prefixes
of a region.

Reading and writing stand together, since each output format must read back under the same plan.

Sources: ITU-T E.164 (at most 15 digits), E.123 (notation), RFC 3966 (`tel:`), RFC 3261 19.1.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal
from urllib.parse import unquote

import msgspec
import phonenumbers

from engine.errors import InvalidNumber

NORMALISER_VERSION = 1
"""Part of every record's digest: raise it whenever a spelling is read in another way."""

NumberFormat = Literal["e164", "international", "national", "internal", "dialable", "echo"]

MAX_RAW_CHARS = 200
"""Longer texts are no number: the longest real spelling (a SIP URI with parameters) is near 120."""

NANP_NATIONAL_DIGITS = 10
"""Area code and number in the North American Numbering Plan."""

MIN_E164_DIGITS = 5
MAX_E164_DIGITS = 15

COUNTRY_CODES = frozenset(map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
"""Country calling codes in use (libphonenumber's table of the E.164 list)."""

KEEPS_ZERO = ("39", "378", "379")
"""Countries whose subscriber numbers keep their leading 0 behind the country code (Italy …)."""

SERVICE_NUMBERS = frozenset({"110", "112", "115", "116116", "116117", "911", "999"})
"""Short numbers that never become subscribers, whatever the plan."""

_NOBODY = frozenset(
    {"", "anonymous", "restricted", "unavailable", "unknown", "private", "withheld", "anonym"}
)
_STRIP = dict.fromkeys(
    map(ord, " \t\r\n.-/()[]{}_~\u00a0\u00ad\u058a\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
        "\u2008\u2009\u200a\u200b\u200e\u200f\u2010\u2011\u2012\u2013\u2014\u2015\u202a\u202b\u202c"
        "\u202d\u202e\u202f\u2060\u2066\u2067\u2068\u2069\u2212\u3000\ufe63\uff0d\u2044\u2215")
)  # fmt: skip
_SEPARATORS = re.compile(r"[\s\-./()]")
_EXTENSION = re.compile(
    r"(?:;\s*ext\s*=|#|\b(?:ext(?:ension)?|x)\b\.?:?|(?<=[\d\s)])x)"
    r"\s*(\d{1,8})\s*$",
    re.IGNORECASE,
)
_DIRECT_DIAL = re.compile(
    r"[\s,;(-]*\b(?:durchwahl|dw|nebenstelle|nst|app(?:arat)?)\b\.?:?\s*(?=\d{1,6}\)?\s*$)",
    re.IGNORECASE,
)
_LABEL = re.compile(r"^\s*[^\W\d]{1,20}\.?(?:\s[^\W\d]{1,20}\.?)?\s*[:.]\s*(?=[+(\d])")
_SPLIT = re.compile(
    r"\s*(?:[,|\n]|;(?!\s*(?:ext|phone-context|isub)\s*=)|\s(?:o\.|oder|or|bzw\.)\s)\s*"
)


class PhoneNumber(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A subscriber: E.164 digits without "+", and an extension that is dialled afterwards ("")."""

    digits: str
    extension: str = ""

    @property
    def key(self) -> str:
        """The index term: an extension apart makes another number (`498912345x55`)."""
        return f"{self.digits}x{self.extension}" if self.extension else self.digits


class DialPlan(msgspec.Struct, frozen=True):
    """How numbers are written and dialled at one place. All fields hold digits only.

    Attributes:
        name: the configuration's name, "" for the plan made from the region alone.
        country_code: without "+", 1–3 digits.
        area_code: without the national prefix; "" where local numbers are not dialled.
        national_prefix: before national numbers ("0"); "" where there is none (Italy, Spain).
        international_prefix: "00", "011" …
        outside_line: digits before external numbers; "" for none.
        trunks: own main numbers in E.164 digits; extensions follow them.
        extension_length: least and most digits of an extension; (0, 0) = no extensions.
    """

    name: str = ""
    country_code: str = "49"
    area_code: str = ""
    national_prefix: str = "0"
    international_prefix: str = "00"
    outside_line: str = ""
    trunks: tuple[str, ...] = ()
    extension_length: tuple[int, int] = (0, 0)

    def is_extension(self, digits: str) -> bool:
        """Tell whether `digits` has the length of an extension of this plan's own trunks."""
        low, high = self.extension_length
        return bool(self.trunks) and low <= len(digits) <= high


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
    if raw[:1] == "+" and raw.isascii() and raw[1:].isdigit():  # the common case of every SBC
        return _explicit(raw[1:], "", "E.164 with +")
    if raw.isdigit() and raw.isascii():
        return _unprefixed(raw, "", plan)
    digits, extension = _clean(raw)
    if digits[:1] == "+":
        return _explicit(digits[1:], extension, "E.164 with +")
    return _unprefixed(digits, extension, plan)


def split_numbers(field: str) -> list[str]:
    """Split a source's field that may hold several numbers; empty parts are dropped."""
    return [part for part in _SPLIT.split(field) if part and not part.isspace()]


def format_number(number: PhoneNumber, plan: DialPlan, style: NumberFormat, asked: str = "") -> str:
    """Write a number for a client.

    Args:
        number: the stored number.
        plan: the client's dial plan (its country, trunks, outside line).
        style: `e164` `+498912345`, `international` `+49 89 12345`, `national` `089 12345`,
            `internal` the extension if it is an own one, else as `national`; `dialable` digits to
            dial from a desk; `echo` as asked.
        asked: the text of the question, for `echo`; "" falls back to `e164`.

    Returns:
        Never "". Numbers of other countries are international in all but `e164` and `dialable`.
    """
    digits, extension = number.digits, number.extension
    if style == "echo" and asked:
        return asked
    if style in ("internal", "dialable") and not extension:
        own = own_extension(number, plan)
        if own:
            return own
    if style == "dialable":
        text = _dialable(digits, plan)
        return f"{text},{extension}" if extension else text
    if style in ("e164", "echo"):
        return f"+{digits};ext={extension}" if extension else f"+{digits}"
    national = style != "international" and digits.startswith(plan.country_code)
    text = _grouped(digits, national=national)
    return f"{text} ext. {extension}" if extension else text


def own_extension(number: PhoneNumber, plan: DialPlan) -> str:
    """Return the extension if the number is one behind an own trunk, else ""."""
    low, high = plan.extension_length
    for trunk in plan.trunks:
        rest = number.digits[len(trunk) :]
        if number.digits.startswith(trunk) and low <= len(rest) <= high:
            return rest
    return ""


def region_plan(region: str) -> DialPlan:
    """Return the plan of a country (ISO 3166 code such as "DE"): prefixes only, no trunks.

    Raises:
        ValueError: the region is unknown to libphonenumber.
    """
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region.upper(), None)
    if metadata is None:
        raise ValueError(f"unknown region {region!r}: use an ISO 3166 code such as DE, AT, US")
    exit_code = metadata.preferred_international_prefix or metadata.international_prefix or "00"
    if not exit_code.isdigit():
        exit_code = "00"
    return DialPlan(
        country_code=str(metadata.country_code),
        national_prefix=metadata.national_prefix or "",
        international_prefix=exit_code,
    )


def country_plan(country_code: str) -> DialPlan:
    """Return the plan of a calling code ("49"): prefixes only, no trunks.

    Raises:
        ValueError: the code is not assigned.
    """
    region = None
    if country_code.isdigit():
        region = phonenumbers.region_code_for_country_code(int(country_code))
    if region is None or region == "ZZ":
        raise ValueError(f"unknown country code {country_code!r}: use digits such as 49")
    if region == "001":
        return DialPlan(country_code=country_code, national_prefix="")
    return region_plan(region)


def has_country_code(digits: str) -> bool:
    """Tell whether E.164 digits begin with an assigned country calling code."""
    return digits[:2] in COUNTRY_CODES or digits[:1] in COUNTRY_CODES or digits[:3] in COUNTRY_CODES


def country_code_of(digits: str) -> str:
    """Return the country calling code E.164 digits begin with, "" if none is assigned."""
    for length in (1, 2, 3):
        if digits[:length] in COUNTRY_CODES:
            return digits[:length]
    return ""


def _clean(raw: str) -> tuple[str, str]:
    """Cut URI parts, label, extension; return digits (perhaps with a "+") and extension."""
    if len(raw) > MAX_RAW_CHARS:
        raise InvalidNumber("longer than 200 characters")
    text = raw.strip()
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    context = ""
    head, colon, rest = text.partition(":")
    if colon and head.lower() in ("tel", "sip", "sips", "callto"):
        text, context = _cut_uri(rest)
    if text.lower() in _NOBODY:
        raise InvalidNumber("no number: the caller is anonymous or the field is empty")
    text = join_direct_dial(_LABEL.sub("", text))
    extension = ""
    found = _EXTENSION.search(text)
    if found and any(map(str.isdigit, text[: found.start()])):
        extension = found[1]
        text = text[: found.start()]
    digits = _strip(text)
    if context and digits[:1] != "+":
        digits = f"{context}{digits.lstrip('0')}"
    return digits, extension


def _cut_uri(rest: str) -> tuple[str, str]:
    """Cut what stands behind `tel:` or `sip:`; return the number and its phone context."""
    user = unquote(rest.lstrip("/").partition("@")[0])
    number, *parameters = user.split(";")
    context = ""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "ext":
            number = f"{number};ext={value}"
        elif name.strip().lower() == "phone-context" and value.strip().startswith("+"):
            context = _strip(value)
    return number.partition(":")[0].strip(), context


def _strip(text: str) -> str:
    """Remove separators; drop a national prefix in brackets behind a country code."""
    text = text.strip()
    if "(" in text and text.startswith(("+", "00", "(+", "(00")):
        country = text.partition("(0")[0].translate(_STRIP).lstrip("+0")
        if country and country not in KEEPS_ZERO:
            text = text.replace("(0", "(", 1)
    digits = text.translate(_STRIP)
    body = digits[1:] if digits[:1] == "+" else digits
    if not body:
        raise InvalidNumber("no digits")
    if not (body.isascii() and body.isdigit()):
        if not any(map(str.isdigit, body)):
            raise InvalidNumber("no digits")
        raise InvalidNumber("letters or signs among the digits")
    return digits


def _explicit(digits: str, extension: str, rule: str) -> Reading:
    """Read digits whose country is given."""
    if not MIN_E164_DIGITS <= len(digits) <= MAX_E164_DIGITS:
        raise InvalidNumber(
            f"{len(digits)} digits behind +: an E.164 number has "
            f"{MIN_E164_DIGITS} to {MAX_E164_DIGITS}"
        )
    if not has_country_code(digits):
        raise InvalidNumber("no such country code")
    if "0" in digits[1:4]:
        digits = _without_stray_zero(digits)
    return Reading((PhoneNumber(digits, extension),), rule, explicit_country=True)


def join_direct_dial(text: str) -> str:
    """Write `089 99998 Durchwahl 12` as `089 99998-12`: direct dialling is part of the number."""
    return _DIRECT_DIAL.sub("-", text)


def _without_stray_zero(digits: str) -> str:
    """Drop a national prefix that was kept behind the country code (+49 089 …)."""
    country = country_code_of(digits)
    if digits[len(country)] == "0" and country not in KEEPS_ZERO:
        return country + digits[len(country) + 1 :]
    return digits


def _unprefixed(digits: str, extension: str, plan: DialPlan) -> Reading:
    """Read digits without "+": service, extension, outside line, international, national, local."""
    if digits in SERVICE_NUMBERS:
        raise InvalidNumber("a service number has no subscriber")
    if len(digits) > MAX_E164_DIGITS + 6:
        raise InvalidNumber(f"{len(digits)} digits: too long for a phone number")
    if not extension and plan.is_extension(digits):
        numbers = tuple(PhoneNumber(trunk + digits) for trunk in plan.trunks)
        return Reading(numbers, "extension behind an own trunk", internal=True)
    reading = _external(digits, extension, plan)
    outside = plan.outside_line
    if outside and digits.startswith(outside):
        dialled = _external(digits[len(outside) :], extension, plan)
        if dialled is not None:
            rule = f"outside line {outside}, then {dialled.rule}"
            if reading is None:
                return Reading(dialled.numbers, rule, dialled.explicit_country)
            return Reading(reading.numbers + dialled.numbers, f"{reading.rule}, or {rule}")
    if reading is None:
        raise InvalidNumber(f"{len(digits)} digits make no number under this dial plan")
    return reading


def _external(digits: str, extension: str, plan: DialPlan) -> Reading | None:
    """Read external digits by prefix; None if no rule makes a number of E.164 length of them."""
    exit_code, prefix = plan.international_prefix, plan.national_prefix
    if exit_code and digits.startswith(exit_code):
        rest = digits[len(exit_code) :]
        if _fits(rest) and has_country_code(rest):
            return Reading(
                (PhoneNumber(rest, extension),),
                f"international prefix {exit_code}",
                explicit_country=True,
            )
        return None
    if prefix and digits.startswith(prefix) and prefix != plan.country_code:
        number = plan.country_code + digits[len(prefix) :]
        if not _fits(number):
            return None
        return Reading((PhoneNumber(number, extension),), f"national prefix {prefix}")
    return _bare(digits, extension, plan)


def _bare(digits: str, extension: str, plan: DialPlan) -> Reading | None:
    """Read digits without any prefix: E.164 without "+", or local; long ones E.164 first."""
    found: list[tuple[str, str]] = []
    home = digits.startswith(plan.country_code)
    if plan.country_code == "1" and len(digits) == NANP_NATIONAL_DIGITS:
        found.append(("1" + digits, "ten digits of the North American plan"))
    elif plan.area_code:
        found.append((plan.country_code + plan.area_code + digits, "local number, area code added"))
    elif not plan.national_prefix or plan.national_prefix == plan.country_code:
        found.append((plan.country_code + digits, "national number, country code added"))
    international = (digits, "E.164 without +")
    if len(digits) > 10 or (home and len(digits) > 9):  # noqa: PLR2004 - subscriber numbers with area code end near ten digits
        found.insert(0, international)
    elif len(digits) > 7:  # noqa: PLR2004 - the shortest full numbers with country code
        found.append(international)
    if not found:
        found.append((plan.country_code + digits, "number without prefix, country code added"))
    fitting = [
        (number, rule) for number, rule in found if _fits(number) and has_country_code(number)
    ]
    if not fitting:
        return None
    numbers = tuple(PhoneNumber(number, extension) for number, _ in fitting)
    rule = ", or ".join(rule for _, rule in fitting)
    return Reading(numbers, rule, explicit_country=fitting[0] is international)


def _fits(digits: str) -> bool:
    return MIN_E164_DIGITS <= len(digits) <= MAX_E164_DIGITS and digits[0] != "0"


def _dialable(digits: str, plan: DialPlan) -> str:
    """Write the digits a desk phone of the plan dials."""
    if digits.startswith(plan.country_code):
        return plan.outside_line + plan.national_prefix + digits[len(plan.country_code) :]
    return plan.outside_line + plan.international_prefix + digits


@lru_cache(maxsize=65_536)
def _grouped(digits: str, *, national: bool) -> str:
    """Group digits for people; libphonenumber costs 60 µs, hence the memory."""
    try:
        parsed = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return f"+{digits}"
    style = (
        phonenumbers.PhoneNumberFormat.NATIONAL
        if national
        else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    return phonenumbers.format_number(parsed, style)
