"""The server asked by clients that are not ours: OpenLDAP's ldapsearch and the library ldap3."""

from __future__ import annotations

import asyncio
import subprocess
import warnings
from base64 import b64decode

import pytest
import uvloop

from engine.contact import contact_uuid
from engine.index import ContactIndex
from ldapd.protocol.messages import ResultCode
from tests.ldapd.house import ANNA, PASSWORD, VISIBLE
from tests.ldapd.serving import TIMEOUT_S, LoopFactory, Serving

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of ldap3 itself, about pyasn1
    import ldap3

SBC_NAME = "cn=sbc,dc=meta"

either_loop = pytest.mark.parametrize(
    "loop", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"]
)


@either_loop
def test_ldap3_reads_all_it_wants_to_know_and_searches(
    index: ContactIndex, loop: LoopFactory
) -> None:
    with Serving(index, loop_factory=loop) as serving:
        server = ldap3.Server("127.0.0.1", port=serving.port, get_info=ldap3.ALL)
        with ldap3.Connection(server, "cn=phone,dc=meta", PASSWORD) as client:
            assert client.bound
            assert server.info.naming_contexts == ["dc=meta"]
            assert server.info.vendor_name == ["Rufname"]
            assert server.schema.object_classes["inetOrgPerson"].superior == [
                "organizationalPerson"
            ]
            assert client.extend.standard.who_am_i() == "dn:cn=phone,dc=meta"
            assert client.search("dc=meta", "(|(cn=mei*)(sn=mei*))", attributes=["cn", "sn"])
            assert [each.cn.value for each in client.entries] == ["Bernd Meier"]
            assert client.search("dc=meta", "(searchNumber=030 23125001)", attributes=["*", "+"])
            (anna,) = client.entries
            assert anna.entry_dn == f"entryUUID={contact_uuid(ANNA.id)},dc=meta"
            assert anna.displayName.value == "Anna Müller"
            assert anna.rufnameClass.value == 2
            assert client.compare(anna.entry_dn, "sn", "mueller")
            assert not client.search("dc=elsewhere", "(cn=*)")
            assert client.result["result"] == ResultCode.NO_SUCH_OBJECT
            assert not client.delete(anna.entry_dn)
            assert client.result["result"] == ResultCode.UNWILLING_TO_PERFORM


def test_ldap3_is_refused_with_a_wrong_password(serving: Serving) -> None:
    client = ldap3.Connection(
        ldap3.Server("127.0.0.1", port=serving.port), "cn=phone,dc=meta", "wrong"
    )
    assert not client.bind()
    assert client.result["result"] == ResultCode.INVALID_CREDENTIALS
    client.unbind()


@pytest.mark.parametrize(
    "number",
    ["+49 30 23125001", "493023125001", "004930 23125001", "03023125001", "(030) 23125-001",
     "tel:+49-30-23125-001"],
)  # fmt: skip
def test_ldapsearch_finds_the_name_for_a_number(serving: Serving, number: str) -> None:
    escaped = number.replace("(", "\\28").replace(")", "\\29")
    done = serving.ldapsearch(
        *("-D", SBC_NAME, "-w", PASSWORD, "-b", "dc=meta"),
        *(f"(|(telephoneNumber={escaped})(mobile={escaped}))", "givenName", "rufnameClass"),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        f"dn: entryUUID={contact_uuid(ANNA.id)},dc=meta\ngivenName: Anna\nrufnameClass: 2\n\n"
    )


def test_ldapsearch_reads_the_root_dse_without_a_name(serving: Serving) -> None:
    done = serving.ldapsearch("-b", "", "-s", "base", "(objectClass=*)", "+")
    assert done.returncode == 0, done.stderr
    assert "namingContexts: dc=meta\n" in done.stdout
    assert "supportedLDAPVersion: 3\n" in done.stdout


def test_ldapsearch_without_a_name_reads_nobody(serving: Serving) -> None:
    done = serving.ldapsearch("-b", "dc=meta", "(cn=*)")
    assert done.returncode == ResultCode.INSUFFICIENT_ACCESS_RIGHTS
    assert "dn:" not in done.stdout


