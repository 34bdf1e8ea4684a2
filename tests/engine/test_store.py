from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bodies import BodyPacker
from engine.contact import Contact, ContactId, encode_contact
from engine.errors import CorruptStore, StoreUnavailable
from engine.runs import RunCounts
from engine.source import RejectedRecord
from engine.store import (
    FORMAT_VERSION,
    MAX_BATCH,
    MAX_REJECTED,
    MAX_RUNS,
    Change,
    ContactStore,
)
from engine.storefile import APPLICATION_ID


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "contacts.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[ContactStore]:
    opened = ContactStore.open(path)
    yield opened
    opened.close()


def row(key: str, body: str = "body", digest: bytes = b"d") -> tuple[str, bytes, bytes]:
    return key, digest, body.encode()


def test_a_new_store_is_empty_and_only_its_owner_may_read_it(
    store: ContactStore, path: Path
) -> None:
    assert store.last_seq() == 0
    assert store.count() == 0
    assert store.changes(0, 10) == []
    assert store.contacts(None, 10) == []
    assert store.last_run("crm") is None
    store.apply("crm", [row("1")])
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


@pytest.mark.usefixtures("store")
def test_a_store_that_others_may_read_is_made_private_when_opened(path: Path) -> None:
    path.chmod(0o644)
    ContactStore.open(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_new_or_changed_contact_gets_a_rising_seq(store: ContactStore) -> None:
    first = store.apply("crm", [row("1"), row("2")])
    assert (first.added, first.changed, first.removed, first.seq) == (2, 0, 0, 2)
    second = store.apply("crm", [row("2", "other"), row("3")])
    assert (second.added, second.changed, second.seq) == (1, 1, 4)
    assert second.rowids[0] == first.rowids[1]
    assert store.changes(0, 10) == [
        Change(1, "crm", "1", b"body"),
        Change(3, "crm", "2", b"other"),
        Change(4, "crm", "3", b"body"),
    ]
    assert store.changes(3, 10) == [Change(4, "crm", "3", b"body")]
    assert store.count("crm") == 3


def test_a_record_with_another_digest_and_the_same_contact_gets_no_new_seq(
    store: ContactStore,
) -> None:
    store.apply("crm", [row("1", digest=b"old")])
    applied = store.apply("crm", [row("1", digest=b"new")])
    assert (applied.changed, applied.refreshed, applied.seq) == (0, 1, 1)
    assert store.digests("crm", ["1"]) == {"1": (1, b"new")}


def test_a_deleted_contact_leaves_a_tombstone_until_the_index_has_followed(
    store: ContactStore,
) -> None:
    store.apply("crm", [row("1"), row("2")])
    applied = store.apply("crm", [], ["1", "unknown"])
    assert (applied.removed, applied.seq) == (1, 3)
    assert store.changes(2, 10) == [Change(3, "crm", "1", None)]
    assert store.digests("crm", ["1"]) == {"1": (1, b"")}
    assert store.count("crm") == 1
    assert store.contacts(None, 10) == [("crm", "2", b"body")]
    store.settle(2)
    assert len(store.changes(2, 10)) == 1
    store.settle(3)
    assert store.changes(2, 10) == []
    assert store.digests("crm", ["1"]) == {}
    assert store.last_seq() == 3
    assert store.settled_seq() == 3


def test_deleting_a_tombstone_again_changes_nothing(store: ContactStore) -> None:
    store.apply("crm", [row("1")])
    store.apply("crm", [], ["1"])
    assert store.apply("crm", [], ["1"]).removed == 0
    assert store.count() == 0


def test_a_contact_that_comes_back_is_added_again_on_its_row(store: ContactStore) -> None:
    store.apply("crm", [row("1")])
    store.apply("crm", [], ["1"])
    applied = store.apply("crm", [row("1")])
    assert (applied.added, applied.changed, applied.rowids, applied.seq) == (1, 0, [1], 3)
    assert store.count("crm") == 1


def test_equal_keys_of_two_sources_are_two_contacts(store: ContactStore) -> None:
    store.apply("crm", [row("1", "of crm")])
    store.apply("erp", [row("1", "of erp")])
    assert store.sources() == {"crm": 1, "erp": 1}
    assert store.contacts(None, 10) == [("crm", "1", b"of crm"), ("erp", "1", b"of erp")]
    assert store.contacts(("crm", "1"), 10) == [("erp", "1", b"of erp")]


def test_a_batch_with_one_key_twice_or_too_many_rows_is_refused_whole(store: ContactStore) -> None:
    with pytest.raises(ValueError, match="each key once"):
        store.apply("crm", [row("1"), row("1")])
    with pytest.raises(ValueError, match="2000 rows"):
        store.apply("crm", [row(str(n)) for n in range(MAX_BATCH + 1)])
    assert store.last_seq() == 0


def test_a_failed_batch_writes_nothing(store: ContactStore) -> None:
    with pytest.raises(UnicodeEncodeError):
        store.apply("crm", [row("1"), row("\udc80")])
    assert store.last_seq() == 0
    assert store.count() == 0
    assert store.apply("crm", [row("1")]).added == 1


def test_a_bookmark_counts_only_once_the_index_has_followed(store: ContactStore) -> None:
    seq = store.apply("crm", [row("1")]).seq
    store.keep_bookmark("crm", b"first", seq)
    assert store.bookmark("crm") == b""
    store.settle(seq)
    assert store.bookmark("crm") == b"first"
    later = store.apply("crm", [row("2")]).seq
    store.keep_bookmark("crm", b"second", later)
    assert store.bookmark("crm") == b"first"
    store.settle(later)
    assert store.bookmark("crm") == b"second"


def test_settling_more_than_the_store_has_settles_what_it_has(store: ContactStore) -> None:
    store.apply("crm", [row("1")])
    store.settle(99)
    assert store.settled_seq() == 1


def test_dropping_a_source_leaves_tombstones_and_forgets_its_bookmark(store: ContactStore) -> None:
    store.apply("crm", [row(str(n)) for n in range(MAX_BATCH)])
    store.apply("crm", [row("x")])
    store.apply("erp", [row("1")])
    store.keep_bookmark("crm", b"mark", 1)
    store.settle(1)
    assert store.drop_source("crm") == MAX_BATCH + 1
    assert store.sources() == {"crm": 0, "erp": 1}
    assert store.bookmark("crm") == b""
    assert all(change.body is None for change in store.changes(MAX_BATCH + 2, 9_999))
    assert store.drop_source("nobody") == 0


def test_live_keys_pages_over_the_living(store: ContactStore) -> None:
    store.apply("crm", [row(key) for key in "abcd"])
    store.apply("crm", [], ["b"])
    assert [key for _, key in store.live_keys("crm", "", 2)] == ["a", "c"]
    assert [key for _, key in store.live_keys("crm", "c", 2)] == ["d"]
    assert store.live_keys("nobody", "", 2) == []


def test_runs_are_kept_newest_first_and_a_killed_one_is_closed(store: ContactStore) -> None:
    killed = store.begin_run("crm", "CRM")
    assert store.last_run("crm").state == "running"
    run = store.begin_run("crm", "CRM")
    store.finish_run(run, "done", RunCounts(read=3, added=2, rejected=1))
    newest, oldest = store.runs("crm", 10)
    assert (newest.id, newest.state, newest.counts.read) == (run, "done", 3)
    assert newest.ended_at >= newest.began_at
    assert (oldest.id, oldest.state) == (killed, "failed")
    assert "process ended" in oldest.reason


def test_the_run_history_is_bounded(store: ContactStore) -> None:
    for _ in range(MAX_RUNS + 5):
        last = store.begin_run("crm", "CRM")
    runs = store.runs("crm", MAX_RUNS * 2)
    assert len(runs) == MAX_RUNS
    assert runs[0].id == last


def test_rejected_records_are_kept_with_their_keys_and_bounded(store: ContactStore) -> None:
    faults = [
        RejectedRecord("line 1", "no key"),
        RejectedRecord("line 2", "no digits", "phones.work", "7"),
        RejectedRecord("8", "no digits", "phones.work", "8"),
    ]
    store.add_rejected("crm", faults)
    assert store.rejected("crm") == faults
    store.forget_rejected("crm")
    assert store.rejected("crm") == []
    many = [RejectedRecord(f"line {n}", "bad", "phones.work") for n in range(MAX_REJECTED - 100)]
    store.add_rejected("crm", many)
    store.add_rejected("crm", many)
    assert len(store.rejected("crm")) == MAX_REJECTED
    store.add_rejected("crm", many)
    assert len(store.rejected("crm")) == MAX_REJECTED
    assert store.rejected("crm", 1) == many[:1]


def test_rejected_records_are_forgotten_by_key_and_those_without_by_their_place(
    store: ContactStore,
) -> None:
    stays = RejectedRecord("2", "no digits", "phones.work", "2")
    other = RejectedRecord("1", "no digits", "phones.work", "1")
    store.add_rejected("hr", [other])
    keyless = RejectedRecord("line 1", "no key")
    whole = RejectedRecord("line 4", "duplicate key", key="2")
    store.add_rejected("crm", [keyless, stays, other, whole])
    assert store.forget_rejected("crm", {"1"}) == 1
    assert store.rejected("crm") == [keyless, stays, whole]
    assert store.forget_rejected("crm", {"2"}, whole=True) == 1
    assert store.forget_rejected("crm", {"line 1", "line 4"}) == 1
    assert store.rejected("crm") == [stays]
    assert store.rejected("hr") == [other]


def test_what_was_written_is_there_after_opening_again(store: ContactStore, path: Path) -> None:
    identity = store.identity()
    store.apply("crm", [row("1")])
    reader = ContactStore.open(path, read_only=True)
    assert reader.identity() == identity
    assert reader.count("crm") == 1
    store.apply("crm", [row("2")])
    assert reader.last_seq() == 2
    with pytest.raises(StoreUnavailable, match="readonly"):
        reader.apply("crm", [row("3")])
    reader.close()


def test_an_erased_contact_is_gone_from_the_files_bytes(store: ContactStore, path: Path) -> None:
    store.apply("crm", [row("1", "Geheimname"), row("2", "Bleibt")])
    store.apply("crm", [], ["1"])
    store.settle(3)
    store.verify()
    for file in path.parent.iterdir():
        assert b"Geheimname" not in file.read_bytes(), file


def test_a_missing_store_is_not_made_by_a_reader(path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="no contact store yet"):
        ContactStore.open(path, read_only=True)
    assert not path.exists()


def test_a_file_that_is_no_database_is_refused_by_name(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is not a database" * 100)
    with pytest.raises(CorruptStore, match=r"contacts\.sqlite.*sync anew"):
        ContactStore.open(path)


def test_another_programs_database_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(CorruptStore, match="not a contact store"):
        ContactStore.open(path)
    assert path.read_bytes() == before


def test_a_store_of_a_newer_format_is_refused_by_name(store: ContactStore, path: Path) -> None:
    store.close()
    with sqlite3.connect(path) as other:
        other.execute(f"PRAGMA user_version = {FORMAT_VERSION + 1}")
    other.close()
    with pytest.raises(CorruptStore, match="newer Rufname"):
        ContactStore.open(path)


def test_a_store_without_its_counters_is_corrupt(store: ContactStore, path: Path) -> None:
    store.close()
    with sqlite3.connect(path) as other:
        other.execute("DELETE FROM meta")
        assert other.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    other.close()
    with pytest.raises(CorruptStore, match="seq is missing"):
        ContactStore.open(path)


def test_damage_inside_the_file_is_corruption_not_an_empty_answer(
    store: ContactStore, path: Path
) -> None:
    store.apply("crm", [(f"{n:06}", b"d", os.urandom(500)) for n in range(MAX_BATCH)])
    store.close()
    with path.open("r+b") as file:
        file.seek(4096 * 12)
        file.write(os.urandom(4096 * 150))
    damaged = ContactStore.open(path)
    with pytest.raises(CorruptStore):
        damaged.verify()
    damaged.close()


def test_a_folder_in_place_of_the_store_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="directory"):
        ContactStore.open(tmp_path)


Step = tuple[dict[str, str], set[str], bool]

STEPS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["x", "y", "z"]), max_size=6),
        st.sets(st.sampled_from("abcdef"), max_size=6),
        st.booleans(),
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_a_follower_of_the_changes_always_ends_where_the_store_is(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Step]
) -> None:
    store = ContactStore.open(tmp_path_factory.mktemp("store") / "contacts.sqlite")
    truth: dict[str, bytes] = {}
    copy: dict[str, bytes] = {}
    followed = 0
    for upserts, deletes, settles in steps:
        before = store.last_seq()
        applied = store.apply(
            "s", [(key, b"d", body.encode()) for key, body in upserts.items()], sorted(deletes)
        )
        written = applied.added + applied.changed + applied.removed
        assert applied.seq == before + written == store.last_seq()
        truth |= {key: body.encode() for key, body in upserts.items()}
        for key in deletes:
            truth.pop(key, None)
        assert store.count("s") == len(truth)
        if settles:
            while changes := store.changes(followed, 2):
                for change in changes:
                    assert change.seq > followed
                    followed = change.seq
                    if change.body is None:
                        copy.pop(change.key, None)
                    else:
                        copy[change.key] = change.body
            assert copy == truth
            store.settle(followed)
    assert {key: body for _, key, body in store.contacts(None, 99)} == truth
    store.verify()
    store.close()


