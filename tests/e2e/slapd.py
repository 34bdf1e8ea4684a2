"""OpenLDAP's slapd as a trusted directory: it proves the telephone system itself."""

from __future__ import annotations

import base64
import contextlib
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.e2e.asking import Asker, ldap_answers
from tests.e2e.processes import LOOPBACK, find_program, free_port, running_program

BASE = "dc=meta"
BIND = f"cn=admin,{BASE}"
PASSWORD = "slapd's own"

_CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
database mdb
maxsize 268435456
directory {folder}/slapd-data
suffix "{base}"
rootdn "{bind}"
rootpw "{password}"
index objectClass eq
index telephoneNumber eq
"""


class Person(NamedTuple):
    """One entry: the name, and the numbers exactly as they will be asked."""

    name: str
    numbers: tuple[str, ...]


@contextlib.contextmanager
def running_slapd(folder: Path, people: Iterable[Person]) -> Iterator[Asker]:
    """Run slapd (mdb, `telephoneNumber` indexed) with these entries for a `with` block."""
    (folder / "slapd-data").mkdir()
    config = folder / "slapd.conf"
    text = _CONFIG.format(folder=folder, base=BASE, bind=BIND, password=PASSWORD)
    config.write_text(text, encoding="utf-8")
    ldif = folder / "people.ldif"
    ldif.write_text("\n".join(_records(people)), encoding="utf-8")
    subprocess.run(
        [find_program("slapadd"), "-q", "-f", str(config), "-l", str(ldif)],
        check=True,
        capture_output=True,
        timeout=60,
    )
    port = free_port()
    argv = [find_program("slapd"), "-d", "0", "-f", str(config), "-h", f"ldap://{LOOPBACK}:{port}"]
    with running_program("slapd", argv, folder) as program:
        program.wait_for(lambda: ldap_answers(port), timeout_s=20, what="slapd to answer")
        yield Asker(port, BIND, PASSWORD, BASE)


def _records(people: Iterable[Person]) -> Iterator[str]:
    yield f"dn: {BASE}\nobjectClass: top\nobjectClass: domain\ndc: meta\n"
    for index, person in enumerate(people):
        name = base64.b64encode(person.name.encode("utf-8")).decode("ascii")
        numbers = "".join(f"telephoneNumber: {number}\n" for number in person.numbers)
        yield (
            f"dn: uid={index},{BASE}\nobjectClass: inetOrgPerson\nuid: {index}\n"
            f"cn:: {name}\nsn:: {name}\ndisplayName:: {name}\n{numbers}"
        )
