"""What registration leaves on disk lets the connector in, and nobody else may read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.errors import KeysUnusable
from relay.tunnel.enrolment import FILE, Enrolment
from relay.tunnel.frames import sign_in_octets
from relay.tunnel.keys import CONNECTOR_LABEL, TenantIdentity, is_signed
from tests.relay.tunnel.houses import ONE, RELAY


def enrolment() -> Enrolment:
    return Enrolment(RELAY, ONE, "node-1", TenantIdentity.generate())


def test_what_was_stored_is_loaded_and_signs_alike(tmp_path: Path) -> None:
    made = enrolment()
    made.store(tmp_path / "keys")
    loaded = Enrolment.load(tmp_path / "keys")
    assert loaded is not None
    assert (loaded.relay, loaded.tid, loaded.connector) == (RELAY, ONE, "node-1")
    assert loaded.public == made.public
    nonce = b"n" * 32
    signed = sign_in_octets("relay.example", ONE, "node-1", nonce)
    assert is_signed(made.public, CONNECTOR_LABEL, signed, loaded.sign_in(nonce))


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    enrolment().store(tmp_path)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    (tmp_path / FILE).chmod(0o640)
    with pytest.raises(KeysUnusable, match="others may read it"):
        Enrolment.load(tmp_path)


def test_an_unregistered_node_has_none(tmp_path: Path) -> None:
    assert Enrolment.load(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"v": 2}', b"\xff"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    enrolment().store(tmp_path)
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(KeysUnusable, match=FILE):
        Enrolment.load(tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file")
    with pytest.raises(KeysUnusable, match="keys"):
        enrolment().store(tmp_path / "keys")


def test_the_relays_name_is_its_address_without_port() -> None:
    key = TenantIdentity.generate()
    assert Enrolment("https://Relay.Example:8443", ONE, "n", key).host == "relay.example"
