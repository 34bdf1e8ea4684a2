from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.queries import (
    MAX_QUERY_CHARS,
    hex_literals,
    query_fault,
    sendable,
    table_fault,
    taken_for_half,
)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM contact_view",
        "select a from b;",
        "  -- people only\nSELECT name FROM people -- that's all\n",
        "/* ; drop */ WITH a AS (SELECT 1) SELECT * FROM a",
        "(SELECT 1) UNION (SELECT 2)",
        "SELECT 'a;b' AS x, \"update\", `delete`, [into] FROM t",
        "SELECT 'it''s; fine' FROM t",
        "SELECT deleted, updated_at, created FROM t",
    ],
)
def test_one_select_may_run(query: str) -> None:
    assert query_fault(query) == ""


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "neither SELECT nor WITH"),
        ("-- nothing", "neither SELECT nor WITH"),
        ("DELETE FROM t", "neither SELECT nor WITH"),
        ("selected", "neither SELECT nor WITH"),
        ("SELECT 1; SELECT 2", "more than one statement"),
        ("SELECT 1;; ", "more than one statement"),
        ("SELECT 1; DROP TABLE t", "more than one statement"),
        ("WITH x AS (INSERT INTO t VALUES (1) RETURNING 1) SELECT * FROM x", "INSERT writes"),
        ("SELECT * INTO copy FROM t", "INTO writes"),
        ("SELECT * FROM t FOR UPDATE", "UPDATE writes"),
        ("SELECT 'open FROM t", "never closed"),
        ("SELECT /* open FROM t", "never closed"),
        ("SELECT " + "x" * MAX_QUERY_CHARS, "longer than"),
    ],
)
def test_anything_else_is_refused_with_its_reason(query: str, words: str) -> None:
    assert words in query_fault(query)


@given(st.text(max_size=200))
def test_a_second_statement_outside_quotes_never_passes(text: str) -> None:
    assert query_fault(f"SELECT 1; {text.replace('-', '').replace('/', '')} x") != ""


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        ("SELECT 'plain' -- c", "SELECT 'plain' -- c"),
        ("SELECT 'Ústí' AS a", "SELECT _utf8mb4 x'c39a7374c3ad' AS a"),
        ("SELECT 'it''s Ö'", "SELECT _utf8mb4 x'6974277320c396'"),
        ("SELECT `größe` /* Ú */", "SELECT `größe`  "),
        ("SELECT `付`", "SELECT `付`"),
        ("SELECT 'Ú\\''", "SELECT 'Ú\\''"),
        ('SELECT "Ö"', 'SELECT "Ö"'),
    ],
)
def test_texts_for_mariadb_are_written_in_hexadecimal(query: str, sent: str) -> None:
    assert hex_literals(query) == sent


@pytest.mark.parametrize(
    ("statement", "lost"),
    [
        ("SELECT 'plain'", ""),
        ("SELECT `größe 対`", ""),
        ("SELECT `größe 付`, `Ø`", "付"),
        ("SELECT `ØRE`", "Ø"),
        ("SELECT `\N{GRINNING FACE}`", ""),
        ("SELECT `\N{BLUE BOOK}`", "\N{BLUE BOOK}"),
        ("SELECT `\udcd8`", "\udcd8"),
    ],
)
def test_what_the_driver_of_mariadb_takes_for_half_a_pair_is_found(
    statement: str, lost: str
) -> None:
    assert taken_for_half(statement) == lost


@pytest.mark.parametrize("name", ["Contact", "dbo.Contact", "[my db].[dbo].[my table]"])
def test_names_of_tables_are_taken(name: str) -> None:
    assert table_fault(name) == ""


@pytest.mark.parametrize("name", ["", "a b", "a;b", "a.b.c.d", "[a]]", "x" * 500, "a--b"])
def test_what_is_no_name_of_a_table_is_refused(name: str) -> None:
    assert "no name of a table" in table_fault(name)


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        ("SELECT 1", "SELECT 1"),
        ("SELECT 1;\n", "SELECT 1;\n"),
        ("SELECT 1 -- one", "SELECT 1 -- one\n"),
        ("SELECT 1; -- one\n/* and no more */ ", "SELECT 1"),
        ("SELECT 1 /* one */ -- ; two", "SELECT 1 /* one */ -- ; two\n"),
        ("-- one\nSELECT '; -- ' AS a", "-- one\nSELECT '; -- ' AS a"),
        ("", ""),
    ],
)
def test_a_comment_at_the_end_of_a_query_ends_there(query: str, sent: str) -> None:
    assert sendable(query) == sent
