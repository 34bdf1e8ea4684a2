from __future__ import annotations

import pytest

from rufname.listening import bound_port, listen_on
from tests.rufname.place import SERVICES, Place


def test_a_check_without_fault_names_what_it_tried(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    place.write_config(end=SERVICES)
    assert place.run("check") == 0
    said = capfd.readouterr()
    assert [line.partition(" (")[0] for line in said.out.splitlines()] == [
        f"ok: {place.path}",
        "ok: source phonelist",
        "ok: ldap://127.0.0.1:0",
        "ok: http://127.0.0.1:0",
    ]


def test_a_check_names_every_fault_and_is_exit_code_1(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    with listen_on("127.0.0.1", 0, "") as taken:
        port = bound_port(taken)
        place.write_config(end=SERVICES.replace("127.0.0.1:0", f"127.0.0.1:{port}"))
        place.people.unlink()
        assert place.run("check") == 1
    faults = [line for line in capfd.readouterr().err.splitlines() if line.startswith("fault:")]
    assert len(faults) == 3
    assert "people.csv" in faults[0]
    assert f"ldap://127.0.0.1:{port}" in faults[1]
    assert f"http://127.0.0.1:{port}" in faults[2]


def test_a_data_folder_that_cannot_be_made_is_a_fault(
    place: Place, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = place.path.read_text(encoding="utf-8")
    place.path.write_text(text.replace('"var"', '"people.csv/var"'), encoding="utf-8")
    assert place.run("check") == 1
    said = capfd.readouterr().err
    assert f"fault: {place.path}: directory.data_dir: {place.people} is no folder" in said
    place.path.write_text(text, encoding="utf-8")
    monkeypatch.setattr("rufname.checking.os.access", lambda path, _mode: path != place.folder)
    assert place.run("check") == 1
    said = capfd.readouterr().err
    assert f"directory.data_dir: {place.folder} may not be written" in said
    assert not (place.folder / "var").exists()


def test_a_data_folder_that_cannot_be_entered_is_a_fault_like_any_other(
    synced: Place, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = synced.folder / "var" / "run"
    monkeypatch.setattr("rufname.checking.os.access", lambda path, _mode: path != run)
    monkeypatch.setattr("rufname.checking.read_status", lambda _run: 1 / 0)  # as it would fail
    synced.people.unlink()
    assert synced.run("check") == 1
    faults = capfd.readouterr().err
    assert f"fault: {synced.path}: directory.data_dir: {run} may not be written" in faults
    assert "fault: source phonelist: " in faults


def test_a_check_of_a_bad_configuration_names_each_fault_and_is_exit_code_1(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    place.write_config(more='prioritty = 7\nevery = "soon"')
    assert place.run("check") == 1
    faults = capfd.readouterr().err.splitlines()
    assert len(faults) == 2
    assert all(line.startswith(f"fault: {place.path}: ") for line in faults)


def test_other_commands_call_a_bad_configuration_wrong_use(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    place.write_config(more="prioritty = 7")
    assert place.run("sync") == 2
    assert "prioritty" in capfd.readouterr().err


def test_a_lost_column_is_a_fault_that_names_it(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    place.people.write_text("id,name\n1,Ada\n", encoding="utf-8")
    assert place.run("check") == 1
    assert "'phone'" in capfd.readouterr().err


def test_a_preview_of_a_source_that_fails_is_a_fault(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    place.people.unlink()
    assert place.run("preview", "phonelist") == 3
    assert "people.csv" in capfd.readouterr().err


def test_a_preview_of_an_unknown_source_is_wrong_use(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    assert place.run("preview", "crm") == 2
    assert "there is: phonelist" in capfd.readouterr().err