def test_ldapsearch_is_told_of_limits_and_critical_controls(serving: Serving) -> None:
    bound = ("-D", "cn=phone,dc=meta", "-w", PASSWORD, "-b", "dc=meta")
    limited = serving.ldapsearch(*bound, "-z", "2", "(objectClass=*)", "1.1")
    assert limited.returncode == ResultCode.SIZE_LIMIT_EXCEEDED
    assert limited.stdout.count("dn:") == 2
    listed = serving.ldapsearch(*bound, "(objectClass=*)", "1.1")
    assert (listed.returncode, listed.stdout.count("dn:")) == (0, VISIBLE)
    other = serving.ldapsearch(*bound, "-E", "!sync=ro", "(objectClass=*)")
    assert other.returncode == ResultCode.UNAVAILABLE_CRITICAL_EXTENSION


BOOK = ("-D", "book@example.test", "-w", PASSWORD, "-b", "dc=meta")


def test_ldapsearch_reads_everybody_by_pages(serving: Serving) -> None:
    paged = serving.ldapsearch(*BOOK, "-E", "!pr=3/noprompt", "(objectClass=*)", "1.1")
    assert paged.returncode == 0, paged.stderr
    names = [line for line in paged.stdout.splitlines() if line.startswith("dn:")]
    assert len(names) == len(set(names)) == VISIBLE
    assert paged.stdout.count("# pagedresults: cookie=") == 3


def test_ldapsearch_has_a_list_sorted(serving: Serving) -> None:
    for order, step in (("sn", 1), ("-sn:2.5.13.3", -1)):
        sorted_ = serving.ldapsearch(*BOOK, "-E", f"!sss={order}", "(givenName=*)", "sn")
        assert sorted_.returncode == 0, sorted_.stderr
        assert "# sortResult: (0) Success" in sorted_.stdout
        encoded = [line for line in sorted_.stdout.splitlines() if line.startswith("sn:")]
        assert len(encoded) == 6
        folded = ["Klein", "Müller", "O'Brien-Meiß", "Gustav Ohm", "Schlotmeier", "Vogt"]
        assert [decoded(line) for line in encoded] == sorted(folded, key=letters)[::step]


def decoded(line: str) -> str:
    """Return the value of a line of LDIF."""
    if line.startswith("sn:: "):
        return b64decode(line[5:]).decode()
    return line[4:]


def letters(text: str) -> str:
    return text.lower().replace("ü", "u").replace("ß", "ss")


def test_ldapsearch_has_only_the_number_that_hit(serving: Serving) -> None:
    asked = ("(searchNumber=017139200001)", "mobile", "telephoneNumber")
    whole = serving.ldapsearch(*BOOK, *asked)
    assert whole.stdout.count(": +49") == 2
    hit = serving.ldapsearch(*BOOK, "-E", "!mv=(mobile=0171 39200001)", *asked)
    assert hit.returncode == 0, hit.stderr
    assert [line for line in hit.stdout.splitlines() if "+49" in line] == ["mobile: +4917139200001"]


def test_ldapwhoami_and_ldapcompare_are_answered(serving: Serving) -> None:
    bound = ("-x", "-H", f"ldap://127.0.0.1:{serving.port}", "-D", "book@example.test")
    who = run("ldapwhoami", *bound, "-w", PASSWORD)
    assert (who.returncode, who.stdout) == (0, "u:book@example.test\n")
    anna = f"entryUUID={contact_uuid(ANNA.id)},dc=meta"
    for assertion, code in (("sn:mueller", 6), ("sn:meier", 5)):
        assert run("ldapcompare", *bound, "-w", PASSWORD, anna, assertion).returncode == code


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)


def test_ldap3_reads_everybody_by_pages(serving: Serving) -> None:
    server = ldap3.Server("127.0.0.1", port=serving.port)
    with ldap3.Connection(server, "book@example.test", PASSWORD) as client:
        found = client.extend.standard.paged_search(
            "dc=meta", "(objectClass=*)", attributes=["cn"], paged_size=2, generator=False
        )
    assert len({each["dn"] for each in found}) == len(found) == VISIBLE
