"""Whether another identity wants a directory's place is asked for ever; no fault ends that."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from relay.tunnel.enrolment import Enrolment
from relay.tunnel.keys import TenantIdentity
from relay.tunnel.settings import TunnelSettings
from rufname.challenge import ChallengeWatch
from tests.e2e.processes import free_port
from tests.relay.tunnel.ends import wait_for

TENANT = "11111111-2222-4333-8444-555555555555"


def directory(folder: Path, fault: str) -> TunnelSettings:
    """Let a directory be registered, with something wrong."""
    relay = f"http://127.0.0.1:{free_port()}"
    Enrolment(relay, TENANT, "hq-1", TenantIdentity.generate()).store(folder)
    if fault == "damaged keys":
        for path in folder.iterdir():
            path.write_bytes(b"x")
    authorities = folder / "ca.pem"
    authorities.write_text("no certificate")
    ca = authorities if fault == "no authorities" else None
    proxy = "environment" if fault == "no such proxy" else "none"
    return TunnelSettings(client_id="", proxy=proxy, ca=ca)


@pytest.mark.parametrize("fault", ["no relay", "no authorities", "damaged keys", "no such proxy"])
async def test_what_keeps_it_from_asking_is_tried_again(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    caplog.set_level(logging.DEBUG, "rufname.tunnel")
    watch = ChallengeWatch(tmp_path, directory(tmp_path, fault))
    task = asyncio.create_task(watch.run(0.01))
    await wait_for(
        lambda: task.done() or caplog.text.count("cannot be looked at") > 1, "two attempts"
    )
    assert not task.done()
    assert watch.challenged == 0
    task.cancel()
