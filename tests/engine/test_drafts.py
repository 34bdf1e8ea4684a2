from __future__ import annotations

import pytest

from engine.contact import Contact, ContactId, encode_contact
from engine.document import contact_document
from engine.drafts import documents_of, draft_here
from engine.errors import CorruptStore
from engine.leading import NO_LIMITS
from engine.store import Change

ADA = Contact(ContactId("crm", "1"), display_name="Ada")
CHANGES = [
    Change(1, "crm", "1", encode_contact(ADA)),
    Change(2, "crm", "2", None),
]


def test_each_contact_has_its_document_and_a_deletion_has_none() -> None:
    assert documents_of(CHANGES, NO_LIMITS) == [contact_document(ADA, 1)]


def test_a_contact_that_cannot_be_decoded_is_told_with_its_source() -> None:
    with pytest.raises(CorruptStore, match="contact crm"):
        documents_of([Change(1, "crm", "1", b"\xc1")], NO_LIMITS)


def test_here_documents_are_made_when_they_are_asked_for() -> None:
    assert draft_here(CHANGES, NO_LIMITS)() == documents_of(CHANGES, NO_LIMITS)
    ordered = draft_here([Change(1, "crm", "1", b"\xc1")], NO_LIMITS)
    with pytest.raises(CorruptStore):
        ordered()
