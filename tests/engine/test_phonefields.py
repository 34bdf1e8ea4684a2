"""Dirty phone fields of real exports."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.phone import DialPlan, normalise
from engine.phonefields import MAX_FIELD_CHARS, MAX_RANGE, read_field, read_field_slowly
from tests.engine.building import MUNICH
from tests.engine.golden_plans import PLANS

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
    # several numbers, with and without anything between them
    ("089 99998123 0171 3920012", [(f"{T}123", ""), ("491713920012", "")]),
    ("089 99998123 / 0171 3920012", [(f"{T}123", ""), ("491713920012", "")]),
    ("089/99998-123 / 0171/3920012", [(f"{T}123", T), ("491713920012", "")]),
    ("+49 89 99998123 +49 171 3920012", [(f"{T}123", ""), ("491713920012", "")]),
    ("089 99998123   99998124", [(f"{T}123", ""), (f"{T}124", "")]),
    ("089 99998123\t0171 3920012\r\n", [(f"{T}123", ""), ("491713920012", "")]),
    ("089 99998123 - 0171 3920012", [(f"{T}123", ""), ("491713920012", "")]),
    ("089 99998123 (Tel.) 0171 3920012 (mobil)", [(f"{T}123", ""), ("491713920012", "")]),
    ("Tel. 089 99998123 Fax 089 99998199", [(f"{T}123", ""), (f"{T}199", "")]),
    ("T +49 89 99998123 F +49 89 99998199", [(f"{T}123", ""), (f"{T}199", "")]),
    ("089 99998123 & 0171 3920012", [(f"{T}123", ""), ("491713920012", "")]),
    ("0165/00634344", [("4916500634344", "")]),
    # extensions that continue a number
    ("089 99998-10, 11, 12", [(f"{T}10", T), (f"{T}11", T), (f"{T}12", T)]),
    ("089 99998-10/11/-12", [(f"{T}10", T), (f"{T}11", T), (f"{T}12", T)]),
    ("089/99998-10 / -110", [(f"{T}10", T), (f"{T}110", T)]),
    ("089 99998-0 Fax -99", [(f"{T}0", T), (f"{T}99", T)]),
    ("089 99998-0, Durchwahl 12", [(f"{T}0", T), (f"{T}12", T)]),
    ("089 99998-0 (Zentrale), -12 (Durchwahl)", [(f"{T}0", T), (f"{T}12", T)]),
    ("089 99998, App. 12", [(f"{T}12", T)]),
    ("089 99998 123 / 124", [(f"{T}123", ""), (f"{T}124", "")]),
    ("089 99998 / 123", [(f"{T}123", "")]),
    ("01 / 99998 / 123", [("49199998123", "")]),
    # ranges, and what only looks like one
    ("089 99998-10..-12", [(f"{T}10", T), (f"{T}11", T), (f"{T}12", T)]),
    ("089 99998-10\u202612", [(f"{T}10", T), (f"{T}11", T), (f"{T}12", T)]),
    ("089 99998 -10 - -12", [(f"{T}10", T), (f"{T}11", T), (f"{T}12", T)]),
    ("089 99998-10\u2013\u201312", [(f"{T}10", T), (f"{T}11", T), (f"{T}12", T)]),
    ("089 99998 100 bis 102", [(f"{T}100", T), (f"{T}101", T), (f"{T}102", T)]),
    ("089 99998 10-12", [(f"{T}10", T), (f"{T}11", T), (f"{T}12", T)]),
    ("0171/3920-4012", [("4917139204012", "")]),
    ("089-123-456", [("4989123456", "")]),
    ("+48 22 123-45-67", [("48221234567", "")]),
    ("+41 44 111-22-33", [("41441112233", "")]),
    # trunks: behind an area code at the least, and elsewhere the switchboard's alone
    ("06131-12345", [("49613112345", "")]),
    ("06131 1-2345", [("49613112345", "4961311")]),
    ("030-23125", [("493023125", "")]),
    ("05361 9-0", [("49536190", "4953619")]),
    ("0711 17-0", [("49711170", "4971117")]),
    ("+49-89-99998-0", [(f"{T}0", T)]),
    ("tel:+49-89-99998-0", [(f"{T}0", T)]),
    ("+44 20 7946-0123", [("442079460123", "")]),
    ("+48 22 123456-0", [("48221234560", "4822123456")]),
    ("+33 1 99 00 12-34", [("33199001234", "")]),
    # an extension apart: pauses, URIs
    ("+498999998,55", [(f"{T}x55", "")]),
    ("+498999998,,55", [(f"{T}x55", "")]),
    ("+498999998;55", [(f"{T}x55", "")]),
    ("tel:+498999998;ext=55", [(f"{T}x55", "")]),
    ("tel:+498999998123;ext=123", [(f"{T}123", "")]),
    ("sip:+498999998123@sbc.example;user=phone", [(f"{T}123", "")]),
    ("089 99998123, ext. 12", [(f"{T}123x12", "")]),
    ("089 99998123, x12", [(f"{T}123x12", "")]),
    ("089 99998123, Ext.: 12, 0171 3920012", [(f"{T}123x12", ""), ("491713920012", "")]),
    ("089 99998123 (ext 12)", [(f"{T}123x12", "")]),
    ("089 99998123 (x12)", [(f"{T}123x12", "")]),
    ("+48 22 123 45 67 wewn. 12", [("48221234567x12", "")]),
    ("+48 22 123 45 67 w. 12", [("48221234567x12", "")]),
    # an extension of the own plan by its label
    ("intern 123", [(f"{T}123", "")]),
    ("Ext. 123", [(f"{T}123", "")]),
    ("0171 3920012, intern 123", [("491713920012", ""), (f"{T}123", "")]),
    # a number of the same area, or another ending, behind one of elsewhere
    ("040 428000, 428001", [("4940428000", ""), ("4940428001", "")]),
    ("+43 1 5321234; 5321235", [("4315321234", ""), ("4315321235", "")]),
    ("+7 (495) 123-45-67, 123-45-68", [("74951234567", ""), ("74951234568", "")]),
    ("+1 212 555 0123 or 0124", [("12125550123", ""), ("12125550124", "")]),
    ("040 4280 123 oder 124", [("49404280123", ""), ("49404280124", "")]),
    ("089 99998123, 124", [(f"{T}123", ""), (f"{T}124", "")]),
    ("030 23125001, 99998-123", [("493023125001", ""), (f"{T}123", T)]),
    ("12, 123", [(f"{T}12", ""), (f"{T}123", "")]),
    ("123, 030 23125001, 124", [(f"{T}123", ""), ("493023125001", ""), (f"{T}124", "")]),
    ("0171 3920012, 123", [("491713920012", ""), (f"{T}123", "")]),
    ("0171 3920012, 99998123", [("491713920012", ""), (f"{T}123", "")]),
    ("+1 212 555 0123, 99998123", [("12125550123", ""), (f"{T}123", "")]),
    # words between and before numbers
    ("089 99998-123 bzw 0171 3920012", [(f"{T}123", T), ("491713920012", "")]),
    ("Tel.089-99998123 Mob.0171-3920012", [(f"{T}123", ""), ("491713920012", "")]),
    ("G: 089 99998123 / P: 030 23125001", [(f"{T}123", ""), ("493023125001", "")]),
    ("G 089 99998123 N 0171 3920012", [(f"{T}123", ""), ("491713920012", "")]),
    ("D +49 89 99998123", [(f"{T}123", "")]),
    ("089 99998 DW 12/13", [(f"{T}12", T), (f"{T}13", T)]),
    ("\u260e\ufe0f 089 99998123", [(f"{T}123", "")]),
    ("089 999'98'123", [(f"{T}123", "")]),
    ("+41 44 668\u201918\u201900", [("41446681800", "")]),
    # letters of the keys
    ("1-888-NEW-CARS", [("18886392277", "")]),
    ("+1 877 GOT JUNK", [("18774685865", "")]),
    # labels, notes, quotes
    ("Tel./Fax: 089 99998-99", [(f"{T}99", T)]),
    ("T +49 89 99998123", [(f"{T}123", "")]),
    ("089 99998123 (Sekretariat)", [(f"{T}123", "")]),
    ("(privat) 089 99998123", [(f"{T}123", "")]),
    ("'08999998123", [(f"{T}123", "")]),
    ('="08999998123"', [(f"{T}123", "")]),
    # what spreadsheets make of numbers
    ("498999998123,0", [(f"{T}123", "")]),
    ("4.98999998123E+11", [(f"{T}123", "")]),
    ("4,98999998123e11", [(f"{T}123", "")]),
    ("0900-TAXI", [("499008294", "")]),
    ("", []),
    ("  ", []),
]


@pytest.mark.parametrize(("field", "expected"), FIELDS)
def test_every_number_of_a_field_is_read(field: str, expected: list[tuple[str, str]]) -> None:
    reading = read_field(field, MUNICH)
    assert [(each.number.key, each.trunk) for each in reading.numbers] == expected
    assert not reading.refused


@pytest.mark.parametrize(
    "field",
    [
        "Fax 089 99998-99",
        "089 99998-99 (Fax)",
        "089 99998-99 - Fax",
        "F. 089 99998-99",
        "Telefax: 08999998-99",
        "\uff26\uff41\uff58: 089 99998-99",
    ],
)
def test_a_fax_is_marked(field: str) -> None:
    (fax,) = read_field(field, MUNICH).numbers
    assert fax.fax
    assert fax.number.digits == f"{T}99"


def test_a_line_for_both_is_no_fax() -> None:
    assert not read_field("Tel./Fax: 089 99998-99", MUNICH).numbers[0].fax


def test_each_number_has_the_fax_mark_of_its_own_label() -> None:
    reading = read_field("Tel. 089 99998-0 Fax -99, Handy 0171 3920012", MUNICH)
    assert [each.fax for each in reading.numbers] == [False, True, False]


@pytest.mark.parametrize(
    ("field", "written"),
    [
        (" 089\u00a099998\u2013123 ", ["089\u00a099998\u2013123"]),
        ("\uff10\uff18\uff19 99998123", ["\uff10\uff18\uff19 99998123"]),
        ("Tel. 089 99998-0\uff1b Fax -99", ["Tel. 089 99998-0", "Fax -99"]),
        ("089 99998123 0171 3920012", ["089 99998123", "0171 3920012"]),
        ("498999998123.0", ["498999998123.0"]),
        ("089 99998, App. 12", ["089 99998, App. 12"]),
    ],
)
def test_each_number_comes_with_its_part_as_the_source_wrote_it(
    field: str, written: list[str]
) -> None:
    assert [each.written for each in read_field(field, MUNICH).numbers] == written


def test_vanity_numbers_of_north_america_need_no_prefix() -> None:
    for field in ("1-800-FLOWERS", "800 FLOWERS", "+1 800 FLOWERS", "(800) FLOWERS"):
        (number,) = read_field(field, PLANS["usa"]).numbers
        assert number.number.digits == "18003569377"


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("keine", "no digits"),
        ("siehe Zentrale", "no digits"),
        ("4,98941E+11", "spreadsheet"),
        ("112", "service number"),
        ("089 99998123 nur vormittags", "letters"),
        ("1" * (MAX_FIELD_CHARS + 1), "longer than"),
        ("089 " * 60, "too long"),
        ("info@firm.example", "e-mail"),
        ("0171 HALLO", "letters"),
        ("12345678@firm.example", "e-mail"),
        ("4.989999981E+11", "spreadsheet"),
        ("089 99998123 0171 3920012 nur abends", "letters"),
        ("Frau Muster 089 99998123", "letters"),
    ],
)
def test_what_is_no_number_comes_with_its_reason(field: str, reason: str) -> None:
    reading = read_field(field, MUNICH)
    assert not reading.numbers
    assert reason in reading.refused[0]


def test_an_extension_too_long_for_its_trunk_is_no_number_of_its_own() -> None:
    reading = read_field("+49 89 999981234-0, -12345", MUNICH)
    assert [each.number.digits for each in reading.numbers] == ["49899999812340"]
    assert "too long" in reading.refused[0]


@pytest.mark.parametrize("field", ["030 23125-0, Fax: DW 99", "030 23125-0, FaxDW: 99"])
def test_direct_dialling_of_a_fax_is_a_fax_behind_the_same_trunk(field: str) -> None:
    fax = read_field(field, MUNICH).numbers[1]
    assert (fax.number.digits, fax.trunk, fax.fax) == ("49302312599", "493023125", True)


@pytest.mark.parametrize("room", ["Zimmer: 123", "Zi. 123"])
def test_the_number_of_a_room_is_no_extension_of_the_own_plan(room: str) -> None:
    reading = read_field(f"030 23125-0, {room}", MUNICH)
    assert [each.number.digits for each in reading.numbers] == ["4930231250"]
    assert "room" in reading.refused[0]


def test_few_digits_behind_a_number_of_elsewhere_are_no_extension_of_the_own_plan() -> None:
    reading = read_field("040 4280123 oder 124", MUNICH)
    assert [each.number.digits for each in reading.numbers] == ["49404280123"]
    assert "no own one" in reading.refused[0]


def test_a_number_of_the_same_area_needs_no_area_in_the_plan() -> None:
    numbers = read_field("040 428000, 428001", PLANS["germany"]).numbers
    assert [each.number.digits for each in numbers] == ["4940428000", "4940428001"]


def test_good_parts_stay_beside_bad_ones() -> None:
    for rest in ("ext 089 99998124", "ext 0171 3920012", "x 12 34"):
        assert read_field(f"089 99998123, {rest}", MUNICH).numbers[0].number.digits == f"{T}123"
    assert read_field("089 99998123, Xaver 12", MUNICH).numbers[0].number.digits == f"{T}123"
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


PLAINLY = st.from_regex(
    r" ?\(?(\+49|\+39|\+1|49|0049|00|0|) ?(\(0\))?[0-9]{1,6}\)?[ /\u00a0]{0,3}[0-9]{1,6}"
    r" ?[-\u2013]? ?[0-9 ]{0,6}[-/.]? ?[0-9]{0,4}[ \u00a0]{0,2}",
    fullmatch=True,
)
SIGNS = st.text("000123456789 -/+()\u2013\u00a0.,;", max_size=30)


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
@settings(deadline=None, max_examples=100)
@given(st.one_of(PLAINLY, SIGNS, st.sampled_from([field for field, _ in FIELDS])))
@example("0351/123-145")
@example("089 99998 10-19")
@example("+49200000\u00a00 \u2013 1")
@example("+49 (0)89/99998-123")
@example("+39 (0)6 99998")
@example("089 99998-10-12")
@example("+49 0049 89 99998123")
@example("089 99998123/0049 171 3920012")
@example("089 99998 123 / 124")
@example("498999998123.0")
@example("0049 0049 8912345")
def test_the_short_way_gives_what_the_long_way_gives(plan: DialPlan, field: str) -> None:
    assert read_field(field, plan) == read_field_slowly(field, plan)


@settings(deadline=None, max_examples=100)
@given(data=st.binary(max_size=16_384), encoding=st.sampled_from(["latin-1", "utf-8"]))
@example(b" " * 1_000, "utf-8")
@example(b"1 " * 500, "utf-8")
@example(b"1-" * 500, "utf-8")
@example(b"(a" * 500, "utf-8")
@example(b"12 / " * 40, "utf-8")
@example("\u00a0".encode() * 999 + b"1", "utf-8")
@example(b"1/" * 500, "utf-8")
@example(b"Tel." * 250, "utf-8")
def test_no_bytes_make_a_field_fail(data: bytes, encoding: str) -> None:
    reading = read_field(data.decode(encoding, errors="surrogateescape"), MUNICH)
    assert all(each.number.digits.isdigit() for each in reading.numbers)
