"""Private keys on disk: made once, readable by their owner only, changed daily, gone when over."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.errors import BundleRefused, KeysUnusable
from relay.octets import encode_octets
from relay.tunnel.keyring import (
    EXCHANGE_FILE,
    IDENTITY_FILE,
    PERIOD_S,
    KeyRing,
    read_secret,
    write_secret,
)
from relay.tunnel.keys import KeyBundle
from relay.tunnel.suites import Suite, public_octets

TID = "11111111-2222-4333-8444-555555555555"
DAY = 20_000
NOON = DAY * PERIOD_S + PERIOD_S // 2


def bundle_of(ring: KeyRing, now_s: float) -> KeyBundle:
    return ring.bundle(now_s).verify(TID, ring.identity.public)


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing.create(tmp_path / "keys", TID, NOON)


def test_the_files_are_their_owners_only_and_are_read_again(ring: KeyRing, tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    for name in (IDENTITY_FILE, EXCHANGE_FILE):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in folder.iterdir()) == [EXCHANGE_FILE, IDENTITY_FILE]
    again = KeyRing.load(folder)
    assert again is not None
    assert again.tid == TID
    assert again.identity.public == ring.identity.public
    assert bundle_of(again, NOON) == bundle_of(ring, NOON)


def test_a_folder_without_keys_holds_none(tmp_path: Path) -> None:
    assert KeyRing.load(tmp_path) is None


def test_keys_are_never_made_over_others(ring: KeyRing, tmp_path: Path) -> None:
    with pytest.raises(KeysUnusable, match="is there already"):
        KeyRing.create(tmp_path / "keys", TID, NOON)
    with pytest.raises(KeysUnusable, match="is there already"):
        KeyRing.receive(tmp_path / "keys", ring.hand_over())


@pytest.mark.usefixtures("ring")
@pytest.mark.parametrize("name", [IDENTITY_FILE, EXCHANGE_FILE])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "keys" / name).chmod(0o640)
    with pytest.raises(KeysUnusable, match=rf"{name}: others may read it \(mode 640, needs 600\)"):
        KeyRing.load(tmp_path / "keys")


@pytest.mark.usefixtures("ring")
@pytest.mark.parametrize("name", [IDENTITY_FILE, EXCHANGE_FILE])
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "keys" / name
    write_secret(path, path.read_bytes()[:-40])
    with pytest.raises(KeysUnusable, match="damaged"):
        KeyRing.load(tmp_path / "keys")


@pytest.mark.usefixtures("ring")
def test_a_missing_exchange_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "keys" / EXCHANGE_FILE).unlink()
    with pytest.raises(KeysUnusable, match=EXCHANGE_FILE):
        KeyRing.load(tmp_path / "keys")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(KeysUnusable, match=r"file/keys"):
        KeyRing.create(tmp_path / "file" / "keys", TID, NOON)


@pytest.mark.parametrize("suite", list(Suite))
def test_a_key_opens_on_its_day_and_the_next_and_then_is_gone(ring: KeyRing, suite: Suite) -> None:
    newest = bundle_of(ring, NOON).newest(suite, NOON)
    assert newest.not_after == (DAY + 2) * PERIOD_S
    for now_s in (NOON, NOON + PERIOD_S, newest.not_after - 1):
        key = ring.find(suite, newest.id, now_s)
        assert key is not None
        assert encode_octets(public_octets(key)) == newest.public
    assert ring.find(suite, newest.id, newest.not_after) is None
    assert ring.find(suite, newest.id, NOON) is None, "the secret was overwritten"


def test_a_key_is_found_under_its_own_suite_only(ring: KeyRing) -> None:
    newest = bundle_of(ring, NOON).newest(Suite.X25519, NOON)
    assert ring.find(Suite.P256, newest.id, NOON) is None


def test_every_day_has_a_new_key_and_the_last_days_key_overlaps(ring: KeyRing) -> None:
    today, tomorrow = bundle_of(ring, NOON), bundle_of(ring, NOON + PERIOD_S)
    assert [key.suite for key in today.keys] == [1, 1, 2, 2]
    shared = {key.id for key in today.keys} & {key.id for key in tomorrow.keys}
    assert shared == {today.newest(suite, NOON).id for suite in Suite}
    with pytest.raises(BundleRefused, match="valid any more"):
        today.newest(Suite.X25519, NOON + 2 * PERIOD_S)


def test_the_secret_of_a_day_that_is_over_is_on_disk_no_more(ring: KeyRing, tmp_path: Path) -> None:
    path = tmp_path / "keys" / EXCHANGE_FILE
    before = path.read_bytes()
    ring.bundle(NOON + 3600)
    assert path.read_bytes() == before
    ring.bundle(NOON + PERIOD_S)
    assert path.read_bytes() != before
    assert path.stat().st_mode & 0o777 == 0o600


def test_two_nodes_stay_in_step_without_talking(ring: KeyRing, tmp_path: Path) -> None:
    other = KeyRing.receive(tmp_path / "second", ring.hand_over())
    assert other.identity.public == ring.identity.public
    ring.bundle(NOON + PERIOD_S)  # one of them is restarted daily, the other sleeps for a week
    for days in (2, 7):
        now_s = NOON + days * PERIOD_S
        assert bundle_of(ring, now_s) == bundle_of(other, now_s)
    again = KeyRing.load(tmp_path / "second")
    assert again is not None
    assert bundle_of(again, NOON + 7 * PERIOD_S) == bundle_of(ring, NOON + 7 * PERIOD_S)


def test_a_damaged_handover_is_refused(ring: KeyRing, tmp_path: Path) -> None:
    given = ring.hand_over()
    for broken in (
        type(given)(given.identity[:-30], given.exchange),
        type(given)(given.identity, given.exchange[:-3]),
    ):
        with pytest.raises(KeysUnusable, match="handed over"):
            KeyRing.receive(tmp_path / "second", broken)
    assert not (tmp_path / "second").exists()


def test_a_clock_that_was_thirty_days_ahead_leaves_keys_that_open(ring: KeyRing) -> None:
    ahead = NOON + 30 * PERIOD_S
    ring.bundle(ahead)
    newest = bundle_of(ring, NOON).newest(Suite.X25519, NOON)
    assert ring.find(Suite.X25519, newest.id, NOON) is not None
    later = bundle_of(ring, ahead + PERIOD_S)
    assert later.newest(Suite.X25519, ahead + PERIOD_S).not_after > newest.not_after


def test_a_clock_in_another_century_costs_no_key(ring: KeyRing, tmp_path: Path) -> None:
    before = (tmp_path / "keys" / EXCHANGE_FILE).read_bytes()
    with pytest.raises(KeysUnusable, match="century"):
        ring.bundle(NOON + 40_000 * PERIOD_S)
    assert (tmp_path / "keys" / EXCHANGE_FILE).read_bytes() == before
    assert bundle_of(ring, NOON).keys


def test_a_disk_that_takes_no_new_secret_is_told(ring: KeyRing, tmp_path: Path) -> None:
    (tmp_path / "keys").rename(tmp_path / "gone")
    with pytest.raises(KeysUnusable, match="an old key cannot be overwritten"):
        ring.bundle(NOON + PERIOD_S)


def test_a_secret_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeysUnusable, match="none"):
        read_secret(tmp_path / "none")
