"""One searcher with the rights on it: the only way from a query to contacts.

Law: every search passes through `Reader.search`, which adds the asker's source filter inside the
query; every question about a number takes `Reader.number_sources` along. The filter is left out
only where every document of the index is visible to the asker anyway.

Over 400 lines: the ways in which records are read share what is remembered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

import tantivy
from msgspec import Raw
from msgspec.structs import replace

from engine import schema
from engine.bodykeys import body_key_of
from engine.contact import Card, Contact, ContactId, decode_card, decode_contact
from engine.errors import CorruptIndex
from engine.leading import NO_LIMITS
from engine.masking import masked
from engine.numbertable import NO_TABLE, NumberTable, Sources
from engine.recall import Recall, Record
from engine.rights import Principal, SourcePolicy, visible_sources
from engine.schema import (
    OWN_DOCUMENTS,
    SOURCE,
    VERSION,
    gathered,
    id_term,
    leading_of,
    read_seqs,
    read_versions,
    term,
)
from engine.scope import Scope, scope_of
from engine.terms import MARKS, link_terms

MAX_WINDOW = 20_002
"""The most documents one search may return; tantivy allocates by limit."""

MAX_REMEMBERED_ASKERS = 1_000
"""Clients and users of one site whose rights are worked out once."""

MAX_REMEMBERED_VERSIONS = 32_768
"""Documents whose source and version were asked for lately; some 8 MiB."""

MAX_REMEMBERED_TERMS = 16_384
"""Terms of what was typed lately, at most 13 letters each, and how many have them; some 4 MiB."""

LONG_BODY = 1_024
"""What a card passes over keeps its body in memory; of longer ones, which have notes, it goes."""

_PASSED = Raw()

NOTHING: frozenset[str] = frozenset()

Place = tuple[int, int]
"""Segment and document: what tells a document of one searcher from all others."""

Version = tuple[int, bytes]
"""The number of a document's source (`origin_of`), and the key of its body in the number table."""

_MUST = tantivy.Occur.Must
_SHOULD = tantivy.Occur.Should
_ASCENDING = tantivy.Order.Asc


