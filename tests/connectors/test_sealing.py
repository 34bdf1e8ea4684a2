from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import SecretUnavailable
from connectors.sealing import KEY_CREDENTIAL, KEY_FILE, SECRETS_FILE, SealedSecrets
from connectors.settings import SealedPlace, SecretRef, SettingFault

SECRET = "les;en}x ß付"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "var" / "keys"


def test_what_was_sealed_is_read_and_stands_nowhere_in_clear(keys: Path) -> None:
    SealedSecrets(keys).seal("crm", "password", SECRET)
    assert SealedSecrets(keys).read("crm", "password") == SECRET
    place = SealedPlace(keys, "crm", "password")
    assert SecretRef(sealed=True, place=place).read() == SECRET
    for path in keys.iterdir():
        assert SECRET.encode() not in path.read_bytes()
        assert path.stat().st_mode & 0o777 == 0o600
    assert keys.stat().st_mode & 0o077 == 0


def test_a_secret_moved_to_another_source_or_field_does_not_open(keys: Path) -> None:
    store = SealedSecrets(keys)
    store.seal("crm", "password", SECRET)
    file = keys / SECRETS_FILE
    data = json.loads(file.read_text())
    blob = data["secrets"]["crm/password"]
    data["secrets"] |= {"erp/password": blob, "crm/connection": blob}
    file.write_text(json.dumps(data))
    for source, field in (("erp", "password"), ("crm", "connection")):
        with pytest.raises(SecretUnavailable, match="does not open") as failure:
            store.read(source, field)
        assert SECRET not in str(failure.value)
    assert store.names() == (("crm", "connection"), ("crm", "password"), ("erp", "password"))


def test_a_changed_bit_does_not_open(keys: Path) -> None:
    store = SealedSecrets(keys)
    store.seal("crm", "password", SECRET)
    file = keys / SECRETS_FILE
    data = json.loads(file.read_text())
    blob = data["secrets"]["crm/password"]
    data["secrets"]["crm/password"] = blob[:-4] + ("AAA=" if blob[-4:] != "AAA=" else "BBB=")
    file.write_text(json.dumps(data))
    with pytest.raises(SecretUnavailable):
        store.read("crm", "password")


def test_what_is_missing_is_named(keys: Path) -> None:
    store = SealedSecrets(keys)
    assert store.names() == ()
    with pytest.raises(SecretUnavailable, match="rufname secret set crm password"):
        store.read("crm", "password")
    store.seal("crm", "password", SECRET)
    (keys / KEY_FILE).unlink()
    for attempt in (
        lambda: store.read("crm", "password"),
        lambda: store.seal("crm", "other", "x"),
        store.rotate,
    ):
        with pytest.raises(SecretUnavailable, match=r"No such file.*: put that key back"):
            attempt()
        assert not (keys / KEY_FILE).exists()
    (keys / KEY_FILE).write_text("00")
    with pytest.raises(SecretUnavailable, match="no key of 64 digits"):
        store.read("crm", "password")
    (keys / KEY_FILE).write_text("00" * 32)
    for attempt in (
        lambda: store.read("crm", "password"),
        lambda: store.seal("crm", "other", "x"),
    ):
        with pytest.raises(SecretUnavailable, match="another key"):
            attempt()


def test_after_a_key_was_lost_secrets_are_forgotten_and_set_anew(keys: Path) -> None:
    store = SealedSecrets(keys)
    store.seal("crm", "password", SECRET)
    (keys / KEY_FILE).unlink()
    assert store.forget("crm", "password")
    store.seal("crm", "password", "another")
    assert store.read("crm", "password") == "another"


def test_a_new_key_seals_everything_anew_and_the_old_one_opens_nothing(keys: Path) -> None:
    store = SealedSecrets(keys)
    store.seal("crm", "password", SECRET)
    store.seal("erp", "password", "other")
    old = (keys / KEY_FILE).read_text()
    assert store.rotate() == 2
    assert store.read("crm", "password") == SECRET
    assert store.read("erp", "password") == "other"
    (keys / KEY_FILE).write_text(old)
    with pytest.raises(SecretUnavailable, match="another key"):
        store.read("crm", "password")


@pytest.mark.parametrize("written", [False, True])
def test_a_new_key_that_was_cut_off_loses_nothing(keys: Path, *, written: bool) -> None:
    store = SealedSecrets(keys)
    store.seal("crm", "password", SECRET)
    old, sealed = (keys / KEY_FILE).read_text(), (keys / SECRETS_FILE).read_text()
    store.rotate()
    # as it was between its steps: the new key waits, and the file is of the old or the new one
    (keys / f"{KEY_FILE}.new").write_text((keys / KEY_FILE).read_text())
    (keys / KEY_FILE).write_text(old)
    if not written:
        (keys / SECRETS_FILE).write_text(sealed)
    assert store.read("crm", "password") == SECRET


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_seals_in_a_services_folder_the_service_can_read(tmp_path: Path) -> None:
    os.chown(tmp_path, 4_711, 4_712)
    keys = tmp_path / "keys"
    SealedSecrets(keys).seal("erp", "password", "geheim")
    SealedSecrets(keys).rotate()
    assert {path.name for path in keys.iterdir()} == {"secrets.key", "secrets.sealed"}
    for path in (keys, *keys.iterdir()):
        assert (path.stat().st_uid, path.stat().st_gid) == (4_711, 4_712)


def test_a_secret_is_forgotten(keys: Path) -> None:
    store = SealedSecrets(keys)
    store.seal("crm", "password", SECRET)
    assert store.forget("crm", "password")
    assert not store.forget("crm", "password")
    assert store.names() == ()


def test_the_key_may_be_a_credential_of_systemd(
    keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / KEY_CREDENTIAL).write_text("ab" * 32 + "\n")
    keys.mkdir(parents=True)
    store = SealedSecrets(keys)
    store.seal("crm", "password", SECRET)
    assert store.read("crm", "password") == SECRET
    assert not (keys / KEY_FILE).exists()
    with pytest.raises(SecretUnavailable, match="credential of systemd"):
        store.rotate()


def test_a_secret_may_be_a_credential_of_systemd(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "crm").write_text(f"{SECRET}\n", encoding="utf-8")
    assert SecretRef(credential="crm").read() == SECRET
    for name in ("none", "../crm"):
        with pytest.raises(SecretUnavailable, match="LoadCredential"):
            SecretRef(credential=name).read()
    with pytest.raises(SettingFault, match="credential: names nothing"):
        SecretRef(credential="")


def test_a_damaged_file_is_named(keys: Path) -> None:
    keys.mkdir(parents=True)
    (keys / SECRETS_FILE).write_text("{}")
    with pytest.raises(SecretUnavailable, match="damaged"):
        SealedSecrets(keys).names()


@given(st.text(max_size=50), st.text(st.characters(codec="utf-8"), max_size=50))
def test_every_text_comes_back(
    tmp_path_factory: pytest.TempPathFactory, name: str, text: str
) -> None:
    name = name.encode("utf-8", "ignore").decode()
    keys = tmp_path_factory.mktemp("keys")
    SealedSecrets(keys).seal(name, "password", text)
    assert SealedSecrets(keys).read(name, "password") == text
