"""LDAP clients nobody here wrote find a name by number and list by prefix, also inside TLS.

OpenLDAP's tools besides ask who they are and compare.
The programs, and what they need, stand in `foreign/`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from engine.index import ContactIndex
from ldapd.settings import LdapSettings
from tests.ldapd.authority import Authority
from tests.ldapd.house import PASSWORD, VISIBLE
from tests.ldapd.serving import PATIENT, TIMEOUT_S, Serving

FOREIGN = Path(__file__).parent / "foreign"
NODE_MODULES = Path(sys.prefix) / "node" / "node_modules"
SYSTEM_PYTHON = "/usr/bin/python3"

PROGRAMS = {
    "Perl Net::LDAP": ("perl", "net_ldap.pl"),
    "Java JNDI": ("java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "Jndi.java"),
    "npm ldapts": ("node", "ldapts.js"),
    "npm ldapjs": ("node", "ldapjs.js"),
    "ldap3": (sys.executable, "ldap3_client.py"),
    "python-ldap": (SYSTEM_PYTHON, "python_ldap.py"),
    "bonsai": (SYSTEM_PYTHON, "bonsai_client.py"),
    "PHP": ("php", "php_ldap.php"),
    "Ruby net-ldap": ("ruby", "net_ldap.rb"),
}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def offering(index: ContactIndex, authority: Authority) -> Iterator[Serving]:
    """LDAP that offers StartTLS."""
    tls = authority.sign("server")
    limits = msgspec.structs.replace(PATIENT, bind_time_s=60)
    with Serving(index, LdapSettings(listen=(), tls=tls, limits=limits)) as running:
        yield running


def run(program: tuple[str, ...], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*program[:-1], str(FOREIGN / program[-1]), *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=False,
        env={
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "NODE_PATH": str(NODE_MODULES),
            "LC_ALL": "C.UTF-8",
            "LDAPNOINIT": "1",
        },
    )


@pytest.mark.parametrize("tls", [False, True], ids=["in clear", "StartTLS"])
@pytest.mark.parametrize("library", PROGRAMS)
def test_a_library_finds_by_number_and_lists_by_prefix(
    offering: Serving, authority: Authority, library: str, *, tls: bool
) -> None:
    ca = (str(authority.ca),) if tls else ()
    asked = ("127.0.0.1", str(offering.port), "cn=phone,dc=meta", PASSWORD, "+493023125001")
    done = run(PROGRAMS[library], *asked, *ca)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["Anna Müller", "Anna Müller; Bernd Meier"]
    counts = offering.metrics()
    assert counts["binds"] == 1
    assert counts["handshakes_failed"] == counts["violations"] == counts["faults"] == 0


@pytest.mark.parametrize("library", ["Perl Net::LDAP", "PHP", "Ruby net-ldap", "python-ldap"])
def test_a_library_hears_of_a_wrong_password(offering: Serving, library: str) -> None:
    asked = ("127.0.0.1", str(offering.port), "cn=phone,dc=meta", "wrong", "+493023125001")
    done = run(PROGRAMS[library], *asked)
    assert done.returncode != 0
    assert "Anna" not in done.stdout
    assert offering.metrics()["binds_failed"] == 1


def tool(program: str, serving: Serving, authority: Authority, *arguments: str) -> str:
    """Run one of OpenLDAP's tools inside TLS, bound as a phone; return what it prints."""
    done = subprocess.run(
        [
            *(program, "-x", "-ZZ", "-H", f"ldap://127.0.0.1:{serving.port}"),
            *("-D", "cn=phone,dc=meta", "-w", PASSWORD, *arguments),
        ],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LDAPTLS_CACERT": str(authority.ca)},
    )
    assert done.stderr == ""
    return done.stdout


def test_ldap_utils_search_ask_who_they_are_and_compare(
    offering: Serving, authority: Authority
) -> None:
    assert tool("ldapwhoami", offering, authority) == "dn:cn=phone,dc=meta\n"
    number = ("-LLL", "-b", "dc=meta", "(telephoneNumber=+493023125001)", "displayName")
    dn, _name, *_ = tool("ldapsearch", offering, authority, *number).splitlines()
    dn = dn.removeprefix("dn: ")
    same = tool("ldapcompare", offering, authority, dn, "sn:mueller")
    other = tool("ldapcompare", offering, authority, dn, "sn:meier")
    assert (same, other) == ("TRUE\n", "FALSE\n")


def test_ldap_utils_page_and_sort_inside_tls(offering: Serving, authority: Authority) -> None:
    listed = ("-LLL", "-b", "dc=meta", "(objectClass=person)", "sn")
    sort = ("-E", "!sss=sn", "-E", "!pr=2/noprompt", *listed)
    shown = tool("ldapsearch", offering, authority, *sort).splitlines()
    surnames = [line.partition(": ")[2] for line in shown if line.startswith("sn:")]
    assert surnames.index("Klein") < surnames.index("Schlotmeier") < surnames.index("Vogt")
    assert sum(line.startswith("dn:") for line in shown) == VISIBLE


def test_ldap_utils_over_ldaps(index: ContactIndex, authority: Authority) -> None:
    settings = LdapSettings(listen=(), tls=authority.sign("server"), limits=PATIENT)
    with Serving(index, settings, tls=True) as serving:
        done = subprocess.run(
            [
                *("ldapwhoami", "-x", "-H", f"ldaps://127.0.0.1:{serving.port}"),
                *("-D", "cn=sbc,dc=meta", "-w", PASSWORD),
            ],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
            env={"PATH": "/usr/bin:/bin", "LDAPTLS_CACERT": str(authority.ca)},
        )
    assert (done.stdout, done.stderr) == ("dn:cn=sbc,dc=meta\n", "")
