"""Entries that were encoded before: what a phone lists is mostly what it listed a letter ago.

Law: kept are entries, never answers, and only as long as they are true by construction. An entry
belongs to one version of a contact in one state of the index: a commit, a change of the policies or
of what somebody may see makes another state, with which all are forgotten. It belongs to one view
as well: one client's writer, one list of attributes, one base; a reload of the configuration makes
other writers, and the whole memory is made anew with them.

Where names and numbers are all that is shown and asked for, no more of a contact is read: its card.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, cast

import msgspec

from engine.contact import Card, Contact
from ldapd.entries import EntryWriter
from ldapd.protocol.messages import SearchRequest

MAX_OCTETS = 8 * 1024 * 1024
"""Of entries in one process; then all are forgotten."""

MAX_ENTRIES = 16_384
"""Entries of one process; each keeps its contact in memory, so that this bounds them as well."""

MAX_VIEWS = 1_024
"""Clients, times the lists of attributes they ask for."""


class Contacts(Protocol):
    """Where contacts are read; `ldapd.asked.Candidates` are such."""

    def cards(self, versions: Sequence[bytes]) -> list[Card]:
        """Return contacts with all of their fields, as far as a card has them."""

    def seen(self, versions: Sequence[bytes]) -> list[Contact]:
        """Return contacts without their hidden fields."""


class Kept(msgspec.Struct, gc=False):
    """One contact of a view, and its entry once it was shown; b"" before."""

    contact: Contact
    entry: bytes = b""


class View:
    """What an entry depends on beside its contact, and those that are kept of it.

    Attributes:
        write: makes the entry of a contact.
        brief: contacts are read as cards; `write`, and whoever looks at them, needs no more.
        kept: by version.
    """

    __slots__ = ("brief", "kept", "write")

    def __init__(self, write: Callable[[Contact], bytes], *, brief: bool = False) -> None:
        self.write = write
        self.brief = brief
        self.kept: dict[bytes, Kept] = {}


class KeptEntries:
    """The entries of one process, all from one state of the index."""

    __slots__ = ("_count", "_left", "_max_octets", "_state", "_views")

    def __init__(self, max_octets: int = MAX_OCTETS) -> None:
        """Keep at most `max_octets` of entries."""
        self._max_octets = max_octets
        self._state: object = None
        self._views: dict[tuple[EntryWriter, tuple[str, ...], bool, str, bool], View] = {}
        self._forget()

    def view(
        self, state: object, writer: EntryWriter, request: SearchRequest, base: str, *, brief: bool
    ) -> View:
        """Return the view of a search: the same for equal ones.

        Args:
            state: the index's; another one than before, and nothing is kept any more.
            writer: of the client.
            request: what it wants to be shown.
            base: names the entries.
            brief: a card of a contact suffices to whoever looks at it, `writer` apart.
        """
        if state is not self._state:
            self._state = state
            self._forget()
        name = (writer, request.attributes, request.types_only, base, brief)
        view = self._views.get(name)
        if view is None:
            if len(self._views) >= MAX_VIEWS:
                self._forget()
            brief = brief and writer.is_brief(request)
            view = self._views[name] = View(writer.operations(request, base), brief=brief)
        return view

    def contacts(self, view: View, of: Contacts, versions: Sequence[bytes]) -> list[Kept]:
        """Return contacts by their versions; those that are not kept are read together."""
        kept = view.kept
        missing = [version for version in versions if version not in kept]
        if missing:
            self._count += len(missing)
            if self._count > MAX_ENTRIES:
                self._forget()
                missing = list(versions)
            # a brief view asks a card for nothing that it lacks
            read = cast("list[Contact]", of.cards(missing)) if view.brief else of.seen(missing)
            kept.update(zip(missing, map(Kept, read), strict=True))
        return [kept[version] for version in versions]

    def entries(self, view: View, contacts: Sequence[Kept]) -> list[bytes]:
        """Return the entries of contacts, without the messages around them; each is made once."""
        write = view.write
        entries: list[bytes] = []
        for each in contacts:
            entry = each.entry
            if not entry:
                entry = each.entry = write(each.contact)
                self._left -= len(entry)
            entries.append(entry)
        if self._left < 0:
            self._forget()
        return entries

    def _forget(self) -> None:
        for view in self._views.values():
            view.kept.clear()
        self._views.clear()
        self._left = self._max_octets
        self._count = 0
