"""What the demo asks its own services, over real connections, and what it expects.

Law: nothing is looked up behind the services' backs: LDAP and HTTP go over TCP, the command line
is run as a program. Expected answers come from the made-up company's generator.
"""

from __future__ import annotations

import base64
import http.client
import itertools
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import msgspec

from ldapd.protocol.client import Entry, Result, decode_responses, encode_bind, encode_search
from ldapd.protocol.filters import Equality
from rufname.demo_company import BIND, PASSWORD, USER
from rufname.sample import contacts, questions
from rufname.sample_contact import PROBES

TIMEOUT_S = 10.0
SAMPLED = 200
"""Contacts of the bulk that are looked up besides the probe set."""

UNKNOWN = "+493023125999"
"""A number reserved for fiction that nobody of the sample has."""

_BASE = "dc=meta"


class Check(msgspec.Struct, frozen=True):
    """One question with its expected and its real answer; "" = nobody."""

    asked: str
    expected: str
    answer: str

    @property
    def right(self) -> bool:
        """Whether the answer is the expected one."""
        return self.expected == self.answer


class LdapAsker:
    """A bound LDAP connection to this machine that asks for names by number."""

    def __init__(self, port: int, password: str = PASSWORD) -> None:
        self._line = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
        self._pending = b""
        self._id = 1
        self._line.sendall(encode_bind(1, BIND, password.encode()))
        code = self._result([])
        if code:
            self._line.close()
            raise ConnectionError(f"LDAP bind refused with code {code}")

    def name(self, number: str) -> str:
        """Return the display name of the first entry, "" for none."""
        self._id += 1
        wanted = Equality("telephoneNumber", number.encode())
        self._line.sendall(encode_search(self._id, _BASE, wanted, ("displayName",)))
        entries: list[Entry] = []
        code = self._result(entries)
        if code:
            raise ConnectionError(f"LDAP search refused with code {code}")
        values = entries[0].values("displayName") if entries else ()
        return values[0].decode() if values else ""

    def close(self) -> None:
        """Close the connection."""
        self._line.close()

    def _result(self, entries: list[Entry]) -> int:
        """Read until the result of the request; return its code."""
        while True:
            responses, taken = decode_responses(self._pending)
            self._pending = self._pending[taken:]
            for response in responses:
                if isinstance(response, Entry):
                    entries.append(response)
                if isinstance(response, Result):
                    return response.code
            data = self._line.recv(65_536)
            if not data:
                raise ConnectionError("the LDAP server closed the connection")
            self._pending += data


def http_name(port: int, number: str) -> str:
    """Return the name that the HTTP side tells for a number, "" if it answers 404."""
    token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        headers = {"Authorization": f"Basic {token}"}
        connection.request("GET", f"/v1/caller/{quote(number)}", headers=headers)
        response = connection.getresponse()
        body = response.read().decode()
    finally:
        connection.close()
    if response.status == http.client.NOT_FOUND and not body:
        return ""
    if response.status != http.client.OK:
        return f"HTTP {response.status}"
    return body


def page_name(port: int, text: str) -> str:
    """Return who the app finds first for a text, asked as its page asks; "" for nobody."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/")
        page = connection.getresponse()
        body = page.read()
        if page.status != http.client.OK or b"/assets/" not in body:
            return f"no page: HTTP {page.status}"
        question = msgspec.json.encode({"text": text})
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/v1/people/search", question, headers)
        answer = connection.getresponse()
        found = answer.read()
    finally:
        connection.close()
    if answer.status != http.client.OK:
        return f"HTTP {answer.status}"
    hits = msgspec.json.decode(found)["hits"]
    return str(hits[0]["name"]) if hits else ""


def command_output(*arguments: str) -> str:
    """Return what a `rufname` command prints on standard output."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-P", "-m", "rufname", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout


def ask_everything(config: Path, count: int, ldap_port: int, http_port: int) -> list[Check]:
    """Ask LDAP, HTTP and the command line.

    Args:
        config: of the running demo.
        count: contacts of the company.
        ldap_port: where LDAP answers.
        http_port: where HTTP answers.

    Raises:
        OSError: a service does not answer at all.
    """
    known = list(_known(count))
    asker = LdapAsker(ldap_port)
    try:
        checks = [Check(f"LDAP {number}", name, asker.name(number)) for number, name in known]
        checks.append(Check(f"LDAP {UNKNOWN}", "", asker.name(UNKNOWN)))
    finally:
        asker.close()
    probes = known[: len(PROBES)]
    checks += [
        Check(f"HTTP {number}", name, http_name(http_port, number)) for number, name in probes
    ]
    checks.append(Check(f"HTTP {UNKNOWN}", "", http_name(http_port, UNKNOWN)))
    words = "grossmann-w jor"
    checks.append(Check(f"page {words!r}", PROBES[2].name, page_name(http_port, words)))
    return [*checks, *_command_checks(config)]


def _command_checks(config: Path) -> Iterator[Check]:
    named = PROBES[2]
    number = f"+{named.lines[0].truth[0].digits}"
    own = ("-c", str(config), "--json")
    output = command_output("lookup", number, *own)
    answer = msgspec.json.decode(output)["name"] if output else ""
    yield Check(f"rufname lookup {number}", named.name, answer)
    output = command_output("lookup", UNKNOWN, *own)
    yield Check(f"rufname lookup {UNKNOWN}", "", output)
    words = "grossmann-w jor"
    output = command_output("search", words, *own)
    names = [msgspec.json.decode(line)["name"] for line in output.splitlines()]
    yield Check(
        f"rufname search {words!r}", named.name, named.name if named.name in names else output
    )


def _known(count: int) -> Iterator[tuple[str, str]]:
    """Give numbers and names: the probe set first, then some of the bulk, evenly spread."""
    yield from itertools.chain.from_iterable(map(questions, PROBES[:count]))
    for made in itertools.islice(contacts(count), len(PROBES), None, max(1, count // SAMPLED)):
        yield from itertools.islice(questions(made), 1)
