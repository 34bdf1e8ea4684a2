"""What the configuration of a directory says of its tunnel: `[tunnel]`, checked and resolved."""

from __future__ import annotations

from pathlib import Path

import msgspec

from relay.settings import ENTRA, tenant_keys_url, user_rules
from relay.tokens import TokenRules

FROM_ENVIRONMENT = "environment"
NO_PROXY = "none"


class TunnelSettings(msgspec.Struct, frozen=True):
    """`[tunnel]`.

    Attributes:
        client_id: id of the relay's application in Entra, lower case: whom its tokens are for.
        authority: where Entra is, `https://HOST[:PORT]`.
        apps: client ids that may hold tokens for us besides Teams, Outlook and the relay's own.
        nodes: addresses of the relay's nodes, `https://HOST[:PORT]`; () = the relay's own address.
        proxy: `http://HOST:PORT` or `https://…`, "environment" (HTTPS_PROXY and its like), "none".
        proxy_login: `NAME:PASSWORD` for the proxy, "" = none.
        ca: PEM file of authorities that may sign the relay's certificate besides the system's;
            None: the system's alone. A proxy that looks into TLS has one.
        lines: connections to the relay that are held at a time.
        window: questions that are answered at a time on each.
        chat_domains: as in `[relay]`.
        customer_page: as in `[relay]`.
        custom_names: as in `[relay]`.
        message_extension: answer searches of Teams' message extension too, which the relay and
            Microsoft's service read.
        max_hits: as in `[relay.limits]`, and so are the following.
        user_rate: requests a second of one user.
        tenant_rate: requests a second of all users.
        max_in_flight: requests of one user at a time.
        deadline_s: longest wait for the directory.
    """

    client_id: str
    authority: str = ENTRA
    apps: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    proxy: str = FROM_ENVIRONMENT
    proxy_login: str = ""
    ca: Path | None = None
    lines: int = 2
    window: int = 64
    chat_domains: tuple[str, ...] = ()
    customer_page: str = ""
    custom_names: dict[str, str] = {}
    message_extension: bool = False
    max_hits: int = 50
    user_rate: int = 10
    tenant_rate: int = 100
    max_in_flight: int = 8
    deadline_s: int = 5

    def token_rules(self, tenant: str) -> TokenRules:
        """Return what the users' tokens must say; `tenant` is the registered one."""
        return user_rules(self.authority, tenant, self.client_id, self.apps)

    def keys_url(self, tenant: str) -> str:
        """Where the keys of Entra's tokens are; pinned, whatever a token says."""
        return tenant_keys_url(self.authority, tenant)
