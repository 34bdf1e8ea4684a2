"""Who may see which source: applied inside the query, never after it.

`visible_sources` is the one place that decides; `None` stands for "all", which costs no filter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

PrincipalKind = Literal["admin", "client", "user"]

ALL = ("*",)


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

    `visible_to` holds names of users, groups and clients; "*" is everybody.
    """

    name: str
    priority: int = 500
    visible_to: tuple[str, ...] = ALL


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
    names = {principal.name, *principal.groups}
    return frozenset(
        source
        for source, policy in policies.items()
        if ("*" in principal.sources or policy.name in principal.sources)
        and ("*" in policy.visible_to or not names.isdisjoint(policy.visible_to))
    )


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
    return f"visible_to of {policy.name} does not name {principal.name}"
