"""What a configuration needs beyond its text before services take it: certificates, names.

Law: tried before a worker is started or told to reload, so that no worker ever meets it first.
"""

from __future__ import annotations

import ssl

from ldapd.errors import InvalidDn
from ldapd.naming import Naming
from ldapd.settings import LdapSettings, TlsSettings
from rufname.config import Config
from rufname.errors import ConfigError


def require_servable(config: Config) -> None:
    """Make sure that the services of a configuration can start.

    Raises:
        ConfigError: the LDAP base is no distinguished name, or certificate and key cannot be used.
    """
    faults = tuple(f"{config.path}: {fault}" for fault in _ldap_faults(config.ldap))
    if faults:
        raise ConfigError(faults)


def _ldap_faults(settings: LdapSettings | None) -> list[str]:
    if settings is None:
        return []
    faults = []
    try:
        Naming(settings.base, settings.aliases)
    except InvalidDn as error:
        faults.append(f"ldap.base: {error}; allowed: a distinguished name such as dc=meta")
    if settings.tls is not None:
        fault = _tls_fault(settings.tls)
        faults += [f"ldap.tls: {fault}"] if fault else []
    return faults


def _tls_fault(settings: TlsSettings) -> str:
    """Return why certificate and key cannot be used; "" if they can."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # an encrypted key would ask for its passphrase on the terminal
        context.load_cert_chain(settings.certificate, settings.key, password=lambda: b"")
    except ssl.SSLError as error:
        what = (error.reason or "not readable").replace("_", " ").lower()
        return (
            f"{settings.certificate} with {settings.key}: {what}; "
            "allowed: PEM files that belong together, the key without a passphrase"
        )
    except OSError as error:
        return f"{settings.certificate} with {settings.key}: {error.strerror}"
    return ""
