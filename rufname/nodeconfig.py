"""`relay.toml`: the configuration of one node of a relay, every fault named.

Law: that of `rufname.config`. `docs/relay.md` describes every field below and a test compares the
two.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from connectors.errors import SecretUnavailable
from connectors.settings import SecretRef
from relay.nodesettings import NodeLimits, NodeSettings, NodeTls
from relay.tunnel.natslink import NatsSettings
from rufname import notation
from rufname.configfaces import MetricsSettings, resolve_metrics
from rufname.configfile import Guids, MetricsTable, RequiredGuid
from rufname.configplans import numbered, warn_if_open
from rufname.errors import ConfigError
from rufname.tomltables import Findings, TableReader, quote, read_toml

NATS_ADDRESS = '"nats://HOST:PORT" or "tls://HOST:PORT"'
NODE = "a text of 1 to 64 letters, digits, . and -"

_LIMITS = NodeLimits()
_NOT_A_NODE = re.compile(r"[^A-Za-z0-9.-]")


class TlsTable(msgspec.Struct, frozen=True):
    """`[tls]`: PEM files."""

    certificate: Path
    key: Path


class NatsTable(msgspec.Struct, frozen=True):
    """`[nats]`."""

    servers: Annotated[
        tuple[str, ...],
        Meta(min_length=1, description=f"a list of at least one, each {NATS_ADDRESS}"),
    ]
    user: Annotated[str, Meta(max_length=256)] = ""
    password: SecretRef | None = None
    records_user: Annotated[str, Meta(max_length=256)] = ""
    records_password: SecretRef | None = None
    replicas: Literal[1, 3, 5] = 3
    ca: Path | None = None


class LimitsTable(msgspec.Struct, frozen=True):
    """`[limits]`."""

    user_rate: Annotated[int, Meta(ge=0, le=100_000)] = _LIMITS.user_rate
    tenant_rate: Annotated[int, Meta(ge=0, le=1_000_000)] = _LIMITS.tenant_rate
    max_in_flight: Annotated[int, Meta(ge=1, le=1000)] = _LIMITS.max_in_flight
    deadline_s: Annotated[int, Meta(ge=1, le=60)] = _LIMITS.deadline_s
    max_connections: Annotated[int, Meta(ge=16, le=1_000_000)] = _LIMITS.max_connections
    drain_s: Annotated[int, Meta(ge=0, le=300)] = _LIMITS.drain_s


class NodeTable(msgspec.Struct, frozen=True):
    """The whole file; its settings without a section are those of "the node"."""

    url: Annotated[str, Meta(description=notation.AUTHORITY)]
    client_id: RequiredGuid
    listen: Annotated[str, Meta(description=notation.HTTP_ADDRESS)]
    node: Annotated[str, Meta(pattern=r"^[A-Za-z0-9.-]{1,64}\Z", description=NODE)] | None = None
    data_dir: Path = Path("var")
    authority: Annotated[str, Meta(description=notation.AUTHORITY)] = (
        "https://login.microsoftonline.com"
    )
    apps: Guids = ()
    allow_plain: bool = False
    message_extension: bool = False
    tls: TlsTable | None = None
    limits: LimitsTable = LimitsTable()
    nats: NatsTable | None = None
    metrics: MetricsTable | None = None


class NodeConfig(msgspec.Struct, frozen=True):
    """A checked configuration of a node.

    Attributes:
        path: the file, as it was named.
        settings: of the node itself.
        nats: carries questions between the nodes; None = this node is the whole relay.
        nats_records: keeps the tenants' records then, under an account of its own.
        replicas: NATS servers that keep each record.
        metrics: None = no port for Prometheus.
        warnings: what is allowed but hardly meant.
    """

    path: Path
    settings: NodeSettings
    nats: NatsSettings | None
    nats_records: NatsSettings | None
    replicas: int
    metrics: MetricsSettings | None
    warnings: tuple[str, ...]


def load_node_config(path: Path) -> NodeConfig:
    """Read, check and resolve `relay.toml`.

    Raises:
        ConfigError: with every fault that one pass finds.
    """
    findings = Findings(path)
    raw = read_toml(findings)
    table = None if raw is None else TableReader(findings).read(raw, NodeTable, "")
    config = None if table is None else _resolve(findings, table)
    if config is None or findings.faults:
        raise ConfigError(tuple(findings.faults))
    return config


def _resolve(findings: Findings, table: NodeTable) -> NodeConfig:
    host, port = findings.attempt("listen", notation.http_address, table.listen) or ("", 0)
    url = findings.attempt("url", notation.authority, table.url) or "https://localhost"
    data_dir = findings.file.absolute().parent / table.data_dir
    settings = NodeSettings(
        url=url,
        host=host,
        port=port,
        node=table.node or _own_name(),
        client_id=table.client_id.lower(),
        data_dir=data_dir,
        authority=findings.attempt("authority", notation.authority, table.authority) or "",
        apps=tuple(app.lower() for app in table.apps if app),
        tls=None if table.tls is None else _tls(findings, table.tls),
        allow_plain=table.allow_plain,
        message_extension=table.message_extension,
        limits=NodeLimits(**msgspec.structs.asdict(table.limits)),
    )
    if data_dir.exists() and not data_dir.is_dir():
        findings.fault("data_dir", f"{data_dir} is no folder", "a folder, or a new one")
    if not (table.allow_plain or settings.tls or notation.is_loopback(host)):
        findings.fault(
            "listen",
            f"{settings} would carry users' tokens beyond this machine in clear",
            "[tls], a loopback address such as 127.0.0.1, or allow_plain = true",
        )
    nats = records = None
    if table.nats is not None:
        own = table.nats
        _check_nats(findings, own)
        nats = _nats(findings, own, "", own.user, own.password)
        records = _nats(findings, own, "records_", own.records_user, own.records_password)
    return NodeConfig(
        path=findings.file,
        settings=settings,
        nats=nats,
        nats_records=records,
        replicas=3 if table.nats is None else table.nats.replicas,
        metrics=None if table.metrics is None else resolve_metrics(findings, table.metrics),
        warnings=tuple(findings.warnings),
    )


def _own_name() -> str:
    """Return this machine's name as one of a node."""
    return _NOT_A_NODE.sub("-", socket.gethostname())[:64] or "node"


