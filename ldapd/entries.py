"""A contact as an LDAP entry: names, values in the client's spelling, and which of them are sent.

Law: pure code. What is asked for is worked out once per list of attributes and kept; an answer then
costs a few calls, not a whole entry. A caller's answer is shown under the *match's* name: where
several share a line, the entry carries what they share and nothing of any one of them.

Over 400 lines: what an attribute list makes of an entry and of its lines is kept together.

Sources: RFC 4511 4.5.1.8 (`*`, `1.1`), RFC 3673 (`+`), RFC 4530 (entryUUID), RFC 4514 (DNs).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from engine.contact import (
    Address,
    Contact,
    ContactId,
    PhoneLine,
    contact_uuid_text,
    uuid_texts_of,
)
from engine.phone import DialPlan, NumberFormat, PhoneNumber, format_number, own_extension
from engine.query import CallerMatch
from ldapd.matched_values import KeepValues
from ldapd.protocol.messages import (
    SearchRequest,
    enclose_entry,
    encode_attribute,
    encode_entry,
    encode_entry_operation,
    encode_message,
    value_heads,
)
from ldapd.schema import OPERATIONAL, TYPES, AttributeType, attribute_type, common_name

SUBSCHEMA_DN = "cn=subschema"

MAX_REMEMBERED_SELECTIONS = 256
"""Lists of attributes kept per client; devices send one or two, people's tools a few more."""


_OF_ONE = frozenset({1, 2})
"""The classes whose answer is called as the record is, and so is that record."""


class Shown(msgspec.Struct, frozen=True, gc=False):
    """One contact as it is shown in one answer.

    Attributes:
        contact: what is shown.
        dn: the entry's name.
        number: the number that was found; None if no number was asked for.
        asked: the number as the client wrote it, for the number format `echo`.
        attribute: the number attribute the filter named: it carries the found number in any case,
            since the client compares its own question with it.
        match_class: 1-5 as in `CallerMatch`, 0 for none.
        runners_up: others that fitted as well.
    """

    contact: Contact
    dn: str
    number: PhoneNumber | None = None
    asked: str = ""
    attribute: str = ""
    match_class: int = 0
    runners_up: int = 0


Read = Callable[[Shown], Sequence[bytes]]
Line = Callable[[Shown], bytes]
PlainLine = Callable[[Contact], bytes]


class Column(NamedTuple):
    """An attribute that is asked for.

    Attributes:
        name: as the client wrote it.
        read: reads its values; none: it is not sent.
        line: reads and encodes them, b"" where there are none.
        plain: the same of a contact that was found by no number; None: it takes more.
        brief: that contact may be an `engine.contact.Card`.
    """

    name: str
    read: Read
    line: Line
    plain: PlainLine | None = None
    brief: bool = False


