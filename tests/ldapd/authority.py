"""A certificate authority for tests: certificates for 127.0.0.1 and for clients, as PEM files."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ldapd.settings import TlsSettings


class Authority:
    """Signs certificates; its own is `ca`."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self.folder = folder
        self.ca = folder / f"{name}.pem"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        certificate = (
            _builder(self._name, self._name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.ca.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def sign(
        self,
        name: str,
        alternative: x509.GeneralName | None = None,
        *,
        itself: bool = False,
        ended: bool = False,
    ) -> TlsSettings:
        """Write a certificate and its key; by default one for a server on 127.0.0.1.

        Args:
            name: of files and subject.
            alternative: what it is for instead.
            itself: let the certificate vouch for itself.
            ended: let it have ended an hour ago.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        issuer, signer = (_name(name), key) if itself else (self._name, self._key)
        here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        names = [alternative] if alternative else [here, x509.DNSName("localhost")]
        certificate = (
            _builder(_name(name), issuer, key, hours=-1 if ended else 24)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(signer, hashes.SHA256())
        )
        made = TlsSettings(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        made.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        made.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        made.key.chmod(0o600)
        return made

    def client_context(self, own: TlsSettings | None = None) -> ssl.SSLContext:
        """Return a client's context that trusts this authority, with an own certificate or none."""
        context = ssl.create_default_context(cafile=str(self.ca))
        if own is not None:
            context.load_cert_chain(own.certificate, own.key)
        return context


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, hours: int = 24
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(hours=hours))
    )
