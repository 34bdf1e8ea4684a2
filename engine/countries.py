"""Countries: their calling codes, and the shape of the numbers behind them.

Law: data and look-ups, no dial plan, no spelling. The tables are libphonenumber's metadata, whose
patterns are compiled here once a country; its parser costs 40 µs a number and is not used.

A shape tells a likely reading from an unlikely one. It never refuses a number that is written with
its country: numbering plans change, and German extensions have any length.

Source: ITU-T E.164 and its list of assigned country codes; E.164 3.4 for the length.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import product

import phonenumbers

MIN_E164_DIGITS = 5
MAX_E164_DIGITS = 15

NORTH_AMERICA = "1"
"""The North American Numbering Plan: ten digits, no trunk prefix but its own country code."""

COUNTRY_CODES = frozenset(map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
"""Country calling codes in use."""

KEEPS_ZERO = frozenset({"39", "378", "379"})
"""Countries where the 0 before an area code is part of the number (Italy). It is cut only before
what is a number without it and none with it, a mobile."""

_LEFT_BEHIND: dict[str, tuple[str, ...]] = {
    "36": ("06",),
    "370": ("8",),
    "375": ("80", "8"),
    "52": ("1", "01", "044", "045"),
    "7": ("8",),
}
"""Other national prefixes than a 0 that people leave behind a country code (+36 06 1 …, +7 8 495 …,
+370 8 5 …), and what stood before mobiles in Mexico until 2020 (+52 1 55 …). They are cut where the
number has its country's shape without them alone."""

ARGENTINA = "54"
"""Its mobiles have a 15 behind the area code at home, and a 9 before it from abroad."""

_OWN_PREFIXED = frozenset({ARGENTINA, *_LEFT_BEHIND})
"""Countries of which `without_own_prefix` knows one."""

_MARKED_DIGITS = 12
"""Area code, 15 and number of an Argentine mobile."""

_CODE_OF = {
    beginning: next(
        beginning[:length] for length in (1, 2, 3) if beginning[:length] in COUNTRY_CODES
    )
    for size in (1, 2, 3)
    for beginning in (f"{number:0{size}d}" for number in range(10**size))
    if any(beginning[:length] in COUNTRY_CODES for length in (1, 2, 3))
}
"""The calling code of each beginning of at most three digits."""

_FIRST_GROUP = re.compile(r"\(\\d(?:\{(\d)(?:,\d+)?\})?\)")


def has_country_code(digits: str) -> bool:
    """Tell whether E.164 digits begin with an assigned country calling code."""
    return digits[:3] in _CODE_OF


def country_code_of(digits: str) -> str:
    """Return the country calling code E.164 digits begin with, "" if none is assigned."""
    return _CODE_OF.get(digits[:3], "")


def looks_national(national: str, country_code: str) -> bool:
    """Tell whether digits have the shape of a full number of a country, without its code.

    Args:
        national: digits behind the country code, without a national prefix.
        country_code: an unknown one has no numbers of any shape.
    """
    shape = _shape(country_code)
    return shape is not None and shape.fullmatch(national) is not None


def looks_international(digits: str) -> bool:
    """Tell whether digits have the shape of a country code and a full number of that country."""
    country_code = country_code_of(digits)
    return looks_national(digits[len(country_code) :], country_code)


def has_area_code(national: str, country_code: str) -> bool:
    """Tell whether digits in the shape of a national number surely are one, area code and all.

    So it is where the country writes such numbers without a national prefix (Liechtenstein, mobiles
    of Brazil and China), and where its fixed lines all have as many digits (Hungary).
    """
    size, may_be, layouts = _bare_layouts(country_code)
    if size != len(national) and may_be(national) is None:
        return False
    if not looks_national(national, country_code):
        return False
    if size == len(national):
        return True
    return next((is_bare for matches, is_bare in layouts if matches(national)), False)