FORMAT_1 = """
PRAGMA application_id = 1383425536; PRAGMA user_version = 1;
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE sources (number INTEGER PRIMARY KEY, source TEXT NOT NULL UNIQUE,
    live INTEGER NOT NULL DEFAULT 0);
CREATE TABLE contacts (id INTEGER PRIMARY KEY, source INTEGER NOT NULL, key TEXT NOT NULL,
    seq INTEGER NOT NULL, digest BLOB NOT NULL, body BLOB);
CREATE UNIQUE INDEX contacts_key ON contacts (source, key);
CREATE UNIQUE INDEX contacts_seq ON contacts (seq);
CREATE INDEX tombstones ON contacts (seq) WHERE body IS NULL;
CREATE TABLE bookmarks (source TEXT, seq INTEGER, bookmark BLOB NOT NULL,
    PRIMARY KEY (source, seq)) WITHOUT ROWID;
CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, name TEXT NOT NULL,
    state TEXT NOT NULL, began_at REAL NOT NULL, ended_at REAL, counts BLOB NOT NULL,
    reason TEXT NOT NULL DEFAULT '');
CREATE INDEX runs_source ON runs (source, id);
CREATE TABLE rejected (id INTEGER PRIMARY KEY, source TEXT NOT NULL, locator TEXT NOT NULL,
    field TEXT NOT NULL, reason TEXT NOT NULL);
CREATE INDEX rejected_source ON rejected (source, id);
INSERT INTO meta VALUES ('identity', 'a store'), ('seq', 2), ('settled', 1);
INSERT INTO sources VALUES (1, 'crm', 1);
INSERT INTO contacts VALUES (1, 1, '7', 1, x'00', x'01'), (2, 1, '8', 2, x'', NULL);
INSERT INTO bookmarks VALUES ('crm', 1, x'02');
INSERT INTO runs VALUES (1, 'crm', 'CRM', 'done', 1.0, 2.0, x'81A47265616401', '');
INSERT INTO rejected VALUES (1, 'crm', 'line 2', '', 'bad');
"""
"""A store of the first format, frozen: it must open for ever, or be refused by name."""


