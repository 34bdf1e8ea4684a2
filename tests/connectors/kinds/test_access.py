"""Kind `access` on real files; there is nothing here that could write another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.errors import SourceFailed
from connectors.kinds.access import AccessOptions, AccessSource
from connectors.settings import SourceSettings
from connectors.sync import sync_source
from engine.source import Complete, Upsert
from engine.store import ContactStore
from tests.connectors.making import settings, stored
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
