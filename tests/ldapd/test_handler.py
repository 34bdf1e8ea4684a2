"""Each operation's answer, and the matrix of binds."""

from __future__ import annotations

from ipaddress import ip_network

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.client import Client
from engine.credentials import verify_password
from engine.index import ContactIndex
from ldapd.auth import BindCheck, Peer
from ldapd.handler import Hangup, LdapHandler
from ldapd.protocol.client import Result, decode_response, decode_responses
from ldapd.protocol.filters import (
    And,
    Approx,
    Equality,
    Filter,
    GreaterOrEqual,
    LessOrEqual,
    Or,
    Substrings,
    parse_filter,
)
from ldapd.protocol.messages import (
    ADD_REQUEST,
    BIND_REQUEST,
    BIND_RESPONSE,
    COMPARE_RESPONSE,
    DELETE_REQUEST,
    EXTENDED_RESPONSE,
    MODIFY_DN_REQUEST,
    MODIFY_REQUEST,
    RESPONSE_TAGS,
    SEARCH_DONE,
    SEARCH_REQUEST,
    AbandonRequest,
    BindRequest,
    CompareRequest,
    Control,
    ExtendedRequest,
    LdapMessage,
    RefusedRequest,
    Request,
    ResultCode,
    SearchRequest,
    UnbindRequest,
    UnknownRequest,
    WriteRequest,
)
from tests.ldapd.asking import SETTINGS, ask, handler_of, peer_of, responses, result, search
from tests.ldapd.house import BOOK, CLIENTS, PASSWORD, PHONE, SBC, VISIBLE
from tests.ldapd.protocol.strategies import messages
from tests.octets import has_digit, octets

FAR_AWAY = "198.51.100.7"
SEARCH = SearchRequest("dc=meta", 2, 0, 0, 0, False, parse_filter("(cn=*)"), ())  # noqa: FBT003 - a wire field
WHO_AM_I = ExtendedRequest("1.3.6.1.4.1.4203.1.11.3", None)


@pytest.fixture
def handler(index: ContactIndex) -> LdapHandler:
    return handler_of(index)


def bind(
    name: str = "cn=sbc,dc=meta", password: str = PASSWORD, version: int = 3, mechanism: str = ""
) -> BindRequest:
    return BindRequest(version, name, mechanism, password.encode())


def complete(handler: LdapHandler, peer: Peer, request: BindRequest) -> ResultCode:
    """Bind, verifying the password where one must be."""
    answer = ask(handler, peer, request)
    if isinstance(answer, BindCheck):
        right = verify_password(answer.stored, answer.password)
        answer = handler.finish_bind(peer, answer, right=right)
    found = result(answer)
    assert found.tag == BIND_RESPONSE
    return ResultCode(found.code)


# --- bind ---------------------------------------------------------------------------------------

BINDS = [
    ("right", bind(), "127.0.0.1", ResultCode.SUCCESS),
    ("DN in another spelling", bind("CN=Sbc , DC=meta"), "127.0.0.1", ResultCode.SUCCESS),
    ("text name", bind("BOOK@EXAMPLE.TEST"), "127.0.0.1", ResultCode.SUCCESS),
    ("anonymous", bind("", ""), "127.0.0.1", ResultCode.SUCCESS),
    ("anonymous from afar", bind("", ""), FAR_AWAY, ResultCode.SUCCESS),
    ("wrong password", bind(password="x"), "127.0.0.1", ResultCode.INVALID_CREDENTIALS),
    ("unknown name", bind("cn=x,dc=meta"), "127.0.0.1", ResultCode.INVALID_CREDENTIALS),
    ("password without a name", bind(""), "127.0.0.1", ResultCode.INVALID_CREDENTIALS),
    ("wrong network", bind("cn=far,dc=meta"), "127.0.0.1", ResultCode.INVALID_CREDENTIALS),
    ("no hash", bind("cn=unset,dc=meta"), "127.0.0.1", ResultCode.INVALID_CREDENTIALS),
    ("name without a password", bind(password=""), "127.0.0.1", ResultCode.UNWILLING_TO_PERFORM),
    (
        "unknown name without a password",
        bind("cn=x,dc=meta", ""),
        "127.0.0.1",
        ResultCode.UNWILLING_TO_PERFORM,
    ),
    ("in clear from afar", bind(), FAR_AWAY, ResultCode.CONFIDENTIALITY_REQUIRED),
    ("version 2", bind(version=2), "127.0.0.1", ResultCode.PROTOCOL_ERROR),
    ("version 4", bind(version=4), "127.0.0.1", ResultCode.PROTOCOL_ERROR),
    (
        "SASL",
        bind(mechanism="DIGEST-MD5"),
        "127.0.0.1",
        ResultCode.AUTH_METHOD_NOT_SUPPORTED,
    ),
    (
        "SASL without credentials",
        bind("", "", mechanism="PLAIN"),
        "127.0.0.1",
        ResultCode.PROTOCOL_ERROR,
    ),
]


