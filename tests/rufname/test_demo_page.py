from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from connectors.report import RunReport
from rufname.demo_checks import Check
from rufname.demo_company import Company
from rufname.demo_page import Shown, port_of, print_answers, print_page, trials
from rufname.rundir import ServeStatus, WorkerStatus

STATUS = ServeStatus(
    pid=1,
    config="rufname.toml",
    started_at=0.0,
    ready=True,
    listens=("ldap://127.0.0.1:1389", "http://127.0.0.1:8080"),
    workers=(WorkerStatus("ldapd-0", 2, "ready", 0, 0.0),),
)
REPORT = RunReport("crm", "crm", "done", 900, 900, 0, 0, 0, 0, 7, "", 1.0)
RIGHT = Check("LDAP +498999998000", "Musterwerk Rufname GmbH", "Musterwerk Rufname GmbH")
WRONG = Check("LDAP +493023125001", "Ada [b]Muster", "")


def shown(*checks: Check, no_odbc: str = "") -> Shown:
    company = Company(Path("var/demo/rufname.toml"), odbc=not no_odbc, no_odbc=no_odbc)
    return Shown(company, [REPORT], 2.0, STATUS, list(checks), Path("var/demo/serve.log"))


def printed(print_it: object, what: Shown) -> str:
    assert callable(print_it)
    sink = io.StringIO()
    print_it(what, Console(file=sink, width=200, highlight=False))
    return sink.getvalue()


def test_the_page_fits_into_100_columns_and_says_how_to_stop() -> None:
    page = printed(print_page, shown(RIGHT))
    assert max(map(len, page.splitlines())) <= 100
    assert "Ctrl-C" in page
    assert "900 contacts read and indexed in 2.0 s (450 a second); 7 numbers unreadable" in page


def test_the_page_says_why_the_crm_is_no_odbc_source() -> None:
    page = printed(print_page, shown(RIGHT, no_odbc="the driver is missing"))
    assert "the driver is missing" in page.replace("\n", " ")
    assert "apt-get install unixodbc libsqliteodbc" in page


def test_a_wrong_answer_stands_on_the_page() -> None:
    page = printed(print_page, shown(RIGHT, WRONG))
    assert "1 of 2 answers are right" in page
    assert "LDAP +493023125001: nobody" in page


def test_the_answers_name_every_wrong_one_and_some_of_the_right_ones() -> None:
    said = printed(print_answers, shown(*[RIGHT] * 100, WRONG))
    assert said.count("right  LDAP") == 60 - 1
    assert "wrong  LDAP +493023125001  nobody, not Ada [b]Muster" in said
    assert said.splitlines()[-1] == "100 of 101 answers right"


def test_the_expected_output_of_a_trial_is_what_the_service_answered() -> None:
    first = trials(shown(RIGHT))[0]
    assert "ldap://127.0.0.1:1389" in first.command
    assert first.expected == "displayName: Musterwerk Rufname GmbH"


def test_a_listener_that_is_not_there_has_port_0() -> None:
    assert port_of(STATUS, "ldap") == 1389
    assert port_of(STATUS, "ldaps") == 0
