"""People as the app gets them, as JSON: what is asked, hits, a whole card, who is signed in.

Law: values only. Everything in an answer was visible to the asker when the engine found it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal
from urllib.parse import quote, unquote, urlsplit

import msgspec
from msgspec import Meta

from engine.contact import Contact, ContactId, PhoneKind
from engine.highlight import Span
from engine.phone import DialPlan, format_number, international
from engine.query import MAX_HITS, PeoplePage, PersonHit

MAX_TEXT_CHARS = 200
"""Longer texts than any search: the rest of a pasted letter is nobody's name."""

MAX_ID_CHARS = 4096
"""Source and key of 64 and 255 characters at most (`connectors.rules`), each escaped as twelve."""

_ANY_PLAN = DialPlan()
_KEPT = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in "%/\\?#;")
"""What stands in an id as it is: the id of nearly every record is the one of the command line."""

Text = Annotated[str, Meta(max_length=MAX_TEXT_CHARS)]


class SearchQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /v1/people/search`.

    Attributes:
        text: what was typed: beginnings of words in any order, initials, or part of a number.
        limit: most hits wanted; a server may give fewer.
        cursor: that of the page before, "" for the first.
        fold: "company": people who are found by their company's name come folded under it.
    """

    text: Annotated[Text, Meta(examples=["mül mar"])]
    limit: Annotated[int, Meta(ge=1, le=MAX_HITS)] = 20
    cursor: Annotated[str, Meta(max_length=2048)] = ""
    fold: Literal["", "company"] = ""


class SourceAnswer(msgspec.Struct, frozen=True, gc=False):
    """A source of contacts: its id, which never changes, and what people call it."""

    id: Annotated[str, Meta(examples=["crm"])]
    name: Annotated[str, Meta(examples=["CRM"])]


class NumberAnswer(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A phone number.

    Attributes:
        kind: what it is.
        e164: with "+", `;ext=` before an extension apart.
        display: spaced for people.
        call: what to dial: `e164` without an extension apart.
        source: id of the source it comes from.
    """

    kind: PhoneKind
    e164: Annotated[str, Meta(examples=["+498999998123"])]
    display: Annotated[str, Meta(examples=["+49 89 99998123"])]
    call: str
    source: str


class EmailAnswer(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An e-mail address; `chat`: it is an account of Teams."""

    address: str
    source: str
    chat: bool = False


class SpanAnswer(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What to highlight: `start` to `end` of a field, in code points; digits of `e164` for numbers.

    `at` is the place in `numbers` or `emails`. Letters of `name` are `display_name`'s, also where
    the name is put together from others, or is the company's.
    """

    field: str
    start: int
    end: int
    at: int = 0


class HitAnswer(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One person or company that was found; texts that are not known are left out.

    Attributes:
        id: of the best record.
        name: what to show; never "".
        sources: ids of the sources that know it, the best first.
        matched: fields in which something was found, best first.
        company_record: it is a company, not a person.
        folded: further people of the company, if that was asked for.
    """

    id: str
    name: str
    sources: tuple[str, ...]
    match_class: int
    company: str = ""
    department: str = ""
    job: str = ""
    city: str = ""
    numbers: tuple[NumberAnswer, ...] = ()
    emails: tuple[EmailAnswer, ...] = ()
    matched: tuple[str, ...] = ()
    spans: tuple[SpanAnswer, ...] = ()
    company_record: bool = False
    folded: tuple[HitAnswer, ...] = ()


class PageAnswer(msgspec.Struct, frozen=True, gc=False):
    """The answer to a search.

    Attributes:
        hits: best first.
        total: how many were found at least; all of them if `total_is_exact`.
        cursor: asks for the next page, which there may be behind one without hits; "" = this is the
            last.
        did_you_mean: a text that finds more where nothing was found as it was typed; "" = none.
        sources: every source named in the hits.
    """

    hits: tuple[HitAnswer, ...]
    total: int
    total_is_exact: bool
    cursor: str
    did_you_mean: str
    sources: tuple[SourceAnswer, ...]


class FieldAnswer(msgspec.Struct, frozen=True):
    """One text of a contact, named as in a source's map, and the source it comes from."""

    name: str
    text: str
    source: str


class PersonAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that the asker may see of one person or company.

    Attributes:
        id: of the best record.
        name: what to show; never "".
        records: ids of all records in it, the best first.
        fields: every text with its origin.
        link: where the record is in its source, an http or https address; "" is left out.
        changed: when the source changed the best record, ISO 8601; "" is left out.
    """

    id: str
    name: str
    records: tuple[str, ...]
    sources: tuple[SourceAnswer, ...]
    fields: tuple[FieldAnswer, ...]
    numbers: tuple[NumberAnswer, ...]
    emails: tuple[EmailAnswer, ...]
    link: str = ""
    changed: str = ""
    company_record: bool = False


class MeAnswer(msgspec.Struct, frozen=True):
    """Who is signed in.

    Attributes:
        tenant: id of the Entra tenant, or "local".
        user: id within it.
        name: what to call the user, "" if unknown.
        sources: the sources the user may search; none: no rights.
        customer_page: address of the page to show within a card, "" = none.
        custom_names: what custom fields are called, by the name of the field (`custom.1`); a field
            that is not there has no name.
    """

    tenant: str
    user: str
    name: str
    sources: tuple[SourceAnswer, ...]
    customer_page: str
    custom_names: dict[str, str]


class SignInQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /v1/sign-in`: name and password of a local user."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    password: Annotated[str, Meta(min_length=1, max_length=1024)]


