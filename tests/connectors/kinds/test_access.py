"""Kind `access` on real files; there is nothing here that could write another one.

One of them is edited where its format allows: pages of 2,048 bytes (Jet 3), of which those of data
begin with 1 and name the page of their table, whose rows it counts.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.errors import SourceFailed
from connectors.kinds.access import AccessOptions, AccessSource
from connectors.settings import SourceSettings
from connectors.sync import sync_source
from engine.source import Complete, Upsert
from engine.store import ContactStore
from tests.connectors.making import ANY_DROP, settings, stored
from tests.connectors.testdata import real_file

MAP = {
    "display_name": "ContactName",
    "company": "CompanyName",
    "phones.work": "Phone",
    "phones.fax": "Fax",
}


def customers(path: Path, **changes: Any) -> SourceSettings:
    values = {"path": path, "table": "Customers", "timeout_s": 60} | changes
    return settings(kind="access", key=("CustomerID",), map=MAP, options=AccessOptions(**values))


def test_the_customers_of_a_real_file_become_contacts(store: ContactStore) -> None:
    own = customers(real_file("nwind.mdb"))
    report = sync_source(own, store)
    assert (report.state, report.added, report.rejected) == ("done", 91, 0)
    alfki = stored(store)["ALFKI"]
    assert (alfki.display_name, alfki.company) == ("Maria Anders", "Alfreds Futterkiste")
    assert {line.kind: line.number.digits for line in alfki.phones} == {
        "work": "49300074321",
        "fax": "49300076545",
    }
    assert any(
        "ó" in contact.company or "é" in contact.company for contact in stored(store).values()
    )
    report = sync_source(own, store)
    assert (report.added, report.changed, report.removed) == (0, 0, 0)


def test_it_can_be_looked_at_before() -> None:
    source = AccessSource(customers(real_file("nwind.mdb")))
    report = source.check()
    assert (report.faults, report.estimated_rows) == ((), 91)
    found = {field.name: field for field in source.discover()}
    assert {"CustomerID", "Phone"} <= found.keys()
    assert found["CustomerID"].key
    assert found["CustomerID"].type == "text"
    assert not found["Country"].key
    (first, _) = source.preview(2)
    assert isinstance(first, Upsert)
    assert first.record["City"] == "Berlin"


def test_a_newer_file_with_spaces_in_its_table_is_read() -> None:
    options = AccessOptions(path=real_file("ASampleDatabase.accdb"), table="Asset Items")
    source = AccessSource(settings(kind="access", key=("ID",), map={}, options=options))
    names = [field.name for field in source.discover()]
    own = settings(kind="access", key=(names[0],), map={"display_name": names[1]}, options=options)
    assert list(AccessSource(own).read(b""))[-1] == Complete(full=True)


def test_another_table_or_column_is_named_with_those_there_are() -> None:
    path = real_file("nwind.mdb")
    with pytest.raises(SourceFailed, match=r"no table 'Kunden'; there are: .*'Umsätze'"):
        AccessSource(customers(path, table="Kunden")).preview(1)
    with pytest.raises(SourceFailed, match=r"no columns? 'ContactName'"):
        list(AccessSource(customers(path, table="Umsätze")).read(b""))


def test_half_a_file_fails_the_run_in_bounded_time(tmp_path: Path, store: ContactStore) -> None:
    data = real_file("nwind.mdb").read_bytes()
    path = tmp_path / "half.mdb"
    path.write_bytes(data)
    assert sync_source(customers(path), store).state == "done"
    for size in (len(data) // 2, 5_000, 10, 0):
        path.write_bytes(data[:size])
        report = sync_source(customers(path, timeout_s=3), store)
        assert (report.state, report.removed) == ("failed", 0)
        assert report.seconds < 30
    assert store.count("crm") == 91


def test_what_is_no_access_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.mdb"
    assert "No such file" in AccessSource(customers(path)).check().faults[0]
    path.write_text("CustomerID;Phone\n" * 9)
    assert AccessSource(customers(path)).check().faults == (f"{path}: no Access file",)


def test_a_file_is_deleted_once_it_is_stored_and_then_nothing_is_new(
    tmp_path: Path, store: ContactStore
) -> None:
    path = tmp_path / "import.mdb"
    path.write_bytes(real_file("nwind.mdb").read_bytes())
    own = customers(path, delete_after=True)
    assert sync_source(own, store).state == "done"
    assert not path.exists()
    report = sync_source(own, store)
    assert (report.state, report.removed, store.count("crm")) == ("done", 0, 91)


PAGE_BYTES, ROWS_AT, SLOTS_AT, COUNT_AT = 2_048, 8, 10, 12
DELETED = 0xC000
"""What Access adds to the place of a row that is deleted."""


def table_of(data: bytes) -> int:
    """The page of the table of customers."""
    page = data.index(b"Maria Anders") // PAGE_BYTES
    return int(struct.unpack_from("<I", data, page * PAGE_BYTES + 4)[0])


def without_rows(data: bytes, count: int) -> bytes:
    """The file after so many customers were deleted, the last of each page first."""
    edited = bytearray(data)
    table = table_of(data)
    slots = [
        at + SLOTS_AT + 2 * row
        for at in range(0, len(data), PAGE_BYTES)
        if data[at] == 1 and struct.unpack_from("<I", data, at + 4)[0] == table
        for row in range(struct.unpack_from("<H", data, at + ROWS_AT)[0])
    ]
    assert len(slots) == 91
    for slot in slots[-count:]:
        (place,) = struct.unpack_from("<H", data, slot)
        struct.pack_into("<H", edited, slot, place | DELETED)
    struct.pack_into("<I", edited, table * PAGE_BYTES + COUNT_AT, 91 - count)
    return bytes(edited)


def renamed(data: bytes, old: bytes, new: bytes) -> bytes:
    """The file with another text of the same length in its only place outside of an index."""
    assert len(old) == len(new)
    at = data.index(old, data.index(b"Maria Anders") - 200)
    return data[:at] + new + data[at + len(old) :]


def column_renamed(data: bytes) -> bytes:
    at = data.index(b"ContactName", table_of(data) * PAGE_BYTES)
    return data[:at] + b"ContactNome" + data[at + 11 :]


FAULTS: dict[str, tuple[Callable[[bytes], bytes], str, str]] = {
    "error": (lambda data: b"\0" * len(data), "failed", "no Access file"),
    "cut off": (lambda data: data[: len(data) // 2], "failed", "nwind.mdb"),
    "0 rows": (lambda data: without_rows(data, 91), "refused", "no usable record"),
    "half": (lambda data: without_rows(data, 45), "refused", "would remove 45 of 91"),
    "wrong columns": (column_renamed, "failed", "no column 'ContactName'"),
    "duplicate keys": (lambda data: renamed(data, b"ANATR", b"ALFKI"), "done", ""),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_after_a_fault_what_is_served_is_not_worse(
    tmp_path: Path, store: ContactStore, fault: str
) -> None:
    data = real_file("nwind.mdb").read_bytes()
    path = tmp_path / "nwind.mdb"
    path.write_bytes(data)
    own = customers(path, timeout_s=10)
    assert sync_source(own, store).state == "done"
    served = stored(store)
    break_it, state, words = FAULTS[fault]
    path.write_bytes(break_it(data))
    report = sync_source(own, store)
    assert report.state == state, report.reason
    assert words in report.reason
    if fault == "duplicate keys":  # the first stays, and nobody is called by the other key
        assert (report.removed, report.rejected) == (1, 1)
        del served["ANATR"]
    else:
        assert report.removed == 0
    after = stored(store)
    assert {key: after[key] for key in served} == served
    path.write_bytes(data)
    report = sync_source(msgspec.structs.replace(own, max_drop=ANY_DROP), store)
    assert (report.state, len(stored(store))) == ("done", 91)


def test_what_is_changed_gone_and_called_by_another_key_is_followed(
    tmp_path: Path, store: ContactStore
) -> None:
    data = real_file("nwind.mdb").read_bytes()
    path = tmp_path / "nwind.mdb"
    path.write_bytes(data)
    own = customers(path)
    assert sync_source(own, store).added == 91
    path.write_bytes(renamed(data, b"Maria Anders", b"Maria Onders"))
    report = sync_source(own, store)
    assert (report.state, report.changed, report.removed) == ("done", 1, 0)
    assert stored(store)["ALFKI"].display_name == "Maria Onders"
    path.write_bytes(renamed(data, b"ALFKI", b"OTHER"))
    report = sync_source(own, store)
    assert (report.added, report.removed) == (1, 1)
    path.write_bytes(without_rows(data, 3))
    report = sync_source(own, store)
    assert (report.state, report.added, report.removed, len(stored(store))) == ("done", 1, 4, 88)
