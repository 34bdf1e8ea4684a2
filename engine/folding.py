"""The people of a company, folded under it: one row of an answer instead of a page full.

Law: folded are those alone who were found by their company's name. They stand at the place of the
first of them, under the company's own record if it was found, else under that person.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from engine.contact import Contact
from engine.matching import COMPANY, COMPANY_WHOLE
from engine.query import PersonHit
from engine.ranking import Ranked
from engine.tokens import whole_name, words

MAX_FOLDED = 500
"""People read for one folded page, some 10 ms; who comes behind them is on the next page."""

_BY_COMPANY = (COMPANY_WHOLE, COMPANY)


class Shown(msgspec.Struct, frozen=True):
    """One page.

    Attributes:
        hits: best first.
        last: the last record that was read for it; None: there is none.
        more: somebody comes behind it.
    """

    hits: tuple[PersonHit, ...]
    last: Ranked | None
    more: bool


People = Iterator[tuple[Ranked, PersonHit | None]]
"""People in order; None stands for nobody: there the page ends, and others may come behind."""


def page_of(people: People, limit: int, *, fold: bool) -> Shown:
    """Return the first rows of an answer.

    Args:
        people: in order; read as far as needed, and one further.
        limit: most rows, at least 1.
        fold: people found by their company's name stand under it and make no row of their own.
    """
    if not fold:
        return _plain(people, limit)
    rows: list[PersonHit] = []
    under: dict[int, list[PersonHit]] = {}
    heads: dict[str, int] = {}
    last: Ranked | None = None
    for read, (place, hit) in enumerate(people):
        if hit is None:
            return Shown(_folded(rows, under), place, more=True)
        by_company = hit.match_class in _BY_COMPANY
        company = _company(hit.contact) if by_company or hit.contact.is_company else ""
        at = heads.get(company) if by_company else None
        if read == MAX_FOLDED + limit or (at is None and len(rows) == limit):
            return Shown(_folded(rows, under), last, more=True)
        if at is not None:
            others = under.setdefault(at, [])
            if hit.contact.is_company and not rows[at].contact.is_company:
                others.insert(0, rows[at])
                rows[at] = hit
            else:
                others.append(hit)
        else:
            if company:
                heads.setdefault(company, len(rows))
            rows.append(hit)
        last = place
    return Shown(_folded(rows, under), last, more=False)


def _plain(people: People, limit: int) -> Shown:
    """Return the first rows of an answer in which nobody is folded."""
    rows: list[PersonHit] = []
    last: Ranked | None = None
    for place, hit in people:
        if hit is None:
            return Shown(tuple(rows), place, more=True)
        if len(rows) == limit:
            return Shown(tuple(rows), last, more=True)
        rows.append(hit)
        last = place
    return Shown(tuple(rows), last, more=False)


def _folded(rows: list[PersonHit], under: dict[int, list[PersonHit]]) -> tuple[PersonHit, ...]:
    for at, people in under.items():
        rows[at] = replace(rows[at], folded=tuple(people))
    return tuple(rows)


def _company(contact: Contact) -> str:
    """Return what the spellings of a company's name share, "" for no company."""
    name = contact.company or (contact.name if contact.is_company else "")
    return whole_name(words(name)) if name else ""
