"""TLS: LDAPS and StartTLS, what is refused around them, client certificates, new certificates."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import uvloop
from cryptography import x509

from engine.index import ContactIndex
from ldapd.certificate import PeerCertificate
from ldapd.own_entries import START_TLS, WHO_AM_I
from ldapd.protocol.client import (
    Result,
    decode_responses,
    encode_bind,
    encode_request,
    encode_search,
)
from ldapd.protocol.filters import Equality, Present
from ldapd.protocol.messages import SCOPE_BASE, ExtendedRequest, LdapMessage, ResultCode
from ldapd.server import serve_ldap
from ldapd.settings import LdapLimits, LdapSettings, Listener, TlsSettings
from ldapd.tls import UnusableTls, server_context
from tests.ldapd.authority import Authority
from tests.ldapd.house import CLIENTS, PASSWORD
from tests.ldapd.serving import PATIENT, Serving, Wire

SBC_NAME = "cn=sbc,dc=meta"
BIND = encode_bind(1, SBC_NAME, PASSWORD.encode())
SHORT = LdapLimits(bind_time_s=1)

LOOPS = pytest.mark.parametrize(
    "loop", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"]
)


def lookup(message_id: int) -> bytes:
    number = Equality("telephoneNumber", b"+493023125001")
    return encode_search(message_id, "dc=meta", number, ("cn",))


def start_tls(message_id: int = 1, value: bytes | None = None) -> bytes:
    return encode_request(LdapMessage(message_id, ExtendedRequest(START_TLS, value)))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture(params=[uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def secured(
    request: pytest.FixtureRequest, index: ContactIndex, authority: Authority
) -> Iterator[Serving]:
    """LDAPS."""
    settings = LdapSettings(listen=(), tls=authority.sign("first"), limits=PATIENT)
    with Serving(index, settings, loop_factory=request.param, tls=True) as running:
        yield running


@pytest.fixture(params=[uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def plain(
    request: pytest.FixtureRequest, index: ContactIndex, authority: Authority
) -> Iterator[Serving]:
    """LDAP in clear that offers StartTLS."""
    settings = LdapSettings(listen=(), tls=authority.sign("first"), limits=PATIENT)
    with Serving(index, settings, loop_factory=request.param) as running:
        yield running


def wrap(wire: Wire, context: ssl.SSLContext) -> Wire:
    wire.socket = context.wrap_socket(wire.socket, server_hostname="127.0.0.1")
    return wire


def secure(serving: Serving, authority: Authority, own: TlsSettings | None = None) -> Wire:
    return wrap(serving.connect(), authority.client_context(own))


def started(serving: Serving, authority: Authority) -> Wire:
    """Return a connection inside TLS after StartTLS."""
    wire = serving.connect()
    wire.send(start_tls())
    assert wire.result(1).code == ResultCode.SUCCESS
    return wrap(wire, authority.client_context())


def who(wire: Wire, message_id: int = 9) -> bytes | None:
    wire.send(encode_request(LdapMessage(message_id, ExtendedRequest(WHO_AM_I, None))))
    return wire.result(message_id).value


# --- LDAPS --------------------------------------------------------------------------------------


def test_calls_are_answered_over_ldaps(secured: Serving, authority: Authority) -> None:
    with secure(secured, authority) as wire:
        wire.send(BIND, *(lookup(number) for number in range(2, 300)))
        assert wire.result(1).code == 0
        for message_id in range(2, 300):
            assert len(wire.answer(message_id)[0]) == 1
    secured.until(lambda counts: counts["connections_open"] == 0)


def test_what_is_no_tls_is_closed(secured: Serving) -> None:
    with secured.connect() as wire:
        wire.send(lookup(1))
        with contextlib.suppress(ConnectionResetError):
            assert wire.socket.recv(1024)[:1] != b"\x30"  # an alert or nothing, never an answer
    counts = secured.until(lambda counts: counts["handshakes_failed"] == 1)
    assert (counts["connections_open"], counts["connections_unbound"]) == (0, 0)


@LOOPS
def test_a_silent_peer_counts_before_its_handshake_and_is_ended_in_time(
    index: ContactIndex, authority: Authority, loop: type
) -> None:
    settings = LdapSettings(listen=(), tls=authority.sign("first"), limits=SHORT)
    with (
        Serving(index, settings, loop_factory=loop, tls=True) as serving,
        serving.connect() as silent,
    ):
        serving.until(lambda counts: counts["connections_unbound"] == 1)
        assert silent.next() is None
        serving.until(lambda counts: counts["connections_open"] == 0)
        assert serving.metrics()["handshakes_failed"] == 1


@LOOPS
def test_a_drain_ends_handshakes_that_are_under_way(
    index: ContactIndex, authority: Authority, loop: type, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    settings = LdapSettings(listen=(), tls=authority.sign("first"), limits=PATIENT)
    with (
        Serving(index, settings, loop_factory=loop, tls=True) as serving,
        serving.connect() as silent,
    ):
        serving.until(lambda counts: counts["connections_unbound"] == 1)
        serving.wait(serving.server.drain(60))
        assert silent.next() is None
        with pytest.raises(ConnectionRefusedError):
            serving.connect()
    assert "handshake" not in caplog.text


def test_versions_before_tls_1_2_are_refused(secured: Serving, authority: Authority) -> None:
    old = authority.client_context()
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError), secured.connect() as wire:
        wrap(wire, old)
    newer = authority.client_context()
    newer.maximum_version = ssl.TLSVersion.TLSv1_2
    with wrap(secured.connect(), newer) as wire:
        wire.send(BIND)
        assert wire.result(1).code == 0


def test_a_session_is_resumed(secured: Serving, authority: Authority) -> None:
    context = authority.client_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # its ticket comes within the handshake
    with wrap(secured.connect(), context) as first:
        assert isinstance(first.socket, ssl.SSLSocket)
        session = first.socket.session
    again = secured.connect().socket
    with context.wrap_socket(again, server_hostname="127.0.0.1", session=session) as resumed:
        assert resumed.session_reused


# --- StartTLS -----------------------------------------------------------------------------------


def test_calls_are_answered_after_start_tls(plain: Serving, authority: Authority) -> None:
    with started(plain, authority) as wire:
        wire.send(BIND, *(lookup(number) for number in range(2, 300)))
        assert wire.result(1).code == 0
        for message_id in range(2, 300):
            assert len(wire.answer(message_id)[0]) == 1
    plain.until(lambda counts: counts["connections_open"] == 0)


def test_the_answer_names_what_it_answers(plain: Serving) -> None:
    with plain.connect() as wire:
        wire.send(start_tls())
        result = wire.result(1)
        assert (result.code, result.name, result.value) == (0, START_TLS, None)


def test_a_start_tls_of_message_id_0_is_answered_by_it(
    plain: Serving, authority: Authority
) -> None:
    with plain.connect() as wire:  # Erlang's eldap numbers it so
        wire.send(start_tls(0))
        result = wire.next()
        assert isinstance(result, Result)
        assert (result.message_id, result.code, result.name) == (0, 0, START_TLS)
        wrap(wire, authority.client_context())
        wire.send(BIND)
        assert wire.result(1).code == 0


def test_what_was_said_in_clear_is_forgotten(plain: Serving, authority: Authority) -> None:
    with plain.bound(SBC_NAME) as wire:
        assert who(wire, 2) == b"dn:cn=sbc,dc=meta"
        wire.send(start_tls(3))
        assert wire.result(3).code == 0
        wrap(wire, authority.client_context())
        assert who(wire) == b""
        counts = plain.metrics()
        assert (counts["connections_open"], counts["connections_unbound"]) == (1, 1)
        wire.send(lookup(10))
        assert wire.answer(10)[1].code == ResultCode.INSUFFICIENT_ACCESS_RIGHTS
        wire.send(BIND)
        assert wire.result(1).code == 0
        assert plain.metrics()["connections_unbound"] == 0


@pytest.mark.parametrize(
    "behind",
    [BIND, BIND + lookup(2), BIND[:7], b"\x30", b"\x16\x03\x01\x00\x05", b"\0"],
    ids=["a bind", "a bind and a search", "half a bind", "one octet", "a handshake", "no LDAP"],
)
def test_octets_in_clear_behind_the_request_end_the_connection(
    plain: Serving, behind: bytes
) -> None:
    with plain.connect() as wire:
        wire.send(start_tls() + behind)
        received = b""
        while chunk := wire.socket.recv(4096):
            received += chunk
        answers = [each for each in decode_responses(received)[0] if isinstance(each, Result)]
        assert all(each.code != 0 for each in answers)
        if behind[:1] == b"\x30":
            assert received == b""
        else:  # no LDAP: its notice ends the session
            assert answers[-1].message_id == 0
    counts = plain.until(lambda counts: counts["connections_open"] == 0)
    assert counts["binds"] == 0
    assert counts["violations"] == 1


def test_no_octet_in_clear_is_read_after_the_request(plain: Serving) -> None:
    """A bind injected where the handshake is due is no TLS, whenever it arrives."""
    for _ in range(20):
        with plain.connect() as wire:
            wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            wire.send(start_tls())
            wire.send(BIND + lookup(2))
            received = b""
            with contextlib.suppress(ConnectionResetError):
                while chunk := wire.socket.recv(4096):
                    received += chunk
            answers = [each for each in _ldap_in(received) if isinstance(each, Result)]
            assert [each.message_id for each in answers] in ([], [1])
            assert all(each.name == START_TLS for each in answers)
    counts = plain.until(lambda counts: counts["connections_open"] == 0)
    assert counts["binds"] == counts["binds_failed"] == 0


def _ldap_in(octets: bytes) -> list[object]:
    """Return the answers before an alert of TLS, if one follows."""
    end = octets.find(b"\x15\x03")
    return list(decode_responses(octets if end < 0 else octets[:end])[0])


def test_requests_sent_with_the_end_of_the_handshake_are_answered_inside_tls(
    plain: Serving, authority: Authority
) -> None:
    """The client's last flight and its first request come in one segment."""
    with plain.connect() as wire:
        wire.send(start_tls())
        assert wire.result(1).code == 0
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = authority.client_context().wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                wire.socket.sendall(outgoing.read())
                incoming.write(wire.socket.recv(16_384))
        tls.write(BIND + lookup(2))
        wire.socket.sendall(outgoing.read())
        answered = b""
        while len(decode_responses(answered)[0]) < 3:
            try:
                answered += tls.read(16_384)
            except ssl.SSLWantReadError:
                received = wire.socket.recv(16_384)
                assert received[:1] in (b"\x17", b"\x16")  # records, never an answer in clear
                incoming.write(received)
        bound, _entry, done = decode_responses(answered)[0]
        assert isinstance(bound, Result)
        assert isinstance(done, Result)
        assert (bound.code, done.code) == (0, 0)


