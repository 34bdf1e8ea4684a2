from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from connectors.errors import SourceFailed
from connectors.oauth import Client, Tokens, signed_assertion
from connectors.settings import SecretRef
from connectors.web import WebLink, WebSession
from tests.connectors.webpeer import Request, web_server


def client_certificate() -> tuple[str, x509.Certificate]:
    """A certificate with its key, as one PEM text, and itself."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rufname")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + certificate.public_bytes(serialization.Encoding.PEM)
    return text.decode(), certificate


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def verify_assertion(assertion: str, certificate: x509.Certificate) -> dict[str, object]:
    """Return the claims of an assertion; raises where this certificate did not sign it."""
    head, claims, signature = assertion.split(".")
    thumb = hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).digest()
    said = json.loads(decoded(head))
    assert said["alg"] == "PS256"
    assert decoded(said["x5t#S256"]) == thumb
    public = certificate.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    public.verify(decoded(signature), f"{head}.{claims}".encode(), pss, hashes.SHA256())
    found: dict[str, object] = json.loads(decoded(claims))
    return found


def test_an_assertion_is_signed_by_the_certificate() -> None:
    pem, certificate = client_certificate()
    claims = verify_assertion(
        signed_assertion(pem, "app", "https://x.example/t", 1000.5), certificate
    )
    assert (claims["aud"], claims["iss"], claims["sub"]) == ("https://x.example/t", "app", "app")
    assert (claims["nbf"], claims["exp"]) == (940, 1600)


def test_what_is_no_certificate_with_its_key_is_said() -> None:
    pem, _ = client_certificate()
    other, _ = client_certificate()
    curve = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = pem[pem.index("-----BEGIN CERTIFICATE") :]
    for text, words in (
        ("no pem", "not a PEM text"),
        (public, "not a PEM text"),
        (curve.decode() + public, "no RSA key"),
        (other[: other.index("-----BEGIN CERTIFICATE")] + public, "do not belong together"),
    ):
        with pytest.raises(SourceFailed, match=words):
            signed_assertion(text, "app", "https://x.example/", 0)


def test_a_token_is_kept_until_it_ends_or_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret")
    asked: list[dict[str, list[str]]] = []
    answers = [(200, {"access_token": "one", "expires_in": 3600}), (200, {"access_token": "two"})]

    def handle(request: Request) -> None:
        asked.append(parse_qs(request.content.decode()))
        status, said = answers.pop(0)
        request.answer(status, json.dumps(said).encode())

    web = WebSession(WebLink(ca=None, allow_plain=False, allow_link_local=False, timeout_s=10))
    with web_server(handle) as url:
        secret = SecretRef(file=tmp_path / "secret")
        tokens = Tokens(web, Client(url, "app", secret, None, "all"))
        assert [tokens.header(), tokens.header()] == ["Bearer one", "Bearer one"]
        tokens.forget()
        assert tokens.header() == "Bearer two"
    web.close()
    assert len(asked) == 2
    assert asked[0] == {
        "grant_type": ["client_credentials"],
        "client_id": ["app"],
        "client_secret": ["s3cret"],
        "scope": ["all"],
    }


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            b'{"error":"invalid_client","error_description":"wrong\\nsecret"}',
            "invalid_client: wrong",
        ),
        (b"<html>", r"it does not say why \(HTTP 400\)"),
        (b'{"access_token":""}', "it does not say why"),
        (b"[]", "it does not say why"),
    ],
)
def test_a_token_that_is_refused_is_one_line(tmp_path: Path, body: bytes, words: str) -> None:
    (tmp_path / "secret").write_text("s3cret")
    web = WebSession(WebLink(ca=None, allow_plain=False, allow_link_local=False, timeout_s=10))
    with web_server(lambda request: request.answer(400, body)) as url:
        secret = SecretRef(file=tmp_path / "secret")
        tokens = Tokens(web, Client(url, "app", secret, None, ""))
        with pytest.raises(SourceFailed, match=f"no token: {words}") as failure:
            tokens.header()
    web.close()
    assert "\n" not in str(failure.value)
    assert "s3cret" not in str(failure.value)


def test_a_server_that_knows_a_secret_in_the_header_only_is_served(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3c:ret")
    login = base64.b64encode(b"app%2B:s3c%3Aret").decode()

    def handle(request: Request) -> None:
        if request.headers.get("Authorization") != f"Basic {login}":
            request.answer(401, b'{"error":"invalid_client"}')
        elif b"secret" in request.content or b"client_id" in request.content:
            request.answer(400, b'{"error":"invalid_request"}')
        else:
            request.answer(200, b'{"access_token":"one","expires_in":null}')

    web = WebSession(WebLink(ca=None, allow_plain=False, allow_link_local=False, timeout_s=10))
    with web_server(handle) as url:
        secret = SecretRef(file=tmp_path / "secret")
        tokens = Tokens(web, Client(url, "app+", secret, None, "all"))
        assert [tokens.header(), tokens.header()] == ["Bearer one", "Bearer one"]
    web.close()


def test_why_a_secret_was_refused_at_first_is_what_is_told(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret")

    def handle(request: Request) -> None:
        if request.headers.get("Authorization"):
            request.answer(400, b'{"error":"invalid_request","error_description":"no client_id"}')
        else:
            request.answer(401, b'{"error":"invalid_client","error_description":"it expired"}')

    web = WebSession(WebLink(ca=None, allow_plain=False, allow_link_local=False, timeout_s=10))
    with web_server(handle) as url:
        secret = SecretRef(file=tmp_path / "secret")
        with pytest.raises(SourceFailed, match="invalid_client: it expired"):
            Tokens(web, Client(url, "app", secret, None, "")).header()
    web.close()
