"""How to reach a relay in the cloud: `[tunnel]` becomes settings.

Law: that of `rufname.configplans`; the only file read is the one with the proxy's login.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from connectors.errors import SecretUnavailable
from connectors.settings import SecretRef
from relay.settings import ENTRA
from relay.tunnel.settings import FROM_ENVIRONMENT, NO_PROXY, TunnelSettings
from rufname import notation
from rufname.configfile import FileTable, TunnelTable
from rufname.configplans import note_absent, numbered, warn_if_open
from rufname.tomltables import Findings


def resolve_tunnel(
    findings: Findings, file: FileTable, custom_names: dict[str, str]
) -> TunnelSettings:
    """Return `[tunnel]`; what it leaves out of the app's looks is as in `[relay]`."""
    table = file.tunnel
    assert table is not None
    proxy = findings.attempt("tunnel.proxy", notation.proxy, table.proxy) or NO_PROXY
    nodes = [
        findings.attempt(f"tunnel.{key}", notation.authority, text)
        for key, text in numbered("nodes", table.nodes)
    ]
    if table.ca is not None:
        _check_authorities(findings, table.ca)
    return TunnelSettings(
        client_id=table.client_id.lower(),
        authority=findings.attempt("tunnel.authority", notation.authority, table.authority)
        or ENTRA,
        apps=tuple(app.lower() for app in table.apps if app),
        nodes=tuple(node for node in nodes if node),
        proxy=proxy,
        proxy_login=_login(findings, table.proxy_login, proxy),
        ca=table.ca,
        lines=table.lines,
        window=table.window,
        chat_domains=_chat_domains(findings, table, file),
        customer_page=_customer_page(findings, table, file),
        custom_names=custom_names,
        message_extension=table.message_extension,
        **msgspec.structs.asdict(table.limits),
    )


def _chat_domains(findings: Findings, table: TunnelTable, file: FileTable) -> tuple[str, ...]:
    if table.chat_domains is None:  # faults of `[relay]` are told there
        return tuple(text.lower() for text in file.relay.chat_domains) if file.relay else ()
    domains = [
        findings.attempt(f"tunnel.{key}", notation.domain, text)
        for key, text in numbered("chat_domains", table.chat_domains)
    ]
    return tuple(domain for domain in domains if domain)


def _customer_page(findings: Findings, table: TunnelTable, file: FileTable) -> str:
    if table.customer_page is None:
        return file.relay.customer_page if file.relay else ""
    if not table.customer_page:
        return ""
    key = "tunnel.customer_page"
    return findings.attempt(key, notation.page_address, table.customer_page) or ""


def _login(findings: Findings, reference: SecretRef | None, proxy: str) -> str:
    """Return the proxy's name and password; "" without a reference or with a fault."""
    key = "tunnel.proxy_login"
    if reference is None:
        return ""
    if proxy in (FROM_ENVIRONMENT, NO_PROXY):
        findings.fault(key, "has no proxy to sign in at", "with the proxy's address in proxy")
    warn_if_open(findings, key, reference.file)
    try:
        login = reference.read().strip()
    except SecretUnavailable as error:
        note_absent(findings, key, reference, error, "NAME:PASSWORD")
        return ""
    if ":" not in login:
        findings.fault(key, "holds no colon", "NAME:PASSWORD")
    return login


def _check_authorities(findings: Findings, path: Path) -> None:
    if not path.is_file():
        findings.fault("tunnel.ca", f"{path}: no such file", "a PEM file")
    elif not os.access(path, os.R_OK):
        findings.fault("tunnel.ca", f"{path}: may not be read by this user")
