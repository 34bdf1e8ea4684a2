"""A telephone system on loopback: sipp calls, Kamailio asks LDAP for the caller, a phone rings.

    with telephone_system(tmp_path, server.asker()) as system:
        rung = system.place({"known": "<sip:+493023125001@example.test>"})
        rung["known"].display, rung["known"].user

Law: names travel as RFC 3261 says: Kamailio puts the display name in a quoted string (25.1) with
backslash and quote escaped, and the called side reads it by the same grammar. What Kamailio does
with a caller is in `ROUTES`, and it knows nothing of Rufname but the LDAP search.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.e2e.asking import Asker
from tests.e2e.processes import (
    LOOPBACK,
    Program,
    find_program,
    free_port,
    running_program,
    start_program,
)

DOMAIN = "calls.example.test"
ANONYMOUS = "<sip:anonymous@anonymous.invalid>"

ROUTES = r"""
#!KAMAILIO
# Puts the name that a directory knows for the caller into the From of an INVITE.
debug=1
log_stderror=yes
children=2
tcp_children=1
disable_tcp=yes
dns=no
rev_dns=no
auto_aliases=no
listen=udp:@HOST@:@PORT@
mpath="@MODULES@"
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "maxfwd.so"
loadmodule "uac.so"
loadmodule "ldap.so"
modparam("ldap", "config_file", "@FOLDER@/ldap.cfg")
modparam("uac", "restore_mode", "none")
modparam("rr", "enable_full_lr", 1)

request_route {
    if (!mf_process_maxfwd_header("10")) {
        sl_send_reply("483", "Too Many Hops");
        exit;
    }
    if (is_method("OPTIONS")) {
        sl_send_reply("200", "OK");
        exit;
    }
    if (has_totag()) {
        loose_route();
        t_relay();
        exit;
    }
    if (!is_method("INVITE")) {
        sl_send_reply("405", "Method Not Allowed");
        exit;
    }
    route(CALLER_NAME);
    record_route();
    $du = "sip:@HOST@:@CALLED@";
    t_relay();
}

