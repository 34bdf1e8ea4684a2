"""A filled store and index for the engine's benches, made straight from made-up contacts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import groupby, islice
from pathlib import Path

from engine.contact import encode_contact
from engine.index import ContactIndex
from engine.rights import Principal, SourcePolicy
from engine.store import MAX_BATCH, ContactStore
from engine.writer import IndexWriter
from rufname.sample_contact import MadeContact, engine_contact

POLICIES = {"crm": SourcePolicy("crm", 500), "phonelist": SourcePolicy("phonelist", 400)}

SBC = Principal(name="sbc", kind="client")
"""Who asks in the benches: a client that sees both sources, through the filter of its rights."""

Row = tuple[str, bytes, bytes]


def fill(folder: Path, made: Iterable[MadeContact]) -> None:
    """Make `folder/contacts.sqlite` and `folder/index` and fill them."""
    with closing(ContactStore.open(folder / "contacts.sqlite")) as store:
        for source, rows in _batches(made):
            store.apply(source, rows)
        with closing(IndexWriter.open(folder / "index", store)) as writer:
            writer.catch_up()


def open_index(folder: Path) -> ContactIndex:
    """Open what `fill` made."""
    return ContactIndex.open(folder / "index", POLICIES)


def commit_small_changes(folder: Path, made: Iterable[MadeContact], commits: int) -> None:
    """Touch contacts in that many commits of a few rows each, as a day of incremental runs does.

    Only the time of change is new, so that every answer stays what it was.
    """
    contacts = list(made)
    share = len(contacts) // commits
    with (
        closing(ContactStore.open(folder / "contacts.sqlite")) as store,
        closing(IndexWriter.open(folder / "index", store)) as writer,
    ):
        for number in range(commits):
            touched = contacts[number * share : (number + 1) * share]
            for source, rows in _batches(touched, changed=f"2026-10-01T00:{number:02d}:00Z"):
                store.apply(source, rows)
            writer.catch_up()


def _batches(made: Iterable[MadeContact], changed: str = "") -> Iterator[tuple[str, list[Row]]]:
    """Sort contacts into batches of one source each; flat in memory."""
    contacts = iter(made)
    while page := list(islice(contacts, MAX_BATCH)):
        page.sort(key=lambda each: each.source)
        for source, group in groupby(page, key=lambda each: each.source):
            yield source, [_row(each, changed) for each in group]


def _row(made: MadeContact, changed: str) -> Row:
    contact = engine_contact(made)
    body = encode_contact(contact)
    if changed:
        body = body.replace(contact.changed.encode(), changed.encode())
    return made.key, hashlib.blake2b(body, digest_size=16).digest(), body