class SessionAnswer(msgspec.Struct, frozen=True):
    """A session: sent along as `Authorization: Bearer`; ends at `ends_at` (seconds since 1970)."""

    session: str
    ends_at: int


class WaysAnswer(msgspec.Struct, frozen=True):
    """The ways to sign in here.

    Attributes:
        password: there are users with a password.
        tenant: Entra's tenant, or any organisation's at a relay; "" = no sign-in with Entra.
        client_id: our application's id in Entra, "" likewise.
        authority: where Entra signs people in who use a browser of their own, "" likewise.
        tunnel: this is a relay, which passes sealed questions on; else it is the directory itself.
    """

    password: bool
    tenant: str
    client_id: str
    authority: str = ""
    tunnel: bool = False


def person_id(identity: ContactId) -> str:
    """Return a record's id for the app: `crm:1042`; what a path would not carry is escaped."""
    source, key = identity.source, identity.key
    if source.isascii() and source.isalnum() and key.isascii() and key.isalnum():  # as most
        return f"{source}:{key}"
    return f"{_escaped(source)}:{_escaped(key)}"


def _escaped(text: str) -> str:
    return text if text.isascii() and text.isalnum() else quote(text, safe=_KEPT)


def read_person_id(text: str) -> ContactId | None:
    """Return the record of an id, None for what is none."""
    source, colon, key = text.partition(":")
    if not (source and colon and key) or len(text) > MAX_ID_CHARS:
        return None
    return ContactId(unquote(source), unquote(key))