@cache
def _bare_layouts(country_code: str) -> tuple[int, _Match, tuple[tuple[_Match, bool], ...]]:
    """Return how many digits all fixed lines of a country have, and which numbers have no prefix.

    Returns:
        0 where the lines differ; what fits every number without a prefix, and a few more; the
        layouts in their order, each with whether it has none.
    """
    metadata = _metadata(country_code)
    if metadata is None:
        return 0, _NEVER.fullmatch, ()
    lines = metadata.fixed_line
    lengths = lines.possible_length if lines else ()
    abroad = {(each.pattern, *each.leading_digits_pattern) for each in metadata.intl_number_format}
    patterns, layouts = [], []
    for layout in metadata.number_format:
        leading = layout.leading_digits_pattern
        if abroad and (layout.pattern, *leading) not in abroad:
            continue  # of local numbers
        pattern = f"(?={leading[-1]}){layout.pattern}" if leading else layout.pattern or ""
        rule = (layout.national_prefix_formatting_rule or "").replace("\\1", "")
        is_bare = not any(map(str.isdigit, rule))
        if is_bare:
            patterns.append(pattern)
        layouts.append((re.compile(pattern, re.ASCII).fullmatch, is_bare))
    may_be = re.compile("|".join(patterns) or "(?!)", re.ASCII).fullmatch
    return lengths[0] if len(lengths) == 1 else 0, may_be, tuple(layouts)


@lru_cache(maxsize=4_096)
def area_code_length(national: str, country_code: str) -> int:
    """Return how many first digits of a national number are its area code, as people group it.

    Args:
        national: a whole national number; for a shorter one the layout of whole ones counts.
        country_code: of the number.

    Returns:
        0 if the country's numbers are grouped without one, or nothing is known.
    """
    metadata = _metadata(country_code)
    layouts = []
    for layout in metadata.number_format if metadata else ():
        leading = layout.leading_digits_pattern
        if not leading or re.match(leading[-1], national):
            layouts.append(layout.pattern or "")
    whole = [pattern for pattern in layouts if re.fullmatch(pattern, national)]
    for pattern in (whole or layouts)[:1]:
        group = _FIRST_GROUP.match(pattern)
        return int(group[1] or 1) if group else 0
    return 0


def grouped(national: str, country_code: str) -> str | None:
    """Return a national number as people of other countries see it grouped: "89 99998123".

    It is libphonenumber's grouping, at a fifteenth of its cost: that parses a number anew and looks
    up what is compiled here once a country.

    Args:
        national: ASCII digits behind the country code.
        country_code: of the number.

    Returns:
        The digits as they are where the country has no layout for them; None where they may begin
        with a national prefix, or for an unknown country: this tells libphonenumber's parser.
    """
    fullmatch, written, has_prefix = _layouts(country_code)
    if has_prefix is None or (has_prefix(national) and not looks_national(national, country_code)):
        return None
    found = fullmatch(national)
    if found is None:
        return national
    groups, template = written[found.lastindex or 0]
    return template % found.group(*groups)


NEEDLESS_DIGITS = 4
"""A country code and the digit behind it."""

_BEFORE_NEEDLESS = {
    "0",
    *(f"{code}0" for code in COUNTRY_CODES),
    *(code + prefix[0] for code, prefixes in _LEFT_BEHIND.items() for prefix in prefixes),
    *(f"{ARGENTINA}{digit}" for digit in "123"),
}

NEEDLESS = frozenset(
    beginning + "".join(rest)
    for beginning in _BEFORE_NEEDLESS
    for size in range(NEEDLESS_DIGITS - len(beginning) + 1)
    for rest in product("0123456789", repeat=size)
)
"""The first `NEEDLESS_DIGITS` of E.164 digits, or all where they are fewer, among which a needless
prefix may begin; a 0 begins what has no country code."""


def without_stray_prefix(digits: str) -> str:
    """Return E.164 digits without what people leave behind a country code.

    A national prefix (+49 089 …, +36 06 1 …) goes, and the country code written twice
    (+49 0049 89 …). Kept is a 0 that belongs to the number: where the country's numbers have that
    shape, and Italy's but before a mobile (+39 (0)347 …). An Argentine mobile gets its 9 for its
    15.
    """
    if digits[:NEEDLESS_DIGITS] not in NEEDLESS:
        return digits
    country_code = _CODE_OF.get(digits[:3], "")
    if not country_code:
        return digits
    rest = digits[len(country_code) :]
    has_own = country_code in _OWN_PREFIXED
    if has_own and (national := without_own_prefix(rest, country_code)):
        return country_code + national
    keeps_zero, shape = country_code in KEEPS_ZERO, _shape(country_code)
    while rest[:1] == "0":
        if rest[1:2] == "0" and rest.startswith(country_code, 2):
            return without_stray_prefix(rest[2:])
        if keeps_zero:
            return country_code + (rest[1:] if _is_mobile_behind_zero(rest, country_code) else rest)
        if shape is not None and shape.fullmatch(rest):
            break
        rest = rest[1:]
    if has_own:
        rest = without_own_prefix(rest, country_code) or rest
    return country_code + rest


