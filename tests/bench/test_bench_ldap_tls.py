"""What TLS costs is asked of a real service, in clear and with TLS, with every answer checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.bench_ldap_tls import measure


@pytest.mark.e2e
@pytest.mark.long
def test_tls_costs_a_look_up_little_and_a_connection_a_handshake(tmp_path: Path) -> None:
    found = {each.case: each.value for each in measure(2_000, tmp_path, quick=True)}
    assert set(found) == {
        f"{what}, {how}"
        for what in ("a look-up", "connection, bind, look-up")
        for how in ("in clear", "TLS")
    }
    assert all(found.values())
    case = "connection, bind, look-up"
    assert found[f"{case}, TLS"] > found[f"{case}, in clear"]
