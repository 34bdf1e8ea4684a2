from __future__ import annotations

import pytest

from rufname.cli import run
from rufname.options import CONFIG_VARIABLE
from tests.rufname.place import Place


def test_the_configuration_may_be_named_by_the_environment(
    place: Place, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CONFIG_VARIABLE, str(place.path))
    assert run(["status"]) == 0
    assert "phonelist" in capfd.readouterr().out


def test_without_a_name_it_is_looked_for_here(
    place: Place, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.folder)
    assert run(["status"]) == 0
    monkeypatch.chdir("/")
    assert run(["status"]) == 2
    assert "no rufname.toml here: name the configuration by -c FILE" in capfd.readouterr().err
    assert run(["status", "-c", "other.toml"]) == 2
    assert "other.toml: cannot be read: No such file" in capfd.readouterr().err
