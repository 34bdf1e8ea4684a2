"""`rufname capacity`: which machine does a company need, by what this one measures?

Law: what is said rests on a calibration that was measured, here or in a file; it names machine and
time. Made-up contacts only, in a folder that is removed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

import click
import msgspec

from rufname.calibrating import CHECK, calibrate
from rufname.capacity_answer import answer, text_lines
from rufname.capacity_page import html
from rufname.costs import read_calibration, write_calibration
from rufname.exits import DONE
from rufname.options import OutputFile
from rufname.published import Kind
from rufname.sizing import Company

KINDS: tuple[Kind, ...] = get_args(Kind)
MOST_USERS, MOST_CONTACTS, MOST_CALLS = 1_000_000, 100_000_000, 10_000_000
DEFAULT_KIND: Kind = "odbc"


@click.command()
@click.option(
    "--users", type=click.IntRange(1, MOST_USERS), required=True, help="People with a telephone."
)
@click.option(
    "--contacts",
    "wanted",
    multiple=True,
    required=True,
    metavar="[KIND=]N",
    help=f"How many, of a kind of source ({', '.join(KINDS)}; default {DEFAULT_KIND}); repeatable.",
)
@click.option(
    "--calls-per-hour",
    type=click.FloatRange(0, MOST_CALLS),
    required=True,
    help="Incoming ones, in the busy hour.",
)
@click.option(
    "--searches-per-day",
    type=click.FloatRange(0, 10_000),
    default=10.0,
    show_default=True,
    help="Of one user.",
)
@click.option(
    "--changes-per-day",
    type=click.FloatRange(0, 100),
    default=1.0,
    show_default=True,
    help="Percent of the contacts that change.",
)
@click.option(
    "--every",
    type=click.FloatRange(1, 10_080),
    default=15.0,
    show_default=True,
    help="Minutes from one reading of the sources to the next.",
)
@click.option(
    "--lookups-per-call",
    type=click.FloatRange(0.1, 100),
    default=1.0,
    show_default=True,
    help="How often a call is asked for: SBC, telephone, queue.",
)
@click.option("--http", "over_http", is_flag=True, help="Calls are asked over HTTP, not LDAP.")
@click.option("--high-availability", is_flag=True, help="One machine more, so that any may fail.")
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Take the figures of another machine: of --save, or of python -m bench curves.",
)
@click.option(
    "--save",
    type=OutputFile(),
    metavar="FILE",
    help="Keep what was measured, as JSON.",
)
@click.option(
    "--check/--no-check",
    default=True,
    show_default=True,
    help="Measure three more sizes, to tell how far the model is off.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Where the made-up contacts are put meanwhile; default: the temporary folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--html",
    "page",
    type=OutputFile(),
    metavar="FILE",
    help="Write a page with plots, to be printed.",
)
def capacity(  # noqa: PLR0917 - click hands them over by name
    users: int,
    wanted: tuple[str, ...],
    calls_per_hour: float,
    searches_per_day: float,
    changes_per_day: float,
    every: float,
    lookups_per_call: float,
    source: Path | None,
    save: Path | None,
    folder: Path | None,
    page: Path | None,
    *,
    over_http: bool,
    high_availability: bool,
    check: bool,
    as_json: bool,
) -> int:
    """Say which machine a company needs, measured on this one (a few minutes)."""
    company = Company(
        users=users,
        contacts=_contacts(wanted),
        calls_per_hour=calls_per_hour,
        searches_per_day=searches_per_day,
        changes_per_day=changes_per_day / 100,
        every_min=every,
        lookups_per_call=lookups_per_call,
        high_availability=high_availability,
        over_http=over_http,
    )
    if source is not None:
        calibration = read_calibration(source)
    else:
        click.echo("measuring what contacts and calls cost on this machine", err=True)
        calibration = calibrate(
            folder,
            lambda words: click.echo(f"  {words}", err=True),
            check=CHECK if check else (),
        )
    if save is not None:
        write_calibration(save, calibration)
        click.echo(f"kept: {save}", err=True)
    found, model = answer(company, calibration)
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
    else:
        click.echo("\n".join(text_lines(found)))
    if page is not None:
        page.write_text(html(found, model), encoding="utf-8")
        click.echo(f"written: {page}", err=True)
    return DONE


def _contacts(wanted: tuple[str, ...]) -> dict[Kind, int]:
    """Read "300000" and "crm=200000"; the same kind twice adds up.

    Raises:
        click.BadParameter: an unknown kind, or no number of contacts.
    """
    found: dict[Kind, int] = {}
    for text in wanted:
        name, equals, number = text.rpartition("=")
        kind = next((each for each in KINDS if each == name), None) if equals else DEFAULT_KIND
        if kind is None:
            raise click.BadParameter(f"{name!r} is no kind of source; allowed: {', '.join(KINDS)}")
        digits = number.replace(",", "").replace("_", "").replace(".", "")
        if not digits.isdecimal() or not 1 <= int(digits) <= MOST_CONTACTS:
            raise click.BadParameter(f"{number!r} is no number of contacts; 1 to {MOST_CONTACTS:,}")
        found[kind] = found.get(kind, 0) + int(digits)
    return found
