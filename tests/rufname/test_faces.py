"""The two workers that answer, in this process: `rufname.ldap_face` and `rufname.http_face`."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import http.client
import subprocess
import sys
from collections.abc import AsyncIterator

import msgspec
import pytest

from ldapd.settings import LdapSettings
from relay.accounts import Accounts, User
from relay.settings import RelaySettings
from rufname import http_face, ldap_face
from rufname.demo_checks import LdapAsker
from rufname.lifeline import FaceSettings, Start, pack
from rufname.listening import bound_port, listen_on
from rufname.workers import Role, Work
from tests.rufname.place import PASSWORD, Place, eventually

NUMBER, NAME = "+493023125001", "Jürgen Groß"


def settings_of(place: Place) -> FaceSettings:
    config = place.config
    return FaceSettings(
        index_dir=str(config.index_dir),
        run_dir=str(config.run_dir),
        policies=config.policies(),
        clients=config.clients,
        ldap=LdapSettings(listen=()),
        relay=RelaySettings(host="127.0.0.1", port=0),
    )


@contextlib.asynccontextmanager
async def working(role: Role, scheme: str, place: Place) -> AsyncIterator[tuple[Work, int]]:
    """Let a face work; yields it and its port."""
    listener = listen_on("127.0.0.1", 0, "")
    port = bound_port(listener)
    sockets = [(listener, f"{scheme}://127.0.0.1:{port}")]
    work = await role.open_work(Start(pack(settings_of(place))), sockets)
    running = asyncio.create_task(work.run())
    try:
        yield work, port
    finally:
        running.cancel()
        await work.drain(2.0)
        listener.close()


def ldap_name(port: int) -> str:
    with contextlib.closing(LdapAsker(port, PASSWORD)) as asker:
        return asker.name(NUMBER)


def http_answer(port: int) -> tuple[int, str]:
    token = base64.b64encode(f"sbc:{PASSWORD}".encode()).decode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        headers = {"Authorization": f"Basic {token}"}
        connection.request("GET", f"/v1/caller/{NUMBER}", headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


async def test_ldap_is_answered_and_a_reload_takes_new_rights(synced: Place) -> None:
    async with working(ldap_face, "ldap", synced) as (work, port):
        assert await asyncio.to_thread(ldap_name, port) == NAME
        assert work.metrics()
        hidden = msgspec.structs.replace(settings_of(synced), policies={})
        await work.reload(pack(hidden))
        assert await asyncio.to_thread(ldap_name, port) == ""
        nobody = msgspec.structs.replace(hidden, clients=())
        await work.reload(pack(nobody))
        with pytest.raises(ConnectionError, match="code 49"):
            await asyncio.to_thread(ldap_name, port)


async def test_http_is_answered_and_a_reload_takes_new_rights(synced: Place) -> None:
    async with working(http_face, "http", synced) as (work, port):
        assert await asyncio.to_thread(http_answer, port) == (200, NAME)
        assert work.metrics()["requests"] >= 1
        hidden = msgspec.structs.replace(settings_of(synced), policies={})
        await work.reload(pack(hidden))
        assert await asyncio.to_thread(http_answer, port) == (404, "")
        nobody = msgspec.structs.replace(hidden, clients=())
        await work.reload(pack(nobody))
        assert (await asyncio.to_thread(http_answer, port))[0] == 401


def me(port: int) -> int:
    """Return with which status the app answers somebody who does not sign in."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", "/v1/me")
        return connection.getresponse().status


async def test_a_reload_takes_other_settings_of_the_relay(synced: Place) -> None:
    accounts = Accounts(users=(User("anna"),))
    before = msgspec.structs.replace(settings_of(synced), accounts=accounts)
    assert before.relay is not None
    everybody = msgspec.structs.replace(before.relay, dev_user="anna")
    async with working(http_face, "http", synced) as (work, port):
        assert await asyncio.to_thread(me, port) == 401
        await work.reload(pack(msgspec.structs.replace(before, relay=everybody)))
        assert await asyncio.to_thread(me, port) == 200
        await work.reload(pack(before))
        assert await asyncio.to_thread(me, port) == 401
        assert await asyncio.to_thread(http_answer, port) == (200, NAME)
        assert work.metrics()["answers_4xx"] == 2


@pytest.mark.parametrize(("role", "scheme"), [(ldap_face, "ldap"), (http_face, "http")])
async def test_a_face_follows_commits(synced: Place, role: Role, scheme: str) -> None:
    async with working(role, scheme, synced) as (_work, port):
        synced.write_people([("1", "Anders Name", "", NUMBER, ""), ("2", "Ada", "", "", "")])
        synced.write_config(more='max_drop = "100%"')
        assert await asyncio.to_thread(synced.run, "sync") == 0

        def told() -> str:
            return ldap_name(port) if scheme == "ldap" else http_answer(port)[1]

        answers: list[str] = []

        async def ask() -> None:
            while answers[-1:] != ["Anders Name"]:
                answers.append(await asyncio.to_thread(told))

        await asyncio.wait_for(ask(), 20)
        await eventually(lambda: answers[-1] == "Anders Name")


@pytest.mark.parametrize("role", [ldap_face, http_face])
async def test_a_face_without_its_section_is_refused(synced: Place, role: Role) -> None:
    bare = msgspec.structs.replace(settings_of(synced), ldap=None, relay=None)
    with pytest.raises(ValueError, match="worker without"):
        await role.open_work(Start(pack(bare)), [])


def test_a_worker_that_answers_ldap_loads_nothing_that_reads_sources() -> None:
    code = "import sys, rufname.ldap_face; print('connectors.registry' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "False\n"
