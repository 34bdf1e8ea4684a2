"""The configuration: one TOML file in, one frozen value out, or every fault named.

    try:
        config = load_config(Path("rufname.toml"))
    except ConfigError as error:
        for fault in error.faults:
            print(fault)              # "FILE: KEY: what is wrong; allowed: …"

Law: loading opens no source, no socket, no index, and writes nothing. The secrets of sources are
read when a source is opened; only the clients' password hashes are read here.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from connectors.settings import Schedule, SourceSettings
from engine.client import Client
from engine.phone import DialPlan
from engine.rights import SourcePolicy
from ldapd.settings import LdapSettings
from relay.accounts import Accounts
from relay.settings import RelaySettings
from relay.tunnel.settings import TunnelSettings
from rufname import notation
from rufname.configfaces import (
    MetricsSettings,
    resolve_clients,
    resolve_ldap,
    resolve_metrics,
    resolve_relay,
)
from rufname.configfile import DirectoryTable, FileTable
from rufname.configplans import Scope, resolve_plans
from rufname.configsources import resolve_custom_names, resolve_sources, times_of_day
from rufname.configtunnel import resolve_tunnel
from rufname.configusers import resolve_accounts
from rufname.errors import ConfigError, UnknownName
from rufname.tomltables import Findings, Table, TableReader, quote, read_toml

KEYS = "keys"
"""The folder of private keys in the data folder."""

__all__ = ["Config", "ConfigError", "UnknownName", "load_config"]


class Config(msgspec.Struct, frozen=True):
    """A checked configuration.

    Attributes:
        path: the file, as it was named.
        data_dir: absolute; need not exist yet.
        region: ISO 3166 code in capitals.
        plan: the region's dial plan, for sources and clients that name none.
        plans: every `[dialplan.NAME]`.
        sources: in the order of the file; may be empty.
        clients: in the order of the file; may be empty.
        ldap: None = no LDAP daemon.
        relay: None = no HTTP side.
        tunnel: None = no tunnel to a relay.
        accounts: users of the app, and groups.
        metrics: None = no port for Prometheus.
        rebuild: when the writer of `serve` builds the index anew.
        warnings: what is allowed but hardly meant, each "FILE: KEY: …".
        is_blank: nothing stands in the file: it was cut off, and nothing is dropped for its sake.
    """

    path: Path
    data_dir: Path
    region: str
    plan: DialPlan
    plans: dict[str, DialPlan]
    sources: tuple[SourceSettings, ...]
    clients: tuple[Client, ...]
    ldap: LdapSettings | None
    relay: RelaySettings | None
    tunnel: TunnelSettings | None = None
    accounts: Accounts = Accounts()
    metrics: MetricsSettings | None = None
    rebuild: Schedule = Schedule(at=("03:30",), on=(6,))
    warnings: tuple[str, ...] = ()
    is_blank: bool = False

    @property
    def index_dir(self) -> Path:
        """The folder of the index's generations."""
        return self.data_dir / "index"

    @property
    def store_path(self) -> Path:
        """The contact store."""
        return self.data_dir / "contacts.sqlite"

    @property
    def run_dir(self) -> Path:
        """The folder of lock, control socket and pid files."""
        return self.data_dir / "run"

    @property
    def keys_dir(self) -> Path:
        """The folder of private keys."""
        return self.data_dir / KEYS

    @property
    def control_path(self) -> Path:
        """The control socket (`rufname.control`)."""
        return self.run_dir / "control.sock"

    def policies(self) -> dict[str, SourcePolicy]:
        """Return who sees each source, by the source's id."""
        return {
            source.id: SourcePolicy(
                source.name,
                source.priority,
                source.visible_to,
                source.owner,
                source.field_visible_to,
                source.searchable,
            )
            for source in self.sources
        }

    def source(self, name: str) -> SourceSettings:
        """Return the source of this name.

        Raises:
            UnknownName: there is none; the text lists those there are.
        """
        found = {source.name: source for source in self.sources}.get(name)
        if found is None:
            raise self._unknown("source", name, [source.name for source in self.sources])
        return found

    def client(self, name: str) -> Client:
        """Return the client of this name.

        Raises:
            UnknownName: there is none; the text lists those there are.
        """
        found = {client.name: client for client in self.clients}.get(name)
        if found is None:
            raise self._unknown("client", name, [client.name for client in self.clients])
        return found

    def _unknown(self, what: str, name: str, names: Sequence[str]) -> UnknownName:
        near = difflib.get_close_matches(name, names, n=1)
        guess = f" did you mean {quote(near[0])}?" if near else ""
        there = ", ".join(names) or "none"
        return UnknownName(f"{self.path}: no {what} {quote(name)};{guess} there is: {there}")


