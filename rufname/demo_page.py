"""The page that the demo prints: what runs where, what to try, what must come out, how to stop.

Law: at most 100 columns; every answer on it was given by the running services a moment before.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from connectors.report import RunReport
from rufname.demo_checks import Check
from rufname.demo_company import BIND, PASSWORD, USER, Company
from rufname.rundir import ServeStatus
from rufname.sample_contact import PROBES

WIDTH = 96
MAX_SHOWN = 30


class Shown(msgspec.Struct, frozen=True):
    """What the page tells.

    Attributes:
        company: what was made.
        reports: of the first reading of each source.
        read_s: how long that took in all, until everything could be found.
        status: of the running services.
        checks: questions that the services were asked, with their answers.
        log: where the services log.
    """

    company: Company
    reports: list[RunReport]
    read_s: float
    status: ServeStatus
    checks: list[Check]
    log: Path


class Trial(msgspec.Struct, frozen=True):
    """A command to try: its lines, what must come out, what it needs (a Debian package or "")."""

    title: str
    command: str
    expected: str
    package: str = ""


def port_of(status: ServeStatus, scheme: str) -> int:
    """Return the port of the first listener of a scheme, 0 if there is none."""
    for url in status.listens:
        parts = urlsplit(url)
        if parts.scheme == scheme and parts.port:
            return parts.port
    return 0


def print_answers(shown: Shown, console: Console) -> None:
    """Print what was asked and answered, as `--once` does: some of the right, all of the wrong."""
    checks = shown.checks
    wrong = [check for check in checks if not check.right]
    console.print(_reading(shown), soft_wrap=True)
    for check in (
        [*checks[:MAX_SHOWN], *checks[-MAX_SHOWN:]] if len(checks) > 2 * MAX_SHOWN else checks
    ):
        if check.right:
            line = f"[green]right[/]  {escape(check.asked)}  {escape(check.answer or 'nobody')}"
            console.print(line, soft_wrap=True)
    for check in wrong:
        asked, answer = escape(check.asked), escape(check.answer or "nobody")
        console.print(
            f"[red]wrong[/]  {asked}  {answer}, not {escape(check.expected or 'nobody')}",
            soft_wrap=True,
        )
    console.print(f"{len(checks) - len(wrong)} of {len(checks)} answers right", soft_wrap=True)


def print_page(shown: Shown, console: Console) -> None:
    """Print the page of a running demo."""
    console.width = min(console.width, WIDTH)
    right = sum(check.right for check in shown.checks)
    console.print()
    console.print(Panel(_services(shown), title="[bold]Rufname is running[/]", title_align="left"))
    console.print(f"  {_reading(shown)}")
    console.print(
        f"  Asked over LDAP, HTTP and the command line: {right} of "
        f"{len(shown.checks)} answers are right."
    )
    for check in shown.checks:
        if not check.right:
            console.print(f"  [red]{escape(check.asked)}: {escape(check.answer or 'nobody')}[/]")
    if shown.company.no_odbc:
        console.print(
            "  The CRM was exported to a CSV file, since it cannot be read over ODBC here\n"
            f"  ({escape(shown.company.no_odbc)});\n"
            "  for that: apt-get install unixodbc libsqliteodbc"
        )
    console.print()
    for number, trial in enumerate(trials(shown), 1):
        _print_trial(number, trial, console)
    console.print("  [bold]Ctrl-C[/] stops everything and removes it again.\n")


def trials(shown: Shown) -> list[Trial]:
    """Return the commands to try, with what they print."""
    company, umlauts, dirty = PROBES[0], PROBES[2], PROBES[15]
    main = f"+{company.lines[0].truth[0].digits}"
    national = umlauts.lines[0].written.replace("/", "").replace("-", "")
    ldap, http = port_of(shown.status, "ldap"), port_of(shown.status, "http")
    config = shown.company.config
    return [
        Trial(
            "an SBC asks over LDAP who calls",
            f"ldapsearch -x -LLL -H ldap://127.0.0.1:{ldap} -D {BIND} -w {PASSWORD} \\\n"
            f"    -b dc=meta '(telephoneNumber={main})' displayName",
            f"displayName: {_answer(shown, f'LDAP {main}')}",
            "" if shutil.which("ldapsearch") else "ldap-utils",
        ),
        Trial(
            "a telephone system asks over HTTP, in national spelling",
            f"curl -u {USER}:{PASSWORD} http://127.0.0.1:{http}/v1/caller/{national}",
            umlauts.name,
            "" if shutil.which("curl") else "curl",
        ),
        Trial(
            "an administrator asks how an answer comes about",
            f"{program()} lookup '{dirty.lines[0].written}' \\\n    -c {config} --explain",
            f"{dirty.name}, and every step from the spelling to the name",
        ),
        Trial(
            "somebody searches: beginnings of words, in any order, umlauts or not",
            f"{program()} search 'grossmann-w jor' -c {config}",
            f"{umlauts.name}, with numbers and e-mail addresses",
        ),
    ]


def program() -> str:
    """Return how to call this program from where the user stands."""
    if shutil.which("rufname"):
        return "rufname"
    script = Path(sys.executable).with_name("rufname")
    if script.exists():
        near = os.path.relpath(script)
        return near if len(near) < len(str(script)) else str(script)
    return f"{sys.executable} -m rufname"


def _answer(shown: Shown, asked: str) -> str:
    return next((check.answer for check in shown.checks if check.asked == asked), "")


def _reading(shown: Shown) -> str:
    read = sum(report.read for report in shown.reports)
    fields = sum(report.rejected_fields for report in shown.reports)
    return (
        f"{read:,} contacts read and indexed in {shown.read_s:.1f} s "
        f"({read / shown.read_s:,.0f} a second); {fields:,} numbers unreadable."
    )


def _services(shown: Shown) -> Table:
    read = {report.name: report.read for report in shown.reports}
    folder = shown.company.config.parent
    workers = [worker.name for worker in shown.status.workers]
    answering = sum(name.startswith("ldapd") for name in workers)
    crm = "SQLite over ODBC" if shown.company.odbc else "exported to CSV"
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(style="dim")
    ldap, http = port_of(shown.status, "ldap"), port_of(shown.status, "http")
    table.add_row(
        "LDAP", f"ldap://127.0.0.1:{ldap}", f"{BIND}, password {PASSWORD}; {answering} processes"
    )
    page = f"[link=http://127.0.0.1:{http}/]http://127.0.0.1:{http}/[/link]"
    table.add_row("open this", page, "in a browser: people search, signed in as demo")
    table.add_row("HTTP", f"http://127.0.0.1:{http}", f"user {USER}, password {PASSWORD}")
    table.add_row("CRM", str(folder / "crm.sqlite"), f"{read.get('crm', 0):,} contacts, {crm}")
    table.add_row(
        "phone list",
        str(folder / "phones.csv"),
        f"{read.get('phonelist', 0):,} contacts, CSV with dirty numbers",
    )
    table.add_row("settings", str(shown.company.config), "read it: it is short")
    table.add_row("log", str(shown.log), f"supervisor, {', '.join(workers)}")
    return table


def _print_trial(number: int, trial: Trial, console: Console) -> None:
    console.print(f"  [bold]{number}.[/] {trial.title}", soft_wrap=True)
    for line in trial.command.splitlines():
        console.print(Text(f"       {line}", style="cyan"), soft_wrap=True)
    console.print(Text(f"     → {trial.expected}", style="green"), soft_wrap=True)
    if trial.package:
        console.print(f"       (needs: apt-get install {trial.package})", style="dim")
    console.print()