def _tls(findings: Findings, table: TlsTable) -> NodeTls:
    for name, path in (("certificate", table.certificate), ("key", table.key)):
        if not path.is_file():
            findings.fault(f"tls.{name}", f"{path}: no such file", "a PEM file")
        elif not os.access(path, os.R_OK):
            findings.fault(f"tls.{name}", f"{path}: may not be read by this user")
    warn_if_open(findings, "tls.key", table.key)
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(table.certificate, table.key, password="")
    except ssl.SSLError:
        wrong = "certificate and key do not belong together, or are no PEM files without a password"
        findings.fault("tls", wrong)
    except OSError:  # told above
        pass
    return NodeTls(table.certificate, table.key)


def _nats(
    findings: Findings, table: NatsTable, key: str, user: str, reference: SecretRef | None
) -> NatsSettings:
    """Return one of the two accounts; `key` begins the names of its settings."""
    password = ""
    if reference is not None:
        warn_if_open(findings, f"nats.{key}password", reference.file)
        try:
            password = reference.read().strip()
        except SecretUnavailable as error:
            findings.fault(f"nats.{key}password", str(error))
    if bool(user) != (reference is not None):
        absent = "password" if user else "user"
        findings.fault(
            f"nats.{key}{absent}", "is missing", "user and password together, or neither"
        )
    ca_file = "" if table.ca is None else str(table.ca)
    return NatsSettings(servers=table.servers, user=user, password=password, ca_file=ca_file)


def _check_nats(findings: Findings, table: NatsTable) -> None:
    for key, text in numbered("servers", table.servers):
        findings.attempt(f"nats.{key}", _nats_address, text)
    if table.ca is not None and not table.ca.is_file():
        findings.fault("nats.ca", f"{table.ca}: no such file", "a PEM file")


def _nats_address(text: str) -> str:
    """Return the address of a NATS server as it stands."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
        parts = urlsplit("")
    if parts.scheme not in ("nats", "tls") or not host or not port or parts.username is not None:
        raise ValueError(f"got {quote(text)}; allowed: {NATS_ADDRESS}")
    return text
