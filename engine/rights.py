"""Who may see which source and which field: applied inside the query, never after it.

`visible_sources` and `hidden_fields` are the places that decide; `None` stands for "all sources",
which costs no filter. A field that is hidden is neither shown nor searched.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

PrincipalKind = Literal["admin", "client", "user"]

ALL = ("*",)

HIDEABLE = frozenset(
    {
        "title", "department", "job", "street", "postcode", "city", "country", "emails", "url",
        "photo", "birthday", "notes",
        "phones.work", "phones.mobile", "phones.home", "phones.fax", "phones.company",
        "phones.other",
        *(f"custom.{number}" for number in range(1, 21)),
    }
)  # fmt: skip
"""Fields that a source may keep from some; names and companies are what a source is seen for."""

SEARCHED_CUSTOM = frozenset(f"custom.{number}" for number in range(1, 21))


class Principal(msgspec.Struct, frozen=True):
    """Who asks: a bound client, a user of the app, or the local administrator.

    `sources` is the asker's own list of source names ("*" = every source it may see).
    """

    name: str
    kind: PrincipalKind
    groups: tuple[str, ...] = ()
    sources: tuple[str, ...] = ALL


LOCAL_ADMIN = Principal(name="local administrator", kind="admin")


class SourcePolicy(msgspec.Struct, frozen=True):
    """What the configuration says of a source: its name, priority (1–999, higher wins), audience.

    Attributes:
        name: what people call it.
        priority: 1-999, higher wins.
        visible_to: names of users, groups and clients; "*" is everybody.
        owner: the user whose private address book it is, "" for none: nobody else sees it, and its
            people come first for its owner.
        fields: field (one of `HIDEABLE`) → who sees it, of those who see the source; a field that
            is not named is seen by all of them.
        searchable: the custom fields that people search looks into.
    """

    name: str
    priority: int = 500
    visible_to: tuple[str, ...] = ALL
    owner: str = ""
    fields: Mapping[str, tuple[str, ...]] = {}
    searchable: frozenset[str] = SEARCHED_CUSTOM


def visible_sources(
    principal: Principal, policies: Mapping[str, SourcePolicy]
) -> frozenset[str] | None:
    """Return the ids of the sources the asker may see; None if it is all of them.

    Args:
        principal: who asks; the local administrator sees everything.
        policies: source id → policy, as configured now. A source that is no longer configured is
            seen by the administrator alone.

    Returns:
        A set that may be empty, or None: no filter is needed. None is only returned to the
        administrator, so that a record of an unconfigured source is never shown to others.
    """
    if principal.kind == "admin":
        return None
    names = _names_of(principal)
    return frozenset(
        source
        for source, policy in policies.items()
        if ("*" in principal.sources or policy.name in principal.sources)
        and (is_owner(principal, policy) if policy.owner else _reaches(policy.visible_to, names))
    )


def hidden_fields(principal: Principal, policy: SourcePolicy | None) -> frozenset[str]:
    """Return the fields of a source that the asker may not see; for the administrator none.

    A private source hides nothing from its owner.
    """
    if policy is None or not policy.fields or principal.kind == "admin":
        return frozenset()
    if is_owner(principal, policy):
        return frozenset()
    names = _names_of(principal)
    return frozenset(
        field for field, audience in policy.fields.items() if not _reaches(audience, names)
    )


def is_owner(principal: Principal, policy: SourcePolicy) -> bool:
    """Tell whether a source is the asker's own private one."""
    return policy.owner != "" and principal.kind == "user" and principal.name == policy.owner


def _names_of(principal: Principal) -> frozenset[str]:
    return frozenset({principal.name, *principal.groups})


def _reaches(audience: tuple[str, ...], names: frozenset[str]) -> bool:
    return "*" in audience or not names.isdisjoint(audience)


def hidden_reason(principal: Principal, source: str, policies: Mapping[str, SourcePolicy]) -> str:
    """Return why the asker may not see a source, in words for an administrator; "" if it may.

    Args:
        principal: who asks.
        source: the source's id.
        policies: as in `visible_sources`, which decides.
    """
    visible = visible_sources(principal, policies)
    if visible is None or source in visible:
        return ""
    policy = policies.get(source)
    if policy is None:
        return f"the source {source} is no longer configured"
    if "*" not in principal.sources and policy.name not in principal.sources:
        return f"{policy.name} is not among the sources of {principal.name}"
    if policy.owner:
        return f"{policy.name} is private"
    return f"visible_to of {policy.name} does not name {principal.name}"
