from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, ClassVar

import dbfread
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from connectors.errors import SourceFailed
from connectors.kinds.dbase import DbfOptions, DbfSource
from connectors.sync import sync_source
from engine.source import Columns, Complete, Event, RejectedRecord, SourceField, Upsert
from engine.store import ContactStore
from tests.connectors.conformance import Conformance
from tests.connectors.making import settings, stored
from tests.connectors.worlds import Rows, World

COLUMNS = [("id", "C", 12), ("name", "C", 60), ("phone", "C", 30)]


def write_dbf(
    path: Path,
    rows: list[list[bytes]],
    columns: list[tuple[str, str, int]] = COLUMNS,
    *,
    language: int = 3,
    deleted: frozenset[int] = frozenset(),
) -> None:
    """Write a table of dBase III: header, field descriptors, records of fixed length."""
    length = 1 + sum(width for *_, width in columns)
    header = 32 + 32 * len(columns) + 1
    data = struct.pack("<BBBBIHH17xB2x", 3, 126, 11, 26, len(rows), header, length, language)
    for name, kind, width in columns:
        data += struct.pack("<11sc4xBB14x", name.encode(), kind.encode(), width, 0)
    data += b"\r"
    for number, row in enumerate(rows):
        data += b"*" if number in deleted else b" "
        data += b"".join(
            cell.ljust(width)[:width] for cell, (*_, width) in zip(row, columns, strict=True)
        )
    path.write_bytes(data + b"\x1a")


class DbfWorld(World):
    incremental = False
    faults = ("gone", "empty", "cut off", "no table")
    lacks: ClassVar[dict[str, str]] = {
        "wrong password": "a file has none",
        "no rights": "root, as whom tests may run, reads every file",
        "hang": "a file never blocks",
        "expired bookmark": "a file is read as a whole",
    }

    def __init__(self, folder: Path) -> None:
        self.path = folder / "people.dbf"
        self.settings = settings(kind="dbf", options=DbfOptions(path=self.path, encoding="utf-8"))

    @override
    def fill(self, rows: Rows, *, name_column: str = "name") -> None:
        columns = [("id", "C", 12), (name_column, "C", 60), ("phone", "C", 30)]
        write_dbf(self.path, [[cell.encode() for cell in row] for row in rows], columns)

    @override
    def damage(self, fault: str) -> None:
        data = self.path.read_bytes()
        if fault in {"gone", "error"}:
            self.path.unlink()
        elif fault == "empty":
            self.path.write_bytes(b"")
        elif fault in {"cut off", "killed"}:
            self.path.write_bytes(data[: len(data) // 2])
        elif fault == "no table":
            self.path.write_bytes(b"id;name;phone\n" * 99)
        elif fault == "bad encoding":
            self.path.write_bytes(
                data.replace("ö".encode(), b"\xf6 ").replace("ß".encode(), b"\xdf ")
            )
        else:
            raise AssertionError(fault)


class TestDbf(Conformance):
    @pytest.fixture
    @override
    def world(self, tmp_path: Path) -> World:
        return DbfWorld(tmp_path)


def source(path: Path, **options: Any) -> DbfSource:
    return DbfSource(settings(kind="dbf", options=DbfOptions(path=path, **options)), dbfread)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.dbf"


def records(events: list[Event]) -> list[Upsert]:
    return [event for event in events if isinstance(event, Upsert)]


def test_the_deleted_flag_is_honoured(path: Path) -> None:
    rows = [[b"1", b"Anna", b"5"], [b"2", b"Bo", b"6"], [b"3", b"Cem", b"7"]]
    write_dbf(path, rows, deleted=frozenset({1}))
    assert list(source(path, encoding="ascii").read(b"")) == [
        Columns(("id", "name", "phone")),
        Upsert("1", {"id": "1", "name": "Anna", "phone": "5"}, "record 1"),
        Upsert("3", {"id": "3", "name": "Cem", "phone": "7"}, "record 2"),
        Complete(full=True),
    ]


def test_the_code_page_is_the_one_of_the_file_or_set(path: Path) -> None:
    write_dbf(path, [[b"1", "Jörg".encode("cp850"), b""]], language=2)
    assert records(list(source(path).read(b"")))[0].record["name"] == "Jörg"
    assert "read as cp850" in source(path).check().warnings[0]
    other = records(list(source(path, encoding="cp1252").read(b"")))
    assert other[0].record["name"] == "J”rg"


@pytest.mark.parametrize("language", [0, 0xF0])
def test_a_file_that_does_not_say_its_code_page_is_told(path: Path, language: int) -> None:
    write_dbf(path, [[b"1", b"Anna", b""]], language=language)
    (warning,) = source(path).check().warnings
    assert "it does not say its encoding: records with other characters" in warning
    assert 'set encoding = "cp850"' in warning
    assert source(path, encoding="cp850").check().warnings == ()


def test_numbers_and_dates_are_texts_and_a_bad_one_costs_its_record_only(path: Path) -> None:
    columns = [("id", "N", 6), ("name", "D", 8), ("phone", "L", 1)]
    rows = [
        [b"     7", b"20261126", b"T"],
        [b"   8.5", b"        ", b"?"],
        [b"9", b"2026xx26", b"F"],
    ]
    write_dbf(path, rows, columns)
    events = list(source(path, encoding="ascii").read(b""))
    assert [(e.key, e.record["name"], e.record["phone"]) for e in records(events)] == [
        ("7", "2026-11-26", "true"),
        ("8.5", "", ""),
    ]
    bad = [event for event in events if isinstance(event, RejectedRecord)]
    assert [(event.locator, event.key) for event in bad] == [("record 3", "9")]


def test_its_columns_have_types(path: Path) -> None:
    write_dbf(path, [])
    assert source(path).discover()[0] == SourceField("id", "text")


def test_a_table_is_deleted_with_its_memo_file_once_it_is_stored(
    path: Path, store: ContactStore
) -> None:
    own = settings(kind="dbf", options=DbfOptions(path=path, delete_after=True))
    write_dbf(path, [[b"1", b"Anna", b"5"]])
    path.with_suffix(".dbt").write_bytes(bytes(512))
    path.with_name("other.dbt").write_bytes(bytes(512))
    assert sync_source(own, store).state == "done"
    assert [found.name for found in path.parent.iterdir() if found.suffix in {".dbf", ".dbt"}] == [
        "other.dbt"
    ]
    report = sync_source(own, store)
    assert (report.state, report.removed) == ("done", 0)
    assert len(stored(store)) == 1


@given(data=st.binary(max_size=200))
def test_no_bytes_make_it_fail_in_another_way(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.dbf"
    path.write_bytes(b"\x03" + data)
    try:
        list(source(path).read(b""))
    except SourceFailed:
        return
