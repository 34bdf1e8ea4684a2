from __future__ import annotations

from pathlib import Path

from engine.storefile import make_private


def test_a_new_file_and_its_folder_belong_to_the_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "var" / "contacts.sqlite"
    make_private(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_an_open_file_is_closed_to_others_and_keeps_its_content(tmp_path: Path) -> None:
    path = tmp_path / "contacts.sqlite"
    path.write_bytes(b"kept")
    path.chmod(0o644)
    make_private(path)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"kept", 0o600)
