"""Registration over HTTP: tokens are verified, orders obeyed, invitations carried."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar

from relay.http.problems import HANDLERS
from relay.http.registration import (
    RegistrationDesk,
    StandingAnswer,
    WaysAnswer,
    registration_routes,
)
from relay.nodesettings import REGISTRATION_SCOPE as SCOPE
from relay.nodesettings import NodeSettings
from relay.octets import decode_octets, encode_octets
from relay.tunnel.invitation import Code, Knock, new_box, open_handover, seal_handover
from relay.tunnel.keyring import Handover
from relay.tunnel.keys import TenantIdentity
from relay.tunnel.registration import Admit, Invite, Order, Remove, SignedOrder, sign
from relay.verifying import TokenVerifier
from tests.relay.http.users import CLIENT_ID, KEY, OTHER_KEY, TENANT, claims, jwk, keys_of, signed
from tests.relay.tunnel.houses import HOST, MemoryRecords
from tests.relay.tunnel.test_registration import GLOBAL, House

SETTINGS = NodeSettings(
    f"https://{HOST}", "127.0.0.1", 0, "node", CLIENT_ID, Path("var"),
    authority="https://login.microsoftonline.com", apps=("another app",),
)  # fmt: skip


WAYS = WaysAnswer(HOST, "https://login.example", CLIENT_ID, SETTINGS.registration_scope)


class Relay:
    """The routes over records in memory."""

    def __init__(self, host: str = HOST) -> None:
        self.records = MemoryRecords()
        tokens = TokenVerifier(SETTINGS.registration_rules, keys_of(jwk(KEY))())
        desk = RegistrationDesk(self.records, tokens, host)
        self.app = Litestar(
            [registration_routes(desk, WAYS)],
            exception_handlers=HANDLERS,
            openapi_config=None,
            logging_config=None,
        )

    async def post(self, body: msgspec.Struct | bytes, token: str | None = None) -> httpx.Response:
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return await self.ask("POST", "/v1/registration", content=content, headers=headers)

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://relay") as client:
            return await client.request(method, path, **more)


@pytest.fixture
def relay() -> Relay:
    return Relay()


@pytest.fixture
def house() -> House:
    return House(time.time())


def token(**changed: Any) -> str:
    return signed(claims(**{"scp": SCOPE, "azp": CLIENT_ID, "wids": [GLOBAL], **changed}))


def registering(house: House) -> SignedOrder:
    return sign(house.register(tid=TENANT), house.identity)


async def test_how_to_sign_in_is_told_to_everybody(relay: Relay) -> None:
    answer = await relay.ask("GET", "/v1/registration")
    assert msgspec.json.decode(answer.content, type=WaysAnswer) == WAYS


async def test_an_administrator_registers_and_everybody_sees_the_fingerprint(
    relay: Relay, house: House, log: Callable[[], str]
) -> None:
    assert (await relay.ask("GET", f"/v1/registration/{TENANT}")).status_code == 404
    answer = await relay.post(registering(house), token())
    assert answer.status_code == 200, answer.text
    told = msgspec.json.decode(answer.content, type=StandingAnswer)
    assert (told.tid, told.state, told.nodes) == (TENANT, "registered", ("first",))
    public = await relay.ask("GET", f"/v1/registration/{TENANT.upper()}")
    seen = msgspec.json.decode(public.content, type=StandingAnswer)
    assert seen == msgspec.structs.replace(told, nodes=())
    assert f"tenant {TENANT}: register, administrator" in log()


async def test_what_is_no_administrators_token_for_registering_registers_nobody(
    relay: Relay, house: House
) -> None:
    now = int(time.time())
    refused = {
        "a page's token": token(scp="access_as_user"),
        "of Teams": token(azp="1fec8e78-bce4-4aaf-ab1b-5451cc387264"),
        "expired": token(exp=now - 100),
        "not yet": token(nbf=now + 100),
        "another audience": token(aud="x"),
        "an application's": token(idtyp="app"),
        "another issuer": token(iss="https://login.microsoftonline.com/common/v2.0"),
        "another key": signed(claims(scp=SCOPE, azp=CLIENT_ID, wids=[GLOBAL]), OTHER_KEY),
        "version 1": token(ver="1.0"),
        "cut": token()[:-2],
        "roles that are no list": token(wids=GLOBAL),
    }
    for what, bad in refused.items():
        relay = Relay()
        assert (await relay.post(registering(house), bad)).status_code == 401, what
        assert await relay.records.get(TENANT) is None
    for what, bad in {
        "not-administrator": token(wids=["88d8e3e3-8f55-4a1e-953a-9b9898b8876b"]),
        "not-signed-in": None,
    }.items():
        answer = await relay.post(registering(house), bad)
        assert (answer.status_code, answer.json()["type"]) == (403, f"urn:rufname:problem:{what}")
        assert await relay.records.get(TENANT) is None
    other = "33333333-3333-4333-8333-333333333333"
    issuer = f"https://login.microsoftonline.com/{other}/v2.0"
    answer = await relay.post(registering(house), token(tid=other, iss=issuer))
    assert answer.status_code == 403
    assert await relay.records.get(TENANT) is None


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b'{"type": "order"}', b"\xff", b"{" * 1000, b'{"x": ' + b"[" * 9000],
)
async def test_a_body_that_is_none_is_refused(relay: Relay, body: bytes) -> None:
    answer = await relay.post(body)
    assert (answer.status_code, answer.json()["detail"]) == (400, "the body is no order")


async def test_changes_too_fast_are_put_off(relay: Relay, house: House) -> None:
    await relay.post(registering(house), token())
    orders = [
        sign(Invite(*house.head(TENANT), f"{number:032x}"), house.identity) for number in range(12)
    ]
    codes = [(await relay.post(order)).status_code for order in orders]
    assert codes[0] == 200
    assert codes[-1] == 429


async def test_what_anybody_can_send_puts_off_nobodys_registration(
    relay: Relay, house: House
) -> None:
    """Orders without a sign-in, questions about any tenant, invitations that there are not."""
    other, known = House(time.time()), House(time.time())
    await relay.post(registering(known), token())
    invitation = {"tid": TENANT, "invitation": "0" * 32}
    junk = (
        registering(house),
        sign(Remove(*other.head(TENANT)), other.identity),
        *(msgspec.json.encode({"type": each, **invitation}) for each in ("look", "close")),
        msgspec.json.encode({"type": "knock", "said": "AAAA", **invitation}),
    )
    for number in range(20):
        for each in junk:
            assert (await relay.post(each)).status_code == 403
        assert (await relay.ask("GET", f"/v1/registration/{TENANT}")).status_code == 200
        stranger = f"{number:08x}-2222-4333-8444-555555555555"
        assert (await relay.ask("GET", f"/v1/registration/{stranger}")).status_code == 404
    await obeyed(relay, known, Invite(*known.head(TENANT), "0" * 32))


async def test_a_second_node_joins_by_a_code_and_the_handover_is_gone_afterwards(
    house: House,
) -> None:
    relay = Relay()
    code = Code.new()
    await relay.post(registering(house), token())
    looking = {"type": "look", "tid": TENANT, "invitation": code.id}
    knocking = {"type": "knock", "tid": TENANT, "invitation": code.id}
    assert (await relay.post(msgspec.json.encode(looking))).status_code == 403
    await obeyed(relay, house, Invite(*house.head(TENANT), code.id))

    box, public = new_box()
    connector = TenantIdentity.generate()
    said = code.seal_knock(Knock("second", connector.public, public))
    body = msgspec.json.encode({**knocking, "said": encode_octets(said)})
    assert (await relay.post(body)).json() == {}
    thief = msgspec.json.encode({**knocking, "said": encode_octets(b"thief")})
    answer = await relay.post(thief)
    assert answer.json()["type"] == "urn:rufname:problem:used-invitation"
    assert (await relay.post(msgspec.json.encode({**knocking, "said": "!"}))).status_code == 403

    relay = fresh_rates(relay)
    heard = decode_octets((await relay.post(msgspec.json.encode(looking))).json()["said"])
    knock = code.open_knock(heard)
    sealed = seal_handover(code, heard, Handover(b"identity", b"exchange"))
    admit = Admit(
        *house.head(TENANT), knock.node, encode_octets(knock.key), code.id, encode_octets(sealed)
    )
    told = await obeyed(relay, house, admit)
    assert set(told.nodes) == {"first", "second"}

    given = decode_octets((await relay.post(msgspec.json.encode(looking))).json()["handover"])
    assert open_handover(code, said, box, given) == Handover(b"identity", b"exchange")
    closing = msgspec.json.encode({**looking, "type": "close"})
    assert (await relay.post(closing)).json() == {}
    relay = fresh_rates(relay)
    assert (await relay.post(msgspec.json.encode(looking))).status_code == 403
    assert (await relay.post(closing)).status_code == 403
    record = await relay.records.get(TENANT)
    assert record is not None
    assert sealed not in record.extra


async def test_a_tenant_is_removed_by_its_own_order(relay: Relay, house: House) -> None:
    await relay.post(registering(house), token())
    assert (await obeyed(relay, house, Remove(*house.head(TENANT)))).state == "removed"
    assert (await relay.ask("GET", f"/v1/registration/{TENANT}")).status_code == 404


async def test_a_change_at_the_same_time_is_decided_anew(relay: Relay, house: House) -> None:
    await relay.post(registering(house), token())
    record = await relay.records.get(TENANT)
    assert record is not None
    real_get, left = relay.records.get, [2]

    async def outdated(tid: str) -> Any:
        left[0] -= 1
        return record if left[0] >= 0 else await real_get(tid)

    await relay.records.put(msgspec.structs.replace(record, bundle=b"newer"))
    relay.records.get = outdated  # type: ignore[method-assign]
    await obeyed(relay, house, Invite(*house.head(TENANT), "0" * 32))
    after = await real_get(TENANT)
    assert after is not None
    assert after.bundle == b"newer"
    left[0] = 100
    answer = await relay.post(sign(Invite(*house.head(TENANT), "0" * 32), house.identity))
    assert answer.status_code == 503


async def obeyed(relay: Relay, house: House, order: Order) -> StandingAnswer:
    answer = await relay.post(sign(order, house.identity))
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=StandingAnswer)


def fresh_rates(relay: Relay) -> Relay:
    """The same records at another node, which counts anew."""
    other = Relay()
    other.records._records = relay.records._records
    return other
