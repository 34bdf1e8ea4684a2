from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connectors.errors import SourceFailed
from connectors.kinds.delimited import DelimitedOptions, DelimitedSource
from connectors.mapping import Mapping
from connectors.registry import completed
from connectors.sync import sync_source
from engine.source import Complete, Event, RejectedRecord, SourceField, Upsert
from engine.store import ContactStore
from tests.connectors.making import csv_settings, field_names, sent, stored
from tests.connectors.test_outlook import ENGLISH, GERMAN

HEADER = "id;name;phone\n"


def source(path: Path, options: dict[str, Any] | None = None, **changes: Any) -> DelimitedSource:
    return DelimitedSource(csv_settings(path, options=options, **changes))


def read(path: Path, data: str | bytes, **options: Any) -> list[Event]:
    """What a file gives; the end of the read without its bookmark."""
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return [
        Complete(full=event.full) if isinstance(event, Complete) else event
        for event in sent(source(path, options))
    ]


def names(events: list[Event]) -> list[str]:
    return [event.record["name"] for event in events if isinstance(event, Upsert)]


def rejected(events: list[Event]) -> list[tuple[str, str]]:
    return [(e.locator, e.reason) for e in events if isinstance(e, RejectedRecord)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "phones.csv"


def test_a_file_is_read_to_its_earned_end(path: Path) -> None:
    events = read(path, HEADER + "1;Anna Müller;089 99998100\n2;Bo;\n")
    assert events == [
        Upsert("1", {"id": "1", "name": "Anna Müller", "phone": "089 99998100"}, "line 2"),
        Upsert("2", {"id": "2", "name": "Bo", "phone": ""}, "line 3"),
        Complete(full=True),
    ]


def test_a_record_holds_the_mapped_columns_only(path: Path) -> None:
    events = read(path, "secret;phone;id;name\nx;1;7;Anna\n")
    assert events[0] == Upsert("7", {"id": "7", "name": "Anna", "phone": "1"}, "line 2")


def test_a_header_alone_is_complete_and_holds_no_records(path: Path) -> None:
    assert read(path, HEADER) == [Complete(full=True)]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_every_kind_of_line_ending_is_one(path: Path, ending: str, *, last: bool) -> None:
    text = ending.join(["id;name;phone", "1;Anna;", "2;Bo;"]) + (ending if last else "")
    events = read(path, text)
    assert names(events) == ["Anna", "Bo"]
    assert rejected(events) == []


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("utf-8", "utf-8"),
        ("utf-8", ""),
        ("utf-8-sig", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-8-sig", ""),
        ("utf-16", "utf-16"),
        ("utf-16", ""),
        ("utf-16-le", "utf-16"),
        ("cp1252", "cp1252"),
        ("cp1252", ""),
    ],
)
def test_umlauts_come_out_right_in_every_encoding(path: Path, written: str, named: str) -> None:
    text = HEADER + "1;Jürgen Groß;\n2;Zoë Öztürk;\n"
    events = read(path, text.encode(written), encoding=named)
    assert names(events) == ["Jürgen Groß", "Zoë Öztürk"]
    assert events[0].key == "1"  # type: ignore[union-attr]  # an Upsert


def test_odd_characters_come_out_as_they_are(path: Path) -> None:
    probe = "Ø Ù Ú Û 付 ß Ł Жуков Ωμέγα علي 😀"
    assert names(read(path, HEADER + f"1;{probe};\n")) == [probe]


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize("known", [True, False])
def test_the_separator_is_found_or_set(path: Path, separator: str, *, known: bool) -> None:
    text = (HEADER + "1;Anna;5\n").replace(";", separator)
    assert names(read(path, text, separator=separator if known else "")) == ["Anna"]


def test_tab_may_be_written_out(path: Path) -> None:
    assert names(read(path, "id\tname\tphone\n1\tAnna\t\n", separator="tab")) == ["Anna"]


def test_a_spreadsheets_hint_names_the_separator(path: Path) -> None:
    events = read(path, "sep=;\r\nid;name;phone\r\n1;Anna, Bo;\r\n")
    assert names(events) == ["Anna, Bo"]
    assert events[0].locator == "line 3"  # type: ignore[union-attr]  # an Upsert