def test_tls_inside_tls_is_an_operations_error(plain: Serving, authority: Authority) -> None:
    with started(plain, authority) as wire:
        wire.send(start_tls(2))
        assert wire.result(2).code == ResultCode.OPERATIONS_ERROR
        wire.send(BIND, lookup(3))
        assert wire.result(1).code == 0
        assert len(wire.answer(3)[0]) == 1


def test_start_tls_on_ldaps_is_an_operations_error(secured: Serving, authority: Authority) -> None:
    with secure(secured, authority) as wire:
        wire.send(start_tls())
        assert wire.result(1).code == ResultCode.OPERATIONS_ERROR


@pytest.mark.parametrize("before", [BIND, encode_bind(1, SBC_NAME, b"wrong"), lookup(1)])
def test_start_tls_with_requests_outstanding_is_an_operations_error(
    plain: Serving, before: bytes
) -> None:
    with plain.connect() as wire:
        wire.send(before + start_tls(2))
        assert isinstance(wire.next(), Result)
        assert wire.result(2).code == ResultCode.OPERATIONS_ERROR
        wire.send(start_tls(3))  # alone it is welcome
        assert wire.result(3).code == 0


def test_start_tls_behind_a_call_is_an_operations_error_whether_the_call_is_known_or_not(
    plain: Serving,
) -> None:
    with plain.bound(SBC_NAME) as wire:
        for number in (10, 20, 30):
            wire.send(lookup(number) + start_tls(number + 1))
            assert wire.answer(number)[1].code == 0
            assert wire.result(number + 1).code == ResultCode.OPERATIONS_ERROR
        wire.send(start_tls(40))
        assert wire.result(40).code == 0
    with plain.bound(SBC_NAME) as wire:
        wire.send(lookup(50) + lookup(51) + start_tls(52) + lookup(53))
        assert wire.answer(50)[1].code == wire.answer(51)[1].code == 0
        assert wire.next() is None  # octets behind it end the connection


