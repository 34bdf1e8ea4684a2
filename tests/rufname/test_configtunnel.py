"""`[tunnel]`: resolved with what `[relay]` says of the app's looks; every fault by its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.tunnel.settings import TunnelSettings
from rufname.config import ConfigError
from tests.rufname.configuring import faults_of, load, make_folder

APP = "AAAAAAAA-bbbb-4ccc-8ddd-eeeeeeeeeeee"
TUNNEL = f'[tunnel]\nclient_id = "{APP}"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path)


def tunnel(folder: Path, text: str) -> TunnelSettings:
    settings = load(folder, text).tunnel
    assert settings is not None
    return settings


def test_the_app_of_the_relay_is_all_that_it_needs(folder: Path) -> None:
    settings = tunnel(folder, TUNNEL)
    assert settings == TunnelSettings(client_id=APP.lower())
    assert settings.keys_url("t").startswith("https://login.microsoftonline.com/t/")
    assert settings.token_rules("t").issuer == "https://login.microsoftonline.com/t/v2.0"
    assert load(folder, "").tunnel is None


def test_looks_are_those_of_the_http_side_unless_it_has_its_own(folder: Path) -> None:
    relay = (
        '[relay]\nlisten = "http://127.0.0.1:0"\nchat_domains = ["Firm.example"]\n'
        'customer_page = "https://crm.firm.example/"\n'
    )
    shared = tunnel(folder, relay + TUNNEL)
    assert shared.chat_domains == ("firm.example",)
    assert shared.customer_page == "https://crm.firm.example/"
    own = tunnel(folder, f'{relay}{TUNNEL}chat_domains = []\ncustomer_page = ""')
    assert (own.chat_domains, own.customer_page) == ((), "")


def test_a_proxy_and_its_login_stand_apart(folder: Path) -> None:
    login = folder / "login"
    login.write_text("name:pass word\n")
    login.chmod(0o600)
    settings = tunnel(
        folder, f'{TUNNEL}proxy = "http://Proxy.firm.example"\nproxy_login = {{ file = "login" }}'
    )
    assert settings.proxy == "http://proxy.firm.example:3128"
    assert settings.proxy_login == "name:pass word"
    assert tunnel(folder, f'{TUNNEL}proxy = "none"').proxy == "none"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('proxy = "proxy.firm.example:3128"', "tunnel.proxy: got"),
        ('proxy = "socks5://proxy:1080"', "tunnel.proxy: got"),
        ('proxy = "http://name:secret@proxy:3128"', "tunnel.proxy: a user name or password"),
        ('proxy_login = { file = "none" }', "tunnel.proxy_login: has no proxy to sign in at"),
        ('proxy = "http://p:1"\nproxy_login = { file = "none" }', "tunnel.proxy_login: "),
        ('proxy = "http://p:1"\nproxy_login = { file = "bad" }', "holds no colon"),
        ('ca = "none.pem"', "tunnel.ca: "),
        ('nodes = ["relay.example"]', "tunnel.nodes[1]: got"),
        ("lines = 9", "tunnel.lines: got 9"),
        ("window = 0", "tunnel.window: got 0"),
        ('client = "x"', 'unknown key "client"'),
    ],
)
def test_a_fault_is_named_by_its_key(folder: Path, line: str, said: str) -> None:
    (folder / "bad").write_text("no colon")
    (folder / "bad").chmod(0o600)
    told = "\n".join(faults_of(folder, TUNNEL + line))
    assert said in told
    assert "secret" not in told


def test_a_tunnel_without_the_relays_app_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"tunnel\.client_id: missing"):
        load(folder, "[tunnel]\n")
