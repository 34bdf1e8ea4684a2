from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from engine.contact import Contact, ContactId, encode_contact
from engine.drafts import documents_of
from engine.errors import CorruptStore
from engine.leading import NO_LIMITS, Leading
from engine.store import Change
from rufname import drafting
from rufname.drafting import MANY, Drafter

LIMITS = Leading({"a": (2**63,)})


def changes(first: int, count: int) -> list[Change]:
    made = []
    for seq in range(first, first + count):
        contact = Contact(ContactId("crm", f"{seq}"), display_name=f"Ada Meier {seq}")
        made.append(Change(seq, "crm", f"{seq}", encode_contact(contact)))
    return made


@pytest.fixture
def drafter() -> Iterator[Drafter]:
    made = Drafter(cores=2)
    yield made
    made.close()


@pytest.fixture
def busy(drafter: Drafter) -> Drafter:
    """Return a drafter whose process has been started."""
    drafter.draft(changes(1, MANY), NO_LIMITS)
    drafter.draft(changes(MANY + 1, 1), NO_LIMITS)
    assert drafter._process is not None
    return drafter


def test_a_few_changes_start_no_process(drafter: Drafter) -> None:
    few = changes(1, 3)
    assert drafter.draft(few, NO_LIMITS)() == documents_of(few, NO_LIMITS)
    assert drafter._process is None


def test_one_core_alone_starts_no_process() -> None:
    alone = Drafter(cores=1)
    many = changes(1, MANY + 1)
    assert len(alone.draft(many, NO_LIMITS)()) == len(many)
    assert alone._process is None


def test_many_are_made_by_a_process_that_makes_them_just_so(busy: Drafter) -> None:
    some, more = changes(1, 1_000), changes(1_001, 1_000)
    first, second = busy.draft(some, NO_LIMITS), busy.draft(more, NO_LIMITS)
    assert second() == documents_of(more, NO_LIMITS)
    assert first() == documents_of(some, NO_LIMITS)


def test_the_limits_of_the_index_go_with_the_orders(busy: Drafter) -> None:
    some = changes(1, 3)
    for limits in (LIMITS, NO_LIMITS, LIMITS, LIMITS):
        assert busy.draft(some, limits)() == documents_of(some, limits)
    assert documents_of(some, LIMITS) != documents_of(some, NO_LIMITS)


def test_orders_larger_than_what_a_socket_holds_wait_for_nobody(busy: Drafter) -> None:
    orders = [(some, busy.draft(some, LIMITS)) for some in [changes(1, 3_000)] * 5]
    for some, ordered in orders:
        assert ordered() == documents_of(some, LIMITS)


def test_what_a_killed_process_owes_is_made_here(busy: Drafter) -> None:
    assert busy._process is not None
    process = busy._process._process
    os.kill(process.pid, signal.SIGSTOP)
    some = changes(1, 2_000)
    ordered = busy.draft(some, NO_LIMITS)
    os.kill(process.pid, signal.SIGKILL)
    assert ordered() == documents_of(some, NO_LIMITS)
    assert busy.draft(some, NO_LIMITS)() == documents_of(some, NO_LIMITS)


def test_a_damaged_contact_is_told_and_the_next_order_is_carried_out(busy: Drafter) -> None:
    with pytest.raises(CorruptStore, match="contact crm"):
        busy.draft([Change(1, "crm", "1", b"\xc1")], NO_LIMITS)()
    some = changes(1, 3)
    assert busy.draft(some, NO_LIMITS)() == documents_of(some, NO_LIMITS)


def test_the_process_ends_with_its_owner_whatever_it_owes(busy: Drafter) -> None:
    assert busy._process is not None
    process = busy._process._process
    busy.draft(changes(1, 5_000), NO_LIMITS)
    busy.close()
    assert process.returncode == 0
    busy.close()


def test_without_room_for_a_process_all_is_made_here(
    drafter: Drafter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(drafting.subprocess, "Popen", refuse)
    many = changes(1, MANY + 1)
    assert len(drafter.draft(many, NO_LIMITS)()) == len(many)
    assert drafter._process is None
