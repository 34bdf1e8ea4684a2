"""Following commits and generations; and what the index says of itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine import generation as folders
from engine.contact import ContactId
from engine.errors import CorruptIndex
from engine.index import ContactIndex, verify_index
from engine.query import CallerQuery, PeopleQuery
from engine.rights import LOCAL_ADMIN, Principal
from engine.schema import FORMAT
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
    with pytest.raises(CorruptIndex, match="0-1: made by another version"):
        ContactIndex.open(directory.index_dir, {})
    with pytest.raises(CorruptIndex, match="0-1: made by another version"):
        verify_index(directory.index_dir)