route[CALLER_NAME] {
    if ($fU == $null || $fU =~ "^(anonymous|restricted|unavailable)$" || $fd == "anonymous.invalid")
        return;
    ldap_filter_url_encode("telephoneNumber=$fU", "$avp(s:filter)");
    if (!ldap_search("ldap://directory/@BASE@?displayName?sub?($avp(s:filter))")) {
        if ($retcode == -2) xlog("L_ERR", "the directory did not answer\n");
        return;
    }
    if (!ldap_result("displayName/$avp(s:name)")) return;
    if ($avp(s:name) =~ "[[:cntrl:]]") {
        xlog("L_ERR", "the directory answered with a control character\n");
        return;
    }
    $var(quoted) = $(avp(s:name){re.subst,/(["\\])/\\\1/g});
    uac_replace_from("\"$var(quoted)\"", "");
}
"""
_LDAP = """[directory]
ldap_server_url = "ldap://{host}:{port}"
ldap_bind_dn = "{bind}"
ldap_bind_password = "{password}"
ldap_network_timeout = 1000
ldap_client_bind_timeout = 1000
ldap_client_search_timeout = 2000
"""
_CALLER = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="one call">
  <send retrans="500" start_rtd="invite"><![CDATA[
INVITE sip:phone@{domain} SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: [field1];tag=[pid]t[call_number]
To: <sip:phone@{domain}>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
X-Case: [field0]
Content-Length: 0

]]></send>
  <recv response="100" optional="true"></recv>
  <recv response="200" rrs="true" rtd="invite"></recv>
  <send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
[routes]
From: [field1];tag=[pid]t[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
  <send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
[routes]
From: [field1];tag=[pid]t[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
  <recv response="200"></recv>
</scenario>
"""
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*<([^>]*)>')
_TOKENS = re.compile(r"([^<\"]*)<([^>]*)>")
_HEADER = re.compile(r"^([A-Za-z-]+)[ \t]*:[ \t]*(.*)$")


class Rung(NamedTuple):
    """What the called phone shows of one call: the display name, "" for none, and the number."""

    display: str
    user: str


class Wait(NamedTuple):
    """How long one caller waited, by sipp's own clock.

    Attributes:
        began_s: when the INVITE was sent, in seconds after `place` was called; never later than it
            was, and earlier at most by the time that sipp takes to start.
        waited_s: until the call was accepted, first of all for its name.
    """

    began_s: float
    waited_s: float


class CalledPhone:
    """A SIP user agent that accepts every call and keeps what it was shown (RFC 3261, 13.3.1)."""

    def __init__(self) -> None:
        self._line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._line.bind((LOOPBACK, 0))
        self.port = int(self._line.getsockname()[1])
        self.rung: dict[str, Rung] = {}
        self.ended: set[str] = set()
        self._thread = threading.Thread(target=self._serve, name="called phone")
        self._thread.start()

    def close(self) -> None:
        """Hang up for good: ends the thread."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.sendto(b"", (LOOPBACK, self.port))
        self._thread.join(5)
        self._line.close()

    def _serve(self) -> None:
        while True:
            message, peer = self._line.recvfrom(65_535)
            if not message:
                return
            answer = self._answer(message.decode("utf-8", "replace"))
            if answer:
                self._line.sendto(answer.encode("utf-8"), peer)

    def _answer(self, message: str) -> str:
        """Accept at once: a 180 could fall behind the 200 in Kamailio's workers and upset sipp."""
        start, *lines = message.split("\r\n")
        headers = [(m[1].lower(), m[2]) for m in map(_HEADER.match, lines) if m]
        single = dict(headers)
        method = start.partition(" ")[0]
        if method == "INVITE":
            self.rung[single["x-case"]] = read_from(single["from"])
            return self._reply("200 OK", headers)
        if method == "BYE":
            self.ended.add(single["call-id"])
            return self._reply("200 OK", headers)
        return ""

    def _reply(self, status: str, headers: list[tuple[str, str]]) -> str:
        """Copy what RFC 3261, 8.2.6.2 says; Record-Route by 12.1.1."""
        lines = [f"SIP/2.0 {status}"]
        for name, value in headers:
            if name in ("via", "record-route", "from", "call-id", "cseq"):
                lines.append(f"{name}: {value}")
            elif name == "to":
                lines.append(f"to: {value}" if ";tag=" in value else f"to: {value};tag=phone")
        lines += [f"contact: <sip:phone@{LOOPBACK}:{self.port}>", "content-length: 0", "", ""]
        return "\r\n".join(lines)


class TelephoneSystem:
    """Kamailio and the called phone, both running; `place` makes sipp call.

    Attributes:
        waits: of the calls that `place` has placed last, in the order in which they were accepted.
    """

    def __init__(self, folder: Path, port: int, kamailio: Program, phone: CalledPhone) -> None:
        self.kamailio = kamailio
        self.phone = phone
        self.waits: tuple[Wait, ...] = ()
        self._folder = folder
        self._port = port

    def place(
        self, callers: Mapping[str, str], *, rate_per_s: int = 20, timeout_s: int = 60
    ) -> dict[str, Rung]:
        """Place one call for each case and return what the phone showed, by case.

        Args:
            callers: case → the From of the caller, a name-addr without parameters and ";".
            rate_per_s: calls started a second.
            timeout_s: all calls must be over by then.

        Raises:
            AssertionError: a call failed or never rang.
        """
        assert not any(";" in text for pair in callers.items() for text in pair)
        scenario = self._folder / "caller.xml"
        scenario.write_text(_CALLER.format(domain=DOMAIN), encoding="utf-8")
        cases = self._folder / "callers.csv"
        lines = ["SEQUENTIAL", *(f"{case};{source};" for case, source in callers.items()), ""]
        cases.write_text("\n".join(lines), encoding="utf-8")
        before = set(self.phone.rung)
        assert before.isdisjoint(callers), "a case was called before"
        argv = [find_program("sipp"), "-sf", str(scenario), "-inf", str(cases)]
        argv += ["-m", str(len(callers)), "-r", str(rate_per_s), "-i", LOOPBACK]
        argv += ["-p", str(free_port(socket.SOCK_DGRAM)), "-nostdin"]
        argv += [
            "-timeout",
            f"{timeout_s}s",
            "-timeout_error",
            "-trace_err",
            "-trace_rtt",
            "-rtt_freq",
            "1",
        ]
        argv += ["-error_file", str(self._folder / "sipp.err"), f"{LOOPBACK}:{self._port}"]
        sipp = start_program("sipp", argv, self._folder, cwd=self._folder)
        try:
            code = sipp.wait(timeout_s + 30)
        finally:
            sipp.kill_all()
        assert code == 0, f"sipp: exit {code}\n{sipp.output()[-3000:]}\n{self.kamailio.output()}"
        self.waits = tuple(read_waits(self._folder / f"{scenario.stem}_{sipp.pid}_rtt.csv"))
        assert len(self.waits) == len(callers)
        return {case: self.phone.rung[case] for case in callers}


@contextlib.contextmanager
def telephone_system(
    folder: Path, directory: Asker, *, routes: str = ROUTES
) -> Iterator[TelephoneSystem]:
    """Run Kamailio and a phone for a `with` block.

    Args:
        folder: an empty folder of the test.
        directory: what the routes ask over LDAP.
        routes: Kamailio's configuration; @HOST@, @PORT@ … stand for what is known only now.
    """
    phone = CalledPhone()
    try:
        port = free_port(socket.SOCK_DGRAM)
        settings = _write_settings(folder, port, phone.port, directory, routes)
        argv = [find_program("kamailio"), "-DD", "-E", "-f", str(settings), "-Y", str(folder)]
        argv += ["-m", "32", "-M", "8", "-P", str(folder / "kamailio.pid")]
        with running_program("kamailio", argv, folder) as kamailio:
            kamailio.wait_for(
                lambda: _answers_options(port), timeout_s=20, what="Kamailio to answer OPTIONS"
            )
            yield TelephoneSystem(folder, port, kamailio, phone)
            assert kamailio.exit_code is None, kamailio.output()
    finally:
        phone.close()


def caller(number: str) -> str:
    """Return the From of a caller who shows only a number."""
    return f"<sip:{number}@{DOMAIN}>"


def read_from(header: str) -> Rung:
    """Read a From header's name-addr (RFC 3261, 25.1); quoted pairs are taken apart.

    Raises:
        ValueError: no name-addr, or a URI that is not `sip:`.
    """
    text = header.strip()
    found = _QUOTED.match(text)
    if found:
        display = re.sub(r"\\(.)", r"\1", found[1])
    else:
        found = _TOKENS.match(text)
        if found is None:
            raise ValueError(f"no name-addr: {header!r}")
        display = found[1].strip()
    scheme, _, rest = found[2].partition(":")
    if scheme != "sip":
        raise ValueError(f"no SIP URI: {header!r}")
    return Rung(display, rest.partition("@")[0])


def read_waits(path: Path) -> Iterator[Wait]:
    """Read what sipp writes for `-trace_rtt`: when a response came, and how long that took, in ms.

    Raises:
        ValueError: the file is another one.
    """
    head, *rows = path.read_text(encoding="ascii").splitlines()
    if head != "Date_ms;response_time_ms;rtd_no":
        raise ValueError(f"no response times of sipp: {head!r}")
    for row in rows:
        came_ms, took_ms, _ = row.split(";")
        yield Wait((float(came_ms) - float(took_ms)) / 1e3, float(took_ms) / 1e3)


def _write_settings(folder: Path, port: int, called: int, directory: Asker, routes: str) -> Path:
    settings = folder / "kamailio.cfg"
    values = {
        "HOST": LOOPBACK,
        "PORT": str(port),
        "CALLED": str(called),
        "MODULES": str(_modules()),
        "FOLDER": str(folder),
        "BASE": directory.base,
    }
    text = re.sub(r"@([A-Z]+)@", lambda match: values[match[1]], routes.lstrip())
    settings.write_text(text, encoding="utf-8")
    session = _LDAP.format(host=LOOPBACK, **directory._asdict())
    (folder / "ldap.cfg").write_text(session, encoding="utf-8")
    return settings


def _modules() -> Path:
    found = list(Path("/usr/lib").glob("*/kamailio/modules/ldap.so"))
    assert found, "Kamailio's LDAP module is not installed: apt-get install kamailio-ldap-modules"
    return found[0].parent


def _answers_options(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind((LOOPBACK, 0))
        line.settimeout(0.5)
        own = line.getsockname()[1]
        request = (
            f"OPTIONS sip:{LOOPBACK} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {LOOPBACK}:{own};branch=z9hG4bK-{own}\r\n"
            f"From: <sip:probe@{DOMAIN}>;tag=p\r\nTo: <sip:{LOOPBACK}>\r\nCall-ID: probe-{own}\r\n"
            "CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        )
        line.sendto(request.encode(), (LOOPBACK, port))
        try:
            return line.recv(65_535).startswith(b"SIP/2.0 200")
        except OSError:
            return False
