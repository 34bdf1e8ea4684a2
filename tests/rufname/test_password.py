from __future__ import annotations

import io

import pytest

from engine.credentials import verify_password
from rufname.cli import run
from tests.rufname.place import Place
from tests.rufname.test_sealing import SOURCE


def typed(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_the_hash_of_the_first_line_is_printed(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed("correct horse, Größe\nmore\n", monkeypatch)
    assert run(["password", "--stdin"]) == 0
    said = capfd.readouterr()
    assert verify_password(said.out.strip(), "correct horse, Größe".encode())
    assert len(said.out.splitlines()) == 1
    assert said.err == ""


@pytest.mark.parametrize("text", ["", "\n", "x" * 5000])
def test_no_password_and_an_endless_one_are_refused_in_words(
    text: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(text, monkeypatch)
    assert run(["password", "--stdin"]) == 3
    said = capfd.readouterr()
    assert said.out == ""
    assert "password" in said.err
    assert "Traceback" not in said.err


def test_what_is_no_text_is_refused_in_words(
    place: Place, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write_config(end=SOURCE)
    for errors in ("strict", "surrogateescape"):  # as in a UTF-8 locale, and in C
        for command in (["password"], ["secret", "set", "erp", "password", "-c", str(place.path)]):
            octets = io.BytesIO(b"ge\xffheim\n")
            monkeypatch.setattr("sys.stdin", io.TextIOWrapper(octets, "utf-8", errors))
            assert run(command) == 3
            assert capfd.readouterr() == ("", "rufname: that is no text in UTF-8\n")