@pytest.mark.parametrize(
    "before",
    [
        '"EXTF";700;16;"Debitoren/Kreditoren";5;20261128101010000;;"RE";"";"";1234;5678;20260101;4;;',
        "DTVF;700;16;Debitoren/Kreditoren;5;2,02611E+16;;RE;info;;1234",
    ],
)
@pytest.mark.parametrize("separator", ["", ";"])
def test_the_line_that_datev_puts_before_the_header_is_none(
    path: Path, before: str, separator: str
) -> None:
    events = read(path, f"{before}\r\nid;name;phone\r\n1;Anna, Bo;\r\n", separator=separator)
    assert names(events) == ["Anna, Bo"]
    assert events[0].locator == "line 3"  # type: ignore[union-attr]  # an Upsert


def test_a_column_may_be_called_like_the_format_of_datev(path: Path) -> None:
    assert names(read(path, "id;name;phone;EXTF\n1;Anna;;x\n")) == ["Anna"]
    path.write_text("EXTF;id;name;phone\n700;1;Anna;\n")
    assert names(sent(source(path, {}))) == ["Anna"]


def test_without_a_header_columns_are_numbers(path: Path) -> None:
    path.write_text("7;Anna;089\n8;Bo;\n")
    numbered = source(path, {"header": False}, key=("1",), map={"display_name": "2"})
    assert field_names(numbered) == ("1", "2", "3")
    events = sent(numbered)
    assert events[:2] == [
        Upsert("7", {"1": "7", "2": "Anna"}, "line 1"),
        Upsert("8", {"1": "8", "2": "Bo"}, "line 2"),
    ]


def test_quoted_fields_may_hold_separators_quotes_and_line_breaks(path: Path) -> None:
    events = read(path, HEADER + '1;"Meier; ""Anna""\nGmbH";5\n2;Bo;\n')
    assert names(events) == ['Meier; "Anna"\nGmbH', "Bo"]
    assert [e.locator for e in events if isinstance(e, Upsert)] == ["line 2", "line 4"]


def test_without_quotes_a_quote_is_a_character(path: Path) -> None:
    assert names(read(path, HEADER + '1;"Anna;\n2;Bo";\n', quote="")) == ['"Anna', 'Bo"']


def test_nul_bytes_do_not_stop_the_read(path: Path) -> None:
    events = read(path, HEADER + "1;An\0na;\n2;Bo;\n")
    assert names(events) == ["An\0na", "Bo"]  # the mapping cleans it


def test_blank_lines_are_no_records(path: Path) -> None:
    assert names(read(path, "\n\n" + HEADER + "\n1;Anna;\n\n\n2;Bo;\n\n")) == ["Anna", "Bo"]


def test_rows_of_blanks_are_no_records(path: Path) -> None:
    path.write_text("id;name;phone\n1;Anna;5\n ;  ;\t\n    \n2;Bo;6\n")
    events = list(source(path).read(b""))
    assert [e.locator for e in events if isinstance(e, Upsert)] == ["line 2", "line 5"]
    assert not any(isinstance(e, RejectedRecord) for e in events)


def test_rows_without_a_value_are_no_records(path: Path) -> None:
    # as spreadsheets write them below a table, by the hundred
    events = read(path, HEADER + "1;Anna;\n;;\n;;;;\n;\n2;Bo;\n;;\n")
    assert names(events) == ["Anna", "Bo"]
    assert not any(isinstance(event, RejectedRecord) for event in events)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16-le"])
def test_files_that_were_put_together_are_one_table(path: Path, encoding: str) -> None:
    parts = [f"{HEADER}1;Ännchen;\n", f"{HEADER}2;Bo;\n", "3;Cy;\n"]
    if encoding == "utf-16-le":
        parts = [f"\ufeff{part}" for part in parts]
    events = read(path, b"".join(part.encode(encoding) for part in parts))
    assert [(event.key, event.record["name"]) for event in events if isinstance(event, Upsert)] == [
        ("1", "Ännchen"), ("2", "Bo"), ("3", "Cy"),
    ]  # fmt: skip


@pytest.mark.parametrize("bad", ["a\rb", "x" * 200_000])
def test_a_bad_line_at_the_beginning_costs_itself_alone(path: Path, bad: str) -> None:
    events = read(path, (HEADER + f"1;{bad};\r\n2;Bo;\r\n").encode())
    assert names(events) == ["Bo"]
    assert len([event for event in events if isinstance(event, RejectedRecord)]) == 1


def test_a_line_with_too_few_or_too_many_fields_is_rejected_by_number(path: Path) -> None:
    events = read(path, HEADER + "1;Anna\n2;Bo;5;6\n3;Cy;\n4;Di;;\n")
    assert names(events) == ["Cy", "Di"]
    assert rejected(events) == [
        ("line 2", "2 fields instead of 3"),
        ("line 3", "4 fields instead of 3"),
    ]
    assert [e.key for e in events if isinstance(e, RejectedRecord)] == ["1", "2"]