@pytest.mark.parametrize(
    ("request_", "address", "code"), [pytest.param(*rest, id=name) for name, *rest in BINDS]
)
def test_binds_are_answered_by_name_password_network_and_transport(
    handler: LdapHandler, request_: BindRequest, address: str, code: ResultCode
) -> None:
    peer = peer_of(None, address)
    assert complete(handler, peer, request_) == code
    is_somebody = code == ResultCode.SUCCESS and request_.name != ""
    assert (peer.asker is not None) == is_somebody


def test_a_password_from_afar_is_taken_over_tls_or_where_the_settings_allow_it(
    index: ContactIndex,
) -> None:
    assert complete(handler_of(index), peer_of(None, FAR_AWAY, tls=True), bind()) == 0
    allowing = handler_of(index, msgspec.structs.replace(SETTINGS, allow_plain=True))
    assert complete(allowing, peer_of(None, FAR_AWAY), bind()) == 0


@pytest.mark.parametrize(
    "request_",
    [bind(password="wrong"), bind("cn=x,dc=meta"), bind("", ""), bind(version=2)],
    ids=["wrong", "unknown", "anonymous", "version"],
)
def test_whoever_binds_anew_and_fails_is_nobody(
    handler: LdapHandler, request_: BindRequest
) -> None:
    peer = peer_of(SBC)
    complete(handler, peer, request_)
    assert peer.asker is None


def test_a_success_is_remembered_and_a_failure_is_not(handler: LdapHandler) -> None:
    assert complete(handler, peer_of(None), bind()) == 0
    assert isinstance(ask(handler, peer_of(None), bind()), bytes)
    complete(handler, peer_of(None), bind(password="wrong"))
    assert isinstance(ask(handler, peer_of(None), bind(password="wrong")), BindCheck)


def test_a_remembered_success_is_forgotten_after_ten_minutes(index: ContactIndex) -> None:
    now_s = [0.0]
    handler = handler_of(index, clock=lambda: now_s[0])
    assert complete(handler, peer_of(None), bind()) == 0
    now_s[0] = 599.0
    assert isinstance(ask(handler, peer_of(None), bind()), bytes)
    now_s[0] = 601.0
    assert isinstance(ask(handler, peer_of(None), bind()), BindCheck)


def fail(handler: LdapHandler, address: str, times: int = 5) -> None:
    for _ in range(times):
        peer = peer_of(None, address, tls=True)
        check = ask(handler, peer, bind(password="wrong"))
        assert isinstance(check, BindCheck)
        handler.finish_bind(peer, check, right=False)


def test_a_stranger_who_fails_five_times_must_wait_a_minute(index: ContactIndex) -> None:
    now_s = [0.0]
    handler = handler_of(index, clock=lambda: now_s[0])
    fail(handler, FAR_AWAY)
    refused = result(ask(handler, peer_of(None, FAR_AWAY, tls=True), bind()))
    assert refused.code == ResultCode.BUSY
    other = ask(handler, peer_of(None, "198.51.100.8", tls=True), bind())
    assert isinstance(other, BindCheck)
    now_s[0] = 61.0
    assert isinstance(ask(handler, peer_of(None, FAR_AWAY, tls=True), bind()), BindCheck)


