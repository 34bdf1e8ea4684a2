"""Who asks and over what: `[[client]]`, `[ldap]` and `[relay]` become settings.

Law: that of `rufname.configplans`; the only files read are the clients' password hashes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

import msgspec
from typing_extensions import override

from engine.client import Client
from ldapd.settings import LdapLimits, LdapSettings, ProfileLimits, Profiles, TlsSettings
from relay.accounts import Accounts
from relay.settings import ENTRA, RelaySettings
from rufname import notation
from rufname.configfile import ClientTable, LdapTable, MetricsTable, RelayTable, TlsTable
from rufname.configplans import (
    Scope,
    numbered,
    password_hash,
    place_of,
    refuse_twice,
    warn_if_open,
)
from rufname.tomltables import Findings, Table, quote

_NOBODY = Accounts()


class MetricsSettings(msgspec.Struct, frozen=True):
    """`[metrics]`: where Prometheus reads."""

    host: str
    port: int

    @override
    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def resolve_metrics(findings: Findings, table: MetricsTable) -> MetricsSettings:
    """Return `[metrics]`."""
    host, port = findings.attempt("metrics.listen", notation.http_address, table.listen) or (
        "localhost",
        0,
    )
    settings = MetricsSettings(host, port)
    if not table.allow_plain and not notation.is_loopback(host):
        findings.fault(
            "metrics.listen",
            f"{settings} would show everybody what this server does",
            "a loopback address such as 127.0.0.1, or allow_plain = true",
        )
    return settings


def resolve_clients(
    scope: Scope, tables: Sequence[Table], source_names: frozenset[str]
) -> tuple[Client, ...]:
    """Return every `[[client]]` that can be read, in the order of the file."""
    places = [place_of("client", number, raw) for number, raw in enumerate(tables, 1)]
    made = []
    for place, raw in zip(places, tables, strict=True):
        table = scope.reader.read(raw, ClientTable, place, stand_ins={"name": ""})
        if table is not None:
            made.append(_client(scope, place, table, source_names))
    binds = [_same_bind(raw.get("bind")) for raw in tables]
    refuse_twice(
        scope.findings, "name", zip(places, (raw.get("name") for raw in tables), strict=True)
    )
    others = [
        (place, _same_bind(name))
        for place, raw in zip(places, tables, strict=True)
        for name in _texts(raw.get("bind_aliases"))
    ]
    refuse_twice(scope.findings, "bind", [*zip(places, binds, strict=True), *others])
    refuse_twice(
        scope.findings,
        "certificates",
        [
            (place, name)
            for place, raw in zip(places, tables, strict=True)
            for name in _texts(raw.get("certificates"))
        ],
    )
    return tuple(made)


def resolve_ldap(findings: Findings, table: LdapTable) -> LdapSettings:
    """Return `[ldap]`."""
    listeners = []
    for number, text in enumerate(table.listen, 1):
        key = f"ldap.listen[{number}]"
        listener = findings.attempt(key, notation.ldap_listener, text)
        if listener is None:
            continue
        if listener in listeners and listener.port:
            findings.fault(key, f"{listener} stands twice", "each address once")
        listeners.append(listener)
        if listener.tls and table.tls is None:
            findings.fault(key, f"{listener} has no certificate", "ldaps:// with [ldap.tls]")
        if not listener.tls:
            allowed = table.allow_plain or table.tls is not None  # passwords then need StartTLS
            _check_plain(findings, key, str(listener), listener.host, allowed=allowed)
    tls = None if table.tls is None else _tls(findings, table.tls)
    for key, base in (("base", table.base), *numbered("aliases", table.aliases)):
        if not all("=" in part for part in base.split(",")):
            findings.fault(
                f"ldap.{key}", f"got {quote(base)}", 'a distinguished name such as "dc=meta"'
            )
    return LdapSettings(
        listen=tuple(listeners),
        base=table.base,
        aliases=table.aliases,
        workers=table.workers,
        allow_plain=table.allow_plain,
        tls=tls,
        limits=LdapLimits(**msgspec.structs.asdict(table.limits)),
        profiles=Profiles(
            phone=ProfileLimits(**msgspec.structs.asdict(table.profiles.phone)),
            addressbook=ProfileLimits(**msgspec.structs.asdict(table.profiles.addressbook)),
            bulk=ProfileLimits(**msgspec.structs.asdict(table.profiles.bulk)),
        ),
        ldap_v2=table.ldap_v2,
        log_searches=table.log_searches,
    )


def resolve_relay(
    findings: Findings,
    table: RelayTable,
    accounts: Accounts = _NOBODY,
    custom_names: dict[str, str] | None = None,
) -> RelaySettings:
    """Return `[relay]`.

    Args:
        findings: what is wrong is told.
        table: as it stands in the file.
        accounts: the users that may sign in.
        custom_names: what custom fields are called.
    """
    address = findings.attempt("relay.listen", notation.http_address, table.listen)
    host, port = address or ("localhost", 0)
    authority = findings.attempt("relay.authority", notation.authority, table.authority)
    page = table.customer_page and findings.attempt(
        "relay.customer_page", notation.page_address, table.customer_page
    )
    domains = [
        findings.attempt(f"relay.{key}", notation.domain, text)
        for key, text in numbered("chat_domains", table.chat_domains)
    ]
    settings = RelaySettings(
        host=host,
        port=port,
        tenant=table.tenant.lower(),
        client_id=table.client_id.lower(),
        authority=authority or ENTRA,
        apps=tuple(app.lower() for app in table.apps if app),
        dev_user=table.dev_user,
        chat_domains=tuple(domain for domain in domains if domain),
        customer_page=page or "",
        custom_names=custom_names or {},
        allow_plain=table.allow_plain,
        **msgspec.structs.asdict(table.limits),
    )
    _check_plain(findings, "relay.listen", str(settings), host, allowed=table.allow_plain)
    _check_sign_in(findings, settings, accounts)
    return settings


def _check_sign_in(findings: Findings, settings: RelaySettings, accounts: Accounts) -> None:
    """Note what makes the ways to sign in unusable or unsafe."""
    if bool(settings.tenant) != bool(settings.client_id):
        absent = "client_id" if settings.tenant else "tenant"
        findings.fault(f"relay.{absent}", "is missing", "tenant and client_id together, or neither")
    if not settings.dev_user:
        return
    if accounts.local(settings.dev_user) is None:
        names = [user.name for user in accounts.users]
        findings.unknown("relay.dev_user", "user", settings.dev_user, names)
    if not notation.is_loopback(settings.host):
        findings.fault(
            "relay.dev_user",
            f"{settings} lets other machines in, without a password",
            "listen on a loopback address such as 127.0.0.1, or no dev_user",
        )
    else:
        findings.warn(
            "relay.dev_user",
            f"everybody on this machine is {quote(settings.dev_user)} without a password",
        )


def _client(scope: Scope, place: str, table: ClientTable, source_names: frozenset[str]) -> Client:
    """Return one client with its password's hash."""
    findings = scope.findings
    networks = [
        findings.attempt(f"{place}.{key}", notation.network, text)
        for key, text in numbered("networks", table.networks)
    ]
    for key, name in numbered("sources", table.sources):
        if name != "*" and name not in source_names:
            findings.unknown(f"{place}.{key}", "source", name, {"*", *source_names})
    if not table.sources:
        findings.warn(f"{place}.sources", 'is empty: the client finds nothing; all are ["*"]')
    if table.password is None and not table.certificates:
        findings.warn(place, "has no password: it cannot sign in")
    return Client(
        name=table.name,
        bind=table.bind,
        bind_aliases=table.bind_aliases,
        certificates=table.certificates,
        password_hash=password_hash(findings, f"{place}.password", table.password),
        networks=tuple(network for network in networks if network is not None),
        profile=table.profile,
        plan=scope.plan(f"{place}.dialplan", table.dialplan),
        number_format=table.number_format,
        sources=table.sources,
        mail_domain=table.mail_domain,
        classes=frozenset(table.classes),
    )


