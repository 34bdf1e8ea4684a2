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


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 100)), max_size=60))
def test_it_agrees_with_a_list_of_everything_ever_asked(asked: list[tuple[int, int]]) -> None:
    window, seen, now_s = ReplayWindow(), {}, 0
    for rid, passed_s in asked:
        now_s += passed_s
        again = rid in seen and seen[rid] + REMEMBERED_FOR_S > now_s
        try:
            window.admit(bytes([rid]), now_s)
        except EnvelopeRefused:
            assert again
        else:
            assert not again
            seen[rid] = now_s
