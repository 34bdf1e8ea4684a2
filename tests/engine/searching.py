"""People search over contacts in memory: a real index, without a folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import tantivy

from engine.contact import Contact, encode_contact
from engine.leading import NO_LIMITS, Leading
from engine.people import PeopleSearch
from engine.reader import Reader
from engine.rights import SourcePolicy
from engine.schema import (
    applied_document,
    contact_document,
    leading_document,
    register_tokenizers,
    schema,
)


def reader_of(
    contacts: Iterable[Contact],
    policies: Mapping[str, SourcePolicy],
    leading: Leading = NO_LIMITS,
) -> Reader:
    """Return a reader of exactly these contacts."""
    index = tantivy.Index(schema())
    register_tokenizers(index)
    writer = index.writer(heap_size=15_000_000, num_threads=1)
    for contact in contacts:
        writer.add_json(contact_document(contact, encode_contact(contact), leading))
    writer.add_document(applied_document(1, "memory"))
    writer.add_document(leading_document(leading))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return Reader(index.searcher(), policies)


def search_of(
    contacts: Iterable[Contact],
    policies: Mapping[str, SourcePolicy],
    leading: Leading = NO_LIMITS,
) -> PeopleSearch:
    """Return people search over exactly these contacts."""
    return PeopleSearch(reader_of(contacts, policies, leading))