class Reader:
    """A fixed state of the index and of the policies.

    Attributes:
        searcher: tantivy's view of one commit; None = no index, every search is empty.
        policies: source id → policy.
        numbers: the snapshot of the number table that belongs to it, with all of its contacts.
        hides_fields: there are fields that some may not see.
        has_unnamed: there may be contacts without a name of their own.
        leading: the limits of the beginnings that many contacts share.
    """

    def __init__(
        self,
        searcher: tantivy.Searcher | None,
        policies: Mapping[str, SourcePolicy],
        numbers: NumberTable = NO_TABLE,
    ) -> None:
        self.searcher = searcher
        self._frequency = searcher.doc_freq if searcher is not None else _no_document
        self.policies = policies
        self.numbers = numbers
        self._number_sources: dict[Principal, Sources] = {}
        self._present = self._sources_present()
        self._marks_present = self._marks_of_custom_fields()
        self._scopes: dict[Principal, Scope] = {}
        self._recall = Recall()
        self._frequencies: dict[tuple[str, str], int] = {}
        self._versions: dict[Place, Version] = {}
        self.leading = leading_of(searcher) if searcher is not None else NO_LIMITS
        self.hides_fields = any(policy.fields for policy in policies.values())
        self._filters: dict[tuple[str, ...], tantivy.Query] = {}
        self.has_unnamed = self.frequency(schema.HAS, schema.UNNAMED) > 0

    @classmethod
    def empty(cls, policies: Mapping[str, SourcePolicy]) -> Reader:
        """Return a reader without an index."""
        return cls(None, policies)

    def priority(self, source: str) -> int:
        """Return the priority of a source; 0 where it is no longer configured."""
        policy = self.policies.get(source)
        return policy.priority if policy else 0

    def count(self) -> int:
        """Return the number of contacts in the index."""
        if self.searcher is None:
            return 0
        return max(self.searcher.num_docs - OWN_DOCUMENTS, 0)

    def search(
        self,
        query: tantivy.Query,
        principal: Principal,
        limit: int,
        *,
        ordered: bool = False,
        by: str = schema.ORDER,
    ) -> list[tuple[float, tantivy.DocAddress]]:
        """Return (score, address) of the visible hits, best score first, at most `limit`.

        Args:
            query: built by the caller, of bounded depth.
            principal: who asks.
            limit: clamped to 1–20002.
            ordered: by the rising values of a fast field instead of by score.
            by: which one; by default the alphabet.
        """
        if self.searcher is None:
            return []
        query = self._visible(query, self.scope(principal))
        limit = min(max(limit, 1), MAX_WINDOW)
        if ordered:
            result = self.searcher.search(
                query,
                limit,
                count=False,
                order_by_field=by,
                order=tantivy.Order.Asc,
            )
        else:
            result = self.searcher.search(query, limit, count=False)
        return result.hits

    def number_sources(self, principal: Principal) -> Sources:
        """Return which sources of the number table the asker sees; worked out once."""
        try:
            return self._number_sources[principal]
        except KeyError:
            found = self.numbers.sources(visible_sources(principal, self.policies))
            if len(self._number_sources) < MAX_REMEMBERED_ASKERS:
                self._number_sources[principal] = found
            return found

    def scope(self, principal: Principal) -> Scope:
        """Return what the asker sees of this index; worked out once for the life of the reader."""
        scope = self._scopes.get(principal)
        if scope is None:
            scope = scope_of(principal, self.policies, self._present, self._marks_present)
            if len(self._scopes) < MAX_REMEMBERED_ASKERS:
                self._scopes[principal] = scope
        return scope

    def by_rank(
        self, query: tantivy.Query, scope: Scope, limit: int
    ) -> list[tuple[int, tantivy.DocAddress]]:
        """Return (rank, address) of the hits in a scope in the order of the one list of all."""
        return self.counted_by_rank(query, scope, limit, count=False)[0]

    def counted_by_rank(
        self, query: tantivy.Query, scope: Scope, limit: int, *, count: bool = True
    ) -> tuple[list[tuple[int, tantivy.DocAddress]], int]:
        """Return what `by_rank` returns, and how many hits there are beyond the limit too.

        To count costs next to nothing, to give an address 0.3 µs.
        """
        searcher = self.searcher
        if searcher is None:
            return [], 0
        if not scope.sees_all:
            query = self._visible(query, scope)
        limit = min(max(limit, 1), MAX_WINDOW)
        found = searcher.search(query, limit, count, schema.RANK, order=_ASCENDING)
        return found.hits, found.count if count else 0  # type: ignore[attr-defined]  # its stubs lack it

    def hidden(self, principal: Principal, source: str) -> frozenset[str]:
        """Return the fields of a source that the asker may not see."""
        if not self.hides_fields:
            return NOTHING
        return self.scope(principal).hidden.get(source, NOTHING)

    def frequency(self, field: str, value: str) -> int:
        """Return how many documents may have a term: only to spare a search; remembered.

        Documents that the asker may not see count too: nothing may be told from it.
        """
        known = self._frequencies.get((field, value))
        if known is None:
            known = self._frequency(field, value)
            if len(self._frequencies) >= MAX_REMEMBERED_TERMS:
                self._frequencies.clear()
            self._frequencies[field, value] = known
        return known

    def record(self, address: tantivy.DocAddress, scope: Scope) -> Record:
        """Return a record as the asker of a scope may see it; remembered."""
        return self.records_of([address], scope)[0]

    def records(self, versions: Sequence[bytes], scope: Scope) -> list[Record]:
        """Return the `record` of each of some documents whose bodies' keys are known.

        Of those that are not remembered the twins are read too, since a page shows them together.
        """
        return self._as_seen(self._read(versions, with_twins=True), scope)

    def marks(self, addresses: list[tantivy.DocAddress]) -> Sequence[int]:
        """Return source and `seq` of many documents, as `engine.schema.gathered` does."""
        if self.searcher is None or not addresses:
            return []
        return gathered(self.searcher.fast_field_values(VERSION, addresses))

    def twins(
        self, records: Iterable[Record], held: AbstractSet[bytes], scope: Scope
    ) -> list[Record]:
        """Return, as the asker of a scope may see it, what may share a link with some records.

        Those that have too many twins are passed over; `held`, versions, are left out.
        """
        versions = {version for record in records for version in record.twins or ()}
        versions -= held
        return self._as_seen(list(self._known(versions).values()), scope)

    def _read(self, versions: Sequence[bytes], *, with_twins: bool = False) -> list[Record]:
        """Return versions that the index names, in their order, as they are stored; remembered.

        Raises:
            CorruptIndex: one of them is not there.
        """
        known = self._known(versions, with_twins=with_twins)
        try:
            return list(map(known.__getitem__, versions))
        except KeyError:
            raise CorruptIndex("a document leads to no contact") from None

    def _known(
        self, versions: Collection[bytes], *, with_twins: bool = False
    ) -> dict[bytes, Record]:
        """Return versions as far as they are there; what is not remembered is read at once."""
        if not versions:
            return {}
        known = self._recall.known(versions)
        if not known:
            return self._fresh(versions, with_twins=with_twins)
        if len(known) < len(versions):
            missing = [each for each in versions if each not in known]
            known.update(self._fresh(missing, with_twins=with_twins))
        return known

    def _fresh(self, versions: Collection[bytes], *, with_twins: bool) -> dict[bytes, Record]:
        """Return versions that are not remembered, as far as they are there; from now on they are.

        `with_twins`: and those that may share a link with them.
        """
        numbers = self.numbers
        twins = numbers.twins(versions)
        if with_twins and twins:
            others = {other for each in twins.values() for other in each or ()}
            others.difference_update(versions, self._recall.known(others))
            if others:
                versions = [*versions, *others]
                twins.update(numbers.twins(others))
        keys, bodies = numbers.read(versions)
        sizes = list(map(len, bodies))
        fresh = dict(zip(keys, map(Record, map(decode_contact, bodies), keys, sizes), strict=True))
        for version, linked in twins.items():
            if version in fresh:
                fresh[version].twins = linked
        self._recall.keep_all(fresh, sum(sizes))
        return fresh

    def _as_seen(self, records: list[Record], scope: Scope) -> list[Record]:
        """Return records without their hidden fields."""
        if not scope.hidden:
            return records
        hidden = scope.hidden.get
        return [self._masked(each, hidden(each.contact.id.source)) for each in records]

    def _masked(self, record: Record, hidden: frozenset[str] | None) -> Record:
        """Return a record without hidden fields; its links are told from what is left of it."""
        if not hidden:
            return record
        key = record.version, hidden
        known = self._recall.get(key)
        if known is None:
            contact = masked(record.contact, hidden)
            known = Record(contact, record.version, record.octets, record.twins)
            self._recall.keep(key, known)
        return known

    def versions(
        self, addresses: list[tantivy.DocAddress], ranks: Sequence[int] | None = None
    ) -> list[Version]:
        """Return what many documents are versions of; `ranks`: of them, where they are known."""
        if self.searcher is None or not addresses:
            return []
        told = read_versions(self.searcher.fast_field_values(VERSION, addresses))
        if ranks is None:
            ranks = self.values(schema.RANK, addresses)
        return [
            (origin, body_key_of(rank, seq))
            for (origin, seq), rank in zip(told, ranks, strict=True)
        ]

    def body_keys(self, addresses: list[tantivy.DocAddress], ranks: Sequence[int]) -> list[bytes]:
        """Return the keys of the versions of documents with these ranks, as `versions` does."""
        if self.searcher is None or not addresses:
            return []
        seqs = read_seqs(self.searcher.fast_field_values(VERSION, addresses))
        return list(map(body_key_of, ranks, seqs))

    def cards(self, versions: Sequence[bytes]) -> list[Card]:
        """Return versions that the index names, in their order, as they are stored; not remembered.

        Whoever is called by an e-mail address or by nothing comes as a whole.

        Raises:
            CorruptIndex: one of them is not there.
        """
        bodies = self.numbers.bodies(versions)
        cards: list[Card] = list(map(decode_card, bodies))
        for at, body in enumerate(bodies):
            card = cards[at]
            if not (card.display_name or card.name):
                cards[at] = decode_contact(body)
            elif len(body) > LONG_BODY:
                cards[at] = replace(card, department=_PASSED, job=_PASSED, address=_PASSED)
        return cards

    def seen(self, versions: Sequence[bytes], scope: Scope) -> list[Contact]:
        """Return versions as the asker of a scope may see them; remembered; raises as `cards`."""
        return [record.contact for record in self._as_seen(self._read(versions), scope)]

    def versions_at(
        self,
        places: Sequence[Place],
        addresses: list[tantivy.DocAddress],
        ranks: Sequence[int] | None = None,
    ) -> list[Version]:
        """Return what `versions` returns, for documents whose places are known; remembered.

        The next letter finds most of them again, and to ask for twenty takes 7 µs.
        """
        known = self._versions
        try:
            return [known[place] for place in places]
        except KeyError:
            found = self.versions(addresses, ranks)
        if len(known) + len(found) > MAX_REMEMBERED_VERSIONS:
            known.clear()
        known.update(zip(places, found, strict=True))
        return found

    def records_of(
        self,
        addresses: list[tantivy.DocAddress],
        scope: Scope,
        ranks: Sequence[int] | None = None,
    ) -> list[Record]:
        """Return the `record` of each address, in their order, read together.

        `ranks`: as in `versions`.
        """
        places = [(address.segment_ord, address.doc) for address in addresses]
        versions = self.versions_at(places, addresses, ranks)
        return self._as_seen(self._read([version for _, version in versions]), scope)

    def recalled(
        self,
        addresses: list[tantivy.DocAddress],
        scope: Scope,
        ranks: Sequence[int] | None = None,
    ) -> list[Contact]:
        """Return what `visible` returns; they are remembered for the life of the reader."""
        return [record.contact for record in self.records_of(addresses, scope, ranks)]

    def links(self, record: Record) -> tuple[str, ...]:
        """Return what links a record with others; worked out once."""
        links = record.links
        if links is None:
            links = record.links = tuple(link_terms(record.contact))
        return links

    def visible(
        self,
        addresses: list[tantivy.DocAddress],
        scope: Scope,
        ranks: Sequence[int] | None = None,
    ) -> list[Contact]:
        """Return contacts as the asker of a scope may see them; none of them is remembered.

        `ranks`: as in `versions`.
        """
        body = self.numbers.body
        found = [decode_contact(body(key)) for _, key in self.versions(addresses, ranks)]
        if not scope.hidden:
            return found
        return [masked(each, scope.hidden.get(each.id.source, NOTHING)) for each in found]

    def _visible(self, query: tantivy.Query, scope: Scope) -> tantivy.Query:
        """Return the part of a query that the asker may see."""
        if scope.sees_all:
            return query
        visible = self._filters.get(scope.sources)
        if visible is None:
            visible = any_source(scope.sources)
            if len(self._filters) < MAX_REMEMBERED_ASKERS:
                self._filters[scope.sources] = visible
        return tantivy.Query.boolean_query([(_MUST, query), (_MUST, visible)])

    def values(self, field: str, addresses: list[tantivy.DocAddress]) -> list[int]:
        """Return a fast field of many documents without reading them; 0 where it is absent."""
        if self.searcher is None or not addresses:
            return []
        return [int(value or 0) for value in self.searcher.fast_field_values(field, addresses)]

    def find(self, identity: ContactId, principal: Principal) -> Record | None:
        """Return one visible record by id, or None."""
        hits = self.search(term(schema.ID, id_term(identity)), principal, 1)
        return self.record(hits[0][1], self.scope(principal)) if hits else None

    def get(self, identity: ContactId, principal: Principal) -> Contact | None:
        """Return one visible contact by id, or None; it is not remembered."""
        hits = self.search(term(schema.ID, id_term(identity)), principal, 1)
        found = self.visible([address for _, address in hits], self.scope(principal))
        return found[0] if found else None

    def _sources_present(self) -> dict[str, int]:
        """Return source id → documents; deleted ones still count until their segment is merged."""
        if self.searcher is None:
            return {}
        return dict(self.searcher.terms_with_prefix(SOURCE, ""))

    def _marks_of_custom_fields(self) -> frozenset[str]:
        """Return the marks of the custom fields that any contact has: most sites have few."""
        if self.searcher is None:
            return frozenset()
        held = self.searcher.terms_with_prefix(schema.HAS, "custom.")
        return frozenset(MARKS[field] for field, _ in held if field in MARKS)


def _no_document(_field: str, _value: str) -> int:
    """Return how many documents have a term where there is no index."""
    return 0


def any_source(sources: Iterable[str]) -> tantivy.Query:
    """Return the query for documents of one of these sources, without influence on the score."""
    parts = [(_SHOULD, term(SOURCE, source)) for source in sources]
    if not parts:
        return tantivy.Query.empty_query()
    return tantivy.Query.const_score_query(tantivy.Query.boolean_query(parts), 0.0)
