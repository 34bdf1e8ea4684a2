"""A real call shows the caller's name: sipp, Kamailio and its LDAP module, and `rufname serve`."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.processes import wait_until
from tests.e2e.running import SBC, Row, Rufname, csv_source, running_rufname, write_rows
from tests.e2e.telephony import ANONYMOUS, Rung, TelephoneSystem, caller, telephone_system

pytestmark = pytest.mark.e2e

COUNTRY, AREA, TRUNK = "49", "30", "23125"

NAMES = {
    "001": "Jürgen Müßig-Öztürk",
    "002": 'Anna "Änni" Groß',
    "003": "C:\\Büro \\\\ Süd\\",
    "004": "Дмитрий Щукин",
    "005": "王小明",
    "006": "عائشة",
    "007": 'Mallory" <sip:evil@attack.test>',
    "008": "O'Brien; Söhne, & <Co>",
    "009": '\\"',
    "010": "Ελένη Παπαδοπούλου",
    "011": "Łukasz Żółć",
    "012": "Zoë 🙂 D’Arcy",
    "013": "=1+1",
    "014": "X" * 100,
}
"""Last digits behind the trunk → the name that a phone shall show."""

WRITTEN = ("+49 30 23125 {}", "030 / 23125-{}", "+49 (0)30 23125{}", "0049.30.23125.{}")
"""How the source writes numbers, in turn."""

CROWD = {f"{index}": f"Kollegin {index} Überall" for index in range(200, 300)}
FIRM, TAIL = "+498999998000", "+43 1 23456789"
SHARED = "100"
UNKNOWN = "999"

LONGEST_WAIT_S = 1.2
"""Of a caller, whatever happens to a worker: so long a phone may be late to ring."""

RECOVERED_S = 3.0
RETRANSMITTED_S = 0.5
"""RFC 3261, 17.1.1.2: a caller who waited so long sends the INVITE again."""


def spellings(subscriber: str) -> dict[str, str]:
    """Return how an SBC may name a caller: kind of spelling → the number as it sends it."""
    return {
        "E.164 with plus": f"+{COUNTRY}{AREA}{TRUNK}{subscriber}",
        "E.164 without plus": f"{COUNTRY}{AREA}{TRUNK}{subscriber}",
        "international prefix": f"00{COUNTRY}{AREA}{TRUNK}{subscriber}",
        "national": f"0{AREA}{TRUNK}{subscriber}",
    }


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rufname]:
    folder = tmp_path_factory.mktemp("rufname")
    rows = [
        Row(key, name, phone=WRITTEN[index % len(WRITTEN)].format(key))
        for index, (key, name) in enumerate({**NAMES, **CROWD}.items())
    ]
    rows += [
        Row("shared-1", "Ida Eins", phone=f"+49 30 23125 {SHARED}", company="Nordlicht Öl GmbH"),
        Row("shared-2", "Udo Zwei", phone=f"030 23125{SHARED}", company="Nordlicht Öl GmbH"),
        Row("firm", "", phone=FIRM, company="Käse & Söhne"),
        Row("tail", "Tilda Ende", phone=TAIL),
        Row("lines", "Otto\r\nX-Evil: 1\x07\u202e\u2066 Weiß", phone="+49 89 99998 001"),
    ]
    path = write_rows(folder / "contacts.csv", rows)
    with running_rufname(folder, sources=[csv_source(path)]) as running:
        yield running


@pytest.fixture
def system(server: Rufname, tmp_path: Path) -> Iterator[TelephoneSystem]:
    with telephone_system(tmp_path, server.asker()) as running:
        yield running


def test_a_known_caller_has_its_name_in_every_spelling_an_sbc_sends(
    system: TelephoneSystem,
) -> None:
    asked = {
        f"{subscriber} {kind}": (number, name)
        for subscriber, name in NAMES.items()
        for kind, number in spellings(subscriber).items()
    }
    rung = system.place({case: caller(number) for case, (number, _) in asked.items()})
    assert rung == {case: Rung(name, number) for case, (number, name) in asked.items()}


def test_an_extension_of_the_own_plan_has_its_name(system: TelephoneSystem) -> None:
    rung = system.place({"extension": caller("001")})
    assert rung == {"extension": Rung(NAMES["001"], "001")}


def test_a_shared_number_and_a_firm_show_the_company(system: TelephoneSystem) -> None:
    shared = spellings(SHARED)["E.164 with plus"]
    rung = system.place({"shared": caller(shared), "firm": caller(FIRM)})
    assert rung == {
        "shared": Rung("Nordlicht Öl GmbH", shared),
        "firm": Rung("Käse & Söhne", FIRM),
    }


def test_each_class_rings_with_its_name_and_says_which_it_is(
    server: Rufname, system: TelephoneSystem
) -> None:
    classes = {
        0: ("110", "", 0),
        1: ("001", NAMES["001"], 0),
        2: ("+493023125010", NAMES["010"], 0),
        3: (spellings(SHARED)["national"], "Nordlicht Öl GmbH", 1),
        4: (f"{FIRM}12", "~Käse & Söhne", 0),
        5: ("0723456789", "Tilda Ende", 0),  # another area, the last eight digits of TAIL
    }
    numbers = {str(number): asked for number, (asked, _, _) in classes.items()}
    rung = system.place({case: caller(asked) for case, asked in numbers.items()})
    assert rung == {str(case): Rung(name, asked) for case, (asked, name, _) in classes.items()}
    for match_class, (asked, name, runners_up) in classes.items():
        told = ("displayName", "rufnameClass", "rufnameRunnersUp")
        entries = server.asker().search(f"(telephoneNumber={asked})", *told)
        status, body = server.get(f"/v1/caller/{asked}", SBC, accept="application/json")
        if not match_class:
            assert (entries, status, body) == ([], 404, "")
            continue
        (entry,) = entries
        assert [entry[each] for each in told] == [[name], [str(match_class)], [str(runners_up)]]
        answer = json.loads(body)
        assert (answer["name"], answer["class"], answer["runners_up"]) == (
            name, match_class, runners_up,
        )  # fmt: skip


def test_line_breaks_and_overrides_of_a_name_never_reach_the_phone(
    system: TelephoneSystem,
) -> None:
    number = "+498999998001"
    rung = system.place({"lines": caller(number)})["lines"]
    assert rung.user == number
    assert rung.display.startswith("Otto")
    assert rung.display.endswith("Weiß")
    assert rung.display.isprintable()
    assert "control character" not in system.kamailio.output()


def test_unknown_and_anonymous_callers_keep_the_bare_number(system: TelephoneSystem) -> None:
    numbers = spellings(UNKNOWN)
    hostile = {
        "star": "*",
        "filter": ")(cn=*",
        "prefix": "+4930*",
        "long": "9" * 400,
        "letters": "anna",
        "emergency": "110",
    }
    rung = system.place(
        {kind: caller(number) for kind, number in {**numbers, **hostile}.items()}
        | {"anonymous": ANONYMOUS, "anonymous by name": f'"Anonymous" {ANONYMOUS}'}
    )
    assert rung == {kind: Rung("", number) for kind, number in {**numbers, **hostile}.items()} | {
        "anonymous": Rung("", "anonymous"),
        "anonymous by name": Rung("Anonymous", "anonymous"),
    }
    assert "did not answer" not in system.kamailio.output()


def crowd_calls(rounds: int) -> dict[str, tuple[str, str]]:
    """Return case → number and name: the whole crowd calls so often, spelled in turn."""
    asked = {}
    for index, (subscriber, name) in enumerate(CROWD.items()):
        numbers = list(spellings(subscriber).values())
        for turn in range(rounds):
            asked[f"{subscriber} {turn}"] = (numbers[(index + turn) % len(numbers)], name)
    return asked


def test_two_hundred_calls_all_show_the_right_name(system: TelephoneSystem) -> None:
    asked = crowd_calls(2)
    callers = {case: caller(number) for case, (number, _) in asked.items()}
    rung = system.place(callers, rate_per_s=50)
    assert len(rung) == 200
    assert rung == {case: Rung(name, number) for case, (number, name) in asked.items()}


@pytest.mark.long
def test_three_thousand_calls_all_show_the_right_name(system: TelephoneSystem) -> None:
    asked = crowd_calls(30)
    callers = {case: caller(number) for case, (number, _) in asked.items()}
    rung = system.place(callers, rate_per_s=150)
    assert len(rung) == 3_000
    assert rung == {case: Rung(name, number) for case, (number, name) in asked.items()}


def test_no_call_loses_its_name_while_every_ldap_worker_is_killed(
    server: Rufname, system: TelephoneSystem
) -> None:
    asked = crowd_calls(2)
    callers = {case: caller(number) for case, (number, _) in asked.items()}
    with ThreadPoolExecutor(1) as line:
        calls = line.submit(system.place, callers, rate_per_s=25)
        for rung, name in ((20, "ldapd-0"), (50, "ldapd-1")):
            wait_until(lambda rung=rung: len(system.phone.rung) >= rung, timeout_s=30, what="calls")
            killed = server.kill_worker(name)
            server.wait_worker(name, not_pid=killed)  # the other one answers meanwhile
        shown = calls.result()
    assert shown == {case: Rung(name, number) for case, (number, name) in asked.items()}


@pytest.mark.long
def test_no_call_is_lost_while_a_worker_is_killed_and_another_one_frozen(
    server: Rufname, system: TelephoneSystem, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bounds of waiting are added to what the longest undisturbed call waits on this machine."""
    asked = crowd_calls(30)
    callers = {case: caller(number) for case, (number, _) in asked.items()}
    with ThreadPoolExecutor(1) as line:
        placed = time.monotonic()
        calls = line.submit(system.place, callers, rate_per_s=150, timeout_s=120)

        def rung(count: int) -> None:
            wait_until(lambda: len(system.phone.rung) >= count, timeout_s=60, what="calls")

        rung(500)
        killed_s = time.monotonic() - placed
        killed = server.kill_worker("ldapd-0")
        rung(1_000)
        server.wait_worker("ldapd-0", not_pid=killed)  # one of two is out at any time, not both
        frozen = server.wait_worker("ldapd-1")
        frozen_s = time.monotonic() - placed
        os.kill(frozen, signal.SIGSTOP)
        server.wait_worker("ldapd-1", not_pid=frozen)
        named_from = len(system.phone.rung) + 300  # two seconds: Kamailio gives a try up after one
        shown = calls.result()
    assert len(shown) == 3_000
    right = {case: Rung(name, number) for case, (number, name) in asked.items()}
    nameless = [case for case, each in shown.items() if each != right[case]]
    assert [shown[case] for case in nameless] == [Rung("", right[case].number) for case in nameless]
    assert not set(list(shown)[named_from:]) & set(nameless)
    assert "worker was stopped: replaced" in server.output()
    quiet_s = max(each.waited_s for each in system.waits if each.began_s < killed_s)
    longest_s = max(each.waited_s for each in system.waits)
    late = [each.waited_s for each in system.waits if each.began_s > frozen_s + RECOVERED_S]
    after_s = max(late, default=0.0)  # a machine so slow that no call was left has shown enough
    with capsys.disabled():
        sys.stdout.write(
            f"\nlongest wait of a call: {quiet_s:.3f} s before, {longest_s:.3f} s in all,"
            f" {after_s:.3f} s from {RECOVERED_S:g} s after the freezing on;"
            f" {len(nameless)} without a name\n"
        )
    assert longest_s <= LONGEST_WAIT_S + quiet_s
    assert after_s <= RETRANSMITTED_S + quiet_s


def test_no_name_and_no_number_is_in_the_logs(server: Rufname, system: TelephoneSystem) -> None:
    number = spellings("001")["E.164 with plus"]
    system.place({"known": caller(number), "unknown": caller("+493023125998")})
    said = server.output()
    for private in (number[1:], "3023125998", *NAMES.values()):
        assert private not in said, private
