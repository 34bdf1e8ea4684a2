"""OpenLDAP's slapd as a source: syncprov, a size limit of 100, TLS; entries by LDIF or by LDAP."""

from __future__ import annotations

import base64
import contextlib
import shutil
import signal
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import ldap3

from tests.connectors.certificates import Authority
from tests.connectors.worlds import Row
from tests.e2e.asking import ldap_answers
from tests.e2e.processes import LOOPBACK, Program, find_program, free_port, running_program

BASE = "dc=firm,dc=example"
PEOPLE_BASE = f"ou=people,{BASE}"
ADMIN = f"cn=admin,{BASE}"
READER = f"cn=reader,{BASE}"
LIMITED = f"cn=limited,{BASE}"
NOBODY = f"cn=nobody,{BASE}"
PAGELESS = f"cn=pageless,{BASE}"
POLICY = f"cn=policy,{BASE}"
PASSWORD = "bra{ces}"

_CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload syncprov
moduleload ppolicy
pidfile {folder}/slapd.pid
sizelimit 100
{tls}
database mdb
maxsize 268435456
dbnosync
directory {folder}/data
suffix "{base}"
rootdn "{admin}"
rootpw "{password}"
limits dn.exact="{reader}" size=unlimited time=unlimited
limits dn.exact="{pageless}" size=unlimited size.prtotal=disabled
access to attrs=userPassword by anonymous auth by * none
{access}
index objectClass,entryUUID,entryCSN,uid eq
overlay syncprov
{session_log}
{policy}
"""


_ACCESS = f"""access to * by dn.exact="{READER}" read by dn.exact="{LIMITED}" read
    by dn.exact="{PAGELESS}" read by * none"""


class Slapd:
    """A slapd that a test may stop, kill and start again on the same port."""

    def __init__(
        self,
        folder: Path,
        *,
        session_log: bool = True,
        tls_host: str = "",
        access: str = _ACCESS,
        policy: bool = False,
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"ldap://{LOOPBACK}:{self.port}"
        self.secret = folder / "password"
        self.secret.write_text(PASSWORD)
        self.authority: Authority | None = None
        self._stack = contextlib.ExitStack()
        self._program: Program | None = None
        tls = ""
        if tls_host:
            self.authority = Authority(folder)
            certificate, key = self.authority.server(tls_host)
            tls = f"TLSCertificateFile {certificate}\nTLSCertificateKeyFile {key}"
        text = _CONFIG.format(
            folder=folder,
            base=BASE,
            admin=ADMIN,
            reader=READER,
            limited=LIMITED,
            pageless=PAGELESS,
            password=PASSWORD,
            tls=tls,
            access=access,
            session_log="syncprov-sessionlog 1000" if session_log else "",
            policy=f"overlay ppolicy\nppolicy_default {POLICY}\nppolicy_use_lockout"
            if policy
            else "",
        )
        (folder / "slapd.conf").write_text(text)

    def load(self, rows: Iterable[Row]) -> None:
        """Begin anew with these people; the server must not run."""
        self.restore("\n".join([*_skeleton(), *map(_ldif, rows)]))

    def restore(self, ldif: str) -> None:
        data = self.folder / "data"
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir()
        self._run("slapadd", "-q", input=ldif)

    def dump(self) -> str:
        return self._run("slapcat")

    def start(self) -> None:
        argv = [find_program("slapd"), "-d", "0", "-f", str(self.folder / "slapd.conf"), "-h"]
        urls = f"ldap://{LOOPBACK}:{self.port}/"
        self._program = self._stack.enter_context(
            running_program("slapd", [*argv, urls], self.folder)
        )
        self._program.wait_for(self._answers, timeout_s=20, what="slapd to answer")

    def ensure_running(self) -> None:
        if self._program is None:
            self.start()
        self.signal(signal.SIGCONT)

    def signal(self, number: signal.Signals) -> None:
        assert self._program is not None
        self._program.signal(number)

    def stop(self) -> None:
        """End it in order: it writes down how far its changes go."""
        self._stack.close()
        self._stack = contextlib.ExitStack()
        self._program = None

    def kill(self) -> None:
        if self._program is not None:
            self._program.signal(signal.SIGCONT)
            self._program.kill_all()
            self._program = None
        with contextlib.suppress(AssertionError):  # it was killed: it did not end in order
            self._stack.close()
        self._stack = contextlib.ExitStack()

    @contextlib.contextmanager
    def admin(self) -> Iterator[Any]:
        """A connection that may write."""
        server = ldap3.Server(self.url, get_info=ldap3.NONE)
        connection = ldap3.Connection(
            server, ADMIN, PASSWORD, auto_bind=True, raise_exceptions=True, check_names=False
        )
        try:
            yield connection
        finally:
            connection.unbind()

    def _answers(self) -> bool:
        return ldap_answers(self.port)

    def _run(self, program: str, *arguments: str, input: str = "") -> str:  # noqa: A002
        done = subprocess.run(
            [find_program(program), *arguments, "-f", str(self.folder / "slapd.conf")],
            input=input,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextlib.contextmanager
def slapd(folder: Path, **options: Any) -> Iterator[Slapd]:
    """Make a slapd for a `with` block; it is loaded and started by whoever uses it."""
    peer = Slapd(folder, **options)
    try:
        yield peer
    finally:
        peer.kill()


def attributes(row: Row) -> dict[str, str]:
    """The attributes of a person that a row changes."""
    _, name, phone = row
    found = {"cn": name, "sn": name, "displayName": name}
    return {**found, "telephoneNumber": phone} if phone else found


def dn_of(key: str) -> str:
    return f"uid={key},{PEOPLE_BASE}"


def _skeleton() -> Iterator[str]:
    yield f"dn: {BASE}\nobjectClass: domain\ndc: firm\n"
    yield f"dn: {PEOPLE_BASE}\nobjectClass: organizationalUnit\nou: people\n"
    for dn in (READER, LIMITED, NOBODY, PAGELESS):
        name = dn.partition(",")[0].removeprefix("cn=")
        yield (
            f"dn: {dn}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n"
            f"cn: {name}\nuserPassword: {PASSWORD}\n"
        )


def _ldif(row: Row) -> str:
    lines = [f"dn: {dn_of(row[0])}", "objectClass: inetOrgPerson", f"uid: {row[0]}"]
    for name, text in attributes(row).items():
        lines.append(f"{name}:: {base64.b64encode(text.encode()).decode()}")
    return "\n".join([*lines, ""])
