"""`[[client]]`, `[ldap]` and `[relay]` become settings, or faults that say what is allowed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from ldapd.settings import LdapLimits, LdapSettings, Listener, TlsSettings
from relay.settings import RelaySettings
from rufname import configfile
from tests.rufname.configuring import (
    CLIENT,
    HASH,
    SOURCE,
    fault_of,
    faults_of,
    load,
    make_folder,
    warnings_of,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path)


def test_a_password_hash_may_come_from_the_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SBC_HASH", HASH)
    text = SOURCE + CLIENT + 'password = { env = "SBC_HASH" }'
    assert load(folder, text).clients[0].password_hash == HASH


def test_a_missing_password_is_named(folder: Path) -> None:
    fault = fault_of(folder, CLIENT + 'password = { file = "keys/none" }')
    assert fault == (
        f'client[1] "sbc".password: {folder}/keys/none: No such file or directory; '
        "allowed: a hash made by `rufname password`"
    )
    fault = fault_of(folder, CLIENT + 'password = { env = "RUFNAME_NO_SUCH" }')
    assert "environment variable RUFNAME_NO_SUCH is not set" in fault


@pytest.mark.parametrize(
    "content",
    [b"hunter2", b"", HASH[:-30].encode(), HASH.replace("m=19456", "m=9999999").encode(), b"\xff"],
)
def test_a_malformed_hash_is_refused_and_not_quoted(folder: Path, content: bytes) -> None:
    (folder / "keys" / "sbc.hash").write_bytes(content)
    fault = fault_of(folder, CLIENT + 'password = { file = "keys/sbc.hash" }')
    assert fault.startswith(f'client[1] "sbc".password: {folder}/keys/sbc.hash: ')
    assert "hunter2" not in fault
    assert "argon2id$" not in fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('networks = ["10.0.0.1/8"]', '.networks[1]: got "10.0.0.1/8" (bits set behind'),
        ('networks = "10.0.0.0/8"', '.networks: got "10.0.0.0/8"; allowed: a list'),
        (
            'profile = "boss"',
            '.profile: got "boss"; allowed: "addressbook", "bulk", "phone", "sbc"',
        ),
        ('number_format = "E164"', '.number_format: got "E164"; allowed: "dialable", "e164"'),
        ('sources = ["crn"]', '.sources[1]: unknown source "crn"; did you mean "crm"?'),
        ("classes = [2, 6]", ".classes[2]: got 6; allowed: a list of at least 1, each a whole"),
        ("classes = [0]", ".classes[1]: got 0; allowed: a list of at least 1, each a whole"),
        ("classes = []", ".classes: got an empty list; allowed: a list of at least 1"),
        ("classes = 2", ".classes: got 2; allowed: a list of at least 1, each a whole"),
        ('dialplan = "x"', '.dialplan: unknown dial plan "x"; allowed: none'),
        ('pasword = "x"', ': unknown key "pasword"; did you mean "password"?'),
    ],
)
def test_a_faulty_setting_of_a_client_is_named(folder: Path, text: str, fault: str) -> None:
    assert fault_of(folder, SOURCE + CLIENT + text).startswith(f'client[1] "sbc"{fault}')


def test_a_client_asks_in_every_class_or_in_those_it_names(folder: Path) -> None:
    assert load(folder, SOURCE + CLIENT).clients[0].classes == {1, 2, 3, 4, 5}
    assert load(folder, SOURCE + CLIENT + "classes = [3, 1, 2, 2]").clients[0].classes == {1, 2, 3}


def test_a_faulty_source_still_counts_as_one_for_clients(folder: Path) -> None:
    text = SOURCE.replace('"csv"', '"cvs"') + CLIENT + 'sources = ["crm"]'
    assert len(faults_of(folder, text)) == 1


def test_names_and_binds_of_clients_are_unique(folder: Path) -> None:
    text = """
    [[client]]
    name = "a"
    bind = "cn=sbc, dc=meta"
    [[client]]
    name = "a"
    bind = "CN=SBC,DC=meta"
    [[client]]
    name = "b"
    [[client]]
    name = "c"
    """
    assert faults_of(folder, text) == [
        'client[2] "a".name: "a" is taken by client[1] "a"',
        'client[2] "a".bind: "cn=sbc,dc=meta" is taken by client[1] "a"',
    ]


def test_a_client_that_can_do_nothing_is_a_warning(folder: Path) -> None:
    assert warnings_of(folder, SOURCE + CLIENT + "sources = []") == [
        'client[1] "sbc".sources: is empty: the client finds nothing; all are ["*"]',
        'client[1] "sbc": has no password: it cannot sign in',
    ]


def ldap_of(folder: Path, text: str) -> LdapSettings:
    settings = load(folder, f"[ldap]\n{text}").ldap
    assert settings is not None
    return settings


def test_ldap_has_the_defaults_of_its_settings(folder: Path) -> None:
    settings = ldap_of(folder, 'listen = ["ldap://127.0.0.1"]')
    assert settings == LdapSettings(listen=(Listener("127.0.0.1", 389),))


def test_every_limit_of_a_profile_reaches_the_daemon(folder: Path) -> None:
    limits = {"max_entries": 77, "max_examined": 78, "search_time_ms": 79}
    lines = "\n".join(f"{name} = {value}" for name, value in limits.items())
    for profile in ("phone", "addressbook", "bulk"):
        text = f'listen = ["ldap://localhost:0"]\n[ldap.profiles.{profile}]\n{lines}'
        assert msgspec.structs.asdict(ldap_of(folder, text).profiles.of(profile)) == limits


def test_every_limit_reaches_the_daemon(folder: Path) -> None:
    limits = {
        field.encode_name: field.default + 1
        for field in msgspec.structs.fields(configfile.LdapLimitsTable)
    }
    lines = "\n".join(f"{name} = {value}" for name, value in limits.items())
    settings = ldap_of(folder, f'listen = ["ldap://localhost:0"]\n[ldap.limits]\n{lines}')
    assert settings.limits == LdapLimits(**limits)


def test_tls_names_files_that_are_there(folder: Path) -> None:
    text = 'listen = ["ldaps://0.0.0.0"]\n[ldap.tls]\ncertificate = "a.pem"\nkey = "b.pem"'
    assert faults_of(folder, f"[ldap]\n{text}") == [
        f"ldap.tls.certificate: {folder}/a.pem: no such file; allowed: a PEM file",
        f"ldap.tls.key: {folder}/b.pem: no such file; allowed: a PEM file",
    ]
    (folder / "a.pem").touch()
    (folder / "b.pem").touch(0o600)
    settings = ldap_of(folder, text)
    assert settings.tls == TlsSettings(folder / "a.pem", folder / "b.pem")
    assert settings.listen == (Listener("0.0.0.0", 636, tls=True),)
    (folder / "b.pem").chmod(0o644)
    assert "ldap.tls.key" in str(load(folder, f"[ldap]\n{text}").warnings)


def test_ldaps_needs_a_certificate(folder: Path) -> None:
    fault = fault_of(folder, '[ldap]\nlisten = ["ldaps://127.0.0.1"]')
    assert fault.startswith("ldap.listen[1]: ldaps://127.0.0.1:636 has no certificate")


def test_plain_ldap_beyond_loopback_is_served_where_start_tls_protects_it(folder: Path) -> None:
    (folder / "a.pem").touch(0o600)
    (folder / "ca.pem").touch()
    tls = 'tls = { certificate = "a.pem", key = "a.pem", ca = "ca.pem" }'
    settings = ldap_of(folder, f'listen = ["ldap://0.0.0.0"]\n{tls}')
    assert not settings.allow_plain
    assert settings.tls == TlsSettings(folder / "a.pem", folder / "a.pem", folder / "ca.pem")
    fault = fault_of(folder, f'[ldap]\nlisten = ["ldap://0.0.0.0"]\n{tls.replace("ca.", "cb.")}')
    assert fault.startswith(f"ldap.tls.ca: {folder}/cb.pem: no such file")


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "192.0.2.1", "pbx.firm.example"])
def test_plain_ldap_beyond_loopback_needs_a_yes(folder: Path, host: str) -> None:
    text = f'listen = ["ldap://{host}"]'
    fault = fault_of(folder, f"[ldap]\n{text}")
    assert fault.startswith(f"ldap.listen[1]: ldap://{host}:389 would carry passwords")
    assert fault.endswith("or allow_plain = true")
    assert ldap_of(folder, f"{text}\nallow_plain = true").allow_plain


def test_plain_http_beyond_loopback_needs_a_yes(folder: Path) -> None:
    text = '[relay]\nlisten = "http://0.0.0.0:8080"'
    assert fault_of(folder, text).startswith("relay.listen: http://0.0.0.0:8080 would carry")
    settings = load(folder, f"{text}\nallow_plain = true").relay
    assert settings == RelaySettings("0.0.0.0", 8080, allow_plain=True)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("listen = []", "ldap.listen: got an empty list; allowed: a list of at least one"),
        ('listen = "ldap://localhost"', 'ldap.listen: got "ldap://localhost"; allowed: a list'),
        ("", "ldap.listen: missing; allowed: a list of at least one"),
        ('listen = ["http://x"]', 'ldap.listen[1]: got "http://x"; allowed: "ldap://HOST:PORT"'),
        (
            'listen = ["ldap://127.0.0.1", "ldap://127.0.0.1:389"]',
            "ldap.listen[2]: ldap://127.0.0.1:389 stands twice; allowed: each address once",
        ),
        ('listen = ["ldap://[::1]"]\nbase = "meta"', 'ldap.base: got "meta"; allowed: a disting'),
        ('listen = ["ldap://[::1]"]\naliases = ["x"]', 'ldap.aliases[1]: got "x"; allowed: a dis'),
        ('listen = ["ldap://[::1]"]\nworkers = 257', "ldap.workers: got 257; allowed: a whole"),
    ],
)
def test_a_faulty_setting_of_ldap_is_named(folder: Path, text: str, fault: str) -> None:
    assert fault_of(folder, f"[ldap]\n{text}").startswith(fault)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('listen = "https://127.0.0.1"', "relay.listen: got https: a proxy before it does TLS"),
        ('listen = ["http://127.0.0.1"]', "relay.listen: got a list; allowed: "),
        ('listen = "http://[::1]"\ntenant = "firm"', 'relay.tenant: got "firm"; allowed: the'),
        (
            'listen = "http://[::1]"\nlimits.max_number_chars = 201',
            "relay.limits.max_number_chars: got 201; allowed: a whole number from 20 to 200",
        ),
    ],
)
def test_a_faulty_setting_of_the_relay_is_named(folder: Path, text: str, fault: str) -> None:
    assert fault_of(folder, f"[relay]\n{text}").startswith(fault)


def test_a_tenant_is_a_guid(folder: Path) -> None:
    guid = "0F5C0B1A-1234-4abc-9def-0123456789ab"
    text = f'[relay]\nlisten = "http://[::1]"\ntenant = "{guid}"\nclient_id = "{guid}"'
    settings = load(folder, text).relay
    assert settings == RelaySettings("::1", 80, tenant=guid.lower(), client_id=guid.lower())


USERS = """
[[user]]
name = "anna"
password = { file = "keys/sbc.hash" }
groups = ["sales"]
[[group]]
name = "sales"
entra = "0F5C0B1A-1234-4ABC-9DEF-0123456789AB"
"""
RELAY = '[relay]\nlisten = "http://127.0.0.1:8080"\n'


def test_a_user_of_this_machine_is_a_warning_on_loopback_and_a_fault_beyond(folder: Path) -> None:
    here = SOURCE + USERS + RELAY + 'dev_user = "anna"'
    assert warnings_of(folder, here) == [
        'relay.dev_user: everybody on this machine is "anna" without a password'
    ]
    beyond = here.replace("127.0.0.1", "0.0.0.0") + "\nallow_plain = true"
    assert fault_of(folder, beyond).startswith("relay.dev_user: http://0.0.0.0:8080 lets other")
    unknown = here.replace('dev_user = "anna"', 'dev_user = "ana"')
    assert fault_of(folder, unknown).startswith(
        'relay.dev_user: unknown user "ana"; did you mean "anna"?'
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('tenant = "0f5c0b1a-1234-4abc-9def-0123456789ab"', "relay.client_id: is missing"),
        ('client_id = "0f5c0b1a-1234-4abc-9def-0123456789ab"', "relay.tenant: is missing"),
        ('authority = "http://login.example"', 'relay.authority: got "http://login.example"'),
        ('customer_page = "http://x.example/"', 'relay.customer_page: got "http://x.example/"'),
        ('customer_page = "https://u:p@x.example"', "relay.customer_page: a user name or"),
        ('customer_page = "https://x.example/; script-src *"', "relay.customer_page: got"),
        ('chat_domains = ["firm"]', 'relay.chat_domains[1]: got "firm"; allowed: a domain'),
        ('apps = ["teams"]', "relay.apps[1]: got"),
    ],
)
def test_a_faulty_setting_of_the_app_is_named(folder: Path, text: str, fault: str) -> None:
    assert fault_of(folder, SOURCE + RELAY + text).startswith(fault)


def test_the_settings_of_the_app_are_brought_to_one_form(folder: Path) -> None:
    settings = load(
        folder,
        SOURCE
        + RELAY
        + """
        authority = "HTTPS://Login.Example/"
        customer_page = "https://CRM.example/card?x=1"
        chat_domains = ["@Firm.Example", "a.example"]
        """,
    ).relay
    assert settings is not None
    assert settings.authority == "https://login.example"
    assert settings.customer_page == "https://CRM.example/card?x=1"
    assert settings.chat_domains == ("firm.example", "a.example")


def test_custom_fields_have_names_in_the_app_on_both_of_its_ways(folder: Path) -> None:
    names = '[directory.custom_names]\ncustom.1 = "Kundennr."\n"custom.20" = "Unser Kontakt"\n'
    tunnel = '[tunnel]\nclient_id = "0f5c0b1a-1234-4abc-9def-0123456789ab"\n'
    config = load(folder, names + SOURCE + RELAY + tunnel)
    assert config.relay is not None
    assert config.relay.custom_names == {"custom.1": "Kundennr.", "custom.20": "Unser Kontakt"}
    assert config.tunnel is not None
    assert config.tunnel.custom_names == config.relay.custom_names
    assert load(folder, SOURCE + RELAY).relay.custom_names == {}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('custom.21 = "x"', 'directory.custom_names.custom.21: unknown custom field "custom.21"'),
        ('company = "x"', 'directory.custom_names.company: unknown custom field "company"'),
        ('custom.1 = ""', 'directory.custom_names.custom.1: got ""; allowed: a text of 1 to 40'),
        ('custom.1 = " "', 'directory.custom_names.custom.1: got " "'),
        ('custom.1 = "a\\nb"', 'directory.custom_names.custom.1: got "a\\nb"'),
        ('custom.1 = "\\u202eb"', "directory.custom_names.custom.1: got "),
        (f'custom.1 = "{"x" * 41}"', "directory.custom_names.custom.1: got "),
        ("custom.1 = 7", "directory.custom_names.custom.1: got 7"),
    ],
)
def test_a_name_that_no_custom_field_can_have_is_refused(
    folder: Path, line: str, fault: str
) -> None:
    text = f"[directory.custom_names]\n{line}\n"
    assert fault_of(folder, text + SOURCE + RELAY).startswith(fault)


def test_services_without_a_client_are_a_warning(folder: Path) -> None:
    text = SOURCE + '[relay]\nlisten = "http://127.0.0.1"'
    assert warnings_of(folder, text) == ["client: no [[client]]: nobody may ask over LDAP or HTTP"]


def test_whoever_a_client_may_prove_to_be_arrives(folder: Path) -> None:
    text = """
    bind = "cn=sbc,dc=meta"
    bind_aliases = ["sbc@firm.example", 'FIRM\\sbc']
    certificates = ["CN=sbc,O=Firm", "dns:sbc.firm.example"]
    """
    client = load(folder, SOURCE + CLIENT + text).clients[0]
    assert client.bind_aliases == ("sbc@firm.example", "FIRM\\sbc")
    assert client.certificates == ("CN=sbc,O=Firm", "dns:sbc.firm.example")
