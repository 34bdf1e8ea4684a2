"""The peer of the HTTP bench: the same route on FastAPI and SQLite's FTS5, as one would build it.

`python -m bench.fastapi_peer DATABASE PORT`: serves on loopback until it is stopped. It is built
with care: uvicorn on uvloop and httptools, one connection, a prefix index, only the columns that
are answered, which are those that Rufname answers: a page is as large, tells how many were found
(up to the same bound) and which letters to highlight. Ranking is FTS5's own. It is spared what
costs Rufname more: it has one fixed token, no rights, no rates, no second try for typing errors and
sounds, no joining of the records of one person.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field

from engine.phone import DialPlan, format_number
from engine.query import MAX_TOTAL
from rufname.sample_contact import MadeContact

TOKEN = "bench"

_ANY_PLAN = DialPlan()

_SEARCH = """
    SELECT p.id, p.name, p.company, p.department, p.job, p.city, p.numbers, p.mail, p.is_company,
      highlight(people_text, 0, '<', '>'), highlight(people_text, 1, '<', '>'),
      highlight(people_text, 2, '<', '>')
    FROM people_text AS t JOIN people AS p ON p.rowid = t.rowid
    WHERE people_text MATCH ? ORDER BY t.rank LIMIT ?
"""
_COUNT = "SELECT count(*) FROM (SELECT 1 FROM people_text WHERE people_text MATCH ? LIMIT ?)"
_COLUMNS = "id, name, company, department, job, city, numbers, mail, is_company"
_SOURCE = "phones"
_SEARCHED = ("display_name", "company", "city")
_MARKED = re.compile("<[^>]*>")


class Question(BaseModel):
    """What is asked."""

    text: str = Field(max_length=200)
    limit: int = Field(20, ge=1, le=50)


class Number(BaseModel):
    """A phone number."""

    kind: str
    e164: str
    display: str
    call: str
    source: str


class Email(BaseModel):
    """An e-mail address."""

    address: str
    source: str


class Span(BaseModel):
    """What to highlight."""

    field: str
    start: int
    end: int


class Hit(BaseModel):
    """Somebody found."""

    id: str
    name: str
    sources: list[str]
    company: str = ""
    department: str = ""
    job: str = ""
    city: str = ""
    numbers: list[Number] = []
    emails: list[Email] = []
    matched: list[str] = []
    spans: list[Span] = []
    company_record: bool = False


class Source(BaseModel):
    """Where hits come from."""

    id: str
    name: str


class Page(BaseModel):
    """The answer."""

    hits: list[Hit]
    total: int
    total_is_exact: bool
    sources: list[Source]


def fill(path: Path, made: Iterable[MadeContact]) -> None:
    """Write the database: a table, and a full-text index over what is searched."""
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"CREATE TABLE people ({_COLUMNS})")
        database.execute(
            "CREATE VIRTUAL TABLE people_text USING fts5(name, company, city, content='people',"
            " tokenize='unicode61 remove_diacritics 2', prefix='2 3 4 5')"
        )
        for row, each in enumerate(made, 1):
            numbers = [
                {
                    "kind": line.kind, "e164": f"+{number.digits}", "call": f"+{number.digits}",
                    "display": format_number(number, _ANY_PLAN, "international"),
                    "source": _SOURCE,
                }
                for line in each.lines
                for number in line.truth
            ]  # fmt: skip
            searched = (each.name, each.company, each.city)
            database.execute(
                f"INSERT INTO people (rowid, {_COLUMNS}) VALUES (?{', ?' * 9})",
                (
                    row, f"{_SOURCE}:{each.key}", each.name, each.company, each.department,
                    each.job, each.city, json.dumps(numbers), each.mail, each.is_company,
                ),
            )  # fmt: skip
            database.execute(
                "INSERT INTO people_text (rowid, name, company, city) VALUES (?, ?, ?, ?)",
                (row, *searched),
            )
        database.execute("INSERT INTO people_text (people_text) VALUES ('optimize')")
        database.commit()


def create_app(path: str) -> FastAPI:
    """Return the application."""
    app = FastAPI()
    database = sqlite3.connect(path, check_same_thread=False)
    bearer = HTTPBearer()

    async def user(found: HTTPAuthorizationCredentials = Depends(bearer)) -> str:  # noqa: B008 - FastAPI's own way
        if found.credentials != TOKEN:
            raise HTTPException(401)
        return found.credentials

    @app.post(
        "/v1/people/search", dependencies=[Depends(user)], response_model_exclude_defaults=True
    )
    async def search(question: Question) -> Page:
        words = [bare for word in question.text.split() if (bare := word.replace('"', ""))]
        match = " ".join(f'"{word}"*' for word in words)
        if not match:
            return Page(hits=[], total=0, total_is_exact=True, sources=[])
        rows = database.execute(_SEARCH, (match, question.limit)).fetchall()
        (total,) = database.execute(_COUNT, (match, MAX_TOTAL)).fetchone()
        return Page(
            hits=[_hit(row) for row in rows],
            total=total,
            total_is_exact=total < MAX_TOTAL,
            sources=[Source(id=_SOURCE, name=_SOURCE)] if rows else [],
        )

    return app


def _hit(row: tuple[Any, ...]) -> Hit:
    """Return a row as it is answered, with what FTS5 highlights."""
    id_, name, company, department, job, city, numbers, mail, is_company, *marked = row
    spans = [
        Span(field=field, start=found.start() - 2 * at, end=found.end() - 2 * at - 2)
        for field, text in zip(_SEARCHED, marked, strict=True)
        for at, found in enumerate(_MARKED.finditer(text))
    ]
    return Hit(
        id=id_, name=name, sources=[_SOURCE], company=company, department=department, job=job,
        city=city, numbers=[Number(**each) for each in json.loads(numbers)],
        emails=[Email(address=mail, source=_SOURCE)] if mail else [],
        matched=list(dict.fromkeys(span.field for span in spans)), spans=spans,
        company_record=bool(is_company),
    )  # fmt: skip


if __name__ == "__main__":
    uvicorn.run(
        create_app(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), log_level="error",
        access_log=False, loop="uvloop", http="httptools",
    )  # fmt: skip
