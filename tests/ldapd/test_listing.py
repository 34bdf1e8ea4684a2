"""Lists on a real index: pages, order, stretches of a list, limits, slices."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from engine.client import Client
from engine.contact import Contact, contact_uuid_text
from engine.index import ContactIndex
from engine.phone import NumberFormat
from engine.rights import SourcePolicy
from ldapd import listing, sortedlist
from ldapd.handler import LdapHandler
from ldapd.listing import VLV_ERROR
from ldapd.protocol.ber import read_element, read_header, read_integer
from ldapd.protocol.client import Entry, Result
from ldapd.protocol.controls import (
    PAGED_RESULTS,
    SORT_REQUEST,
    SORT_RESPONSE,
    VLV_REQUEST,
    VLV_RESPONSE,
    PagedResults,
    decode_paged_results,
    encode_paged_results,
)
from ldapd.protocol.filters import parse_filter
from ldapd.protocol.messages import Control, ResultCode, SearchRequest
from ldapd.protocol.search_controls import SortKey, VlvRequest, encode_sort, encode_vlv
from ldapd.search import LongAnswer
from tests.engine.building import Directory, contact, line, remove
from tests.ldapd.asking import SETTINGS, ask, handler_of, limited, octets_of, peer_of, responses
from tests.ldapd.generated_filters import FilterMaker, people
from tests.ldapd.house import BOOK, CLIENTS, PASSWORD_HASH, PHONE, SBC

BULK = Client("bulk", "cn=bulk,dc=meta", PASSWORD_HASH, profile="bulk")
LETTERS = "abcdefghijklmnopqrstuvwxy"
SURNAMES = ("Abel", "Meier", "Meier", "Müller", "Zorn", "")


def person(number: int) -> Contact:
    name = SURNAMES[number % len(SURNAMES)]
    return contact(
        f"{number:03}",
        f"{chr(65 + number % 26)} {name}".strip(),
        f"49308{number:04}",
        surname=name,
        given_name=chr(65 + number % 26) if number % 3 else "",
    )


PEOPLE = tuple(map(person, range(120)))


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContactIndex]:
    directory = Directory(tmp_path_factory.mktemp("crowd"))
    yield directory.hold(*PEOPLE)
    directory.close()


class Listed(msgspec.Struct):
    """Entries by contact key, the result, and the response controls."""

    keys: list[str]
    code: int
    controls: dict[str, Control]
    message: str

    @property
    def cookie(self) -> bytes:
        return decode_paged_results(self.controls[PAGED_RESULTS].value).cookie

    def vlv(self) -> tuple[int, int, int]:
        """Return the target, the length of the list and the code of a virtual list view."""
        value = self.controls[VLV_RESPONSE].value or b""
        pos, end = read_element(value, 0, len(value), 0x30)
        found = []
        while pos < end:
            _, start, pos = read_header(value, pos, end)
            found.append(read_integer(value, start, pos))
        target, count, code = found
        return target, count, code

    def sort_code(self) -> int:
        return (self.controls[SORT_RESPONSE].value or b"")[4]


KEYS = {contact_uuid_text(each.id): each.id.key for each in PEOPLE}


def listed(
    handler: LdapHandler,
    client: Client,
    text: str,
    *controls: Control,
    size_limit: int = 0,
    base: str = "dc=meta",
) -> Listed:
    request = SearchRequest(
        base, 2, 0, size_limit, 0, types_only=False, filter=parse_filter(text),
        attributes=("cn",),
    )  # fmt: skip
    *entries, done = responses(ask(handler, peer_of(client), request, *controls))
    assert isinstance(done, Result)
    keys = []
    for each in entries:
        assert isinstance(each, Entry)
        entry_uuid = each.dn.split(",")[0].removeprefix("entryUUID=")
        keys.append(KEYS.get(entry_uuid, entry_uuid))
    return Listed(keys, done.code, {each.oid: each for each in done.controls}, done.message)


def page(size: int, cookie: bytes = b"", *, critical: bool = True) -> Control:
    return Control(PAGED_RESULTS, critical, encode_paged_results(PagedResults(size, cookie)))


def by(*keys: str, critical: bool = True) -> Control:
    found = [SortKey(key.lstrip("-"), "", key.startswith("-")) for key in keys]
    return Control(SORT_REQUEST, critical, encode_sort(found))


def view(before: int, after: int, offset: int = 0, count: int = 0, value: str = "") -> Control:
    request = VlvRequest(before, after, offset, count, value.encode() if value else None)
    return Control(VLV_REQUEST, critical=True, value=encode_vlv(request))


def pages(
    handler: LdapHandler, client: Client, text: str, size: int, *controls: Control, **limits: int
) -> list[str]:
    keys: list[str] = []
    cookie = b""
    for _ in range(400):
        found = listed(handler, client, text, page(size, cookie), *controls, **limits)
        assert found.code == 0
        assert len(found.keys) <= size
        keys += found.keys
        cookie = found.cookie
        if not cookie:
            return keys
    raise AssertionError("pages without an end")


# --- pages --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 7, 119, 120, 121, 2**31 - 1])
@pytest.mark.parametrize("text", ["(objectClass=*)", "(sn=*ei*)", "(!(sn=meier))", "(cn=no)"])
@pytest.mark.parametrize("order", [(), ("sn",), ("-givenName", "sn")])
def test_pages_give_everybody_once(
    crowd: ContactIndex, size: int, text: str, order: tuple[str, ...]
) -> None:
    handler = handler_of(crowd)
    controls = [by(*order)] if order else []
    whole = listed(handler, BULK, text, *controls).keys
    assert len(whole) == len(set(whole))
    assert pages(handler, BULK, text, size, *controls) == whole


def test_a_page_that_meets_a_limit_is_short_and_the_next_goes_on(crowd: ContactIndex) -> None:
    handler = handler_of(crowd, limited(max_entries=0, max_examined=10))
    whole = listed(handler_of(crowd), BULK, "(!(sn=meier))").keys
    assert pages(handler, BULK, "(!(sn=meier))", 50) == whole
    ticks = itertools.count(0, 0.3)
    slow = handler_of(crowd, clock=lambda: next(ticks))
    assert pages(slow, BULK, "(!(sn=meier))", 50) == whole
    slower = handler_of(crowd, limited(search_time_ms=10), clock=itertools.count().__next__)
    assert pages(slower, BULK, "(!(sn=meier))", 50) == whole


@pytest.mark.parametrize("order", [(), ("sn",)])
def test_pages_survive_commits(tmp_path_factory: pytest.TempPathFactory, order: object) -> None:
    assert isinstance(order, tuple)
    directory = Directory(tmp_path_factory.mktemp("moving"))
    try:
        handler = handler_of(directory.hold(*PEOPLE))
        controls = [by(*order)] if order else []
        whole = listed(handler, BULK, "(objectClass=*)", *controls).keys
        first = listed(handler, BULK, "(objectClass=*)", page(50), *controls)
        gone = set(whole[40:60])
        remove(directory.store, *(each for each in PEOPLE if each.id.key in gone))
        directory.hold(contact("new", "Aaron Aal", surname="Aal"))
        rest = pages_from(handler, first.cookie, *controls)
        assert rest == [key for key in whole[50:] if key not in gone]
    finally:
        directory.close()


def pages_from(handler: LdapHandler, cookie: bytes, *controls: Control) -> list[str]:
    keys: list[str] = []
    while cookie:
        found = listed(handler, BULK, "(objectClass=*)", page(9, cookie), *controls)
        keys += found.keys
        cookie = found.cookie
    return keys


def test_a_cookie_serves_its_own_search_alone(crowd: ContactIndex) -> None:
    handler = handler_of(crowd)
    cookie = listed(handler, BULK, "(sn=*)", page(5)).cookie
    refused = ResultCode.UNWILLING_TO_PERFORM
    assert listed(handler, BULK, "(sn=*)", page(5, cookie)).code == 0
    assert listed(handler, BULK, "(cn=*)", page(5, cookie)).code == refused
    assert listed(handler, BOOK, "(sn=*)", page(5, cookie)).code == refused
    assert listed(handler, BULK, "(sn=*)", page(5, cookie), by("sn")).code == refused
    assert listed(handler, BULK, "(sn=*)", page(5, b"made up")).code == refused
    assert listed(handler, BULK, "(sn=*)", page(5, b"made up"), by("sn")).code == refused
    again = handler_of(crowd)  # another worker, or the same one after a restart
    assert listed(again, BULK, "(sn=*)", page(5, cookie)).code == 0
    stranger = handler_of(crowd, clients=CLIENTS[:0])
    assert listed(stranger, BULK, "(sn=*)", page(5, cookie)).code == refused


@pytest.mark.parametrize("order", [(), ("sn",)])
def test_pages_go_on_after_a_reload_with_another_client(crowd: ContactIndex, order: object) -> None:
    assert isinstance(order, tuple)
    controls = [by(*order)] if order else []
    handler = handler_of(crowd, clients=(*CLIENTS, BULK))
    whole = listed(handler, BULK, "(objectClass=*)", *controls).keys
    first = listed(handler, BULK, "(objectClass=*)", page(50), *controls)
    handler.replace(SETTINGS, (BULK,))
    rest = pages_from(handler, first.cookie, *controls)
    assert first.keys + rest == whole


def test_a_page_of_no_size_ends_the_list(crowd: ContactIndex) -> None:
    handler = handler_of(crowd)
    cookie = listed(handler, BULK, "(sn=*)", page(5)).cookie
    for size_and_cookie in ((0, cookie), (0, b"")):
        for controls in ((), (by("sn"),)):
            if controls and size_and_cookie[1]:
                continue  # that cookie is of another search
            found = listed(handler, BULK, "(sn=*)", page(*size_and_cookie), *controls)
            assert (found.keys, found.code, found.cookie) == ([], 0, b"")


@pytest.mark.parametrize("order", [(), ("sn",)])
def test_the_limit_of_a_profile_counts_all_pages(crowd: ContactIndex, order: object) -> None:
    assert isinstance(order, tuple)
    handler = handler_of(crowd, limited(max_entries=10))
    controls = [by(*order)] if order else []
    first = listed(handler, BOOK, "(sn=*)", page(6), *controls)
    assert (len(first.keys), first.code) == (6, 0)
    second = listed(handler, BOOK, "(sn=*)", page(6, first.cookie), *controls)
    assert (len(second.keys), second.code) == (4, ResultCode.SIZE_LIMIT_EXCEEDED)
    exact = listed(handler, BOOK, "(sn=*)", page(6), *controls, size_limit=6)
    assert (len(exact.keys), exact.code) == (6, ResultCode.SIZE_LIMIT_EXCEEDED)


@pytest.mark.parametrize("order", [(), ("sn",)])
@pytest.mark.parametrize("size_limit", [1, 3, 5])
def test_a_limit_that_falls_between_pages_ends_them(
    crowd: ContactIndex, order: object, size_limit: int
) -> None:
    assert isinstance(order, tuple)
    handler = handler_of(crowd)
    controls = [by(*order)] if order else []
    first = listed(handler, BULK, "(sn=*)", page(6), *controls)
    second = listed(
        handler, BULK, "(sn=*)", page(6, first.cookie), *controls, size_limit=size_limit
    )
    assert (second.keys, second.code) == ([], ResultCode.SIZE_LIMIT_EXCEEDED)


def test_whoever_reads_all_reads_them_without_pages_too(crowd: ContactIndex) -> None:
    assert len(listed(handler_of(crowd), BULK, "(telephoneNumber=*)").keys) == len(PEOPLE)


def test_to_those_who_read_all_a_number_is_a_term_like_others(crowd: ContactIndex) -> None:
    handler = handler_of(crowd)
    assert listed(handler, BULK, "(telephoneNumber=+493080007)").keys == ["007"]
    assert len(listed(handler, BULK, "(telephoneNumber=*8000*)").keys) == 10
    assert len(listed(handler, BULK, "(!(telephoneNumber=*8000*))").keys) == len(PEOPLE) - 10
    assert handler.counters.lookups == 0


def test_an_sbc_gets_no_lists(crowd: ContactIndex) -> None:
    handler = handler_of(crowd)
    refused = listed(handler, SBC, "(telephoneNumber=+493080007)", page(5))
    assert refused.code == ResultCode.UNAVAILABLE_CRITICAL_EXTENSION
    found = listed(handler, SBC, "(telephoneNumber=+493080007)", page(5, critical=False))
    assert (found.keys, found.code, found.controls) == (["007"], 0, {})
    assert listed(handler, SBC, "(cn=*)", page(5, critical=False)).keys == []


def test_values_that_are_none_are_an_error_of_the_request(crowd: ContactIndex) -> None:
    broken = Control(PAGED_RESULTS, critical=False, value=b"x")
    assert listed(handler_of(crowd), BOOK, "(sn=*)", broken).code == ResultCode.PROTOCOL_ERROR


# --- order --------------------------------------------------------------------------------------


def test_a_look_up_is_sorted_and_paged_as_well(crowd: ContactIndex) -> None:
    handler = handler_of(crowd)
    for client in (PHONE, BOOK):
        found = listed(handler, client, "(telephoneNumber=+493080007)", by("sn"), page(5))
        assert (found.keys, found.code, found.sort_code(), found.cookie) == (["007"], 0, 0, b"")
        nobody = listed(handler, client, "(telephoneNumber=+4999999)", by("sn"), page(5))
        assert (nobody.keys, nobody.code, nobody.cookie) == ([], 0, b"")
        part = listed(handler, client, "(telephoneNumber=0308000*)", by("-telephoneNumber"))
        assert part.keys == [f"{number:03}" for number in range(9, -1, -1)]


def test_a_sort_that_cannot_be_is_left_out_or_refused(crowd: ContactIndex) -> None:
    handler = handler_of(crowd)
    for key in ("unheardOf", "cn;x-option"):
        found = listed(handler, BULK, "(sn=zorn)", by(key, critical=False))
        assert (len(found.keys), found.code) == (20, 0)
        assert found.sort_code() == ResultCode.NO_SUCH_ATTRIBUTE
        refused = listed(handler, BULK, "(sn=zorn)", by(key))
        assert (refused.keys, refused.code) == ([], ResultCode.UNAVAILABLE_CRITICAL_EXTENSION)
        few = listed(handler, BOOK, "(telephoneNumber=+493080007)", by(key, critical=False))
        assert (few.keys, few.sort_code()) == (["007"], ResultCode.NO_SUCH_ATTRIBUTE)


def test_a_sort_by_very_many_keys_is_left_out_or_refused(crowd: ContactIndex) -> None:
    handler = handler_of(crowd)
    keys = ("sn", "givenName", "cn", "mail", "o")
    found = listed(handler, BULK, "(sn=zorn)", by(*keys, critical=False))
    assert (len(found.keys), found.code) == (20, 0)
    assert found.sort_code() == ResultCode.UNWILLING_TO_PERFORM
    refused = listed(handler, BULK, "(sn=zorn)", by(*keys))
    assert (refused.keys, refused.code) == ([], ResultCode.UNAVAILABLE_CRITICAL_EXTENSION)
    assert refused.sort_code() == ResultCode.UNWILLING_TO_PERFORM
    few = listed(handler, BOOK, "(telephoneNumber=+493080007)", by(*keys, critical=False))
    assert (few.keys, few.sort_code()) == (["007"], ResultCode.UNWILLING_TO_PERFORM)
    stretch = listed(handler, BULK, "(sn=zorn)", by(*keys), view(0, 5, 1))
    assert (stretch.keys, stretch.code) == ([], ResultCode.UNAVAILABLE_CRITICAL_EXTENSION)


def test_too_many_are_not_sorted(crowd: ContactIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sortedlist, "MAX_SORTED", len(PEOPLE) - 1)
    handler = handler_of(crowd)
    refused = listed(handler, BULK, "(sn=*)", by("sn"))
    assert (refused.keys, refused.code) == ([], ResultCode.ADMIN_LIMIT_EXCEEDED)
    assert refused.sort_code() == ResultCode.ADMIN_LIMIT_EXCEEDED
    anyhow = listed(handler, BULK, "(sn=*)", by("sn", critical=False))
    assert (len(anyhow.keys), anyhow.code) == (len(PEOPLE), 0)
    assert anyhow.sort_code() == ResultCode.ADMIN_LIMIT_EXCEEDED
    viewed = listed(handler, BULK, "(sn=*)", by("sn"), view(0, 3, 1))
    assert (viewed.keys, viewed.code) == ([], ResultCode.ADMIN_LIMIT_EXCEEDED)
    for most in (len(PEOPLE), len(PEOPLE) + 1):
        monkeypatch.setattr(sortedlist, "MAX_SORTED", most)
        assert len(listed(handler, BULK, "(sn=*)", by("sn")).keys) == len(PEOPLE)


def test_a_sort_that_takes_too_long_is_ended(crowd: ContactIndex) -> None:
    ticks = itertools.count(0, 0.5)
    handler = handler_of(crowd, clock=lambda: next(ticks))
    for critical in (True, False):
        found = listed(handler, BOOK, "(sn=*)", by("sn", critical=critical))
        assert (found.keys, found.code) == ([], ResultCode.TIME_LIMIT_EXCEEDED)


# --- stretches ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def in_order(crowd: ContactIndex) -> list[str]:
    return listed(handler_of(crowd), BULK, "(objectClass=*)", by("givenName")).keys


@pytest.mark.parametrize(
    ("asked", "stretch", "target"),
    [
        (view(0, 9, 1), (0, 10), 1),
        (view(3, 3, 60), (56, 63), 60),
        (view(3, 3, 60, 120), (56, 63), 60),
        (view(3, 3, 600, 1_200), (56, 63), 60),  # the client believes in ten times as many
        (view(5, 5, 3), (0, 8), 3),
        (view(2, 5, 1_000, 1_000), (117, 120), 120),
        (view(2, 5, 2_000, 1_000), (117, 120), 120),
        (view(2, 5, 500), (118, 120), 121),
        (view(0, 0, 1, 1_000), (0, 1), 1),
    ],
)
def test_a_stretch_is_found_by_its_place(
    crowd: ContactIndex, in_order: list[str], asked: Control, stretch: tuple[int, int], target: int
) -> None:
    found = listed(handler_of(crowd), BULK, "(objectClass=*)", by("givenName"), asked)
    assert found.code == 0
    assert found.vlv() == (target, len(PEOPLE), 0)
    assert found.keys == in_order[slice(*stretch)]


def test_a_stretch_is_found_by_the_letters_typed(crowd: ContactIndex, in_order: list[str]) -> None:
    handler = handler_of(crowd)
    found = listed(handler, BULK, "(objectClass=*)", by("givenName"), view(1, 2, value="f"))
    target, count, code = found.vlv()
    assert (count, code) == (len(PEOPLE), 0)
    assert found.keys == in_order[target - 2 : target + 2]
    names = {each.id.key: each.given_name for each in PEOPLE}
    assert names[in_order[target - 1]] == "F"
    assert names[in_order[target - 2]] == "E"
    behind = listed(handler, BULK, "(objectClass=*)", by("-givenName"), view(1, 2, value="0"))
    assert (behind.vlv()[0], len(behind.keys)) == (121, 1)


def test_a_stretch_of_nobody_is_empty(crowd: ContactIndex) -> None:
    found = listed(handler_of(crowd), BULK, "(cn=nobody)", by("sn"), view(5, 5, 1))
    assert (found.keys, found.code, found.vlv()) == ([], 0, (1, 0, 0))


def test_a_stretch_asked_wrongly_is_refused(crowd: ContactIndex) -> None:
    handler = handler_of(crowd)
    unsorted = listed(handler, BULK, "(sn=*)", view(0, 5, 1))
    assert (unsorted.code, unsorted.vlv()[2]) == (VLV_ERROR, 60)
    nowhere = listed(handler, BULK, "(sn=*)", by("sn"), view(0, 5, 0))
    assert (nowhere.code, nowhere.vlv()) == (VLV_ERROR, (0, len(PEOPLE), 61))
    paged = listed(handler, BULK, "(sn=*)", by("sn"), view(0, 5, 1), page(5))
    assert paged.code == ResultCode.UNWILLING_TO_PERFORM
    wide = listed(handler, BOOK, "(sn=*)", by("sn"), view(0, 400, 1), size_limit=50)
    assert (wide.keys, wide.code) == ([], ResultCode.ADMIN_LIMIT_EXCEEDED)


def test_whoever_scrolls_is_served_from_the_same_list_until_a_commit(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    directory = Directory(tmp_path_factory.mktemp("scrolled"))
    try:
        handler = handler_of(directory.hold(*PEOPLE))
        lists = handler._searcher._lister._lists._lists
        for _ in range(3):
            assert listed(handler, BOOK, "(sn=*)", by("sn"), view(0, 5, 1)).vlv()[1] == 120
        (first,) = lists.values()
        directory.hold(contact("new", "Aaron Aal", surname="Aal"))
        assert listed(handler, BOOK, "(sn=*)", by("sn"), view(0, 5, 1)).vlv()[1] == 121
        (second,) = lists.values()
        assert second is not first
        for number in range(9):
            listed(handler, BOOK, f"(sn>={number})", by("sn"), view(0, 5, 1))
        assert len(lists) == sortedlist.MAX_REMEMBERED_LISTS
    finally:
        directory.close()


# --- what is likeliest first, and slices --------------------------------------------------------


def test_words_that_begin_with_a_piece_come_before_those_that_hold_it(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    directory = Directory(tmp_path_factory.mktemp("likely"))
    try:
        handler = handler_of(
            directory.hold(
                contact("a", "Anna Altmeier", surname="Altmeier"),
                contact("z", "Zoe Meier", surname="Meier"),
                contact("m", "Max Niemei", surname="Niemei"),
            )
        )
        uuids = {contact_uuid_text(contact(key).id): key for key in "azm"}
        for text, keys in (("(sn=*mei*)", "zam"), ("(sn=*me*)", "zam"), ("(sn=*mei)", "m")):
            found = listed(handler, PHONE, text)
            assert "".join(uuids[each] for each in found.keys) == keys
        first = listed(handler, PHONE, "(sn=*mei*)", size_limit=1)
        assert first.code == ResultCode.SIZE_LIMIT_EXCEEDED
        assert uuids[first.keys[0]] == "z"
    finally:
        directory.close()


@pytest.mark.parametrize("controls", [(), (page(60),), (by("sn"),), (by("sn"), view(0, 50, 9))])
def test_a_long_list_comes_in_slices_and_is_the_same(
    crowd: ContactIndex, controls: tuple[Control, ...]
) -> None:
    whole = listed(handler_of(crowd), BULK, "(sn=*)", *controls)
    ticks = itertools.count(0, 0.000_3)
    slow = handler_of(crowd, clock=lambda: next(ticks))
    request = SearchRequest(
        "dc=meta", 2, 0, 0, 0, types_only=False, filter=parse_filter("(sn=*)"), attributes=("cn",)
    )
    answer = ask(slow, peer_of(BULK), request, *controls)
    assert isinstance(answer, LongAnswer)
    slices = sum(1 for _ in answer.rest)
    assert slices >= 5
    assert listed(slow, BULK, "(sn=*)", *controls).keys == whole.keys


SHORT_LISTS = (
    "(cn=a*)", "(|(cn=mei*)(sn=mei*))", "(sn=*ei*)", "(|(cn=b*)(sn=abel))", "(!(sn=meier))",
    "(&(cn=*)(!(sn=m*)))", "(sn=ü*)", "(objectClass=person)", "(cn=nobody*)", "(givenName>=c)",
)  # fmt: skip


@pytest.mark.parametrize("text", SHORT_LISTS)
@pytest.mark.parametrize("examined", [5_000, 3])
def test_a_list_is_the_same_whether_its_contacts_must_be_read_or_not(
    tmp_path: Path, text: str, examined: int
) -> None:
    directory = Directory(tmp_path)
    directory.hold(*PEOPLE[:40])
    for size_limit in (0, 1, 2, 7, 8, 39, 40, 41):
        settings = limited(max_examined=examined)
        directory.index.set_policies(dict(directory.index.policies))  # forgets what was read
        unread = listed(handler_of(directory.index, settings), BOOK, text, size_limit=size_limit)
        for _ in range(3):
            again = listed(handler_of(directory.index, settings), BOOK, text, size_limit=size_limit)
            assert (again.keys, again.code) == (unread.keys, unread.code)
    directory.close()


def test_any_number_of_entries_may_be_asked_for(crowd: ContactIndex) -> None:
    handler = handler_of(crowd, limited(max_entries=17))
    rng = random.Random(4)
    for _ in range(30):
        size_limit = rng.choice([0, 1, 16, 17, 18, 119, 120, 121])
        found = listed(handler, BOOK, "(sn=*)", size_limit=size_limit)
        assert len(found.keys) == min(size_limit or 17, 17)
        assert found.code == ResultCode.SIZE_LIMIT_EXCEEDED


@pytest.mark.parametrize("wanted", [1, 4, 5, 6, 7, 60])
def test_few_of_many_candidates_are_each_listed_once(
    tmp_path_factory: pytest.TempPathFactory, wanted: int
) -> None:
    """Most are called so by a later word: the index cannot tell, and several windows are needed."""
    directory = Directory(tmp_path_factory.mktemp("few"))
    try:
        surnames = [f"{first}{second}" for first in LETTERS[:12] for second in LETTERS]
        made = [
            contact(each, f"Ko {each}" if place % 50 == 49 else f"{each} Ko", surname=each)
            for place, each in enumerate(surnames)
        ]
        index = directory.hold(*made)
        found = listed(handler_of(index), PHONE, "(cn=ko*)", size_limit=wanted)
    finally:
        directory.close()
    fitting = [
        contact_uuid_text(each.id) for each in made if each.display_name.lower().startswith("ko")
    ]
    assert found.keys == fitting[:wanted]
    assert found.code == (ResultCode.SIZE_LIMIT_EXCEEDED if wanted < len(fitting) else 0)


PHONE_LISTS = ("displayName", "telephoneNumber", "mobile")
ASKED_FOR: tuple[tuple[str, ...], ...] = (
    PHONE_LISTS,
    ("cn", "sn", "o", "homePhone", "telephoneNumber", "ipPhone", "msRTCSIP-Line", "OBJECTCLASS"),
    ("displayName", "mail"),
    ("entryDN", "cn", "personalTitle"),
    ("*", "+"),
    ("1.1",),
)


@pytest.mark.parametrize("hidden", [(), ("phones.mobile",), ("emails", "title")])
def test_a_short_list_is_what_the_long_way_says_octet_for_octet(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    hidden: tuple[str, ...],
) -> None:
    crm = SourcePolicy("crm", fields=dict.fromkeys(hidden, ("nobody",)))
    directory = Directory(tmp_path_factory.mktemp("both"), crm=crm)
    made = [
        *people(80, seed=5),
        contact("nameless", "", line("4930123456", "work"), emails=("meier@firm.example",)),
        contact("empty", "", line("4930123457", "other")),
    ]
    formats: tuple[NumberFormat, ...] = ("e164", "international", "national", "echo")
    clients = [
        msgspec.structs.replace(PHONE, number_format=each, mail_domain=domain)
        for each, domain in zip(formats, ("", "x.example", "", ""), strict=True)
    ]
    filters = FilterMaker(made, seed=6)
    texts = ["(|(cn=mei*)(sn=mei*))", "(cn=*)", "(cn=me*)", "(|(displayName=fir*)(o=nord*))"]
    wanted = [*map(parse_filter, texts), *(filters.draw() for _ in range(150))]
    try:
        index = directory.hold(*made)
        short, long = handler_of(index), handler_of(index)
        peers = list(map(peer_of, clients))
        by_cards = 0
        for at, each in enumerate(wanted):
            request = SearchRequest(
                "dc=meta", 2, 0, at % 20, 0, types_only=at % 11 == 10, filter=each,
                attributes=ASKED_FOR[at % len(ASKED_FOR)],
            )  # fmt: skip
            peer = peers[at % len(peers)]
            with monkeypatch.context() as patched:
                patched.setattr(listing, "MAX_AT_ONCE", 0)
                expected = octets_of(ask(long, peer, request))
            for _ in range(2):
                assert octets_of(ask(short, peer, request)) == expected
            by_cards += expected.count(b"entryUUID=")
        assert by_cards > 300
    finally:
        directory.close()
