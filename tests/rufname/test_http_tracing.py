"""Look-ups over HTTP as an index sees them; the whole way stands in `tests/e2e`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing

import pytest

from engine.index import ContactIndex
from engine.query import CallerQuery
from ldapd.traced import Following, Traced, TraceRequest
from rufname.http_tracing import OPERATION, TracedIndex
from tests.rufname.place import Place

KNOWN, UNKNOWN = "+493023125001", "+49891234567"


@pytest.fixture
def index(synced: Place) -> Iterator[ContactIndex]:
    opened = ContactIndex.open(synced.config.index_dir, synced.config.policies())
    yield opened
    opened.close()


def ask(traced: TracedIndex, place: Place, number: str) -> str:
    (client,) = place.config.clients
    match = traced.caller(CallerQuery(number, client.plan, client.principal(), client.classes))
    return match.name if match else ""


async def test_look_ups_are_remembered_and_told_to_whom_they_concern(
    synced: Place, index: ContactIndex
) -> None:
    traced = TracedIndex(index)
    assert ask(traced, synced, KNOWN) == "Jürgen Groß"
    everything, other = TraceRequest(client="sbc"), TraceRequest(number="089 1234567")
    async with aclosing(traced.trace(everything)) as news, aclosing(traced.trace(other)) as few:
        remembered = await anext(news)
        assert isinstance(remembered, Traced)
        assert (remembered.operation, remembered.name) == ("look-up", "Jürgen Groß")
        assert await anext(news) == Following()
        assert await anext(few) == Following()
        assert ask(traced, synced, KNOWN) == "Jürgen Groß"
        assert ask(traced, synced, UNKNOWN) == ""
        told = [await asyncio.wait_for(anext(news), 10) for _ in range(2)]
        found = [(each.client, each.number, each.name, each.match_class) for each in told]
        assert found == [("sbc", KNOWN, "Jürgen Groß", 2), ("sbc", UNKNOWN, "", 0)]
        assert {each.operation for each in told} == {OPERATION}
        assert all(each.duration_us > 0 for each in told)
        (missed,) = [await asyncio.wait_for(anext(few), 10)]
        assert (missed.number, missed.match_class) == (UNKNOWN, 0)


def test_all_else_is_the_index_itself(index: ContactIndex) -> None:
    traced = TracedIndex(index)
    assert traced.policies is index.policies
    assert traced.status == index.status
