"""Dirty phone fields of real exports."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.phone import normalise
from engine.phonefields import MAX_FIELD_CHARS, MAX_RANGE, read_field
from tests.engine.building import MUNICH

T = "498999998"

FIELDS: list[tuple[str, list[tuple[str, str]]]] = [
    ("089/99998-123", [(f"{T}123", T)]),
    ("089 99998 - 0", [(f"{T}0", T)]),
    ("089 99998\u20130", [(f"{T}0", T)]),
    ("089/12345-3 o. 0171 3920012", [("4989123453", "498912345"), ("491713920012", "")]),
    ("089 99998-10, -11, -12", [(f"{T}10", T), (f"{T}11", T), (f"{T}12", T)]),
    ("089 99998-10; -11", [(f"{T}10", T), (f"{T}11", T)]),
    ("089 99998-10 bis -12", [(f"{T}10", T), (f"{T}11", T), (f"{T}12", T)]),
    ("089 99998-08 bis -10", [(f"{T}08", T), (f"{T}09", T), (f"{T}10", T)]),
    ("089 99998-100..-999", [(f"{T}100", T)]),
    ("089 99998-10-12", [(f"{T}10", T), (f"{T}11", T), (f"{T}12", T)]),
    ("0351/123-4567", [("493511234567", "49351123")]),
    ("0351/1234-4567", [("4935112344567", "493511234")]),
    ("0351/123-145", [("49351123145", "49351123")]),
    ("030/231-4567", [("49302314567", "4930231")]),
    ("030-231-4567", [("49302314567", "")]),
    ("Tel.: 089 99998-0", [(f"{T}0", T)]),
    ("Zentrale 089 99998-0; Handy 0171 3920012", [(f"{T}0", T), ("491713920012", "")]),
    ("mobil: 0171-3920012", [("491713920012", "")]),
    ("Tel. (mobil) 0171 3920012", [("491713920012", "")]),
    ("089 99998123 / +49 171 3920012", [(f"{T}123", ""), ("491713920012", "")]),
    ("0800 FLOWERS", [("498003569377", "")]),
    ("+49 +49 89 99998123", [(f"{T}123", "")]),
    ("0049 0049 89 99998123", [(f"{T}123", "")]),
    ("49(0)8999998123", [(f"{T}123", "")]),
    ("+49 089 99998123", [(f"{T}123", "")]),
    ("498999998123.0", [(f"{T}123", "")]),
    ("089 99998 Durchwahl 12", [(f"{T}12", T)]),
    ("089 99998 ext. 12", [(f"{T}x12", "")]),
    ("089 99998x12", [(f"{T}x12", "")]),
    ("+498999998;ext=12", [(f"{T}x12", "")]),
    ("+49-89-99998-123", [(f"{T}123", "")]),
    ("+1 212 555-0123", [("12125550123", "")]),
    ("+43 1 2345678-12", [("431234567812", "4312345678")]),
    ("+41 44 668 18-00", [("41446681800", "414466818")]),
    ("0800 330-1000", [("498003301000", "")]),
    ("\uff10\uff18\uff19 99998\uff0d123", [(f"{T}123", T)]),
    ("", []),
    ("  ", []),
]


@pytest.mark.parametrize(("field", "expected"), FIELDS)
def test_every_number_of_a_field_is_read(field: str, expected: list[tuple[str, str]]) -> None:
    reading = read_field(field, MUNICH)
    assert [(each.number.key, each.trunk) for each in reading.numbers] == expected
    assert not reading.refused


@pytest.mark.parametrize(
    "field", ["Fax 089 99998-99", "089 99998-99 (Fax)", "Telefax: 08999998-99"]
)
def test_a_fax_is_marked(field: str) -> None:
    (fax,) = read_field(field, MUNICH).numbers
    assert fax.fax
    assert fax.number.digits == f"{T}99"


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("keine", "no digits"),
        ("siehe Zentrale", "no digits"),
        ("4,98941E+11", "spreadsheet"),
        ("112", "service number"),
        ("089 99998123 nur vormittags", "letters"),
        ("1" * (MAX_FIELD_CHARS + 1), "longer than"),
    ],
)
def test_what_is_no_number_comes_with_its_reason(field: str, reason: str) -> None:
    reading = read_field(field, MUNICH)
    assert not reading.numbers
    assert reason in reading.refused[0]


def test_good_parts_stay_beside_bad_ones() -> None:
    reading = read_field("089 99998123; keine; 0171 3920012", MUNICH)
    assert [each.number.digits for each in reading.numbers] == [f"{T}123", "491713920012"]
    assert reading.refused == ("no digits",)


@given(
    st.one_of(
        st.text(max_size=200),
        st.text("0123456789 -/().,;+ext\u2013bisTeloFax", max_size=80),
    )
)
def test_any_field_gives_a_bounded_reading(field: str) -> None:
    reading = read_field(field, MUNICH)
    assert len(reading.numbers) <= MAX_RANGE * (len(field) + 1)
    for each in reading.numbers:
        assert each.number.digits.startswith(each.trunk)
        assert normalise(f"+{each.number.digits}", MUNICH).digits == each.number.digits
    assert all(reason for reason in reading.refused)