def test_a_request_with_a_value_is_refused(plain: Serving) -> None:
    with plain.connect() as wire:
        wire.send(start_tls(1, b""))
        assert wire.result(1).code == ResultCode.PROTOCOL_ERROR


def test_without_a_certificate_start_tls_is_unknown_and_not_offered(index: ContactIndex) -> None:
    with Serving(index) as serving, serving.connect() as wire:
        wire.send(start_tls())
        assert wire.result(1).code == ResultCode.PROTOCOL_ERROR
        assert START_TLS.encode() not in extensions(wire)


def test_the_root_dse_offers_start_tls(plain: Serving) -> None:
    with plain.connect() as wire:
        assert START_TLS.encode() in extensions(wire)


def extensions(wire: Wire) -> tuple[bytes, ...]:
    wire.send(encode_search(5, "", Present("objectClass"), scope=SCOPE_BASE))
    (root,), _ = wire.answer(5)
    return root.values("supportedExtension")


@LOOPS
def test_a_peer_silent_after_start_tls_is_ended_in_time(
    index: ContactIndex, authority: Authority, loop: type
) -> None:
    settings = LdapSettings(listen=(), tls=authority.sign("first"), limits=SHORT)
    with Serving(index, settings, loop_factory=loop) as serving, serving.connect() as wire:
        wire.send(start_tls())
        assert wire.result(1).code == 0
        assert wire.socket.recv(4096)[:1] in (b"", b"\x15")
        serving.until(lambda counts: counts["connections_open"] == 0)
        assert serving.metrics()["handshakes_failed"] == 1


