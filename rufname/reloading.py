"""What SIGHUP changes in a running `serve`, and what waits for a restart.

Law: reads and compares; whoever runs takes the result.
"""

from __future__ import annotations

import logging

import msgspec

from ldapd.settings import LdapSettings
from rufname.config import Config, load_config
from rufname.preflight import require_servable
from rufname.telemetry import Wording


def reread(old: Config) -> tuple[Config, tuple[str, ...]]:
    """Return the configuration as its file is now, as far as it changes in place.

    Args:
        old: what is in force.

    Returns:
        What is in force from now on, and the names of what was changed and waits for a restart.

    Raises:
        ConfigError: the file cannot be used as it is now.
    """
    fresh = load_config(old.path)
    require_servable(fresh)
    kept, left_out = keep_what_needs_a_restart(old, fresh)
    if fresh.data_dir != old.data_dir:  # sealed secrets stand there until then
        kept, _ = keep_what_needs_a_restart(old, load_config(old.path, data_dir=old.data_dir))
    return kept, left_out


def log_fault(log: logging.Logger, fault: str) -> None:
    """Log a fault of the configuration; what is allowed is ours, so that its bounds are read."""
    wrong, between, allowed = fault.rpartition("; allowed: ")
    if between:
        log.error("%s; allowed: %s", wrong, Wording(allowed))
    else:
        log.error("%s", fault)


def keep_what_needs_a_restart(old: Config, new: Config) -> tuple[Config, tuple[str, ...]]:
    """Return `new` with what cannot change in place taken from `old`, and the names of that.

    The addresses, the number of workers and the data folder stay; a section that came or went
    stays as it was.
    """
    left_out: list[str] = []
    if new.data_dir != old.data_dir:
        left_out.append("directory.data_dir")
        new = msgspec.structs.replace(new, data_dir=old.data_dir)
    if (new.ldap is None) != (old.ldap is None):
        left_out.append("ldap")
        new = msgspec.structs.replace(new, ldap=old.ldap)
    elif new.ldap and old.ldap:
        kept, names = _keep_listeners(old.ldap, new.ldap)
        left_out += names
        new = msgspec.structs.replace(new, ldap=kept)
    if (new.relay is None) != (old.relay is None):
        left_out.append("relay")
        new = msgspec.structs.replace(new, relay=old.relay)
    elif new.relay and old.relay:
        if (new.relay.host, new.relay.port) != (old.relay.host, old.relay.port):
            left_out.append("relay.listen")
        kept_relay = msgspec.structs.replace(new.relay, host=old.relay.host, port=old.relay.port)
        new = msgspec.structs.replace(new, relay=kept_relay)
    if new.tunnel != old.tunnel:
        left_out.append("tunnel")
        new = msgspec.structs.replace(new, tunnel=old.tunnel)
    if new.metrics != old.metrics:
        left_out.append("metrics")
        new = msgspec.structs.replace(new, metrics=old.metrics)
    return new, tuple(left_out)


def _keep_listeners(old: LdapSettings, new: LdapSettings) -> tuple[LdapSettings, list[str]]:
    """Return `[ldap]` with the listeners that are open, and the names of what stays for them."""
    left_out = []
    tls = new.tls
    if new.listen != old.listen:
        left_out.append("ldap.listen")
    if new.workers != old.workers:
        left_out.append("ldap.workers")
    if tls is None and any(listener.tls for listener in old.listen):
        left_out.append("ldap.tls")
        tls = old.tls
    kept = msgspec.structs.replace(new, listen=old.listen, workers=old.workers, tls=tls)
    return kept, left_out
