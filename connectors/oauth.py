"""OAuth 2.0 client credentials (RFC 6749 4.4): a program signs in as itself.

Law: a token is asked for when it is needed, kept for a run, and never written anywhere. A client
proves itself by a secret or by a certificate (RFC 7523): with that, no secret travels.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
import uuid
from urllib.parse import quote_plus, urlencode

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from connectors.errors import SourceFailed
from connectors.jsontexts import decode_json
from connectors.settings import SecretRef
from connectors.web import Answer, WebSession

EARLY_S = 120
"""A token is renewed so long before it ends: clocks differ, and a request takes its time."""

USUAL_S = 3_600.0
"""How long a token is taken to last whose end is not told; one that ends before is refused then."""

ASSERTION_S = 600
MAX_REASON_CHARS = 300

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Client(msgspec.Struct, frozen=True):
    """A program that is registered with a server.

    Attributes:
        token_url: where tokens are given.
        client_id: its name there.
        secret: its secret, or None.
        certificate: its certificate and private key in one PEM text, or None.
        scope: what it asks for.
    """

    token_url: str
    client_id: str
    secret: SecretRef | None
    certificate: SecretRef | None
    scope: str


class Tokens:
    """The access token of one run."""

    def __init__(self, web: WebSession, client: Client) -> None:
        self._web = web
        self._client = client
        self._token = ""
        self._ends = 0.0

    def header(self) -> str:
        """Return the value of an Authorization header.

        Raises:
            SourceFailed: the server gives no token; its words without secrets.
            SecretUnavailable: secret or certificate cannot be read.
        """
        if time.monotonic() >= self._ends:
            self._renew()
        return f"Bearer {self._token}"

    def forget(self) -> None:
        """Ask for a new token next time: the server no longer takes this one."""
        self._ends = 0.0

    def _renew(self) -> None:
        client = self._client
        form = {
            "grant_type": "client_credentials",
            "client_id": client.client_id,
            "scope": client.scope,
        }
        if client.certificate is not None:
            form["client_assertion_type"] = _ASSERTION_TYPE
            form["client_assertion"] = signed_assertion(
                client.certificate.read(), client.client_id, client.token_url, time.time()
            )
        elif client.secret is not None:
            form["client_secret"] = client.secret.read()
        body = urlencode({name: text for name, text in form.items() if text}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self._web.request("POST", client.token_url, headers, body)
        if not answer.ok and "client_secret" in form and _error(answer.body) == "invalid_client":
            # Every server knows this other way to say the same, some no other (RFC 6749 2.3.1).
            name, secret = (quote_plus(form.pop(part)) for part in ("client_id", "client_secret"))
            login = base64.b64encode(f"{name}:{secret}".encode()).decode("ascii")
            body = urlencode({name: text for name, text in form.items() if text}).encode()
            headers["Authorization"] = f"Basic {login}"
            other = self._web.request("POST", client.token_url, headers, body)
            answer = other if other.ok else answer  # what was wrong at first is what is told
        try:
            said = decode_json(answer.body)
            token, lasts = str(said["access_token"]), said.get("expires_in")
            lasts = USUAL_S if lasts is None else float(lasts)
        except (ValueError, KeyError, TypeError, AttributeError):
            token, lasts = "", 0.0
        if not answer.ok or not token or not token.isprintable():
            raise SourceFailed(f"{client.token_url}: no token: {_reason(answer)}")
        self._token = token
        self._ends = time.monotonic() + max(lasts - EARLY_S, lasts / 2)


def _error(body: bytes) -> str:
    """Return the word for what is wrong (RFC 6749 5.2), "" for none."""
    try:
        return str(decode_json(body)["error"])
    except (ValueError, KeyError, TypeError):
        return ""


def _reason(answer: Answer) -> str:
    """Return what a token server says is wrong (RFC 6749 5.2), on one line."""
    try:
        said = decode_json(answer.body)
        words = f"{said['error']}: {said.get('error_description', '')}"
    except (ValueError, KeyError, TypeError, AttributeError):
        words = f"it does not say why (HTTP {answer.status})"
    return " ".join(words.split())[:MAX_REASON_CHARS].rstrip(": ")


def signed_assertion(pem: str, client_id: str, audience: str, now: float) -> str:
    """Return a JWT by which a client proves itself (RFC 7523 3), signed by PS256.

    Args:
        pem: certificate and private RSA key.
        client_id: issuer and subject.
        audience: the token URL.
        now: epoch seconds.

    Raises:
        SourceFailed: the text holds no certificate with an RSA key.
    """
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise SourceFailed(
            "certificate: not a PEM text with a certificate and its private key without a password"
        ) from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise SourceFailed("certificate: its key is no RSA key")
    if key.public_key() != certificate.public_key():
        raise SourceFailed("certificate: certificate and private key do not belong together")
    digest = hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).digest()
    head = {"alg": "PS256", "typ": "JWT", "x5t#S256": _base64url(digest)}
    claims = {
        "aud": audience,
        "iss": client_id,
        "sub": client_id,
        "jti": str(uuid.uuid4()),
        "nbf": int(now) - 60,
        "exp": int(now) + ASSERTION_S,
    }
    signed = ".".join(_base64url(json.dumps(part).encode()) for part in (head, claims))
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    signature = key.sign(signed.encode(), pss, hashes.SHA256())
    return f"{signed}.{_base64url(signature)}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
