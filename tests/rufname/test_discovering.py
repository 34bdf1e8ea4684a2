from __future__ import annotations

import json
import sys
import tomllib

import pytest

from tests.rufname.place import PEOPLE, Place

DRAFT = """
[directory]
data_dir = "var"

[[source]]
name = "list"
kind = "csv"
path = "people.csv"
"""


def test_a_preview_shows_raw_and_normalised_side_by_side_and_what_is_rejected(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    place.write_people(
        [("1", "Ada [red]Muster", "", "030 23125-002", ""), ("2", "Eva", "", "x", "")]
    )
    assert place.run("preview", "phonelist", "--rows", "2") == 0
    said = capfd.readouterr().out
    (line,) = [line for line in said.splitlines() if "030 23125-002" in line]
    assert line.index("phones.work") < line.index("030 23125-002") < line.index("+493023125002")
    assert "(on the trunk +493023125)" in line
    assert "Ada [red]Muster" in said
    assert "not mapped: id = 1" in said
    assert "field phones.work rejected: " in said
    assert "2 records of phonelist; nothing was stored" in said
    assert not place.config.store_path.exists()


def test_a_preview_shows_what_a_terminal_would_act_on_or_make_a_picture_of(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    company = "Phones & Co.@" + "x" * 200
    place.write_people(
        [("00:ab:cd:12", "Ada\x1b]0;mine\x07 :key:", company, "030 23125-002\x1b[2J", "y" * 5000)]
    )
    assert place.run("preview", "phonelist") == 0
    said = capfd.readouterr().out
    assert "line 2, key 00:ab:cd:12" in said
    assert r"Ada\x1b]0;mine\x07 :key:" in said
    assert r"030 23125-002\x1b[2J" in said
    assert said.count("x") > 2 * 200
    assert 1_000 <= said.count("y") < 1_100
    assert "(5,000" in said
    assert not {"\x1b", "\x07"} & {*said}


def test_a_source_without_key_and_map_is_discovered(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    place.path.write_text(DRAFT)
    assert place.run("sync") in {2, 3}
    capfd.readouterr()
    assert place.run("discover", "list") == 0
    said = capfd.readouterr().out
    assert [line.split() for line in said.splitlines()[:3]] == [
        ["field", "type", "may", "be"],
        ["id", "number", "key"],
        ["name", "text", "key"],
    ]
    draft = tomllib.loads(said[said.index("key = ") :])
    assert draft == {
        "key": ["id"],
        "source": {
            "map": {
                "display_name": "name",
                "company": "company",
                "phones": {"work": "phone"},
                "emails": "mail",
            }
        },
    }
    place.path.write_text(DRAFT + said[said.index("key = ") :])
    assert place.run("sync") == 0
    assert f"{len(PEOPLE)} added" in capfd.readouterr().out


def test_a_mapped_field_that_is_lost_is_named(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    text = place.people.read_text()
    assert text.startswith("id")
    place.people.write_text(text.replace("phone", "telephone", 1))
    assert place.run("discover", "phonelist") == 0
    said = capfd.readouterr().out
    assert "# mapped, but not among these fields: phone\n" in said
    assert "# not mapped: telephone\n" in said


TAP = """
import json
phones = [{"type": "work", "number": "089 1"}, {"type": "pager", "number": "089 2"}]
record = {"id": 1, "phones": phones, "mails": [{"address": "a@b.example"}]}
print(json.dumps({"type": "RECORD", "stream": "people", "record": record}))
"""


def test_a_path_that_chooses_of_a_list_is_no_lost_field(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    (place.folder / "tap.py").write_text(TAP)
    command = json.dumps([sys.executable, str(place.folder / "tap.py")])
    place.path.write_text(
        f"""[[source]]
name = "list"
kind = "singer"
command = {command}
key = ["id"]
[source.map]
phones.work = "phones[type=work].number"
phones.fax = "faxes[0]"
emails = "mails[0].address"
"""
    )
    assert place.run("discover", "list") == 0
    said = capfd.readouterr().out
    assert "# mapped, but not among these fields: faxes[0]\n" in said
    assert "# not mapped: phones.type\n" in said


def test_a_time_of_change_is_suggested_for_the_map(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    place.path.write_text(DRAFT)
    place.people.write_text("id;name;modified\n1;A;2026-11-27T09:00:00\n2;B;2026-11-27T10:00:00\n")
    assert place.run("discover", "list") == 0
    said = capfd.readouterr().out
    assert "modified  time    key, change" in said
    place.path.write_text(DRAFT + said[said.index("key = ") :])
    assert place.config.source("list").map == {"display_name": "name", "changed": "modified"}


def test_what_a_source_has_is_shown_as_it_is(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    assert place.run("discover", "phonelist") == 0
    said = capfd.readouterr().out
    assert 'phones.work = "phone"' in said
    assert "not mapped" not in said
    assert place.run("discover", "other") == 2
