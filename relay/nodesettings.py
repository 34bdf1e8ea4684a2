"""What `relay.toml` says of one node of a relay in the cloud, checked and resolved."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from typing_extensions import override

from relay.settings import ENTRA, user_rules
from relay.tokens import TokenRules

REGISTRATION_SCOPE = "register"
"""The scope that the application offers to administrators alone; tokens of pages lack it."""


ANY_ORGANISATION = "organizations"
"""Entra's word where users of every tenant sign in."""


class NodeTls(msgspec.Struct, frozen=True):
    """`[tls]`: PEM files."""

    certificate: Path
    key: Path


class NodeLimits(msgspec.Struct, frozen=True):
    """`[limits]`.

    Attributes:
        user_rate: requests a second of one user on average; 0 = no limit.
        tenant_rate: requests a second of all users of one tenant; 0 = no limit.
        max_in_flight: requests of one user that wait at a time.
        deadline_s: longest wait for a directory.
        max_connections: connections at a time, of browsers and directories together.
        drain_s: how long connected directories may take to go elsewhere when this node ends.
    """

    user_rate: int = 10
    tenant_rate: int = 100
    max_in_flight: int = 8
    deadline_s: int = 5
    max_connections: int = 50_000
    drain_s: int = 10


class NodeSettings(msgspec.Struct, frozen=True):
    """`relay.toml`.

    Attributes:
        url: the relay's public address, `https://HOST[:PORT]`: the same for all its nodes.
        host: address to listen on.
        port: 1–65535; 0 takes a free one.
        node: the name of this node, unique in the relay.
        client_id: id of the relay's application in Entra, lower case.
        data_dir: where a relay of one node keeps its tenants' public keys.
        authority: where Entra is, `https://HOST[:PORT]`.
        apps: client ids that may hold tokens for us besides Teams, Outlook and ourselves.
        tls: None = without TLS: a proxy in front of the node has the certificate.
        allow_plain: listen without TLS beyond loopback.
        message_extension: answer Teams' message extension, which needs the node to open questions
            and answers of tenants whose directories allow it.
        limits: bounds.
    """

    url: str
    host: str
    port: int
    node: str
    client_id: str
    data_dir: Path
    authority: str = ENTRA
    apps: tuple[str, ...] = ()
    tls: NodeTls | None = None
    allow_plain: bool = False
    message_extension: bool = False
    limits: NodeLimits = NodeLimits()

    def token_rules(self, tenant: str) -> TokenRules:
        """Return what a token must say that claims to be of this tenant (a GUID, lower case)."""
        return user_rules(self.authority, tenant, self.client_id, self.apps)

    def registration_rules(self, tenant: str) -> TokenRules:
        """Return what the token of an administrator must say who registers this tenant."""
        rules = self.token_rules(tenant)
        apps = frozenset({self.client_id})
        return msgspec.structs.replace(rules, scope=REGISTRATION_SCOPE, apps=apps)

    @property
    def registration_scope(self) -> str:
        """What an administrator's sign-in asks for."""
        return f"api://{self.public_host}/{self.client_id}/{REGISTRATION_SCOPE}"

    @property
    def keys_url(self) -> str:
        """Where the keys of Entra's tokens of all tenants are."""
        return f"{self.authority}/common/discovery/v2.0/keys"

    @property
    def public_host(self) -> str:
        """The relay's name, lower case, without port."""
        return urlsplit(self.url).hostname or ""

    @override
    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"
