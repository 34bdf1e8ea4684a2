"""The benches' view of a made-up installation: its LDAP worker as a server, its index opened."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import msgspec

from bench.servers import Server
from engine.index import ContactIndex
from engine.rights import SourcePolicy
from rufname.trial import BASE, BIND, PASSWORD, SOURCE, Installation

_PHONES = f"cn=phones,{BASE}"


@contextlib.contextmanager
def serving_ldap(installation: Installation) -> Iterator[Server]:
    """Run `rufname serve` for a `with` block; its one LDAP worker has the first core."""
    with installation.serving() as serving:
        worker = serving.ldap_worker
        yield Server("rufname", worker, installation.ldap_port, BIND, PASSWORD, BASE)


def let_phones_ask(installation: Installation) -> None:
    """Add a client that may ask for people by name, with the password of the other one."""
    with installation.config.open("a", encoding="utf-8") as config:
        config.write(
            f'\n[[client]]\nname = "phones"\nbind = "{_PHONES}"\nprofile = "phone"\n'
            'password = { file = "sbc.hash" }\nnetworks = ["127.0.0.0/8"]\ndialplan = "home"\n'
        )


def by_phone(server: Server) -> Server:
    """Return a server as that client asks it."""
    return msgspec.structs.replace(server, bind=_PHONES)


def open_index(installation: Installation) -> ContactIndex:
    """Open the index as a worker does."""
    return ContactIndex.open(installation.index_dir, {SOURCE: SourcePolicy(SOURCE)})
