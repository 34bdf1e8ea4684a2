from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.client import Client
from engine.index import ContactIndex
from engine.phone import DialPlan
from engine.rights import SourcePolicy
from relay.errors import DirectoryUnavailable
from relay.local import LocalDirectory
from tests.engine.building import MUNICH, Directory, contact

SBC = Client("sbc", plan=MUNICH)
BERLIN = Client("berlin", plan=DialPlan(area_code="30"))


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Directory]:
    directory = Directory(tmp_path, crm=SourcePolicy("crm"), hr=SourcePolicy("hr", 900, ("boss",)))
    directory.hold(
        contact("1", "Erika Müller", "498999998123"),
        contact("2", "Geheime Personalie", "493023125004", source="hr"),
    )
    yield directory
    directory.close()


def test_the_clients_dial_plan_reads_the_number(made: Directory) -> None:
    local = LocalDirectory(made.index)
    here = local.caller("99998123", SBC)
    there = local.caller("99998123", BERLIN)
    assert here is not None
    assert (here.name, here.match_class) == ("Erika Müller", 2)
    assert there is None or there.match_class == 5  # equal last digits, not this very number


def test_only_the_clients_classes_answer(made: Directory) -> None:
    local = LocalDirectory(made.index)
    exact_only = Client("exact", plan=MUNICH, classes=frozenset({2}))
    assert local.caller("+498999998123", exact_only) is not None
    for number, match_class in (("123", 1), ("030 99998123", 5)):
        found = local.caller(number, SBC)
        assert found is not None
        assert found.match_class == match_class
        assert local.caller(number, exact_only) is None


def test_the_clients_rights_hold(made: Directory) -> None:
    local = LocalDirectory(made.index)
    assert local.caller("+493023125004", SBC) is None
    found = local.caller("+493023125004", Client("boss", plan=MUNICH))
    assert found is not None
    assert found.name == "Geheime Personalie"


@pytest.mark.parametrize("number", ["", "anonymous", "110", "x" * 10_000, "\0", "+", "*", "\udc80"])
def test_what_is_no_number_finds_nobody(made: Directory, number: str) -> None:
    assert LocalDirectory(made.index).caller(number, SBC) is None


def test_a_directory_without_an_index_says_so_instead_of_nobody(tmp_path: Path) -> None:
    index = ContactIndex.open(tmp_path / "index", {})
    local = LocalDirectory(index)
    assert not local.ready().ready
    assert "no source has been read" in local.ready().reason
    with pytest.raises(DirectoryUnavailable) as caught:
        local.caller("+498999998123", SBC)
    assert caught.value.retry_after_s >= 1
    index.close()


def test_it_is_ready_as_soon_as_the_index_is_there(made: Directory) -> None:
    local = LocalDirectory(made.index)
    assert local.ready().ready
    assert local.ready().reason == ""
    assert local.caller("+498999998999", SBC) is None
