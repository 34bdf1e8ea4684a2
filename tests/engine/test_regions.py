from __future__ import annotations

import pytest

from engine.countries import COUNTRY_CODES
from engine.regions import _codes, calling_code_of


@pytest.mark.parametrize(
    ("country", "code"),
    [
        ("AT", "43"), ("at", "43"), ("A", "43"), ("Österreich", "43"), (" Austria. ", "43"),
        ("D", "49"), ("Deutschland", "49"), ("CH", "41"), ("Suisse", "41"), ("UK", "44"),
        ("United States", "1"), ("CA", "1"), ("Italia", "39"), ("JP", "81"),
        ("", ""), ("Atlantis", ""), ("x" * 1_000, ""),
    ],
)  # fmt: skip
def test_a_country_as_an_address_names_it_has_its_calling_code(country: str, code: str) -> None:
    assert calling_code_of(country) == code


def test_every_code_is_assigned() -> None:
    assert set(_codes().values()) <= COUNTRY_CODES