def test_an_undecodable_line_is_rejected_by_number_with_its_key(path: Path) -> None:
    data = HEADER.encode() + b"1;M\xfcller;\n2;Bo;\n\xfc3;Cy;\n"
    events = read(path, data, encoding="utf-8")
    assert names(events) == ["Bo"]
    assert rejected(events) == [
        ("line 2", "not utf-8, or too long"),
        ("line 4", "not utf-8, or too long"),
    ]
    assert [e.key for e in events if isinstance(e, RejectedRecord)] == ["1", ""]


def test_a_quote_that_swallows_too_much_is_rejected_and_the_read_goes_on(path: Path) -> None:
    filler = "x" * 200 + "\n"
    events = read(path, HEADER + '1;"Anna;\n' + filler * 1_000 + "9;Zoë;\n")
    assert names(events) == ["Zoë"]
    locator, reason = rejected(events)[0]
    assert locator.startswith("lines 2-")
    assert "field larger than" in reason


def test_a_file_that_ends_inside_a_quote_is_cut_off(path: Path) -> None:
    path.write_text(HEADER + '1;Anna;\n2;"Bo;5\n3;Cy;')
    events = source(path).read(b"")
    assert names([next(events), next(events)]) == ["Anna"]
    with pytest.raises(SourceFailed, match=r"phones\.csv: .*quoted field.* line 3"):
        next(events)


def changed_while_read(path: Path) -> Iterator[Event]:
    path.write_text(HEADER + "1;Anna;\n" * 50)
    events = source(path).read(b"")
    next(events)
    return events


def test_a_file_that_grows_while_it_is_read_is_never_complete(path: Path) -> None:
    events = changed_while_read(path)
    with path.open("a") as file:
        file.write("2;Bo;\n")
    with pytest.raises(SourceFailed, match="changed while it was read"):
        list(events)


def test_a_file_that_is_replaced_while_it_is_read_is_never_complete(path: Path) -> None:
    events = changed_while_read(path)
    other = path.with_suffix(".new")
    other.write_text(HEADER + "1;Anna;\n" * 50)
    status = path.stat()
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)
    with pytest.raises(SourceFailed, match="changed while it was read"):
        list(events)


def test_a_file_that_goes_while_it_is_read_is_never_complete(path: Path) -> None:
    events = changed_while_read(path)
    path.unlink()
    with pytest.raises(SourceFailed, match=r"phones\.csv: No such file"):
        list(events)


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b"\xff\xfe", b"   \r\n"])
def test_an_empty_file_fails_and_is_named(path: Path, data: bytes) -> None:
    with pytest.raises(SourceFailed, match=r"phones\.csv: the file is empty"):
        read(path, data)


def test_what_cannot_be_opened_fails_and_is_named(tmp_path: Path, path: Path) -> None:
    with pytest.raises(SourceFailed, match=r"phones\.csv: No such file"):
        sent(source(path))
    with pytest.raises(SourceFailed, match="is a folder"):
        sent(source(tmp_path))
    path.write_text("x")
    with pytest.raises(SourceFailed, match="Not a directory"):
        sent(source(path / "below"))
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    with pytest.raises(SourceFailed, match="no regular file"):
        sent(source(pipe))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_file_without_the_right_to_read_it_fails_and_is_named(path: Path) -> None:
    path.write_text(HEADER)
    path.chmod(0o600)
    for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
        folder.chmod(0o755)
    os.seteuid(65534)
    try:
        with pytest.raises(SourceFailed, match=r"phones\.csv: Permission denied"):
            sent(source(path))
    finally:
        os.seteuid(0)


def test_a_lost_column_fails_before_any_record(path: Path) -> None:
    path.write_text("id;full_name;phone\n1;Anna;\n")
    with pytest.raises(SourceFailed, match=r"no column 'name'; there are: id, full_name, phone"):
        next(source(path).read(b""))


def test_a_doubled_column_fails_only_if_it_is_mapped(path: Path) -> None:
    assert names(read(path, "id;name;phone;x;x\n1;Anna;;a;b\n")) == ["Anna"]
    with pytest.raises(SourceFailed, match="more than one column is called 'name'"):
        read(path, "id;name;phone;name\n1;Anna;;Bo\n")


def test_a_header_that_cannot_be_decoded_fails(path: Path) -> None:
    with pytest.raises(SourceFailed, match="the header is not utf-8"):
        read(path, b"id;name;phone;stra\xdfe\n1;Anna;;x\n", encoding="utf-8")


