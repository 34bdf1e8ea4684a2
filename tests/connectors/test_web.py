from __future__ import annotations

import gzip
import socket
import threading
import time
from email.utils import formatdate
from pathlib import Path

import pytest

import connectors.web
from connectors.errors import Cancelled, SourceFailed
from connectors.settings import SecretRef, SettingFault
from connectors.web import (
    Answer,
    WebLink,
    WebSession,
    _retry_after_s,
    refuse_proxy,
    same_origin,
    web_url_fault,
)
from tests.connectors.certificates import Authority
from tests.connectors.proxypeer import LOGIN, asked, running_proxy
from tests.connectors.webpeer import Request, web_server

LINK = WebLink(ca=None, allow_plain=False, allow_link_local=False, timeout_s=10)


def ask(url: str, link: WebLink = LINK) -> Answer:
    session = WebSession(link)
    try:
        return session.request("GET", url)
    finally:
        session.close()


def test_an_answer_is_read_whole_over_one_connection() -> None:
    ports = set()

    def handle(request: Request) -> None:
        ports.add(request.client_address[1])
        request.answer(200, b"x" * 300_000, {"X-Name": "a"})

    with web_server(handle) as url:
        session = WebSession(LINK)
        for _ in range(3):
            answer = session.request("GET", f"{url}/a?b=c")
            assert (answer.status, len(answer.body), answer.headers["x-name"]) == (
                200,
                300_000,
                "a",
            )
        session.close()
    assert len(ports) == 1


def test_a_connection_that_was_closed_meanwhile_is_made_again() -> None:
    def handle(request: Request) -> None:
        request.answer(200, b"ok")
        request.close_connection = True  # without saying so

    with web_server(handle) as url:
        session = WebSession(LINK)
        for _ in range(3):
            assert session.request("GET", url).body == b"ok"
        session.close()


def test_a_redirect_is_not_followed() -> None:
    asked = []

    def handle(request: Request) -> None:
        asked.append(request.path)
        request.answer(302, headers={"Location": "/other?token=secret"})

    with (
        web_server(handle) as url,
        pytest.raises(SourceFailed, match=r"redirects to .*/other: ") as e,
    ):
        ask(f"{url}/first?token=secret")
    assert asked == ["/first?token=secret"]
    assert "secret" not in str(e.value)


def test_a_busy_server_is_asked_again_when_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(WebSession, "_wait", lambda _self, seconds, _url: waits.append(seconds))
    answers = [(429, {"Retry-After": "7"}), (503, {}), (200, {})]

    def handle(request: Request) -> None:
        status, headers = answers.pop(0)
        request.answer(status, b"", headers)

    with web_server(handle) as url:
        assert ask(url).status == 200
    assert waits[0] == 7.0
    assert 1.0 <= waits[1] <= 2.0


def test_a_server_that_is_busy_for_too_long_is_given_up() -> None:
    def handle(request: Request) -> None:
        request.answer(503, b"", {"Retry-After": "4000"})

    with web_server(handle) as url, pytest.raises(SourceFailed, match="come back in 4000 s"):
        ask(url)


def test_a_date_to_come_back_at_is_understood() -> None:
    answer = Answer(503, {"retry-after": formatdate(time.time() + 50, usegmt=True)}, b"")
    assert 45 <= _retry_after_s(answer, 1) <= 51
    assert _retry_after_s(Answer(503, {"retry-after": "soon"}, b""), 3) >= 2


def test_a_date_to_come_back_at_counts_by_the_servers_clock() -> None:
    """Ours may be fast; and a date without a zone is one of GMT (RFC 9110, 5.6.7)."""
    for behind in (-7_200, 0, 7_200):
        now = time.time() + behind
        dates = {"date": formatdate(now, usegmt=True)}
        for late in (formatdate(now + 50, usegmt=True), formatdate(now + 50)):
            assert 49 <= _retry_after_s(Answer(503, dates | {"retry-after": late}, b""), 1) <= 51
    past = {"retry-after": formatdate(time.time() - 50, usegmt=True)}
    assert _retry_after_s(Answer(503, past, b""), 3) >= 2
    assert _retry_after_s(Answer(503, {"retry-after": "Mon, 01 Jan 0001 00:00:00"}, b""), 3) >= 2


