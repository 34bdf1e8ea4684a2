"""Contacts, stores and indexes for the engine's tests: real files, no stand-ins."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.contact import Contact, ContactId, PhoneKind, PhoneLine, encode_contact
from engine.index import ContactIndex
from engine.phone import DialPlan, PhoneNumber
from engine.rights import SourcePolicy
from engine.store import Change, ContactStore
from engine.writer import IndexWriter

MUNICH = DialPlan(name="munich", area_code="89", trunks=("498999998",), extension_length=(2, 4))


def line(number: str, kind: PhoneKind = "work") -> PhoneLine:
    digits, _, extension = number.partition("x")
    return PhoneLine(kind, PhoneNumber(digits, extension))


def contact(
    key: str,
    name: str = "",
    *numbers: str | PhoneLine,
    source: str = "crm",
    company: str = "",
    **fields: object,
) -> Contact:
    lines = tuple(line(each) if isinstance(each, str) else each for each in numbers)
    return Contact(
        ContactId(source, key), display_name=name, company=company, phones=lines, **fields
    )  # type: ignore[arg-type]  # the fields are the test's business


def change_of(seq: int, each: Contact) -> Change:
    return Change(seq, each.id.source, each.id.key, encode_contact(each))


def put(store: ContactStore, contacts: Iterable[Contact]) -> None:
    for each in contacts:
        body = encode_contact(each)
        store.apply(each.id.source, [(each.id.key, body[:16].ljust(16, b"\0"), body)], [])


def remove(store: ContactStore, *contacts: Contact) -> None:
    for each in contacts:
        store.apply(each.id.source, [], [each.id.key])


class Directory:
    """A store, its writer and a reader in one folder."""

    def __init__(self, folder: Path, **policies: SourcePolicy) -> None:
        self.index_dir = folder / "index"
        self.store = ContactStore.open(folder / "contacts.sqlite")
        self.writer = IndexWriter.open(self.index_dir, self.store)
        self.index = ContactIndex.open(self.index_dir, policies or {"crm": SourcePolicy("crm")})

    def hold(self, *contacts: Contact) -> ContactIndex:
        """Store and index the contacts; return the refreshed reader."""
        put(self.store, contacts)
        self.writer.catch_up()
        self.index.refresh()
        return self.index

    def close(self) -> None:
        self.index.close()
        self.writer.close()
        self.store.close()
