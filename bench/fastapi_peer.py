"""The peer of the HTTP bench: the same route on FastAPI and SQLite's FTS5, as one would build it.

`python -m bench.fastapi_peer DATABASE PORT`: serves on loopback until it is stopped. It is built
with care: uvicorn on uvloop, one connection, a prefix index, only the columns that are answered; no
rights, no rates, no joining of records.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import uvicorn
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field

from rufname.sample_contact import MadeContact

TOKEN = "bench"

_SEARCH = """
    SELECT p.id, p.name, p.company, p.city, p.numbers FROM people_text AS t
    JOIN people AS p ON p.rowid = t.rowid WHERE people_text MATCH ? ORDER BY t.rank LIMIT ?
"""


class Question(BaseModel):
    """What is asked."""

    text: str = Field(max_length=200)
    limit: int = Field(20, ge=1, le=50)


class Number(BaseModel):
    """A phone number."""

    kind: str
    e164: str
    display: str


class Hit(BaseModel):
    """Somebody found."""

    id: str
    name: str
    company: str
    city: str
    numbers: list[Number]


class Page(BaseModel):
    """The answer."""

    hits: list[Hit]


def fill(path: Path, made: Iterable[MadeContact]) -> None:
    """Write the database: a table, and a full-text index over what is searched."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE people (id, name, company, city, numbers)")
        database.execute(
            "CREATE VIRTUAL TABLE people_text USING fts5(name, company, city, content='',"
            " tokenize='unicode61 remove_diacritics 2', prefix='2 3 4 5')"
        )
        for row, each in enumerate(made, 1):
            numbers = [
                {"kind": line.kind, "e164": f"+{number.digits}", "display": line.written}
                for line in each.lines
                for number in line.truth
            ]
            values = (each.key, each.name, each.company, each.city)
            database.execute(
                "INSERT INTO people (rowid, id, name, company, city, numbers)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (row, *values, json.dumps(numbers)),
            )
            database.execute(
                "INSERT INTO people_text (rowid, name, company, city) VALUES (?, ?, ?, ?)",
                (row, *values[1:]),
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

    @app.post("/v1/people/search", dependencies=[Depends(user)])
    async def search(question: Question) -> Page:
        words = [word.replace('"', "") for word in question.text.split()]
        match = " ".join(f'"{word}"*' for word in words if word)
        rows = database.execute(_SEARCH, (match, question.limit)) if match else ()
        return Page(
            hits=[
                Hit(
                    id=str(id_), name=name, company=company, city=city,
                    numbers=[Number(**each) for each in json.loads(numbers)],
                )
                for id_, name, company, city, numbers in rows
            ]
        )  # fmt: skip

    return app


if __name__ == "__main__":
    uvicorn.run(
        create_app(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), log_level="error",
        access_log=False, loop="uvloop",
    )  # fmt: skip