def test_an_answer_that_was_packed_unasked_is_unpacked() -> None:
    packed = {"Content-Encoding": "gzip"}
    with web_server(lambda request: request.answer(200, gzip.compress(b"[1]"), packed)) as url:
        assert ask(url).body == b"[1]"


@pytest.mark.parametrize(
    ("body", "encoding", "words"),
    [
        (gzip.compress(b"x" * 200_000, mtime=0), "gzip", "larger than 0 MiB"),
        (gzip.compress(b"x" * 200, mtime=0)[:-9], "gzip", "not one whole gzip"),
        (
            gzip.compress(b"[1", mtime=0) + gzip.compress(b"]", mtime=0),
            "gzip",
            "not one whole gzip",
        ),
        (b"[1]", "gzip", "not packed as gzip"),
        (b"[1]", "br", "packed as 'br', though it was not to be"),
    ],
)
def test_what_cannot_be_unpacked_is_said(
    body: bytes, encoding: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connectors.web, "MAX_BODY_BYTES", 100_000)
    headers = {"Content-Encoding": encoding}
    with (
        web_server(lambda request: request.answer(200, body, headers)) as url,
        pytest.raises(SourceFailed, match=words),
    ):
        ask(url)


def test_letters_beyond_ascii_in_a_url_are_sent_as_utf_8() -> None:
    with web_server(lambda request: request.answer(200, request.path.encode())) as url:
        assert ask(f"{url}/Straße 1/a%20b?city=Köln&x=(1|2)").body == (
            b"/Stra%C3%9Fe%201/a%20b?city=K%C3%B6ln&x=(1|2)"
        )


def test_an_endless_answer_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connectors.web, "MAX_BODY_BYTES", 100_000)

    def handle(request: Request) -> None:
        request.answer(200, b"x" * 200_000)

    with web_server(handle) as url, pytest.raises(SourceFailed, match="larger than 0 MiB"):
        ask(url)


def test_half_an_answer_is_none() -> None:
    def handle(request: Request) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "100")
        request.end_headers()
        request.wfile.write(b"half")
        request.close_connection = True

    with web_server(handle) as url, pytest.raises(SourceFailed):
        ask(url)


def test_certificates_are_verified(tmp_path: Path) -> None:
    authority = Authority(tmp_path)

    def handle(request: Request) -> None:
        request.answer(200, b"ok")

    trusted = WebLink(ca=authority.path, allow_plain=False, allow_link_local=False, timeout_s=10)
    with web_server(handle, authority) as url:
        assert ask(url, trusted).body == b"ok"
        with pytest.raises(SourceFailed, match="ca = … names the authority to trust"):
            ask(url)
        with pytest.raises(SourceFailed, match=r"IP address mismatch, [^;]*$"):
            ask(url.replace("localhost", "127.0.0.1"), trusted)


def hello(request: Request) -> None:
    request.answer(200, b"ok")


def by(proxy: str, ca: Path | None = None, login: SecretRef | None = None) -> WebLink:
    return WebLink(ca, False, False, 10, proxy, login)  # noqa: FBT003


def test_a_proxy_leads_to_servers_with_and_without_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with running_proxy(tmp_path / "proxy") as proxy:
        with web_server(hello, authority) as url:
            assert ask(f"{url}/secret", by(proxy, authority.path)).body == b"ok"
            with pytest.raises(SourceFailed, match="names the authority to trust"):
                ask(url, by(proxy))
            place = url.removeprefix("https://")
        with web_server(hello, name="127.0.0.1") as url:
            assert ask(url, by(proxy)).body == b"ok"
    said = asked(tmp_path / "proxy")
    assert f"CONNECT {place} HTTP/1.1" in said
    assert "secret" not in said


