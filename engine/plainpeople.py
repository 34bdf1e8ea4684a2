"""The short way of a people search: the first page of one or two plain words.

So begins nearly every search, and most end there. It gives what the long way gives
(`engine.people`), which a property test holds, in less time: flat, where that is made of generators
that can go on anywhere. Whatever is rare is left to it: numbers, more words, what is near to the
asker, fields that are hidden in some sources, guesses. Of these it is told what was found before
them.

Law: as `engine.ranking`.

Over 400 lines: one page has one state, through all of its classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import repeat
from operator import attrgetter, itemgetter

from engine.bodykeys import body_keys_of
from engine.contact import Contact, ContactId
from engine.cursor import write_cursor
from engine.grouping import MAX_JOINED, Crowds, Groups
from engine.joined import alone, person_of
from engine.matching import (
    COMPANY,
    COMPANY_WHOLE,
    FULL_NAME,
    INITIALS,
    NAME,
    NAME_COMPANY,
    NAME_OTHER,
    NAME_WHOLE,
    OTHER,
    class_of_beginnings,
)
from engine.nearness import OTHERS
from engine.plainwords import PlainWord, PlainWords
from engine.query import MAX_TOTAL, PeoplePage, PeopleQuery, PersonHit
from engine.questions import MANY, TWO_WORDS, Part, Questions, all_of, first_of, start, whole
from engine.ranking import (
    FEW,
    TOGETHER,
    WINDOW,
    Address,
    AsTyped,
    Entry,
    Position,
    Ranking,
    place_of,
    step_of,
    window_of,
)
from engine.reader import Place, Reader
from engine.schema import COMPANY as COMPANY_FIELD
from engine.schema import MAX_SEQ, PAIR, PERSON, SEQ_BITS, term
from engine.schema import NAME as NAME_FIELD
from engine.scope import Scope
from engine.terms import ANY_PAIR, PAIR_LETTERS, pair_of
from engine.typed import Typed, is_number_part

_Found = tuple[int, int, int, int, Address]
"""A record that was found, before it is read: its class, and as in `engine.ranking.Entry`, but with
its source above the `seq` (`engine.schema.gathered`)."""

_ByClass = dict[int, list[_Found]]

_Asked = tuple[int, Part | list[_Found]]
"""A class, and what finds those in it, and of those in better classes whom it will; or who is."""

NOT_IN_NAMES = (NAME_COMPANY, NAME_OTHER, COMPANY_WHOLE, COMPANY, OTHER)
"""The classes of two words of which not both are in the name."""

MANY_FOUND, MOST_READ = 60, 12
"""Up to so many are asked for in all of these classes at once; and so many are read to tell their
classes. Of more a page shows few, and the classes are asked one by one. Only time hangs on it."""

_Last = tuple[_Found, ContactId]

_priority_of, _rank_of = itemgetter(1), itemgetter(2)
_contact_of, _twins_of = attrgetter("contact"), attrgetter("twins")

_NO_TWINS = {()}


def plain_page(  # noqa: C901, PLR0911, PLR0912, PLR0915 - flat for its speed
    reader: Reader, words: PlainWords, query: PeopleQuery, typed: Typed, limit: int
) -> PeoplePage | AsTyped | None:
    """Return the first page of an answer; less than that where it is to be found the long way.

    Args:
        reader: asked.
        words: those that were asked for before.
        query: who asks; its cursor is empty.
        typed: what was read of its text, something.
        limit: the most hits, at least 1.

    Returns:
        The page; all that was found as it was typed, if that is so little that the long way has to
        guess; None if it has to find that too.
    """
    scope = _scope_of_plain(reader, query, typed)
    if scope is None:
        return None
    wanted = limit + 1
    asking = _Asking(reader, query, typed, scope, wanted, words=words)
    told, fields = asking.told, scope.groups[0][1].fields
    hits: list[PersonHit] = []
    given: set[ContactId] = set()
    joined: set[ContactId] = set()
    so_far: list[_Found] = []
    waiting: list[_Found] = []
    crowds: Crowds = {}
    size, read, in_vain = wanted, 0, 0
    last: _Last | None = None
    while True:
        while len(waiting) < size and (part := asking.next()) is not None:
            if not part:
                return None
            waiting += part
            so_far += part
        if len(waiting) < size and sum(told.values()) < FEW:
            return _by_class(so_far)
        if not waiting:
            break
        batch, waiting = waiting[:size], waiting[size:]
        read += size
        size = step_of(read)
        classes, _, ranks, marks, _ = zip(*batch, strict=True)
        records = reader.records(_keys_of(ranks, marks), scope)
        room = limit - len(hits)
        if set(map(_twins_of, records)) == _NO_TWINS:  # nobody was joined with another
            contacts = list(map(_contact_of, records))
            hits += map(alone, contacts[:room], classes, repeat(typed), repeat(fields))
            if len(batch) > room:
                if room:
                    last = batch[room - 1], contacts[room - 1].id
                assert last is not None
                return _cut(typed, hits, last, told)
            last = batch[-1], contacts[-1].id
            continue
        groups = Groups(reader, scope, records, crowds)
        for each, record in zip(batch, records, strict=True):
            contact = record.contact
            if record.twins == ():
                if len(hits) == limit and last is not None:
                    return _cut(typed, hits, last, told)
                hits.append(alone(contact, each[0], typed, fields))
                last = each, contact.id
                continue
            identity = contact.id
            given.add(identity)
            if identity in joined:
                continue
            members = groups.of(contact, lambda other: other.id in given)
            if not members:  # it was shown with its better record
                in_vain += 1
                if in_vain == MAX_JOINED:
                    return _cut(typed, hits, (each, identity), told)
                continue
            joined.update([member.id for member in members])
            if len(hits) == limit and last is not None:
                return _cut(typed, hits, last, told)
            hits.append(in_one(reader, members, each[0], typed, fields))
            last = each, identity
    total = min(sum(told.values()), MAX_TOTAL)
    return PeoplePage(tuple(hits), total, total < MAX_TOTAL)


def _scope_of_plain(reader: Reader, query: PeopleQuery, typed: Typed) -> Scope | None:
    """Return what the asker sees, None if the question, or what they see, is not plain."""
    words = typed.words
    if len(words) > TWO_WORDS or typed.digits or typed.keys or any(map(is_number_part, words)):
        return None
    if query.fold or query.company or query.department:
        return None
    if typed.turned and reader.frequency(NAME_FIELD, whole(typed.turned)):
        return None
    scope = reader.scope(query.principal)
    return None if scope.private or len(scope.groups) != 1 else scope


def _keys_of(ranks: Iterable[int], marks: Iterable[int]) -> list[bytes]:
    """Return the keys of records that were found, which say in which source too."""
    return body_keys_of(ranks, [mark & MAX_SEQ for mark in marks])


def _by_class(found: list[_Found]) -> AsTyped:
    classes: AsTyped = {}
    for match_class, minus_priority, rank, mark, at in found:
        classes.setdefault(match_class, []).append((minus_priority, rank, mark & MAX_SEQ, at))
    return classes


def in_one(
    reader: Reader,
    members: list[Contact],
    match_class: int,
    typed: Typed,
    searched: frozenset[str],
) -> PersonHit:
    """Return the person of some records, of which those of the better sources show first."""
    if len(members) > 1:
        members.sort(
            key=lambda each: (-reader.priority(each.id.source), each.id.source, each.id.key)
        )
    return person_of(members, match_class=match_class, typed=typed, searched=searched)


def _cut(
    typed: Typed,
    hits: list[PersonHit],
    last: _Last,
    told: dict[int, int],
) -> PeoplePage:
    """Return a page that others come behind.

    Args:
        typed: what was asked.
        hits: as many as were wanted, or fewer.
        last: the record behind which the next page begins.
        told: class → how many were counted in it.
    """
    (match_class, minus_priority, rank, _, _), identity = last
    position = Position(
        match_class, TOGETHER, OTHERS, minus_priority, rank, identity.source, identity.key
    )
    before = sum([counted for other, counted in told.items() if other < match_class])
    total = min(sum(told.values()), MAX_TOTAL)
    cursor = write_cursor(typed, position, min(before, MAX_TOTAL), total)
    return PeoplePage(tuple(hits), total, total_is_exact=False, cursor=cursor)


class _Asking:
    """Asks for a text class by class, best first, as far as its answer is read.

    Attributes:
        told: class → how many were counted in it.
    """

    def __init__(
        self,
        reader: Reader,
        query: PeopleQuery,
        typed: Typed,
        scope: Scope,
        wanted: int,
        *,
        words: PlainWords,
    ) -> None:
        """Take what `plain_page` takes, what the asker sees, and about how many will be read."""
        self._reader = reader
        self._query = query
        self._typed = typed
        self._scope = scope
        self._wanted = wanted
        self._found: set[Place] = set()
        self._given: list[_Found] = []
        self._cut: tuple[int, Part, int] | None = None
        self._rest: Iterator[list[_Found]] | None = None
        self._long_way: Questions | None = None
        self.told: dict[int, int] = {}
        # no generators: to close one that was not read to its end costs a twentieth of a search
        self._asked: Iterator[_Asked] = iter(())
        # what is left to ask, the last first; functions, since bound methods would make a circle
        self._stages: list[Callable[[_Asking], list[_Asked]]]
        if len(typed.words) == 1:
            self._stages = [*_STAGES_OF_ONE]
        else:
            marks = scope.groups[0][1].marks
            self._both = [words.of(word, marks) for word in typed.words]
            self._stages = [*_STAGES_OF_TWO]

    def next(self) -> list[_Found] | None:
        """Return who is found next, in one class: what no better class has.

        Returns:
            Records in their order; [] to give up; None if there are no more.
        """
        self._note()
        while True:
            if self._cut is not None:  # also where none of the first was of the best sources
                cut_class, cut_part, least = self._cut
                self._cut = None
                ranking = Ranking(self._reader, self._query, self._typed, found=self._found)
                self._rest = _behind(cut_class, ranking.in_order(cut_part, least, self._wanted))
            if self._rest is not None:
                entries = next(self._rest, None)
                if entries is None:
                    self._rest = None
                    continue
            else:
                following = next(self._asked, None)
                if following is None:
                    if not self._stages:
                        return None
                    self._asked = iter(self._stages.pop()(self))
                    continue
                match_class, part = following
                if isinstance(part, Part):
                    entries = self._of_class(match_class, part)
                else:
                    entries = part
                    self.told[match_class] = len(entries)
            if entries:
                self._given = entries
                ranks = set(map(_rank_of, entries))
                # the order of namesakes of one rank hangs on what is read
                return entries if len(ranks) == len(entries) else []

    def _note(self) -> None:
        """Note who was given: only those who go on need it."""
        if self._given:
            self._found.update([place_of(at) for *_, at in self._given])
            self._given = []

    def _of_class(self, match_class: int, part: Part) -> list[_Found]:
        """Return who is found in a class, the first of them if these are too many to be sorted."""
        reader, scope, found = self._reader, self._scope, self._found
        most = max(WINDOW, self._wanted + 1) + len(found)
        limit = most
        if not found and max(map(len, self._typed.words)) > 1:
            limit = min(most, int(window_of(self._wanted) / scope.best_share) + 1)
        hits: list[tuple[int, Address]] = []
        counted = 0
        for question in (*part.first, part.all):
            hits, counted = reader.counted_by_rank(question, scope, limit)
            if counted >= most:
                break
        is_cut = len(hits) == limit if found else counted > len(hits)
        last_rank = hits[-1][0] if is_cut else 0
        if found:
            hits = [hit for hit in hits if place_of(hit[1]) not in found]
            counted = len(hits) + is_cut
        self.told[match_class] = min(counted, MAX_TOTAL)
        entries = self._entries(match_class, hits)
        if is_cut:
            self._cut = match_class, part, last_rank
            if len(scope.priorities) > 1:  # those of the best sources are the best
                best = next(iter(scope.priorities))
                entries = [entry for entry in entries if entry[1] == best]
        elif len(scope.priorities) > 1:
            entries.sort(key=_priority_of)
        return entries

    def _entries(self, match_class: int, hits: list[tuple[int, Address]]) -> list[_Found]:
        """Return hits with the priority of their source, in their order."""
        if not hits:
            return []
        ranks, addresses = zip(*hits, strict=True)
        marks = self._reader.marks(list(addresses))
        priorities, by_origin = self._scope.priorities, self._scope.by_origin.get
        if len(priorities) > 1:
            of_each = [by_origin(mark >> SEQ_BITS, 0) for mark in marks]
        else:
            of_each = [*priorities] * len(hits)
        return list(
            zip(repeat(match_class, len(hits)), of_each, ranks, marks, addresses, strict=True)
        )

    def name_of_one(self) -> list[_Asked]:
        """Return what to ask for those who have one word in their name."""
        reader = self._reader
        (word,) = self._typed.words
        beginning, ending = start(word), whole(word)
        frequency = reader.frequency
        asked: list[_Asked] = []
        if frequency(PERSON, "=" + word):
            asked.append((FULL_NAME, Part(term(PERSON, "=" + word))))
        if begun := frequency(NAME_FIELD, beginning):
            ended = frequency(NAME_FIELD, ending)
            for match_class, value in ((NAME_WHOLE, ending), (NAME, beginning)):
                # who has a whole word has its beginning: if as many do, nobody else does
                if ended if match_class == NAME_WHOLE else ended < begun:
                    first = first_of(value, reader.leading, WINDOW, frequency)
                    asked.append((match_class, Part(term(NAME_FIELD, value), first)))
        return asked

    def company_of_one(self) -> list[_Asked]:
        """Return the same for those whose company has it."""
        (word,) = self._typed.words
        frequency = self._reader.frequency
        asked: list[_Asked] = []
        if begun := frequency(COMPANY_FIELD, start(word)):
            ended = frequency(COMPANY_FIELD, whole(word))
            if ended:
                asked.append((COMPANY_WHOLE, Part(term(COMPANY_FIELD, whole(word)))))
            if ended < begun:
                asked.append((COMPANY, Part(term(COMPANY_FIELD, start(word)))))
        return asked

    def rest_of_one(self) -> list[_Asked]:
        """Return the same for all others."""
        return self._question(OTHER) + self._question(INITIALS)

    def names_of_two(self) -> list[_Asked]:
        """Return what to ask for those who have both words in their names."""
        typed, frequency = self._typed, self._reader.frequency
        one, two = self._both
        asked: list[_Asked] = []
        if one.may_be_whole and two.may_be_whole and frequency(PERSON, "=" + typed.whole_name):
            asked.append((FULL_NAME, Part(term(PERSON, "=" + typed.whole_name))))
        if one.whole_in_name and two.whole_in_name:
            asked += self._question(NAME_WHOLE)
        pair = pair_of(typed.words)
        if pair and (self._reader.leading.levels(pair) or frequency(PAIR, ANY_PAIR)):
            asked += self._question(NAME)
        elif pair and max(map(len, typed.words)) <= PAIR_LETTERS:
            if frequency(PAIR, pair):
                asked.append((NAME, Part(term(PAIR, pair))))
        elif one.name is not None and two.name is not None:
            question = all_of([one.name, two.name])
            if pair and min(one.names, two.names) >= MANY:
                if not frequency(PAIR, pair):
                    return asked
                question = all_of([question, term(PAIR, pair)])
            asked.append((NAME, Part(question)))
        return asked

    def _question(self, match_class: int) -> list[_Asked]:
        """Return what the long way asks in a class."""
        reader = self._reader
        if self._long_way is None:
            self._long_way = Questions(self._typed, self._scope.groups[0][1], reader.frequency)
        question = self._long_way.query(match_class)
        if question is None:
            return []
        least = WINDOW + len(self._found)
        return [
            (match_class, Part(question, self._long_way.first(match_class, reader.leading, least)))
        ]

    def name_and_company(self) -> list[_Asked]:
        """Return what to ask for names and companies, if these alone are likely to be enough."""
        one, two = self._both
        likely = one.names * two.companies + two.names * one.companies
        if likely < (self._wanted - len(self._found)) * self._reader.count():
            return []
        return self._question(NAME_COMPANY)

    def rest_of_two(self) -> list[_Asked]:
        """Return the others, or what to ask for them.

        If they are likely to be few they are asked for at once and read, which those who are shown
        are anyway, and each tells its class.
        """
        classes = NOT_IN_NAMES[NAME_COMPANY in self.told :]
        one, two = self._both
        if one.most * two.most < MANY_FOUND * self._reader.count():
            fresh = self._fresh_anywhere(one, two)
            if fresh is not None:
                by_class = self._read(fresh)
                return [(each, by_class.get(each, [])) for each in classes]
        self._stages += [partial(_Asking._question, match_class=each) for each in reversed(classes)]
        return []

    def _fresh_anywhere(self, one: PlainWord, two: PlainWord) -> list[tuple[int, Address]] | None:
        """Return who has both words anywhere and was not found yet; None where it is many."""
        if one.anywhere is None or two.anywhere is None:
            return []
        question = all_of([one.anywhere, two.anywhere])
        limit = MANY_FOUND + len(self._found)
        hits = self._reader.by_rank(question, self._scope, limit)
        if len(hits) == limit:
            return None
        found = self._found
        fresh = [hit for hit in hits if place_of(hit[1]) not in found]
        return fresh if len(fresh) <= MOST_READ else None

    def _read(self, fresh: list[tuple[int, Address]]) -> _ByClass:
        """Return by their class those who have both words anywhere."""
        if not fresh:
            return {}
        scope, asked = self._scope, self._typed.words
        searched = scope.groups[0][1]
        entries = self._entries(0, fresh)
        if len(scope.priorities) > 1:
            entries.sort(key=_priority_of)
        _, _, ranks, marks, _ = zip(*entries, strict=True)
        by_class: _ByClass = {}
        records = self._reader.records(_keys_of(ranks, marks), scope)
        for (_, minus_priority, rank, mark, at), record in zip(entries, records, strict=True):
            found = class_of_beginnings(asked, record.contact, searched)
            by_class.setdefault(found, []).append((found, minus_priority, rank, mark, at))
        return by_class


def _behind(match_class: int, others: Iterator[list[Entry]]) -> Iterator[list[_Found]]:
    """Give the others of a class that is too large to be sorted."""
    for rest in others:
        yield [(match_class, *each) for each in rest]


_STAGES_OF_ONE = _Asking.rest_of_one, _Asking.company_of_one, _Asking.name_of_one
_STAGES_OF_TWO = _Asking.rest_of_two, _Asking.name_and_company, _Asking.names_of_two
