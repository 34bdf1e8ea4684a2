"""The face of phone numbers: what one is, how any spelling is read, how it is written.

Law: names only, no code. `engine.reading` reads a number under a dial plan, `engine.numberformat`
writes one, `engine.dialplan` says how a place dials, `engine.numbertext` what a text says before
that, `engine.countries` knows calling codes; `engine.phonefields` reads dirty fields of sources.
"""

from __future__ import annotations

from engine.countries import (
    COUNTRY_CODES,
    KEEPS_ZERO,
    MAX_E164_DIGITS,
    MIN_E164_DIGITS,
    country_code_of,
    has_country_code,
)
from engine.dialplan import DialPlan, ExtensionRange, country_plan, region_plan
from engine.fieldparts import split_numbers
from engine.numberformat import (
    NumberFormat,
    format_number,
    international,
    own_extension,
    prepare,
)
from engine.numbertext import MAX_RAW_CHARS
from engine.reading import (
    MIN_PLAIN_DIGITS,
    NORMALISER_VERSION,
    PLAIN_BEGINNING,
    PLAIN_BEGINNINGS,
    PhoneNumber,
    Reading,
    normalise,
    read_number,
    without_needless_zero,
)

__all__ = [
    "COUNTRY_CODES",
    "KEEPS_ZERO",
    "MAX_E164_DIGITS",
    "MAX_RAW_CHARS",
    "MIN_E164_DIGITS",
    "MIN_PLAIN_DIGITS",
    "NORMALISER_VERSION",
    "PLAIN_BEGINNING",
    "PLAIN_BEGINNINGS",
    "DialPlan",
    "ExtensionRange",
    "NumberFormat",
    "PhoneNumber",
    "Reading",
    "country_code_of",
    "country_plan",
    "format_number",
    "has_country_code",
    "international",
    "normalise",
    "own_extension",
    "prepare",
    "read_number",
    "region_plan",
    "split_numbers",
    "without_needless_zero",
]