def _is_mobile_behind_zero(national: str, country_code: str) -> bool:
    """Tell whether a number is a mobile with a 0 before it, and no fixed line (0342 is Sondrio)."""
    is_fixed, is_mobile = _lines(country_code)
    return is_fixed(national) is None and is_mobile(national[1:]) is not None


def without_own_prefix(national: str, country_code: str) -> str:
    """Return a national number without a prefix that its country has beside, or instead of, a 0.

    Returns:
        "" for what has none: then the digits stand as they are.
    """
    if country_code == ARGENTINA:
        return _without_mobile_mark(national)
    for prefix in _LEFT_BEHIND.get(country_code, ()):
        rest = national.removeprefix(prefix)
        if len(rest) < len(national) and looks_national(rest, country_code):
            return "" if looks_national(national, country_code) else rest
    return ""


def _without_mobile_mark(national: str) -> str:
    """Write 11 15 2345 6789 as 9 11 2345 6789; "" for other than Argentine mobiles at home."""
    metadata = _metadata(ARGENTINA) if len(national) == _MARKED_DIGITS else None
    if metadata is None:
        return ""
    found = re.match(metadata.national_prefix_for_parsing or "(?!)", national)
    if found is None or not found[found.re.groups]:
        return ""
    marked = found.expand(metadata.national_prefix_transform_rule or "") + national[found.end() :]
    return marked if looks_national(marked, ARGENTINA) else ""


@cache
def _shape(country_code: str) -> re.Pattern[str] | None:
    """Return the pattern of a country's national numbers; at most one a calling code is kept."""
    metadata = _metadata(country_code)
    if metadata is None or metadata.general_desc is None:
        return None
    return re.compile(metadata.general_desc.national_number_pattern or "", re.ASCII)


@cache
def _lines(country_code: str) -> tuple[_Match, _Match]:
    """Return what matches the national numbers of a country's fixed lines, and of its mobiles."""
    metadata = _metadata(country_code)
    kinds = (metadata.fixed_line, metadata.mobile) if metadata else (None, None)
    fixed, mobile = ((kind and kind.national_number_pattern) or "(?!)" for kind in kinds)
    return re.compile(fixed, re.ASCII).fullmatch, re.compile(mobile, re.ASCII).fullmatch


_NEVER = re.compile("(?!)")

_GROUP = re.compile(r"\\(\d)")

_OPENING = re.compile(r"(?<!\\)\((?!\?)")

_Match = Callable[[str], re.Match[str] | None]

_Written = dict[int, tuple[tuple[int, ...], str]]
"""By the number of a layout's own group: the groups of its parts in the order in which they are
written, and how: `%s %s`."""


@cache
def _layouts(country_code: str) -> tuple[_Match, _Written, _Match | None]:
    """Return how a country groups numbers for abroad, and its national prefix; None: unknown.

    The layouts are one pattern in their order: each is a group of which the last that was closed
    tells it (`lastindex`), and its parts are groups within.
    """
    metadata = _metadata(country_code)
    if metadata is None:
        return _NEVER.fullmatch, {}, None
    patterns, written, groups = [], {}, 0
    for layout in metadata.intl_number_format or metadata.number_format:
        leading = layout.leading_digits_pattern
        beginning = f"(?={leading[-1]})" if leading else ""
        patterns.append(f"({beginning}{layout.pattern})")
        own, groups = groups + 1, groups + _groups_in(patterns[-1])
        before, how = groups - _groups_in(layout.pattern or ""), layout.format or ""
        parts = tuple([before + int(part) for part in _GROUP.findall(how)])
        written[own] = parts, _GROUP.sub("%s", how.replace("%", "%%"))
    prefix = metadata.national_prefix_for_parsing
    return (
        re.compile("|".join(patterns) or "(?!)", re.ASCII).fullmatch,
        written,
        re.compile(prefix, re.ASCII).match if prefix else _NEVER.match,
    )


def _groups_in(pattern: str) -> int:
    """Return how many groups a pattern numbers; to compile it for that takes milliseconds."""
    return len(_OPENING.findall(pattern))


def _metadata(country_code: str) -> phonenumbers.PhoneMetadata | None:
    """Return libphonenumber's data of the main region of a calling code."""
    if country_code not in COUNTRY_CODES:
        return None
    region = phonenumbers.region_code_for_country_code(int(country_code))
    if region == "001":
        return phonenumbers.PhoneMetadata.metadata_for_nongeo_region(int(country_code), None)
    return phonenumbers.PhoneMetadata.metadata_for_region(region, None)
