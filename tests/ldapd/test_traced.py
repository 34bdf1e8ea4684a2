"""What is told of a request: to an administrator all but secrets, to the log nothing personal."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from ldapd.protocol.filters import Equality, Filter, Present, format_filter, parse_filter
from ldapd.protocol.messages import (
    SEARCH_DONE,
    AbandonRequest,
    BindRequest,
    CompareRequest,
    ExtendedRequest,
    RefusedRequest,
    Request,
    ResultCode,
    SearchRequest,
    UnbindRequest,
    WriteRequest,
    encode_entry,
    encode_result,
)
from ldapd.schema import all_types
from ldapd.traced import MAX_TEXT, Outcome, Traced, describe, log_fields, shape_of, without_secrets
from tests.ldapd.protocol.strategies import filters


def search(wanted: str, base: str = "dc=meta") -> SearchRequest:
    return SearchRequest(base, 2, 0, 0, 0, False, parse_filter(wanted), ("cn", "mobile"))  # noqa: FBT003


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (
            search("(mobile=+491713920001)"),
            Traced(
                0.0,
                "search",
                base="dc=meta",
                scope="sub",
                filter="(mobile=+491713920001)",
                attributes=("cn", "mobile"),
            ),
        ),
        (
            CompareRequest("cn=x", "cn", b"Anna"),
            Traced(0.0, "compare", base="cn=x", filter="(cn=Anna)"),
        ),
        (
            CompareRequest("cn=x", "userPassword", b"correct horse"),
            Traced(0.0, "compare", base="cn=x", filter="(userPassword=hidden)"),
        ),
        (BindRequest(3, "cn=sbc", "", b"correct horse"), Traced(0.0, "bind", detail="simple")),
        (BindRequest(3, "", "PLAIN", b"\0a\0correct"), Traced(0.0, "bind", detail="PLAIN")),
        (ExtendedRequest("1.3.6", b"value"), Traced(0.0, "extended", detail="1.3.6")),
        (WriteRequest(0x66), Traced(0.0, "write")),
        (AbandonRequest(3), Traced(0.0, "abandon")),
        (UnbindRequest(), Traced(0.0, "unbind")),
        (RefusedRequest(0x63, ResultCode.OTHER, "too deep"), Traced(0.0, "refused")),
    ],
)  # fmt: skip
def test_a_request_is_described_without_its_secrets(request_: Request, told: Traced) -> None:
    assert describe(request_) == told


def test_long_texts_of_a_peer_are_cut() -> None:
    told = describe(search("(cn=" + "x" * 5_000 + ")", base="y" * 5_000))
    assert len(told.filter) == len(told.base) == MAX_TEXT + 1


def test_values_of_secret_attributes_are_hidden_wherever_they_stand() -> None:
    wanted = "(&(!(userPassword=a))(|(UnicodePwd=b*c)(clientSecret:caseExactMatch:=d))(cn=Anna))"
    assert format_filter(without_secrets(parse_filter(wanted))) == (
        "(&(!(userPassword=hidden))(|(UnicodePwd=hidden*hidden)"
        "(clientSecret:caseExactMatch:=hidden))(cn=Anna))"
    )


@pytest.mark.parametrize(
    ("wanted", "shape"),
    [
        ("(|(telephoneNumber=+49301)(mobile=+49301))", "(|(telephoneNumber=?)(mobile=?))"),
        ("(&(objectClass=*)(sn=mei*er))", "(&(objectClass=*)(sn=?*?))"),
        ("(!(gn>=a))", "(!(givenName>=?))"),
        ("(anna-mueller=x)", "(unknown=?)"),
        ("(cn:anna-mueller:=x)", "(cn:unknown:=?)"),
    ],
)
def test_the_shape_of_a_filter_holds_known_names_and_no_values(wanted: str, shape: str) -> None:
    assert shape_of(parse_filter(wanted)) == shape


@given(filters)
def test_no_shape_holds_anything_of_a_peer(wanted: Filter) -> None:
    known = {"unknown", "dn", *(each.name for each in all_types())}
    assert set(re.findall(r"[^()&|!=<>~:*?]+", shape_of(wanted).rstrip("…"))) <= known or (
        len(shape_of(wanted)) > MAX_TEXT  # cut within a name
    )


def test_the_log_gets_kinds_counts_and_times() -> None:
    told = Traced(
        1.0, "search", client="sbc", address="10.0.0.1", base="dc=meta", scope="sub",
        filter="(cn=Anna)", code=0, entries=1, shown={"cn": ("Anna",)}, number="+4930",
        name="Anna", match_class=2, duration_us=81.27,
    )  # fmt: skip
    assert log_fields(told, Equality("cn", b"Anna")) == {
        "client": "sbc",
        "scope": "sub",
        "filter": "(cn=?)",
        "code": 0,
        "entries": 1,
        "class": 2,
        "duration_us": 81.3,
    }
    assert log_fields(told, Present("cn"))["filter"] == "(cn=*)"


def test_an_outcome_counts_entries_and_keeps_the_first() -> None:
    outcome = Outcome()
    entries = [
        encode_entry(7, f"cn={name}", [("cn", [name.encode(), b"\xff"])]) for name in ("a", "b")
    ]
    outcome.take(entries[0])
    outcome.take(entries[1] + encode_result(7, SEARCH_DONE, ResultCode.SIZE_LIMIT_EXCEEDED, "more"))
    assert (outcome.entries, outcome.code, outcome.message) == (2, 4, "more")
    assert outcome.shown == {"cn": ("a", "\N{REPLACEMENT CHARACTER}")}


def test_octets_that_are_no_answer_are_passed_over() -> None:
    outcome = Outcome()
    outcome.take(b"\x30\x03abc")
    assert (outcome.entries, outcome.code) == (0, None)
