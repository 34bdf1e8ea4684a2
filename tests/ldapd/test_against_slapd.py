"""The daemon beside OpenLDAP's slapd on the same entries: 5,000 generated filters, equal sets.

slapd is loaded with the LDIF of what the daemon itself shows to a client that reads everything.
These differences are meant; each is taken out of the comparison where it shows, and nowhere else:

numbers     A term on any number attribute asks for all numbers of a contact. slapd is therefore
            asked for an OR over all of them; for fax numbers, to which RFC 4519 gives no rule, it
            has a second attribute that has one.
folding     Umlauts, accents and digraphs are equal ("ue", "ü", "u"). A difference counts as such
            if a term of the filter holds for that entry in the one spelling and not in the other.
order       RFC 4519 gives names no ordering rule; phones ask for one, and mean the alphabet. slapd
            has a second `sn` with a rule, which goes by code points: entries and values of plain
            letters must agree.
"""

from __future__ import annotations

import base64
import subprocess
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.client import Client
from engine.contact import Contact
from ldapd.protocol.client import Entry, encode_bind, encode_search
from ldapd.protocol.filters import (
    And,
    Equality,
    Extensible,
    Filter,
    GreaterOrEqual,
    LessOrEqual,
    Not,
    Or,
    Present,
    Substrings,
    format_filter,
    parse_filter,
)
from ldapd.schema import attribute_type
from tests.e2e.asking import ldap_answers
from tests.e2e.processes import LOOPBACK, find_program, free_port, running_program
from tests.engine.building import Directory
from tests.ldapd.generated_filters import NUMBERS, FilterMaker, people
from tests.ldapd.house import PASSWORD, PASSWORD_HASH
from tests.ldapd.serving import Serving, Wire

SEED = 20_261_126
PEOPLE = people(240, SEED)
FILTERS = 5_000

BULK = Client("bulk", "cn=bulk,dc=meta", PASSWORD_HASH, profile="bulk")
ADMIN = "cn=admin,dc=meta"

CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 1.1.2.1 NAME 'orderedSn' EQUALITY caseIgnoreMatch
  ORDERING caseIgnoreOrderingMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.1.2.2 NAME 'ruledFax' EQUALITY telephoneNumberMatch
  SUBSTR telephoneNumberSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.50 )
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
sizelimit unlimited
database mdb
maxsize 268435456
directory {folder}/data
suffix "dc=meta"
rootdn "{admin}"
rootpw "{password}"
"""
RULED = {"sn": "orderedSn", "facsimileTelephoneNumber": "ruledFax"}
SLAPD_NUMBERS = tuple(RULED.get(name, name) for name in NUMBERS)
SHOWN = (
    "cn", "sn", "givenName", "displayName", "o", "ou", "title", "mail", "street", "postalCode",
    "l", "co", "description", "personalTitle", "postalAddress", *NUMBERS,
)  # fmt: skip

Found = dict[str, frozenset[str]]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    directory = Directory(tmp_path_factory.mktemp("ours"))
    held = directory.hold(*PEOPLE)
    with Serving(held, clients=(BULK,)) as serving, serving.bound(BULK.bind) as wire:
        yield wire
    directory.close()


@pytest.fixture(scope="module")
def slapd(ours: Wire, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    folder = tmp_path_factory.mktemp("slapd")
    (folder / "data").mkdir()
    config, ldif = folder / "slapd.conf", folder / "entries.ldif"
    config.write_text(CONFIG.format(folder=folder, admin=ADMIN, password=PASSWORD))
    ldif.write_text("\n".join(records(shown_by(ours))))
    load(config, ldif)
    port = free_port()
    argv = [find_program("slapd"), "-d", "0", "-f", str(config), "-h", f"ldap://{LOOPBACK}:{port}"]
    with running_program("slapd", argv, folder) as program:
        program.wait_for(lambda: ldap_answers(port), timeout_s=60, what="slapd to answer")
        with Wire(port) as wire:
            wire.send(encode_bind(1, ADMIN, PASSWORD.encode()))
            assert wire.result(1).code == 0
            yield wire


def load(config: Path, ldif: Path) -> None:
    argv = [find_program("slapadd"), "-q", "-f", str(config), "-l", str(ldif)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def shown_by(wire: Wire) -> list[Entry]:
    wire.send(encode_search(2, "dc=meta", parse_filter("(objectClass=*)"), SHOWN))
    entries, done = wire.answer(2)
    assert done.code == 0
    assert len(entries) == len(PEOPLE)
    return entries


def records(entries: list[Entry]) -> Iterator[str]:
    """Give the LDIF of what the daemon shows; the UUID names an entry of slapd too."""
    yield "dn: dc=meta\nobjectClass: domain\ndc: meta\n"
    for entry in entries:
        lines = [f"dn: uid={uuid_of(entry)},dc=meta", f"uid: {uuid_of(entry)}"]
        lines += ["objectClass: inetOrgPerson", "objectClass: extensibleObject"]
        for name, values in entry.attributes:
            lines += [f"{name}:: {base64.b64encode(value).decode()}" for value in values]
            if name in RULED:
                lines += [f"{RULED[name]}:: {base64.b64encode(each).decode()}" for each in values]
        yield "\n".join(lines) + "\n"


def uuid_of(entry: Entry) -> str:
    return entry.dn.split(",")[0].split("=")[1]


def ask(wire: Wire, message_id: int, search_filter: Filter) -> frozenset[str]:
    wire.send(encode_search(message_id, "dc=meta", search_filter, ("1.1",), scope=1))
    entries, done = wire.answer(message_id)
    assert done.code == 0, format_filter(search_filter)
    return frozenset(map(uuid_of, entries))


def for_slapd(item: Filter) -> Filter:
    """Return a filter as slapd has to be asked for the same: see `numbers` and `order`."""
    match item:
        case And(parts) | Or(parts):
            return type(item)(tuple(map(for_slapd, parts)))
        case Not(part):
            return Not(for_slapd(part))
        case GreaterOrEqual(name) | LessOrEqual(name) if is_text(name):
            return replace(item, attribute="orderedSn")
        case Present(name) | Equality(name) | Substrings(name) if is_number(name):
            return Or(tuple(replace(item, attribute=each) for each in SLAPD_NUMBERS))
        case _:
            return item


def is_number(name: str) -> bool:
    found = attribute_type(name)
    return found is not None and found.is_number


def is_text(name: str) -> bool:
    found = attribute_type(name)
    return found is not None and found.kind == "text"


# --- what the listed differences are, told apart from any other ----------------------------------


def plain(text: str) -> str:
    """Prepare a text as slapd does: letters fold one by one, so that "ß" is not "SS"."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def folded(text: str) -> str:
    bare = unicodedata.normalize("NFKD", plain(text).casefold())
    bare = "".join(each for each in bare if not unicodedata.combining(each))
    return bare.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def leaves(item: Filter) -> Iterator[Filter]:
    match item:
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield item


