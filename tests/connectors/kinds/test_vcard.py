from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
from typing_extensions import override

from connectors.errors import SourceFailed
from connectors.kinds.vcard import VcardOptions, VcardSource
from connectors.registry import completed
from connectors.sync import sync_source
from engine.source import Complete, Event, RejectedRecord, Upsert
from engine.store import ContactStore
from tests.connectors.conformance import Conformance
from tests.connectors.making import settings, stored
from tests.connectors.worlds import Rows, World


def card(key: str, name: str, phone: str, field: str = "FN") -> str:
    uid = f"UID:{key}\r\n" if key else ""
    return (
        f"BEGIN:VCARD\r\nVERSION:3.0\r\n{uid}{field}:{name}\r\n"
        f"TEL;TYPE=WORK,VOICE:{phone}\r\nEND:VCARD\r\n"
    )


class VcardFileWorld(World):
    incremental = False
    faults = ("gone", "empty", "cut off")
    lacks: ClassVar[dict[str, str]] = {
        "wrong password": "a file has none",
        "no rights": "root, as whom tests may run, reads every file",
        "hang": "a file never blocks",
        "expired bookmark": "a file is read as a whole",
        "wrong columns": "the properties of a vCard are those of the standard",
        "lost column": "the properties of a vCard are those of the standard",
        "lost keys": "a card without a UID gets a key of its own",
    }

    def __init__(self, folder: Path) -> None:
        self.path = folder / "contacts.vcf"
        self.settings = settings(kind="vcard", key=(), map={}, options=VcardOptions(path=self.path))

    @override
    def fill(self, rows: Rows, *, name_column: str = "name") -> None:
        cards = [card(*row) for row in rows]
        self.path.write_text("".join(cards), encoding="utf-8", newline="")

    @override
    def damage(self, fault: str) -> None:
        text = self.path.read_text(encoding="utf-8")
        if fault in {"gone", "error"}:
            self.path.unlink()
        elif fault == "empty":
            self.path.write_text("no card at all\n")
        elif fault in {"cut off", "killed"}:
            self.path.write_text(text[: len(text) // 2 + 20], encoding="utf-8")
        elif fault == "bad encoding":
            self.path.write_bytes(text.encode("cp1252"))
        else:
            raise AssertionError(fault)


class VcardFolderWorld(VcardFileWorld):
    """One file a card, as phones and address books write them."""

    lacks: ClassVar[dict[str, str]] = {
        **VcardFileWorld.lacks,
        "killed": "six thousand files take long; a test of its own changes the folder",
    }

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.path = folder / "cards"
        self.settings = settings(kind="vcard", key=(), map={}, options=VcardOptions(path=self.path))

    @override
    def fill(self, rows: Rows, *, name_column: str = "name") -> None:
        self.path.mkdir(exist_ok=True)
        for old in self.path.iterdir():
            old.unlink()
        for number, row in enumerate(rows):
            (self.path / f"{number:06}.vcf").write_text(card(*row), encoding="utf-8", newline="")

    @override
    def damage(self, fault: str) -> None:
        files = sorted(self.path.iterdir())
        if fault in {"gone", "error"}:
            for file in files:
                file.unlink()
            self.path.rmdir()
        elif fault == "empty":
            files[0].write_text("")
        elif fault == "cut off":
            files[0].write_text("BEGIN:VCARD\nFN:Jörg", encoding="utf-8")
        elif fault == "bad encoding":
            for file in files:
                file.write_bytes(file.read_text(encoding="utf-8").encode("cp1252"))
        else:
            raise AssertionError(fault)


class TestVcardFile(Conformance):
    @pytest.fixture
    @override
    def world(self, tmp_path: Path) -> World:
        return VcardFileWorld(tmp_path)


class TestVcardFolder(Conformance):
    many = 50

    @pytest.fixture
    @override
    def world(self, tmp_path: Path) -> World:
        return VcardFolderWorld(tmp_path)


def source(path: Path, **options: Any) -> VcardSource:
    made = settings(kind="vcard", key=(), map={}, options=VcardOptions(path=path, **options))
    return VcardSource(completed(made))


def names(events: list[Event]) -> list[str]:
    return [event.record["FN"] for event in events if isinstance(event, Upsert)]


def test_cards_are_placed_by_line_and_in_a_folder_by_file(tmp_path: Path) -> None:
    path = tmp_path / "all.vcf"
    path.write_text(card("1", "Anna", "5") + card("2", "Bo", "6"))
    events = list(source(path).read(b""))
    assert [event.locator for event in events if isinstance(event, Upsert)] == ["line 1", "line 7"]
    assert events[-1] == Complete(full=True)
    (tmp_path / "z.VCF").write_text("BEGIN:VCARD\nKIND:group\nEND:VCARD\n")
    (tmp_path / "other.txt").write_text("no card")
    events = list(source(tmp_path).read(b""))
    assert names(events) == ["Anna", "Bo"]
    assert events[2] == RejectedRecord("z.VCF, line 1", "a group of other cards, not a contact")


def test_a_code_page_may_be_named_or_is_the_countrys(tmp_path: Path) -> None:
    path = tmp_path / "all.vcf"
    path.write_bytes(b"BEGIN:VCARD\nFN:\xd8ystein\nEND:VCARD\n")
    assert names(list(source(path).read(b""))) == ["Øystein"]
    assert names(list(source(path, encoding="cp1250").read(b""))) == ["Řystein"]
    with pytest.raises(ValueError, match="encoding: bad value"):
        VcardOptions(path=path, encoding="cp9")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_an_old_export_in_utf_16_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "all.vcf"
    whole = "\ufeff" + card("1", "Øystein \u2028 Ж", "5") + card("2", "付款", "6")
    path.write_bytes(whole.encode(encoding))
    made = source(path)
    assert names(list(made.read(b""))) == ["Øystein Ж", "付款"]
    assert made.share_read() == pytest.approx(1, abs=0.01)
    path.write_bytes(whole.encode(encoding)[:-20])
    with pytest.raises(SourceFailed, match="ends inside a vCard"):
        list(made.read(b""))


def test_lines_that_end_by_a_carriage_return_alone_are_read(tmp_path: Path) -> None:
    path = tmp_path / "mac.vcf"
    photo = f"PHOTO;ENCODING=b:{'QUJD' * 800_000}"  # longer than what is read at a time
    cards = [card("1", "Anna Müller", "089 1"), card("2", "Bo", "089 2")]
    cards[0] = cards[0].replace("END:VCARD", f"{photo}\nEND:VCARD")
    text = "".join(cards).replace("\r\n", "\n").replace("\n", "\r")
    path.write_bytes(text.encode())
    found = [event.record for event in source(path).preview(9) if isinstance(event, Upsert)]
    assert [(one["UID"], one["FN"]) for one in found] == [("1", "Anna Müller"), ("2", "Bo")]
    path.write_bytes(text.rstrip("\r").removesuffix("END:VCARD").encode())
    with pytest.raises(SourceFailed, match="cut off"):
        list(source(path).read(b""))


def test_a_file_that_is_replaced_while_it_is_read_fails_the_run(tmp_path: Path) -> None:
    path = tmp_path / "all.vcf"
    path.write_text(card("1", "Anna", "5") + card("2", "Bo", "6"))
    events = source(path).read(b"")
    next(events)
    path.write_text(card("1", "Anna", "5"))
    with pytest.raises(SourceFailed, match="changed while it was read"):
        list(events)


def test_a_folder_that_changes_while_it_is_read_fails_the_run(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.vcf").write_text(card(name, name, "5"))
    for change in (
        lambda: (tmp_path / "d.vcf").write_text(card("d", "d", "5")),
        (tmp_path / "a.vcf").unlink,
        (tmp_path / "c.vcf").unlink,
        lambda: (tmp_path / "b.vcf").write_text(""),
    ):
        events = source(tmp_path).read(b"")
        next(events)
        change()
        with pytest.raises(SourceFailed):
            list(events)


def test_files_dropped_into_a_folder_add_to_it_and_are_deleted(
    tmp_path: Path, store: ContactStore
) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    options = VcardOptions(path=folder, delete_after=True)
    own = settings(kind="vcard", key=(), map={}, options=options)
    for key, name in (("1", "Anna"), ("2", "Bo")):
        (folder / "new.vcf").write_text(card(key, name, "089 99998100"))
        assert sync_source(own, store).state == "done"
        assert list(folder.iterdir()) == []
    assert {contact.display_name for contact in stored(store).values()} == {"Anna", "Bo"}
    report = sync_source(own, store)
    assert (report.state, report.removed) == ("done", 0)


def test_files_of_which_a_card_was_rejected_are_kept(tmp_path: Path, store: ContactStore) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    options = VcardOptions(path=folder, delete_after=True)
    own = settings(kind="vcard", key=(), map={}, options=options)
    group = "BEGIN:VCARD\nVERSION:4.0\nKIND:group\nFN:All\nUID:g\nEND:VCARD\n"
    (folder / "new.vcf").write_text(card("1", "Anna", "089 99998100") + group)
    for _ in range(2):
        report = sync_source(own, store)
        assert (report.state, report.rejected) == ("done", 1)
        assert report.notes == ("new.vcf: not deleted, since 1 record was rejected",)
    assert (folder / "new.vcf").exists()
    (folder / "new.vcf").write_text(card("1", "Anna", "089 99998100"))
    assert sync_source(own, store).notes == ()
    assert list(folder.iterdir()) == []


def test_a_check_says_what_is_there(tmp_path: Path) -> None:
    assert "No such file" in source(tmp_path / "none.vcf").check().faults[0]
    assert source(tmp_path).check().warnings == (f"{tmp_path}: there are no vCards",)
    (tmp_path / "a.vcf").write_text(card("1", "Anna", "5"))
    assert source(tmp_path).check().faults == ()
