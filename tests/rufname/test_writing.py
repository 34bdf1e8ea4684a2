from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.errors import WriterBusy
from engine.generation import current_generation
from engine.index import ContactIndex
from rufname.control import Progress
from rufname.writing import Writing
from tests.engine.test_writer import files_end_at
from tests.rufname.place import PEOPLE, Place


@pytest.fixture
def writing(place: Place) -> Iterator[Writing]:
    opened = Writing.open(place.config)
    yield opened
    opened.close()


def documents(place: Place) -> int:
    index = ContactIndex.open(place.config.index_dir, {})
    try:
        return index.status().documents
    finally:
        index.close()


def test_only_one_writes_at_a_time(place: Place, writing: Writing) -> None:
    with pytest.raises(WriterBusy):
        Writing.open(place.config)
    assert writing.store.count() == 0


def test_a_run_ends_when_the_index_has_followed(place: Place, writing: Writing) -> None:
    told: list[Progress] = []
    report = writing.sync(place.config.sources[0], told.append)
    assert (report.state, report.added) == ("done", 3)
    assert documents(place) == 3
    assert told[-1].phase in ("read", "index")


def test_the_index_follows_during_a_long_run(place: Place, writing: Writing) -> None:
    place.write_people((str(n), f"Person {n}", "", "", "") for n in range(30_000))
    seen: list[int] = []

    def tell(progress: Progress) -> None:
        if progress.phase == "read":
            seen.append(documents(place))

    assert writing.sync(place.config.sources[0], tell).added == 30_000
    assert documents(place) == 30_000
    assert seen


def test_a_run_that_a_kill_cut_off_is_a_failed_one(place: Place) -> None:
    source = place.config.source("phonelist")
    writing = Writing.open(place.config)
    writing.sync(source)
    writing.store.begin_run(source.id, source.name)  # and the process is killed
    writing.close()
    again = Writing.open(place.config)
    (left, done) = again.store.runs(source.id, 5)
    again.close()
    assert (left.state, left.reason) == ("failed", "the process ended during the run")
    assert left.ended_at is not None
    assert done.state == "done"


def test_a_source_that_fails_is_told_in_the_report(place: Place, writing: Writing) -> None:
    place.people.unlink()
    report = writing.sync(place.config.sources[0])
    assert report.state == "failed"
    assert report.reason.startswith("source phonelist: ")


def test_a_cancelled_run_keeps_what_is_served(place: Place, writing: Writing) -> None:
    writing.sync(place.config.sources[0])
    place.write_people(PEOPLE[:1])
    report = writing.sync(place.config.sources[0], cancelled=lambda: True)
    assert report.state == "failed"
    assert documents(place) == 3


def test_an_index_that_cannot_follow_makes_the_run_fail_in_words(
    place: Place, writing: Writing
) -> None:
    writing.sync(place.config.sources[0])
    broken = b"\xc1 no contact"
    writing.store.apply("phonelist", [("bad", b"d", broken), ("worse", b"d", broken)])
    report = writing.sync(place.config.sources[0])
    assert report.state == "failed"
    assert "contact phonelist" in report.reason


def test_a_store_that_cannot_be_written_is_told_with_what_is_still_served(
    place: Place, writing: Writing
) -> None:
    writing.sync(place.config.sources[0])
    place.write_people([*PEOPLE, *((str(n), f"N{n}" * 50, "", "", "") for n in range(9, 3_000))])
    with files_end_at(place.config.store_path.stat().st_size):
        report = writing.sync(place.config.sources[0])
    assert report.state == "failed"
    assert "contacts.sqlite" in report.reason
    assert report.served == len(PEOPLE)


def test_sources_that_left_are_dropped_from_store_and_index(place: Place, writing: Writing) -> None:
    writing.sync(place.config.sources[0])
    assert writing.drop_absent(["phonelist"]) == {}
    assert writing.drop_absent([]) == {"phonelist": 3}
    assert documents(place) == 0
    assert writing.drop_absent([]) == {}


def test_after_a_rest_and_after_a_rebuild_writing_goes_on(place: Place, writing: Writing) -> None:
    writing.sync(place.config.sources[0])
    writing.rest()
    place.write_people([*PEOPLE, ("9", "Nina Neu", "", "", "")])
    assert writing.sync(place.config.sources[0]).added == 1
    writing.rebuild()
    assert documents(place) == 4


def test_before_anything_was_read_there_is_no_index(place: Place, writing: Writing) -> None:
    """An empty one would say that nobody is known, and that this machine can be asked."""
    people = place.people.read_bytes()
    place.people.unlink()
    writing.catch_up()
    assert writing.sync(place.config.sources[0]).state == "failed"
    assert writing.drop_absent(["phonelist"]) == {}
    assert current_generation(place.config.index_dir) is None
    place.people.write_bytes(people)
    writing.sync(place.config.sources[0])
    assert documents(place) == 3
