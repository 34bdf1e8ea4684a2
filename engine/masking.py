"""A contact as somebody may see it: hidden fields are empty, as if the source had never said them.

Law: values only. Whatever leaves the engine was masked here first; what is searched is narrowed by
`engine.scope` to the same fields.
"""

from __future__ import annotations

from msgspec.structs import replace

from engine.contact import Contact

_TEXTS = frozenset({"title", "department", "job", "url", "photo", "birthday", "notes"})
_ADDRESS = frozenset({"street", "postcode", "city", "country"})


def masked(contact: Contact, hidden: frozenset[str]) -> Contact:
    """Return a contact without the hidden fields (`engine.rights.HIDEABLE`); 2 µs if there are any.

    Args:
        contact: any.
        hidden: names of fields as in a source's map; none of them returns the contact itself.
    """
    if not hidden:
        return contact
    changes: dict[str, object] = dict.fromkeys(_TEXTS & hidden, "")
    parts = dict.fromkeys(_ADDRESS & hidden, "")
    if parts:
        changes["address"] = replace(contact.address, **parts)
    if "emails" in hidden:
        changes["emails"] = ()
    phones = tuple(line for line in contact.phones if f"phones.{line.kind}" not in hidden)
    if len(phones) != len(contact.phones):
        changes["phones"] = phones
    if contact.custom:
        changes["custom"] = {
            number: text
            for number, text in contact.custom.items()
            if f"custom.{number}" not in hidden
        }
    return replace(contact, **changes)
