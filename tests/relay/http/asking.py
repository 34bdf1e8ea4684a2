"""Clients with cheap hashes, an index with a few callers, and a way to ask the application."""

from __future__ import annotations

import base64
import os
from ipaddress import ip_network

import httpx
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from litestar import Litestar

from engine.client import Client
from engine.contact import Contact
from tests.engine.building import MUNICH, contact

PASSWORD = "Ein Passwort für die Anlage"


def cheap_hash(password: str) -> str:
    """Hash with the least work Argon2 takes, so that tests do not wait."""
    return Argon2id(
        salt=os.urandom(16), length=32, iterations=1, lanes=1, memory_cost=8
    ).derive_phc_encoded(password.encode())


SBC = Client("sbc", password_hash=cheap_hash(PASSWORD), plan=MUNICH)
CLIENTS = (
    SBC,
    Client("zürich", password_hash=cheap_hash("Zoë"), plan=MUNICH),
    Client("inside", password_hash=cheap_hash("inside"), networks=(ip_network("10.0.0.0/8"),)),
    Client("nobody", password_hash=""),
    Client("broken", password_hash="$argon2id$v=19$m=8,t=1,p=1$cut"),
    Client("personnel", password_hash=cheap_hash("personnel"), plan=MUNICH),
    Client("phones only", password_hash=cheap_hash("p"), plan=MUNICH, sources=("old",)),
)

CONTACTS: tuple[Contact, ...] = (
    contact("1", "Erika Müller-Lüdenscheidt", "498999998123"),
    contact("2", 'Jörg "Joe" O\\Neil', "493023125001"),
    contact("3", "山田太郎", "4917139200011"),
    contact("4", "Anna Abel", "493023125002", company="Abel GmbH"),
    contact("5", "Ben Beck", "493023125002", company="Abel GmbH"),
    contact("6", "Berta Beleg", "493023125003x55"),
    contact("7", "Geheime Personalie", "493023125004", source="hr"),
)


def basic(name: str, password: str, encoding: str = "utf-8") -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode(encoding)).decode()


def asker(
    app: Litestar,
    authorization: str | None = "",
    peer: str | None = "127.0.0.1",
    accept: str = "*/*",
) -> httpx.AsyncClient:
    """Return a client that asks `app` from `peer`; as the SBC unless told otherwise."""
    headers = {"Accept": accept}
    if authorization is not None:
        headers["Authorization"] = authorization or basic("sbc", PASSWORD)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(
            app,  # type: ignore[arg-type]  # the framework types its scopes more narrowly
            client=(peer, 5060) if peer is not None else None,  # type: ignore[arg-type]  # None: a local socket
        ),
        base_url="http://directory.test",
        headers=headers,
    )
