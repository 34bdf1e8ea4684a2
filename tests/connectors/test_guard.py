from __future__ import annotations

import pytest

from connectors.guard import refusal
from connectors.settings import DropLimit


def ask(limit: DropLimit, served: int, accepted: int, dropped: int, *, full: bool = True) -> str:
    return refusal(limit, served=served, accepted=accepted, dropped=dropped, full=full)


@pytest.mark.parametrize(
    ("limit", "served", "dropped", "allowed"),
    [
        (DropLimit(percent=20.0), 100, 20, True),
        (DropLimit(percent=20.0), 100, 21, False),
        (DropLimit(percent=0.0), 100, 0, True),
        (DropLimit(percent=0.0), 100, 1, False),
        (DropLimit(percent=None, count=5), 100, 5, True),
        (DropLimit(percent=None, count=5), 100, 6, False),
        (DropLimit(percent=100.0), 100, 99, True),
    ],
)
def test_a_run_may_drop_as_much_as_its_limit_allows(
    limit: DropLimit, served: int, dropped: int, *, allowed: bool
) -> None:
    reason = ask(limit, served, served - dropped, dropped)
    assert (reason == "") is allowed
    if not allowed:
        assert f"remove {dropped} of {served} contacts" in reason
        assert f"max_drop = {limit}" in reason


def test_a_source_that_had_contacts_and_sends_none_is_refused_whatever_the_limit() -> None:
    assert "no usable record" in ask(DropLimit(percent=100.0), 100, 0, 100)


def test_a_new_source_may_be_empty_and_an_incremental_run_may_send_nothing() -> None:
    assert ask(DropLimit(), 0, 0, 0) == ""
    assert ask(DropLimit(), 100, 0, 0, full=False) == ""


@pytest.mark.parametrize(
    ("served", "dropped", "allowed"),
    [(4, 1, True), (3, 2, False), (10, 3, True), (15, 5, True), (15, 6, False), (2, 1, False)],
)
def test_a_handful_may_leave_a_small_source(served: int, dropped: int, *, allowed: bool) -> None:
    assert (ask(DropLimit(), served, served - dropped, dropped) == "") is allowed


def test_what_an_administrator_released_may_go_and_no_more() -> None:
    def released(dropped: int) -> str:
        return refusal(
            DropLimit(), served=100, accepted=0, dropped=dropped, full=True, released=100
        )

    assert released(100) == ""
    assert refusal(DropLimit(), served=200, accepted=1, dropped=150, full=True, released=100)
