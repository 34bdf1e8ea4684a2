"""Set questions → index queries → contacts: the bounded searches behind LDAP filters.

Law: queries are built as objects of bounded depth; outside text never meets a parser. The small
queries for words and numbers stand here too: people search ranks the same ones.

Over 400 lines: every kind of selection has its query here.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

import tantivy

from engine.contact import Card, Contact
from engine.errors import InvalidNumber, UnsupportedQuery
from engine.leading import leading_term
from engine.phone import read_number
from engine.reader import Reader
from engine.rights import Principal
from engine.schema import (
    COMPANY,
    CUT,
    EXTRA,
    GRAM,
    HAS,
    ID,
    LEADING,
    MAX_START,
    NAME,
    NUMBER,
    ORDER,
    OTHER,
    PLACE,
    RANK,
    TAIL,
    TAILS,
    UNNAMED,
    place_of,
    schema,
    tail_terms,
    term,
    uuid_term,
)
from engine.scope import Scope
from engine.selection import (
    AllOf,
    AlphabetRange,
    AnyOf,
    Called,
    Contains,
    Cut,
    EntryIs,
    Everyone,
    Has,
    NumberContains,
    NumberIs,
    NumberPrefix,
    NumberTail,
    Position,
    Prefix,
    Selected,
    Selection,
    Without,
)
from engine.terms import GRAM_LETTERS, MARKS, MAX_PREFIX, NUMBER_PARTS, PART_DIGITS
from engine.tokens import fold, words

MAX_QUERY_WORDS = 8
"""More words than a name, a company and a city have; the rest of a pasted text is left out."""

MAX_DEPTH = 16
MAX_PARTS = 256

MAX_CANDIDATES = 20_000
"""The most contacts of one set question: as many as a sorted answer may hold."""

READ_AHEAD = 24
"""Candidates that are read together: whoever wants one most likely wants those behind it."""

RECALLED = 256
"""Candidates of a window so small are remembered: they are what somebody looks for who types, and
the next letter finds most of them again. Longer lists would only push those out."""

SPARE = 8
"""Candidates asked for beyond a limit: it mostly cuts no group of equal ranks in two then, which
takes a search of its own, of some milliseconds."""

_MOST = 2**64 - 1
"""Above every value of a fast field here."""

_UUID = re.compile(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-5[0-9A-Fa-f]{3}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}")
"""A UUID of version 5: no contact has another."""

_MUST = tantivy.Occur.Must
_SHOULD = tantivy.Occur.Should
_MUST_NOT = tantivy.Occur.MustNot
_Query = tantivy.Query


class Candidates:
    """Contacts of a set question in their fixed order, read one by one as they are needed.

    They come from one commit, whatever is committed meanwhile.

    Attributes:
        complete: False where the limit cut them: `go_on` after the last of them.
        lasting: `read` gives the same objects as the last time, if they are still remembered.
    """

    __slots__ = (
        "_addresses",
        "_ahead",
        "_begin",
        "_places",
        "_ranks",
        "_reader",
        "_scope",
        "complete",
        "lasting",
    )

    def __init__(
        self,
        reader: Reader,
        scope: Scope,
        addresses: list[tantivy.DocAddress],
        ranks: list[int],
        *,
        complete: bool,
    ) -> None:
        self._reader = reader
        self.lasting = len(addresses) <= RECALLED
        self._scope = scope
        self._addresses = addresses
        self._begin = 0
        self._ahead: list[Contact] = []
        self._ranks = ranks
        self._places: list[int] | None = None
        self.complete = complete

    def __len__(self) -> int:
        return len(self._addresses)

    def read(self, at: int) -> Contact:
        """Return the contact at an index below `len`, without its hidden fields; some 5 µs.

        It may have been selected by a field that is hidden: whoever shows it checks it again.
        """
        place = at - self._begin
        if not 0 <= place < len(self._ahead):
            self._begin, place = at, 0
            self._ahead = self.stretch(at, READ_AHEAD)
        return self._ahead[place]

    def stretch(self, begin: int, count: int) -> list[Contact]:
        """Return what `read` gives at an index below `len` and behind it, at most `count`."""
        addresses = self._addresses[begin : begin + count]
        ranks = self._ranks[begin : begin + count]
        if self.lasting:
            return self._reader.recalled(addresses, self._scope, ranks)
        return self._reader.visible(addresses, self._scope, ranks)

    @property
    def hides(self) -> bool:
        """Whether the asker does not see every field of these contacts' sources."""
        return bool(self._scope.hidden)

    def versions(self, begin: int, count: int) -> list[bytes]:
        """Return the versions of those at an index and behind it; what `cards` and `seen` take.

        A version is the same contact as long as the index's state is the same.
        """
        end = begin + count
        return self._reader.body_keys(self._addresses[begin:end], self._ranks[begin:end])

    def cards(self, versions: Sequence[bytes]) -> list[Card]:
        """Return some of these contacts with all of their fields; 3 µs each."""
        return self._reader.cards(versions)

    def seen(self, versions: Sequence[bytes]) -> list[Contact]:
        """Return some of these contacts without their hidden fields."""
        return self._reader.seen(versions, self._scope)

    def position(self, at: int) -> Position:
        """Return where the contact at an index stands; two of equal `place` are one in 2**60."""
        if self._places is None:  # most lists are sent without
            self._places = self._reader.values(PLACE, self._addresses)
        return Position(self._ranks[at], self._places[at])


