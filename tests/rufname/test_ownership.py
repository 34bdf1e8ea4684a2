from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rufname.ownership import ForeignFolder, barred, require_own
from tests.rufname.place import SERVICES, Place

SERVICE = 4_711
"""A user that no system has a name for."""

Become = Callable[[int], None]


@pytest.fixture
def become(place: Place, monkeypatch: pytest.MonkeyPatch) -> Become:
    """Make this process another user, as far as files of mode 0600 go."""

    def as_user(user: int) -> None:
        really = os.access

        def access(path: Path, mode: int) -> bool:
            inside = Path(path).is_relative_to(place.folder / "var")
            return Path(path).stat().st_uid == user if inside else really(path, mode)

        monkeypatch.setattr("rufname.ownership.os.geteuid", lambda: user)
        monkeypatch.setattr("rufname.ownership.os.access", access)

    return as_user


@pytest.fixture
def synced(place: Place) -> Place:
    place.write_config(end=SERVICES)
    assert place.run("sync") == 0
    return place


def test_a_folder_that_is_not_there_is_anybodys(tmp_path: Path, become: Become) -> None:
    become(SERVICE)
    require_own(tmp_path / "var")


def test_the_own_folder_may_be_used(synced: Place) -> None:
    require_own(synced.config.data_dir)


def test_a_folder_of_another_user_is_named_with_both_users_and_the_cure(
    synced: Place, become: Become
) -> None:
    become(SERVICE)
    folder = synced.config.data_dir
    with pytest.raises(ForeignFolder) as refused:
        require_own(folder)
    assert str(refused.value).startswith(f"{folder} belongs to ")
    assert f"(chown -R {SERVICE} {folder})" in str(refused.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("left", ["contacts.sqlite", "run/writer.lock", "index"])
def test_one_file_that_another_user_left_is_named(synced: Place, become: Become, left: str) -> None:
    folder = synced.config.data_dir
    for path in (folder, *folder.rglob("*")):
        os.chown(path, SERVICE, -1, follow_symlinks=False)
    become(SERVICE)
    assert barred(folder) == ""
    os.chown(folder / left, 0, -1)
    assert barred(folder).startswith(f"{folder / left} belongs to root")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_root_leaves_nothing_in_the_folder_of_a_service(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    os.chown(synced.config.store_path, SERVICE, -1)
    before = sorted(synced.config.data_dir.rglob("*"))
    capfd.readouterr()
    for command in ("sync", "serve"):
        assert synced.run(command) == 3
        said = capfd.readouterr().err
        assert f"contacts.sqlite belongs to {SERVICE}" in said
        assert f"runuser -u {SERVICE}" in said
    assert sorted(synced.config.data_dir.rglob("*")) == before
    assert synced.run("lookup", "001", "--client", "sbc") == 0  # looking does no harm


@pytest.mark.parametrize(
    "command",
    [("lookup", "001"), ("search", "ada"), ("status",), ("quality",), ("trace", "--last")],
    ids=lambda command: str(command[0]),
)
def test_whoever_is_kept_out_is_told_why_and_not_to_build_the_index(
    synced: Place, become: Become, capfd: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    become(SERVICE)
    capfd.readouterr()
    assert synced.run(*command) == 3
    said = capfd.readouterr().err
    assert f"and {SERVICE} may not use it" in said
    assert "anew" not in said


def test_a_check_names_a_folder_of_another_user_and_goes_on(
    synced: Place, become: Become, capfd: pytest.CaptureFixture[str]
) -> None:
    become(SERVICE)
    capfd.readouterr()
    assert synced.run("check") == 1
    said = capfd.readouterr()
    assert f"directory.data_dir: {synced.config.data_dir} belongs to" in said.err
    assert "ok: ldap://127.0.0.1:0" in said.out