def test_a_proxy_gets_its_login_and_the_server_does_not(tmp_path: Path) -> None:
    seen = []

    def handle(request: Request) -> None:
        seen.append(request.headers["Proxy-Authorization"])
        request.answer(200, b"ok")

    file = tmp_path / "login"
    with running_proxy(tmp_path / "proxy", login=LOGIN) as proxy, web_server(handle) as url:
        with pytest.raises(SourceFailed, match=rf"the proxy {proxy} wants a login: proxy_login"):
            ask(url, by(proxy))
        for text, words in (("firm:x", "wants another login"), ("firm", "not NAME:PASSWORD")):
            file.write_text(text)
            with pytest.raises(SourceFailed, match=words):
                ask(url, by(proxy, login=SecretRef(file=file)))
        file.write_text(f"{LOGIN}\n")
        assert ask(url, by(proxy, login=SecretRef(file=file))).body == b"ok"
    assert seen == [None]


def test_what_a_proxy_refuses_is_told_in_its_words(tmp_path: Path) -> None:
    with running_proxy(tmp_path / "proxy", to_port=1) as proxy, web_server(hello) as url:
        with pytest.raises(SourceFailed, match=rf"^{url}: the proxy {proxy} answers 403 "):
            ask(url, by(proxy))
        with pytest.raises(SourceFailed, match="link-local or metadata address"):
            ask("http://169.254.169.254/", by(proxy))
    with pytest.raises(SourceFailed, match=rf"^{url}: Connection refused"):
        ask(url, by(proxy))


def test_what_is_no_proxy_is_refused() -> None:
    login = SecretRef(env="LOGIN")
    refuse_proxy("", None)
    refuse_proxy("http://proxy.firm.example:3128", login)
    refuse_proxy("http://[::1]:3128/", None)
    for proxy in ("proxy:3128", "https://proxy:3128", "http://proxy", "http://u:p@proxy:3128",
                  "http://proxy:3128/x", "http://proxy:99999", "http://:3128"):  # fmt: skip
        with pytest.raises(SettingFault, match="proxy"):
            refuse_proxy(proxy, None)
    with pytest.raises(SettingFault, match="proxy_login"):
        refuse_proxy("", login)


def test_a_mute_proxy_is_left_when_cancelled() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        session = WebSession(by(f"http://127.0.0.1:{mute.getsockname()[1]}"))
        failures: list[Exception] = []

        def run() -> None:
            try:
                session.request("GET", "https://server.example/")
            except Cancelled as error:
                failures.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        wire, _ = mute.accept()
        with wire:
            assert wire.recv(10).startswith(b"CONNECT")
            session.cancel()
            thread.join(10)
    assert len(failures) == 1
    session.close()


def test_a_mute_server_is_left_when_cancelled() -> None:
    release, asked = threading.Event(), threading.Event()

    def handle(_: Request) -> None:
        asked.set()
        release.wait(30)

    with web_server(handle) as url:
        session = WebSession(LINK)
        failures: list[Exception] = []

        def run() -> None:
            try:
                session.request("GET", url)
            except Cancelled as error:
                failures.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        assert asked.wait(20)
        session.cancel()
        thread.join(5)
        assert not thread.is_alive()
        release.set()
        session.close()
    assert len(failures) == 1


def test_link_local_addresses_are_not_asked() -> None:
    with pytest.raises(SourceFailed, match="link-local or metadata"):
        ask("http://169.254.169.254/latest/meta-data")


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://server.example/a?b", ""),
        ("http://127.0.0.1:8/", ""),
        ("http://server.example/", "without allow_plain"),
        ("file:///etc/passwd", "no URL of a web server"),
        ("https://", "no URL of a web server"),
        ("https://[", "is no URL"),
        ("https://a:b@server.example/", "no user or password"),
    ],
)
def test_urls_are_looked_at_before_they_are_asked(url: str, fault: str) -> None:
    found = web_url_fault(url, allow_plain=False)
    assert fault in found
    assert bool(fault) == bool(found)


def test_origins_are_scheme_host_and_port() -> None:
    assert same_origin("https://a.example/x", "https://a.example:443/y")
    assert not same_origin("https://a.example/", "http://a.example/")
    assert not same_origin("https://a.example/", "https://b.example/")
