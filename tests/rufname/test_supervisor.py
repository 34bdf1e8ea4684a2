from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
from pathlib import Path

import msgspec
import pytest

from connectors.kinds.odbc import OdbcOptions
from connectors.sealing import SealedSecrets
from engine.errors import CorruptStore
from engine.storefile import FORMAT_VERSION
from relay.tunnel.settings import TunnelSettings
from rufname import supervisor as module
from rufname.config import Config
from rufname.reloading import keep_what_needs_a_restart, reread
from rufname.rundir import ServeStatus, take_serve_lock, write_status
from rufname.supervisor import Supervisor, usable_cores
from rufname.telemetry import event_of
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


def test_a_reload_that_is_refused_is_logged_with_its_bounds_and_told_by_status(
    place: Place,
    config: Config,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    supervisor = Supervisor(config)
    place.write_config(end=f"{SERVICES}\n[ldap.limits]\nmax_message_bytes_bound = 12\n")
    supervisor.reload()
    events = list(map(event_of, caplog.records))
    assert events[1].endswith("got 12; allowed: a whole number from 1024 to 4194304")
    assert supervisor.status().refused == tuple(events[1:])
    place.write_config(end=SERVICES)
    lock = take_serve_lock(config.run_dir)
    write_status(config.run_dir, supervisor.status())
    assert place.run("status") == 0
    said = capfd.readouterr().out
    assert "alarm: serve: SIGHUP was refused" in said
    assert events[1] in said
    supervisor.reload()
    write_status(config.run_dir, supervisor.status())
    assert place.run("status") == 0
    assert "SIGHUP" not in capfd.readouterr().out
    lock.release()


def test_what_waits_for_a_restart_is_told_by_status(
    place: Place, config: Config, capfd: pytest.CaptureFixture[str]
) -> None:
    supervisor = Supervisor(config)
    place.write_config(end=SERVICES.replace("workers = 1", "workers = 2"))
    supervisor.reload()
    assert supervisor.status().restart_for == ("ldap.workers",)
    lock = take_serve_lock(config.run_dir)
    write_status(config.run_dir, supervisor.status())
    assert place.run("status") == 0
    assert "serve: changed only by a restart: ldap.workers" in capfd.readouterr().out
    place.write_config(end=SERVICES)
    supervisor.reload()
    assert supervisor.status().restart_for == ()
    lock.release()


def test_sealed_secrets_are_read_where_they_are_until_a_restart_takes_another_folder(
    place: Place,
) -> None:
    sealed = """
[[source]]
name = "erp"
kind = "odbc"
connection = "Driver={PostgreSQL Unicode};Server=127.0.0.1"
password = { sealed = true }
query = "SELECT 1 AS id, 2 AS name"
key = ["id"]
[source.map]
display_name = "name"
"""
    place.write_config(end=sealed)
    old = place.config
    SealedSecrets(old.keys_dir).seal("erp", "password", "geheim")
    text = place.path.read_text(encoding="utf-8").replace('"var"', '"elsewhere"')
    place.path.write_text(text, encoding="utf-8")
    kept, left_out = reread(old)
    assert left_out == ("directory.data_dir",)
    options = kept.source("erp").options
    assert isinstance(options, OdbcOptions)
    assert options.password is not None
    assert options.password.read() == "geheim"


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
