"""The data-quality report, of a real store, as text and as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.rufname.place import Place

PEOPLE = (
    ("1", "Jürgen Groß", "Beispiel GmbH", "030 23125-001", "j.gross@beispiel.example"),
    ("2", "Gewählt", "", "0 0171 3920012", ""),
    ("3", "Notruf", "", "110", ""),
    ("4", "Notiz", "", "siehe Akte", ""),
    ("5", "Ohne Nummer", "", "", ""),
    ("6", "Anna", "", "030 23125-500", ""),
    ("7", "Bert", "", "030 23125-500", ""),
)
COPY = """
[[source]]
name = "copy"
kind = "csv"
path = "copy.csv"
key = ["id"]
dialplan = "berlin"
map = { display_name = "name", phones.work = "phone" }
"""


@pytest.fixture
def checked(place: Place, capfd: pytest.CaptureFixture[str]) -> Place:
    place.write_people(PEOPLE)
    place.write_config(end=COPY)
    copy = place.folder / "copy.csv"
    copy.write_text('id,name,phone\na,"Gross, Juergen",+493023125001\n', encoding="utf-8")
    assert place.run("sync") == 0
    capfd.readouterr()
    return place


def findings(
    place: Place, capfd: pytest.CaptureFixture[str], *options: str
) -> dict[tuple[str, str | None], dict[str, Any]]:
    assert place.run("quality", "--json", *options) == 0
    said = capfd.readouterr()
    assert said.err == ""
    found = [json.loads(line) for line in said.out.splitlines()]
    return {(each["finding"], each["source"]): each for each in found}


def test_every_finding_is_one_json_object_with_the_setting_that_cures_it(
    checked: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    found = findings(checked, capfd, "--shared", "1")
    assert {key: each["count"] for key, each in found.items()} == {
        ("unreadable", "phonelist"): 1,
        ("country_missing", "phonelist"): 0,
        ("outside_line", "phonelist"): 1,
        ("service_number", "phonelist"): 1,
        ("without_number", "phonelist"): 3,
        ("unreadable", "copy"): 0,
        ("country_missing", "copy"): 0,
        ("outside_line", "copy"): 0,
        ("service_number", "copy"): 0,
        ("without_number", "copy"): 0,
        ("shared", None): 1,
        ("duplicate", None): 1,
    }
    unreadable = found["unreadable", "phonelist"]
    assert unreadable["hints"] == {"no digits": 1}
    assert unreadable["samples"][0]["key"] == "4"
    assert unreadable["samples"][0]["place"] == "line 5"
    settings = {key: [cure["setting"] for cure in each["cures"]] for key, each in found.items()}
    assert settings["unreadable", "phonelist"] == ['source["phonelist"].map.phones']
    assert settings["outside_line", "phonelist"] == ["dialplan.berlin.outside_line"]
    assert settings["shared", None] == ["source.map.company"]
    assert settings["duplicate", None] == ["source.priority"]
    assert settings["unreadable", "copy"] == []


def test_the_outside_line_that_the_report_names_cures_its_finding(
    checked: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    cure = findings(checked, capfd)["outside_line", "phonelist"]["cures"][0]
    table, setting = cure["setting"].rsplit(".", 1)
    plain = checked.path.read_text(encoding="utf-8")
    checked.path.write_text(
        plain.replace(f"[{table}]\n", f'[{table}]\n{setting} = "0"\n'), encoding="utf-8"
    )
    assert checked.run("sync") == 0
    capfd.readouterr()
    assert findings(checked, capfd)["outside_line", "phonelist"]["count"] == 0
    assert checked.run("lookup", "+491713920012") == 0
    assert capfd.readouterr().out.startswith("Gewählt\n")


def test_one_source_alone_is_told_with_what_it_shares_with_others(
    checked: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    found = findings(checked, capfd, "--source", "copy")
    assert {source for _, source in found} == {"copy"}
    assert found["duplicate", "copy"]["count"] == 1
    assert found["duplicate", "copy"]["samples"][0]["detail"] == "also phonelist:1"


def test_the_text_names_counts_samples_and_cures(
    checked: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    assert checked.run("quality", "--samples", "1") == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[:5] == [
        "phonelist: 7 contacts",
        "  numbers that cannot be read: 1",
        "    1 × no digits",
        "    e.g. phonelist:4 (line 5) phones.work: no digits",
        (
            '    cure: source["phonelist"].map.phones: map columns that hold numbers alone, or '
            f"correct the fields in the source; `rufname preview phonelist -c {checked.path}` "
            "shows them as they come"
        ),
    ]
    assert "  contacts without a number: 3" in lines
    place = lines.index("copy: 1 contact")
    assert lines[place + 1 : place + 3] == ["  nothing to report", "all sources together"]


def test_a_second_run_tells_the_same(checked: Place, capfd: pytest.CaptureFixture[str]) -> None:
    before = findings(checked, capfd)
    assert checked.run("sync") == 0
    capfd.readouterr()
    assert findings(checked, capfd) == before


def test_an_unknown_source_is_wrong_use(checked: Place, capfd: pytest.CaptureFixture[str]) -> None:
    assert checked.run("quality", "--source", "phonelst") == 2
    assert 'did you mean "phonelist"' in capfd.readouterr().err


def test_without_a_store_it_says_what_to_do(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    assert place.run("quality") == 3
    assert "sync a source first" in capfd.readouterr().err
