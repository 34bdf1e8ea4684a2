"""What a relay refuses, and what is no relay at all, is said in words."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from relay.tunnel.settings import TunnelSettings
from rufname import registrar
from rufname.registrar import CannotRegister, Registrar, RelayRefuses, web_client
from tests.e2e.processes import free_port
from tests.rufname.test_entra import answering


@pytest.mark.parametrize(
    ("status", "body", "words", "code"),
    [
        (404, b"<html>", "status 404: is this the address of a relay", ""),
        (200, b"<html>", "status 200: is this the address of a relay", ""),
        (200, b'{"\xff": 1}', "status 200: is this the address of a relay", ""),
        (200, b'"' + b"x" * 1_000_000 + b'"', "status 200: is this the address of a relay", ""),
        (302, b"", "status 302", ""),
        (
            503,
            b'{"type":"urn:rufname:problem:try-later","title":"No answer now","status":503}',
            ": No answer now",
            "try-later",
        ),
        (
            403,
            b'{"type":"urn:rufname:problem:clock","title":"t","status":403,"detail":"the clocks"}',
            "the clocks",
            "clock",
        ),
    ],
)
def test_what_is_answered_instead_is_told(status: int, body: bytes, words: str, code: str) -> None:
    with (
        answering((status, body)) as endpoint,
        httpx.Client(trust_env=False) as web,
        pytest.raises(RelayRefuses, match=words) as error,
    ):
        Registrar(web, endpoint.address).ways()
    assert error.value.code == code


@pytest.mark.parametrize("moment", [2**62, -1])
def test_a_moment_that_no_calendar_knows_is_none(moment: int) -> None:
    standing = {"tid": "t", "state": "waiting", "waiting_until": moment}
    with (
        answering((200, standing)) as endpoint,
        httpx.Client(trust_env=False) as web,
        pytest.raises(RelayRefuses, match="is this the address of a relay"),
    ):
        Registrar(web, endpoint.address).standing("t")


def test_a_relay_that_is_not_there_is_named() -> None:
    address = f"http://127.0.0.1:{free_port()}"
    with (
        web_client(TunnelSettings(client_id="", proxy="none")) as web,
        pytest.raises(RelayRefuses, match=address),
    ):
        Registrar(web, address).ways()


def test_the_proxy_of_the_tunnel_is_used() -> None:
    proxy = f"http://127.0.0.1:{free_port()}"
    settings = TunnelSettings(client_id="", proxy=proxy, proxy_login="me:secret")
    with web_client(settings) as web, pytest.raises(RelayRefuses) as error:
        Registrar(web, "http://relay.example").ways()
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("address", ["socks5://127.0.0.1:1", "http://me:se#cret@proxy.example:1"])
def test_a_proxy_of_the_environment_that_cannot_be_used_is_told(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    for name in ("ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, address)
    with pytest.raises(RelayRefuses, match="proxy") as error:
        web_client(TunnelSettings(client_id=""))
    assert "cret" not in str(error.value)


def test_a_relay_is_asked_under_its_own_name_alone() -> None:
    ways = {"relay": "relay.example", "authority": "a", "client_id": "c", "scope": "s"}
    own = {**ways, "relay": "127.0.0.1"}
    with answering((200, own), (200, ways)) as endpoint, httpx.Client(trust_env=False) as web:
        relay = Registrar(web, endpoint.address)
        relay.require_own_name()
        with pytest.raises(CannotRegister, match=r"that relay's name is relay\.example"):
            relay.require_own_name()


def test_what_came_too_fast_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registrar, "BUSY_PAUSE_S", 0.0)
    busy = (429, {"type": "urn:rufname:problem:too-often", "title": "Too many", "status": 429})
    ways = {"relay": "r", "authority": "a", "client_id": "c", "scope": "s"}
    with httpx.Client(trust_env=False) as web:
        with answering(busy, busy, (200, ways)) as endpoint:
            assert Registrar(web, endpoint.address).ways().scope == "s"
        with (
            answering(*[busy] * 10) as endpoint,
            pytest.raises(RelayRefuses, match="Too many") as error,
        ):
            Registrar(web, endpoint.address).ways()
    assert error.value.code == "too-often"
    assert len(endpoint.forms) == 6


def test_authorities_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(RelayRefuses, match=r"ca\.pem: no certificates in PEM"):
        web_client(TunnelSettings(client_id="", ca=tmp_path / "ca.pem"))
