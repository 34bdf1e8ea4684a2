"""People search over contacts: a real index in memory, and the table of its contacts beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import tantivy

from engine.contact import Contact
from engine.document import contact_document
from engine.leading import NO_LIMITS, Leading
from engine.numbertable import NumberTable
from engine.numberwriter import NumberWriter
from engine.people import PeopleSearch
from engine.reader import Reader
from engine.rights import SourcePolicy
from engine.schema import (
    applied_document,
    leading_document,
    register_tokenizers,
    schema,
)
from engine.store import Change
from tests.engine.building import change_of


def reader_of(
    contacts: Iterable[Contact],
    policies: Mapping[str, SourcePolicy],
    leading: Leading = NO_LIMITS,
) -> Reader:
    """Return a reader of exactly these contacts."""
    index = tantivy.Index(schema())
    register_tokenizers(index)
    writer = index.writer(heap_size=15_000_000, num_threads=1)
    changes = list[Change]()
    for seq, contact in enumerate(contacts, 1):
        writer.add_json(contact_document(contact, seq, leading))
        changes.append(change_of(seq, contact))
    writer.add_document(applied_document(1, "memory"))
    writer.add_document(leading_document(leading))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return Reader(index.searcher(), policies, table_of(changes))


def table_of(changes: Iterable[Change]) -> NumberTable:
    """Return a snapshot of a table with these changes; its file has no name any more."""
    with TemporaryDirectory() as folder:
        table = NumberWriter.create(Path(folder), "memory")
        table.apply(changes)
        return NumberTable(table._file)


def search_of(
    contacts: Iterable[Contact],
    policies: Mapping[str, SourcePolicy],
    leading: Leading = NO_LIMITS,
) -> PeopleSearch:
    """Return people search over exactly these contacts."""
    return PeopleSearch(reader_of(contacts, policies, leading))