def candidates(
    reader: Reader,
    selection: Selection,
    principal: Principal,
    limit: int,
    after: Position | None = None,
) -> Candidates:
    """Return the visible contacts of a set question that stand behind a position.

    Args:
        reader: asked.
        selection: see there.
        principal: who asks.
        limit: most contacts, clamped to 1–20000.
        after: the position of the last contact seen; None = from the beginning.

    Raises:
        UnsupportedQuery: as `selection_query`.
    """
    limit = min(max(limit, 1), MAX_CANDIDATES)
    scope = reader.scope(principal)
    question = selection_query(selection, unnamed=reader.has_unnamed)
    found: list[tantivy.DocAddress] = []
    ranks: list[int] = []
    if after is not None:
        rest = _with(question, PLACE, after.place + 1, _MOST)
        found = _ordered(reader, _with(rest, RANK, after.rank, after.rank), principal, limit + 1)
        ranks = [after.rank] * len(found)
        question = _with(question, RANK, after.rank + 1, _MOST)
    equal = len(found)
    if len(found) <= limit:
        hits = [] if after is not None else _first(reader, selection, scope, limit + 1 + SPARE)
        hits = hits or reader.by_rank(question, scope, limit + 1 + SPARE - equal)
        found += [address for _, address in hits]
        ranks += [rank for rank, _ in hits]
    complete = len(found) <= limit
    is_in_order = len(set(ranks)) == len(ranks)
    if not complete:
        is_group_cut = limit > equal and ranks[-1] == ranks[limit - 1]
        if not is_group_cut and ranks[limit] == ranks[limit - 1]:  # it ends within what is to spare
            found, is_in_order = _by_place(reader, ranks, found), True
        del found[limit:], ranks[limit:]
        if is_group_cut:  # anywhere, since the search knows no places
            last = ranks[-1]
            whole = max(equal, bisect_left(ranks, last))
            whole_question = selection_query(selection, unnamed=reader.has_unnamed)
            group = _with(whole_question, RANK, last, last)
            found[whole:] = _ordered(reader, group, principal, limit - whole)
            ranks[whole:] = [last] * (len(found) - whole)
    if not is_in_order:
        found = _by_place(reader, ranks, found)
    return Candidates(reader, scope, found, ranks, complete=complete)


def _first(
    reader: Reader, selection: Selection, scope: Scope, count: int
) -> list[tuple[int, tantivy.DocAddress]]:
    """Return the first so many of a name that many begin with, as `by_rank` would; else none.

    To put all of them in order takes 12 ns each: a millisecond for a frequent name of a million.
    """
    if not isinstance(selection, Called):
        return []
    asked = words(selection.text)
    beginning = asked[0][:MAX_PREFIX] if len(asked) == 1 else ""
    for level in reversed(reader.leading.levels(beginning)):
        named = leading_term(level, beginning)
        if reader.frequency(LEADING, named) >= count:
            query = term(LEADING, named)
            if reader.has_unnamed:
                query = any_of([query, _standing_in(beginning)])
            hits = reader.by_rank(query, scope, count)
            # whoever stands in for a name may stand behind those that are left out
            is_full = len(hits) == count and hits[-1][0] <= reader.leading.limit(level, beginning)
            return hits if is_full else []
    return []


def _by_place(
    reader: Reader, ranks: list[int], found: list[tantivy.DocAddress]
) -> list[tantivy.DocAddress]:
    """Return documents that are sorted by rank, and those of equal rank by place."""
    tied = [
        at
        for at, rank in enumerate(ranks)
        if (at and ranks[at - 1] == rank) or ranks[at + 1 : at + 2] == [rank]
    ]
    places = dict(zip(tied, reader.values(PLACE, [found[at] for at in tied]), strict=True))
    ordered = found.copy()
    for at, of in zip(
        tied, sorted(tied, key=lambda each: (ranks[each], places[each])), strict=True
    ):
        ordered[at] = found[of]
    return ordered


