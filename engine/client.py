"""A client that may ask: one `[[client]]` of the configuration, resolved and checked.

Both faces (LDAP and HTTP) authenticate against the same list.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Literal

import msgspec

from engine.phone import DialPlan, NumberFormat
from engine.query import EVERY_CLASS
from engine.rights import ALL, Principal

Profile = Literal["sbc", "phone", "addressbook", "bulk"]


class Client(msgspec.Struct, frozen=True):
    """Who may ask, and how it is answered.

    Attributes:
        name: unique; the user name of HTTP Basic authentication.
        bind: the LDAP bind name, a DN or any other text; "" refuses LDAP binds.
        bind_aliases: further bind names that mean the same.
        certificates: client certificates that are as good as a bind name and password: a subject
            ("CN=sbc,O=Firm"), an alternative name ("dns:sbc.firm.example") or "sha256:" and the
            fingerprint's hex digits.
        password_hash: made by `rufname password`; "" refuses every password.
        networks: where the client may come from; empty = from anywhere.
        profile: which questions it may ask and how many entries it gets.
        plan: how numbers are read and written for it.
        number_format: how numbers are written in answers.
        sources: names of the sources it asks, ("*",) = all it may see.
        mail_domain: whoever has no e-mail address is shown one under this domain, since Outlook
            leaves out entries without; "" = shows none.
        classes: the classes (`docs/callers.md`, 2) in which its callers are looked for.
    """

    name: str
    bind: str = ""
    password_hash: str = ""
    bind_aliases: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    profile: Profile = "sbc"
    plan: DialPlan = DialPlan()
    number_format: NumberFormat = "e164"
    sources: tuple[str, ...] = ALL
    mail_domain: str = ""
    classes: frozenset[int] = EVERY_CLASS

    def principal(self) -> Principal:
        """Return who the client is to the rights."""
        return Principal(name=self.name, kind="client", sources=self.sources)

    def admits(self, address: IPv4Address | IPv6Address | None) -> bool:
        """Tell whether a peer at `address` (None: a local socket) may be this client."""
        if not self.networks or address is None:
            return True
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address.version == net.version and address in net for net in self.networks)
