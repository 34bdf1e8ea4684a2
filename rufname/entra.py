"""A person signs in with Entra at a terminal: by a code typed in any browser, or in the one here.

Law: the token stays in memory. Where to sign in is decided by the command line, not by whoever asks
for the sign-in.

Sources: RFC 8628 (device authorization grant); RFC 8252 and 7636 (loopback redirect, PKCE);
Microsoft identity platform, "OAuth 2.0 device authorization grant" and "authorization code flow".
"""

from __future__ import annotations

import hashlib
import html
import secrets
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import msgspec
from typing_extensions import override

from relay.octets import encode_octets
from rufname.errors import RufnameError

BROWSER_WAIT_S = 600.0
MAX_WORDS = 300

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


_Read = TypeVar("_Read")


class NotSignedIn(RufnameError):
    """The sign-in failed, was declined, or took too long."""


class Application(msgspec.Struct, frozen=True):
    """Where and for what somebody signs in.

    Attributes:
        authority: where Entra is, `https://HOST[:PORT]`.
        tenant: the tenant's id, or `relay.nodesettings.ANY_ORGANISATION`.
        client_id: the application.
        scope: what its token is to allow.
    """

    authority: str
    tenant: str
    client_id: str
    scope: str

    def address(self, what: str) -> str:
        """Return one of Entra's addresses."""
        return f"{self.authority}/{self.tenant}/oauth2/v2.0/{what}"


class _Device(msgspec.Struct, frozen=True):
    device_code: str
    user_code: str
    verification_uri: str
    expires_in: int
    interval: int = 5


class _Given(msgspec.Struct, frozen=True):
    """What the token endpoint says: a token, or an error (RFC 6749, 5.1 and 5.2)."""

    access_token: str = ""
    error: str = ""
    error_description: str = ""


def sign_in_by_code(web: httpx.Client, application: Application, say: Callable[[str], None]) -> str:
    """Return an access token of a person who types a code in a browser, anywhere.

    Args:
        web: asks Entra.
        application: for what.
        say: tells the person where to go and what to type.

    Raises:
        NotSignedIn: it failed; says why.
    """
    form = {"client_id": application.client_id, "scope": application.scope}
    device = _decode(_Device, _post(web, application.address("devicecode"), form))
    say(f"open {device.verification_uri} in a browser and enter the code {device.user_code}")
    ends_s = time.monotonic() + device.expires_in
    form = {
        "client_id": application.client_id,
        "grant_type": DEVICE_CODE,
        "device_code": device.device_code,
    }
    interval_s = max(1, device.interval)
    while time.monotonic() < ends_s:
        time.sleep(interval_s)
        given = _decode(_Given, _post(web, application.address("token"), form, refused=True))
        if given.access_token:
            return given.access_token
        if given.error == "slow_down":
            interval_s += 5
        elif given.error != "authorization_pending":
            raise NotSignedIn(_words(given))
    raise NotSignedIn("nobody entered the code in time")


def sign_in_by_browser(
    web: httpx.Client, application: Application, show: Callable[[str], None]
) -> str:
    """Return an access token of a person who signs in with a browser on this machine.

    Args:
        web: asks Entra.
        application: for what; its registration has the redirect address `http://localhost`.
        show: opens an address in the browser, or says it.

    Raises:
        NotSignedIn: it failed; says why.
    """
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    digest = hashlib.sha256(verifier.encode()).digest()
    with _Landing(state) as landing:
        redirect = f"http://localhost:{landing.server_port}"
        asked = {
            "client_id": application.client_id,
            "response_type": "code",
            "response_mode": "query",
            "redirect_uri": redirect,
            "scope": application.scope,
            "state": state,
            "code_challenge": encode_octets(digest),
            "code_challenge_method": "S256",
        }
        show(f"{application.address('authorize')}?{urlencode(asked)}")
        code = landing.wait(BROWSER_WAIT_S)
    form = {
        "client_id": application.client_id,
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect,
        "code_verifier": verifier,
    }
    given = _decode(_Given, _post(web, application.address("token"), form, refused=True))
    if not given.access_token:
        raise NotSignedIn(_words(given))
    return given.access_token


class _Landing(HTTPServer):
    """Waits on loopback for the browser to come back from the sign-in."""

    def __init__(self, state: str) -> None:
        super().__init__(("127.0.0.1", 0), _Visit)
        self._state = state
        self._landed: dict[str, str] | None = None

    def wait(self, timeout_s: float) -> str:
        """Return the code that the browser brings."""
        ends_s = time.monotonic() + timeout_s
        while self._landed is None:
            self.timeout = ends_s - time.monotonic()
            if self.timeout <= 0:
                raise NotSignedIn("nobody came back from the sign-in in time")
            self.handle_request()
        if "error" in self._landed:
            given = _Given("", self._landed["error"], self._landed.get("error_description", ""))
            raise NotSignedIn(_words(given))
        return self._landed["code"]

    def land(self, path: str) -> str:
        """Take what the browser brings; return what to show to the person, "" for a stranger."""
        fields = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        known = secrets.compare_digest(fields.get("state", "").encode(), self._state.encode())
        if not known or not ("code" in fields or "error" in fields):
            return ""
        self._landed = fields
        return "You may close this page." if "code" in fields else "The sign-in failed."


class _Visit(BaseHTTPRequestHandler):
    timeout = 10

    def do_GET(self) -> None:
        """Answer the browser."""
        assert isinstance(self.server, _Landing)
        words = self.server.land(self.path)
        body = f"<!doctype html><title>Rufname</title><p>{html.escape(words)}</p>".encode()
        self.send_response(200 if words else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, *_: Any) -> None:
        """Say nothing: the address holds the code."""


def _post(web: httpx.Client, address: str, form: dict[str, str], *, refused: bool = False) -> bytes:
    """Return what Entra answers to a form; a refusal is an answer where `refused` is true."""
    try:
        answer = web.post(address, data=form)
    except httpx.HTTPError as error:
        raise NotSignedIn(f"{address}: {str(error) or type(error).__name__}") from None
    if answer.is_success or (refused and answer.status_code == httpx.codes.BAD_REQUEST):
        return answer.content
    try:
        words = _words(msgspec.json.decode(answer.content, type=_Given))
    except msgspec.DecodeError:
        words = f"status {answer.status_code}"
    raise NotSignedIn(f"{address}: {words}")


def _decode(kind: type[_Read], body: bytes) -> _Read:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError:
        raise NotSignedIn("the sign-in answers what cannot be read") from None


def _words(given: _Given) -> str:
    words = " ".join(given.error_description.split()) or given.error or "no token"
    return f"not signed in: {words[:MAX_WORDS]}"