def select(reader: Reader, selection: Selection, principal: Principal, limit: int) -> Selected:
    """Return the visible contacts of a set question in alphabetical order."""
    found = candidates(reader, selection, principal, limit)
    return Selected(tuple(map(found.read, range(len(found)))), complete=found.complete)


def _ordered(
    reader: Reader, query: _Query, principal: Principal, limit: int
) -> list[tantivy.DocAddress]:
    """Return the first documents of a query by their place."""
    return [
        address for _, address in reader.search(query, principal, limit, ordered=True, by=PLACE)
    ]


def _with(query: _Query, field: str, low: int, high: int) -> _Query:
    """Return the part of a query in which a fast field lies between two values, inclusive."""
    return _Query.boolean_query([(_MUST, query), (_MUST, _range(field, low, high))])


def word_query(word: str) -> _Query:
    """Return the query for one folded word as a prefix of any indexed word, without ranking.

    A word longer than `MAX_PREFIX` is sought by its first letters: a superset.
    """
    start = word[:MAX_PREFIX]
    parts = [term(NAME, start), term(COMPANY, start)]
    parts += [term(OTHER, mark + start) for mark in MARKS.values()]
    return any_of(parts)


def selection_query(selection: Selection, *, unnamed: bool = True) -> _Query:
    """Return the query of a set question.

    Args:
        selection: see there.
        unnamed: there may be contacts without a name of their own.

    Raises:
        UnsupportedQuery: nested deeper than 16 levels or more than 256 parts in all; deeper trees
            would end the process inside tantivy.
    """
    budget = [MAX_PARTS]
    return _selection(selection, 0, budget, unnamed=unnamed)


def _selection(selection: Selection, depth: int, budget: list[int], *, unnamed: bool) -> _Query:
    budget[0] -= 1
    if depth > MAX_DEPTH or budget[0] < 0:
        raise UnsupportedQuery(f"nested deeper than {MAX_DEPTH} or more than {MAX_PARTS} parts")
    match selection:
        case AllOf(parts):
            return all_of([_selection(part, depth + 1, budget, unnamed=unnamed) for part in parts])
        case AnyOf(parts):
            return any_of([_selection(part, depth + 1, budget, unnamed=unnamed) for part in parts])
        case Without(included, excluded):
            return _without(
                _selection(included, depth + 1, budget, unnamed=unnamed),
                _selection(excluded, depth + 1, budget, unnamed=unnamed),
            )
        case Prefix() | Called() | Contains():
            return _text_selection(selection, unnamed=unnamed)
        case NumberTail() | NumberPrefix() | NumberContains() | NumberIs():
            return _number_selection(selection)
        case _:
            return _field_selection(selection)


def _field_selection(selection: Everyone | Has | Cut | EntryIs | AlphabetRange) -> _Query:
    match selection:
        case Has(field):
            return term(HAS, field)
        case Cut(field):
            return term(HAS, CUT + field)
        case EntryIs(entry_uuid):
            if not _UUID.fullmatch(entry_uuid):
                return _Query.empty_query()
            entry_uuid, place = entry_uuid.lower(), place_of(entry_uuid)
            return _with(term(ID, uuid_term(entry_uuid)), PLACE, place, place)
        case AlphabetRange(low, high):
            return _range(ORDER, max(low, 0), high) if low <= high else _Query.empty_query()
        case Everyone():
            return everyone_query()


def _without(included: _Query, excluded: _Query) -> _Query:
    return _Query.boolean_query([(_MUST, included), (_MUST_NOT, excluded)])


def _text_selection(selection: Prefix | Called | Contains, *, unnamed: bool) -> _Query:
    match selection:
        case Called(text):
            asked = words(text)[:MAX_QUERY_WORDS]
            return all_of([called_query(word, unnamed=unnamed) for word in asked])
        case Prefix(text, everywhere):
            begin = beginning_query if everywhere else word_query
            return all_of([begin(word) for word in words(text)[:MAX_QUERY_WORDS]])
        case Contains(text):
            return contains_query(text)


def called_query(word: str, *, unnamed: bool = True) -> _Query:
    """Return the query for one folded word as a prefix of a word of what contacts are called.

    A word longer than `MAX_PREFIX` is sought by its first letters: a superset. `unnamed`: there may
    be contacts that are called by something else than a name; where there are none, the question
    takes half of the time.
    """
    start = word[:MAX_PREFIX]
    if not unnamed:
        return term(NAME, start)
    return any_of([term(NAME, start), _standing_in(start)])