def test_a_quote_open_in_the_header_fails(path: Path) -> None:
    with pytest.raises(SourceFailed, match="quote in the header is never closed"):
        read(path, 'id;"name;phone\n1;Anna;\n')


def test_column_names_are_cleaned(path: Path) -> None:
    assert names(read(path, "\ufeff id ;name\u200b; phone\n1;Anna;\n")) == ["Anna"]


def test_the_preview_shows_all_columns_and_what_is_wrong(path: Path) -> None:
    path.write_text("id;name;phone;x\n1;Anna;5;a\n2;Bo\n3;Cy;6;c\n")
    first, second = source(path).preview(2)
    assert first == Upsert("1", {"id": "1", "name": "Anna", "phone": "5", "x": "a"}, "line 2")
    assert isinstance(second, RejectedRecord)


def test_the_check_names_faults_and_doubts(path: Path) -> None:
    assert "No such file" in source(path).check().faults[0]
    path.write_text(HEADER)
    report = source(path).check()
    assert report.faults == ()
    assert "no records" in report.warnings[0]
    path.write_bytes((HEADER + "1;Müller;\n").encode("cp1252"))
    assert "read as cp1252" in source(path).check().warnings[0]
    path.write_text(HEADER + "1;Müller;\n")
    assert source(path).check() == source(path).check().__class__()
    assert "no column" in source(path, map={"company": "firm"}).check().faults[0]
    assert "nick" in source(path, map={"nick": "name"}).check().faults[0]


def test_the_share_read_goes_from_nothing_to_all(path: Path) -> None:
    path.write_text(HEADER + "1;Anna;\n" * 400_000)
    reading = source(path)
    assert reading.share_read() is None
    events = reading.read(b"")
    next(events)
    begun = reading.share_read()
    assert begun is not None
    assert 0 < begun < 0.9
    for _ in events:
        pass
    assert reading.share_read() == 1.0


def test_the_share_read_is_all_while_the_reading_thread_closes_the_file(path: Path) -> None:
    path.write_text(HEADER + "1;Anna;\n", encoding="utf-8")
    reading = source(path)
    events = reading.read(b"")
    next(events)
    assert reading._file is not None
    os.close(reading._file.fileno())  # half way through a close, as another thread may see it
    assert reading.share_read() == 1.0
    with pytest.raises(SourceFailed):
        list(events)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"separator": "ab"}, "separator: bad value"),
        ({"separator": "\n"}, "separator: bad value"),
        ({"quote": "''"}, "quote: bad value"),
        ({"separator": ";", "quote": ";"}, "same character"),
        ({"encoding": "utf-9"}, "encoding: bad value"),
        ({"encoding": "hex"}, "encoding: bad value"),
        ({"colour": "red"}, "unknown field"),
    ],
)
def test_options_out_of_bounds_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(
            {"path": "x.csv", **options}, DelimitedOptions, dec_hook=lambda _, value: Path(value)
        )


