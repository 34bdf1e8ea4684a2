"""Entries are encoded once, and never shown to whom or when they are not true."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from engine.client import Client
from engine.contact import Card, Contact, decode_card, encode_contact
from engine.rights import SourcePolicy
from ldapd import kept_entries
from ldapd.auth import Peer
from ldapd.entries import EntryWriter
from ldapd.handler import LdapHandler
from ldapd.kept_entries import KeptEntries, View
from ldapd.protocol.client import Entry
from ldapd.protocol.filters import Present, parse_filter
from ldapd.protocol.messages import SearchRequest
from tests.engine.building import Directory, contact, line
from tests.ldapd.asking import SETTINGS, ask, handler_of, peer_of, responses
from tests.ldapd.house import MUNICH, PASSWORD_HASH

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


class Reading:
    """Makes entries of contacts that are read by version, and remembers of whom, and how."""

    def __init__(self, octets: int = 30) -> None:
        self.octets = octets
        self.written: list[Contact] = []
        self.read: list[str] = []

    def view(self, *, brief: bool = False) -> View:
        return View(self._write, brief=brief)

    def _write(self, contact: Contact) -> bytes:
        self.written.append(contact)
        return b"%d" % len(self.written) + bytes(self.octets - 1)

    def cards(self, versions: Sequence[bytes]) -> list[Card]:
        self.read += [f"card {version.decode()}" for version in versions]
        return [decode_card(encode_contact(MEIERS[int(version)])) for version in versions]

    def seen(self, versions: Sequence[bytes]) -> list[Contact]:
        self.read += [f"whole {version.decode()}" for version in versions]
        return [MEIERS[int(version)] for version in versions]


def test_a_version_is_read_once_and_its_entry_made_once() -> None:
    kept, reading = KeptEntries(), Reading()
    view = reading.view()
    first = kept.entries(view, kept.contacts(view, reading, [b"0", b"1"]))
    again = kept.contacts(view, reading, [b"1", b"2", b"0"])
    assert [each.contact for each in again] == [MEIERS[1], MEIERS[2], MEIERS[0]]
    assert kept.entries(view, again)[::2] == first[::-1]
    assert reading.read == ["whole 0", "whole 1", "whole 2"]
    assert reading.written == [MEIERS[0], MEIERS[1], MEIERS[2]]
    kept.entries(other := reading.view(), kept.contacts(other, reading, [b"0"]))
    assert len(reading.written) == 4


def test_a_brief_view_reads_cards() -> None:
    kept, reading = KeptEntries(), Reading()
    view = reading.view(brief=True)
    (card,) = kept.contacts(view, reading, [b"3"])
    assert reading.read == ["card 3"]
    assert (card.contact.id, card.contact.phones) == (MEIERS[3].id, MEIERS[3].phones)


def test_a_view_is_one_writer_one_list_of_attributes_one_base_and_what_is_read() -> None:
    kept = KeptEntries()

    def view(writer: EntryWriter, asked: SearchRequest, base: str, *, brief: bool) -> View:
        return kept.view(1, writer, asked, base, brief=brief)

    first = view(WRITER, request("cn", "mobile"), "dc=meta", brief=True)
    assert view(WRITER, request("cn", "mobile"), "dc=meta", brief=True) is first
    others = [
        view(EntryWriter(MUNICH, "e164"), request("cn", "mobile"), "dc=meta", brief=True),
        view(WRITER, request("mobile", "cn"), "dc=meta", brief=True),
        view(WRITER, request("CN", "mobile"), "dc=meta", brief=True),
        view(WRITER, request("cn", "mobile", types_only=True), "dc=meta", brief=True),
        view(WRITER, request("cn", "mobile"), "dc=phone", brief=True),
        view(WRITER, request("cn", "mobile"), "dc=meta", brief=False),
        view(WRITER, request("cn", "mail"), "dc=meta", brief=True),
        view(WRITER, request("*"), "dc=meta", brief=True),
        view(WRITER, request(), "dc=meta", brief=True),
        view(WRITER, request("entryUUID"), "dc=meta", brief=True),
    ]
    assert len({first, *others}) == len(others) + 1
    assert [each.brief for each in (first, *others)] == [True] * 4 + [False, True] + [False] * 5


def test_another_state_of_the_index_forgets_all() -> None:
    kept, reading = KeptEntries(), Reading()
    states = object(), object()
    view = kept.view(states[0], WRITER, request("cn"), "dc=meta", brief=True)
    before = kept.contacts(view, reading, [b"0"])
    assert kept.view(states[0], WRITER, request("cn"), "dc=meta", brief=True) is view
    other = kept.view(states[1], WRITER, request("cn"), "dc=meta", brief=True)
    assert other is not view
    assert kept.contacts(other, reading, [b"0"])[0] is not before[0]
    assert reading.read == ["card 0", "card 0"]


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, reading = KeptEntries(max_octets=100), Reading()

    def ask(*versions: bytes) -> list[bytes]:
        view = kept.view(1, WRITER, request("cn"), "dc=meta", brief=True)
        monkeypatch.setattr(view, "write", reading._write)
        return kept.entries(view, kept.contacts(view, reading, versions))

    ask(b"0", b"1", b"2")
    ask(b"0", b"1", b"2")
    assert len(reading.written) == 3
    assert len(ask(b"3")) == 1  # too much together: all are forgotten, but this one was made
    ask(b"0")
    assert len(reading.written) == 5
    monkeypatch.setattr(kept_entries, "MAX_ENTRIES", 3)
    reading.written.clear()
    assert len(ask(b"0", b"1", b"2", b"3")) == 4  # one was kept, and is read again with the others
    assert [each.id.key for each in reading.written] == ["0", "1", "2", "3"]
    monkeypatch.setattr(kept_entries, "MAX_VIEWS", 1)
    views = [kept.view(1, WRITER, request(each), "dc=meta", brief=True) for each in ("sn", "o")]
    assert kept.view(1, WRITER, request("o"), "dc=meta", brief=True) is views[1]
    assert kept.view(1, WRITER, request("sn"), "dc=meta", brief=True) is not views[0]


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
