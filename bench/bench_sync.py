"""How fast is the first sync of a CSV, and what does a second one over the same file cost?

Through the real `rufname sync`: from the file on disk to an index that answers, which is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench import prepared
from bench.installation import open_index
from bench.questions import draw
from bench.report import Measure
from engine.index import ContactIndex
from engine.query import CallerQuery
from engine.rights import Principal
from rufname.sample import contacts
from rufname.sample_numbers import SAMPLE_PLAN
from rufname.trial import Installation

QUESTION = "sync from CSV"
RATE_GOAL = 8_000
SECOND_RUN_GOAL = 0.2
MEMORY_GOAL_MIB = 1_024
CHECKED = 2_000


def measure(count: int, folder: Path, *, quick: bool) -> Iterator[Measure]:
    """Give rate, memory, second run, and what is on disk afterwards."""
    del quick
    installation, first = prepared.installation(folder, count)
    documents, seq = _check(installation, count)
    yield Measure(
        QUESTION, "first run", documents / first.seconds, "contacts/s", "at least", RATE_GOAL
    )
    yield Measure(QUESTION, "first run, CPU", first.cpu_s / documents * 1e6, "µs/contact")
    yield Measure(
        QUESTION, "first run, peak memory", first.peak_mib, "MiB", "at most", MEMORY_GOAL_MIB
    )
    installation.sync()  # the copy's file is another one, which is read once more
    again = installation.sync()
    assert _check(installation, count) == (documents, seq), "an unchanged file changed the store"
    share = again.seconds / first.seconds
    yield Measure(QUESTION, "second run, unchanged file", again.seconds, "s")
    yield Measure(QUESTION, "second run by first", share, "ratio", "at most", SECOND_RUN_GOAL)
    yield Measure(QUESTION, "index on disk", installation.disk_mib("index"), "MiB")
    yield Measure(QUESTION, "store on disk", installation.disk_mib("contacts.sqlite"), "MiB")


def _check(installation: Installation, count: int) -> tuple[int, int]:
    """Ask the index for known names; return how many contacts it holds, and its last change.

    Raises:
        AssertionError: contacts are missing, or a name is wrong.
    """
    index = open_index(installation)
    status = index.status()
    assert status.documents >= count * 0.999, f"{status.documents} of {count} contacts"
    _ask(index, count)
    index.close()
    return status.documents, status.seq


def _ask(index: ContactIndex, count: int) -> None:
    asker = Principal(name="sbc", kind="client")
    for asked in draw(contacts(count), CHECKED).hits:
        match = index.caller(CallerQuery(asked.number, SAMPLE_PLAN, asker))
        assert match is not None, f"nobody has {asked.number}"
        assert match.name == asked.name, f"{asked.number}: {match.name!r}, not {asked.name!r}"
