"""Which of the records that were found are of one person: they become one hit (`engine.joined`).

Law: only what the asker may see is compared and joined, so that a hidden record joins no two
visible ones. Two records are one person if they share the link that their sources name, a personal
e-mail address, or a number together with the surname and no given names that contradict each other.
A person stands where its best record does.

Over 400 lines: links, crowds and who is left out of one hang on the same bounds.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import tantivy

from engine.contact import Contact, ContactId
from engine.questions import all_of, any_of, start
from engine.reader import Reader
from engine.recall import Record
from engine.schema import COMPANY, HAS, NAME, NUMBER, OTHER, PERSON, term
from engine.scope import Scope
from engine.terms import LINK, MAX_PREFIX, email_words, link_term, rank_of
from engine.tokens import whole_name, words

MAX_RECORDS = 16
"""Records joined into one hit; a number with more holders of one name is a switchboard."""

MAX_LINKED = 400
"""Records read for the crowds of one batch, and of those that are linked step by step."""

MAX_CROWDS = 64
"""Links whose holders are read for one page: by further ones only its own records are joined."""

MAX_JOINED = 300
"""Records read for one page whose people were shown already; who comes behind them is on the next
page. An ERP may have a thousand delivery addresses with one name and one number."""


class Held(NamedTuple):
    """Records by what links them.

    Attributes:
        links: identity → links.
        holders: link → the contacts that have it, those first that are to be joined first.
        sorted: links with many holders → these by their given names; made when they are asked for.
        is_full: whether others may have the link that these were asked for by.
        few: of a link with no more holders than a person has records, these; else ().
    """

    links: dict[ContactId, tuple[str, ...]]
    holders: dict[str, list[Contact]]
    sorted: dict[str, _ByGivenName]
    is_full: bool = False
    few: Sequence[Record] = ()

    def add(self, contact: Contact, links: tuple[str, ...]) -> None:
        """Take one more contact, which comes behind the others."""
        self.links[contact.id] = links
        for link in links:
            self.holders.setdefault(link, []).append(contact)
            if link in self.sorted:
                self.sorted[link].add(contact)

    def of_one_with(self, contact: Contact, link: str) -> list[Contact]:
        """Return the holders of one of its links that are of one person with a contact, in order.

        It may be among them. Whoever shares a switchboard's number with four hundred namesakes is
        compared with those alone whose given names begin alike.
        """
        holders = self.holders.get(link)
        if holders is None:
            return []
        if len(holders) <= MAX_RECORDS:
            return [other for other in holders if same_person(contact, other, link)]
        found = self.sorted.get(link)
        if found is None:
            found = self.sorted[link] = _ByGivenName(holders, link)
        return found.of_one_with(contact)


class _ByGivenName:
    """The holders of a link, told apart by what may speak against their being one person.

    It finds whom `same_person` finds.
    """

    def __init__(self, holders: list[Contact], link: str) -> None:
        self._by_name = _is_by_name(link)
        self._surname = _surname_of(link)
        self._companies: list[Contact] = []
        self._people: list[Contact] = []
        self._nameless: list[int] = []
        self._named: dict[str, list[int]] = {}
        self._words: list[str] = []
        for each in holders:
            self.add(each)

    def add(self, contact: Contact) -> None:
        """Take one more, which comes behind the others."""
        if contact.is_company:
            self._companies.append(contact)
            return
        at = len(self._people)
        self._people.append(contact)
        if not self._by_name:
            return
        given = set(_given_words(contact, self._surname))
        for word in given:
            if word not in self._named:
                self._named[word] = []
                insort(self._words, word)
            self._named[word].append(at)
        if not given:
            self._nameless.append(at)

    def of_one_with(self, contact: Contact) -> list[Contact]:
        """Return those who are of one person, or company, with a contact, in their order."""
        if contact.is_company:
            return self._companies
        given = _given_words(contact, self._surname) if self._by_name else []
        if not given:
            return self._people
        found = set(self._nameless)
        for word in given:
            for length in range(1, len(word)):
                beginning = word[:length]
                if beginning in self._named:
                    found.update(self._named[beginning])
            for at in range(bisect_left(self._words, word), len(self._words)):
                other = self._words[at]
                if not other.startswith(word):
                    break
                found.update(self._named[other])
        people = self._people
        return [people[at] for at in sorted(found)]


Crowds = dict[str, Held]
"""Link → records that have it, in the order of their ranks, the best of them; of one answer."""


class Groups:
    """Which visible records are of one person: those that share a link are compared, no others."""

    def __init__(
        self,
        reader: Reader,
        scope: Scope,
        records: Iterable[Record],
        crowds: Crowds | None = None,
        as_typed: Callable[[], tantivy.Query | None] | None = None,
    ) -> None:
        """Find the records that share a link with some records.

        Args:
            reader: asked once for each crowd; not at all if none may share a link.
            scope: what the asker sees.
            records: as the asker may see them.
            crowds: those that were read for this page: one that fills many of its batches is read
                once. At most `MAX_CROWDS`.
            as_typed: gives the query for all who answer as typed, where some of them may have been
                shown on the pages before.
        """
        self._crowds = {} if crowds is None else crowds
        self._as_typed = as_typed
        self._own = Held({}, {}, {})
        self._held = [self._own]
        self._whole: set[str] = set()
        self._asked: set[str] = set()
        linking = [record for record in records if record.twins != ()]
        for record in linking:
            self._own.add(record.contact, reader.links(record))
        self._found = {identity: at for at, identity in enumerate(self._own.links)}
        if linking:
            self._find(reader, scope, linking)

    def __contains__(self, identity: ContactId) -> bool:
        """Tell whether one of the records may share a link with another."""
        return identity in self._own.links

    def _find(self, reader: Reader, scope: Scope, linking: list[Record]) -> None:
        """Read what the asker sees that shares a link with some records, with these, and so on.

        Else it would hang on where a page ends who is joined, and whether somebody was shown: the
        first and the last of three may be linked by the one between them alone, which stands far
        behind. What has more holders than a person has records is not gone through.
        """
        own, last = self._own, linking
        held = {record.version for record in linking}
        most = len(held) + MAX_LINKED
        crowded: list[Record] = []
        for _ in range(MAX_RECORDS):
            found = reader.twins(last, held, scope)
            crowds = [record for record in last if record.twins is None]
            if crowds:
                found += self._find_crowds(reader, scope, crowds)
                crowded += crowds
            if len(held) + len(found) > MAX_RECORDS:  # else none is left out
                found.sort(key=_rank)
            last = []
            for record in found:
                identity = record.contact.id
                if identity.source in scope.searched and identity not in own.links:
                    links = reader.links(record)
                    if not own.holders.keys().isdisjoint(links):
                        own.add(record.contact, links)
                        held.add(record.version)
                        last.append(record)
            if not last or len(held) > most:
                break
        if crowded:
            self._complete(reader, scope, crowded)
            self._note_whole({link for record in crowded for link in reader.links(record)})

    def _find_crowds(self, reader: Reader, scope: Scope, records: list[Record]) -> list[Record]:
        """Read the crowds of some records, as far as they were not read for this page.

        Returns:
            The records of those that are none: whoever has many twins may have them by many links.
        """
        crowds, found = self._crowds, list[Record]()
        links = sorted({link for record in records for link in reader.links(record)} - self._asked)
        self._asked.update(links)
        new = [link for link in links if link not in crowds and _is_shared(reader, link)]
        del new[max(MAX_CROWDS - len(crowds), 0) :]
        for link in new:
            crowds[link] = _crowd(reader, scope, link, max(MAX_LINKED // len(new), 2 * MAX_RECORDS))
        for link in links:
            if link in crowds:
                self._held.append(crowds[link])
                found += crowds[link].few
        return found

    def _complete(self, reader: Reader, scope: Scope, records: list[Record]) -> None:
        """Add records to their crowds that are not among the best of these.

        Those of the batches behind this one are compared with them, and they themselves with those
        alike that may have been shown on the pages before.
        """
        for record in records:
            contact = record.contact
            links = reader.links(record)
            for link in links:
                held = self._crowds.get(link)
                if held is None or contact.id in held.links:
                    continue
                if held.is_full and self._as_typed is not None:
                    self._find_alike(reader, scope, contact, link)
                if contact.id not in held.links:
                    held.add(contact, links)

    def _note_whole(self, links: Iterable[str]) -> None:
        """Note those links whose crowds have all of this batch that have them: these are enough."""
        own = self._own.holders
        for link in links:
            held = self._crowds.get(link)
            if held is not None and held.links.keys() >= {each.id for each in own[link]}:
                self._whole.add(link)

    def _find_alike(self, reader: Reader, scope: Scope, contact: Contact, link: str) -> None:
        """Add to a crowd the first of those who answer as typed and are called as a contact is."""
        given = _given_words(contact, _surname_of(link)) if _is_by_name(link) else []
        alike = " ".join([link, "", *sorted(given)])
        if alike in self._crowds or len(self._crowds) >= MAX_CROWDS or self._as_typed is None:
            return
        asked = self._as_typed()
        if asked is None:
            return
        beside = [asked, any_of([term(NAME, start(word)) for word in given])] if given else [asked]
        found = self._crowds[alike] = _crowd(reader, scope, link, MAX_RECORDS, beside)
        held = self._crowds[link]
        for other in found.holders.get(link, ()):
            if other.id not in held.links:
                held.add(other, found.links[other.id])

    def of(self, contact: Contact, stands_before: Callable[[Contact], bool]) -> list[Contact]:
        """Return the records of one person, this one first, at most `MAX_RECORDS`.

        [] if one that shares a link with this one `stands_before` it: the person has been given.
        That is asked of all of them, however many are joined.
        """
        members, taken = [contact], {contact.id}
        is_many = sum([len(held.links) for held in self._held]) > MAX_RECORDS
        for member in members:  # grows while it is read: a record may be joined by another
            if len(members) == MAX_RECORDS and member is not contact:
                break
            for key in self._links_of(member.id):
                others: dict[ContactId, Contact] = {}
                for held in self._held[1:] if is_many and key in self._whole else self._held:
                    for other in held.of_one_with(member, key):
                        if other.id not in taken and other.id not in others:
                            if stands_before(other):
                                return []
                            others[other.id] = other
                if not others:
                    continue
                room = MAX_RECORDS - len(members)
                joined = list(others.values())
                if is_many and room > 0:  # who is left out hangs on what the asker sees alone
                    joined.sort(key=self._place)
                members += joined[:room]
                taken.update([other.id for other in joined[:room]])
        return members

    def _place(self, contact: Contact) -> tuple[int, int, str, str]:
        """Return which of a crowd are joined first: those that were found, then by the alphabet."""
        identity = contact.id
        at = self._found.get(identity, len(self._found))
        return at, rank_of(contact), identity.source, identity.key

    def _links_of(self, identity: ContactId) -> tuple[str, ...]:
        for held in self._held:
            links = held.links.get(identity)
            if links is not None:
                return links
        return ()


def _crowd(
    reader: Reader,
    scope: Scope,
    link: str,
    most: int,
    beside: Sequence[tantivy.Query] = (),
) -> Held:
    """Return the best records that have a link, of so many that may and answer other queries."""
    held = Held({}, {}, {})
    found = reader.by_rank(all_of([_may_have(link), *beside]), scope, most)
    addresses, ranks = [at for _, at in found], [rank for rank, _ in found]
    having = []
    for record in reader.records_of(addresses, scope, ranks):  # at once: in half of the time
        links = reader.links(record)
        if link in links and record.contact.id.source in scope.searched:
            held.add(record.contact, links)
            having.append(record)
    few = having if len(having) <= MAX_RECORDS and len(found) < most else ()
    return held._replace(is_full=len(found) == most, few=few)


def _is_shared(reader: Reader, link: str) -> bool:
    """Tell whether more than one record may have a link."""
    return all(reader.frequency(field, value) > 1 for field, value in _terms_of(link))


def _terms_of(link: str) -> list[tuple[str, str]]:
    """Return terms that every record with a link has, as field and value."""
    if link.startswith(LINK):
        return [(PERSON, link_term(link))]
    if link.startswith("@"):
        found, _ = email_words(link[1:])
        return [(OTHER, word[: MAX_PREFIX + 1]) for word in dict.fromkeys(found)]
    return [(NUMBER, link[1 : link.index(" ")])]


def _may_have(link: str) -> tantivy.Query:
    """Return the query for the records that have a link, and for few others.

    Few links are asked for: where very many records share one. So no record has a term for each of
    its own, but for those that its source names; numbers, addresses and names have theirs anyway.
    """
    parts = [term(field, value) for field, value in _terms_of(link)]
    if link.startswith("#"):
        names = link[link.index(" ") :].split()
        parts += [any_of([term(field, start(name)) for field in (NAME, COMPANY)]) for name in names]
    return all_of(parts or [term(HAS, "emails")])


def _rank(record: Record) -> int:
    return rank_of(record.contact)


def same_person(one: Contact, other: Contact, key: str) -> bool:
    """Tell whether two records that share a key are of one person or of one company."""
    given = one.given_name
    if given and given == other.given_name:  # as of most
        return True
    if one.is_company or other.is_company:
        return one.is_company == other.is_company
    return not _is_by_name(key) or _names_agree(one, other, _surname_of(key))


def _is_by_name(link: str) -> bool:
    """Tell whether names may speak against a link: a number is no proof."""
    return not link.startswith(("@", LINK))


def _surname_of(link: str) -> str:
    """Return the last word of the name in a link by a number."""
    return link.rpartition(" ")[2]


def _names_agree(one: Contact, other: Contact, surname: str) -> bool:
    """Tell whether no given name speaks against it that two namesakes are one person."""
    given, others = _given_words(one, surname), _given_words(other, surname)
    if not given or not others:
        return True
    return any(a.startswith(b) or b.startswith(a) for a in given for b in others)


def _given_words(contact: Contact, surname: str) -> list[str]:
    if contact.given_name:
        return words(contact.given_name)
    told = whole_name(words(contact.name)).split()
    return [word for word in told if word != surname]