def _standing_in(start: str) -> _Query:
    """Return the query for those whose company or e-mail address stands in for a name."""
    stands_in = any_of([term(COMPANY, start), term(OTHER, MARKS["emails"] + start)])
    return all_of([term(HAS, UNNAMED), stands_in])


def beginning_query(word: str) -> _Query:
    """Return the query for one folded word as a prefix of a word of any text."""
    parts = [term(EXTRA, word)] if len(word) <= MAX_START else _gram_terms(word)
    return any_of([word_query(word), all_of(parts)])


def contains_query(text: str) -> _Query:
    """Return the query for a text that may begin inside a word; a superset of what holds it.

    The first word is sought by letters from its inside, those behind it by their beginnings. An "e"
    before the first word's other letters may be folded away together with what stands before it
    ("ela" in "Manuela", which is indexed as "manula"), so that it is not sought.
    """
    asked = words(text)[:MAX_QUERY_WORDS]
    if not asked:
        return everyone_query()
    if not text[0].isalnum() and not fold(text)[:1].isalnum():
        return all_of([beginning_query(word) for word in asked])
    inside = _gram_terms(asked[0].lstrip("e"))
    return all_of([*inside, *(beginning_query(word) for word in asked[1:])])


def _gram_terms(word: str) -> list[_Query]:
    """Return terms that every word with this piece in it has; none for fewer than three letters."""
    last = len(word) - GRAM_LETTERS
    if last < 0:
        return []
    starts = {*range(0, last, GRAM_LETTERS), last}
    return [term(GRAM, word[start : start + GRAM_LETTERS]) for start in sorted(starts)]


def _number_selection(
    selection: NumberTail | NumberPrefix | NumberContains | NumberIs,
) -> _Query:
    match selection:
        case NumberTail(digits):
            return tail_query(digits)
        case NumberPrefix(digits):
            return number_prefix_query(digits)
        case NumberContains(digits):
            return number_inside_query(digits)
        case NumberIs(number, plan):
            try:
                reading = read_number(number, plan)
            except InvalidNumber:
                return _Query.empty_query()
            return any_of([term(NUMBER, each.key) for each in reading.numbers])


def everyone_query() -> _Query:
    """Return the query for every contact, without the document that holds the applied seq."""
    return _range(ORDER, 0, _MOST)


def _range(field: str, low: int, high: int) -> _Query:
    return _Query.range_query(schema(), field, tantivy.FieldType.Unsigned, low, high)


def tail_query(digits: str) -> _Query:
    """Return the query for numbers that may end in the digits; fewer than three: nobody."""
    ends = tail_terms(digits)
    if not ends or not digits.isdigit():
        return _Query.empty_query()
    end = term(TAIL, ends[-1])
    if len(digits) in TAILS or len(digits) > TAILS[-1]:
        return end
    return all_of([end, _parts_query(f"{digits}$")])


def number_prefix_query(digits: str) -> _Query:
    """Return the query for numbers whose E.164 digits begin with these."""
    if not digits.isdigit():
        return _Query.empty_query()
    return _Query.fuzzy_term_query(schema(), NUMBER, digits, distance=0, prefix=True)


def number_inside_query(digits: str) -> _Query:
    """Return the query for numbers that may hold the digits; fewer than `PART_DIGITS`: nobody."""
    if len(digits) < PART_DIGITS or not digits.isdigit():
        return _Query.empty_query()
    return _parts_query(digits)


def _parts_query(text: str) -> _Query:
    """Return the query for numbers of one kind that hold every three signs of a text."""
    pieces = [text[at : at + PART_DIGITS] for at in range(len(text) - PART_DIGITS + 1)]
    return any_of(
        [all_of([term(field, piece) for piece in pieces]) for field in NUMBER_PARTS.values()]
    )


def all_of(parts: list[_Query]) -> _Query:
    """Join queries by AND; none of them stands for everyone."""
    if not parts:
        return everyone_query()
    if len(parts) == 1:
        return parts[0]
    return _Query.boolean_query([(_MUST, part) for part in parts])


def any_of(parts: list[_Query]) -> _Query:
    """Join queries by OR; none of them stands for nobody."""
    if not parts:
        return _Query.empty_query()
    if len(parts) == 1:
        return parts[0]
    return _Query.boolean_query([(_SHOULD, part) for part in parts])
