"""A body is labelled with its entry's UUID and its name, and read again as it was."""

from __future__ import annotations

import pytest

from engine.contact import Contact, contact_uuid_text, encode_contact
from engine.labels import (
    MAX_NAME_OCTETS,
    NAME_AT,
    UUID_BYTES,
    body_of,
    labelled,
    name_of,
    uuid_text,
)
from tests.engine.building import contact

MADE = contact("1", "Anna Äbel", "498999998123")


def name_in(record: bytes) -> str:
    return record[NAME_AT : NAME_AT + record[UUID_BYTES]].decode()


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (MADE, "Anna Äbel"),
        (contact("2", "", given_name="Bert", surname="Bode"), "Bert Bode"),
        (contact("3", ""), ""),
        (contact("4", "n" * MAX_NAME_OCTETS), "n" * MAX_NAME_OCTETS),
        (contact("5", "n" * (MAX_NAME_OCTETS + 1)), ""),
    ],
    ids=["display name", "parts", "none", "longest", "too long"],
)
def test_a_labelled_body_has_the_name_the_uuid_and_the_body(made: Contact, name: str) -> None:
    body = encode_contact(made)
    record = labelled(made, body)
    assert name_in(record) == name
    assert name_of(record) == made.name
    assert uuid_text(record).decode() == contact_uuid_text(made.id)
    assert body_of(record) == body