def _tls(findings: Findings, table: TlsTable) -> TlsSettings:
    """Return certificate, key and authorities, which must be there to be read."""
    files = {"certificate": table.certificate, "key": table.key, "ca": table.ca}
    for name, path in files.items():
        if path is None:
            continue
        if not path.is_file():
            findings.fault(f"ldap.tls.{name}", f"{path}: no such file", "a PEM file")
        elif not os.access(path, os.R_OK):
            findings.fault(f"ldap.tls.{name}", f"{path}: may not be read by this user")
    warn_if_open(findings, "ldap.tls.key", table.key)
    return TlsSettings(certificate=table.certificate, key=table.key, ca=table.ca)


def _check_plain(findings: Findings, key: str, address: str, host: str, *, allowed: bool) -> None:
    """Refuse passwords in clear beyond this machine unless the administrator said so."""
    if not allowed and not notation.is_loopback(host):
        secure = "[ldap.tls] (ldaps:// or StartTLS), " if address.startswith("ldap:") else ""
        findings.fault(
            key,
            f"{address} would carry passwords and contacts beyond this machine in clear",
            f"{secure}a loopback address such as 127.0.0.1, or allow_plain = true",
        )


def _texts(value: object) -> list[object]:
    """Return the items of a list; of anything else, which is another fault, none."""
    return list(value) if isinstance(value, list) else []


def _same_bind(bind: object) -> str:
    """Return a bind name so that two spellings of one DN are equal (RFC 4514 blanks, case)."""
    text = bind if isinstance(bind, str) else ""
    return re.sub(r"\s*([,=+])\s*", r"\1", text.strip()).casefold()
