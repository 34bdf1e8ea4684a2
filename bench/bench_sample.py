"""How fast are made-up contacts made, and written as a CRM, a phone list, LDIF?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter, process_time

from bench.report import Measure
from rufname.sample import contacts
from rufname.sample_files import write_crm, write_ldif, write_phone_list

QUESTION = "made-up contacts"
RATE_GOAL = 100_000


def measure(count: int, folder: Path, *, quick: bool) -> Iterator[Measure]:
    """Give contacts a second of CPU for the generator, and for each kind of file."""
    del quick
    started = process_time()
    made = sum(1 for _ in contacts(count))
    rate = made / (process_time() - started)
    assert made == count
    yield Measure(QUESTION, "generated", rate, "contacts/CPU s", "at least", RATE_GOAL)
    writers: tuple[tuple[str, Callable[[Path], int]], ...] = (
        ("crm.sqlite", lambda path: write_crm(path, contacts(count))),
        ("phones.csv", lambda path: write_phone_list(path, contacts(count))),
        ("entries.ldif", lambda path: write_ldif(path, contacts(count))),
    )
    for name, write in writers:
        started = perf_counter()
        assert write(folder / name) == count
        yield Measure(
            QUESTION,
            f"generated and written, {name}",
            count / (perf_counter() - started),
            "contacts/s",
        )
