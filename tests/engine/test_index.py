"""Following commits and generations; and what the index says of itself."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import generation as folders
from engine import index as following
from engine.contact import ContactId
from engine.errors import CorruptIndex, ForeignIndex
from engine.index import MAX_TAKES, ContactIndex, verify_index
from engine.numberfile import NumberFile
from engine.numbertable import NumberTable
from engine.query import CallerQuery, PeopleQuery
from engine.rights import LOCAL_ADMIN, Principal
from engine.schema import FORMAT
from engine.selection import Everyone
from engine.writer import IndexWriter
from tests.engine.building import MUNICH, Directory, contact, put, remove

QUESTION = CallerQuery("+498999998123", MUNICH, LOCAL_ADMIN)


def name(index: ContactIndex) -> str | None:
    match = index.caller(QUESTION)
    return match.name if match else None


def test_an_absent_index_answers_nothing_and_is_whole(tmp_path: Path) -> None:
    index = ContactIndex.open(tmp_path / "index", {})
    assert index.caller(QUESTION) is None
    assert index.people(PeopleQuery("a", LOCAL_ADMIN)).hits == ()
    assert index.status().documents == 0
    verify_index(tmp_path / "index")


def test_a_reader_follows_commits_and_deletions(directory: Directory) -> None:
    first = contact("1", "Anna Abel", "498999998123")
    index = directory.hold(first)
    assert name(index) == "Anna Abel"
    directory.hold(contact("1", "Anna Berg", "498999998123"))
    assert name(index) == "Anna Berg"
    assert index.refresh() is False
    remove(directory.store, first)
    directory.writer.catch_up()
    assert name(index) == "Anna Berg"
    assert index.refresh() is True
    assert name(index) is None
    assert index.status().documents == 0


def test_a_reader_in_another_process_sees_a_commit(directory: Directory) -> None:
    directory.hold(contact("1", "Anna Abel", "498999998123"))
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from engine.index import ContactIndex\n"
        "from engine.query import CallerQuery\n"
        "from engine.rights import LOCAL_ADMIN\n"
        "from engine.phone import DialPlan\n"
        "index = ContactIndex.open(Path(sys.argv[1]), {})\n"
        "ask = CallerQuery('+498999998124', DialPlan(), LOCAL_ADMIN)\n"
        "assert index.caller(ask) is None\n"
        "print('open', flush=True)\n"
        "sys.stdin.readline()\n"
        "began = time.monotonic()\n"
        "while time.monotonic() - began < 10 and not (index.refresh() and index.caller(ask)):\n"
        "    pass\n"
        "print(index.caller(ask).name, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(directory.index_dir)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2],
    ) as reader:  # fmt: skip
        assert reader.stdin
        assert reader.stdout
        assert reader.stdout.readline() == "open\n"
        directory.hold(contact("2", "Ben Beck", "498999998124"))
        reader.stdin.write("go\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == "Ben Beck\n"
        reader.stdin.close()


def test_a_reader_follows_a_swapped_generation(directory: Directory) -> None:
    index = directory.hold(contact("1", "Anna Abel", "498999998123"))
    before = index.status().generation
    directory.writer.rebuild()
    assert index.refresh() is True
    assert index.status().generation != before
    assert name(index) == "Anna Abel"


def test_get_finds_one_contact_with_the_askers_rights(directory: Directory) -> None:
    hidden = contact("2", "Hidden", "498999998125", source="hr")
    index = directory.hold(contact("1", "Anna Abel"), hidden)
    assert index.get(ContactId("crm", "1"), Principal("u", "user")) is not None
    assert index.get(hidden.id, Principal("u", "user")) is None
    assert index.get(hidden.id, LOCAL_ADMIN) == hidden
    assert index.get(ContactId("crm", "9"), LOCAL_ADMIN) is None


def test_status_names_generation_seq_and_count(directory: Directory) -> None:
    index = directory.hold(contact("1", "A", "498999998123"), contact("2", "B"))
    status = index.status()
    assert (status.documents, status.seq) == (2, directory.store.last_seq())
    assert status.generation.startswith(f"{FORMAT}-")
    assert status.committed_at > 0


def test_a_closed_index_finds_nothing(directory: Directory) -> None:
    index = directory.hold(contact("1", "Anna Abel", "498999998123"))
    index.close()
    assert name(index) is None


def test_a_bad_new_generation_leaves_the_old_one_in_force(directory: Directory) -> None:
    index = directory.hold(contact("1", "Anna Abel", "498999998123"))
    bad = folders.new_generation(directory.index_dir)
    (bad / folders.META).write_text("{")
    put(directory.store, [contact("2", "B")])
    good = folders.current_generation(directory.index_dir)
    assert good is not None
    folders.publish(directory.index_dir, bad)
    with pytest.raises(CorruptIndex):
        index.refresh()
    assert name(index) == "Anna Abel"


def test_another_format_is_refused_by_name(directory: Directory) -> None:
    directory.hold(contact("1", "Anna Abel"))
    foreign = directory.index_dir / "0-1"
    foreign.mkdir()
    (foreign / folders.META).write_text("{}")
    folders.publish(directory.index_dir, foreign)
    with pytest.raises(ForeignIndex, match="0-1: made by another version"):
        ContactIndex.open(directory.index_dir, {})
    with pytest.raises(ForeignIndex, match="0-1: made by another version"):
        verify_index(directory.index_dir)


def everybody(index: ContactIndex) -> dict[str, str]:
    """Return key → name of every contact of the commit that is open."""
    found = index.select(Everyone(), LOCAL_ADMIN, 1_000)
    assert len(found.contacts) == index.status().documents
    return {each.id.key: each.name for each in found.contacts}


def test_what_was_found_is_read_on_whatever_is_committed_meanwhile(directory: Directory) -> None:
    index = directory.hold(*(contact(str(n), f"Old {n}") for n in range(40)))
    found = index.candidates(Everyone(), LOCAL_ADMIN, 1_000)
    assert found.read(0).name.startswith("Old ")
    for times in range(3):
        directory.hold(*(contact(str(n), f"New {times}") for n in range(40)))
    assert {found.read(at).name for at in range(40)} == {f"Old {n}" for n in range(40)}
    assert set(everybody(index).values()) == {"New 2"}


class Late:
    """Takes snapshots of the table, and lets a writer go on before some of them."""

    def __init__(self, directory: Directory, steps: list[list[int]]) -> None:
        self.directory, self.steps, self.taken = directory, steps, 0

    def __call__(self, file: NumberFile) -> NumberTable:
        self.taken += 1
        for number in self.steps.pop(0) if self.steps else ():
            put(self.directory.store, [contact(str(number % 3), f"N{number}")])
            self.directory.writer.catch_up()
        return NumberTable(file)


@pytest.mark.parametrize(
    ("steps", "takes", "names"),
    [
        ([[]], 1, {"Anna"}),
        ([[1]], 1, {"Anna"}),  # what it ended is still there
        ([[1, 2]], 2, {"N1", "N2"}),
        ([[1, 2], [3, 4], []], 3, {"N3", "N4", "N2"}),
    ],
    ids=["at once", "one commit later", "two commits later", "twice two commits later"],
)
def test_a_reader_takes_a_commit_and_a_table_that_has_all_of_its_contacts(
    directory: Directory,
    monkeypatch: pytest.MonkeyPatch,
    steps: list[list[int]],
    takes: int,
    names: set[str],
) -> None:
    put(directory.store, [contact("1", "Anna")])
    directory.writer.catch_up()
    late = Late(directory, steps)
    monkeypatch.setattr(following, "NumberTable", late)
    assert directory.index.refresh() is True
    assert late.taken == takes
    assert set(everybody(directory.index).values()) == names


def test_a_table_that_never_fits_is_told_and_the_former_commit_stays(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.hold(contact("1", "Anna"))
    directory.writer.catch_up()
    put(directory.store, [contact("1", "Ben")])
    directory.writer.catch_up()
    with monkeypatch.context() as patch:
        patch.setattr(NumberTable, "serve", lambda *_: False)
        with pytest.raises(CorruptIndex, match="not in step"):
            directory.index.refresh()
        assert everybody(directory.index) == {"1": "Anna"}
    assert directory.index.refresh() is True
    assert everybody(directory.index) == {"1": "Ben"}
    assert MAX_TAKES > 1


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 3)),
        st.tuples(st.just("remove"), st.integers(0, 3)),
        st.tuples(st.sampled_from(["commit", "fail", "reopen", "rebuild", "read"]), st.just(0)),
    ),
    max_size=20,
)


@settings(max_examples=20, deadline=None)
@given(STEPS)
def test_every_commit_that_is_open_is_whole_whatever_becomes_of_the_writer(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    """Readers that opened each commit at any time still find just what was in it."""
    directory = Directory(tmp_path_factory.mktemp("whole"))
    held: dict[str, str] = {}
    committed = dict(held)
    readers: list[tuple[ContactIndex, dict[str, str]]] = []
    for number, (what, key) in enumerate(steps):
        if what == "put":
            put(directory.store, [contact(str(key), f"N{number}")])
            held[str(key)] = f"N{number}"
        elif what == "remove":
            remove(directory.store, contact(str(key)))
            held.pop(str(key), None)
        elif what == "fail":
            with pytest.MonkeyPatch.context() as patch, contextlib.suppress(ZeroDivisionError):
                patch.setattr(IndexWriter, "_commit", lambda *_: 1 / 0)
                directory.writer.catch_up()
        elif what == "reopen":  # as a new process does
            directory.writer.close()
            directory.writer = IndexWriter.open(directory.index_dir, directory.store)
        elif what == "read":
            index = ContactIndex.open(directory.index_dir, {"crm": directory.index.policies["crm"]})
            readers.append((index, committed))
        else:
            directory.writer.catch_up() if what == "commit" else directory.writer.rebuild()
            committed = dict(held)
        for index, expected in readers:
            assert everybody(index) == expected
    directory.index.refresh()
    assert everybody(directory.index) == committed
    for index, _ in readers:
        index.close()
    directory.close()


ROUNDS = """
import sys
from pathlib import Path
from engine.contact import encode_contact
from tests.engine.building import contact
from engine.store import ContactStore
from engine.writer import IndexWriter
folder, rounds = Path(sys.argv[1]), int(sys.argv[2])
store = ContactStore.open(folder / "contacts.sqlite")
writer = IndexWriter.open(folder / "index", store)
begin = store.last_seq()
for number in range(begin, begin + rounds):
    rows, gone = [], []
    for key in range(30):
        if key % 3 == number % 3:
            gone.append(str(key))
        else:
            body = encode_contact(contact(str(key), f"Round r{number}", surname=f"r{number}"))
            rows.append((str(key), number.to_bytes(16, "big"), body))
    store.apply("crm", rows, gone)
    writer.catch_up()
    print(number, flush=True)
"""
"""A writer: every contact of a commit is of one round, a third of them are gone in it."""


@pytest.mark.slow
def test_readers_find_whole_commits_while_a_writer_commits_and_is_killed(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    readers = [ContactIndex.open(tmp_path / "index", {}) for _ in range(3)]
    rounds, seen = 12, set[str]()
    for life in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", ROUNDS, str(tmp_path), "1000"],
            stdout=subprocess.PIPE, text=True, cwd=root,
        ) as writer:  # fmt: skip
            assert writer.stdout
            for told in range(rounds + life):
                assert writer.stdout.readline()
                for index in readers[: 1 + told % 3]:  # some are left behind for a while
                    index.refresh()
                    names = set(everybody(index).values())
                    assert len(names) <= 1, names
                    seen |= names
                    for name in names:
                        page = index.people(PeopleQuery(name, LOCAL_ADMIN))
                        assert {hit.name for hit in page.hits} == names
            writer.kill()
    assert len(seen) >= rounds
    for index in readers:
        index.close()
