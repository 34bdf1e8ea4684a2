from __future__ import annotations

import io

import pytest

from engine.credentials import verify_password
from rufname.cli import run


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