# --- client certificates ------------------------------------------------------------------------


@pytest.fixture
def checked(index: ContactIndex, authority: Authority) -> Iterator[Serving]:
    """LDAPS that takes certificates of the authority."""
    tls = msgspec.structs.replace(authority.sign("server"), ca=authority.ca)
    with Serving(index, LdapSettings(listen=(), tls=tls), tls=True) as running:
        yield running


def shown(serving: Serving) -> list[PeerCertificate | None]:
    return serving.call(lambda: [each.peer.certificate for each in serving.server._connections])


def test_the_session_learns_who_a_certificate_says_the_peer_is(
    checked: Serving, authority: Authority
) -> None:
    own = authority.sign("sbc", x509.DNSName("sbc.firm.example"))
    der = ssl.PEM_cert_to_DER_cert(own.certificate.read_text())
    with secure(checked, authority, own) as wire:
        assert who(wire) == b""
        assert shown(checked) == [
            PeerCertificate("CN=sbc", ("dns:sbc.firm.example",), hashlib.sha256(der).hexdigest())
        ]


def test_a_peer_without_a_certificate_is_served(checked: Serving, authority: Authority) -> None:
    with secure(checked, authority) as wire:
        wire.send(BIND, lookup(2))
        assert wire.result(1).code == 0
        assert len(wire.answer(2)[0]) == 1
        assert shown(checked) == [None]


