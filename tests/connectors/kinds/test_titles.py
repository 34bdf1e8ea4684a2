"""What stands above the header of a CSV file, and what is a header all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.errors import SourceFailed
from engine.source import Upsert
from tests.connectors.kinds.test_delimited import HEADER, names, read, source
from tests.connectors.making import field_names, sent


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "phones.csv"


@pytest.mark.parametrize(
    "title",
    [
        "Customers in November;;",
        "Customers in November",
        "Customers, as of November",
        "Customers\nall\nA | Z",
        '"Customers;\nall";;\n;;\nas of;today;',
    ],
)
def test_a_title_above_the_header_does_no_harm(path: Path, title: str) -> None:
    events = read(path, f"{title}\n{HEADER}1;Anna;5\n")
    assert names(events) == ["Anna"]
    line = 3 + title.count("\n")
    assert events[0].locator == f"line {line}"  # type: ignore[union-attr]  # an Upsert


@pytest.mark.parametrize(
    "title",
    ["Customers in November;;\n;;\n", "Customers in November\n\n", "Customers, all of them\n"],
)
def test_a_title_is_no_header_before_there_is_a_map(path: Path, title: str) -> None:
    path.write_text(f"{title}{HEADER}1;Anna;5\n")
    assert field_names(source(path, {}, key=(), map={})) == ("id", "name", "phone")


@pytest.mark.parametrize("rows", ["", "1;Anna;5\n2;Bo;6\n\nTotal: 2\n"])
def test_neither_a_table_without_rows_nor_a_total_below_it_hides_the_header(
    path: Path, rows: str
) -> None:
    assert names(read(path, f"Customers\n\n{HEADER}{rows}")) == (["Anna", "Bo"] if rows else [])


def test_without_the_mapped_columns_the_first_row_is_the_header(path: Path) -> None:
    path.write_text("id;nom;phone\n1;Anna;5\n2;name;6\n")
    with pytest.raises(SourceFailed, match="no column 'name'; there are: id, nom, phone"):
        sent(source(path, {}))
    assert field_names(source(path, {})) == ("id", "nom", "phone")


def test_a_list_of_one_column_has_its_name_in_the_first_line(path: Path) -> None:
    path.write_text("phone\n089 1234\n089 1235\n")
    assert field_names(source(path, {}, key=("phone",), map={})) == ("phone",)
    path.write_text("phone\n089 1234 | 35\n089 1236\n")
    assert field_names(source(path, {}, key=("phone",), map={})) == ("phone",)


def test_a_column_without_a_name_in_front_of_the_only_one_is_no_title(path: Path) -> None:
    path.write_text(",phone\n0,089 1234\n1,089 1235\n")  # as pandas writes a series
    assert field_names(source(path, {}, key=("phone",), map={})) == ("", "phone")


def test_a_list_of_one_mapped_column_may_hold_other_separators(path: Path) -> None:
    path.write_text("phone\n089 1234 | 35\n089 1236; 1237\n")
    events = sent(source(path, {}, key=("phone",), map={"phones.work": "phone"}))
    assert [event.key for event in events if isinstance(event, Upsert)] == [
        "089 1234 | 35", "089 1236; 1237"
    ]  # fmt: skip


def test_a_table_that_stands_above_the_one_with_the_mapped_columns_is_no_title(path: Path) -> None:
    path.write_text(f"id;nom;phone\n1;Anna;5\n{HEADER}2;Bo;6\n")
    with pytest.raises(SourceFailed, match="no column 'name'"):
        sent(source(path, {}))
