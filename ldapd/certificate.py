"""Who a client's certificate says that the client is.

Law: pure code: octets in, a value out. Whether the certificate can be trusted is the TLS layer's
business: only one that a configured authority signed ever gets here.

Sources: RFC 5280 4.1.2.6 (subject), 4.2.1.6 (subjectAltName); RFC 4514 (the subject as a text).
"""

from __future__ import annotations

import hashlib

import msgspec
from cryptography import x509

MAX_NAMES = 64
"""Alternative names that are looked at; an SBC's certificate has one to a dozen."""


class PeerCertificate(msgspec.Struct, frozen=True):
    """What identifies the holder of a verified client certificate.

    Attributes:
        subject: as RFC 4514 writes it, the most specific part first; "" for an empty one or one
            that cannot be read.
        alternative_names: "dns:…", "email:…", "uri:…", "ip:…", in the certificate's order.
        fingerprint: SHA-256 of the whole certificate, 64 lower-case hex digits.
    """

    subject: str
    alternative_names: tuple[str, ...]
    fingerprint: str


def read_certificate(der: bytes) -> PeerCertificate:
    """Return the identity in a certificate.

    Args:
        der: X.509, as the TLS layer verified it. What this reader cannot decode is left out: the
            fingerprint is always there.
    """
    fingerprint = hashlib.sha256(der).hexdigest()
    try:
        certificate = x509.load_der_x509_certificate(der)
        subject = certificate.subject.rfc4514_string()
    except ValueError:
        return PeerCertificate("", (), fingerprint)
    return PeerCertificate(subject, _alternative_names(certificate), fingerprint)


def _alternative_names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return ()
    names = []
    for name in list(extension.value)[:MAX_NAMES]:
        match name:
            case x509.DNSName(value=value):
                names.append(f"dns:{value}")
            case x509.RFC822Name(value=value):
                names.append(f"email:{value}")
            case x509.UniformResourceIdentifier(value=value):
                names.append(f"uri:{value}")
            case x509.IPAddress(value=value):
                names.append(f"ip:{value}")
            case _:
                continue
    return tuple(names)