def test_a_certificate_of_another_authority_ends_the_handshake_and_is_logged(
    checked: Serving, authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    foreign = Authority(tmp_path, "foreign").sign("intruder")
    with secure(checked, authority, foreign) as wire:  # TLS 1.3: it hears of it when it reads
        wire.send(lookup(1))
        with contextlib.suppress(ssl.SSLError, ConnectionError):  # an alert, or the bare end
            assert wire.socket.recv(1) == b""
    counts = checked.until(lambda counts: counts["handshakes_failed"] == 1)
    assert counts["searches"] == 0
    (fields,) = [each.__dict__["fields"] for each in caplog.records if "TLS" in each.message]
    assert fields["peer"] == "127.0.0.1"
    assert fields["reason"].startswith("the peer's certificate: ")


def test_no_certificate_is_asked_for_where_no_authority_is_named(
    secured: Serving, authority: Authority
) -> None:
    with secure(secured, authority, authority.sign("sbc")) as wire:
        assert who(wire) == b""
        assert shown(secured) == [None]


# --- new certificates ---------------------------------------------------------------------------


def test_a_new_certificate_holds_for_new_connections_and_loses_none(
    secured: Serving, authority: Authority, tmp_path: Path
) -> None:
    other = Authority(tmp_path, "other")
    second = other.sign("second")
    with secure(secured, authority) as kept:
        kept.send(BIND)
        assert kept.result(1).code == 0
        fresh = msgspec.structs.replace(secured.settings, tls=second)
        secured.call(lambda: secured.server.replace(fresh, CLIENTS))
        kept.send(lookup(2))
        assert len(kept.answer(2)[0]) == 1
        secure(secured, other).close()
        with pytest.raises(ssl.SSLError):
            secure(secured, authority)


def test_client_certificates_can_be_asked_for_from_now_on(
    secured: Serving, authority: Authority
) -> None:
    tls = msgspec.structs.replace(secured.settings.tls, ca=authority.ca)
    fresh = msgspec.structs.replace(secured.settings, tls=tls)
    secured.call(lambda: secured.server.replace(fresh, CLIENTS))
    with secure(secured, authority, authority.sign("sbc")) as wire:
        assert who(wire) == b""
        (found,) = shown(secured)
        assert found is not None
        assert found.subject == "CN=sbc"


def test_a_bad_certificate_leaves_the_old_one_in_force(
    secured: Serving, authority: Authority, tmp_path: Path
) -> None:
    first = secured.settings.tls
    assert first is not None
    for broken in (
        TlsSettings(tmp_path / "absent.pem", first.key),
        TlsSettings(first.certificate, authority.sign("second").key),
        msgspec.structs.replace(first, ca=first.key),
    ):
        fresh = msgspec.structs.replace(secured.settings, tls=broken, base="dc=other")
        with pytest.raises(UnusableTls):
            secured.call(lambda fresh=fresh: secured.server.replace(fresh, CLIENTS))
    without = msgspec.structs.replace(secured.settings, tls=None)
    with pytest.raises(ValueError, match=r"\[ldap\.tls\]"):
        secured.call(lambda: secured.server.replace(without, CLIENTS))
    with secure(secured, authority) as wire:
        wire.send(BIND, lookup(2))
        assert wire.result(1).code == 0
        assert len(wire.answer(2)[0]) == 1


def test_a_hundred_new_certificates_under_load_lose_no_look_up(
    index: ContactIndex, authority: Authority
) -> None:
    settings = LdapSettings(listen=(), tls=authority.sign("first"), limits=PATIENT)
    with Serving(index, settings, tls=True) as serving, secure(serving, authority) as kept:
        kept.send(BIND)
        assert kept.result(1).code == 0
        for number in range(2, 102):
            kept.send(lookup(number))
            fresh = msgspec.structs.replace(settings, tls=authority.sign("first"))
            serving.call(lambda fresh=fresh: serving.server.replace(fresh, CLIENTS))
            if number % 10 == 0:
                secure(serving, authority).close()
            assert len(kept.answer(number)[0]) == 1


# --- settings that cannot be served -------------------------------------------------------------


async def test_an_ldaps_listener_without_a_certificate_is_refused(index: ContactIndex) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        listeners = [(sock, Listener("127.0.0.1", 0, tls=True))]
        with pytest.raises(ValueError, match=r"\[ldap\.tls\]"):
            await serve_ldap(listeners, index, LdapSettings(listen=()), CLIENTS)


@pytest.mark.parametrize("fault", ["absent", "empty", "foreign key", "no authority"])
def test_unusable_files_are_named(authority: Authority, tmp_path: Path, fault: str) -> None:
    good = authority.sign("good")
    (tmp_path / "empty.pem").touch()
    settings, named = {
        "absent": (TlsSettings(tmp_path / "absent.pem", good.key), "absent.pem"),
        "empty": (TlsSettings(tmp_path / "empty.pem", good.key), "empty.pem"),
        "foreign key": (TlsSettings(good.certificate, authority.sign("bad").key), "bad.key"),
        "no authority": (TlsSettings(good.certificate, good.key, tmp_path / "empty.pem"), "empty"),
    }[fault]
    with pytest.raises(UnusableTls, match=named):
        server_context(settings)
