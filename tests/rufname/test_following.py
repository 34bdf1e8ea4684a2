from __future__ import annotations

import asyncio

import pytest

from engine.index import ContactIndex
from rufname.following import follow, open_when_whole
from rufname.rundir import take_serve_lock
from tests.rufname.place import PEOPLE, Place, eventually


async def test_a_commit_is_seen_without_asking_for_it(synced: Place) -> None:
    config = synced.config
    index = await open_when_whole(config.index_dir, config.policies())
    following = asyncio.create_task(follow(index))
    synced.write_people([*PEOPLE, ("9", "Nina Neu", "", "", "")])
    assert await asyncio.to_thread(synced.run, "sync") == 0
    await eventually(lambda: index.status().documents == 4)
    following.cancel()
    index.close()


async def test_a_damaged_index_is_waited_for(synced: Place) -> None:
    config = synced.config
    generation = (config.index_dir / "current").resolve()
    whole = (generation / "meta.json").read_bytes()
    (generation / "meta.json").write_bytes(b"{")
    opening = asyncio.create_task(open_when_whole(config.index_dir, config.policies()))
    done, _ = await asyncio.wait({opening}, timeout=0.3)
    assert not done
    (generation / "meta.json").write_bytes(whole)
    index = await asyncio.wait_for(opening, 10)
    assert index.status().documents == 3
    index.close()


async def test_a_worker_of_a_version_that_was_installed_meanwhile_says_what_helps(
    synced: Place, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """So do commands, which had named `rufname sync`."""
    config = synced.config
    current = config.index_dir / "current"
    older = current.with_name("0-1")  # its name begins with the format
    current.resolve().rename(older)
    current.unlink()
    current.symlink_to(older.name)
    opening = asyncio.create_task(open_when_whole(config.index_dir, config.policies()))
    await eventually(lambda: "restart `rufname serve`" in caplog.text)
    opening.cancel()
    serving = take_serve_lock(config.run_dir)
    assert await asyncio.to_thread(synced.run, "lookup", "030") == 3
    assert "began before this version was installed, restart it" in capfd.readouterr().err
    serving.release()
    assert await asyncio.to_thread(synced.run, "lookup", "030") == 3
    assert "`rufname sync -c" in capfd.readouterr().err


async def test_a_damaged_commit_leaves_the_old_answers(synced: Place) -> None:
    config = synced.config
    index = ContactIndex.open(config.index_dir, config.policies())
    following = asyncio.create_task(follow(index))
    generation = (config.index_dir / "current").resolve()
    (generation / "meta.json").write_bytes(b"{")
    await asyncio.wait({following}, timeout=0.6)
    assert not following.done()
    assert index.status().documents == 3
    following.cancel()
    index.close()
