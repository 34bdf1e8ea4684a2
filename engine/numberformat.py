"""Writing phone numbers: the output formats of a client.

Law: every text written here reads back as the same number under the same plan. libphonenumber only
groups digits for people; where its grouping would not read back, a plainer one is taken.

Sources: ITU-T E.123 (notation), RFC 3966 (`;ext=`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import phonenumbers

from engine.countries import MIN_E164_DIGITS, NORTH_AMERICA, country_code_of, grouped
from engine.dialplan import DialPlan
from engine.errors import InvalidNumber
from engine.reading import PhoneNumber, read_number

NumberFormat = Literal["e164", "international", "national", "internal", "dialable", "echo"]

CACHED = 65_536
"""Grouped numbers remembered: one takes 3 µs, a national one, by libphonenumber, 60 µs."""


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
        An extension apart follows as `;ext=55`, ` ext. 55` or, to be dialled, `,55` (a pause).
    """
    digits, extension = number.digits, number.extension
    if style == "echo" and asked:
        return asked
    if style in ("e164", "echo"):
        return f"+{digits};ext={extension}" if extension else f"+{digits}"
    if style in ("internal", "dialable"):
        own = own_extension(number, plan)
        if own:
            return own
    if style == "dialable":
        text = _dialable(digits, plan)
        return f"{text},{extension}" if extension else text
    if style != "international" and digits.startswith(plan.country_code):
        text = _national(digits, plan)
    else:
        text = international(digits)
    return f"{text} ext. {extension}" if extension else text


def own_extension(number: PhoneNumber, plan: DialPlan) -> str:
    """Return the extension under which a number is reached inside, "" if it is no own number.

    "" too where the extension would be read as something else, such as a service number.
    """
    if number.extension:
        return ""
    for extension in plan.extensions_in(number.digits):
        try:
            if number in read_number(extension, plan).numbers:
                return extension
        except InvalidNumber:
            continue
    return ""


def _dialable(digits: str, plan: DialPlan) -> str:
    """Write the digits a desk phone of the plan dials."""
    if digits.startswith(plan.country_code):
        return plan.outside_line + plan.national_prefix + digits[len(plan.country_code) :]
    return plan.outside_line + plan.international_prefix + digits


@lru_cache(maxsize=CACHED)
def _national(digits: str, plan: DialPlan) -> str:
    """Write a number of the plan's own country with the plan's prefix, grouped for people."""
    abroad = international(digits)
    plain = plan.national_prefix + digits[len(plan.country_code) :]
    behind = abroad.removeprefix(f"+{plan.country_code}").lstrip(" -")
    texts = [plan.national_prefix + behind, plain]
    usual = _grouped(digits, phonenumbers.PhoneNumberFormat.NATIONAL)
    if _digits(usual) == plain or plan.country_code == NORTH_AMERICA:
        texts.insert(0, usual)
    for text in texts:
        try:
            if read_number(text, plan).numbers[0].digits == digits:
                return text
        except InvalidNumber:
            continue
    return abroad


def prepare(plan: DialPlan) -> None:
    """Compile how the numbers of a plan's country are grouped: ten milliseconds of a first answer.

    An unknown country needs nothing.
    """
    grouped("0" * MIN_E164_DIGITS, plan.country_code)


@lru_cache(maxsize=CACHED)
def international(digits: str) -> str:
    """Write E.164 digits grouped for people, `+49 89 12345`; "+" and digits where none fits."""
    country_code = country_code_of(digits)
    national = grouped(digits[len(country_code) :], country_code)
    if national is not None:
        return f"+{country_code} {national}"
    text = _grouped(digits, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return text if _digits(text) == digits else f"+{digits}"


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _grouped(digits: str, style: int) -> str:
    """Return libphonenumber's grouping, "" if it takes the digits for no number."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(f"+{digits}"), style)
    except phonenumbers.NumberParseException:
        return ""
