"""The memory of questions: none twice, none forgotten too early, no more than there is room for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import EnvelopeRefused
from relay.tunnel.replay import REMEMBERED_FOR_S, ReplayWindow


def test_a_question_is_answered_once_for_as_long_as_it_is_fresh() -> None:
    window = ReplayWindow()
    window.admit(b"a", 0)
    for now_s in (0, 1, REMEMBERED_FOR_S - 1, -500):
        with pytest.raises(EnvelopeRefused) as refused:
            window.admit(b"a", now_s)
        assert refused.value.code == "replayed"
    window.admit(b"a", REMEMBERED_FOR_S)


def test_without_room_the_new_question_is_refused_and_no_old_one_forgotten() -> None:
    window = ReplayWindow(capacity=2)
    window.admit(b"a", 0)
    window.admit(b"b", 10)
    with pytest.raises(EnvelopeRefused) as refused:
        window.admit(b"c", 20)
    assert refused.value.code == "busy"
    with pytest.raises(EnvelopeRefused) as refused:
        window.admit(b"a", 20)
    assert refused.value.code == "replayed"
    window.admit(b"c", REMEMBERED_FOR_S)
    assert len(window) == 2


def test_after_the_clock_was_ahead_what_came_then_keeps_no_room_of_what_comes_now() -> None:
    """What the wrong clock dated stays remembered: it is fresh again once that time comes."""
    window, ahead_s = ReplayWindow(capacity=3), 86_400
    window.admit(b"ahead", ahead_s)
    for now_s in range(0, 10 * REMEMBERED_FOR_S, REMEMBERED_FOR_S):
        window.admit(b"%d" % now_s, now_s)
    assert len(window) == 2
    with pytest.raises(EnvelopeRefused) as refused:
        window.admit(b"ahead", ahead_s)
    assert refused.value.code == "replayed"


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-200, 300)), max_size=60))
def test_it_agrees_with_a_list_of_everything_ever_asked(asked: list[tuple[int, int]]) -> None:
    window, seen, now_s = ReplayWindow(), dict[int, int](), 0
    for rid, passed_s in asked:
        now_s += passed_s
        seen = {each: until_s for each, until_s in seen.items() if until_s > now_s}
        again = rid in seen
        try:
            window.admit(bytes([rid]), now_s)
        except EnvelopeRefused:
            assert again
        else:
            assert not again
            seen[rid] = now_s + REMEMBERED_FOR_S
