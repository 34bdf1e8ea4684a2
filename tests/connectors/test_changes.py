from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.changes import (
    ALIAS,
    Following,
    Rung,
    earlier,
    latest_right,
    page_statement,
    quoted,
    wrapped,
)

HOUR = dt.timedelta(hours=1)


def following(rung: Rung, **changes: Any) -> Following:
    values: dict[str, Any] = {
        "rung": rung,
        "query": "SELECT * FROM k -- all",
        "column": '"changed"',
        "keys": ('"id"',),
        "overlap": HOUR,
    }
    return Following(**(values | changes))


def test_a_query_stands_in_parentheses_though_it_ends_in_a_comment() -> None:
    assert wrapped(" SELECT 1 ; ") == f"(SELECT 1 \n) {ALIAS}"
    assert wrapped("SELECT 1 -- one") == f"(SELECT 1 -- one\n) {ALIAS}"


def test_names_of_columns_are_quoted_as_the_database_says() -> None:
    assert quoted('a"b', '"') == '"a""b"'
    assert quoted("a`; DROP", "`") == "`a``; DROP`"
    assert quoted("plain", " ") == "plain"


def test_a_mark_of_time_goes_back_by_the_overlap() -> None:
    followed = following("time")
    seen = dt.datetime(2026, 11, 26, 14, 30)  # noqa: DTZ001 - as drivers give it
    mark = followed.mark(seen)
    assert followed.since(mark, followed.mark(seen + HOUR)) == seen - HOUR
    assert followed.since(mark, mark) == seen - HOUR


def test_a_database_that_was_put_back_is_read_in_full() -> None:
    for rung, old, new in (
        ("time", dt.datetime(2026, 11, 26), dt.datetime(2026, 11, 25)),  # noqa: DTZ001 - as drivers give it
        ("xmin", "5000", "4999"),
        ("number", 7, 6),
        ("rowversion", b"\0" * 7 + b"\2", b"\0" * 7 + b"\1"),
    ):
        followed = following(rung)  # type: ignore[arg-type]  # a rung
        assert followed.since(followed.mark(old), followed.mark(new)) is None
        assert followed.since(followed.mark(new), followed.mark(old)) is not None


def test_a_mark_of_another_query_column_key_or_kind_counts_for_nothing() -> None:
    mark = following("number").mark(7)
    assert following("number").since(mark, mark) == 7
    for other in (
        following("number", query="SELECT 1"),
        following("number", column='"other"'),
        following("number", keys=('"id"', '"b"')),
        following("xmin"),
    ):
        assert other.since(mark, other.mark(8)) is None
    assert following("number").since(mark, b"") is None
    assert following("number").mark(None) == b""


@given(st.binary(max_size=40))
def test_any_bytes_are_a_full_read_at_worst(data: bytes) -> None:
    followed = following("number")
    assert followed.since(data, followed.mark(7)) is None


def test_the_counter_of_postgresql_that_ran_over_is_a_full_read() -> None:
    followed = following("xmin")
    last = (1 << 32) - 10
    assert followed.since(followed.mark(str(last)), followed.mark(str(last + 5))) == last
    assert followed.since(followed.mark(str(last)), followed.mark(str(last + 20))) is None
    second = (1 << 32) + 700
    assert followed.since(followed.mark(str(second)), followed.mark(str(second + 9))) == 700


def test_late_commits_of_sql_server_are_not_lost() -> None:
    followed = following("rowversion")
    assert followed.mark_statement() == "SELECT MIN_ACTIVE_ROWVERSION()"
    mark = followed.mark(b"\0\0\0\0\0\0\7\xd1")
    assert followed.since(mark, mark) == b"\0\0\0\0\0\0\7\xd1"
    assert f'WHERE {ALIAS}."changed" >= ?' in followed.changed_statement(['"id"'])


def test_change_tracking_joins_the_query_by_its_keys() -> None:
    followed = following("tracking", column="", keys=("[a]", "[b]"), table="dbo.Contact")
    assert followed.mark_statement() == "SELECT CHANGE_TRACKING_CURRENT_VERSION()"
    assert followed.changed_statement(["[a]", "[name]"]) == (
        f"SELECT CASE WHEN {ALIAS}.[a] IS NULL THEN 0 ELSE 1 END, ct.[a], ct.[b],"
        f" {ALIAS}.[a], {ALIAS}.[name] FROM CHANGETABLE(CHANGES dbo.Contact, ?) AS ct"
        f" LEFT JOIN (SELECT * FROM k -- all\n) {ALIAS}"
        f" ON {ALIAS}.[a] = ct.[a] AND {ALIAS}.[b] = ct.[b]"
    )


def test_records_without_a_time_of_change_are_read_every_time() -> None:
    statement = following("time").changed_statement(['"id"'], "x")
    assert statement.endswith(f'WHERE {ALIAS}."changed" >= x OR {ALIAS}."changed" IS NULL')


@pytest.mark.parametrize(
    ("value", "before"),
    [
        ("2026-11-26 14:30:00", "2026-11-26 13:30:00"),
        ("2026-11-26T14:30:00.123456", "2026-11-26T13:30:00"),
        ("2026-11-26T00:30:00Z", "2026-11-25T23:30:00"),
        ("2026-11-26 14:30", "2026-11-26 13:30:00"),
        ("2026-11-26", "2026-11-24"),
        (dt.date(2026, 11, 26), dt.date(2026, 11, 24)),
        ("26.11.2026", None),
        ("", None),
    ],
)
def test_texts_of_time_are_compared_as_such(value: Any, before: Any) -> None:
    found = earlier(value, HOUR)
    assert found == before
    assert found is None or found <= value


def test_a_time_far_ahead_does_not_hide_later_changes() -> None:
    now = dt.datetime(2026, 11, 26, 14, 30)  # noqa: DTZ001 - as drivers give it
    assert following("time").mark_statement("L").endswith(f'WHERE {ALIAS}."changed" <= L')
    assert latest_right(now, dt.datetime) == now + dt.timedelta(days=1)
    assert latest_right(now, dt.date) == dt.date(2026, 11, 27)
    assert latest_right(now, str) == "2026-11-27 14:30:00"


def test_a_page_begins_with_the_key_before_it() -> None:
    assert page_statement("SELECT 1", ['"a"'], ['"k"', '"l"'], 5, ["?", "?"]) == (
        f'SELECT {ALIAS}."a" FROM (SELECT 1\n) {ALIAS}'
        f' WHERE {ALIAS}."k" IS NOT NULL AND {ALIAS}."l" IS NOT NULL'
        f' AND ({ALIAS}."k", {ALIAS}."l") >= (?, ?)'
        f' ORDER BY {ALIAS}."k", {ALIAS}."l" LIMIT 5'
    )