def test_a_store_of_the_first_format_still_opens(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as old:
        old.executescript(FORMAT_1)
    old.close()
    store = ContactStore.open(path)
    assert (store.identity(), store.last_seq(), store.settled_seq()) == ("a store", 2, 1)
    assert store.changes(0, 9) == [Change(1, "crm", "7", b"\1"), Change(2, "crm", "8", None)]
    assert store.bookmark("crm") == b"\2"
    assert store.rejected("crm") == [RejectedRecord("line 2", "bad")]
    run = store.last_run("crm")
    assert run is not None
    assert (run.state, run.counts) == ("done", RunCounts(read=1))
    assert store.apply("crm", [row("9")]).seq == 3
    store.close()


def old_store(path: Path, bodies: list[bytes]) -> None:
    """Write a store of the first format with more contacts, known by their place."""
    path.parent.mkdir()
    with sqlite3.connect(path) as old:
        old.executescript(FORMAT_1)
        old.executemany(
            "INSERT INTO contacts VALUES (?, 1, ?, ?, x'01', ?)",
            [(3 + at, f"n{at}", 3 + at, body) for at, body in enumerate(bodies)],
        )
        old.execute("UPDATE meta SET value = ? WHERE name = 'seq'", (2 + len(bodies),))
    old.close()


def test_a_store_of_the_first_format_is_packed_with_every_contact_of_it(path: Path) -> None:
    bodies = [f"{at} {'Muster ' * 60}".encode() for at in range(500)]
    old_store(path, bodies)
    before = path.stat().st_size
    store = ContactStore.open(path)
    assert [change.body for change in store.changes(2, 1_000)] == bodies
    assert store.states("crm", ["n7", "8"]) == {"n7": (10, b"\1", bodies[7]), "8": (2, b"", None)}
    assert store.apply("crm", [("n7", b"new", bodies[7])]).refreshed == 1
    assert store.last_seq() == 502
    store.close()
    assert path.stat().st_size < before / 3
    again = ContactStore.open(path)
    assert [change.body for change in again.changes(2, 1_000)] == bodies
    again.verify()
    again.close()


def test_a_store_of_the_first_format_is_read_as_it_is_by_who_may_not_write(path: Path) -> None:
    old_store(path, [b"\0", b"\1 and more"])
    reader = ContactStore.open(path, read_only=True)
    assert [body for _, _, body in reader.contacts(None, 9)] == [b"\1", b"\0", b"\1 and more"]
    reader.close()


def test_an_upgrade_that_is_broken_off_leaves_the_old_store(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_store(path, [b"one", b"two"])

    def fail(_packer: BodyPacker, body: bytes, _source: str, _key: str) -> bytes:
        raise ValueError(body)

    with monkeypatch.context() as patched:
        patched.setattr(BodyPacker, "pack", fail)
        with pytest.raises(StoreUnavailable):
            ContactStore.open(path)
    store = ContactStore.open(path)
    assert [body for _, _, body in store.contacts(None, 9)] == [b"\1", b"one", b"two"]
    store.close()


def test_contacts_come_back_with_their_source_and_key(store: ContactStore) -> None:
    made = {
        (source, key): encode_contact(Contact(ContactId(source, key), display_name=f"N{key}"))
        for source in ("crm", "hr")
        for key in ("1", "2", "ß" * 40)
    }
    for (source, key), body in made.items():
        store.apply(source, [(key, b"d", body)])
    assert {(each.source, each.key): each.body for each in store.changes(0, 99)} == made
    assert {(source, key): body for source, key, body in store.contacts(None, 99)} == made
    assert store.states("hr", ["2"])["2"][2] == made["hr", "2"]
    assert store.apply("hr", [("2", b"other", made["hr", "2"])]).refreshed == 1
    assert store.apply("hr", [("2", b"other", made["crm", "2"])]).changed == 1
    assert store.states("hr", ["2"])["2"][2] == made["crm", "2"]


def test_a_body_that_is_damaged_is_corruption_and_named(store: ContactStore, path: Path) -> None:
    store.apply("crm", [row("1", "body " * 50)])
    with sqlite3.connect(path) as other:
        other.execute("UPDATE contacts SET body = x'01ffffff'")
    other.close()
    with pytest.raises(
        CorruptStore, match=r"contacts\.sqlite: a body that cannot be unpacked.*sync anew"
    ):
        store.changes(0, 9)


def test_the_rowids_of_keys_are_those_of_living_contacts(store: ContactStore) -> None:
    assert store.live_ids("crm", ["1"]) == []
    applied = store.apply("crm", [(key, b"d", b"body") for key in "123"])
    store.apply("other", [("1", b"d", b"body")])
    store.apply("crm", [], ["2"])
    assert sorted(store.live_ids("crm", ["3", "2", "1", "9"])) == [
        applied.rowids[0],
        applied.rowids[2],
    ]
    assert store.live_ids("crm", []) == []


def test_another_process_that_closes_the_store_leaves_the_log_to_two_connections_of_one(
    path: Path,
) -> None:
    with closing(ContactStore.open(path)) as one, closing(ContactStore.open(path)):
        one.apply("crm", [row("1")], [])
        assert _read_elsewhere(path) == "1"
        one.apply("crm", [row("2")], [])
        assert _read_elsewhere(path) == "2"


def _read_elsewhere(path: Path) -> str:
    """Return what another process counts, which closes the store as the last one would."""
    code = (
        "import sqlite3, sys; store = sqlite3.connect(sys.argv[1]);"
        "print(store.execute('SELECT count(*) FROM contacts').fetchone()[0]); store.close()"
    )
    command = [sys.executable, "-c", code, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
