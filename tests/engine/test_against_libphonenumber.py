"""Our reading beside libphonenumber's: 20,000 of its numbers, each in four of its notations.

Every disagreement is listed in `DISAGREEMENTS` with its reason; another one fails the test, and so
does a reason that no number needs any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from random import Random

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from engine.errors import InvalidNumber
from engine.phone import normalise, region_plan

REGIONS = ("DE", "AT", "CH", "IT", "FR", "GB", "US", "NL", "ES", "PL")
NUMBERS_OF_EACH = 2_000
MAX_E164_DIGITS = 15
NOTATIONS = {
    "E.164": PhoneNumberFormat.E164,
    "international": PhoneNumberFormat.INTERNATIONAL,
    "national": PhoneNumberFormat.NATIONAL,
    "RFC 3966": PhoneNumberFormat.RFC3966,
}

Case = tuple[str, str, phonenumbers.PhoneNumber]
"""Region, notation, number."""


def _too_long(case: Case) -> bool:
    return len(_digits(case[2])) > MAX_E164_DIGITS


def _national(region: str, kind: int) -> Callable[[Case], bool]:
    def fits(case: Case) -> bool:
        return case[:2] == (region, "national") and phonenumbers.number_type(case[2]) == kind

    return fits


DISAGREEMENTS: dict[str, Callable[[Case], bool]] = {
    "E.164 allows 15 digits; libphonenumber takes up to 17 behind +49": _too_long,
    "German pagers (164): libphonenumber writes them without the national prefix": _national(
        "DE", PhoneNumberType.PAGER
    ),
    "Italian voice mails have 11 or 12 digits without a prefix: E.164 without + sooner": _national(
        "IT", PhoneNumberType.VOICEMAIL
    ),
    "Dutch 14xyz are dialled without a prefix, like an extension: read with country code alone": (
        _national("NL", PhoneNumberType.UAN)
    ),
}


def _digits(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)[1:]


def numbers_of(region: str, count: int, random: Random) -> Iterator[phonenumbers.PhoneNumber]:
    """Give the example number of each type, then valid ones that begin like one of them."""
    examples = [
        number
        for kind in PhoneNumberType.values()
        if (number := phonenumbers.example_number_for_type(region, kind)) is not None
    ]
    yield from examples
    code = phonenumbers.country_code_for_region(region)
    known = set(map(_digits, examples))
    while len(known) < count:
        pattern = phonenumbers.national_significant_number(random.choice(examples))
        kept = random.randint(1, 4)
        size = max(kept + 1, len(pattern) + random.choice((0, 0, 0, -1, 1)))
        national = pattern[:kept] + "".join(random.choices("0123456789", k=size - kept))
        if national.startswith("00"):
            continue  # libphonenumber keeps one 0
        number = phonenumbers.PhoneNumber(
            country_code=code,
            national_number=int(national),
            italian_leading_zero=True if national[0] == "0" else None,
        )
        if phonenumbers.is_valid_number(number) and _digits(number) not in known:
            known.add(_digits(number))
            yield number


@pytest.mark.slow
def test_every_disagreement_with_libphonenumber_has_a_reason() -> None:
    random = Random(1_876)
    reasons: Counter[str] = Counter()
    compared = 0
    for region in REGIONS:
        plan = region_plan(region)
        for number in numbers_of(region, NUMBERS_OF_EACH, random):
            compared += 1
            for notation, style in NOTATIONS.items():
                written = phonenumbers.format_number(number, style)
                try:
                    read = normalise(written, plan).key
                except InvalidNumber as error:
                    read = error.reason
                if read == _digits(number):
                    continue
                case = (region, notation, number)
                reason = next((why for why, fits in DISAGREEMENTS.items() if fits(case)), None)
                assert reason, f"{region} {notation} {written!r}: {_digits(number)}, we read {read}"
                reasons[reason] += 1
    assert compared >= len(REGIONS) * NUMBERS_OF_EACH
    assert reasons.keys() == DISAGREEMENTS.keys()
    assert reasons.total() < compared * len(NOTATIONS) / 50
