from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
from pathlib import Path

import msgspec
import pytest

from engine.errors import CorruptStore
from engine.storefile import FORMAT_VERSION
from relay.tunnel.settings import TunnelSettings
from rufname import supervisor as module
from rufname.config import Config
from rufname.rundir import ServeStatus
from rufname.supervisor import Supervisor, keep_what_needs_a_restart, usable_cores
from tests.rufname.place import SERVICES, Place, eventually


@pytest.fixture
def config(place: Place) -> Config:
    place.write_config(end=SERVICES)
    return place.config


def test_clients_sources_and_limits_change_in_place(place: Place, config: Config) -> None:
    place.write_config(more='priority = 7\nvisible_to = ["anna"]', end=SERVICES)
    kept, left_out = keep_what_needs_a_restart(config, place.config)
    assert kept == place.config
    assert left_out == ()


def test_addresses_workers_and_data_folder_stay_until_a_restart(
    place: Place, config: Config
) -> None:
    text = place.path.read_text(encoding="utf-8")
    text = text.replace("127.0.0.1:0", "127.0.0.1:9").replace("workers = 1", "workers = 2")
    place.path.write_text(text.replace('"var"', '"elsewhere"'), encoding="utf-8")
    kept, left_out = keep_what_needs_a_restart(config, place.config)
    assert left_out == ("directory.data_dir", "ldap.listen", "ldap.workers", "relay.listen")
    assert kept == config


def test_a_section_that_comes_or_goes_waits_for_a_restart(config: Config) -> None:
    bare = msgspec.structs.replace(config, ldap=None, relay=None)
    assert keep_what_needs_a_restart(config, bare) == (config, ("ldap", "relay"))
    assert keep_what_needs_a_restart(bare, config) == (bare, ("ldap", "relay"))


def test_a_tunnel_changes_with_a_restart(config: Config) -> None:
    tunnel = TunnelSettings(client_id="aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee")
    fresh = msgspec.structs.replace(config, tunnel=tunnel)
    assert keep_what_needs_a_restart(config, fresh) == (config, ("tunnel",))


def test_a_prepared_supervisor_has_opened_nothing(config: Config) -> None:
    status = Supervisor(config).status()
    assert not status.ready
    assert status.workers == ()
    assert not Path(config.run_dir).exists()


def test_there_is_at_least_one_core() -> None:
    assert usable_cores() >= 1


async def test_under_an_older_program_serve_ends_and_says_so_and_check_too(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither index nor store can be used: it had waited for one for ever, with open ports."""
    synced.write_config(end=SERVICES)
    config = synced.config
    current = config.index_dir / "current"
    current.unlink()
    current.symlink_to("999999-1")  # its name begins with the format
    (config.index_dir / "999999-1").mkdir()
    with sqlite3.connect(config.store_path) as database:
        database.execute(f"PRAGMA user_version = {FORMAT_VERSION + 1}")
    database.close()
    async with asyncio.timeout(20):
        with pytest.raises(CorruptStore, match="made by a newer Rufname"):
            await Supervisor(config).run()
    assert not config.run_dir.joinpath("status.json").exists()
    assert synced.run("check") == 1
    assert "made by a newer Rufname" in capfd.readouterr().err


async def test_a_full_disk_is_told_once_by_who_writes_the_status(
    config: Config, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looks = 0

    def write_status(_run_dir: Path, _status: ServeStatus) -> None:
        nonlocal looks
        looks += 1
        if looks != 3:  # once there was room in between
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(module, "write_status", write_status)
    supervisor = Supervisor(config)
    reporting = asyncio.create_task(supervisor._report())
    for number in range(1, 6):
        await eventually(lambda: looks >= number)  # noqa: B023 - it is awaited here
        supervisor._changed.set()
    reporting.cancel()
    told = [record for record in caplog.records if "status.json" in record.getMessage()]
    assert len(told) == 2
