"""Entra access tokens for our own API: which one is taken, and who it names.

Law: pure: token, keys and time go in, an identity comes out. One algorithm (RS256), keys of the
pinned set only: nothing in a token's header is ever fetched, and no claim about the user other than
tenant and object id decides anything.

Sources: RFC 7515, 7519, 8725; Microsoft identity platform, "Access tokens" and "Claims validation".
"""

from __future__ import annotations

import re
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from relay.errors import UNREADABLE, NotAuthenticated
from relay.octets import decode_octets

TEAMS_APPS = (
    "1fec8e78-bce4-4aaf-ab1b-5451cc387264",  # desktop and mobile
    "5e3ce6c0-2b1f-4285-8d4b-75ee78787346",  # web
)
"""The client ids of Microsoft Teams."""

OUTLOOK_APPS = (
    "4765445b-32c6-49b0-83e6-1d93765276ca",  # Microsoft 365 on the web
    "0ec893e0-5785-4de6-99da-4ed124e5296c",  # Microsoft 365 on the desktop and mobile
    "d3590ed6-52b3-4102-aeff-aad2292ab01c",  # Outlook and Microsoft 365 on the desktop
    "bc59ab01-8403-45c6-8796-ac3ef710b3e3",  # Outlook on the web
    "27922004-5251-4030-b22d-91ecd9a37ea4",  # Outlook mobile
)
"""The client ids of Outlook and Microsoft 365, which show the same tab."""

LEEWAY_S = 60
"""How far clocks may differ."""

MAX_TOKEN_CHARS = 12 * 1024
"""A token with 200 groups, the most that Entra writes into one, has some 10 KiB."""

MAX_KEYS = 64
MIN_KEY_BITS, MAX_KEY_BITS = 2048, 8192

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


class TokenRules(msgspec.Struct, frozen=True):
    """What a token must say.

    Attributes:
        tenant: the registered tenant's id, lower case.
        client_id: our application's id, lower case: the audience.
        issuer: the exact `iss`.
        scope: one of the words of `scp`.
        apps: client ids that may hold the token (`azp`), lower case.
    """

    tenant: str
    client_id: str
    issuer: str
    scope: str
    apps: frozenset[str]


class Identity(msgspec.Struct, frozen=True):
    """Who a token names.

    Attributes:
        tenant, oid: the identity.
        name: display name, "" if the token tells none.
        groups: object ids of groups, as far as the token tells them.
        expires_at: seconds since the epoch.
        roles: template ids of the user's roles in the tenant, as far as the token tells them.
        has_more_groups: the groups are too many for the token, which tells none of them.
    """

    tenant: str
    oid: str
    name: str
    groups: tuple[str, ...]
    expires_at: int
    roles: tuple[str, ...] = ()
    has_more_groups: bool = False


class Key(msgspec.Struct, frozen=True):
    """One key of the set: what verifies, and the issuer it belongs to ("" = the set's)."""

    public: RSAPublicKey
    issuer: str = ""


class _Header(msgspec.Struct, frozen=True):
    """The part of a JOSE header that is looked at (RFC 7515, 4.1); the rest is not trusted."""

    alg: str
    kid: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    typ: str = "JWT"
    crit: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    b64: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Elsewhere(msgspec.Struct, frozen=True):
    """Claims that are not in the token but elsewhere (OpenID Connect Core 5.6.2)."""

    groups: str = ""


class _Claims(msgspec.Struct, frozen=True):
    """The claims that decide; a claim of another type than here refuses the token."""

    iss: str
    aud: str
    exp: int
    nbf: int
    tid: str
    oid: str
    ver: str
    scp: str
    azp: str
    idtyp: str = "user"
    name: str = ""
    groups: tuple[str, ...] = ()
    wids: tuple[str, ...] = ()
    hasgroups: bool | str = False
    claim_names: _Elsewhere = msgspec.field(default=_Elsewhere(), name="_claim_names")

    @property
    def has_more_groups(self) -> bool:
        """Whether the groups stand elsewhere ("groups overage" in the documentation of Entra)."""
        return bool(self.claim_names.groups) or self.hasgroups in (True, "true")


class _Jwk(msgspec.Struct, frozen=True):
    kty: str
    kid: str = ""
    use: str = "sig"
    alg: str = "RS256"
    n: str = ""
    e: str = ""
    issuer: str = ""


class _Jwks(msgspec.Struct, frozen=True):
    keys: list[_Jwk]


_read_header = msgspec.json.Decoder(_Header).decode
_read_claims = msgspec.json.Decoder(_Claims).decode
_read_keys = msgspec.json.Decoder(_Jwks).decode