def test_an_address_of_a_clients_network_never_waits(index: ContactIndex) -> None:
    known = msgspec.structs.replace(SBC, networks=(ip_network("198.51.100.0/24"),))
    handler = handler_of(index, clients=(known,))
    fail(handler, FAR_AWAY, 5 + 3)
    assert isinstance(ask(handler, peer_of(None, FAR_AWAY, tls=True), bind()), BindCheck)


def test_a_remembered_password_is_right_even_while_its_address_waits(
    handler: LdapHandler,
) -> None:
    assert complete(handler, peer_of(None), bind()) == 0
    fail(handler, "127.0.0.1")
    assert complete(handler, peer_of(None), bind()) == 0


def test_a_full_queue_of_passwords_is_busy(handler: LdapHandler) -> None:
    check = ask(handler, peer_of(None), bind())
    assert isinstance(check, BindCheck)
    assert result(handler.busy(check)).code == ResultCode.BUSY
    assert handler.counters.binds_delayed == 1


def test_a_client_removed_while_its_password_is_verified_is_not_bound(
    handler: LdapHandler,
) -> None:
    peer = peer_of(None)
    check = ask(handler, peer, bind())
    assert isinstance(check, BindCheck)
    handler.replace(SETTINGS, (PHONE,))
    assert result(handler.finish_bind(peer, check, right=True)).code == 49
    assert peer.asker is None


# --- other operations ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("client", "identity"),
    [(None, b""), (SBC, b"dn:cn=sbc,dc=meta"), (BOOK, b"u:book@example.test")],
    ids=["nobody", "DN", "text"],
)
def test_who_am_i_says_who_is_bound(handler: LdapHandler, client: object, identity: bytes) -> None:
    answer = result(ask(handler, peer_of(client), WHO_AM_I))  # type: ignore[arg-type]  # pytest's
    assert (answer.tag, answer.code, answer.value) == (EXTENDED_RESPONSE, 0, identity)


@pytest.mark.parametrize("oid", ["1.3.6.1.4.1.1466.20037", "1.3.6.1.1.8", "nonsense"])
def test_unknown_extended_operations_are_a_protocol_error(handler: LdapHandler, oid: str) -> None:
    answer = result(ask(handler, peer_of(SBC), ExtendedRequest(oid, b"x")))
    assert (answer.tag, answer.code) == (EXTENDED_RESPONSE, ResultCode.PROTOCOL_ERROR)
    assert answer.name == ""


@pytest.mark.parametrize("tag", [ADD_REQUEST, DELETE_REQUEST, MODIFY_REQUEST, MODIFY_DN_REQUEST])
def test_writes_are_refused_with_their_own_response(handler: LdapHandler, tag: int) -> None:
    answer = result(ask(handler, peer_of(PHONE), WriteRequest(tag)))
    assert (answer.tag, answer.code) == (RESPONSE_TAGS[tag], ResultCode.UNWILLING_TO_PERFORM)


def test_an_abandon_is_silent_and_an_unbind_ends(handler: LdapHandler) -> None:
    assert ask(handler, peer_of(PHONE), AbandonRequest(3)) == b""
    critical = Control("1.2.3", critical=True)
    assert ask(handler, peer_of(PHONE), AbandonRequest(3), critical) == b""
    assert ask(handler, peer_of(PHONE), UnbindRequest(), critical) == Hangup()


def test_an_unknown_operation_ends_with_a_notice(handler: LdapHandler) -> None:
    answer = ask(handler, peer_of(PHONE), UnknownRequest(0x7A))
    assert isinstance(answer, Hangup)
    notice = decode_response(answer.reply)
    assert notice.message_id == 0
    assert getattr(notice, "code", None) == ResultCode.PROTOCOL_ERROR


