"""Who a client's certificate says that the client is."""

from __future__ import annotations

import hashlib
import ipaddress
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from ldapd.certificate import PeerCertificate, read_certificate
from tests.ldapd.authority import Authority


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (x509.DNSName("sbc.firm.example"), "dns:sbc.firm.example"),
        (x509.RFC822Name("sbc@firm.example"), "email:sbc@firm.example"),
        (x509.UniformResourceIdentifier("urn:sbc:1"), "uri:urn:sbc:1"),
        (x509.IPAddress(ipaddress.ip_address("2001:db8::1")), "ip:2001:db8::1"),
    ],
)
def test_subject_names_and_fingerprint_are_read(
    tmp_path: Path, name: x509.GeneralName, text: str
) -> None:
    made = Authority(tmp_path).sign("sbc, Munich", name)
    der = ssl.PEM_cert_to_DER_cert(made.certificate.read_text())
    assert read_certificate(der) == PeerCertificate(
        r"CN=sbc\, Munich", (text,), hashlib.sha256(der).hexdigest()
    )


def test_a_certificate_without_alternative_names_has_none(tmp_path: Path) -> None:
    der = ssl.PEM_cert_to_DER_cert(Authority(tmp_path, "root").ca.read_text())
    assert read_certificate(der).alternative_names == ()
    assert read_certificate(der).subject == "CN=root"


@given(st.binary(max_size=300))
def test_any_octets_have_a_fingerprint(octets: bytes) -> None:
    assert read_certificate(octets).fingerprint == hashlib.sha256(octets).hexdigest()
