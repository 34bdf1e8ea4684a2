"""Who may sign in to the app: `[[user]]` and `[[group]]` become accounts.

Law: that of `rufname.configplans`; the only files read are the users' password hashes.
"""

from __future__ import annotations

from collections.abc import Sequence

from relay.accounts import Accounts, Group, User
from rufname.configfile import GroupTable, UserTable
from rufname.configplans import Scope, numbered, password_hash, place_of, refuse_twice
from rufname.tomltables import Table


def resolve_accounts(
    scope: Scope,
    users: Sequence[Table],
    groups: Sequence[Table],
    clients: Sequence[Table],
    source_names: frozenset[str],
) -> Accounts:
    """Return every `[[user]]` and `[[group]]` that can be read, in the order of the file.

    Args:
        scope: what resolving needs.
        users: the tables of `[[user]]`.
        groups: the tables of `[[group]]`.
        clients: the tables of clients: names are unique over all three, since `visible_to` is a
            list of names of any.
        source_names: names of all sources.
    """
    kinds = (("client", clients), ("user", users), ("group", groups))
    places = {
        kind: [place_of(kind, number, raw) for number, raw in enumerate(tables, 1)]
        for kind, tables in kinds
    }
    named = [
        (place, raw.get("name"))
        for kind, tables in kinds
        for place, raw in zip(places[kind], tables, strict=True)
    ]
    own = [name for _, name in named[: len(clients)]]
    # two clients of one name are a fault of theirs, named where clients are resolved
    refuse_twice(
        scope.findings,
        "name",
        [pair for at, pair in enumerate(named) if at >= len(clients) or own.index(pair[1]) == at],
    )
    group_names = {name for raw in groups if isinstance(name := raw.get("name"), str)}
    made_users = [
        _user(scope, place, raw, source_names, group_names)
        for place, raw in zip(places["user"], users, strict=True)
    ]
    made_groups = [
        scope.reader.read(raw, GroupTable, place, stand_ins={"name": ""})
        for place, raw in zip(places["group"], groups, strict=True)
    ]
    for kind, tables in (("user", users), ("group", groups)):
        ids = (str(raw.get("entra", "")).lower() for raw in tables)
        refuse_twice(scope.findings, "entra", zip(places[kind], ids, strict=True))
    return Accounts(
        users=tuple(user for user in made_users if user),
        groups=tuple(Group(each.name, each.entra.lower()) for each in made_groups if each),
    )


def _user(
    scope: Scope, place: str, raw: Table, source_names: frozenset[str], group_names: set[str]
) -> User | None:
    findings = scope.findings
    table = scope.reader.read(raw, UserTable, place, stand_ins={"name": ""})
    if table is None:
        return None
    for key, name in numbered("sources", table.sources):
        if name != "*" and name not in source_names:
            findings.unknown(f"{place}.{key}", "source", name, {"*", *source_names})
    for key, name in numbered("groups", table.groups):
        if name not in group_names:
            findings.unknown(f"{place}.{key}", "group", name, group_names)
    if table.password is None and not table.entra:
        findings.warn(place, "has neither password nor entra: it cannot sign in")
    return User(
        name=table.name,
        password_hash=password_hash(findings, f"{place}.password", table.password),
        entra=table.entra.lower(),
        groups=table.groups,
        sources=table.sources,
    )
