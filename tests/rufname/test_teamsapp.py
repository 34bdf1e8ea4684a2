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


def test_what_is_wrong_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    output = tmp_path / "app.zip"
    done = CliRunner().invoke(
        teams_app, ["--host", "https://x", "--client-id", GUID, "--output", str(output)]
    )
    assert done.exit_code == 2
    assert "host: got 'https://x'; allowed: a host name in lower case" in done.output
    assert not output.exists()
