"""A command that a message names can be pasted: it names the configuration, from any folder."""

from __future__ import annotations

import logging
import shlex
from pathlib import Path

import pytest

from relay.http.registration import StandingAnswer
from relay.tunnel.settings import TunnelSettings
from rufname.challenge import ChallengeWatch
from rufname.cli import run
from rufname.ownership import barred
from rufname.pasting import with_file
from tests.rufname.place import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    folder = tmp_path / "Adressbuch Süd"
    folder.mkdir()
    return Place(folder)


def pasted(said: str, name: str) -> list[str]:
    """Return the arguments of the one command of this name between backquotes."""
    found = [
        words
        for part in said.split("`")[1::2]
        if (words := shlex.split(part))[:2] == ["rufname", name]
    ]
    assert len(found) == 1, said
    return found[0][1:]


def test_every_command_of_a_message_names_the_file() -> None:
    said = with_file("`rufname secret list -c FILE`, `rufname sync -c FILE --full`", Path("/a b"))
    assert said == "`rufname secret list -c '/a b'`, `rufname sync -c '/a b' --full`"
    assert with_file("see the log", Path("/a")) == "see the log"
    assert with_file("`rufname sync -c FILE`", None) == "`rufname sync -c FILE`"


def test_what_a_directory_without_index_advises_makes_one(
    place: Place, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(place.folder)
    assert run(["status"]) == 0
    of_status = pasted(capfd.readouterr().out, "sync")
    assert run(["lookup", "030 23125 001"]) == 3
    of_lookup = pasted(capfd.readouterr().err, "sync")
    monkeypatch.chdir("/")
    assert of_status == of_lookup == ["sync", "-c", str(place.path)]
    assert run(of_lookup) == 0
    assert run(["lookup", "030 23125 001", "-c", str(place.path)]) == 0


def test_to_be_registered_nowhere_is_an_answer_and_keeps_from_inviting(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    assert place.run("register") == 1
    said = capfd.readouterr()
    command = f"rufname register -c {shlex.quote(str(place.path))} --relay URL"
    assert said.out == f"this directory is not registered: {command}\n"
    assert not said.err
    assert place.run("register", "--invite") == 3
    assert command in capfd.readouterr().err


@pytest.mark.parametrize("command", ["check", "preview", "sync", "sync --dry-run"])
def test_a_source_without_key_is_told_what_discovers_one(
    place: Place, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], command: str
) -> None:
    keyed = place.path.read_text(encoding="utf-8")
    place.path.write_text(keyed.replace('key = ["id"]', ""), encoding="utf-8")
    more = ["phonelist"] if command == "preview" else []
    monkeypatch.chdir(place.folder)
    assert run([*command.split(), *more]) != 0
    said = capfd.readouterr().err
    assert pasted(said, "discover") == ["discover", "phonelist", "-c", str(place.path)]


def test_a_release_of_a_run_is_told_as_often_as_its_status_is_shown(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    assert place.run("sync") == 0
    place.write_people([])
    assert place.run("sync") == 3
    first = pasted(capfd.readouterr().err, "sync")
    moved = place.path.rename(place.folder / "moved.toml")
    assert run(["status", "-c", str(moved)]) == 0
    then = pasted(capfd.readouterr().out, "sync")
    assert first == ["sync", "-c", str(place.path), "--source", "phonelist", "--release", "2"]
    assert then == ["sync", "-c", str(moved), *first[3:]]


def test_whoever_wants_the_place_of_a_directory_is_refused_by_the_command_that_is_logged(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    watch = ChallengeWatch(place.folder, TunnelSettings(client_id=""), place.path)
    watch._say(
        StandingAnswer(
            tid="t",
            state="waiting",
            registered_at=1,
            fingerprint="0" * 64,
            nodes=(),
            waiting_until=9,
            waiting_fingerprint="1" * 64,
        )
    )
    caplog.set_level(logging.WARNING)
    assert pasted(caplog.text, "register") == ["register", "-c", str(place.path), "--keep"]


def test_who_may_not_use_a_folder_is_told_a_chown_for_a_folder_with_blanks(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert place.run("sync") == 0
    monkeypatch.setattr("rufname.ownership.os.geteuid", lambda: 4711)
    monkeypatch.setattr("rufname.ownership.os.access", lambda *_: False)
    command = barred(place.folder / "var").rpartition("(")[2].partition(")")[0]
    assert shlex.split(command) == ["chown", "-R", "4711", str(place.folder / "var")]
