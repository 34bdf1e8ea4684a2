"""Numbers behind which no subscriber or no trunk stands: service, mobile, North American ones.

Law: pure look-ups in libphonenumber's short-number data (remembered, since one costs 50 µs) and in
one small table of prefixes. Two questions are answered: is this a service number, which never
becomes a subscriber, and may a company's trunk stand behind these digits?
"""

from __future__ import annotations

from functools import lru_cache

import phonenumbers
from phonenumbers import shortnumberinfo

from engine.countries import NORTH_AMERICA, country_code_of

MIN_SERVICE_DIGITS = 3
"""Shorter ones, but for emergency numbers, are extensions."""

MAX_SERVICE_DIGITS = 6
"""Longer service numbers (0800 …) are dialled like subscribers and may be stored as such."""

EMERGENCY = "112"
"""The emergency number that networks take in every country (3GPP TS 22.101, 10.1)."""

EVERYWHERE = frozenset({EMERGENCY, "911"})
"""Numbers that mobile phones take as emergency calls in every country."""

CACHED = 32_768
"""Remembered answers: all extensions of four digits in three countries, some MiB."""

_NO_TRUNK: dict[str, tuple[str, ...]] = {
    "49": ("1", "700", "800", "900"),
    "43": (
        *("650", "651", "652", "653", "655", "657", "659", "660", "661", "663", "664", "665"),
        *("667", "668", "669", "67", "68", "69", "70", "710", "720", "730", "740", "780", "8", "9"),
    ),
    "41": ("74", "75", "76", "77", "78", "79", "80", "84", "86", "90", "98"),
    "39": ("3", "8", "1", "4", "7"),
    "33": ("6", "7", "8"),
    "44": ("7", "8", "9", "3", "5"),
    "34": ("6", "7", "80", "90"),
    "31": ("6", "80", "82", "84", "85", "87", "88", "90", "97"),
    "48": (
        *("45", "50", "51", "53", "57", "60", "66", "69", "70", "72", "73", "78", "79", "80"),
        "88",
    ),
    "32": ("45", "46", "47", "48", "49", "70", "78", "800", "90"),
    "420": ("60", "70", "72", "73", "77", "79", "8", "90"),
    "36": ("20", "30", "31", "50", "70", "80", "90"),
    "7": ("9", "800"),
    "90": ("5", "8", "9"),
}
"""National prefixes behind which no company trunk stands: mobiles, service numbers, personal ones.
Source: the national numbering plans, as libphonenumber's metadata gives them. The table spares the
60 µs that libphonenumber takes for a type; countries that are not here are asked of it."""


@lru_cache(maxsize=CACHED)
def is_service_number(digits: str, country_code: str) -> bool:
    """Tell whether digits dialled in a country are a service number (110, 116117, 118xx …).

    Args:
        digits: as dialled, without prefixes; longer than six are none.
        country_code: the country they are dialled in; an unknown one has the numbers that are
            taken everywhere.
    """
    if digits in EVERYWHERE:
        return True
    if len(digits) > MAX_SERVICE_DIGITS:
        return False
    region = _region(country_code)
    if shortnumberinfo.is_emergency_number(digits, region):
        return True
    if len(digits) < MIN_SERVICE_DIGITS or digits[0] == "0":
        return False
    number = phonenumbers.PhoneNumber(country_code=int(country_code), national_number=int(digits))
    return (
        shortnumberinfo.is_valid_short_number_for_region(number, region)
        and not shortnumberinfo.is_carrier_specific_for_region(number, region)
        and not shortnumberinfo.is_sms_service_for_region(number, region)
    )


@lru_cache(maxsize=CACHED)
def is_emergency(digits: str, country_code: str) -> bool:
    """Tell whether digits are an emergency number of a country: no dial plan can override it."""
    if digits == EMERGENCY:
        return True
    if len(digits) > MAX_SERVICE_DIGITS:
        return False
    return shortnumberinfo.is_emergency_number(digits, _region(country_code))


@lru_cache(maxsize=CACHED)
def is_service_behind_country(digits: str) -> bool:
    """Tell whether E.164 digits are a service number behind a country code (+49110).

    Not those that the country also gives to subscribers, such as the Dutch 14020.
    """
    country_code = country_code_of(digits)
    national = digits[len(country_code) :]
    if not country_code or not is_service_number(national, country_code):
        return False
    number = phonenumbers.PhoneNumber(country_code=int(country_code), national_number=int(national))
    return not phonenumbers.is_valid_number(number)


def may_be_trunk(digits: str, country_code: str) -> bool:
    """Tell whether a company's trunk may stand behind E.164 digits of a country.

    Never in the North American plan (extensions are no part of its numbers), never for mobiles,
    service and personal numbers.
    """
    if country_code == NORTH_AMERICA:
        return False
    barred = _NO_TRUNK.get(country_code)
    if barred is None:
        return _is_fixed_line(digits)
    return not digits.startswith(barred, len(country_code))


def _region(country_code: str) -> str:
    return phonenumbers.region_code_for_country_code(int(country_code or "0"))


@lru_cache(maxsize=4_096)
def _is_fixed_line(digits: str) -> bool:
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return False
    kind = phonenumbers.number_type(number)
    return kind in {phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.UNKNOWN}
