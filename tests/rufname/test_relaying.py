"""What an operator does with the tenants of a relay: forget one, take all over to several nodes."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from relay.tunnel.keys import grouped
from relay.tunnel.tenants import TenantRecord
from relay.tunnel.tenantstore import NatsRecords, SqliteRecords
from rufname.ownership import ForeignFolder
from rufname.relaying import relay
from tests.e2e.nats import RECORDS, NatsCluster, running_nats
from tests.e2e.notation import table
from tests.relay.tunnel.houses import ONE, TWO, House
from tests.rufname.test_nodeconfig import LEAST

SERVICE = 64_123
"""A user that no machine has."""


def run(folder: Path, *arguments: str, nats: NatsCluster | None = None) -> Result:
    config = folder / "relay.toml"
    more = [] if nats is None else table("nats", nats.table())
    config.write_text("\n".join([LEAST, *more]), encoding="utf-8")
    return CliRunner().invoke(relay, ["-c", str(config), *arguments], standalone_mode=False)


def put(path: Path, *records: TenantRecord) -> None:
    async def write() -> None:
        file = SqliteRecords(path)
        for record in records:
            await file.put(record)
        await file.close()

    asyncio.run(write())


def test_a_tenant_is_forgotten_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "var" / "tenants.sqlite"
    one = House(ONE).record()
    put(path, one, House(TWO).record())
    done = run(tmp_path, "--forget", ONE.upper())
    assert (done.return_value, done.exception) == (0, None)
    assert f"forgot tenant {ONE}, fingerprint {grouped(one.fingerprint)}" in done.output
    again = run(tmp_path, "--forget", ONE)
    assert again.return_value == 1
    assert f"no tenant {ONE} is registered at https://relay.example.com" in again.output

    async def left() -> list[str]:
        file = SqliteRecords(path)
        tids = [record.tid for record in await file.every()]
        await file.close()
        return tids

    assert asyncio.run(left()) == [TWO]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_makes_in_the_folder_of_a_service_is_that_services(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    folder.mkdir()
    os.chown(folder, SERVICE, SERVICE)
    assert run(tmp_path, "--forget", ONE).return_value == 1
    assert {path.stat().st_uid for path in folder.iterdir()} == {SERVICE}


def test_tenants_of_another_user_are_told_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "var" / "tenants.sqlite", House(ONE).record())
    monkeypatch.setattr("rufname.ownership.os.geteuid", lambda: SERVICE)
    monkeypatch.setattr(
        "rufname.ownership.os.access", lambda path, _mode: Path(path).name == "relay.toml"
    )
    done = run(tmp_path, "--forget", ONE)
    assert isinstance(done.exception, ForeignFolder)
    assert f"(chown -R {SERVICE} {tmp_path / 'var'})" in str(done.exception)


@pytest.mark.e2e
def test_the_tenants_of_one_node_are_taken_over_to_several(tmp_path: Path) -> None:
    one, two = House(ONE).record(), House(TWO).record()
    put(tmp_path / "old.sqlite", one, two)
    with running_nats(tmp_path / "nats") as nats:
        first = run(tmp_path, "--take-over", str(tmp_path / "old.sqlite"), nats=nats)
        assert first.exception is None
        assert first.output == "took over 2 tenants; 0 were there already, and stay\n"
        again = run(tmp_path, "--take-over", str(tmp_path / "old.sqlite"), nats=nats)
        assert again.output == "took over 0 tenants; 2 were there already, and stay\n"

        async def there() -> list[TenantRecord | None]:
            records = NatsRecords(nats.settings(RECORDS), "test", 1)
            await records.open(20)
            found = [await records.get(tid) for tid in (ONE, TWO)]
            await records.close()
            return found

        found = asyncio.run(there())
        assert [record and record.connectors for record in found] == [
            one.connectors,
            two.connectors,
        ]


def test_what_excludes_each_other_and_what_is_missing_is_said(tmp_path: Path) -> None:
    file = tmp_path / "old.sqlite"
    put(file, House(ONE).record())
    for arguments, words in (
        (("--take-over", str(file)), "has no [nats]"),
        (("--take-over", str(file), "--forget", ONE), "exclude each other"),
        (("--take-over", str(tmp_path / "none")), "does not exist"),
    ):
        done = run(tmp_path, *arguments)
        assert done.exception is not None
        assert words in str(done.exception), done.output
