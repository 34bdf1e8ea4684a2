"""Users with cheap hashes, tokens as Entra makes them, and the app asked as one of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from joserfc import jws
from joserfc.jwk import RSAKey

from relay.accounts import Accounts, Group, User
from relay.keycache import KeyCache
from relay.settings import RelaySettings
from tests.relay.http.asking import cheap_hash

TENANT = "11111111-2222-4333-8444-555555555555"
CLIENT_ID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
OID = "99999999-8888-4777-8666-555555555555"
PERSONNEL_GROUP = "77777777-7777-4777-8777-777777777777"
TEAMS = "1fec8e78-bce4-4aaf-ab1b-5451cc387264"
ISSUER = f"https://login.microsoftonline.com/{TENANT}/v2.0"

ACCOUNTS = Accounts(
    users=(
        User("anna", cheap_hash("Annas Wort")),
        User("jörg", cheap_hash("Straße"), groups=("personnel",)),
        User("nothing", cheap_hash("n"), sources=()),
        User("boss", entra="12121212-1212-4212-8212-121212121212", groups=("personnel",)),
    ),
    groups=(Group("personnel", PERSONNEL_GROUP), Group("unused", "")),
)
SETTINGS = RelaySettings(
    host="127.0.0.1", port=0, tenant=TENANT, client_id=CLIENT_ID, user_rate=0, tenant_rate=0
)

KEY = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "k2", "use": "sig"})


def jwk(key: RSAKey, **more: str) -> dict[str, Any]:
    return {**key.as_dict(private=False), **more}


def claims(**changed: Any) -> dict[str, Any]:
    """Return what Entra says of a user in a token for us; None leaves a claim out."""
    now = int(time.time())
    every = {
        "aud": CLIENT_ID,
        "iss": ISSUER,
        "iat": now - 10,
        "nbf": now - 10,
        "exp": now + 3600,
        "azp": TEAMS,
        "azpacr": "0",
        "name": "Erika Beispiel",
        "oid": OID,
        "preferred_username": "erika@firm.example",
        "scp": "access_as_user",
        "sub": "pairwise",
        "tid": TENANT,
        "uti": "x",
        "ver": "2.0",
        **changed,
    }
    return {name: value for name, value in every.items() if value is not None}


def signed(payload: dict[str, Any] | bytes, key: RSAKey = KEY, **header: Any) -> str:

    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    every = {"typ": "JWT", "alg": "RS256", "kid": key.kid, **header}
    registry = jws.JWSRegistry(algorithms=[every["alg"]], strict_check_header=False)
    return jws.serialize_compact(
        {name: value for name, value in every.items() if value is not None},
        body, key, registry=registry,
    )  # fmt: skip


def keys_of(*keys: dict[str, Any]) -> Callable[[], KeyCache]:

    async def fetch() -> bytes:
        return json.dumps({"keys": list(keys)}).encode()

    return lambda: KeyCache(fetch)
