"""What a call is answered with, in front of a contact's body in the number table.

    entryUUID 16 | octets of the name 1 | name, UTF-8 | body, packed (`engine.bodies`)

An answer names the record that was found and its entry (`contact_uuid`, a SHA-1). Both are the same
for each call, so they are worked out when the contact is indexed: to read them here takes a third
of the time of a name decoded and a digest made, and the body stays packed.

Law: pure. A contact without a name, or with one of more than 255 octets, has none here: 0.
"""

from __future__ import annotations

from engine.bodies import pack_body, unpack_body
from engine.contact import Contact, contact_uuid_octets, decode_name

UUID_BYTES = 16
NAME_AT = UUID_BYTES + 1
MAX_NAME_OCTETS = 255


def labelled(contact: Contact, body: bytes) -> bytes:
    """Return a contact's body as it stands in the table."""
    name = contact.name.encode()
    if len(name) > MAX_NAME_OCTETS:
        name = b""
    return b"%b%c%b%b" % (contact_uuid_octets(contact.id), len(name), name, pack_body(body))


def body_of(record: bytes) -> bytes:
    """Return the body alone.

    Raises:
        ValueError: it is damaged.
    """
    return unpack_body(record[NAME_AT + record[UUID_BYTES] :])


def name_of(record: bytes) -> str:
    """Return what the contact is called, "" for nothing."""
    octets = record[UUID_BYTES]
    if octets:
        return record[NAME_AT : NAME_AT + octets].decode()
    return decode_name(body_of(record)).name


def uuid_text(record: bytes) -> bytes:
    """Return the entry's UUID in lower case, as `contact_uuid_text` does, in ASCII."""
    text = record[:UUID_BYTES].hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}".encode()
