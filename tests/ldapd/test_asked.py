"""The time of a list: its own work counts, waiting for others or for the peer does not."""

from __future__ import annotations

from ldapd.asked import SLICE_S, Turn


def test_a_slice_ends_and_the_whole_with_the_work_it_took() -> None:
    now_s = [100.0]
    turn = Turn(lambda: now_s[0], 1.0)
    assert not turn.is_over()
    now_s[0] += 2 * SLICE_S
    assert turn.is_over()
    now_s[0] += 60.0  # a peer that did not read
    assert not turn.is_late()
    assert not turn.is_over()
    now_s[0] += 0.9
    assert turn.is_over()
    assert not turn.is_late()
    now_s[0] += 0.2
    assert turn.is_over()
    assert turn.is_late()