def read_keys(body: bytes) -> dict[str, Key]:
    """Return the usable keys of a JWK set (RFC 7517) by their id: RSA, for RS256 signatures.

    Raises:
        ValueError: it is no JWK set, or holds no usable key.
    """
    try:
        found = _read_keys(body).keys[:MAX_KEYS]
    except msgspec.DecodeError as error:
        raise ValueError("no JWK set") from error
    keys = {}
    for each in found:
        public = _public_key(each)
        if public is not None:
            keys[each.kid] = Key(public, each.issuer)
    if not keys:
        raise ValueError("the JWK set holds no RSA key for signatures")
    return keys


def key_id(token: str) -> str:
    """Return the id of the key that a token says it is signed by; nothing of it is believed yet.

    Raises:
        NotAuthenticated: it is no token that could be right.
    """
    return _parts(token)[0].kid


def claimed_tenant(token: str) -> str:
    """Return the tenant that a token says it is of; nothing of it is believed yet.

    Raises:
        NotAuthenticated: it is no token that could be right.
    """
    claimed = _parts(token)[1].tid
    if not _GUID.match(claimed):
        raise NotAuthenticated("the token names no tenant")
    return claimed


def check_token(token: str, key: Key | None, rules: TokenRules, now: float) -> Identity:
    """Return who a token names.

    Args:
        token: a compact JWS (RFC 7515, 7.1).
        key: the key of its `key_id`, out of the set of the rules' issuer; None: not in it.
        rules: what it must say.
        now: seconds since the epoch.

    Raises:
        NotAuthenticated: refused; the reason quotes nothing of the token.
    """
    _, claims, signed, signature = _parts(token)
    if key is None:
        raise NotAuthenticated("the token is signed by an unknown key")
    try:
        key.public.verify(signature, signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        raise NotAuthenticated("the token's signature is wrong") from None
    fault = _fault(claims, key, rules, now)
    if fault:
        raise NotAuthenticated(fault)
    return Identity(
        claims.tid,
        claims.oid,
        claims.name[:256],
        claims.groups,
        claims.exp,
        claims.wids,
        claims.has_more_groups,
    )


def _parts(token: str) -> tuple[_Header, _Claims, bytes, bytes]:
    """Take a token apart; nothing in it is believed yet."""
    parts = token.split(".") if len(token) <= MAX_TOKEN_CHARS else []
    if len(parts) != 3:  # noqa: PLR2004 - header, payload, signature
        raise NotAuthenticated("no signed token")
    try:
        header = _read_header(decode_octets(parts[0]))
        claims = _read_claims(decode_octets(parts[1]))
        signature = decode_octets(parts[2])
    except UNREADABLE:
        raise NotAuthenticated("the token cannot be read") from None
    if header.alg != "RS256" or header.typ.lower() not in ("jwt", "at+jwt"):
        raise NotAuthenticated("the token is not signed by RS256")
    if header.crit is not msgspec.UNSET or header.b64 is not msgspec.UNSET:
        raise NotAuthenticated("the token's header demands what is not known here")
    return header, claims, token.rpartition(".")[0].encode(), signature


def _fault(claims: _Claims, key: Key, rules: TokenRules, now: float) -> str:
    """Return what is wrong with claims that are signed, "" if nothing is."""
    key_issuer = key.issuer.replace("{tenantid}", rules.tenant) if key.issuer else rules.issuer
    checks = (
        (claims.exp + LEEWAY_S > now, "the token has expired"),
        (claims.nbf - LEEWAY_S <= now, "the token is not valid yet"),
        (claims.tid == rules.tenant, "the token is of another tenant"),
        (claims.iss == rules.issuer, "the token is of another issuer"),
        (key_issuer == rules.issuer, "the token is signed by a key of another issuer"),
        (claims.aud == rules.client_id, "the token is for another application"),
        (claims.ver == "2.0", "the token is not of version 2.0"),
        (claims.idtyp == "user", "the token is an application's, not a user's"),
        (rules.scope in claims.scp.split(), "the token lacks the scope"),
        (claims.azp in rules.apps, "the token was made for another client"),
        (_GUID.match(claims.oid) is not None, "the token names no user"),
    )
    return next((words for holds, words in checks if not holds), "")


def _public_key(jwk: _Jwk) -> RSAPublicKey | None:
    """Return the key of a JWK (RFC 7518, 6.3.1), None for one of another use."""
    if jwk.kty != "RSA" or jwk.use != "sig" or jwk.alg != "RS256" or not jwk.kid:
        return None
    try:
        modulus = int.from_bytes(decode_octets(jwk.n), "big")
        exponent = int.from_bytes(decode_octets(jwk.e), "big")
        if not MIN_KEY_BITS <= modulus.bit_length() <= MAX_KEY_BITS:
            return None
        return RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError:
        return None
