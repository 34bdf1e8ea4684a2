"""`rufname teams-app` as an administrator meets it."""

from __future__ import annotations

import zipfile
from pathlib import Path

from click.testing import CliRunner

from rufname.teamsapp import teams_app

GUID = "AAAAAAAA-bbbb-4ccc-8ddd-eeeeeeeeeeee"


def test_it_writes_the_package_and_says_what_entra_needs(tmp_path: Path) -> None:
    output = tmp_path / "app.zip"
    done = CliRunner().invoke(
        teams_app, ["--host", "Rufname.Firm.example", "--client-id", GUID, "--output", str(output)]
    )
    assert done.exit_code == 0, done.output
    assert f"api://rufname.firm.example/{GUID.lower()}\n" in done.output
    assert "manifest.json" in zipfile.ZipFile(output).namelist()


def test_a_fingerprint_may_be_given_as_it_is_shown(tmp_path: Path) -> None:
    output = tmp_path / "app.zip"
    given = ["--host", "a.example", "--client-id", GUID]
    given += ["--fingerprint", "ABCD " * 16, "--fingerprint", "0" * 64]
    done = CliRunner().invoke(teams_app, [*given, "--message-extension", "--output", str(output)])
    assert done.exit_code == 0, done.output
    manifest = zipfile.ZipFile(output).read("manifest.json").decode()
    assert f"https://a.example/#fp={'abcd' * 16},{'0' * 64}" in manifest
    assert '"composeExtensionType": "apiBased"' in manifest


def test_what_is_wrong_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    output = tmp_path / "app.zip"
    done = CliRunner().invoke(
        teams_app, ["--host", "https://x", "--client-id", GUID, "--output", str(output)]
    )
    assert done.exit_code == 2
    assert "host: got 'https://x'; allowed: a host name in lower case" in done.output
    assert not output.exists()
