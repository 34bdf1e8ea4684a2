"""Verdicts about tokens: by the rules of the tenant they name, remembered while they live."""

from __future__ import annotations

import time

import pytest

from relay.errors import NotAuthenticated
from relay.tokens import TokenRules
from relay.verifying import TokenVerifier
from tests.relay.http.users import (
    CLIENT_ID,
    ISSUER,
    KEY,
    OID,
    OTHER_KEY,
    TEAMS,
    TENANT,
    claims,
    jwk,
    keys_of,
    signed,
)

COMMON = "https://login.microsoftonline.com/{tenantid}/v2.0"


class Clock:
    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


def rules(tenant: str) -> TokenRules:
    issuer = COMMON.replace("{tenantid}", tenant)
    return TokenRules(tenant, CLIENT_ID, issuer, "access_as_user", frozenset({TEAMS}))


def verifier(now: Clock | None = None, most: int = 10) -> TokenVerifier:
    return TokenVerifier(rules, keys_of(jwk(KEY, issuer=COMMON))(), now or Clock(), most)


async def test_tokens_of_every_tenant_are_taken_each_by_its_own_rules() -> None:
    tokens = verifier()
    assert (await tokens.identity(signed(claims()))).tenant == TENANT
    other = claims(tid=OID, iss=ISSUER.replace(TENANT, OID))
    assert (await tokens.identity(signed(other))).tenant == OID
    for mixed in (claims(tid=OID), claims(iss=ISSUER.replace(TENANT, OID))):
        with pytest.raises(NotAuthenticated):
            await tokens.identity(signed(mixed))


@pytest.mark.parametrize(
    "tenant", ["", "common", "organizations", CLIENT_ID.upper(), f"{TENANT}\n"]
)
async def test_a_token_that_names_no_tenant_is_refused(tenant: str) -> None:
    with pytest.raises(NotAuthenticated):
        await verifier().identity(signed(claims(tid=tenant, iss=COMMON.format(tenantid=tenant))))


async def test_a_verdict_ends_with_the_token() -> None:
    clock = Clock()
    tokens, token = verifier(clock), signed(claims())
    await tokens.identity(token)
    clock.now += 3600 + 59
    await tokens.identity(token)
    clock.now += 2
    with pytest.raises(NotAuthenticated):
        await tokens.identity(token)


async def test_a_verdict_holds_for_that_very_token_only() -> None:
    tokens, token = verifier(), signed(claims())
    await tokens.identity(token)
    head, body, signature = token.split(".")
    for changed in (
        token[:-4] + "AAAA",
        f"{head}.{body}.",
        f"{token} ",
        f"{head}.{body}x.{signature}",
    ):
        with pytest.raises(NotAuthenticated):
            await tokens.identity(changed)


async def test_no_more_verdicts_are_kept_than_allowed() -> None:
    tokens = verifier(most=3)
    for number in range(8):
        await tokens.identity(signed(claims(uti=str(number))))
    assert len(tokens._verdicts) == 3


async def test_a_key_that_is_not_entras_is_refused() -> None:
    with pytest.raises(NotAuthenticated):
        await verifier().identity(signed(claims(), OTHER_KEY))
