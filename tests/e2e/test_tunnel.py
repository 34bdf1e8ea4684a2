"""The tunnel with real programs: relay, directory, sealed questions, and what faults do to them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.e2e.running import Row
from tests.e2e.tab.issuer import Issuer, running_issuer
from tests.e2e.tunnelled import House, Relay, running_house, running_relay

ERIKA = Row("1", "Erika Beispiel", "+49 30 23125001", "Beispiel GmbH", mail="erika@firm.example")
pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with running_issuer() as made:
        yield made


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer) -> Iterator[Relay]:
    with running_relay(tmp_path_factory.mktemp("relay"), issuer) as made:
        yield made


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, relay: Relay) -> Iterator[House]:
    with running_house(tmp_path_factory.mktemp("house"), relay, [ERIKA]) as made:
        yield made


def test_a_search_over_the_tunnel_finds_what_is_in_the_directory(house: House) -> None:
    assert house.search("beispiel") == ["Erika Beispiel"]
    found = json.loads(house.ask("people.search", {"text": "erika"}).body)["hits"][0]
    card = house.ask("people.person", {"id": found["id"]})
    assert json.loads(card.body)["emails"][0]["address"] == "erika@firm.example"
    vcard = house.ask("people.vcard", {"id": found["id"]})
    assert vcard.media_type == "text/vcard"
    assert b"FN:Erika Beispiel" in vcard.body
    me = json.loads(house.ask("me", {}).body)
    assert me["tenant"] == house.tid