def load_config(
    path: Path, *, draft: bool = False, serves: bool = True, data_dir: Path | None = None
) -> Config:
    """Read, check and resolve the configuration.

    Args:
        path: a TOML file in UTF-8; relative paths in it are relative to its folder.
        draft: sources may still be without key and map.
        serves: what clients show is verified with it; else the hashes that only a service is given
            (credentials, variables of its unit) may be absent.
        data_dir: the data folder, whatever the file says: of a `serve` that runs; None: the file's.

    Returns:
        The configuration; an empty file is one without sources and services, with a warning.

    Raises:
        ConfigError: with every fault that one pass finds: unknown keys, bad values, names that do
            not exist, missing files. A file that is no TOML has one fault, with its line.
    """
    findings = Findings(path, serves=serves)
    raw = read_toml(findings)
    config = None if raw is None else _resolve(findings, raw, draft=draft, data_dir=data_dir)
    if config is None or findings.faults:
        raise ConfigError(tuple(findings.faults))
    return config


def _resolve(
    findings: Findings, raw: Table, *, draft: bool, data_dir: Path | None
) -> Config | None:
    """Make settings of the whole file; usable only if `findings` has no faults afterwards."""
    reader = TableReader(findings)
    table = reader.read(raw, FileTable, "")
    if table is None:
        return None
    home, plans = resolve_plans(reader, table)
    data_dir = data_dir or findings.file.absolute().parent / table.directory.data_dir
    scope = Scope(findings, reader, plans, home, data_dir / KEYS, draft)
    names = frozenset(str(entry["name"]) for entry in table.source if "name" in entry)
    if data_dir.exists() and not data_dir.is_dir():
        findings.fault("directory.data_dir", f"{data_dir} is no folder", "a folder, or a new one")
    if not _is_utf8(data_dir):
        octets = os.fsencode(data_dir).decode("utf-8", "backslashreplace")
        findings.fault("directory.data_dir", f"{octets} is not written in UTF-8", "one that is")
    _warn(findings, table)
    accounts = resolve_accounts(scope, table.user, table.group, table.client, names)
    called = resolve_custom_names(findings, table.directory.custom_names)
    return Config(
        path=findings.file,
        data_dir=data_dir,
        region=table.directory.region.upper(),
        plan=home,
        plans=plans,
        sources=resolve_sources(scope, table.source),
        clients=resolve_clients(scope, table.client, names),
        ldap=None if table.ldap is None else resolve_ldap(findings, table.ldap),
        relay=None
        if table.relay is None
        else resolve_relay(findings, table.relay, accounts, called),
        tunnel=None if table.tunnel is None else resolve_tunnel(findings, table, called),
        accounts=accounts,
        metrics=None if table.metrics is None else resolve_metrics(findings, table.metrics),
        rebuild=_rebuild(findings, table.directory),
        warnings=tuple(findings.warnings),
        is_blank=not raw,
    )


def _rebuild(findings: Findings, table: DirectoryTable) -> Schedule:
    """Return when the index is built anew; without times of day never."""
    at = times_of_day(findings, "directory.rebuild_at", table.rebuild_at)
    days = findings.attempt("directory.rebuild_on", notation.weekdays, table.rebuild_on)
    return Schedule(at=at, on=days or ())


def _warn(findings: Findings, table: FileTable) -> None:
    """Warn of a whole that answers nothing."""
    if not table.source:
        findings.warn("source", "no [[source]]: there is nothing to find")
    users = table.user or table.tunnel or (table.relay and table.relay.tenant)
    if (table.ldap or table.relay) and not table.client and not users:
        findings.warn("client", "no [[client]]: nobody may ask over LDAP or HTTP")


def _is_utf8(path: Path) -> bool:
    """Tell whether a path is UTF-8, as those of an index have to be."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True
