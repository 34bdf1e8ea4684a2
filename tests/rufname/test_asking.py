from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.errors import CorruptIndex
from engine.index import ContactIndex
from tests.rufname.place import Place

KNOWN = "+493023125001"


def test_lookup_prints_the_name_alone_in_its_first_line(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    assert synced.run("lookup", KNOWN) == 0
    said = capfd.readouterr()
    assert said.out.splitlines() == [
        "Jürgen Groß",
        "  Beispiel GmbH · work +49 30 23125001 · class 2: exact number",
        "  from phonelist (phonelist:1)",
    ]
    assert said.err == ""


def test_lookup_as_json_prints_one_object(synced: Place, capfd: pytest.CaptureFixture[str]) -> None:
    assert synced.run("lookup", "030 23125-001", "--client", "sbc", "--json") == 0
    lines = capfd.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [
        {
            "name": "Jürgen Groß",
            "class": 2,
            "number": KNOWN,
            "id": "phonelist:1",
            "source": "phonelist",
            "runners_up": 0,
        }
    ]


def test_lookup_reads_the_number_as_the_client_writes_it(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    assert synced.run("lookup", "001", "--client", "sbc", "--json") == 0
    answer = json.loads(capfd.readouterr().out)
    assert (answer["name"], answer["class"]) == ("Jürgen Groß", 1)
    assert synced.run("lookup", "001", "--json") == 1


def test_lookup_answers_in_the_clients_classes_alone(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    synced.write_config(end="classes = [1, 3]")
    assert synced.run("lookup", "001", "--client", "sbc") == 0
    assert synced.run("lookup", KNOWN) == 0
    capfd.readouterr()
    assert synced.run("lookup", KNOWN, "--client", "sbc", "--explain") == 1
    assert "class 2" in capfd.readouterr().err


def test_lookup_explains_every_step(synced: Place, capfd: pytest.CaptureFixture[str]) -> None:
    assert synced.run("lookup", KNOWN, "--explain") == 0
    assert "E.164 with +" in capfd.readouterr().out
    assert synced.run("lookup", KNOWN, "--explain", "--json") == 0
    answer = json.loads(capfd.readouterr().out)
    assert answer["name"] == "Jürgen Groß"
    explanation = answer["explanation"]
    assert explanation["rule"] == "E.164 with +"
    assert [each["class"] for each in explanation["classes"]] == [1, 2, 3, 4, 5]
    assert explanation["classes"][1]["candidates"][0]["id"] == "phonelist:1"


def test_lookup_explains_nobody_on_standard_error_and_as_json(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    assert synced.run("lookup", "112", "--explain", "--json") == 1
    said = capfd.readouterr()
    assert said.out == ""
    explanation = json.loads(said.err)
    assert explanation["classes"][0]["class"] == 0
    assert "service number" in explanation["classes"][0]["outcome"]


def test_lookup_tells_the_administrator_what_a_client_may_not_see(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    synced.write_config(more='visible_to = ["anna"]')
    assert synced.run("lookup", KNOWN, "--client", "sbc", "--explain") == 1
    said = capfd.readouterr().err
    assert "nobody visible (1 hidden)" in said
    assert "hidden: visible_to of phonelist does not name sbc" in said


@pytest.mark.parametrize("number", ["+498999998999", "", "anonymous", "no number", "0" * 500])
@pytest.mark.parametrize("options", [[], ["--json"], ["--explain"]])
def test_nobody_is_exit_code_1_and_no_output(
    synced: Place, capfd: pytest.CaptureFixture[str], number: str, options: list[str]
) -> None:
    assert synced.run("lookup", number, *options) == 1
    said = capfd.readouterr()
    assert said.out == ""
    assert bool(said.err) == ("--explain" in options)


def test_search_prints_hits_for_people(synced: Place, capfd: pytest.CaptureFixture[str]) -> None:
    assert synced.run("search", "gross jur") == 0
    assert capfd.readouterr().out.splitlines() == [
        "Jürgen Groß",
        "  Beispiel GmbH",
        "  work +49 30 23125001 · j.gross@beispiel.example",
        "  from phonelist (phonelist:1)",
    ]


def test_search_as_json_prints_one_hit_a_line(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    assert synced.run("search", "beispiel", "--json", "--explain") == 0
    hits = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert {hit["name"] for hit in hits} == {"Jürgen Groß", "Ada Muster"}
    hit = next(hit for hit in hits if hit["id"] == "phonelist:1")
    assert hit["company"] == "Beispiel GmbH"
    assert hit["numbers"] == [{"kind": "work", "e164": KNOWN, "display": "+49 30 23125001"}]
    assert hit["emails"] == ["j.gross@beispiel.example"]
    assert hit["source"] == "phonelist"
    assert hit["matched"]
    assert hit["explanation"]["steps"]


def test_search_folds_the_people_of_a_company_if_asked_for(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    assert synced.run("search", "beispiel", "--fold") == 0
    lines = capfd.readouterr().out.splitlines()
    assert (lines[0], lines[-1]) == ("Ada Muster", "  also there: Jürgen Groß")
    assert synced.run("search", "beispiel", "--fold", "--json") == 0
    (hit,) = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [each["name"] for each in hit["folded"]] == ["Jürgen Groß"]


def test_search_goes_on_behind_a_crowd_of_one_person(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    crowd = [(f"q{key:03}", "Quirin Quast", "", "030 23125300", "") for key in range(700)]
    place.write_people(
        [*crowd, ("q", "Xaver Quastel", "", "", ""), ("z", "Zoe Quastel", "", "", "")]
    )
    assert place.run("sync") == 0
    capfd.readouterr()
    assert place.run("search", "quast", "--json") == 0
    hits = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [hit["name"] for hit in hits] == ["Quirin Quast", "Xaver Quastel", "Zoe Quastel"]
    assert place.run("search", "quast", "--limit", "2", "--explain") == 0
    said = capfd.readouterr()
    assert "  hit 2     'Xaver Quastel': " in said.out
    assert said.err == "2 of 100 or more shown; --limit shows more\n"


def test_search_gives_no_more_hits_than_asked_for(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    assert synced.run("search", "beispiel", "--limit", "1", "--json") == 0
    assert len(capfd.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize("text", ["", "nobody has this name", "*"])
def test_a_search_that_finds_nobody_is_exit_code_1(
    synced: Place, capfd: pytest.CaptureFixture[str], text: str
) -> None:
    assert synced.run("search", text, "--json") == 1
    assert capfd.readouterr().out == ""


def test_search_explains_nobody_on_standard_error_as_json_too(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    assert synced.run("search", "nobody", "--explain", "--json") == 1
    said = capfd.readouterr()
    assert said.out == ""
    assert json.loads(said.err)["steps"][0]["result"] == "'nobody'"


def test_a_user_sees_only_the_sources_that_are_visible_to_it(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    synced.write_config(more='visible_to = ["anna"]')
    assert synced.run("search", "ada", "--user", "anna") == 0
    assert synced.run("search", "ada", "--user", "bert") == 1
    assert synced.run("search", "ada") == 0
    assert synced.run("lookup", KNOWN, "--client", "sbc") == 1
    capfd.readouterr()


def test_an_unknown_client_is_wrong_use_and_names_those_there_are(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    assert synced.run("lookup", KNOWN, "--client", "sbx") == 2
    assert 'did you mean "sbc"' in capfd.readouterr().err


def test_a_directory_that_was_never_synced_is_a_fault_that_says_what_to_do(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    assert place.run("lookup", KNOWN) == 3
    assert "rufname sync" in capfd.readouterr().err


def test_an_index_that_can_only_be_read_is_not_said_to_need_building(
    synced: Place, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_lock(*_: object) -> ContactIndex:
        raise CorruptIndex("Read-only file system")

    monkeypatch.setattr("rufname.opening.ContactIndex.open", no_lock)
    monkeypatch.setattr("rufname.opening.os.access", lambda path, _: Path(path).name != "index")
    assert synced.run("lookup", "001") == 3
    said = capfd.readouterr().err
    assert "may not be written" in said
    assert "anew" not in said


def test_an_index_that_cannot_be_used_is_told_with_what_builds_it_anew(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    index = synced.folder / "var" / "index"
    for file in index.glob("*/*.term"):
        file.unlink()
    anew = f"`rufname sync -c {synced.folder / 'rufname.toml'}`"
    for asked in (("lookup", KNOWN), ("search", "ada"), ("status",)):
        assert synced.run(*asked) == 3
        said = capfd.readouterr()
        assert f"builds the index anew from the contact store, or {anew}" in said.out + said.err
        assert "none yet" not in said.out
    assert synced.run("sync") == 0
    assert synced.run("lookup", KNOWN) == 0