class Answers:
    """Makes answers: knows what sources are called, and whose addresses are accounts of Teams."""

    def __init__(self, names: Mapping[str, str], chat_domains: Sequence[str] = ()) -> None:
        """Take the sources' names by id, and domains in lower case."""
        self._names = names
        self._chat_domains = frozenset(chat_domains)

    def page(self, page: PeoplePage) -> PageAnswer:
        """Return what is sent for a page."""
        hits = tuple([self._hit(hit) for hit in page.hits])
        named: dict[str, None] = {}
        for hit in hits:
            named.update(dict.fromkeys(hit.sources))
            for each in hit.folded:
                named.update(dict.fromkeys(each.sources))
        return PageAnswer(
            hits=hits,
            total=page.total,
            total_is_exact=page.total_is_exact,
            cursor=page.cursor,
            did_you_mean=page.did_you_mean,
            sources=self.sources(named),
        )

    def person(self, hit: PersonHit) -> PersonAnswer:
        """Return what is sent for a card."""
        contact = hit.contact
        return PersonAnswer(
            id=person_id(contact.id),
            name=contact.name,
            records=tuple(map(person_id, hit.records)),
            sources=self.sources(dict.fromkeys(record.source for record in hit.records)),
            fields=tuple(
                FieldAnswer(field.name, field.text, field.origin.source) for field in hit.fields()
            ),
            numbers=self._numbers(hit),
            emails=self._emails(hit),
            link=contact.url if is_web_address(contact.url) else "",
            changed=contact.changed,
            company_record=contact.is_company,
        )

    def sources(self, ids: Mapping[str, object] | Sequence[str]) -> tuple[SourceAnswer, ...]:
        """Return sources by id with what they are called; one no longer configured by its id."""
        names = self._names
        return tuple([SourceAnswer(each, names.get(each, each)) for each in ids])

    def _hit(self, hit: PersonHit) -> HitAnswer:
        contact, records = hit.contact, hit.records
        spans = hit.spans  # worked out anew with each reading
        return HitAnswer(
            person_id(contact.id),
            contact.name,
            (records[0].source,) if len(records) == 1 else _sources(records),
            hit.match_class,
            contact.company,
            contact.department,
            contact.job,
            contact.address.city,
            self._numbers(hit),
            self._emails(hit),
            (spans[0].field,) if len(spans) == 1 else _fields(spans),
            _span_answers(contact, spans),
            contact.is_company,
            tuple(map(self._hit, hit.folded)) if hit.folded else (),
        )

    def _numbers(self, hit: PersonHit) -> tuple[NumberAnswer, ...]:
        phones = hit.contact.phones
        origins = hit.number_origins or (hit.contact.id,) * len(phones)
        answers = []
        for line, origin in zip(phones, origins, strict=True):
            number = line.number
            e164 = call = f"+{number.digits}"
            if number.extension:
                e164 = format_number(number, _ANY_PLAN, "e164")
                display = format_number(number, _ANY_PLAN, "international")
            else:
                display = international(number.digits)
            answers.append(NumberAnswer(line.kind, e164, display, call, origin.source))
        return tuple(answers)

    def _emails(self, hit: PersonHit) -> tuple[EmailAnswer, ...]:
        emails = hit.contact.emails
        origins = hit.email_origins or (hit.contact.id,) * len(emails)
        has_chat = self._has_chat if self._chat_domains else None
        answers = []
        for address, origin in zip(emails, origins, strict=True):
            is_chat = has_chat is not None and has_chat(address)
            answers.append(EmailAnswer(address, origin.source, is_chat))
        return tuple(answers)

    def _has_chat(self, address: str) -> bool:
        """Tell whether an address is an account of Teams."""
        return address.rpartition("@")[2].lower() in self._chat_domains


def _span_answers(contact: Contact, spans: list[Span]) -> tuple[SpanAnswer, ...]:
    """Return what to highlight in what is shown."""
    answers = [SpanAnswer(each.field, each.start, each.end, each.at) for each in spans]
    if contact.display_name:
        return tuple(answers)
    given, surname = contact.given_name, contact.surname
    begins = {"given_name": 0, "surname": len(given) + 1 if given else 0}
    if not (given or surname):
        begins["company"] = 0
    shown = []
    for each in answers:
        begin = begins.get(each.field)
        if begin is not None:
            shown.append(SpanAnswer("display_name", begin + each.start, begin + each.end))
        if begin is None or each.field == "company":
            shown.append(each)
    return tuple(shown)


def _fields(spans: list[Span]) -> tuple[str, ...]:
    """Return the fields of what is highlighted, each once, in its order."""
    return tuple(dict.fromkeys([span.field for span in spans]))


def _sources(records: tuple[ContactId, ...]) -> tuple[str, ...]:
    """Return the sources of records, the best first."""
    return tuple(dict.fromkeys([record.source for record in records]))


def is_web_address(text: str) -> bool:
    """Tell whether a text is an address that a click may open: no script, no file."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and text.isprintable()
