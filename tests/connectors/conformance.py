"""What every kind of source must do, told to one real peer after the other.

A kind passes by a subclass with a fixture `world` (`tests.connectors.worlds.World`):

    class TestCsv(Conformance):
        @pytest.fixture
        def world(self, tmp_path: Path) -> World:
            return CsvWorld(tmp_path)

What a kind cannot suffer it names in `world.lacks`, with the reason.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from connectors.mapping import Mapping
from connectors.registry import completed, open_source
from connectors.report import RunReport
from connectors.sync import SyncProgress, sync_source
from engine.contact import Contact
from engine.source import RejectedRecord, Upsert
from engine.store import ContactStore
from tests.connectors.making import ANY_DROP, stored
from tests.connectors.worlds import COUNT, ROWS, Rows, World, many

DAMAGES = ("wrong password", "no rights", "hang", "killed", "expired bookmark")
"""What `World.damage` is asked for beside `FAULTS`, unless the world lacks it."""

FAULTS = (
    "error",
    "hang",
    "0 rows",
    "half",
    "double",
    "wrong columns",
    "bad encoding",
    "duplicate keys",
    "lost keys",
)
"""The fault table: after none of these may what is served be worse than before."""

HARMLESS = frozenset({"double", "duplicate keys", "bad encoding"})
"""Faults after which a run may be done: it adds, or it rejects records one by one."""

PROBES = (
    "Øystein",
    "Ùab",
    "Úrsula",
    "Ústí nad Labem",
    "Søren Ørsted",
    "Újpest",
    "付款",
    "Ł Û 付",
    "Ø",
)
"""Names that drivers have cut or changed: Ø Ù Ú Û and 付, within and at the end."""

CANCEL_S = 2.0

NEVER: Callable[[], bool] = lambda: False  # noqa: E731 - names its type


class Conformance:
    """The suite; the names of its tests say what a source must do."""

    many = 9_000  # three batches of 2,000 may be read before the first has been told
    """Rows of a read that is broken off in its middle; three batches."""

    @pytest.fixture
    def world(self) -> World:
        raise NotImplementedError

    def sync(
        self,
        world: World,
        store: ContactStore,
        *,
        progress: Callable[[SyncProgress], None] | None = None,
        cancelled: Callable[[], bool] = NEVER,
    ) -> RunReport:
        """One run, after which the index has followed: the bookmark counts."""
        report = sync_source(world.settings, store, progress=progress, cancelled=cancelled)
        store.settle(store.last_seq())
        if report.state != "done":
            assert report.reason.startswith("source CRM: ")
            assert "\n" not in report.reason
        return report

    def fill_and_sync(self, world: World, store: ContactStore, rows: Rows = ROWS) -> None:
        world.fill(rows)
        report = self.sync(world, store)
        assert (report.state, report.added, report.reason) == ("done", len(rows), "")
        assert {name(contact) for contact in stored(store).values()} == {row[1] for row in rows}

    def test_an_empty_source_is_complete(self, world: World, store: ContactStore) -> None:
        world.fill([])
        report = self.sync(world, store)
        assert (report.state, report.read, report.added) == ("done", 0, 0)

    def test_one_record_becomes_one_contact(self, world: World, store: ContactStore) -> None:
        self.fill_and_sync(world, store, ROWS[:1])
        (contact,) = stored(store).values()
        assert contact.display_name == "Jörg Groß 0"
        assert contact.phones[0].number.digits == "498999998000"

    def test_an_unchanged_source_writes_nothing(self, world: World, store: ContactStore) -> None:
        self.fill_and_sync(world, store)
        seq = store.last_seq()
        report = self.sync(world, store)
        assert (report.state, report.added, report.changed, report.removed) == ("done", 0, 0, 0)
        assert report.full != (world.incremental or world.bookmark_is_state)
        assert store.last_seq() == seq

    def test_what_is_added_changed_and_gone_is_followed(
        self, world: World, store: ContactStore
    ) -> None:
        self.fill_and_sync(world, store)
        for step in range(3):  # the second and third time from bookmarks of bookmarks
            rows = [
                ("0", f"Łukasz 付 {step}", "+49 89 99998 000"),
                *ROWS[1 : -2 - step],
                (f"new {step}", f"Neu {step}", ""),
            ]
            world.fill(rows)
            report = self.sync(world, store)
            assert report.state == "done", report.reason
            assert report.full != world.incremental
            assert {name(contact) for contact in stored(store).values()} == {r[1] for r in rows}

    def test_a_deletion_alone_is_followed(self, world: World, store: ContactStore) -> None:
        self.fill_and_sync(world, store)
        world.fill(ROWS[1:])
        report = self.sync(world, store)
        assert (report.state, report.added, report.changed, report.removed) == ("done", 0, 0, 1)

    def test_a_changed_key_moves_the_contact(self, world: World, store: ContactStore) -> None:
        skip_if_lacking(world, "key change")
        self.fill_and_sync(world, store)
        world.fill([("other", *ROWS[0][1:]), *ROWS[1:]])
        report = self.sync(world, store)
        assert (report.state, report.added, report.removed) == ("done", 1, 1)
        assert len(stored(store)) == COUNT

    def test_every_character_comes_out_as_it_is(self, world: World, store: ContactStore) -> None:
        self.fill_and_sync(world, store, [(str(n), text, "") for n, text in enumerate(PROBES)])

    @pytest.mark.parametrize("fault", FAULTS)
    def test_after_a_fault_what_is_served_is_not_worse(
        self, world: World, store: ContactStore, fault: str
    ) -> None:
        skip_if_lacking(world, fault)
        self.check_fault(world, store, fault)

    def test_after_a_fault_of_its_own_what_is_served_is_not_worse(
        self, world: World, store: ContactStore
    ) -> None:
        for fault in world.faults:
            self.check_fault(world, store, fault)

    def check_fault(self, world: World, store: ContactStore, fault: str) -> None:
        world.fill(ROWS)
        assert self.sync(world, store).state == "done"
        served = answers(store)
        assert len(served) == COUNT

        break_it(world, fault)
        asked = time.monotonic()
        report = self.sync(
            world,
            store,
            cancelled=lambda: fault == "hang" and time.monotonic() > asked + 0.5,
        )
        if fault not in HARMLESS:
            assert report.state in {"refused", "failed"}, fault
        assert fault != "hang" or report.seconds < 0.5 + CANCEL_S
        assert report.removed == 0
        after = answers(store)
        assert {key: after[key] for key in served} == served
        last = store.last_run("crm")
        assert last is not None
        assert (last.state, last.reason) == (report.state, report.reason)

        world.fill(ROWS)
        report = sync_source(msgspec.structs.replace(world.settings, max_drop=ANY_DROP), store)
        store.settle(store.last_seq())
        assert report.state == "done", report.reason
        assert answers(store) == served

    @pytest.mark.parametrize("damage", ["wrong password", "no rights"])
    def test_what_keeps_it_out_is_one_line_without_secrets(
        self, world: World, store: ContactStore, damage: str
    ) -> None:
        skip_if_lacking(world, damage)
        self.fill_and_sync(world, store)
        served = stored(store)
        world.damage(damage)
        report = self.sync(world, store)
        assert (report.state, report.removed) == ("failed", 0)
        assert stored(store) == served
        faults = open_source(completed(world.settings)).check().faults
        assert len(faults) == 1
        for words in (report.reason, faults[0]):
            assert "braces" not in words, "the password of the test's peers"
            assert "\n" not in words
        world.fill(ROWS)
        assert self.sync(world, store).state == "done"

    def test_a_peer_killed_while_it_is_read_loses_nothing(
        self, world: World, store: ContactStore
    ) -> None:
        skip_if_lacking(world, "killed")
        rows = many(self.many)
        self.fill_and_sync(world, store, rows)
        world.fill([(key, f"Other {key}", phone) for key, _, phone in rows])
        damaged: list[int] = []

        def kill(progress: SyncProgress) -> None:
            if not damaged:
                damaged.append(progress.counts.read)
                world.damage("killed")

        report = self.sync(world, store, progress=kill)
        assert (report.state, report.removed) == ("failed", 0)
        assert damaged
        assert store.count("crm") == self.many
        world.fill(rows)
        report = self.sync(world, store)
        assert (report.state, report.removed) == ("done", 0)
        assert {name(contact) for contact in stored(store).values()} == {row[1] for row in rows}

    def test_a_cancelled_read_ends_within_two_seconds(
        self, world: World, store: ContactStore
    ) -> None:
        self.fill_and_sync(world, store)
        world.fill(many(self.many))
        asked: list[float] = []

        def ask(_: SyncProgress) -> None:
            asked.append(time.monotonic())

        report = self.sync(world, store, progress=ask, cancelled=lambda: bool(asked))
        assert time.monotonic() - asked[0] < CANCEL_S
        assert (report.state, report.removed) == ("failed", 0)

    def test_an_expired_bookmark_is_a_full_read(self, world: World, store: ContactStore) -> None:
        skip_if_lacking(world, "expired bookmark")
        self.fill_and_sync(world, store)
        world.damage("expired bookmark")
        world.fill(ROWS[1:])
        report = self.sync(world, store)
        assert (report.state, report.full, report.removed) == ("done", True, 1)
        report = self.sync(world, store)
        assert (report.state, report.full) == ("done", False)

    def test_a_failed_run_repeats_what_it_missed(self, world: World, store: ContactStore) -> None:
        self.fill_and_sync(world, store)
        world.fill([*ROWS[:-1], ("new", "Neu", "")])
        world.damage("error")
        assert self.sync(world, store).state == "failed"
        world.fill([*ROWS[:-1], ("new", "Neu", "")])
        assert self.sync(world, store).state == "done"
        assert {name(contact) for contact in stored(store).values()} == {
            *(row[1] for row in ROWS[:-1]),
            "Neu",
        }

    def test_what_was_held_back_goes_when_it_is_released(
        self, world: World, store: ContactStore
    ) -> None:
        self.fill_and_sync(world, store)
        world.fill(ROWS[:5])
        held = self.sync(world, store)
        assert (held.state, held.held_back) == ("refused", COUNT - 5)
        assert f"--release {held.run}" in held.reason
        report = sync_source(world.settings, store, release=held.run)
        assert (report.state, report.removed) == ("done", COUNT - 5)

    def test_it_can_be_looked_at_before_it_is_read(self, world: World) -> None:
        world.fill(ROWS)
        settings = completed(world.settings)
        source = open_source(settings)
        report = source.check()
        assert report.faults == ()
        mapping = Mapping(settings)
        found = source.discover()
        fields = {field.name for field in found}
        assert any(field.key for field in found)
        if "lost column" not in world.lacks:
            assert fields.issuperset(mapping.columns)
        shown = source.preview(5)
        assert len(shown) == 5
        for record in shown:
            assert not isinstance(record, RejectedRecord)
            contact, _ = mapping.contact(record.key, record.record)
            assert contact is not None
            assert name(contact).startswith("Jörg Groß ")

    def test_reading_leaves_the_folder_of_a_file_as_it_was(self, world: World) -> None:
        path = getattr(world, "path", None)
        if path is None:
            pytest.skip("its peer is no file")
        world.fill(ROWS)
        before = standing(path)
        source = open_source(completed(world.settings))
        assert source.check().faults == ()
        source.discover()
        source.preview(5)
        assert sum(isinstance(event, Upsert) for event in source.read(b"")) == COUNT
        assert standing(path) == before


def standing(path: Path) -> list[tuple[str, int, int]]:
    """Every file beside a path, and the path itself, with size and time of change.

    Where they stay the same nothing came, went or was written: the folder may be read-only.
    """
    folder = path if path.is_dir() else path.parent
    status = [(found.name, found.stat()) for found in (folder, *sorted(folder.iterdir()))]
    return [(name, found.st_size, found.st_mtime_ns) for name, found in status]


def name(contact: Contact) -> str:
    """The name as people see it."""
    return contact.name


def answers(store: ContactStore) -> dict[str, tuple[str, tuple[str, ...]]]:
    """What is served of the source: names and numbers by key."""
    return {
        key: (contact.name, tuple(line.number.digits for line in contact.phones))
        for key, contact in stored(store).items()
    }


def skip_if_lacking(world: World, what: str) -> None:
    reason = world.lacks.get(what)
    if reason:
        pytest.skip(f"{what}: {reason}")


def break_it(world: World, fault: str) -> None:
    """Break a filled world in one of its ways."""
    if fault == "0 rows":
        world.fill([])
    elif fault == "half":
        world.fill(ROWS[: COUNT // 2])
    elif fault == "double":
        world.fill(ROWS + [(f"{key} again", f"{text} again", phone) for key, text, phone in ROWS])
    elif fault == "wrong columns":
        world.fill(ROWS, name_column="full_name")
    elif fault == "duplicate keys":
        world.fill(ROWS + [(key, "Somebody Else", phone) for key, _, phone in ROWS])
    elif fault == "lost keys":
        world.fill([("", text, phone) for _, text, phone in ROWS])
    else:
        world.damage(fault)
