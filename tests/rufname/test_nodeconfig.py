"""`relay.toml`: the manual names each setting as it is; faults are named, all of them at once."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from relay.tunnel.natslink import NatsSettings
from rufname import nodeconfig
from rufname.configfile import MetricsTable
from rufname.errors import ConfigError
from rufname.nodeconfig import NodeConfig, load_node_config
from rufname.tomltables import words_for
from tests.ldapd.authority import Authority
from tests.rufname.manual import default_of, documented, value_of

MANUAL = Path(__file__).parents[2] / "docs" / "relay.md"
SHAPES: dict[str, type[msgspec.Struct]] = {
    "the node": nodeconfig.NodeTable,
    "[tls]": nodeconfig.TlsTable,
    "[limits]": nodeconfig.LimitsTable,
    "[nats]": nodeconfig.NatsTable,
    "[metrics]": MetricsTable,
}
LEAST = """
url = "https://Relay.example.com/"
client_id = "AAAAAAAA-bbbb-4ccc-8ddd-eeeeeeeeeeee"
listen = "http://127.0.0.1:8080"
"""


def load(folder: Path, text: str) -> NodeConfig:
    path = folder / "relay.toml"
    path.write_text(text)
    return load_node_config(path)


def faults(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    return "\n".join(caught.value.faults).replace(f"{folder / 'relay.toml'}: ", "")


@pytest.mark.parametrize("section", SHAPES)
def test_the_manual_names_every_setting_its_bounds_and_its_default(section: str) -> None:
    fields = msgspec.structs.fields(SHAPES[section])
    assert {
        name: (allowed, default_of(default))
        for name, (allowed, default) in documented(MANUAL)[section].items()
    } == {field.encode_name: (words_for(field.type), value_of(field)) for field in fields}


def test_the_least_configuration_is_a_relay_of_one_node(tmp_path: Path) -> None:
    config = load(tmp_path, LEAST)
    settings = config.settings
    assert (settings.url, settings.public_host) == (
        "https://relay.example.com",
        "relay.example.com",
    )
    assert settings.client_id == "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
    assert settings.data_dir == tmp_path / "var"
    assert settings.node
    assert config.nats is None
    assert config.warnings == ()
    assert str(settings) == "http://127.0.0.1:8080"


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    text = """
url = "relay.example.com"
client_id = "x"
listen = "ftp://x"
node = "a b"
speed = 1
[limits]
user_rate = -1
[tls]
certificate = "none.pem"
key = "none.key"
[nats]
servers = ["nats://x", "http://x:1"]
user = "relay"
replicas = 2
"""
    told = faults(tmp_path, text)
    for key in ("client_id: ", "node: ", 'unknown key "speed"', "limits.user_rate: ", "nats.repl"):
        assert key in told
    assert "nats.replicas: got 2; allowed: 1, 3, 5" in told  # numbers, as they are written
    rest = text.replace('"x"\n', '"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"\n', 1)
    told = faults(tmp_path, rest)
    for key in ("url: ", "listen: ", "tls.certificate: ", "tls.key: "):
        assert key in told
    for key in ("nats.servers[1]: ", "nats.servers[2]: ", "nats.password: is missing"):
        assert key in told


def test_tokens_do_not_leave_the_machine_in_clear(tmp_path: Path) -> None:
    open_to_all = LEAST.replace("127.0.0.1", "0.0.0.0")
    assert "would carry users' tokens beyond this machine in clear" in faults(tmp_path, open_to_all)
    assert load(tmp_path, f"{open_to_all}allow_plain = true").settings.allow_plain
    for name in ("c.pem", "k.pem"):
        (tmp_path / name).write_text("x")
        (tmp_path / name).chmod(0o600)
    secure = f'{open_to_all}[tls]\ncertificate = "CERT"\nkey = "KEY"'
    broken = secure.replace("CERT", "c.pem").replace("KEY", "k.pem")
    assert "tls: certificate and key do not belong together" in faults(tmp_path, broken)
    made = Authority(tmp_path).sign("relay")
    whole = secure.replace("CERT", str(made.certificate)).replace("KEY", str(made.key))
    assert str(load(tmp_path, whole).settings) == "https://0.0.0.0:8080"


def test_nats_has_two_accounts_with_passwords_by_reference(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("secret\n")
    (tmp_path / "p").chmod(0o600)
    nats = """[nats]
servers = ["tls://nats.example:4222"]
user = "relay"
password = { file = "p" }
records_user = "records"
records_password = { file = "p" }
"""
    config = load(tmp_path, LEAST + nats)
    servers = ("tls://nats.example:4222",)
    assert config.nats == NatsSettings(servers, "relay", "secret")
    assert config.nats_records == NatsSettings(servers, "records", "secret")
    assert "is too" not in faults(tmp_path, LEAST + nats.replace('"p"', '"none"', 1))


def test_a_token_has_to_be_of_the_tenant_that_it_names(tmp_path: Path) -> None:
    tenant = "11111111-2222-4333-8444-555555555555"
    rules = load(tmp_path, LEAST).settings.token_rules(tenant)
    assert rules.issuer == f"https://login.microsoftonline.com/{tenant}/v2.0"
    assert rules.tenant == tenant
    assert rules.client_id in rules.apps
