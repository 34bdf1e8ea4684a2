"""What a configuration needs beyond its text before services take it: certificates, names.

Law: tried before a worker is started or told to reload, so that no worker ever meets it first.
"""

from __future__ import annotations

import contextlib
import datetime as dt

from cryptography import x509

from engine.errors import StoreUnavailable
from engine.store import ContactStore
from ldapd.errors import InvalidDn
from ldapd.naming import Naming
from ldapd.settings import LdapSettings
from ldapd.tls import UnusableTls, server_context
from rufname.config import Config
from rufname.errors import ConfigError

SOON = dt.timedelta(days=14)
"""Renewals by ACME come earlier; those by hand take some days."""


def require_servable(config: Config) -> None:
    """Make sure that the services of a configuration can start.

    Raises:
        ConfigError: the LDAP base is no distinguished name, or certificate and key cannot be used.
    """
    faults = tuple(f"{config.path}: {fault}" for fault in _ldap_faults(config.ldap))
    if faults:
        raise ConfigError(faults)


def warnings_of(config: Config, now: dt.datetime | None = None) -> tuple[str, ...]:
    """Return what can be served and is hardly meant: a certificate that is over, or is soon.

    Args:
        config: one that can be served.
        now: with a time zone; None = this moment.
    """
    tls = config.ldap.tls if config.ldap else None
    if tls is None:
        return ()
    try:
        end = x509.load_pem_x509_certificate(tls.certificate.read_bytes()).not_valid_after_utc
    except (OSError, ValueError, x509.InvalidVersion):  # what cannot be served is a fault
        return ()
    left = end - (now or dt.datetime.now(dt.UTC))
    if left >= SOON:
        return ()
    told = f"expires on {end:%Y-%m-%d}" if left > dt.timedelta() else f"expired on {end:%Y-%m-%d}"
    return (f"{config.path}: ldap.tls.certificate: {tls.certificate} {told}",)


def require_store(config: Config) -> None:
    """Make sure that the contact store, if there is one, can be read by this version.

    Raises:
        CorruptStore: else a service without an index would wait for one for ever.
    """
    with contextlib.suppress(StoreUnavailable):  # none, or not now: whoever writes tries again
        ContactStore.open(config.store_path, read_only=True).close()


def _ldap_faults(settings: LdapSettings | None) -> list[str]:
    if settings is None:
        return []
    faults = []
    try:
        Naming(settings.base, settings.aliases)
    except InvalidDn as error:
        faults.append(f"ldap.base: {error}; allowed: a distinguished name such as dc=meta")
    if settings.tls is not None:
        try:
            server_context(settings.tls)
        except UnusableTls as error:
            faults.append(f"ldap.tls: {error}")
    return faults