@pytest.mark.parametrize(
    ("request_", "tag"),
    [
        (SEARCH, SEARCH_DONE),
        (bind(), BIND_RESPONSE),
        (CompareRequest("dc=meta", "cn", b"x"), COMPARE_RESPONSE),
        (WHO_AM_I, EXTENDED_RESPONSE),
        (WriteRequest(ADD_REQUEST), RESPONSE_TAGS[ADD_REQUEST]),
    ],
    ids=["search", "bind", "compare", "extended", "write"],
)
def test_an_unknown_critical_control_stops_the_operation(
    handler: LdapHandler, request_: Request, tag: int
) -> None:
    peer = peer_of(PHONE)
    answer = result(ask(handler, peer, request_, Control("1.2.3", critical=True)))
    assert (answer.tag, answer.code) == (tag, ResultCode.UNAVAILABLE_CRITICAL_EXTENSION)


def test_a_failed_bind_by_a_control_leaves_nobody_bound(handler: LdapHandler) -> None:
    peer = peer_of(PHONE)
    ask(handler, peer, bind(), Control("1.2.3", critical=True))
    assert peer.asker is None


def test_other_controls_are_passed_over(handler: LdapHandler) -> None:
    manage = Control("2.16.840.1.113730.3.4.2", critical=True)
    unheard_of = Control("1.2.3", critical=False, value=b"x")
    found = responses(ask(handler, peer_of(PHONE), SEARCH, manage, unheard_of))
    assert len(found) > 1


def test_what_the_decoder_refused_is_answered_with_its_code(handler: LdapHandler) -> None:
    refused = RefusedRequest(SEARCH_REQUEST, ResultCode.ADMIN_LIMIT_EXCEEDED, "too wide")
    answer = result(ask(handler, peer_of(SBC), refused))
    assert (answer.tag, answer.code, answer.message) == (SEARCH_DONE, 11, "too wide")
    peer = peer_of(SBC)
    answer = result(ask(handler, peer, RefusedRequest(BIND_REQUEST, ResultCode(2), "x")))
    assert (answer.tag, answer.code, peer.asker) == (BIND_RESPONSE, 2, None)
    assert ask(handler, peer, RefusedRequest(0x50, ResultCode(2), "x")) == b""


@pytest.mark.parametrize(
    ("attribute", "value", "code"),
    [
        ("sn", "klein", ResultCode.COMPARE_TRUE),
        ("sn", "gross", ResultCode.COMPARE_FALSE),
        ("mobile", "0171 39200007", ResultCode.COMPARE_TRUE),
        ("telephoneNumber", "0171 3920000", ResultCode.COMPARE_FALSE),
        ("mail", "x@example.test", ResultCode.NO_SUCH_ATTRIBUTE),
        ("cn;lang-de", "x", ResultCode.NO_SUCH_ATTRIBUTE),
        ("unheardOf", "x", ResultCode.UNDEFINED_ATTRIBUTE_TYPE),
    ],
)
def test_compare_follows_the_rules_of_equality(
    handler: LdapHandler, attribute: str, value: str, code: ResultCode
) -> None:
    dn = search(handler, PHONE, "(sn=klein)").entries[0].dn
    compare = CompareRequest(dn, attribute, value.encode())
    answer = result(ask(handler, peer_of(PHONE), compare))
    assert (answer.tag, answer.code) == (COMPARE_RESPONSE, code)


@pytest.mark.parametrize(
    ("client", "name", "code"),
    [
        (PHONE, "dc=other", ResultCode.NO_SUCH_OBJECT),
        (PHONE, "entryUUID=00,dc=meta", ResultCode.NO_SUCH_OBJECT),
        (PHONE, "dc=meta", ResultCode.UNWILLING_TO_PERFORM),
        (PHONE, "no dn", ResultCode.INVALID_DN_SYNTAX),
        (SBC, "dc=meta", ResultCode.INSUFFICIENT_ACCESS_RIGHTS),
        (None, "dc=meta", ResultCode.INSUFFICIENT_ACCESS_RIGHTS),
    ],
)
def test_compare_names_what_it_cannot_do(
    handler: LdapHandler, client: object, name: str, code: ResultCode
) -> None:
    answer = result(ask(handler, peer_of(client), CompareRequest(name, "cn", b"x")))  # type: ignore[arg-type]  # pytest's
    assert answer.code == code


