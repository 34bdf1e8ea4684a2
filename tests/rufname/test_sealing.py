from __future__ import annotations

import io
import shlex

import pytest

from tests.rufname.place import Place

SOURCE = """
[[source]]
name = "erp"
kind = "odbc"
connection = "Driver={PostgreSQL Unicode};Server=127.0.0.1;Port=1;UID=reader"
password = { sealed = true }
query = "SELECT 1 AS id, 2 AS name"
key = ["id"]
connect_timeout_s = 1
[source.map]
display_name = "name"
"""
SECRET = "geheim; {ß}"


def test_a_password_is_sealed_used_and_never_shown(
    place: Place, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write_config(end=SOURCE)
    assert place.run("sync", "--source", "erp") == 3
    command = f"`rufname secret set erp password -c {place.path}`"
    assert command in capfd.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    assert place.run("secret", "set", "erp", "password") == 0
    assert place.run("secret", "list") == 0
    assert place.run("secret", "rotate") == 0
    assert place.run("sync", "--source", "erp") == 3
    assert place.run("check") == 1
    assert place.run("status") == 0
    said = capfd.readouterr()
    assert "erp password" in said.out
    assert "sealed anew: 1" in said.out
    assert "Connection refused" in said.err
    assert "geheim" not in said.out + said.err
    for path in place.folder.rglob("*"):
        assert path.is_dir() or b"geheim" not in path.read_bytes()
    assert place.run("secret", "forget", "erp", "password") == 0
    assert place.run("secret", "forget", "erp", "password") == 1


def test_a_secret_is_sealed_before_the_source_that_needs_it_has_a_key_and_a_map(
    place: Place, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write_config(end=SOURCE.partition("key = ")[0])
    assert place.run("discover", "erp") == 3
    assert f"`rufname secret set erp password -c {place.path}`" in capfd.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    assert place.run("secret", "set", "erp", "password") == 0
    assert place.run("secret", "list") == 0
    assert place.run("discover", "erp") == 3
    assert "`rufname secret" not in capfd.readouterr().err


def test_the_command_that_seals_can_be_pasted_whatever_the_source_is_called(
    place: Place, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    named = SOURCE.replace('name = "erp"', 'name = "ERP"\nid = "Kunden & Co"')
    place.write_config(end=named)
    assert place.run("sync", "--source", "ERP") == 3
    command = capfd.readouterr().err.split("`")[1]
    program, *arguments = shlex.split(command)
    words = ["secret", "set", "Kunden & Co", "password", "-c", str(place.path)]
    assert (program, arguments) == ("rufname", words)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    assert place.run(*arguments) == 0
    assert place.run("sync", "--source", "ERP") == 3
    assert "Connection refused" in capfd.readouterr().err


def test_what_cannot_be_sealed_is_refused(
    place: Place, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write_config(end=SOURCE)
    assert place.run("secret", "set", "erp", "query") != 0
    assert "its secrets: password" in capfd.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert place.run("secret", "set", "erp", "password") != 0
    assert "empty" in capfd.readouterr().err


def test_the_place_of_a_sealed_secret_cannot_be_written(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    place.write_config(
        end=SOURCE.replace(
            "sealed = true", 'sealed = true, place = { folder = "x", source = "a", field = "b" }'
        )
    )
    assert place.run("check") == 1
    assert "unknown key place" in capfd.readouterr().err