@hypothesis_settings(deadline=None)
@given(st.binary(max_size=400))
def test_whatever_bytes_stand_in_the_file_the_read_ends_in_one_of_two_ways(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    path.write_bytes(data)
    reading = source(path, {"header": False}, key=("1",), map={"display_name": "1"})
    events: list[Event] = []
    failure = ""
    try:
        events += reading.read(b"")
    except SourceFailed as error:
        failure = str(error)
    assert (events and isinstance(events[-1], Complete)) != bool(failure)
    assert not failure or str(path) in failure


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@hypothesis_settings(deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), max_size=12), st.sampled_from([";", ",", "\t", "|"]))
def test_every_table_that_is_written_by_the_rules_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], separator: str
) -> None:
    def quoted(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    path = tmp_path_factory.mktemp("csv") / "x.csv"
    lines = [separator.join(["id", "name", "phone"])]
    lines += [separator.join([str(n), quoted(a), quoted(b)]) for n, (a, b) in enumerate(rows)]
    path.write_bytes("\r\n".join(lines).encode())
    options = {"separator": separator, "encoding": "utf-8"}
    *events, end = sent(source(path, options))
    assert isinstance(end, Complete)
    assert end.full
    assert [(e.record["name"], e.record["phone"]) for e in events if isinstance(e, Upsert)] == rows


@pytest.mark.parametrize("header", [ENGLISH, GERMAN])
def test_an_export_of_outlook_needs_neither_key_nor_map(path: Path, header: list[str]) -> None:
    cells = {
        ("First Name", "Vorname"): "Jana",
        ("Last Name", "Nachname"): "Österle",
        ("Company", "Firma"): "Brot GmbH",
        ("Business Phone", "Telefon geschäftlich"): "089 99998123",
        ("Company Main Phone", "Telefon Firma"): "089 99998-0",
        ("Mobile Phone", "Mobiltelefon"): "0151 99998123",
    }
    row = [next((text for names, text in cells.items() if name in names), "") for name in header]
    path.write_bytes((",".join(header) + "\r\n" + ",".join(row) + "\r\n").encode("cp1252"))
    own = completed(csv_settings(path, key=(), map={}))
    (record,) = [e for e in DelimitedSource(own).read(b"") if isinstance(e, Upsert)]
    assert record.key == "Jana||Österle|Brot GmbH|"
    contact, rejected = Mapping(own).contact(record.key, record.record)
    assert contact is not None
    assert (contact.given_name, contact.surname) == ("Jana", "Österle")
    assert [line.kind for line in contact.phones] == ["work", "mobile", "company"]
    assert rejected == []


def test_a_file_with_the_content_of_the_last_run_is_not_parsed_again(path: Path) -> None:
    path.write_text(HEADER + "1;Anna;\n2;Bo;\n")
    end = sent(source(path))[-1]
    assert isinstance(end, Complete)
    assert source(path).bookmark_is_state()
    path.unlink()
    path.write_text(HEADER + "1;Anna;\n2;Bo;\n")  # an export of the same
    again = list(source(path).read(end.bookmark))
    assert again == [Complete(full=False, bookmark=end.bookmark)]
    other = source(path, {"header": False}, key=("1",), map={"display_name": "2"})
    assert len(sent(other, end.bookmark)) == 4, "other options read it again"


def test_a_file_with_another_content_is_read_though_size_and_times_are_the_same(path: Path) -> None:
    path.write_text(HEADER + "1;Anna;\n2;Bo;\n")
    end = sent(source(path))[-1]
    assert isinstance(end, Complete)
    status = path.stat()
    path.write_text(HEADER + "1;Anna;\n2;Cy;\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert names(sent(source(path), end.bookmark)) == ["Anna", "Cy"]


def test_a_file_with_bad_lines_is_read_every_time(path: Path) -> None:
    path.write_text(HEADER + "1;Anna;\n2;Bo\n")
    assert sent(source(path))[-1] == Complete(full=True)


def test_columns_have_types_and_some_may_be_the_key(path: Path) -> None:
    path.write_text("id;name;phone;since\n1;A;089 1;2026-01-31\n2;A;089 2;2026-01-31\n")
    assert source(path).discover() == (
        SourceField("id", "number", key=True),
        SourceField("name", "text"),
        SourceField("phone", "text", key=True),
        SourceField("since", "date"),
    )


def test_a_file_is_deleted_once_it_is_stored_and_then_nothing_is_new(
    path: Path, store: ContactStore
) -> None:
    own = csv_settings(path, options={"delete_after": True})
    rows = "".join(f"{n};Anna {n};089 99998{n:03}\n" for n in range(20))
    path.write_text(HEADER + rows)
    assert sync_source(own, store, dry_run=True).state == "done"
    assert path.exists()
    assert sync_source(own, store).state == "done"
    assert not path.exists()
    store.settle(store.last_seq())
    for _ in range(2):
        report = sync_source(own, store)
        store.settle(store.last_seq())
        assert (report.state, report.removed, report.unchanged) == ("done", 0, 20)
    assert len(stored(store)) == 20
    assert DelimitedSource(own).check().warnings == (
        f"{path}: not there; it will be read once it is",
    )

    path.write_text(HEADER + rows)  # the same content once more
    assert sync_source(own, store).state == "done"
    assert not path.exists()

    path.write_text(HEADER)
    assert sync_source(own, store).state == "refused"
    assert path.exists(), "what is held back is not deleted"


def test_a_file_with_rejected_lines_is_not_deleted(path: Path, store: ContactStore) -> None:
    own = csv_settings(path, options={"delete_after": True})
    path.write_text(HEADER + "1;Anna;\n2;Bo\n")
    for _ in range(2):
        report = sync_source(own, store)
        assert (report.state, report.rejected) == ("done", 1)
        assert report.notes == ("phones.csv: not deleted, since 1 record was rejected",)
    assert path.exists()
    path.write_text(HEADER + "1;Anna;\n2;Bo;\n")
    assert sync_source(own, store).notes == ()
    assert not path.exists()


def test_what_is_no_text_is_said_in_words_for_people(path: Path) -> None:
    with pytest.raises(SourceFailed, match=r"no table of texts: a carriage return within a field"):
        read(path, b"\x7fELF;a\rb\x00\r\r\n")
