"""Those who ask Graph at once, against the simulator."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.cancelling import Cancelling
from connectors.errors import Cancelled, SourceFailed
from connectors.graphapi import AT_ONCE, Crew, Graph, crew_of
from connectors.oauth import Client
from connectors.settings import SecretRef
from connectors.web import WebLink
from tests.connectors.graphsim import CLIENT_ID, TENANT, GraphSimulator, graph_simulator

LINK = WebLink(None, allow_plain=False, allow_link_local=False, timeout_s=20)


@pytest.fixture
def graph() -> Iterator[GraphSimulator]:
    with graph_simulator() as made:
        for n in range(20):
            made.collection("users").put(str(n), displayName=f"Name {n}")
        yield made


@pytest.fixture
def cancelling() -> Cancelling:
    return Cancelling()


@pytest.fixture
def crew(graph: GraphSimulator, cancelling: Cancelling, tmp_path: Path) -> Iterator[Crew]:
    (tmp_path / "secret").write_text("s3cret")
    secret = SecretRef(file=tmp_path / "secret")
    url = f"{graph.url}/{TENANT}/oauth2/v2.0/token"
    client = Client(url, CLIENT_ID, secret, None, f"{graph.url}/.default")
    with crew_of(f"{graph.url}/v1.0", LINK, client, cancelling) as made:
        yield made


def user(url: str) -> Any:
    return lambda asking, key: asking.json(f"{url}/v1.0/users/{key}")["displayName"]


def test_what_is_found_comes_in_the_order_of_what_was_asked(
    crew: Crew, graph: GraphSimulator
) -> None:
    keys = [str(n) for n in range(20)]
    assert crew.each(user(graph.url), keys) == [f"Name {key}" for key in keys]
    assert crew.each(user(graph.url), keys[:1]) == ["Name 0"]
    assert crew.each(user(graph.url), []) == []
    assert 1 <= len(graph.tokens) <= AT_ONCE, "each has one, once it asks"


def test_the_first_failure_counts_and_nothing_is_begun_behind_it(
    crew: Crew, graph: GraphSimulator
) -> None:
    begun: list[str] = []
    others = threading.Barrier(AT_ONCE)

    def ask(asking: Graph, key: str) -> None:
        begun.append(key)
        others.wait(20)
        if key == "2":
            raise SourceFailed("two")
        graph.mute.clear()
        asking.json(f"{graph.url}/v1.0/users/{key}")

    with pytest.raises(SourceFailed, match="two"):
        crew.each(ask, [str(n) for n in range(20)])
    assert sorted(begun) == ["0", "1", "2", "3"]


def test_a_cancel_reaches_everybody(
    crew: Crew, graph: GraphSimulator, cancelling: Cancelling
) -> None:
    cancelling.cancel()
    with pytest.raises(Cancelled):
        crew.each(user(graph.url), ["1", "2"])
