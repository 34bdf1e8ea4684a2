"""What an asker's question may look at: sources, and per source the fields as the index knows them.

Law: a hidden field is not searched at all: it would give itself away by being found. Worked out
once for an asker and a state of the index.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from engine.contact import PHONE_KINDS
from engine.rights import Principal, SourcePolicy, hidden_fields, is_owner, visible_sources
from engine.terms import MARKS, NUMBER_PARTS, origin_of


class Searched(msgspec.Struct, frozen=True):
    """The fields that may be searched, beside names and companies.

    Attributes:
        fields: names as in a source's map, `phones.KIND` too.
        marks: the marks of those in the index field `other`.
        parts: the index fields with the parts of the numbers.
    """

    fields: frozenset[str]
    marks: tuple[str, ...]
    parts: tuple[str, ...]


class Scope(msgspec.Struct, frozen=True):
    """What one asker sees.

    Attributes:
        sources: ids of the visible sources that are in the index, by falling priority and name.
        groups: sources that may be searched in the same fields, and these fields; never empty but
            for an asker who sees no source.
        hidden: source id → hidden fields; only sources that have any.
        private: ids of the asker's own private sources.
        searched: source id → what may be searched.
        sees_all: whether these are all the sources that are in the index.
        priorities: priority, negative → the visible sources that have it, the highest first.
        by_source: a visible source's id → the same.
        best_share: the share of the documents of the visible sources that is of those with the
            highest priority, above 0 and at most 1; deleted ones count until they are merged away.
            Nothing but time may hang on it.
        by_origin: the number that stands for a visible source's id (`origin_of`) → the same.
    """

    sources: tuple[str, ...]
    groups: tuple[tuple[tuple[str, ...], Searched], ...]
    hidden: Mapping[str, frozenset[str]]
    private: frozenset[str]
    searched: Mapping[str, Searched]
    sees_all: bool
    priorities: Mapping[int, tuple[str, ...]]
    by_origin: Mapping[int, int]
    by_source: Mapping[str, int]
    best_share: float


def scope_of(
    principal: Principal,
    policies: Mapping[str, SourcePolicy],
    present: Mapping[str, int],
    custom_marks: frozenset[str],
) -> Scope:
    """Return what an asker sees of the sources that are present in an index.

    Args:
        principal: who asks.
        policies: source id → policy.
        present: ids of the sources in the index → how many documents they have.
        custom_marks: marks (`MARKS`) of the custom fields that are in it; others need no search.
    """
    visible = visible_sources(principal, policies)
    priority = {
        source: -policies[source].priority if source in policies else 0
        for source in present
        if visible is None or source in visible
    }
    sources = sorted(priority, key=lambda source: (priority[source], source))
    hidden = {source: hidden_fields(principal, policies.get(source)) for source in sources}
    searched = {
        source: _searched(hidden[source], policies.get(source), custom_marks) for source in sources
    }
    groups: dict[Searched, list[str]] = {}
    for source in sources:
        groups.setdefault(searched[source], []).append(source)
    by_priority = {
        each: tuple(source for source in sources if priority[source] == each)
        for each in sorted(set(priority.values()))
    }
    best = sum(present[source] for source in next(iter(by_priority.values()), ()))
    return Scope(
        sources=tuple(sources),
        groups=tuple((tuple(each), fields) for fields, each in groups.items()),
        hidden={source: fields for source, fields in hidden.items() if fields},
        private=frozenset(
            source
            for source in sources
            if source in policies and is_owner(principal, policies[source])
        ),
        searched=searched,
        sees_all=visible is None or visible.issuperset(present),
        priorities=by_priority,
        by_origin={origin_of(source): priority[source] for source in sources},
        by_source=priority,
        best_share=max(best, 1) / max(sum(present[source] for source in sources), 1),
    )


def _searched(
    hidden: frozenset[str], policy: SourcePolicy | None, custom_marks: frozenset[str]
) -> Searched:
    """Return what of a source may be searched; custom fields only if they are marked for it."""
    fields = {field for field in MARKS if field not in hidden}
    fields |= {f"phones.{kind}" for kind in PHONE_KINDS if f"phones.{kind}" not in hidden}
    if policy is not None:
        fields = {f for f in fields if not f.startswith("custom.") or f in policy.searchable}
    return Searched(
        fields=frozenset(fields),
        marks=tuple(
            mark
            for field, mark in MARKS.items()
            if field in fields and (mark in custom_marks or not field.startswith("custom."))
        ),
        parts=tuple(part for kind, part in NUMBER_PARTS.items() if f"phones.{kind}" in fields),
    )
