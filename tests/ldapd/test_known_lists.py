"""A list that was answered before is answered alike, and only as long as it is true."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.client import Client
from engine.index import ContactIndex
from engine.rights import SourcePolicy
from ldapd.handler import LdapHandler
from ldapd.known_lists import MAX_ANSWER, MAX_LISTS, MAX_QUESTION, KnownLists
from ldapd.protocol.client import encode_search
from ldapd.protocol.filters import parse_filter
from ldapd.protocol.messages import (
    SCOPE_BASE,
    SEARCH_DONE,
    Control,
    ResultCode,
    encode_entry,
    encode_result,
)
from ldapd.protocol.search_controls import PAGED_RESULTS
from tests.engine.building import Directory, contact
from tests.ldapd.asking import SETTINGS, handler_of, limited, peer_of, responses, the_long_way
from tests.ldapd.house import BOOK, MUNICH, PASSWORD_HASH, PHONE, SBC

NAMES = "(|(cn=m*)(sn=m*))"
BULK = Client("bulk", "cn=bulk,dc=meta", PASSWORD_HASH, profile="bulk", plan=MUNICH)
MESSAGE_IDS = (1, 127, 128, 255, 256, 32_767, 32_768, 2**23, 2**31 - 1)


def octets(text: str, message_id: int = 7, *controls: Control, limit: int = 0,
           base: str = "dc=meta", scope: int = 2) -> bytes:  # fmt: skip
    return encode_search(
        message_id, base, parse_filter(text), ("cn", "telephoneNumber"),
        scope=scope, size_limit=limit, controls=controls,
    )  # fmt: skip


def still(index: ContactIndex) -> LdapHandler:
    """Return a handler for which no time passes: what takes long is answered in one piece."""
    return handler_of(index, clock=lambda: 0.0)


@pytest.fixture
def handler(index: ContactIndex) -> LdapHandler:
    return still(index)


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Directory]:
    directory = Directory(tmp_path)
    directory.hold(*(contact(str(each), f"Meier {each}", surname="Meier") for each in range(5)))
    yield directory
    directory.close()


@pytest.mark.parametrize("client", [PHONE, BOOK, BULK])
@pytest.mark.parametrize("text", [NAMES, "(cn=nobody*)", "(objectClass=*)", "(anr=mei)"])
@pytest.mark.parametrize("limit", [0, 1])
def test_a_list_asked_again_is_answered_alike_and_at_once(
    handler: LdapHandler, client: Client, text: str, limit: int
) -> None:
    peer = peer_of(client)
    data = octets(text, 9, limit=limit)
    assert handler.known_answer(peer, data) is None
    answer = the_long_way(handler, peer, data)
    again = octets(text, 99, limit=limit)
    assert handler.known_answer(peer, data) == answer
    assert handler.known_answer(peer, again) == the_long_way(handler, peer, again)


@pytest.mark.parametrize("message_id", MESSAGE_IDS)
def test_every_message_id_gets_its_own_answer(handler: LdapHandler, message_id: int) -> None:
    peer = peer_of(PHONE)
    data = octets(NAMES, message_id)
    answer = the_long_way(handler, peer, data)
    known = handler.known_answer(peer, data)
    assert known == answer
    assert known is not None
    assert len(responses(known, message_id)) > 1


def test_what_is_known_counts_as_what_is_found(handler: LdapHandler) -> None:
    def counted(ask: object) -> tuple[int, ...]:
        counters = handler.counters
        before = counters.searches, counters.entries, counters.searches_limited
        assert callable(ask)
        assert ask(peer, data)
        after = counters.searches, counters.entries, counters.searches_limited
        return tuple(new - old for new, old in zip(after, before, strict=True))

    for limit in (0, 1):
        peer, data = peer_of(PHONE), octets(NAMES, limit=limit)
        found = counted(lambda peer, data: the_long_way(handler, peer, data))
        assert counted(handler.known_answer) == found
        assert found[1] > 0
        assert found[2] == (limit == 1)


def test_a_commit_makes_everything_unknown(directory: Directory) -> None:
    handler, peer = still(directory.index), peer_of(PHONE)
    first = the_long_way(handler, peer, octets(NAMES))
    assert handler.known_answer(peer, octets(NAMES)) == first
    directory.hold(contact("9", "Meier 9", surname="Meier"))
    assert handler.known_answer(peer, octets(NAMES)) is None
    second = the_long_way(handler, peer, octets(NAMES))
    assert second is not None
    assert b"Meier 9" in second
    assert handler.known_answer(peer, octets(NAMES)) == second


def test_a_change_of_rights_makes_everything_unknown(directory: Directory) -> None:
    handler, peer = still(directory.index), peer_of(PHONE)
    assert the_long_way(handler, peer, octets(NAMES))
    policies = {"crm": SourcePolicy("crm", visible_to=("somebody else",))}
    directory.index.set_policies(policies)
    assert handler.known_answer(peer, octets(NAMES)) is None
    hidden = the_long_way(handler, peer, octets(NAMES))
    assert hidden is not None
    assert b"Meier" not in hidden


def test_a_reload_of_the_configuration_makes_everything_unknown(directory: Directory) -> None:
    handler = still(directory.index)
    peer = peer_of(None)
    peer.asker = handler._accounts.find(PHONE.bind, peer.address)
    assert the_long_way(handler, peer, octets(NAMES))
    handler.replace(SETTINGS, (PHONE,))
    assert handler.renew(peer)
    assert handler.known_answer(peer, octets(NAMES)) is None


def test_what_one_client_was_told_is_unknown_of_another(handler: LdapHandler) -> None:
    assert the_long_way(handler, peer_of(PHONE), octets(NAMES))
    for client in (PHONE, BOOK, SBC, None):
        assert handler.known_answer(peer_of(client), octets(NAMES)) is None


@pytest.mark.parametrize(
    "data",
    [
        octets("(telephoneNumber=+493023125001)"),  # a look-up, which is watched
        octets("(|(telephoneNumber=030 23125-001)(mobile=030 23125-001))"),
        octets(NAMES, 7, Control("1.2.3", critical=False)),
        octets(NAMES, 7, Control(PAGED_RESULTS, value=b"\x30\x05\x02\x01\x05\x04\x00")),
        octets(NAMES, base="dc=elsewhere"),
        octets(NAMES, scope=SCOPE_BASE),
        octets(f"(cn={'m' * MAX_QUESTION})"),
    ],
)
def test_what_is_no_plain_list_is_not_kept(handler: LdapHandler, data: bytes) -> None:
    peer = peer_of(PHONE)
    the_long_way(handler, peer, data)
    assert handler.known_answer(peer, data) is None


@pytest.mark.parametrize("limits", [{"max_examined": 1}, {"search_time_ms": 0}])
def test_what_a_limit_of_the_server_cut_is_not_kept(
    directory: Directory, limits: dict[str, int]
) -> None:
    ticks = iter(range(10**6))
    handler = handler_of(directory.index, limited(**limits), clock=lambda: float(next(ticks)))
    peer, data = peer_of(PHONE), octets("(cn=*eie*r*)")
    answer = the_long_way(handler, peer, data)
    assert answer is not None
    codes = [getattr(each, "code", None) for each in responses(answer)]
    assert codes[-1] in {ResultCode.ADMIN_LIMIT_EXCEEDED, ResultCode.TIME_LIMIT_EXCEEDED}
    assert handler.known_answer(peer, data) is None


def test_several_at_once_are_answered_as_far_as_they_are_known(handler: LdapHandler) -> None:
    peer = peer_of(PHONE)
    one, two, three = octets("(cn=a*)", 1), octets("(cn=b*)", 2), octets("(cn=c*)", 3)
    answers = [the_long_way(handler, peer, each) for each in (one, two)]
    assert handler.known_answer(peer, one + two) is None
    both = b"".join(each for each in answers if each)
    assert handler.known_answers(peer, one + two + three, 9) == (both, len(one + two))
    assert handler.known_answers(peer, one + two, 1) == (answers[0], len(one))
    assert handler.known_answers(peer, three + one, 9) == (b"", 0)


class State:
    """Stands for the state of an index."""

    state: object = 1


def answer_of(message_id: int, octets: int = 10) -> bytes:
    entry = encode_entry(message_id, "cn=a", [("cn", [bytes(octets)])])
    return entry + encode_result(message_id, SEARCH_DONE, ResultCode.SUCCESS)


def test_what_is_kept_is_bounded() -> None:
    lists = KnownLists(State(), max_octets=1_000)
    asked = [octets(f"(cn={letter}*)") for letter in "abcdef"]
    for data in asked:
        lists.learn(PHONE, data, answer_of(7, 250))
    assert [lists.find(PHONE, each) is not None for each in asked] == [False] * 4 + [True] * 2
    lists.learn(PHONE, octets("(cn=x*)"), answer_of(7, 1_000))
    assert lists.find(PHONE, octets("(cn=x*)")) is None
    many = KnownLists(State())
    for number in range(MAX_LISTS + 1):
        many.learn(PHONE, octets(f"(cn={number}*)"), answer_of(7))
    assert len(many._known) == 1
    many.learn(PHONE, octets("(cn=x*)"), answer_of(7, MAX_ANSWER))
    assert many.find(PHONE, octets("(cn=x*)")) is None


@pytest.mark.parametrize(
    "answer",
    [
        encode_result(8, SEARCH_DONE, ResultCode.SUCCESS),  # to another message
        encode_result(7, SEARCH_DONE, ResultCode.BUSY),
        encode_result(7, 0x61, ResultCode.SUCCESS),
    ],
)
def test_other_answers_are_not_kept(answer: bytes) -> None:
    lists = KnownLists(State())
    lists.learn(PHONE, octets(NAMES), answer)
    assert lists.find(PHONE, octets(NAMES)) is None


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    texts=st.lists(
        st.sampled_from(
            [NAMES, "(cn=a*)", "(sn=zz*)", "(anr=mei)", "(telephoneNumber=+493023125001)"]
        ),
        min_size=1, max_size=4,
    ),
    message_id=st.one_of(st.integers(1, 300), st.sampled_from([65_536, 2**31 - 1])),
    mutation=st.one_of(st.none(), st.tuples(st.integers(0, 100), st.integers(0, 255))),
    cut=st.integers(0, 3),
)  # fmt: skip
def test_any_octets_get_the_answer_of_the_long_way(
    handler: LdapHandler,
    texts: list[str],
    message_id: int,
    mutation: tuple[int, int] | None,
    cut: int,
) -> None:
    peer, fresh = peer_of(PHONE), peer_of(PHONE)
    for text in (NAMES, *texts):
        data = octets(text, message_id)
        the_long_way(handler, peer, data)
        if mutation and mutation[0] < len(data):
            at, value = mutation
            data = data[:at] + bytes([value]) + data[at + 1 :]
        data = data[: len(data) - cut]
        known = handler.known_answer(peer, data)
        assert known is None or known == the_long_way(handler, fresh, data)


@given(data=st.binary(max_size=20))
def test_no_octets_do_harm(data: bytes) -> None:
    lists = KnownLists(State())
    lists.learn(PHONE, data, answer_of(7))
    assert lists.find(PHONE, data) is None
