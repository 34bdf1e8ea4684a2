"""Server-side sorting: which keys can be sorted by, and what a contact is sorted by.

Law: pure code. Texts are sorted by the alphabet (`matching.order_key`), numbers by their digits,
although RFC 4519 gives telephone numbers no order: desk phones ask for one. Whoever has no value
comes last (RFC 2891 2.2), in reverse order first.

Source: RFC 2891.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import total_ordering

from typing_extensions import override

from engine.contact import Contact
from ldapd.matching import order_key
from ldapd.protocol.messages import ResultCode
from ldapd.protocol.search_controls import SortKey
from ldapd.schema import AttributeType, attribute_type

MAX_SORT_KEYS = 4
"""Keys of one sort; clients send one or two. Precedent: 389-ds allows 5."""

MISSING = "\U0010ffff"
"""Sorts behind every text."""

MAX_KEY_CHARS = 200
"""Texts are told apart by so much, since cookies carry them."""

ORDERING_RULES = frozenset(
    {
        "", "caseignoreorderingmatch", "2.5.13.3", "caseignorematch", "2.5.13.2",
        "caseexactorderingmatch", "2.5.13.6", "caseignoreia5match", "1.3.6.1.4.1.1466.109.114.2",
        "generalizedtimeorderingmatch", "2.5.13.28", "telephonenumbermatch", "2.5.13.20",
    }
)  # fmt: skip
"""Rules a key may name; all texts are sorted by the one alphabet."""

KeyOf = Callable[[Contact], tuple[str, ...]]


class UnsortableKey(Exception):
    """A key that cannot be sorted by: the sort response names it.

    Attributes:
        code: noSuchAttribute, inappropriateMatching, or unwillingToPerform to too many keys.
        attribute: as the client sent it; "" = no single one.
    """

    def __init__(self, code: ResultCode, attribute: str) -> None:
        super().__init__(attribute)
        self.code = code
        self.attribute = attribute


@total_ordering
class Descending:
    """A text that sorts the other way round."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __lt__(self, other: Descending) -> bool:
        return self.text > other.text

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Descending) and self.text == other.text

    @override
    def __hash__(self) -> int:
        return hash(self.text)


SortValue = tuple[str | Descending, ...]


def key_function(keys: Sequence[SortKey]) -> KeyOf:
    """Return what gives the texts a contact is sorted by, one a key.

    Raises:
        UnsortableKey: an attribute or a rule that nobody knows, or more than `MAX_SORT_KEYS`.
    """
    if len(keys) > MAX_SORT_KEYS:
        raise UnsortableKey(ResultCode.UNWILLING_TO_PERFORM, "")
    readers = [_reader(_sortable(key)) for key in keys]
    if len(readers) == 1:
        only = readers[0]
        return lambda contact: (only(contact),)
    return lambda contact: tuple(read(contact) for read in readers)


def directed(texts: Sequence[str], keys: Sequence[SortKey]) -> SortValue:
    """Return the texts of a contact as they are compared: reversed where the key says so."""
    return tuple(
        Descending(text) if key.reverse else text for text, key in zip(texts, keys, strict=True)
    )


def sort_text(key: SortKey, value: str) -> str:
    """Return a value as a key compares it: the target of a virtual list view."""
    found = attribute_type(key.attribute)
    if found is not None and found.is_number:
        return "".join(filter(str.isdigit, value))
    return order_key(value)[:MAX_KEY_CHARS]


def _sortable(key: SortKey) -> AttributeType:
    found = attribute_type(key.attribute)
    if found is None or not found.shown:
        raise UnsortableKey(ResultCode.NO_SUCH_ATTRIBUTE, key.attribute)
    if key.rule.lower() not in ORDERING_RULES:
        raise UnsortableKey(ResultCode.INAPPROPRIATE_MATCHING, key.attribute)
    return found


def _reader(found: AttributeType) -> Callable[[Contact], str]:
    """Return what gives the least value of an attribute (RFC 2891 1.1)."""
    if found.is_number:
        kinds, spare = found.lines, found.spare

        def digits(contact: Contact) -> str:
            numbers = [line.number.digits for line in contact.phones if line.kind in kinds]
            if not numbers and spare:
                numbers = [line.number.digits for line in contact.phones if line.kind in spare]
            return min(numbers, default=MISSING)

        return digits
    texts = found.texts

    def text(contact: Contact) -> str:
        values = texts(contact)
        if not values:
            return MISSING
        return min(order_key(value)[:MAX_KEY_CHARS] for value in values)

    return text
