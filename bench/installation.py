"""The benches' view of a made-up installation: its LDAP worker as a server, its index opened."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from bench.servers import Server
from engine.index import ContactIndex
from engine.rights import SourcePolicy
from rufname.trial import BASE, BIND, PASSWORD, SOURCE, Installation


@contextlib.contextmanager
def serving_ldap(installation: Installation) -> Iterator[Server]:
    """Run `rufname serve` for a `with` block; its one LDAP worker has the first core."""
    with installation.serving() as serving:
        worker = serving.ldap_worker
        yield Server("rufname", worker, installation.ldap_port, BIND, PASSWORD, BASE)


def open_index(installation: Installation) -> ContactIndex:
    """Open the index as a worker does."""
    return ContactIndex.open(installation.index_dir, {SOURCE: SourcePolicy(SOURCE)})
