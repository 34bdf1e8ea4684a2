from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any, ClassVar

import openpyxl
import pytest
import python_calamine
from typing_extensions import override

from connectors.errors import SourceFailed
from connectors.kinds.spreadsheet import (
    MAX_UNPACKED_BYTES,
    SpreadsheetOptions,
    SpreadsheetSource,
)
from connectors.registry import completed
from connectors.sync import sync_source
from engine.source import Columns, Complete, Event, RejectedRecord, Upsert
from engine.store import ContactStore
from tests.connectors.conformance import PROBES, Conformance
from tests.connectors.making import settings, stored
from tests.connectors.workbooks import write_ods, write_ods_content, write_xlsb, write_xlsx
from tests.connectors.worlds import Rows, World


class WorkbookWorld(World):
    incremental = False
    faults = ("gone", "empty", "cut off", "no workbook")
    lacks: ClassVar[dict[str, str]] = {
        "wrong password": "a workbook that is read has none",
        "no rights": "root, as whom tests may run, reads every file",
        "hang": "a file never blocks",
        "expired bookmark": "a file is read as a whole",
        "bad encoding": "a workbook is XML in UTF-8; another one is no workbook",
    }

    def __init__(self, path: Path) -> None:
        self.path = path
        kind = path.suffix.removeprefix(".")
        self.settings = settings(kind=kind, options=SpreadsheetOptions(path=path))

    @override
    def fill(self, rows: Rows, *, name_column: str = "name") -> None:
        write = write_ods if self.path.suffix == ".ods" else write_xlsx
        write(self.path, [["id", name_column, "phone"], *map(list, rows)])

    @override
    def damage(self, fault: str) -> None:
        data = self.path.read_bytes()
        if fault in {"gone", "error"}:
            self.path.unlink()
        elif fault == "empty":
            self.path.write_bytes(b"")
        elif fault in {"cut off", "killed"}:
            self.path.write_bytes(data[: len(data) // 2])
        elif fault == "no workbook":
            self.path.write_bytes(b"id;name;phone\n1;Anna;5\n" * 50)
        else:
            raise AssertionError(fault)


class TestWorkbooks(Conformance):
    @pytest.fixture
    @override
    def world(self, tmp_path: Path) -> World:
        return WorkbookWorld(tmp_path / "phones.xlsx")


def test_sheets_of_opendocument_are_read_as_those_of_excel(
    tmp_path: Path, store: ContactStore
) -> None:
    world = WorkbookWorld(tmp_path / "phones.ods")
    world.fill([(str(number), text, "") for number, text in enumerate(PROBES)])
    assert sync_source(world.settings, store).state == "done"
    assert {contact.name for contact in stored(store).values()} == set(PROBES)
    for fault in ("cut off", "no workbook", "empty", "gone"):
        world.damage(fault)
        assert sync_source(world.settings, store).state == "failed"
        world.fill([("1", "Anna", "")])


def source(path: Path, options: dict[str, Any] | None = None, **changes: Any) -> SpreadsheetSource:
    made = SpreadsheetOptions(path=path, **(options or {}))
    return SpreadsheetSource(settings(kind="xlsx", options=made, **changes), python_calamine)


def records(events: list[Event]) -> list[Upsert]:
    return [event for event in events if isinstance(event, Upsert)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "phones.xlsx"


def read(path: Path, rows: list[list[Any]], **options: Any) -> list[Event]:
    write_xlsx(path, rows)
    return list(source(path, options).read(b""))


def test_a_sheet_is_read_to_its_earned_end(path: Path) -> None:
    events = read(path, [["id", "name", "phone"], [1, "Anna", "089 1"], [], [2, "Bo", None]])
    assert events == [
        Columns(("id", "name", "phone")),
        Upsert("1", {"id": "1", "name": "Anna", "phone": "089 1"}, "row 2"),
        Upsert("2", {"id": "2", "name": "Bo", "phone": ""}, "row 4"),
        Complete(full=True),
    ]


def test_numbers_dates_and_truths_become_plain_texts(path: Path) -> None:
    rows = [["id", "name", "phone"], [7, dt.date(1980, 5, 4), 4989999981000], [8, 1.5, True]]
    (one, two) = records(read(path, rows))
    assert (one.record["name"], one.record["phone"]) == ("1980-05-04", "4989999981000")
    assert (two.record["name"], two.record["phone"]) == ("1.5", "true")


def test_a_title_above_the_header_is_passed_over(path: Path) -> None:
    rows = [["Telefonliste"], [], ["Stand", "heute"], ["id", "name", "phone"], [1, "Anna", "5"]]
    assert [e.locator for e in records(read(path, rows))] == ["row 5"]
    assert [e.key for e in records(read(path, rows, header_row=4))] == ["1"]


@pytest.mark.parametrize("options", [{}, {"header_row": 3}])
def test_a_header_of_two_rows_has_the_names_of_cells_that_reach_over_both(
    path: Path, options: dict[str, Any]
) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["Liste"],
        ["id", "name", "Telefon", None],
        [None, None, "phone", "fax"],
        [1, "Anna", "5", "6"],
    ):
        sheet.append(row)
    for cells in ("A1:D1", "A2:A3", "B2:B3", "C2:D2"):
        sheet.merge_cells(cells)
    book.save(path)
    columns, *found = source(path, options).read(b"")
    assert columns == Columns(("id", "name", "phone", "fax"))
    assert [event.record["name"] for event in records(found)] == ["Anna"]


def test_a_row_of_blanks_is_no_record(path: Path) -> None:
    events = read(path, [["id", "name", "phone"], [1, "Anna", "5"], [" ", None, "\u00a0"]])
    assert len(records(events)) == 1


def test_a_preview_without_the_keys_column_names_the_columns_there_are(path: Path) -> None:
    write_xlsx(path, [["nr", None, "name"], [1, None, "Anna"]])
    with pytest.raises(SourceFailed, match="no column 'id'; there are: nr, name"):
        source(path).preview(1)


def test_the_sheet_is_the_first_that_is_not_hidden_or_the_one_named(path: Path) -> None:
    book = openpyxl.Workbook()
    hidden = book.active
    hidden.title, hidden.sheet_state = "Geheim", "hidden"
    for title in ("Erstes", "Zweites"):
        sheet = book.create_sheet(title)
        sheet.append(["id", "name", "phone"])
        sheet.append([1, title, ""])
    book.save(path)
    assert records(list(source(path).read(b"")))[0].record["name"] == "Erstes"
    named = list(source(path, {"sheet": "Zweites"}).read(b""))
    assert records(named)[0].record["name"] == "Zweites"
    with pytest.raises(SourceFailed, match="no sheet 'Drittes'; there are: 'Geheim', 'Erstes'"):
        list(source(path, {"sheet": "Drittes"}).read(b""))


def test_columns_that_are_lost_are_named(path: Path) -> None:
    with pytest.raises(SourceFailed, match="no column 'phone'; there are: id, name"):
        read(path, [["id", "name"], [1, "Anna"]])


def test_a_small_file_that_unpacks_to_very_much_is_refused(path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "x")
    data = buffer.getvalue()
    # The sizes a ZIP file claims stand in its directory: this one claims 4 GiB.
    at = data.index(b"PK\x01\x02") + 24
    path.write_bytes(data[:at] + (0xFFFFFFF0).to_bytes(4, "little") + data[at + 4 :])
    assert MAX_UNPACKED_BYTES < 0xFFFFFFF0
    with pytest.raises(SourceFailed, match="unpacks to more than"):
        list(source(path).read(b""))


def test_a_value_that_strayed_far_from_the_table_is_refused_and_named(path: Path) -> None:
    # read, it asks for half a tebibyte: the process would end
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["id", "name", "phone"])
    sheet.append([1, "Anna", "5"])
    sheet["XFD1048576"].font = openpyxl.styles.Font(bold=True)  # no value
    book.save(path)
    assert [e.key for e in records(list(source(path).read(b"")))] == ["1"]
    sheet["XFC1048576"] = "x"
    book.save(path)
    with pytest.raises(SourceFailed, match="XFC1048576 has a value, far from the table"):
        list(source(path).read(b""))
    other = book.create_sheet("Other")
    other.append(["id", "name", "phone"])
    other.append([2, "Bo", "6"])
    other["AZ9"] = other["C1048576"] = "y"  # wide, or long: neither is too large
    other["C1048576"] = None
    book.save(path)
    found = records(list(source(path, {"sheet": "Other"}).read(b"")))
    assert [e.record["name"] for e in found] == ["Bo", ""]


def test_a_value_far_from_the_table_of_an_opendocument_sheet_is_refused_and_named(
    tmp_path: Path,
) -> None:
    path = tmp_path / "phones.ods"
    text = '<table:table-cell {}office:value-type="string"><text:p>x</text:p></table:table-cell>'
    cell = text.format("")
    header = "".join(cell.replace(">x<", f">{name}<") for name in ("id", "name", "phone"))
    blank_cells = '<table:table-cell table:number-columns-repeated="16381"/>'
    blank_rows = (
        '<table:table-row table:style-name="ro1" table:number-rows-repeated="1048573">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    stray = f"<table:table-row>{blank_cells}{cell}</table:table-row>"

    def read_rows(rows: str) -> list[Upsert | RejectedRecord]:
        head = f"<table:table-row>{header}</table:table-row>"
        write_ods_content(path, f"<table:table-header-rows>{head}</table:table-header-rows>{rows}")
        return [e for e in source(path).read(b"") if isinstance(e, Upsert | RejectedRecord)]

    row = f"<table:table-row>{cell * 3}</table:table-row>"
    filled = f"<table:table-row>{cell * 3}{blank_cells}</table:table-row>"
    last = '<table:table-row table:number-rows-repeated="1048573">{}</table:table-row>'
    # without a value beyond: as LibreOffice writes every sheet
    assert len(read_rows(filled + blank_rows)) == 1
    assert len(read_rows(filled + stray)) == 2  # wide, or long: neither is too large
    assert len(read_rows(filled + blank_rows + row)) == 2
    for rows, name in (
        (blank_rows + stray, "XFB1048575"),
        (stray + blank_rows + row, "XFB2"),
        (last.format(text.format('table:number-columns-repeated="16384" ')), "XFD1048574"),
    ):
        with pytest.raises(SourceFailed, match=f"'Sheet1': too large: {name} has a value, far"):
            read_rows(rows)


def test_a_sheet_that_is_written_with_indents_is_read(tmp_path: Path) -> None:
    """As Gnumeric 1.12 writes it: each cell on a line of its own."""
    path = tmp_path / "phones.ods"
    cell = (
        '          <table:table-cell table:style-name="Gnumeric-default"'
        ' office:value-type="string"><text:p>{}</text:p></table:table-cell>\n'
    )
    blank = (
        '          <table:table-cell table:number-columns-repeated="252"'
        " table:style-name='a\"&gt; b'/>\n        </table:table-row>\n"
    )
    row = '        <table:table-row table:style-name="AROW-0">\n'
    write_ods_content(
        path,
        "\n        <office:forms>\n          <form:form/>\n        </office:forms>\n"
        '        <table:table-column table:number-columns-repeated="4"/>\n'
        + "".join(
            row + "".join(map(cell.format, cells)) + blank
            for cells in (
                ("id", "name", "phone"),
                ("1", "Anna <text:span>von</text:span> <text:span>Au</text:span>", "+49 89 1"),
            )
        )
        + '        <table:table-row table:number-rows-repeated="65533">\n'
        '          <table:table-cell table:number-columns-repeated="256"/>\n'
        "        </table:table-row>\n      ",
    )
    (found,) = records(list(source(path).read(b"")))
    assert found.record == {"id": "1", "name": "Anna von Au", "phone": "+49 89 1"}


def test_a_value_far_from_the_table_of_a_binary_workbook_is_refused_and_named(
    tmp_path: Path,
) -> None:
    path = tmp_path / "phones.xlsb"
    table = {(0, 0): "id", (0, 1): "name", (0, 2): "phone", (1, 0): "1", (1, 1): "Anna"}
    write_xlsb(path, table | {(1_048_575, 16_383): None})  # formatted, without a value
    assert [e.key for e in records(list(source(path).read(b"")))] == ["1"]
    write_xlsb(path, table | {(1_048_575, 16_383): "x"})
    with pytest.raises(SourceFailed, match="'Sheet1': too large: XFD1048576 has a value, far"):
        list(source(path).read(b""))
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(SourceFailed):
        list(source(path).read(b""))


def test_an_outlook_export_needs_neither_key_nor_map(path: Path, store: ContactStore) -> None:
    header = [
        "Anrede", "Vorname", "Weitere Vornamen", "Nachname", "Firma", "Abteilung", "Position",
        "Telefon geschäftlich", "Telefon Firma", "Mobiltelefon", "Fax geschäftlich",
        "E-Mail-Adresse", "Notizen",
    ]  # fmt: skip
    row = [
        "Frau", "Jana", "", "Österle", "Brot GmbH", "Verkauf", "Leiterin", "089 99998-123",
        "089 99998-0", "0151 99998123", "089 99998-99", "jana@brot.example", "",
    ]  # fmt: skip
    write_xlsx(path, [header, row])
    own = settings(kind="xlsx", key=(), map={}, options=SpreadsheetOptions(path=path))
    report = sync_source(own, store)
    assert (report.state, report.added, report.rejected_fields) == ("done", 1, 0)
    (contact,) = stored(store).values()
    assert (contact.given_name, contact.surname, contact.company) == (
        "Jana",
        "Österle",
        "Brot GmbH",
    )
    assert {line.kind: line.number.digits for line in contact.phones} == {
        "work": "498999998123",
        "mobile": "4915199998123",
        "fax": "498999998" + "99",
        "company": "498999998" + "0",
    }
    assert contact.emails == ("jana@brot.example",)


def test_another_table_needs_them_and_is_told_so(path: Path) -> None:
    write_xlsx(path, [["id", "name"], [1, "Anna"]])
    with pytest.raises(SourceFailed, match="needs key = … and map = …"):
        completed(settings(kind="xlsx", key=(), map={}, options=SpreadsheetOptions(path=path)))


def test_a_file_is_deleted_once_it_is_stored_and_then_nothing_is_new(
    path: Path, store: ContactStore
) -> None:
    own = settings(kind="xlsx", options=SpreadsheetOptions(path=path, delete_after=True))
    write_xlsx(path, [["id", "name", "phone"], [1, "Anna", "5"]])
    assert sync_source(own, store, dry_run=True).state == "done"
    assert path.exists()
    assert sync_source(own, store).state == "done"
    assert not path.exists()
    report = sync_source(own, store)
    assert (report.state, report.removed) == ("done", 0)
    assert len(stored(store)) == 1
    write_xlsx(path, [["id", "name"], [1, "Anna"]])
    assert sync_source(own, store).state == "failed"
    assert path.exists(), "what could not be read is not deleted"


def test_a_newer_file_is_not_deleted_in_place_of_the_one_that_was_read(path: Path) -> None:
    write_xlsx(path, [["id", "name", "phone"], [1, "Anna", "5"]])
    own = source(path, {"delete_after": True})
    assert records(list(own.read(b"")))
    write_xlsx(path, [["id", "name", "phone"], [1, "Anna", "5"], [2, "Bo", "6"]])
    own.stored(0)
    assert path.exists()
