"""Look-ups by pages: the same entries in the same order, whatever the size of a page."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.client import Client
from engine.contact import Contact, contact_uuid_text
from engine.index import ContactIndex
from ldapd.handler import LdapHandler
from ldapd.protocol.controls import PAGED_RESULTS
from ldapd.protocol.messages import ResultCode
from tests.engine.building import Directory, contact, line, remove
from tests.ldapd.asking import handler_of
from tests.ldapd.house import BOOK, PHONE
from tests.ldapd.test_listing import Listed, by, listed, page

SHARED = "+493023125002"
SWITCHBOARD = "+493023125000"

FEW = tuple(
    contact(str(number), f"{name} Meier", SHARED[1:], emails=("a@b.example",) if number > 3 else ())
    for number, name in enumerate(("Anna", "Bernd", "Carla", "Dora", "Eva"))
)
MANY = tuple(
    contact(
        f"many {number:02}", f"{chr(65 + number % 26)}{number} Vogt", SWITCHBOARD[1:],
        company="Nordlicht AG", emails=("v@b.example",) if number % 10 == 9 else (),
    )
    for number in range(80)
)  # fmt: skip
EXACTLY = tuple(
    contact(f"full {number}", f"F{number} Klein", "493023125064") for number in range(64)
)
COMPANY = contact("company", "", line("493055500", "company"), company="Zeppelin GmbH")  # a trunk


@pytest.fixture(scope="module")
def holders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContactIndex]:
    directory = Directory(tmp_path_factory.mktemp("holders"))
    yield directory.hold(*FEW, *MANY, *EXACTLY, COMPANY)
    directory.close()


@pytest.fixture
def handler(holders: ContactIndex) -> LdapHandler:
    return handler_of(holders)


def uuid(each: Contact) -> str:
    return contact_uuid_text(each.id)


def in_pages(
    handler: LdapHandler, client: Client, text: str, sizes: Iterator[int], order: str = ""
) -> list[str]:
    keys: list[str] = []
    cookie = b""
    for size in sizes:
        found = listed(handler, client, text, page(size, cookie), *([by(order)] if order else []))
        assert found.code == 0
        assert len(found.keys) <= size
        keys += found.keys
        cookie = found.cookie
        if not cookie:
            return keys
    raise AssertionError("pages without an end")


def random_sizes(seed: int) -> Iterator[int]:
    rng = random.Random(seed)
    for _ in range(100):
        yield rng.randrange(1, 8)


@pytest.mark.parametrize("client", [PHONE, BOOK], ids=["phone", "book"])
@pytest.mark.parametrize("order", ["", "-cn"])
@pytest.mark.parametrize(
    "text",
    [f"(telephoneNumber={SHARED})", f"(&(mobile={SHARED})(mail=*))", "(mobile=+49305550077)"],
)
def test_pages_of_any_size_bring_what_a_look_up_brings(
    handler: LdapHandler, client: Client, text: str, order: str
) -> None:
    whole = listed(handler, client, text, *([by(order)] if order else []))
    assert whole.keys
    for seed in range(12):
        assert in_pages(handler, client, text, random_sizes(seed), order) == whole.keys


def test_a_page_goes_on_behind_its_last_entry_whatever_was_committed(tmp_path: Path) -> None:
    directory = Directory(tmp_path)
    handler = handler_of(directory.hold(*FEW))
    text = f"(telephoneNumber={SHARED})"
    whole = listed(handler, BOOK, text).keys

    def first() -> Listed:
        found = listed(handler, BOOK, text, page(2))
        assert found.keys == whole[:2]
        return found

    def rest(found: Listed) -> list[str]:
        return listed(handler, BOOK, text, page(9, found.cookie)).keys

    found = first()
    by_uuid = {uuid(each): each for each in FEW}
    remove(directory.store, by_uuid[whole[0]])
    directory.hold()
    assert rest(found) == whole[2:]
    directory.hold(*FEW)
    found = first()
    remove(directory.store, by_uuid[whole[1]])
    directory.hold()
    assert rest(found) == whole[2:]
    remove(directory.store, *FEW)
    directory.hold()
    assert rest(found) == []
    directory.close()


def test_the_limit_counts_all_pages_of_a_look_up(handler: LdapHandler) -> None:
    text = f"(telephoneNumber={SHARED})"
    first = listed(handler, BOOK, text, page(2), size_limit=3)
    assert (len(first.keys), first.code) == (2, 0)
    second = listed(handler, BOOK, text, page(2, first.cookie), size_limit=3)
    assert (len(second.keys), second.code) == (1, ResultCode.SIZE_LIMIT_EXCEEDED)
    lower = listed(handler, BOOK, text, page(2, first.cookie), size_limit=1)
    assert (lower.keys, lower.code) == ([], ResultCode.SIZE_LIMIT_EXCEEDED)
    given_up = listed(handler, BOOK, text, page(0, first.cookie))
    assert (given_up.keys, given_up.code, given_up.cookie) == ([], 0, b"")


def test_a_look_ups_cookie_serves_no_other_search(handler: LdapHandler) -> None:
    cookie = listed(handler, BOOK, f"(telephoneNumber={SHARED})", page(2)).cookie
    for text in ("(cn=*)", f"(telephoneNumber={SWITCHBOARD})", "(telephoneNumber=*3125*)"):
        refused = listed(handler, BOOK, text, page(2, cookie))
        assert (refused.keys, refused.code) == ([], ResultCode.UNWILLING_TO_PERFORM)


def test_the_limit_counts_those_who_fit_the_whole_filter(handler: LdapHandler) -> None:
    found = listed(handler, BOOK, f"(&(telephoneNumber={SHARED})(mail=*))", size_limit=1)
    assert (found.keys, found.code) == ([uuid(FEW[4])], 0)


def test_an_address_book_gets_everybody_of_a_switchboard(handler: LdapHandler) -> None:
    text = f"(telephoneNumber={SWITCHBOARD})"
    everybody = set(map(uuid, MANY))
    whole = listed(handler, BOOK, text)
    assert (set(whole.keys), len(whole.keys), whole.code) == (everybody, 80, 0)
    assert len(listed(handler, BOOK, f"(&{text}(mail=*))").keys) == 8
    for client in (BOOK, PHONE):
        keys = in_pages(handler, client, text, random_sizes(1))
        assert sorted(keys) == sorted(everybody)


def test_a_phone_gets_the_answer_first_and_is_told_that_there_are_more(
    handler: LdapHandler,
) -> None:
    many = listed(handler, PHONE, f"(telephoneNumber={SWITCHBOARD})")
    assert (len(many.keys), many.code) == (65, ResultCode.SIZE_LIMIT_EXCEEDED)
    assert many.keys[0] not in set(map(uuid, MANY))
    assert len(listed(handler, PHONE, f"(&(mobile={SWITCHBOARD})(mail=*))").keys) == 8
    full = listed(handler, PHONE, "(telephoneNumber=+493023125064)")
    assert (len(full.keys), full.code) == (65, 0)


@pytest.mark.parametrize("text", [f"(telephoneNumber={SHARED})", "(mobile=+4999)"])
@pytest.mark.parametrize("base", ["dc=meta", f"entryUUID={uuid(FEW[0])},dc=meta"])
def test_a_sort_that_must_be_and_cannot_is_refused(
    handler: LdapHandler, text: str, base: str
) -> None:
    refused = listed(handler, BOOK, text, by("unheardOf"), page(5), base=base)
    assert (refused.keys, refused.code) == ([], ResultCode.UNAVAILABLE_CRITICAL_EXTENSION)
    assert refused.sort_code() == ResultCode.NO_SUCH_ATTRIBUTE
    anyhow = listed(handler, BOOK, text, by("unheardOf", critical=False), page(9), base=base)
    assert anyhow.code == 0
    assert PAGED_RESULTS in anyhow.controls
