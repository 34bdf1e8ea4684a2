from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from rufname.errors import ConfigError
from rufname.preflight import SOON, require_servable, warnings_of
from tests.rufname.place import Place

LDAPS = """
[ldap]
listen = ["ldaps://127.0.0.1:0"]
base = "{base}"
[ldap.tls]
certificate = "{certificate}"
key = "{key}"
"""


def make_pair(folder: Path, name: str, encryption: KeySerializationEncryption) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "directory.example")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    (folder / f"{name}.key").write_bytes(private)
    (folder / f"{name}.key").chmod(0o600)


@pytest.fixture
def pairs(place: Place) -> Place:
    make_pair(place.folder, "one", NoEncryption())
    make_pair(place.folder, "two", NoEncryption())
    make_pair(place.folder, "locked", BestAvailableEncryption(b"secret"))
    (place.folder / "empty.pem").touch()
    return place


def require(place: Place, certificate: str, key: str, base: str = "dc=meta") -> None:
    place.write_config(end=LDAPS.format(certificate=certificate, key=key, base=base))
    require_servable(place.config)


def test_a_configuration_without_services_can_be_served(place: Place) -> None:
    require_servable(place.config)


def test_a_certificate_with_its_key_can_be_served(pairs: Place) -> None:
    require(pairs, "one.pem", "one.key")


@pytest.mark.parametrize(
    ("certificate", "key"),
    [("one.pem", "two.key"), ("locked.pem", "locked.key"), ("empty.pem", "one.key")],
)
def test_what_does_not_fit_together_is_a_fault_that_names_the_files(
    pairs: Place, certificate: str, key: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        require(pairs, certificate, key)
    (fault,) = caught.value.faults
    assert fault.startswith(f"{pairs.path}: ldap.tls: ")
    assert certificate in fault
    assert key in fault


def test_a_base_that_is_no_distinguished_name_is_a_fault(pairs: Place) -> None:
    with pytest.raises(ConfigError, match=r"ldap\.base"):
        require(pairs, "one.pem", "one.key", base="meta")


def test_a_certificate_that_is_over_or_is_soon_is_a_warning(pairs: Place) -> None:
    pairs.write_config(end=LDAPS.format(certificate="one.pem", key="one.key", base="dc=meta"))
    pem = (pairs.folder / "one.pem").read_bytes()
    end = x509.load_pem_x509_certificate(pem).not_valid_after_utc
    moment = dt.timedelta(seconds=1)
    assert warnings_of(pairs.config, end - SOON) == ()
    for now, told in (
        (end - SOON + moment, f"one.pem expires on {end:%Y-%m-%d}"),
        (end - moment, f"one.pem expires on {end:%Y-%m-%d}"),
        (end, f"one.pem expired on {end:%Y-%m-%d}"),
    ):
        (warning,) = warnings_of(pairs.config, now)
        assert "ldap.tls.certificate: " in warning
        assert warning.endswith(told)


def test_a_certificate_whose_end_cannot_be_told_is_served_without_a_warning(pairs: Place) -> None:
    pairs.write_config(end=LDAPS.format(certificate="one.pem", key="one.key", base="dc=meta"))
    path = pairs.folder / "one.pem"
    octets = ssl.PEM_cert_to_DER_cert(path.read_text(encoding="ascii"))
    version_3, version_4 = b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x03"
    assert version_3 in octets
    path.write_text(ssl.DER_cert_to_PEM_cert(octets.replace(version_3, version_4, 1)))
    require_servable(pairs.config)
    assert warnings_of(pairs.config) == ()


def test_without_a_certificate_there_is_nothing_to_warn_of(place: Place) -> None:
    assert warnings_of(place.config) == ()
