"""What the configuration says of the HTTP side: `[relay]`, checked and resolved."""

from __future__ import annotations

import msgspec
from typing_extensions import override

from relay.tokens import OUTLOOK_APPS, TEAMS_APPS, TokenRules

ENTRA = "https://login.microsoftonline.com"

SCOPE = "access_as_user"
"""The scope that the application offers in Entra; the manual says how."""


class RelaySettings(msgspec.Struct, frozen=True):
    """`[relay]`.

    Attributes:
        host: address to listen on; plain HTTP beyond loopback needs `allow_plain`.
        port: 1–65535; 0 takes a free one.
        tenant: Entra tenant id, lower case; "" = no sign-in with Entra.
        client_id: id of our application in Entra, lower case; "" with `tenant` "".
        authority: where Entra is, `https://HOST[:PORT]`.
        apps: client ids that may hold tokens for us besides Teams, Outlook and ourselves.
        dev_user: name of the user that everybody on this machine is who does not sign in; "" =
            everybody signs in.
        chat_domains: domains whose mail addresses are accounts of Teams, lower case.
        customer_page: address of a page that is shown within a contact's card; "" = none.
        custom_names: what people call custom fields, `custom.1` to `custom.20`; others have none.
        allow_plain: serve passwords without TLS beyond loopback.
        max_body_bytes: largest request body.
        max_number_chars: longest caller number that is looked up.
        max_hits: most hits of one answer.
        user_rate: requests a second of one user on average; 0 = no limit.
        tenant_rate: requests a second of all users of one tenant; 0 = no limit.
        max_in_flight: requests of one user that are answered at a time.
        deadline_s: longest wait for the directory.
    """

    host: str
    port: int
    tenant: str = ""
    client_id: str = ""
    authority: str = ENTRA
    apps: tuple[str, ...] = ()
    dev_user: str = ""
    chat_domains: tuple[str, ...] = ()
    customer_page: str = ""
    custom_names: dict[str, str] = {}
    allow_plain: bool = False
    max_body_bytes: int = 16 * 1024
    max_number_chars: int = 200
    max_hits: int = 50
    user_rate: int = 10
    tenant_rate: int = 100
    max_in_flight: int = 8
    deadline_s: int = 5

    def token_rules(self) -> TokenRules:
        """Return what Entra's tokens must say; only with a tenant."""
        return user_rules(self.authority, self.tenant, self.client_id, self.apps)

    @property
    def keys_url(self) -> str:
        """Where the keys of Entra's tokens are; pinned, whatever a token says."""
        return tenant_keys_url(self.authority, self.tenant)

    @override
    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def user_rules(authority: str, tenant: str, client_id: str, apps: tuple[str, ...]) -> TokenRules:
    """Return what the token of a user must say, whichever face it is shown to.

    Args:
        authority: where Entra is.
        tenant: the registered tenant's id, lower case.
        client_id: of the application that the token is for, lower case.
        apps: client ids that may hold it besides Teams, Outlook and the application itself.
    """
    return TokenRules(
        tenant=tenant,
        client_id=client_id,
        issuer=f"{authority}/{tenant}/v2.0",
        scope=SCOPE,
        apps=frozenset((client_id, *TEAMS_APPS, *OUTLOOK_APPS, *apps)),
    )


def tenant_keys_url(authority: str, tenant: str) -> str:
    """Return where the keys of a tenant's tokens are."""
    return f"{authority}/{tenant}/discovery/v2.0/keys"
