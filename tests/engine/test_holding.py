"""What the number table keeps of a holder: its order, and what makes two of them equal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import holding
from engine.contact import KIND_RANK, PHONE_KINDS, Contact, PhoneKind
from engine.holding import (
    COMPANY,
    MAILBOXES,
    MAX_SHOWN,
    NAME,
    NO_COMPANY,
    NO_NAME,
    NOT_SHOWN,
    RANK,
    VERSION_BYTES,
    age_of,
    company_digest,
    holders_of,
)
from tests.engine.building import contact, line

NUMBER = "498999998101"
SOURCE, VERSION = b"\0\1", b"\0\0\0\0\0\0\0\0\7"

times = st.datetimes().map(lambda at: f"{at:%Y-%m-%dT%H:%M:%SZ}".rjust(20, "0")) | st.just("")


def held(name: str = "", kind: PhoneKind = "work", company: str = "", **fields: object) -> bytes:
    made = contact("1", name, line(NUMBER, kind), company=company, **fields)
    found = holders_of(made, company, SOURCE, VERSION)[NUMBER]
    assert (found[:2], found[holding.VERSION]) == (SOURCE, VERSION)
    assert len(found[holding.VERSION]) == VERSION_BYTES
    return found


def shown(made: Contact) -> bytes:
    """Return what stands behind the version in a holder."""
    return holders_of(made, "", SOURCE, VERSION)[NUMBER][holding.VERSION.stop :]


def test_a_name_and_the_key_of_its_record_stand_with_the_number() -> None:
    assert shown(contact("K 7", "Anna Äbel", NUMBER)) == b"\x0aAnna \xc3\x84belK 7"
    assert shown(contact("", "Ben", NUMBER)) == b"\3Ben"


def test_without_a_name_or_with_one_too_long_to_be_sorted_the_record_is_read() -> None:
    room = MAX_SHOWN - 1
    assert shown(contact("k", "n" * room, NUMBER)) == b"\xfe" + b"n" * room + b"k"
    for key, name in (("k", ""), ("kk", "n" * room), ("k" * MAX_SHOWN, "n"), ("k", "ä" * room)):
        assert shown(contact(key, name, NUMBER)) == NOT_SHOWN
    assert holding.SHOWN_AT + MAX_SHOWN <= 511  # LMDB's longest value among several


@given(st.sampled_from(PHONE_KINDS), st.sampled_from(PHONE_KINDS), times, times)
def test_holders_sort_by_kind_of_line_and_newest_first(
    one: PhoneKind, other: PhoneKind, earlier: str, later: str
) -> None:
    ranks = (KIND_RANK[one], earlier == "", [-ord(sign) for sign in earlier])
    others = (KIND_RANK[other], later == "", [-ord(sign) for sign in later])
    packed = held("A", one, changed=earlier)[RANK], held("B", other, changed=later)[RANK]
    assert (packed[0] < packed[1]) == (ranks < others)
    assert (packed[0] == packed[1]) == (ranks == others)


@pytest.mark.parametrize(
    "odd", ["", "yesterday", "2026-01-01T00:00:00+01:00", "٢٠٢٦-01-01T00:00:00Z"]
)
def test_a_time_that_is_none_counts_as_the_oldest(odd: str) -> None:
    assert age_of(contact("1", changed=odd)) > age_of(contact("1", changed="0001-01-01T00:00:00Z"))


def test_a_day_without_a_time_is_its_midnight() -> None:
    day, midnight = (contact("1", changed=f"2026-01-01{rest}") for rest in ("", "T00:00:00.9Z"))
    assert age_of(day) == age_of(midnight)


def test_a_name_in_another_order_and_spelling_is_the_same_name() -> None:
    assert held("Jürgen Müller")[NAME] == held("MUELLER, Juergen")[NAME]
    assert held("Jürgen Müller")[NAME] != held("Jürgen Möller")[NAME]
    assert held("", given_name="Anna", surname="Abel")[NAME] == held("Anna Abel")[NAME]
    assert held("")[NAME] == NO_NAME
    assert held("???")[NAME] != NO_NAME


def test_companies_written_alike_are_the_same_company() -> None:
    assert held("A", company="ACME GmbH")[COMPANY] == held("B", company="Acme GMBH")[COMPANY]
    assert held("A", company="ACME")[COMPANY] != held("A", company="ACNE")[COMPANY]
    assert held("A")[COMPANY] == company_digest("") == NO_COMPANY


def test_an_address_in_common_is_a_bit_in_common() -> None:
    one = held("A", emails=("anna@example.com", "a@example.com"))[MAILBOXES]
    assert one & held("B", emails=("ANNA@Example.com",))[MAILBOXES]
    assert held("C")[MAILBOXES] == 0


def test_a_number_that_stands_twice_is_kept_with_its_better_kind() -> None:
    made = contact("1", "Anna", line(NUMBER, "fax"), line(NUMBER, "mobile"), line(f"{NUMBER}x5"))
    found = holders_of(made, "", SOURCE, VERSION)
    assert {key: entry[2] for key, entry in found.items()} == {
        NUMBER: KIND_RANK["mobile"],
        f"{NUMBER}x5": KIND_RANK["work"],
    }


_texts = st.sampled_from(["Anna", "von der", "Meier-Vogt", "Ørsted", "ae", "\u0301a"]) | st.text()


@given(_texts, _texts)
def test_a_name_that_is_put_together_equals_the_same_name_in_one_piece(
    given_name: str, surname: str
) -> None:
    name = f"{given_name} {surname}"
    assert held(name, given_name=given_name, surname=surname)[NAME] == held(name)[NAME]
