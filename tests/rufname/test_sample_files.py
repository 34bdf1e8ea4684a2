from __future__ import annotations

import csv
import sqlite3
from base64 import b64decode
from contextlib import closing
from pathlib import Path

import pytest

from rufname.sample import contacts
from rufname.sample_contact import PROBES
from rufname.sample_files import (
    CRM_COLUMNS,
    CRM_MAP,
    CRM_QUERY,
    PHONE_LIST_COLUMNS,
    PHONE_LIST_MAP,
    write_crm,
    write_ldif,
    write_phone_list,
)


def test_the_crm_has_one_row_for_each_contact(tmp_path: Path) -> None:
    path = tmp_path / "crm.sqlite"
    assert write_crm(path, contacts(500)) == 500
    with closing(sqlite3.connect(path)) as database:
        cursor = database.execute(f"{CRM_QUERY} ORDER BY contact_no")
        assert tuple(column[0] for column in cursor.description) == CRM_COLUMNS
        rows = [dict(zip(CRM_COLUMNS, row, strict=True)) for row in cursor]
    assert len(rows) == 500
    for row, made in zip(rows, contacts(500), strict=True):
        assert row["contact_no"] == int(made.key)
        assert row["name"] == (made.written_name or made.name)
        work = [line.written for line in made.lines if line.kind == "work"]
        assert [row["phone1"], row["phone2"]] == [*work, "", ""][:2]
    assert rows[15]["name"].endswith("\u202e\x07")


def test_a_second_crm_in_the_same_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "crm.sqlite"
    write_crm(path, contacts(3))
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        write_crm(path, contacts(3))
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM contact_view").fetchone() == (3,)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_phone_list_keeps_every_sign_in_unicode(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "liste.csv"
    assert write_phone_list(path, contacts(300), encoding) == 300
    with path.open(encoding=encoding, newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert tuple(rows[0]) == PHONE_LIST_COLUMNS
    for row, made in zip(rows, contacts(300), strict=True):
        assert row["Name"] == (made.written_name or made.name)
        assert row["Nr"] == made.key


def test_the_phone_list_writes_question_marks_for_what_cp1252_lacks(tmp_path: Path) -> None:
    path = tmp_path / "liste.csv"
    write_phone_list(path, PROBES)
    with path.open(encoding="cp1252", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert rows[1]["Name"] == "Ø Ù Ú Û ?"
    assert rows[2]["Name"] == "Jörg Großmann-Weiß"
    assert rows[13]["Name"] == PROBES[13].name


def test_the_field_maps_name_columns_that_exist() -> None:
    for mapping, columns in ((CRM_MAP, CRM_COLUMNS), (PHONE_LIST_MAP, PHONE_LIST_COLUMNS)):
        for rule in mapping.values():
            assert set((rule,) if isinstance(rule, str) else rule) <= set(columns)
    assert PHONE_LIST_MAP["phones.work"] == ("Telefon", "Telefon 2")


def test_ldif_is_ascii_and_says_each_name_and_number(tmp_path: Path) -> None:
    path = tmp_path / "entries.ldif"
    assert write_ldif(path, contacts(400), "dc=probe") == 400
    blocks = path.read_text(encoding="ascii").split("\n\n")
    assert blocks[0].startswith("dn: dc=probe\n")
    entries = [block for block in blocks if "inetOrgPerson" in block]
    assert len(entries) == 400
    for block, made in zip(entries, contacts(400), strict=True):
        lines = block.splitlines()
        assert lines[0] == f"dn: uid={made.key},ou=contacts,dc=probe"
        shown = next(line for line in lines if line.startswith("displayName:"))
        text = shown.removeprefix("displayName:")
        value = b64decode(text[2:]).decode() if text.startswith(": ") else text[1:]
        assert value == made.name
        for line in made.lines:
            for number in line.truth:
                assert number.extension or f": +{number.digits}" in block
