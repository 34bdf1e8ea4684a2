"""What lists are sorted by."""

from __future__ import annotations

import pytest

from engine.contact import Contact
from ldapd.protocol.messages import ResultCode
from ldapd.protocol.search_controls import SortKey
from ldapd.sorting import MISSING, UnsortableKey, directed, key_function, sort_text
from tests.engine.building import contact, line
from tests.ldapd.house import ANNA, BERND, CARLA, FIRM


def ordered(*keys: SortKey, people: tuple[Contact, ...]) -> list[str]:
    key_of = key_function(keys)
    return [each.name for each in sorted(people, key=lambda one: directed(key_of(one), keys))]


NAMES = tuple(
    contact(name, name, surname=name) for name in ("Zorn", "Übel", "Udo", "abel", "Öd", "{x")
)


def test_texts_are_sorted_by_the_alphabet_whatever_their_case_and_accents() -> None:
    assert ordered(SortKey("sn"), people=NAMES) == ["{x", "abel", "Öd", "Übel", "Udo", "Zorn"]
    backwards = ordered(SortKey("SN", "2.5.13.3", reverse=True), people=NAMES)
    assert backwards == ["Zorn", "Udo", "Übel", "Öd", "abel", "{x"]


def test_whoever_has_no_value_comes_last_and_in_reverse_first() -> None:
    people = (BERND, CARLA, ANNA)
    assert ordered(SortKey("givenName"), people=people) == [
        "Anna Müller", "Carla Vogt", "Bernd Meier",
    ]  # fmt: skip
    assert ordered(SortKey("givenName", reverse=True), people=people)[0] == "Bernd Meier"


def test_a_second_key_decides_between_equal_first_ones() -> None:
    keys = (SortKey("o", reverse=True), SortKey("cn"))
    assert ordered(*keys, people=(FIRM, CARLA, ANNA, BERND)) == [
        FIRM.name, "Bernd Meier", "Carla Vogt", "Anna Müller",
    ]  # fmt: skip


def test_numbers_are_sorted_by_their_digits_within_their_kind() -> None:
    one = contact("1", "A", line("4930200"), line("4930100"), line("110", "mobile"))
    two = contact("2", "B", line("4930150"))
    key_of = key_function((SortKey("telephoneNumber"),))
    assert (key_of(one), key_of(two)) == (("4930100",), ("4930150",))
    assert key_function((SortKey("mobile"),))(two) == (MISSING,)


def test_a_number_that_stands_in_for_the_telephone_number_is_sorted_by_too() -> None:
    three = contact("3", "C", line("4930170", "other"), line("110", "home"))
    four = contact("4", "D", line("4930180"), line("110", "other"))
    key_of = key_function((SortKey("telephoneNumber"),))
    assert (key_of(three), key_of(four)) == (("4930170",), ("4930180",))
    assert key_function((SortKey("otherTelephone"),))(four) == ("110",)


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (SortKey("unheardOf"), ResultCode.NO_SUCH_ATTRIBUTE),
        (SortKey("anr"), ResultCode.NO_SUCH_ATTRIBUTE),
        (SortKey("cn", "1.2.3"), ResultCode.INAPPROPRIATE_MATCHING),
    ],
)
def test_a_key_nobody_can_sort_by_is_named(key: SortKey, code: ResultCode) -> None:
    with pytest.raises(UnsortableKey) as raised:
        key_function((SortKey("cn"), key))
    assert (raised.value.code, raised.value.attribute) == (code, key.attribute)


def test_a_target_is_compared_as_values_are() -> None:
    assert (
        sort_text(SortKey("sn"), "MÜL")
        == key_function((SortKey("sn"),))(contact("1", "mül", surname="Mül"))[0]
    )
    assert sort_text(SortKey("mobile"), "+49 30-1") == "49301"
