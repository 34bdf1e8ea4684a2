from __future__ import annotations

import fcntl
import os
import signal
import socket
import struct
import termios
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

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


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def unread(connection: socket.socket) -> int:
    """Return how many octets lie ready."""
    return int(struct.unpack("i", fcntl.ioctl(connection, termios.FIONREAD, bytes(4)))[0])


def test_a_wait_that_is_interrupted_in_mid_message_goes_on_with_it(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    message = bytes(range(256)) * 8
    before = signal.signal(signal.SIGUSR1, lambda *_: None)
    hearing: list[int] = []

    def hear() -> bytes | None:
        hearing.append(threading.get_ident())
        return drafting._hear(ours)

    try:
        with ThreadPoolExecutor(1) as threads:
            heard = threads.submit(hear)
            theirs.sendall(len(message).to_bytes(4, "big") + message[:1_000])
            deadline = time.monotonic() + 30
            while unread(ours) or not hearing:
                assert time.monotonic() < deadline
                time.sleep(0.001)
            signal.pthread_kill(hearing[0], signal.SIGUSR1)
            theirs.sendall(message[1_000:])
            theirs.shutdown(socket.SHUT_WR)
            assert heard.result(30) == message
    finally:
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize("said", [b"", b"\0\0", b"\0\0\0\5", b"\0\0\0\5four"])
def test_a_side_that_ends_in_mid_message_has_ended(
    pair: tuple[socket.socket, socket.socket], said: bytes
) -> None:
    ours, theirs = pair
    theirs.sendall(said)
    theirs.shutdown(socket.SHUT_WR)
    assert drafting._hear(ours) is None
