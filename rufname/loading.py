"""`rufname load`: how long do callers wait, at how many calls a second?

Law: nothing is asked but what is bounded in rate, time and count; nothing but this machine or a
host that the administrator has confirmed by its name. Passwords are never arguments.
"""

from __future__ import annotations

import ssl
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import click
import msgspec

from engine.client import Client
from rufname.config import Config
from rufname.exits import DONE, NO
from rufname.load_driver import MAX_CONNECTIONS, Bounds, Outcome, put_load
from rufname.load_line import Line, open_line
from rufname.load_questions import (
    DEFAULT_MIX,
    BadMix,
    Kind,
    Pools,
    askable,
    draw,
    parse_mix,
    sample_pools,
    store_pools,
)
from rufname.load_report import (
    LoadReport,
    head_lines,
    html,
    is_good,
    outcome_lines,
)
from rufname.load_speech import HttpSpeech, LdapSpeech, Speech, basic
from rufname.load_target import BadTarget, Target, is_this_machine, own_target, parse_target
from rufname.machine import this_machine
from rufname.options import OutputFile, config_option

MAX_RATE, MAX_SECONDS, MAX_COUNT, MAX_STEPS = 20_000, 600, 1_000_000, 20
MAX_CONTACTS = 10_000_000
ATTRIBUTES = ("telephoneNumber",)


@click.command()
@config_option
@click.option(
    "--target",
    "address",
    metavar="URL",
    help="ldap://, ldaps://, http:// or https://"
    " HOST:PORT; default: the address of [ldap], with --http that of [relay].",
)
@click.option("--http", is_flag=True, help="Ask over HTTP instead of LDAP.")
@click.option(
    "--confirm",
    metavar="HOST",
    default="",
    help="The target's host once more, where it is not this machine.",
)
@click.option(
    "--client", "client_name", metavar="NAME", help="Ask as this [[client]]; default: the only one."
)
@click.option(
    "--password-file",
    type=click.File("rb"),
    metavar="FILE",
    help="Holds the client's password; - is standard input. Without, it is asked for.",
)
@click.option(
    "--ca",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="The authority that signed the server's certificate.",
)
@click.option(
    "--rate",
    "rates",
    type=click.FloatRange(0.1, MAX_RATE),
    multiple=True,
    default=(10.0,),
    show_default="10",
    help="Calls a second; repeatable, one after the other.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0.1, MAX_SECONDS),
    default=10.0,
    show_default=True,
    help="How long at each rate.",
)
@click.option(
    "--count",
    type=click.IntRange(1, MAX_COUNT),
    default=100_000,
    show_default=True,
    help="Most questions at each rate.",
)
@click.option(
    "--connections",
    type=click.IntRange(1, MAX_CONNECTIONS),
    default=8,
    show_default=True,
    help="How many are open; one question at a time on each.",
)
@click.option(
    "--mix",
    default="",
    show_default=DEFAULT_MIX,
    help="Shares of the callers; by default of those kinds that there are numbers for.",
)
@click.option(
    "--sample",
    type=click.IntRange(100, MAX_CONTACTS),
    metavar="N",
    help="Take the numbers from N made-up contacts, as the demo has them, not from the own.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of numbers and gaps.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--html",
    "page",
    type=OutputFile(),
    metavar="FILE",
    help="Write a page with plots.",
)
def load(  # noqa: PLR0917 - click hands them over by name
    config: Config,
    address: str | None,
    confirm: str,
    client_name: str | None,
    password_file: BinaryIO | None,
    ca: Path | None,
    rates: tuple[float, ...],
    seconds: float,
    count: int,
    connections: int,
    mix: str,
    sample: int | None,
    seed: int,
    page: Path | None,
    *,
    http: bool,
    as_json: bool,
) -> int:
    """Put calls on a server, at random moments as real ones, and tell how long they wait.

    Exit code 1: a question was not answered, or with another name than the contacts say.
    """
    if len(rates) > MAX_STEPS:
        raise click.UsageError(f"--rate at most {MAX_STEPS} times")
    try:
        target = parse_target(address) if address else own_target(config, http=http)
        _confirm(target, confirm)
        shares = parse_mix(mix or DEFAULT_MIX)
    except (BadTarget, BadMix) as error:
        raise click.UsageError(str(error)) from error
    client = _client(config, client_name)
    password = _password(password_file, client)
    pools: Pools = sample_pools(sample, seed) if sample else store_pools(config, client, seed)
    questions = draw(pools, shares := shares if mix else _askable(shares, pools), seed)
    report = LoadReport(
        target=target.url,
        client=client.name,
        connections=connections,
        numbers=f"{sample:,} made-up contacts" if sample else f"the contacts in {config.data_dir}",
        mix={str(kind): share for kind, share in shares.items()},
        seed=seed,
        machine=this_machine(),
        measured_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        outcomes=(),
    )
    if not as_json:
        click.echo("\n".join(head_lines(report)))
    connect = _connector(target, client, config, password, ca)
    outcomes: list[Outcome] = []
    for place, rate in enumerate(rates):
        bounds = Bounds(rate, seconds, count, connections)
        outcomes.append(put_load(connect, questions, bounds, seed + place))
        if not as_json:
            click.echo("\n".join(outcome_lines(outcomes[-1])))
        if outcomes[-1].stopped:
            break  # more of it would only tell the same
    report = msgspec.structs.replace(report, outcomes=tuple(outcomes))
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
    if page is not None:
        page.write_text(html(report), encoding="utf-8")
        click.echo(f"written: {page}", err=True)
    return DONE if all(map(is_good, outcomes)) else NO