class EntryWriter:
    """Writes entries for one client: its dial plan and its number format."""

    def __init__(self, plan: DialPlan, number_format: NumberFormat, mail_domain: str = "") -> None:
        """Write numbers as `number_format` says; see `engine.client.Client` for `mail_domain`."""
        self._mail_domain = mail_domain
        self._plan = plan
        self._format = number_format
        self._selections: dict[tuple[str, ...], tuple[Column, ...]] = {}

    def columns(self, attributes: tuple[str, ...]) -> tuple[Column, ...]:
        """Return what is read for a list of attributes.

        Args:
            attributes: as the client sent them; empty or `*` = all user attributes, `+` = all
                operational ones, `1.1` = none. Unknown names are passed over; known ones are
                returned under the spelling the client used, each once.
        """
        known = self._selections.get(attributes)
        if known is not None:
            return known
        made = self._select(attributes)
        if len(self._selections) >= MAX_REMEMBERED_SELECTIONS:
            self._selections.clear()
        self._selections[attributes] = made
        return made

    def encode(self, message_id: int, shown: Shown, request: SearchRequest) -> bytes:
        """Return the entry a search asks for, as a whole message."""
        return encode_message(message_id, self.operation(shown, request))

    def operation(self, shown: Shown, request: SearchRequest) -> bytes:
        """Return the SearchResultEntry a search asks for; attributes without a value are left out.

        Flat, since every answered call passes here.
        """
        columns = self._selections.get(request.attributes)
        if columns is None:
            columns = self.columns(request.attributes)
        if request.types_only:
            names = [(name, ()) for name, _, line, _, _ in columns if line(shown)]
            return encode_entry_operation(shown.dn, names)
        return enclose_entry(
            shown.dn.encode(), b"".join([line(shown) for _, _, line, _, _ in columns])
        )

    def operations(self, request: SearchRequest, base: str) -> Callable[[Contact], bytes]:
        """Return what makes `operation` of the contacts of a list, whose entries `base` names."""
        columns = self.columns(request.attributes)
        lines = [each.plain for each in columns if each.plain is not None]
        if request.types_only or len(lines) < len(columns):
            return lambda contact: self.operation(listed(contact, base), request)
        ending = f",{base}".encode()
        uuid_texts: dict[str, Callable[[bytes], bytes]] = {}

        def made(contact: Contact) -> bytes:
            source, key = contact.id.source, contact.id.key
            uuid_text = uuid_texts.get(source)
            if uuid_text is None:
                uuid_text = uuid_texts[source] = uuid_texts_of(source)
            dn = b"entryUUID=" + uuid_text(key.encode()) + ending
            return enclose_entry(dn, b"".join([line(contact) for line in lines]))

        return made

    def is_brief(self, request: SearchRequest) -> bool:
        """Tell whether what `operations` gives for a search takes an `engine.contact.Card`."""
        return not request.types_only and all(
            each.brief for each in self.columns(request.attributes)
        )

    def names_only(self, request: SearchRequest) -> tuple[str, ...]:
        """Return the attributes that a search asks for, if each shows the name alone; else none."""
        columns = self.columns(request.attributes)
        if request.types_only or any(each.read is not _common_name for each in columns):
            return ()
        return tuple(each.name for each in columns)

    def encode_kept(
        self, message_id: int, shown: Shown, request: SearchRequest, keep: KeepValues
    ) -> bytes:
        """Return what `encode` returns, with the values alone that `keep` keeps (RFC 3876)."""
        attributes = [
            (name, kept)
            for name, read, _, _, _ in self.columns(request.attributes)
            if (kept := keep(name, read(shown)))
        ]
        if request.types_only:
            attributes = [(name, ()) for name, _ in attributes]
        return encode_entry(message_id, shown.dn, attributes)

    def number_text(self, number: PhoneNumber, shown: Shown) -> str:
        """Write a number as the client wants it; with `echo` the found one as it was asked."""
        asked = shown.asked if shown.asked and number == shown.number else ""
        return format_number(number, self._plan, self._format, asked)

    def _select(self, attributes: tuple[str, ...]) -> tuple[Column, ...]:
        wanted: list[tuple[str, AttributeType]] = []
        if not attributes or "*" in attributes:
            wanted += [(each.name, each) for each in TYPES]
        if "+" in attributes:
            wanted += [(each.name, each) for each in OPERATIONAL]
        for name in attributes:
            found = attribute_type(name)
            if found is not None and found.shown:
                wanted.append((name, found))
        columns: dict[str, Column] = {}
        for name, found in wanted:
            columns.setdefault(name.lower(), self._column(name, found))
        return tuple(columns.values())

    def _column(self, name: str, found: AttributeType) -> Column:
        read = self._reader(found)
        if found.kind == "number" and found.lines:
            plain = self._number_line(name, read, found)
            line = _line(name, read)
            either: Line = lambda shown: (  # noqa: E731
                plain(shown.contact) if shown.number is None else line(shown)
            )
            return Column(name, read, either, plain, found.brief)
        if read is _common_name:
            plain = _name_line(name)
            return Column(name, read, lambda shown: plain(shown.contact), plain, brief=True)
        return self._plain(name, found, read)

    def _plain(self, name: str, found: AttributeType, read: Read) -> Column:
        """Return a column of any other attribute."""
        line = _line(name, read)
        if found.name in _SPECIAL:
            return Column(name, read, line)
        return Column(name, read, line, lambda contact: line(Shown(contact, "")), found.brief)

    def _reader(self, found: AttributeType) -> Read:
        if found.kind == "number":
            return self._number_reader(found)
        if self._mail_domain and found.name == "mail":
            return self._some_mail
        special = _SPECIAL.get(found.name)
        if special is not None:
            return special
        texts = found.texts
        return lambda shown: [text.encode() for text in texts(shown.contact)]

    def _some_mail(self, shown: Shown) -> Sequence[bytes]:
        """The e-mail addresses, else one that nobody reads."""
        contact = shown.contact
        if contact.emails:
            return [address.encode() for address in contact.emails]
        return [f"{contact_uuid_text(contact.id)}@{self._mail_domain}".encode()]

    def _number_reader(self, found: AttributeType) -> Read:
        name, kinds = found.name, found.lines
        derived = {"ipPhone": self._extensions, "msRTCSIP-Line": _line_uri}.get(name)
        spare = found.spare

        def read(shown: Shown) -> Sequence[bytes]:
            contact = shown.contact
            texts: list[str] = []
            if shown.attribute == name and shown.number is not None and _holds(shown):
                texts.append(self.number_text(shown.number, shown))
            if derived is not None:
                texts += derived(contact)
            else:
                lines = _lines(contact, kinds) or (_lines(contact, spare) if spare else ())
                texts += [self.number_text(line.number, shown) for line in lines]
            if len(texts) > 1:
                texts = list(dict.fromkeys(texts))
            return [text.encode() for text in texts]

        return read

    def _number_line(self, name: str, read: Read, found: AttributeType) -> PlainLine:
        """Return what encodes the numbers of a contact that was found by none."""
        heads, write = value_heads(name), self._write
        most, wanted, spare = len(heads), frozenset(found.lines), found.spare

        def line(contact: Contact) -> bytes:
            number: PhoneNumber | None = None
            for each in contact.phones:
                if each.kind in wanted:
                    if number is not None:
                        break
                    number = each.number
            else:
                if number is not None:
                    value = write(number).encode()
                    if len(value) < most:
                        return heads[len(value)] + value
                elif not spare:
                    return b""
            values = read(Shown(contact, ""))
            return encode_attribute(name, values) if values else b""

        return line

    def _write(self, number: PhoneNumber) -> str:
        """Write a number that was not asked for."""
        if self._format == "e164" and not number.extension:  # what `format_number` writes
            return f"+{number.digits}"
        return format_number(number, self._plan, self._format)

    def _extensions(self, contact: Contact) -> list[str]:
        """The extensions of business lines behind the client's own trunks."""
        own = [own_extension(line.number, self._plan) for line in _lines(contact, ("work",))]
        return [extension for extension in own if extension]


