"""The face of phone numbers: its names are those of the modules behind it."""

from __future__ import annotations

from engine import countries, dialplan, fieldparts, numberformat, numbertext, phone, reading


def test_the_face_has_the_names_that_others_import() -> None:
    for name in phone.__all__:
        rooms = (countries, dialplan, fieldparts, numberformat, numbertext, reading)
        assert any(getattr(room, name, None) is getattr(phone, name) for room in rooms), name


def test_a_number_with_an_extension_apart_has_a_key_of_its_own() -> None:
    assert phone.PhoneNumber("498999998").key == "498999998"
    assert phone.PhoneNumber("498999998", "55").key == "498999998x55"
