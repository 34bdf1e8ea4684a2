"""A source that does everything wrong: what is served stays, and the run says what it was."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from connectors.errors import SourceFailed
from connectors.sync import sync_source
from engine.contact import Contact
from engine.source import (
    Checkpoint,
    Columns,
    Complete,
    Delete,
    Event,
    Present,
    RejectedRecord,
    Upsert,
)
from engine.store import MAX_REJECTED, ContactStore
from tests.connectors.making import ANY_DROP, Hang, ScriptedSource, people, person, settings, stored

Step = Event | Exception | Hang | Callable[[], None]
END = Complete(full=True)
SERVED = 40


def record(key: str, **fields: Any) -> Upsert:
    return Upsert(key, {"id": key, "name": "", "phone": "", **fields})


def hostile_text() -> list[Step]:
    texts = ["\x00", "\ud800", "\u202eevil", "x" * 1_000_000, "=cmd|' /C calc'!A0", "'; DROP TABLE"]
    return [record(f"new {n}", name=text, phone=text) for n, text in enumerate(texts)]


SCRIPTS: dict[str, list[Step]] = {
    "error at once": [SourceFailed("no")],
    "error in the middle": [*people(20), SourceFailed("gone")],
    "error of any kind": [*people(20), ZeroDivisionError("a driver's fault")],
    "error behind the end": [*people(SERVED), END, RuntimeError("closing failed")],
    "no end": [*people(SERVED)],
    "nothing": [END],
    "half": [*people(SERVED // 2), END],
    "double": [*people(SERVED), *people(SERVED), END],
    "another's keys": [*people(SERVED, start=1_000), END],
    "more behind its end": [*people(SERVED), END, person("late")],
    "two ends": [*people(SERVED), END, END],
    "an end by change that sent nothing": [Complete(full=False, bookmark=b"x")],
    "all deleted one by one": [*(Delete(str(n)) for n in range(SERVED)), Complete(full=False)],
    "deleted and sent again": [Delete("0"), *people(SERVED), END],
    "unknown keys deleted": [Delete("x"), Delete(""), Delete("\0"), *people(SERVED), END],
    "a sweep of nothing": [Present(()), END],
    "a sweep of a half": [Present(tuple(map(str, range(SERVED // 2)))), END],
    "keys of any kind": [*people(SERVED), record("", name="a"), record("k" * 300, name="b"), END],
    "a key with a line break": [*people(SERVED), record("a\nb", name="a"), END],
    "hostile texts": [*people(SERVED), *hostile_text(), END],
    "columns that are missing": [Upsert(str(n), {}) for n in range(SERVED)] + [END],
    "rejects everything": [RejectedRecord(f"line {n}", "bad") for n in range(3_000)] + [END],
    "rejects by key": [RejectedRecord(str(n), "bad", key=str(n)) for n in range(SERVED)] + [END],
    "checkpoints without end": [Checkpoint(b"a"), *people(5), Checkpoint(b"b")],
    "ten thousand columns": [Columns(tuple(map(str, range(10_000)))), *people(SERVED), END],
}


def names(store: ContactStore) -> dict[str, Contact]:
    return stored(store)


@pytest.mark.parametrize("what", SCRIPTS)
def test_what_is_served_survives_a_hostile_source(store: ContactStore, what: str) -> None:
    first = ScriptedSource([*people(SERVED), Complete(full=True, bookmark=b"first")])
    assert sync_source(settings(), store, source=first).state == "done"
    store.settle(store.last_seq())
    served = names(store)

    report = sync_source(settings(), store, source=ScriptedSource(SCRIPTS[what]))
    after = names(store)
    assert {key: after.get(key) for key in served} == served
    assert report.removed == 0
    assert "\n" not in report.reason
    assert len(report.reason) < 700
    assert all("\n" not in note and len(note) < 2_000 for note in report.notes)
    assert len(store.rejected("crm")) <= MAX_REJECTED
    last = store.last_run("crm")
    assert last is not None
    assert last.state == report.state != "running"

    again = ScriptedSource([*people(SERVED), END])
    report = sync_source(settings(full_every_s=0, max_drop=ANY_DROP), store, source=again)
    assert (report.state, again.bookmarks) == ("done", [b""])
    assert served.items() <= names(store).items()


def test_a_source_that_hangs_for_ever_is_left_behind(store: ContactStore) -> None:
    sync_source(settings(), store, source=ScriptedSource([*people(SERVED), END]))
    source = ScriptedSource([*people(3), Hang(heeds_cancel=False)])
    began = time.monotonic()
    report = sync_source(
        settings(), store, source=source, cancelled=lambda: time.monotonic() > began + 0.3
    )
    assert time.monotonic() - began < 0.3 + 2
    assert report.state == "failed"
    assert len(names(store)) == SERVED
    source.released.set()
