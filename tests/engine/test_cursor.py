"""Cursors: what a client hands back, whole, cut and forged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cursor import MAX_CURSOR_CHARS, read_cursor, write_cursor
from engine.errors import InvalidCursor
from engine.ranking import Position
from engine.typed import Typed, read_typed

TYPED = read_typed("mül mar")
POSITION = Position(6, 0, 3, -500, 2**63, "crm", "4711")

positions = st.builds(
    Position,
    st.integers(1, 15), st.integers(0, 10_000), st.integers(0, 3), st.integers(-999, 0),
    st.integers(0, 2**64 - 1), st.text(max_size=40), st.text(max_size=255),
)  # fmt: skip


@given(positions, st.integers(0, 100), st.integers(0, 100))
def test_a_cursor_says_what_was_written(position: Position, counted: int, told: int) -> None:
    text = write_cursor(TYPED, position, counted, told)
    read = read_cursor(text, TYPED)
    assert read is not None
    assert (read.position, read.counted, read.told) == (position, counted, told)
    assert text.isascii()
    assert len(text) < MAX_CURSOR_CHARS


def test_an_empty_cursor_is_the_first_page() -> None:
    assert read_cursor("", TYPED) is None


def test_every_part_of_a_cursor_is_refused() -> None:
    text = write_cursor(TYPED, POSITION, 7, 9)
    for end in range(1, len(text)):
        with pytest.raises(InvalidCursor):
            read_cursor(text[:end], TYPED)


@pytest.mark.parametrize("behind", ["A", "AAAA", "=", "%"])
def test_what_stands_behind_a_cursor_is_refused_or_changes_nothing(behind: str) -> None:
    text = write_cursor(TYPED, POSITION, 7, 9) + behind
    try:
        read = read_cursor(text, TYPED)
    except InvalidCursor:
        return
    assert read is not None
    assert read.position == POSITION


@pytest.mark.parametrize("other", ["mül", "mar mül", "0891234", ""])
def test_a_cursor_of_another_text_is_refused(other: str) -> None:
    with pytest.raises(InvalidCursor, match="another text"):
        read_cursor(write_cursor(TYPED, POSITION, 7, 9), read_typed(other))


def test_a_cursor_that_is_too_long_is_refused_unread() -> None:
    with pytest.raises(InvalidCursor, match="too long"):
        read_cursor("A" * (MAX_CURSOR_CHARS + 1), TYPED)


@given(st.text(min_size=1, max_size=200))
def test_any_other_text_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidCursor):
        read_cursor(text, Typed(("x",)))
