"""Where one number of a field ends and the next begins."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.fieldparts import cut_labels, is_fax, parted, parts_of, split_numbers


@pytest.mark.parametrize(
    ("field", "parts"),
    [
        ("089/99998-123", ["089/99998-123"]),
        ("089 99998123; 0171 3920012", ["089 99998123", "0171 3920012"]),
        ("089 99998123, 0171 3920012", ["089 99998123", "0171 3920012"]),
        ("089 99998123 ::: 0171 3920012", ["089 99998123", "0171 3920012"]),
        ("089 99998123 o. 0171 3920012", ["089 99998123", "0171 3920012"]),
        ("089 99998123 oder 0171 3920012\n", ["089 99998123", "0171 3920012"]),
        ("089 99998123\r\n0171 3920012", ["089 99998123", "0171 3920012"]),
        ("089 99998123 / +49 171 3920012", ["089 99998123", "+49 171 3920012"]),
        ("Tel. 089 99998123 Fax 089 99998124", ["Tel. 089 99998123", "Fax 089 99998124"]),
        ("089 99998123\uff1b\uff10171 3920012", ["089 99998123", "\uff10171 3920012"]),
        ("+498999998;ext=55", ["+498999998;ext=55"]),
        ("tel:+498999998;phone-context=x;isub=1", ["tel:+498999998;phone-context=x;isub=1"]),
        ("089 99998 Durchwahl 12", ["089 99998 Durchwahl 12"]),
        (" ; ,", []),
        ("", []),
    ],
)
def test_a_field_with_several_numbers_is_split(field: str, parts: list[str]) -> None:
    assert split_numbers(field) == parts


@given(st.text("0123456789 ,;|/\n+-o.untelfax()", max_size=60))
def test_parts_lie_in_order_and_apart(field: str) -> None:
    last = 0
    for _, begin, end in parts_of(field):
        assert last <= begin < end <= len(field)
        assert field[begin:end].strip()
        last = end


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("089 99998123 0171 3920012", ["089 99998123", "0171 3920012"]),
        ("089 / 99998123 / 0171 / 3920012", ["089 / 99998123", "0171 / 3920012"]),
        ("0 89 99998123", ["0 89 99998123"]),
        ("089 99998123", ["089 99998123"]),
        ("", [""]),
    ],
)
def test_whole_numbers_with_only_blanks_between_are_parted(text: str, pieces: list[str]) -> None:
    assert [text[begin:end] for begin, end in parted(text)] == pieces


def test_very_many_blanks_are_passed_over_once() -> None:
    began_s = process_time()
    assert split_numbers("089 99998" + " " * 100_000 + "123") == [
        "089 99998" + " " * 100_000 + "123"
    ]
    assert process_time() - began_s < 5.0, "from each blank anew it takes four times as long"


@pytest.mark.parametrize(
    ("part", "text", "label"),
    [
        ("089 99998123", "089 99998123", ""),
        ("Tel.: 089 99998123", "089 99998123", "tel"),
        ("Tel. (mobil) 0171 3920012", "0171 3920012", "tel. (mobil"),
        ("(privat) 089 99998123", "089 99998123", "privat"),
        ("089 99998-99 - Fax", "089 99998-99", "fax"),
        ("089 99998-99 (Fax/Tel.)", "089 99998-99", "fax/tel"),
        ("089 99998123 (Frau Muster)", "089 99998123", ""),
        ("Durchwahl -12", "-12", "durchwahl"),
        ("Telemann 089 99998123", "Telemann 089 99998123", ""),
        ("tel:+498999998123", "tel:+498999998123", ""),
        ("'089 99998123'", "089 99998123", ""),
        ("Fax", "Fax", ""),
    ],
)
def test_words_around_a_number_are_cut(part: str, text: str, label: str) -> None:
    assert cut_labels(part) == (text, label)


@pytest.mark.parametrize(
    ("label", "fax"),
    [("fax", True), ("telefax", True), ("f", True), ("faxnummer privat", True), ("tel./fax", False),
     ("telefon/fax", False), ("fon", False), ("", False), ("firma", False)],
)  # fmt: skip
def test_a_label_for_telephone_and_fax_is_no_fax(label: str, *, fax: bool) -> None:
    assert is_fax(label) is fax
