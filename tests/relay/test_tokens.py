"""Tokens of Entra: the right one is taken; forged, foreign, stale and odd ones are refused."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from relay.errors import NotAuthenticated
from relay.tokens import Identity, check_token, key_id, read_keys
from tests.relay.http.users import (
    CLIENT_ID,
    ISSUER,
    KEY,
    OID,
    OTHER_KEY,
    SETTINGS,
    TEAMS,
    TENANT,
    claims,
    jwk,
    signed,
)

RULES = SETTINGS.token_rules()
KEYS = read_keys(
    json.dumps(
        {
            "keys": [
                jwk(KEY, issuer="https://login.microsoftonline.com/{tenantid}/v2.0", x5t="x"),
                jwk(OTHER_KEY, issuer="https://login.microsoftonline.com/consumers/v2.0"),
            ]
        }
    ).encode()
)
FOREIGN = RSAKey.generate_key(2048, {"kid": "k1"})
NOW = int(time.time())


def take(token: str, now: float | None = None) -> Identity:
    return check_token(token, KEYS.get(key_id(token)), RULES, now or time.time())


def text_of(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def unsigned(alg: str) -> str:
    head = text_of(json.dumps({"alg": alg, "typ": "JWT", "kid": "k1"}).encode())
    return f"{head}.{text_of(json.dumps(claims()).encode())}."


def by_public_key() -> str:
    """The public key, which everybody has, as the secret of an HMAC."""
    head = text_of(json.dumps({"typ": "JWT", "alg": "HS256", "kid": "k1"}).encode())
    signed_part = f"{head}.{text_of(json.dumps(claims()).encode())}"
    mac = hmac.digest(KEY.as_pem(private=False), signed_part.encode(), "sha256")
    return f"{signed_part}.{text_of(mac)}"


def by_curve() -> str:
    key = ECKey.generate_key("P-256", {"kid": "k1"})
    header = {"typ": "JWT", "alg": "ES256", "kid": "k1"}
    return jws.serialize_compact(header, json.dumps(claims()).encode(), key, algorithms=["ES256"])


def changed(part: int, change: Callable[[str], str]) -> str:
    parts = signed(claims()).split(".")
    parts[part] = change(parts[part])
    return ".".join(parts)


def swapped_claims() -> str:
    head, _, signature = signed(claims()).split(".")
    return f"{head}.{text_of(json.dumps(claims(oid=TENANT)).encode())}.{signature}"


BAD_CLAIMS: dict[str, dict[str, Any]] = {
    "expired": {"exp": NOW - 120},
    "expired long ago": {"exp": 0},
    "without an end": {"exp": None},
    "an end that is a text": {"exp": str(NOW + 3600)},
    "an end that is true": {"exp": True},
    "an end that is infinite": {"exp": 1e400},
    "not valid yet": {"nbf": NOW + 600},
    "without a beginning": {"nbf": None},
    "for another application": {"aud": TENANT},
    "for our application as a URI": {"aud": f"api://{CLIENT_ID}"},
    "for several applications": {"aud": [CLIENT_ID, TENANT]},
    "for nobody": {"aud": None},
    "for Graph": {"aud": "00000003-0000-0000-c000-000000000000"},
    "of another tenant": {"tid": OID, "iss": ISSUER.replace(TENANT, OID)},
    "of another tenant in tid only": {"tid": OID},
    "of another tenant in iss only": {"iss": ISSUER.replace(TENANT, OID)},
    "without a tenant": {"tid": None},
    "of the common issuer": {"iss": "https://login.microsoftonline.com/common/v2.0"},
    "of an issuer in plain HTTP": {"iss": ISSUER.replace("https", "http")},
    "of an issuer that begins alike": {"iss": ISSUER + "/"},
    "of an issuer on another host": {"iss": ISSUER.replace("microsoftonline", "microsoft0nline")},
    "of version 1": {"ver": "1.0", "iss": f"https://sts.windows.net/{TENANT}/"},
    "without a version": {"ver": None},
    "without a scope": {"scp": None},
    "of another scope": {"scp": "User.Read"},
    "of a scope that begins alike": {"scp": "access_as_user_too"},
    "of scopes as a list": {"scp": ["access_as_user"]},
    "of an application": {"scp": None, "roles": ["access_as_user"], "idtyp": "app"},
    "of an application with a scope": {"idtyp": "app"},
    "of another client": {"azp": OID},
    "without a client": {"azp": None},
    "without a user": {"oid": None},
    "of a user without an id": {"oid": "erika@firm.example"},
    "of a user with an odd id": {"oid": OID + "\n"},
    "of groups as a text": {"groups": "admins"},
}
BAD_TOKENS: dict[str, Callable[[], str]] = {
    "empty": lambda: "",
    "a word": lambda: "token",
    "two parts": lambda: signed(claims()).rpartition(".")[0],
    "four parts": lambda: signed(claims()) + ".x",
    "far too long": lambda: "x." * 7000,
    "alg none": lambda: unsigned("none"),
    "alg None": lambda: unsigned("None"),
    "an empty signature": lambda: unsigned("RS256"),
    "HMAC by the public key": by_public_key,
    "an elliptic curve": by_curve,
    "RS512": lambda: signed(claims(), alg="RS512"),
    "PS256": lambda: signed(claims(), alg="PS256"),
    "a foreign key under our key's id": lambda: signed(claims(), FOREIGN),
    "an unknown key": lambda: signed(claims(), kid="k9"),
    "without a key's id": lambda: signed(claims(), kid=None),
    "a key's id that is a path": lambda: signed(claims(), kid="../../etc/passwd"),
    "a key of another issuer": lambda: signed(claims(), OTHER_KEY),
    "a key of its own in the header": lambda: signed(claims(), FOREIGN, jwk=jwk(FOREIGN)),
    "an address of keys in the header": lambda: signed(claims(), FOREIGN, jku="https://x.example"),
    "a certificate's address": lambda: signed(claims(), FOREIGN, x5u="https://x.example/c"),
    "critical extensions": lambda: signed(claims(), crit=["kid"]),
    "of another type": lambda: signed(claims(), typ="JWE"),
    "claims of somebody else": swapped_claims,
    "a signature cut": lambda: signed(claims())[:-4],
    "a bit turned": lambda: changed(2, lambda text: ("A" if text[0] != "A" else "B") + text[1:]),
    "a blank within": lambda: changed(1, lambda text: text[:8] + " " + text[8:]),
    "padding": lambda: changed(2, lambda text: text + "=="),
    "bits left over": lambda: changed(0, lambda text: text + "A"),
    "ordinary base64": lambda: changed(2, lambda _: "+/+/"),
    "claims that are no object": lambda: signed(b"[1]"),
    "claims that are no JSON": lambda: signed(b"{'x'}"),
    "claims that are no UTF-8": lambda: signed(b'{"iss": "\xff"}'),
    "claims that are nested too deep": lambda: signed(b'{"x":' + b"[" * 3000 + b"]" * 3000 + b"}"),
    "a head that is nested too deep": lambda: changed(0, lambda _: text_of(b'{"x":' + b"[" * 3000)),
    "a session's form": lambda: "rs1." + signed(claims()),
}  # fmt: skip


def test_a_token_of_entra_names_tenant_and_user() -> None:
    groups = [OID, TENANT]
    identity = take(signed(claims(groups=groups)))
    assert identity == Identity(TENANT, OID, "Erika Beispiel", tuple(groups), NOW + 3600) or (
        identity.oid == OID and identity.groups == tuple(groups)
    )


@pytest.mark.parametrize("azp", [TEAMS, CLIENT_ID, "bc59ab01-8403-45c6-8796-ac3ef710b3e3"])
def test_teams_outlook_and_our_own_application_may_hold_it(azp: str) -> None:
    assert take(signed(claims(azp=azp, scp="profile access_as_user"))).tenant == TENANT


def test_clocks_may_differ_by_a_minute() -> None:
    token = signed(claims(exp=NOW + 100, nbf=NOW))
    assert take(token, NOW + 150).oid == OID
    assert take(token, NOW - 50).oid == OID
    for now in (NOW + 161, NOW - 61):
        with pytest.raises(NotAuthenticated):
            take(token, now)


def test_the_matrix_is_as_wide_as_promised() -> None:
    assert len(BAD_CLAIMS) + len(BAD_TOKENS) >= 60


@pytest.mark.parametrize(
    "more",
    [
        {"hasgroups": True},
        {"hasgroups": "true"},
        {
            "_claim_names": {"groups": "src1"},
            "_claim_sources": {"src1": {"endpoint": "https://elsewhere.example/groups"}},
        },
    ],
)
def test_a_token_may_say_that_the_groups_are_too_many_for_it(more: dict[str, Any]) -> None:
    assert take(signed(claims(**more))).has_more_groups


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"groups": [OID]},
        {"hasgroups": False},
        {"_claim_names": {}},
        {"_claim_names": {"address": "src1"}},
    ],
)
def test_else_the_groups_of_a_token_are_all(more: dict[str, Any]) -> None:
    assert not take(signed(claims(**more))).has_more_groups


@pytest.mark.parametrize("name", BAD_CLAIMS)
def test_a_signed_token_with_other_claims_is_refused(name: str) -> None:
    with pytest.raises(NotAuthenticated):
        take(signed(json.dumps(claims(**BAD_CLAIMS[name])).encode()))


@pytest.mark.parametrize("name", BAD_TOKENS)
def test_what_is_no_token_of_ours_is_refused(name: str) -> None:
    with pytest.raises(NotAuthenticated):
        take(BAD_TOKENS[name]())


@given(text=st.text(max_size=200) | st.lists(st.text(max_size=40), min_size=3, max_size=3))
def test_no_text_is_a_token(text: str | list[str]) -> None:
    with pytest.raises(NotAuthenticated):
        take(text if isinstance(text, str) else ".".join(text))


@given(position=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=6))
def test_one_bit_makes_another_token(position: int, bit: int) -> None:
    token = list(signed(claims()))
    position %= len(token)
    token[position] = chr(ord(token[position]) ^ (1 << bit))
    with pytest.raises(NotAuthenticated):
        take("".join(token))


def test_no_refusal_quotes_the_token() -> None:
    for make in BAD_TOKENS.values():
        token = make()
        with pytest.raises(NotAuthenticated) as caught:
            take(token)
        assert len(token) < 30 or token[:20] not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"keys": []}',
        b'{"keys": [{"kty": "oct", "k": "x", "kid": "k1"}]}',
        json.dumps({"keys": [jwk(KEY, n=str(jwk(KEY)["n"])[:100])]}).encode(),
        json.dumps({"keys": [jwk(KEY, use="enc")]}).encode(),
        json.dumps({"keys": [jwk(KEY, n="")]}).encode(),
        json.dumps({"keys": [{**jwk(KEY), "kid": ""}]}).encode(),
    ],
)
def test_a_set_without_a_usable_key_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="JWK set"):
        read_keys(body)