def _askable(shares: dict[Kind, float], pools: Pools) -> dict[Kind, float]:
    """Return the shares of the kinds that there are numbers for; name the others."""
    kept, left_out = askable(shares, pools)
    for kind in left_out:
        click.echo(f"no contact has a number for {kind} callers: none are asked", err=True)
    return kept


def _confirm(target: Target, confirmed: str) -> None:
    """Let nothing but this machine pass without the host's name typed a second time.

    Raises:
        BadTarget: it was not.
    """
    if is_this_machine(target):
        return
    if not confirmed and sys.stdin.isatty():
        confirmed = click.prompt(
            f"{target.host} is not this machine. Its name once more, to put load on it", err=True
        )
    if confirmed != target.host:
        raise BadTarget(
            f"{target.host} is not this machine: a load on it needs --confirm {target.host}"
        )


def _client(config: Config, name: str | None) -> Client:
    if name is not None:
        return config.client(name)
    if len(config.clients) == 1:
        return config.clients[0]
    names = ", ".join(client.name for client in config.clients)
    raise click.UsageError(
        f"{config.path} has several clients ({names}): name one with --client"
        if names
        else f"{config.path} has no [[client]] to ask as"
    )


def _password(file: BinaryIO | None, client: Client) -> bytes:
    if file is not None:
        return file.readline().rstrip(b"\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError("name the client's password by --password-file (- is stdin)")
    text: str = click.prompt(f"Password of {client.name}", hide_input=True, err=True)
    return text.encode()


def _connector(
    target: Target, client: Client, config: Config, password: bytes, ca: Path | None
) -> Callable[[], Line]:
    """Return what opens one more connection."""
    context = ssl.create_default_context(cafile=ca) if target.tls else None
    if target.is_ldap and not client.bind:
        raise click.UsageError(f"client {client.name} has no bind name: it cannot ask over LDAP")
    base = config.ldap.base if config.ldap else ""

    def speech() -> Speech:
        if target.is_ldap:
            return LdapSpeech(client.bind, password, base, ATTRIBUTES)
        host = target.url.partition("://")[2]
        return HttpSpeech(host, basic(client.name, password))

    return lambda: open_line((target.host, target.port), speech(), context)
