"""An index that followed changes one by one answers as one that is made of the store at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from engine.contact import Contact, ContactId
from engine.index import ContactIndex
from engine.query import CallerQuery, PeopleQuery
from engine.rights import LOCAL_ADMIN
from engine.selection import Everyone
from engine.writer import IndexWriter
from tests.engine.building import MUNICH, Directory, put, remove
from tests.engine.test_pages import ASKERS, POLICIES, TEXTS, person

KEYS, MOST = 25, 1_000
NUMBERS = ("+49891234", "+49891234011", "089 123412", "+491701000012", "12", "+498912340777")


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Directory]:
    made = Directory(tmp_path, **POLICIES)
    yield made
    made.close()


def change(directory: Directory, live: dict[ContactId, Contact], world: int, draw: Random) -> None:
    """Let one thing happen to a directory, and to what is known of it."""
    match draw.choice(("put", "put", "put", "remove", "drop", "rebuild", "reopen", "pack")):
        case "put":
            for _ in range(draw.randint(1, KEYS)):
                key, source = str(draw.randrange(KEYS)), draw.choice(list(POLICIES))
                each = person(key, source, world, draw, people=KEYS)
                put(directory.store, [each])
                live[each.id] = each
        case "remove":
            gone = draw.sample(sorted(live, key=repr), min(len(live), 5))
            remove(directory.store, *(live.pop(identity) for identity in gone))
        case "drop":
            directory.store.drop_source("ad")
            for identity in [each for each in live if each.source == "ad"]:
                del live[identity]
        case "rebuild":
            directory.writer.rebuild()
        case "reopen":
            directory.writer.close()
            directory.writer = IndexWriter.open(directory.index_dir, directory.store)
        case "pack":
            directory.writer.pack()
    if draw.random() < 0.5:
        directory.writer.catch_up()


def answers(index: ContactIndex) -> Iterator[object]:
    for asker in ASKERS:
        for text in TEXTS:
            page = index.people(PeopleQuery(text, asker, MOST))
            yield [(hit.records, hit.match_class, hit.contact) for hit in page.hits], page.total
        for number in NUMBERS:
            match = index.caller(CallerQuery(number, MUNICH, asker))
            yield match and (match.name, match.match_class, match.id, match.runners_up)
        yield index.select(Everyone(), asker, MOST).contacts


@pytest.mark.parametrize("world", range(6))
def test_changes_one_by_one_leave_what_the_store_holds(
    directory: Directory, tmp_path: Path, world: int
) -> None:
    draw, live = Random(world), dict[ContactId, Contact]()
    for _ in range(12):
        change(directory, live, world, draw)
    directory.writer.catch_up()
    directory.index.refresh()
    assert {
        each.id for each in directory.index.select(Everyone(), LOCAL_ADMIN, MOST).contacts
    } == live.keys()
    IndexWriter.open(tmp_path / "fresh", directory.store).close()
    with closing(ContactIndex.open(tmp_path / "fresh", POLICIES)) as fresh:
        assert fresh.status().documents == len(live)
        assert list(answers(directory.index)) == list(answers(fresh))