def _holds(shown: Shown) -> bool:
    """Tell whether the contact has the number: among several holders of a tail not all have."""
    return any(line.number == shown.number for line in shown.contact.phones)


def _lines(contact: Contact, kinds: Sequence[str]) -> list[PhoneLine]:
    if len(kinds) == 1:
        (kind,) = kinds
        return [line for line in contact.phones if line.kind == kind]
    return [line for kind in kinds for line in contact.phones if line.kind == kind]


def _line_uri(contact: Contact) -> list[str]:
    """The first business line as a `tel` URI (RFC 3966), as AD keeps it for Teams and Lync."""
    lines = _lines(contact, ("work",))
    if not lines:
        return []
    number = lines[0].number
    return [f"tel:+{number.digits}" + (f";ext={number.extension}" if number.extension else "")]


def _common_name(shown: Shown) -> Sequence[bytes]:
    contact = shown.contact
    return [common_name(contact).encode()]


def _line(name: str, read: Read) -> Line:
    def line(shown: Shown) -> bytes:
        values = read(shown)
        return encode_attribute(name, values) if values else b""

    return line


def _name_line(name: str) -> PlainLine:
    """Encode the one name that every entry has."""
    heads = value_heads(name)
    most = len(heads)

    def line(contact: Contact) -> bytes:
        value = (contact.display_name or common_name(contact)).encode()
        length = len(value)
        return heads[length] + value if length < most else encode_attribute(name, (value,))

    return line


def _match_class(shown: Shown) -> Sequence[bytes]:
    return [b"%d" % shown.match_class] if shown.match_class else []


def _runners_up(shown: Shown) -> Sequence[bytes]:
    return [b"%d" % shown.runners_up] if shown.match_class else []


_SPECIAL: dict[str, Read] = {
    "cn": _common_name,
    "displayName": _common_name,
    "name": _common_name,
    "entryDN": lambda shown: [shown.dn.encode()],
    "subschemaSubentry": lambda _shown: [SUBSCHEMA_DN.encode()],
    "rufnameClass": _match_class,
    "rufnameRunnersUp": _runners_up,
}


def entry_dn(entry_uuid: str, base: str) -> str:
    """Return the name of an entry under the base that was asked."""
    return f"entryUUID={entry_uuid},{base}"


def listed(contact: Contact, base: str) -> Shown:
    """Return a contact as it is shown in a list of those whom no number was asked for."""
    return Shown(contact, entry_dn(contact_uuid_text(contact.id), base))


def uuid_of(match: CallerMatch) -> bytes:
    """Return the UUID of what `answer_of` shows, for most calls without reading the record."""
    identity = match.id if match.match_class in _OF_ONE else answer_of(match).id
    return contact_uuid_text(identity).encode()


def answer_of(match: CallerMatch) -> Contact:
    """Return what is shown for a caller: the record found, or what its line says of its holders.

    A name other than the record's own (a company for a shared line, "Name +2", "~Company") means
    that the answer is no single person: it then carries that name and the line, the company's
    address if it is the company's name, and an id of its own.
    """
    contact = match.contact
    if match.name == contact.name:
        return contact
    line = next((line for line in contact.phones if line.number == match.number), None)
    is_company = match.name.removeprefix("~") == contact.company
    return Contact(
        id=ContactId(contact.id.source, f"{contact.id.key}\x1f{match.number.key}"),
        display_name=match.name,
        company=contact.company if is_company else "",
        address=contact.address if is_company else Address(),
        phones=(line or PhoneLine(match.kind, match.number),),
    )
