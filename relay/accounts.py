"""Users and groups of the app: `[[user]]` and `[[group]]` of the configuration, resolved.

Law: values only. Who a signed-in person is to the rights is decided here and nowhere else: by the
name of a local user, or by the object id that Entra gives a user, never by a mail address.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address

import msgspec

from engine.rights import ALL, Principal

LOCAL_TENANT = "local"
"""Stands for the tenant of users who sign in with a password of this directory."""


class User(msgspec.Struct, frozen=True):
    """One `[[user]]`.

    Attributes:
        name: unique over users, groups and clients; a name for `visible_to`.
        password_hash: made by `rufname password`; "" = no sign-in with a password.
        entra: object id of the same person in Entra, lower case; "" = none.
        groups: names of groups the user belongs to, whatever Entra says.
        sources: names of the sources it asks, ("*",) = all it may see.
    """

    name: str
    password_hash: str = ""
    entra: str = ""
    groups: tuple[str, ...] = ()
    sources: tuple[str, ...] = ALL

    def admits(self, _address: IPv4Address | IPv6Address | None) -> bool:
        """Tell whether the user may come from an address: from any."""
        return True


class Group(msgspec.Struct, frozen=True):
    """One `[[group]]`: a name for `visible_to`, and the object id of the group in Entra."""

    name: str
    entra: str


class Asker(msgspec.Struct, frozen=True):
    """Who sends a request to the app, once that is known.

    Attributes:
        principal: who it is to the rights.
        tenant: Entra tenant id, or `LOCAL_TENANT`.
        user: the user's id within the tenant: object id, or the local user's name.
        name: what to call the user; "" if unknown.
    """

    principal: Principal
    tenant: str
    user: str
    name: str = ""


class Accounts(msgspec.Struct, frozen=True):
    """All users and groups, as configured now."""

    users: tuple[User, ...] = ()
    groups: tuple[Group, ...] = ()

    def local(self, name: str) -> User | None:
        """Return the user of this name."""
        return next((user for user in self.users if user.name == name), None)

    def local_asker(self, user: User) -> Asker:
        """Return who a user is that signed in here."""
        principal = Principal(user.name, "user", user.groups, user.sources)
        return Asker(principal, LOCAL_TENANT, user.name, user.name)

    def entra_asker(self, tenant: str, oid: str, name: str, groups: Iterable[str]) -> Asker:
        """Return who a user is that signed in with Entra.

        Args:
            tenant: the tenant's id, lower case.
            oid: the user's object id, lower case.
            name: the user's display name; shown to the user only.
            groups: object ids of Entra's groups, as far as the token tells them.

        Returns:
            The rights of the `[[user]]` with this object id, if there is one; its groups and those
            of Entra together. Anybody else of the tenant is known by the object id alone.
        """
        held = set(groups)
        named = tuple(group.name for group in self.groups if group.entra and group.entra in held)
        user = next((each for each in self.users if each.entra == oid), None)
        if user is None:
            return Asker(Principal(oid, "user", named), tenant, oid, name)
        every = tuple(dict.fromkeys((*user.groups, *named)))
        return Asker(Principal(user.name, "user", every, user.sources), tenant, oid, name)
