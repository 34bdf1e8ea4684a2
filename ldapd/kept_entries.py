"""Entries that were encoded before: what a phone lists is mostly what it listed a letter ago.

Law: kept are entries, never answers, and only as long as they are true by construction. An entry
belongs to one contact *object*, which never changes: a change of the contact, of the policies or
of what somebody may see makes another object. It belongs to one view as well: one client's writer,
one list of attributes, one base; a reload of the configuration makes other writers, and the whole
memory is made anew with them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable

from engine.contact import Contact
from ldapd.entries import EntryWriter
from ldapd.protocol.messages import SearchRequest

MAX_OCTETS = 8 * 1024 * 1024
"""Of entries in one process."""

MAX_ENTRIES = 16_384
"""Entries of one process; each keeps its contact in memory, so that this bounds them as well."""

MAX_VIEWS = 1_024
"""Clients, times the lists of attributes they ask for."""


class View:
    """What an entry depends on beside its contact; compared by identity.

    Attributes:
        write: makes the entry of a contact.
    """

    __slots__ = ("write",)

    def __init__(self, write: Callable[[Contact], bytes]) -> None:
        self.write = write


class KeptEntries:
    """The entries of one process, oldest first."""

    __slots__ = ("_entries", "_left", "_max_octets", "_views")

    def __init__(self, max_octets: int = MAX_OCTETS) -> None:
        """Keep at most `max_octets` of entries."""
        self._max_octets = max_octets
        self._entries: OrderedDict[tuple[View, int], tuple[Contact, bytes]] = OrderedDict()
        self._left = max_octets
        self._views: dict[tuple[EntryWriter, tuple[str, ...], bool, str], View] = {}

    def view(self, writer: EntryWriter, request: SearchRequest, base: str) -> View:
        """Return the view of a search: the same for equal ones."""
        name = (writer, request.attributes, request.types_only, base)
        view = self._views.get(name)
        if view is None:
            if len(self._views) >= MAX_VIEWS:
                self._views.clear()  # their entries are pushed out in time
            view = self._views[name] = View(writer.operations(request, base))
        return view

    def entry(self, view: View, contact: Contact) -> bytes:
        """Return the entry of a contact, without the message around it; it is made once."""
        return self.entries(view, (contact,))[0]

    def entries(self, view: View, contacts: Iterable[Contact]) -> list[bytes]:
        """Return the entries of contacts. Flat, since every list passes here."""
        kept, write = self._entries, view.write
        entries: list[bytes] = []
        for contact in contacts:
            name = view, id(contact)  # kept with it: as long as it lives no other has its `id`
            known = kept.get(name)
            if known is not None:
                entries.append(known[1])
                continue
            entry = write(contact)
            entries.append(entry)
            kept[name] = contact, entry
            self._left -= len(entry)
        while self._left < 0 or len(kept) > MAX_ENTRIES:
            _, (_, oldest) = kept.popitem(last=False)
            self._left += len(oldest)
        return entries