@pytest.mark.parametrize(
    ("request_", "tag"),
    [(SEARCH, SEARCH_DONE), (bind(), BIND_RESPONSE), (WHO_AM_I, EXTENDED_RESPONSE)],
    ids=["search", "bind", "extended"],
)
def test_a_request_that_failed_inside_is_answered_and_counted(
    handler: LdapHandler, request_: Request, tag: int
) -> None:
    peer = peer_of(PHONE)
    answer = result(handler.failed(peer, LdapMessage(7, request_)))
    assert (answer.tag, answer.code) == (tag, ResultCode.OTHER)
    assert handler.counters.faults == 1
    assert (peer.asker is None) == (tag == BIND_RESPONSE)
    assert handler.failed(peer, LdapMessage(7, AbandonRequest(1))) == b""


def test_new_settings_hold_for_the_next_request_and_end_removed_clients(
    handler: LdapHandler,
) -> None:
    staying, leaving, nobody = peer_of(PHONE), peer_of(SBC), peer_of(None)
    fresh = msgspec.structs.replace(PHONE, number_format="national")
    handler.replace(msgspec.structs.replace(SETTINGS, base="dc=new"), (fresh,))
    assert handler.renew(staying)
    assert handler.renew(nobody)
    assert not handler.renew(leaving)
    assert staying.asker is not None
    assert staying.asker.client is fresh
    assert search(handler, fresh, "(cn=*)").code == ResultCode.NO_SUCH_OBJECT
    found = search(handler, fresh, "(sn=klein)", "mobile", base="dc=new")
    assert found.values("mobile") == ["0171 39200007"]


def test_every_client_of_the_house_binds_or_is_told_why(handler: LdapHandler) -> None:
    outcomes = {
        client.name: complete(handler, peer_of(None), bind(client.bind)) for client in CLIENTS
    }
    assert outcomes == {"sbc": 0, "phone": 0, "book": 0, "far": 49, "unset": 49}


@settings(deadline=None)
@given(st.sampled_from([None, *CLIENTS]), messages)
def test_any_request_gets_answers_under_its_own_id(
    index: ContactIndex, client: Client | None, message: LdapMessage
) -> None:
    answer = handler_of(index).handle(peer_of(client), message)
    if isinstance(answer, bytes):
        found, used = decode_responses(answer)
        assert used == len(answer)
        assert all(each.message_id == message.message_id for each in found)
        ends = [each for each in found if isinstance(each, Result)]
        assert len(ends) == (not isinstance(message.request, AbandonRequest))


NUMBER_ATTRIBUTES = ("telephoneNumber", "mobile", "homePhone", "searchNumber", "ipPhone", "FAX")


def number_filters(value: bytes) -> list[Filter]:
    """Return every kind of filter that a client may build around one value."""
    half = len(value) // 2
    made: list[Filter] = []
    for attribute in NUMBER_ATTRIBUTES:
        made += [
            Equality(attribute, value),
            Approx(attribute, value),
            GreaterOrEqual(attribute, value),
            LessOrEqual(attribute, value),
        ]
        if value:  # else a bare star: who has any number
            made += [
                Substrings(attribute, None, (value,), None),
                Substrings(attribute, value, (), None),
                Substrings(attribute, None, (), value),
                Substrings(attribute, value[:half] or None, (), value[half:]),
            ]
    return [*made, Or(tuple(made[:16])), And(tuple(made[:8]))]


@settings(max_examples=60)
@given(st.sampled_from([SBC, PHONE, BOOK]), octets, st.data())
def test_any_octets_as_a_number_are_answered_and_never_match_everybody(
    index: ContactIndex, client: Client, value: bytes, data: st.DataObject
) -> None:
    request = msgspec.structs.replace(
        SEARCH, filter=data.draw(st.sampled_from(number_filters(value)))
    )
    handler = handler_of(index)
    *entries, done = responses(ask(handler, peer_of(client), request))
    assert isinstance(done, Result)
    assert done.code in {ResultCode.SUCCESS, ResultCode.SIZE_LIMIT_EXCEEDED}
    assert handler.counters.faults == 0
    if not has_digit(value.decode("utf-8", "replace")):
        assert entries == []
    assert len(entries) < VISIBLE
