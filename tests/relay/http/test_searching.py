"""A search gets one answer, whether it goes past the framework or through it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx
import msgspec
import pytest

from engine.index import ContactIndex
from engine.query import PeoplePage, PeopleQuery
from relay.http.app import create_app
from relay.local import LocalDirectory
from tests.relay.http.asking import CLIENTS, asker, basic
from tests.relay.http.users import ACCOUNTS, SETTINGS

PLAIN = "application/json"
THROUGH = "application/json; charset=utf-8"
"""The road that a request takes; this one is read by the framework alone."""


class Watched(LocalDirectory):
    """Tells what it was asked, and may fall."""

    def __init__(self, index: ContactIndex) -> None:
        super().__init__(index)
        self.asked: list[PeopleQuery] = []
        self.falls = False

    async def people(self, query: PeopleQuery) -> PeoplePage:
        self.asked.append(query)
        if self.falls:
            raise RuntimeError("Erika")
        return await super().people(query)


@pytest.fixture
def watched(local: LocalDirectory) -> Watched:
    return Watched(local._index)


def told(answer: httpx.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    """Return an answer without the time that it took."""
    fields = sorted((name, value) for name, value in answer.headers.items())
    return (
        answer.status_code,
        answer.content,
        [(name, "" if name == "server-timing" else value) for name, value in fields],
    )


async def both(
    directory: LocalDirectory, content: bytes, who: str | None, **changed: Any
) -> tuple[httpx.Response, Counter[str]]:
    """Ask on both roads, of an application each; return the one answer and what was counted."""
    found = []
    for kind in (PLAIN, THROUGH):
        counts: Counter[str] = Counter()
        app = create_app(
            directory, lambda: CLIENTS, SETTINGS, accounts=lambda: ACCOUNTS, counts=counts
        )
        async with asker(app, who) as ask:
            headers = {"Content-Type": kind, **changed}
            answer = await ask.post("/v1/people/search", content=content, headers=headers)
        found.append((answer, counts))
    (answer, counts), (other, other_counts) = found
    assert told(answer) == told(other)
    assert counts == other_counts
    return answer, counts


ANNA = basic("anna", "Annas Wort")


@pytest.mark.parametrize(
    ("content", "who", "status"),
    [
        (b'{"text": "erika"}', ANNA, 200),
        (b'{"text": "\xc3\xa4"}', ANNA, 200),
        (b'{"text": "", "limit": 1, "fold": "company"}', ANNA, 200),
        (b'{"text": "abel", "cursor": "AAAA"}', ANNA, 409),
        (b'{"text": "erika"}', None, 401),
        (b'{"text": "erika"}', basic("anna", "wrong"), 401),
        (b'{"text": "erika"}', "Bearer rs1.AAAA", 401),
        (b'{"text": 1}', ANNA, 400),
        (b'{"text": "x", "limit": 0}', ANNA, 400),
        (b'{"text": "x", "limit": "20"}', ANNA, 400),
        (b'{"text": "x", "limit": 20.0}', ANNA, 200),
        (b'{"text": "x", "limit": 20.5}', ANNA, 400),
        (b'{"text": "x", "limit": 0.0}', ANNA, 400),
        (b'{"text": "x", "limit": 1e400}', ANNA, 400),
        (b'{"text": "x", "more": 1}', ANNA, 400),
        (b'{"text": "\xff"}', ANNA, 400),
        (b"{", ANNA, 400),
        (b"", ANNA, 400),
        (b"[" * 9000, ANNA, 400),
        (b'{"text": "' + b"x" * 17_000 + b'"}', ANNA, 413),
    ],
    ids=lambda value: repr(value)[:30],
)
async def test_both_roads_tell_the_same(
    watched: Watched, content: bytes, who: str | None, status: int
) -> None:
    answer, counts = await both(watched, content, who)
    assert answer.status_code == status
    assert counts == {f"answers_{status // 100}xx": 1, "people_requests": 1}
    assert len(watched.asked) == (2 if status in (200, 409) else 0)
    assert answer.headers["cache-control"] == "no-store"


async def test_text_where_a_number_belongs_is_refused_by_its_field(watched: Watched) -> None:
    answer, _ = await both(watched, b'{"text": "x", "limit": "20"}', ANNA)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "limit: Expected `int`, got `str`"


async def test_a_fault_is_a_500_and_says_nothing(watched: Watched) -> None:
    watched.falls = True
    answer, _ = await both(watched, b'{"text": "erika"}', ANNA)
    assert answer.status_code == 500
    assert "Erika" not in answer.text


async def test_the_user_of_both_roads_has_one_rate(watched: Watched) -> None:
    settings = msgspec.structs.replace(SETTINGS, user_rate=10)
    app = create_app(watched, lambda: CLIENTS, settings, accounts=lambda: ACCOUNTS)
    async with asker(app, ANNA) as ask:
        statuses = [
            (
                await ask.post(
                    "/v1/people/search", content=b'{"text": "x"}', headers={"Content-Type": kind}
                )
            ).status_code
            for kind in (PLAIN, THROUGH) * 50
        ]
    assert statuses[:20] == [200] * 20
    assert 429 in statuses
    assert len(watched.asked) == statuses.count(200)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Transfer-Encoding": "chunked"}, 411),
        ({"Content-Length": "x"}, 413),
        ({"Content-Type": "text/plain"}, 415),
    ],
)
async def test_what_may_not_be_read_is_not_read(
    watched: Watched, headers: dict[str, str], status: int
) -> None:
    app = create_app(watched, lambda: CLIENTS, SETTINGS, accounts=lambda: ACCOUNTS)
    async with asker(app, ANNA) as ask:
        answer = await ask.post(
            "/v1/people/search",
            content=b'{"text": "x"}',
            headers={"Content-Type": PLAIN, **headers},
        )
    assert answer.status_code == status
    assert not watched.asked


async def test_other_methods_and_paths_are_the_frameworks(watched: Watched) -> None:
    app = create_app(watched, lambda: CLIENTS, SETTINGS, accounts=lambda: ACCOUNTS)
    async with asker(app, ANNA) as ask:
        assert (await ask.options("/v1/people/search")).headers["allow"] == "OPTIONS, POST"
        slash = await ask.post("/v1/people/search/", json={"text": "erika"})
        assert slash.status_code == 200
        assert (await ask.put("/v1/people/search", json={"text": "x"})).status_code == 405
    assert len(watched.asked) == 1
