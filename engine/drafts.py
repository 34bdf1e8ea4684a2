"""Changes of the store → the documents of their contacts, made here or by somebody else.

Law: pure. Documents take more of a first sync's time than anything else in Python, and nothing but
the changes and the limits of the index go into them: so whoever has another core may make them
there (`rufname.drafting`), while the writer goes on with the number table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from engine.contact import ContactId, decode_contact
from engine.document import contact_document
from engine.errors import CorruptStore
from engine.leading import Leading
from engine.store import Change

Documents = Callable[[], list[str]]
"""Returns the documents that were ordered, waiting for them; raises `CorruptStore`."""

Draft = Callable[[Sequence[Change], Leading], Documents]
"""Orders the documents of changes for an index with these limits."""


def documents_of(changes: Sequence[Change], leading: Leading) -> list[str]:
    """Return the documents of those changes that are no deletions, as JSON, in their order.

    Raises:
        CorruptStore: a contact cannot be decoded.
    """
    return [
        _document(ContactId(change.source, change.key), change.seq, change.body, leading)
        for change in changes
        if change.body is not None
    ]


def draft_here(changes: Sequence[Change], leading: Leading) -> Documents:
    """Order documents that are made when they are asked for."""
    return partial(documents_of, changes, leading)


def _document(identity: ContactId, seq: int, body: bytes, leading: Leading) -> str:
    try:
        return contact_document(decode_contact(body), seq, leading)
    except msgspec.MsgspecError as error:
        raise CorruptStore(f"contact {identity.source}: {error}") from error
