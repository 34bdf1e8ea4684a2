"""Entries are encoded once, and never shown to whom or when they are not true."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from engine.client import Client
from engine.contact import Contact
from engine.rights import SourcePolicy
from ldapd.auth import Peer
from ldapd.entries import EntryWriter
from ldapd.handler import LdapHandler
from ldapd.kept_entries import KeptEntries, View
from ldapd.protocol.client import Entry
from ldapd.protocol.filters import Present, parse_filter
from ldapd.protocol.messages import SearchRequest
from tests.engine.building import Directory, contact, line
from tests.ldapd.asking import SETTINGS, ask, handler_of, peer_of, responses
from tests.ldapd.house import ANNA, BERND, MUNICH, PASSWORD_HASH

WRITER = EntryWriter(MUNICH, "e164")
PHONE = Client("phone", "cn=phone,dc=meta", PASSWORD_HASH, profile="phone", plan=MUNICH)
OTHER = Client(
    "other", "cn=other,dc=meta", PASSWORD_HASH, profile="phone", plan=MUNICH,
    number_format="international",
)  # fmt: skip
MEIERS = tuple(
    contact(str(number), f"Meier {number}", f"49302312500{number}", surname="Meier")
    for number in range(5)
)


def request(*attributes: str, types_only: bool = False) -> SearchRequest:
    return SearchRequest("dc=meta", 2, 0, 0, 0, types_only, Present("cn"), attributes)


class Writing:
    """Makes entries of contacts and remembers of whom."""

    def __init__(self, octets: int = 30) -> None:
        self.octets = octets
        self.written: list[Contact] = []

    def view(self) -> View:
        return View(self._write)

    def _write(self, contact: Contact) -> bytes:
        self.written.append(contact)
        return b"%d" % len(self.written) + bytes(self.octets - 1)


def test_an_entry_is_found_for_the_very_object_it_was_made_from() -> None:
    kept, writing = KeptEntries(), Writing()
    view = writing.view()
    first = kept.entries(view, [ANNA, BERND])
    assert kept.entries(view, [BERND, ANNA]) == first[::-1]
    assert kept.entry(view, ANNA) == first[0]
    assert writing.written == [ANNA, BERND]
    kept.entry(view, msgspec.structs.replace(ANNA))
    kept.entry(writing.view(), ANNA)
    assert len(writing.written) == 4


def test_a_view_is_one_writer_one_list_of_attributes_and_one_base() -> None:
    kept = KeptEntries()
    view = kept.view(WRITER, request("cn", "mobile"), "dc=meta")
    assert kept.view(WRITER, request("cn", "mobile"), "dc=meta") is view
    others = [
        kept.view(EntryWriter(MUNICH, "e164"), request("cn", "mobile"), "dc=meta"),
        kept.view(WRITER, request("mobile", "cn"), "dc=meta"),
        kept.view(WRITER, request("CN", "mobile"), "dc=meta"),
        kept.view(WRITER, request("cn", "mobile", types_only=True), "dc=meta"),
        kept.view(WRITER, request("cn", "mobile"), "dc=phone"),
    ]
    assert len({view, *others}) == len(others) + 1


def test_what_is_kept_is_bounded_and_the_oldest_goes_first() -> None:
    kept, writing = KeptEntries(max_octets=100), Writing()
    view = writing.view()
    kept.entries(view, MEIERS)
    writing.written.clear()
    kept.entries(view, MEIERS[2:])
    assert writing.written == []
    kept.entry(view, MEIERS[0])
    kept.entry(view, MEIERS[2])
    assert writing.written == [MEIERS[0], MEIERS[2]]
    writing.octets = 101
    assert len(kept.entry(view, ANNA)) == 101  # too long to be kept, but made
    kept.entry(view, ANNA)
    assert writing.written[2:] == [ANNA, ANNA]


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Directory]:
    directory = Directory(tmp_path)
    directory.hold(*MEIERS)
    yield directory
    directory.close()


def numbers_of(handler: LdapHandler, peer: Peer, base: str = "dc=meta") -> dict[str, list[bytes]]:
    """Return who is listed under "mei" with what numbers, as the same search finds it twice."""
    asked = SearchRequest(
        base, 2, 0, 0, 0, types_only=False, filter=parse_filter("(|(cn=mei*)(sn=mei*))"),
        attributes=("cn", "telephoneNumber"),
    )  # fmt: skip
    answers = [
        responses(ask(handler, peer, asked, message_id=turn), message_id=turn) for turn in (7, 300)
    ]
    listed = []
    for answer in answers:
        entries = [each for each in answer if isinstance(each, Entry)]
        assert all(each.dn.endswith(f",{base}") for each in entries)
        attributes = [dict(each.attributes) for each in entries]
        listed.append(
            {each["cn"][0].decode(): list(each.get("telephoneNumber", ())) for each in attributes}
        )
    assert listed[0] == listed[1]
    return listed[0]


def test_a_changed_contact_is_shown_as_it_is_now(directory: Directory) -> None:
    handler, peer = handler_of(directory.index), peer_of(PHONE)
    assert numbers_of(handler, peer)["Meier 3"] == [b"+493023125003"]
    changed = contact("3", "Meier 3", "493023125333", surname="Meier")
    directory.hold(changed)
    assert numbers_of(handler, peer)["Meier 3"] == [b"+493023125333"]
    assert numbers_of(handler, peer)["Meier 2"] == [b"+493023125002"]


def test_each_client_gets_its_own_format_and_each_base_its_own_names(
    directory: Directory,
) -> None:
    handler = handler_of(directory.index)
    for _ in range(2):
        assert numbers_of(handler, peer_of(PHONE))["Meier 1"] == [b"+493023125001"]
        assert numbers_of(handler, peer_of(OTHER))["Meier 1"] == [b"+49 30 23125001"]
        assert len(numbers_of(handler, peer_of(PHONE), "dc=phone")) == len(MEIERS)


def test_a_reload_changes_what_was_kept(directory: Directory) -> None:
    handler, peer = handler_of(directory.index, clients=(PHONE,)), peer_of(PHONE)
    assert handler.renew(peer)
    assert numbers_of(handler, peer)["Meier 1"] == [b"+493023125001"]
    other = msgspec.structs.replace(PHONE, number_format="international")
    handler.replace(SETTINGS, (other,))
    assert handler.renew(peer)
    assert numbers_of(handler, peer)["Meier 1"] == [b"+49 30 23125001"]


def test_what_one_client_was_shown_is_not_shown_to_one_who_may_not_see_it(tmp_path: Path) -> None:
    def policy(*seers: str) -> SourcePolicy:
        return SourcePolicy("crm", fields={"phones.mobile": seers})

    mobile: tuple[Contact, ...] = tuple(
        contact(str(number), f"Meier {number}", line(f"49171392000{number:02}", "mobile"))
        for number in range(3)
    )
    directory = Directory(tmp_path, crm=policy("phone"))
    directory.hold(*mobile)
    asked = SearchRequest(
        "dc=meta", 2, 0, 0, 0, types_only=False, filter=parse_filter("(cn=mei*)"),
        attributes=("mobile",),
    )  # fmt: skip
    handler = handler_of(directory.index)

    def shown(client: Client) -> list[int]:
        answer = responses(ask(handler, peers[client.name], asked))
        return [len(each.attributes) for each in answer if isinstance(each, Entry)]

    peers = {each.name: peer_of(each) for each in (PHONE, OTHER)}
    for _ in range(2):
        assert shown(PHONE) == [1, 1, 1]
        assert shown(OTHER) == [0, 0, 0]
    directory.index.set_policies({"crm": policy("other")})
    for _ in range(2):
        assert shown(PHONE) == [0, 0, 0]
        assert shown(OTHER) == [1, 1, 1]
    directory.close()
