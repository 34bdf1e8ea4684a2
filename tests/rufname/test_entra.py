"""Signing in at a terminal, against an endpoint on loopback that says what Entra may say.

The whole way with a real provider is in `tests.e2e.test_registration`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from typing_extensions import override

from rufname import entra
from rufname.entra import Application, NotSignedIn, sign_in_by_browser, sign_in_by_code

DEVICE = {
    "device_code": "D", "user_code": "ABCD", "verification_uri": "https://x/device",
    "expires_in": 60, "interval": 0, "message": "more",
}  # fmt: skip


class Endpoint:
    """Answers forms in order; attributes: `address`, `forms` as they came."""

    def __init__(self, address: str, answers: list[tuple[int, object]]) -> None:
        self.address = address
        self.answers = answers
        self.forms: list[tuple[str, dict[str, str]]] = []

    def application(self) -> Application:
        return Application(self.address, "organizations", "app", "api://x/app/register")


@contextmanager
def answering(*answers: tuple[int, object]) -> Iterator[Endpoint]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            endpoint.forms.append((self.path, form))
            status, said = endpoint.answers.pop(0)
            octets = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        do_GET = do_POST  # noqa: N815 - its name in the library

        @override
        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    endpoint = Endpoint(f"http://127.0.0.1:{server.server_port}", list(answers))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def web() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=10) as client:
        yield client


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entra.time, "sleep", lambda _s: None)


def test_a_code_is_shown_and_asked_for_until_the_person_is_done(web: httpx.Client) -> None:
    pending = (400, {"error": "authorization_pending"})
    slow = (400, {"error": "slow_down"})
    with answering((200, DEVICE), pending, slow, (200, {"access_token": "T"})) as endpoint:
        said: list[str] = []
        assert sign_in_by_code(web, endpoint.application(), said.append) == "T"
    assert said == ["open https://x/device in a browser and enter the code ABCD"]
    paths = [path for path, _ in endpoint.forms]
    assert (
        paths
        == ["/organizations/oauth2/v2.0/devicecode"] + ["/organizations/oauth2/v2.0/token"] * 3
    )
    assert endpoint.forms[0][1] == {"client_id": "app", "scope": "api://x/app/register"}
    assert endpoint.forms[1][1]["device_code"] == "D"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((400, {"error": "authorization_declined"}), "authorization_declined"),
        ((400, {"error": "x", "error_description": "AADSTS1:\n no"}), "not signed in: AADSTS1: no"),
        ((500, {"error": "server_error"}), "server_error"),
        ((502, b"<html>"), "status 502"),
        ((200, b"<html>"), "cannot be read"),
        ((400, {}), "no token"),
    ],
)
def test_what_goes_wrong_is_said(web: httpx.Client, answer: tuple[int, object], words: str) -> None:
    with answering((200, DEVICE), answer) as endpoint, pytest.raises(NotSignedIn, match=words):
        sign_in_by_code(web, endpoint.application(), lambda _words: None)


def test_a_code_that_nobody_enters_ends(web: httpx.Client) -> None:
    with (
        answering((200, {**DEVICE, "expires_in": 0})) as endpoint,
        pytest.raises(NotSignedIn, match="in time"),
    ):
        sign_in_by_code(web, endpoint.application(), lambda _words: None)


def test_an_endpoint_that_is_not_there_is_named(web: httpx.Client) -> None:
    with answering() as endpoint:
        application = endpoint.application()
    with pytest.raises(NotSignedIn, match=application.authority):
        sign_in_by_code(web, application, lambda _words: None)


def browsing(answer: Callable[[dict[str, str]], dict[str, str]]) -> Callable[[str], None]:
    """Return a browser that comes back with what `answer` makes of the request."""

    def show(address: str) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        where = asked["redirect_uri"].replace("localhost", "127.0.0.1")

        def come_back() -> None:
            with httpx.Client(timeout=10) as browser:
                stranger = browser.get(where, params={"state": "other", "code": "C"})
                assert stranger.status_code == 404
                assert browser.get(f"{where}/favicon.ico").status_code == 404
                assert browser.get(where, params=answer(asked)).status_code == 200

        threading.Thread(target=come_back).start()

    return show


def test_the_browser_comes_back_with_a_code_for_this_sign_in_alone(web: httpx.Client) -> None:
    with answering((200, {"access_token": "T"})) as endpoint:
        show = browsing(lambda asked: {"state": asked["state"], "code": "C"})
        assert sign_in_by_browser(web, endpoint.application(), show) == "T"
    (path, form) = endpoint.forms[0]
    assert path == "/organizations/oauth2/v2.0/token"
    assert form["code"] == "C"
    assert len(form["code_verifier"]) >= 43
    assert form["redirect_uri"].startswith("http://localhost:")


def test_a_sign_in_that_was_refused_in_the_browser_is_said(web: httpx.Client) -> None:
    with answering() as endpoint:
        show = browsing(
            lambda asked: {
                "state": asked["state"],
                "error": "access_denied",
                "error_description": "no",
            }
        )
        with pytest.raises(NotSignedIn, match="not signed in: no"):
            sign_in_by_browser(web, endpoint.application(), show)


def test_a_browser_that_never_comes_back_ends_the_sign_in(
    web: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entra, "BROWSER_WAIT_S", 0.05)
    with answering() as endpoint, pytest.raises(NotSignedIn, match="in time"):
        sign_in_by_browser(web, endpoint.application(), lambda _address: None)
