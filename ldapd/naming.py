"""Which place in the tree a base DN names.

Law: pure code. The tree is flat: a root, a subschema entry, naming contexts that all hold the same
entries (the base and its aliases, as other products mount them), and below each context one entry a
contact, named by its entryUUID. An empty base with a scope beyond the base object means the first
context, since address books ask so.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from ldapd.entries import SUBSCHEMA_DN
from ldapd.errors import InvalidDn
from ldapd.own_entries import OwnEntry, context_entry, root_dse, subschema
from ldapd.protocol.dn import depth_below, normal_dn, parse_dn

PlaceKind = Literal["own", "context", "entry", "nowhere", "invalid"]


class Place(msgspec.Struct, frozen=True):
    """What a base DN names.

    Attributes:
        kind: `own` the subschema; `context` a naming context or the root; `entry` below a context;
            `nowhere` nothing here; `invalid` no DN.
        base: `context`: the DN under which entries are named in answers; else the asked DN.
        own: what a search of the base object itself finds; None for `entry` and below.
        entry_uuid: `entry`: whose.
        matched: `entry`, `nowhere`: the nearest DN that exists for sure, "" for none.
    """

    kind: PlaceKind
    base: str = ""
    own: OwnEntry | None = None
    entry_uuid: str = ""
    matched: str = ""


class Naming:
    """The tree for one set of settings."""

    def __init__(self, base: str, aliases: tuple[str, ...], *, start_tls: bool = False) -> None:
        """Take the base and its aliases; `start_tls`: whether the root DSE offers it.

        Raises:
            InvalidDn: one of them is no distinguished name.
        """
        self._contexts = (base, *aliases)
        self._places: dict[str, Place] = {
            "": Place("context", base, root_dse(self._contexts, start_tls=start_tls)),
            SUBSCHEMA_DN: Place("own", SUBSCHEMA_DN, subschema()),
        }
        self._normal = {normal_dn(name): name for name in ("", SUBSCHEMA_DN)}
        for context in self._contexts:
            self._places.setdefault(context, Place("context", context, context_entry(context)))
            self._normal.setdefault(normal_dn(context), context)

    def locate(self, base: str) -> Place:
        """Return the place that a base DN, as the client sent it, names."""
        known = self._places.get(base)
        if known is not None:
            return known
        try:
            same = self._normal.get(normal_dn(base))
            if same is not None:
                place = self._places[same]
                return Place(place.kind, base if same else place.base, place.own)
            return self._below(base)
        except InvalidDn:
            return Place("invalid")

    def _below(self, base: str) -> Place:
        for context in self._contexts:
            depth = depth_below(base, context)
            if depth is None:
                continue
            first = parse_dn(base)[0]
            if depth == 1 and len(first) == 1 and first[0].attribute.lower() == "entryuuid":
                return Place("entry", base, None, first[0].value.lower(), context)
            return Place("nowhere", base, matched=context)
        return Place("nowhere", base)
