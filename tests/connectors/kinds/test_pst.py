from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.errors import SourceFailed
from connectors.kinds.pst import PstOptions, PstSource
from connectors.registry import completed
from connectors.settings import SourceSettings
from connectors.sync import sync_source
from engine.source import Complete, Upsert
from engine.store import ContactStore
from tests.connectors.making import settings, stored
from tests.connectors.testdata import real_file


def data_file(path: Path, **options: Any) -> SourceSettings:
    return settings(kind="pst", key=(), map={}, options=PstOptions(path=path, **options))


def test_the_contacts_of_a_real_file_are_read_and_stay_the_same(store: ContactStore) -> None:
    own = data_file(real_file("dist-list.pst"))
    report = sync_source(own, store)
    assert (report.state, report.reason) == ("done", "")
    contacts = list(stored(store).values())
    assert "contact1@rjohnson.id.au" in {email for c in contacts for email in c.emails}
    assert "1, contact name" in {contact.display_name for contact in contacts}
    report = sync_source(own, store)
    assert (report.added, report.changed, report.removed) == (0, 0, 0)


def test_a_real_file_can_be_looked_at_before() -> None:
    source = PstSource(completed(data_file(real_file("dist-list.pst"))))
    report = source.check()
    assert report.faults == ()
    (first, *_) = source.preview(2)
    assert isinstance(first, Upsert)
    assert first.record["folder"] == "Contacts"
    assert first.locator == "Contacts, card 1"
    assert {"UID", "FN", "folder"} <= {field.name for field in source.discover()}
    assert list(source.read(b""))[-1] == Complete(full=True)


def test_half_a_file_never_removes_anything(tmp_path: Path, store: ContactStore) -> None:
    data = real_file("dist-list.pst").read_bytes()
    path = tmp_path / "mail.pst"
    path.write_bytes(data)
    own = data_file(path)
    assert sync_source(own, store).state == "done"
    served = stored(store)
    for size in (len(data) // 2, 100, 0):
        path.write_bytes(data[:size])
        report = sync_source(own, store)
        assert report.state in {"failed", "refused"}
        assert report.removed == 0
        after = stored(store)  # what readpst makes of the rest may have been added
        assert {key: after[key] for key in served} == served


def test_what_is_no_data_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "mail.pst"
    source = PstSource(completed(data_file(path)))
    assert "No such file" in source.check().faults[0]
    path.write_bytes(b"BEGIN:VCARD\n")
    with pytest.raises(SourceFailed, match="no data file of Outlook"):
        list(source.read(b""))


def test_a_file_is_deleted_once_it_is_stored_and_then_nothing_is_new(
    tmp_path: Path, store: ContactStore
) -> None:
    path = tmp_path / "mail.pst"
    path.write_bytes(real_file("dist-list.pst").read_bytes())
    own = data_file(path, delete_after=True)
    report = sync_source(own, store)
    assert (report.state, path.exists()) == ("done", report.rejected > 0)
    path.unlink(missing_ok=True)
    count = len(stored(store))
    report = sync_source(own, store)
    assert (report.state, report.removed, len(stored(store))) == ("done", 0, count)