def holds(leaf: Filter, contact: Contact, spelling: object) -> bool:
    """Evaluate a text term in one spelling."""
    assert callable(spelling)
    found = attribute_type(leaf.attribute)  # type: ignore[union-attr]  # only leaves get here
    values = [spelling(value) for value in found.texts(contact)] if found else []
    match leaf:
        case Equality(_, value) | Extensible(_, _, value, _):
            return spelling(value.decode()) in values
        case Substrings(_, initial, middle, final):
            pieces = [spelling((each or b"").decode()) for each in (initial, *middle, final)]
            return any(in_order(value, pieces) for value in values)
        case GreaterOrEqual(_, value):
            return any(each >= spelling(value.decode()) for each in values)
        case LessOrEqual(_, value):
            return any(each <= spelling(value.decode()) for each in values)
        case _:
            return False


def in_order(value: str, pieces: list[str]) -> bool:
    first, *middle, last = pieces
    if not value.startswith(first):
        return False
    at = len(first)
    for piece in middle:
        at = value.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return value.endswith(last) and len(value) - len(last) >= at


def explanation(search_filter: Filter, contact: Contact) -> str:
    """Return which listed difference shows in a filter for a contact; "" for none."""
    for leaf in leaves(search_filter):
        name = getattr(leaf, "attribute", "")
        if is_text(name) and holds(leaf, contact, plain) != holds(leaf, contact, folded):
            is_order = isinstance(leaf, (GreaterOrEqual, LessOrEqual))
            return "order" if is_order else "folding"
    return ""


def test_generated_filters_find_what_slapd_finds(ours: Wire, slapd: Wire) -> None:
    contacts = {uuid_of_contact(each): each for each in PEOPLE}
    maker = FilterMaker(PEOPLE, SEED)
    explained: Counter[str] = Counter()
    found = hits = 0
    for number in range(FILTERS):
        search_filter = maker.draw()
        mine = ask(ours, number + 10, search_filter)
        theirs = ask(slapd, number + 10, for_slapd(search_filter))
        hits += len(mine)
        found += bool(mine)
        why = {explanation(search_filter, contacts[each]) for each in mine ^ theirs}
        assert "" not in why, (
            f"{format_filter(search_filter)}\n"
            f"only here: {names(contacts, mine - theirs, search_filter)}\n"
            f"only slapd: {names(contacts, theirs - mine, search_filter)}"
        )
        explained.update(why)
    assert found > FILTERS // 2, "most filters must find somebody"
    assert 10 < hits / FILTERS < len(PEOPLE) * 0.7
    assert explained.total() < FILTERS // 10, f"too many differences: {explained}"
    assert explained["folding"], "the spellings of umlauts must have shown"


def uuid_of_contact(contact: Contact) -> str:
    return attribute_type("entryUUID").texts(contact)[0]  # type: ignore[union-attr]  # it is known


def names(contacts: dict[str, Contact], uuids: frozenset[str], item: Filter) -> list[str]:
    unexplained = [contacts[each] for each in sorted(uuids)]
    return [repr(each) for each in unexplained if not explanation(item, each)][:3]
