"""SASL credentials, and the binds that use them."""

from __future__ import annotations

import contextlib
from ipaddress import ip_address, ip_network

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.index import ContactIndex
from ldapd.auth import Peer
from ldapd.certificate import PeerCertificate
from ldapd.errors import ProtocolError
from ldapd.handler import LdapHandler
from ldapd.protocol.messages import BindRequest, ResultCode
from ldapd.sasl import PlainCredentials, read_plain
from tests.ldapd.asking import SETTINGS, handler_of
from tests.ldapd.house import BOOK, CLIENTS, PASSWORD, SBC
from tests.ldapd.test_handler import FAR_AWAY, complete

OK = ResultCode.SUCCESS
WRONG = ResultCode.INVALID_CREDENTIALS

ELSEWHERE = msgspec.structs.replace(
    SBC,
    name="elsewhere",
    bind="",
    password_hash="",
    certificates=("CN=Elsewhere, O=Firm", "dns:sbc.firm.example", "SHA256:AB:CD"),
    networks=(ip_network("127.0.0.0/8"),),
)
BOTH = msgspec.structs.replace(
    BOOK, name="both", bind="cn=both,dc=meta", bind_aliases=("FIRM\\both", "cn=both"),
    certificates=("CN=both",),
)  # fmt: skip


def test_credentials_are_three_parts() -> None:
    assert read_plain(b"\0name\0pass word") == PlainCredentials("", "name", b"pass word")
    assert read_plain(b"dn:cn=x\0y\0z") == PlainCredentials("cn=x", "y", b"z")
    for wrong in (b"", b"name", b"\0name", b"\0\0p", b"\0n\0p\0", b"\0\xff\0p", b"\xff\0n\0p"):
        with pytest.raises(ProtocolError):
            read_plain(wrong)


@given(st.binary(max_size=30))
def test_no_octets_raise_anything_else(octets: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        assert read_plain(octets).name


@pytest.fixture
def handler(index: ContactIndex) -> LdapHandler:
    return handler_of(index, clients=(*CLIENTS, ELSEWHERE, BOTH))


def sasl(mechanism: str, credentials: str) -> BindRequest:
    return BindRequest(3, "", mechanism, credentials.encode())


@pytest.mark.parametrize(
    ("credentials", "code"),
    [
        (f"\0cn=sbc,dc=meta\0{PASSWORD}", OK),
        (f"dn:CN=sbc, dc=meta\0cn=sbc,dc=meta\0{PASSWORD}", OK),
        (f"u:book@example.test\0BOOK@example.test\0{PASSWORD}", OK),
        (f"cn=phone,dc=meta\0cn=sbc,dc=meta\0{PASSWORD}", WRONG),  # on behalf of another
        ("\0cn=sbc,dc=meta\0wrong", WRONG),
        (f"\0cn=nobody,dc=meta\0{PASSWORD}", WRONG),
        (f"\0cn=far,dc=meta\0{PASSWORD}", WRONG),
        ("\0cn=sbc,dc=meta\0", ResultCode.UNWILLING_TO_PERFORM),
        ("cn=sbc,dc=meta", ResultCode.PROTOCOL_ERROR),
    ],
)
def test_plain_is_a_name_and_a_password(
    handler: LdapHandler, credentials: str, code: ResultCode
) -> None:
    peer = Peer(ip_address("127.0.0.1"))
    assert complete(handler, peer, sasl("PLAIN", credentials)) == code
    assert (peer.asker is not None) == (code == OK)


def test_plain_is_taken_over_tls_or_loopback_alone(handler: LdapHandler) -> None:
    right = sasl("PLAIN", f"\0cn=sbc,dc=meta\0{PASSWORD}")
    clear = Peer(ip_address(FAR_AWAY))
    assert complete(handler, clear, right) == ResultCode.CONFIDENTIALITY_REQUIRED
    assert clear.asker is None
    assert complete(handler, Peer(ip_address(FAR_AWAY), tls=True), right) == OK


@pytest.mark.parametrize(
    ("certificate", "acts_as", "name"),
    [
        (PeerCertificate("cn=elsewhere,o=firm", (), "00"), "", "elsewhere"),
        (PeerCertificate("", ("email:a@b", "dns:SBC.firm.example"), "00"), "", "elsewhere"),
        (PeerCertificate("CN=x", (), "abcd"), "", "elsewhere"),
        (PeerCertificate("CN=both", (), "00"), "dn:cn=both,dc=meta", "both"),
        (PeerCertificate("CN=both", (), "00"), "u:firm\\both", "both"),
        (PeerCertificate("CN=both", (), "00"), "dn:cn=sbc,dc=meta", ""),
        (PeerCertificate("CN=x", ("dns:other.firm.example",), "00"), "", ""),
        (PeerCertificate("", (), "00"), "", ""),
    ],
)
def test_a_certificate_is_as_good_as_name_and_password(
    handler: LdapHandler, certificate: PeerCertificate, acts_as: str, name: str
) -> None:
    peer = Peer(ip_address("127.0.0.1"), tls=True, certificate=certificate)
    assert complete(handler, peer, sasl("EXTERNAL", acts_as)) == (OK if name else WRONG)
    assert (peer.asker.client.name if peer.asker else "") == name
    if peer.asker:
        assert handler.renew(peer)


def test_a_certificate_counts_in_its_clients_networks_alone(handler: LdapHandler) -> None:
    held = PeerCertificate("CN=Elsewhere,O=Firm", (), "00")
    afar = Peer(ip_address(FAR_AWAY), tls=True, certificate=held)
    assert complete(handler, afar, sasl("EXTERNAL", "")) == WRONG
    none = Peer(ip_address("127.0.0.1"), tls=True)
    code = ResultCode.INAPPROPRIATE_AUTHENTICATION
    assert complete(handler, none, sasl("EXTERNAL", "")) == code
    odd = Peer(ip_address("127.0.0.1"), tls=True, certificate=held)
    assert complete(handler, odd, BindRequest(3, "", "EXTERNAL", b"\xff")) == WRONG


@pytest.mark.parametrize(
    ("name", "client"),
    [
        ("firm\\BOTH", "both"),
        ("CN=both", "both"),
        ("cn=both,dc=phone", "both"),  # an alias of the base
        ("cn=sbc , DC=PHONE", "sbc"),
        ("cn=both,dc=elsewhere", ""),
    ],
)
def test_other_names_of_a_client_are_as_good(handler: LdapHandler, name: str, client: str) -> None:
    peer = Peer(ip_address("127.0.0.1"))
    request = BindRequest(3, name, "", PASSWORD.encode())
    assert complete(handler, peer, request) == (OK if client else WRONG)
    assert (peer.asker.client.name if peer.asker else "") == client


def test_version_2_is_taken_if_so_set(index: ContactIndex) -> None:
    old = handler_of(index, msgspec.structs.replace(SETTINGS, ldap_v2=True))
    peer = Peer(ip_address("127.0.0.1"))
    assert complete(old, peer, BindRequest(2, SBC.bind, "", PASSWORD.encode())) == OK
    assert peer.asker is not None
    refused = BindRequest(2, "", "PLAIN", b"\0a\0b")
    assert complete(old, peer, refused) == ResultCode.PROTOCOL_ERROR
    assert complete(old, peer, BindRequest(1, "", "", b"")) == ResultCode.PROTOCOL_ERROR
