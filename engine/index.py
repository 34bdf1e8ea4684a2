"""The contact index as a reader sees it: open, follow commits, answer.

Law: synchronous and free of clocks and loops; a worker calls `refresh` a few times a second. One
thread asks at a time. Answers come from one searcher, swapped as a whole, so that no question sees
half a commit.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
import tantivy
from msgspec.structs import replace

from engine import generation as folders
from engine import schema
from engine.caller import CallerLookup
from engine.contact import Contact, ContactId
from engine.errors import CorruptIndex, ForeignIndex
from engine.explaining import CallerExplaining, CallerExplanation
from engine.masking import masked
from engine.numberfile import open_file
from engine.numbertable import NumberTable
from engine.paging import read_at_random
from engine.people import PeopleSearch
from engine.plaincalls import InForce, PlainCaller, plain_caller
from engine.query import (
    CallerMatch,
    CallerQuery,
    Explanation,
    Known,
    PeoplePage,
    PeopleQuery,
    PersonHit,
)
from engine.reader import Reader
from engine.rights import Principal, SourcePolicy
from engine.selecting import Candidates, candidates, select
from engine.selection import Position, Selected, Selection
from engine.writer import applied_state

MAX_TAKES = 20
"""How often a commit and the table beside it are taken anew until they fit: each time that they do
not, the writer has put a commit in force and gone on behind it in the fraction of a millisecond
between the two."""


class IndexStatus(msgspec.Struct, frozen=True):
    """What an opened index holds.

    Attributes:
        documents: contacts, all sources together.
        seq: the last change of the store that is in it.
        committed_at: seconds since the epoch of the last commit; 0.0 for no index.
        generation: the folder's name, "" for no index.
        format: the schema's format version.
    """

    documents: int = 0
    seq: int = 0
    committed_at: float = 0.0
    generation: str = ""
    format: int = schema.FORMAT


class ContactIndex:
    """Answers caller look-ups and people searches from the served generation."""

    def __init__(self, index_dir: Path, policies: Mapping[str, SourcePolicy]) -> None:
        """Use `ContactIndex.open`."""
        self._index_dir = index_dir
        self._policies = dict(policies)
        self._generation: Path | None = None
        self._stamp: tuple[int, int] | None = None
        self._index: tantivy.Index | None = None
        self._reader = Reader.empty(self._policies)
        self._in_force = InForce(self._reader)
        self._caller = CallerLookup(self._reader)
        self._people = PeopleSearch(self._reader)

    @classmethod
    def open(cls, index_dir: Path, policies: Mapping[str, SourcePolicy]) -> ContactIndex:
        """Open the served generation; where there is none yet, an index that answers nothing.

        Args:
            index_dir: `<data_dir>/index`; must be writable (tantivy's locks), nothing is written.
            policies: source id → policy, as configured.

        Raises:
            CorruptIndex: the generation cannot be read or has another format.
        """
        index = cls(index_dir, policies)
        index.refresh()
        return index

    @property
    def policies(self) -> Mapping[str, SourcePolicy]:
        """The policies in force."""
        return self._policies

    @property
    def state(self) -> object:
        """What is another object after every commit and every change of the policies."""
        return self._reader

    @property
    def is_built(self) -> bool:
        """Whether there was an index to open yet: what has none finds nobody, known or not."""
        return self._generation is not None

    def set_policies(self, policies: Mapping[str, SourcePolicy]) -> None:
        """Take new priorities and audiences; holds for the next question."""
        self._policies = dict(policies)
        self._swap(Reader(self._reader.searcher, self._policies, self._reader.numbers))

    def refresh(self) -> bool:
        """Follow commits and a swapped generation; costs two system calls if nothing changed.

        Returns:
            Whether the next question may get another answer.

        Raises:
            CorruptIndex: the new generation cannot be read; the old one stays in force.
        """
        generation = folders.current_generation(self._index_dir)
        if generation is None:
            return False
        try:
            meta = (generation / folders.META).stat()
        except OSError as error:
            if generation != folders.current_generation(self._index_dir):
                return self.refresh()  # swapped between the two calls
            raise CorruptIndex(f"{generation}: {error.strerror}") from error
        stamp = (meta.st_ino, meta.st_mtime_ns)
        if generation == self._generation and stamp == self._stamp:
            return False
        try:
            if generation != self._generation or self._index is None:
                if not folders.is_current_format(generation):
                    raise ForeignIndex(f"{generation.name}: made by another version of Rufname")
                opened = tantivy.Index.open(str(generation))
                opened.config_reader("Manual")
            else:
                opened = self._index
            searcher, numbers = _commit_and_table(opened, generation)
            read_at_random(generation)
            reader = Reader(searcher, self._policies, numbers)
        except (ValueError, OSError) as error:
            raise CorruptIndex(f"{generation}: {error}") from error
        self._index, self._generation, self._stamp = opened, generation, stamp
        self._swap(reader)
        return True

    def caller(self, query: CallerQuery) -> CallerMatch | None:
        """Return the name for a caller, None if nobody visible fits; never raises for its text.

        A number that is hidden from the asker gets its name too: who sees the source may know who
        calls. The contact behind the name lacks what is hidden.
        """
        match = self._caller.answer(query)
        if match is not None and self._reader.hides_fields:
            return self._as_seen(match, query)
        return match

    def plain_caller(self, like: CallerQuery) -> PlainCaller:
        """Return what answers as `caller` does in nearly every call, in half of its time.

        It follows commits. `like`: any query of the asker.
        """
        return plain_caller(self._in_force, like)

    def explain_caller(self, query: CallerQuery) -> tuple[CallerMatch | None, CallerExplanation]:
        """Return what `caller` returns, and how it came about: for the local administrator."""
        match, explained = CallerExplaining(self._reader, self._caller, query).explain()
        return self._as_seen(match, query) if match is not None else None, explained

    def _as_seen(self, match: CallerMatch, query: CallerQuery) -> CallerMatch:
        """Return a match without the fields of its contact that the asker may not see."""
        hidden = self._reader.hidden(query.principal, match.id.source)
        if not hidden:
            return match
        return replace(match, read=Known(masked(match.contact, hidden)))

    def holders(self, query: CallerQuery, limit: int) -> list[Contact]:
        """Return the contacts of the class that answers, best first, at most `limit` (1–1000)."""
        scope = self._reader.scope(query.principal)
        found = self._caller.holders(query, limit)
        if not scope.hidden:
            return found
        return [masked(each, scope.hidden.get(each.id.source, frozenset())) for each in found]

    def people(self, query: PeopleQuery) -> PeoplePage:
        """Return one page of the people a text finds, best first; an empty text finds nobody.

        Raises:
            InvalidCursor: the query's cursor is damaged or belongs to another text.
        """
        return self._people.answer(query)

    def person(self, identity: ContactId, principal: Principal) -> PersonHit | None:
        """Return the person of a record, with the other visible records of that person.

        None if there is no such record or the asker may not see it.
        """
        return self._people.person(identity, principal)

    def hides_fields(self, principal: Principal) -> bool:
        """Tell whether any field of any source is hidden from an asker that sees the source."""
        return bool(self._reader.scope(principal).hidden)

    def explain_people(self, query: PeopleQuery) -> tuple[PeoplePage, Explanation]:
        """Return what `people` returns, and how it came about."""
        return self._people.explain(query)

    def select(self, selection: Selection, principal: Principal, limit: int) -> Selected:
        """Return the contacts of a set question, in alphabetical order, at most `limit` (1–20000).

        Raises:
            UnsupportedQuery: nested deeper than 16 or with more than 256 parts.
        """
        return select(self._reader, selection, principal, limit)

    def candidates(
        self,
        selection: Selection,
        principal: Principal,
        limit: int,
        after: Position | None = None,
    ) -> Candidates:
        """Return the contacts of a set question behind a position, at most `limit` (1–20000).

        Raises:
            UnsupportedQuery: as `select`.
        """
        return candidates(self._reader, selection, principal, limit, after)

    def get(self, identity: ContactId, principal: Principal) -> Contact | None:
        """Return one contact by its id, None if there is none or the asker may not see it."""
        return self._reader.get(identity, principal)

    def status(self) -> IndexStatus:
        """Return what the index holds now."""
        searcher = self._reader.searcher
        if searcher is None or self._generation is None:
            return IndexStatus()
        committed_ns = self._stamp[1] if self._stamp else 0
        return IndexStatus(
            documents=self._reader.count(),
            seq=applied_state(searcher).seq,
            committed_at=committed_ns / 1e9,
            generation=self._generation.name,
        )

    def close(self) -> None:
        """Let go of the index; every later question finds nothing."""
        self._index = None
        self._generation = None
        self._stamp = None
        self._swap(Reader.empty(self._policies))

    def _swap(self, reader: Reader) -> None:
        self._reader = self._in_force.reader = reader
        self._caller = CallerLookup(self._reader)
        self._people = PeopleSearch(self._reader)


def _commit_and_table(
    opened: tantivy.Index, generation: Path
) -> tuple[tantivy.Searcher, NumberTable]:
    """Return the newest commit, and a snapshot of the table that has every contact of it.

    The snapshot is taken after the index, so it is never behind it. It may be ahead: what a change
    ended is kept in it until the writer goes on behind the next commit; then it is that to take.

    Raises:
        CorruptIndex: they do not fit, however often they are taken.
    """
    for _ in range(MAX_TAKES):
        opened.reload()
        searcher = opened.searcher()
        numbers = NumberTable(open_file(generation))
        if numbers.serve(applied_state(searcher).seq):
            return searcher, numbers
        numbers.close()
    raise CorruptIndex(f"{generation}: the number table is not in step")


def verify_index(index_dir: Path) -> None:
    """Check every file of the served generation against its sum; an absent index is whole.

    Raises:
        ForeignIndex: it is another version's.
        CorruptIndex: names the file.
    """
    generation = folders.current_generation(index_dir)
    if generation is None:
        return
    if not folders.is_current_format(generation):
        raise ForeignIndex(f"{generation.name}: made by another version of Rufname")
    folders.verify_generation(generation)
