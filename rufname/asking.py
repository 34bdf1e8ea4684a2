"""`rufname lookup` and `rufname search`: questions at the command line, straight to the index.

Law: no service is needed, none is asked. `--json` prints objects on standard output and nothing
else; nobody found is exit code 1 and an empty standard output.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click
import msgspec
from msgspec.structs import replace

from engine.client import Client
from engine.contact import Contact, ContactId
from engine.explaining import CallerExplanation
from engine.highlight import Span
from engine.people import pages_of
from engine.phone import DialPlan, format_number
from engine.query import (
    EVERY_CLASS,
    CallerMatch,
    CallerQuery,
    Explanation,
    ExplanationStep,
    PeoplePage,
    PeopleQuery,
    PersonHit,
)
from engine.rights import LOCAL_ADMIN, Principal
from relay.schema import CallerAnswer, caller_answer
from rufname.config import Config
from rufname.exits import DONE, NO
from rufname.explained import CLASSES, explanation_text
from rufname.opening import open_index
from rufname.options import config_option

MAX_NAMED = 5
"""People of a company who are named in its hit's last line."""


class NumberShown(msgspec.Struct, frozen=True):
    """A number in a hit: its kind, E.164 with "+", and as people write it."""

    kind: str
    e164: str
    display: str


class HitShown(msgspec.Struct, frozen=True, omit_defaults=True):
    """One hit of a search, as `search --json` prints it; `matched` are fields, best first."""

    id: str
    name: str
    company: str
    numbers: tuple[NumberShown, ...]
    emails: tuple[str, ...]
    source: str
    records: tuple[str, ...]
    match_class: int
    matched: tuple[str, ...]
    spans: tuple[Span, ...]
    department: str = ""
    job: str = ""
    city: str = ""
    folded: tuple[HitShown, ...] = ()
    explanation: Explanation | None = None


@click.command()
@click.argument("number")
@config_option
@click.option("--client", "client_name", metavar="NAME", help="Ask as this [[client]] would.")
@click.option("--explain", is_flag=True, help="Say step by step how the answer came about.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def lookup(
    number: str, config: Config, client_name: str | None, *, explain: bool, as_json: bool
) -> int:
    """Say who calls from NUMBER, in any spelling."""
    client = config.client(client_name) if client_name else None
    plan = client.plan if client else config.plan
    principal = client.principal() if client else LOCAL_ADMIN
    index = open_index(config)
    query = CallerQuery(number, plan, principal, client.classes if client else EVERY_CLASS)
    explained: CallerExplanation | None = None
    if explain:
        match, explained = index.explain_caller(query)
    else:
        match = index.caller(query)
    if match is not None:
        if as_json:
            _print_object(_answer(match, explained))
            return DONE
        click.echo(_caller_lines(match, config, client, plan))
    if explained is not None:  # nobody: on standard error, since the output is the answer's
        text = msgspec.json.encode(explained).decode() if as_json else explanation_text(explained)
        click.echo(text, err=match is None)
    return NO if match is None else DONE


@click.command()
@click.argument("text")
@config_option
@click.option("--user", metavar="NAME", help="Ask as this user would; default: the administrator.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=10, show_default=True, help="Most hits."
)
@click.option("--company", metavar="NAME", default="", help="The asker's company: comes first.")
@click.option("--department", metavar="NAME", default="", help="The asker's department, likewise.")
@click.option("--fold", is_flag=True, help="Fold the people of a company under it.")
@click.option("--keys", is_flag=True, help="Read digits as letters on a phone's keys as well.")
@click.option("--explain", is_flag=True, help="Say step by step how the answer came about.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a hit.")
def search(  # noqa: PLR0917 - click hands them over by name
    text: str,
    config: Config,
    user: str | None,
    limit: int,
    company: str,
    department: str,
    *,
    fold: bool,
    keys: bool,
    explain: bool,
    as_json: bool,
) -> int:
    """Find people and companies: every word of TEXT is a beginning, in any order."""
    index = open_index(config)
    query = PeopleQuery(
        text,
        _asker(config, user),
        limit,
        company=company,
        department=department,
        t9=keys,
        fold=fold,
    )
    explained: list[Explanation] = []

    def answer(asked: PeopleQuery) -> PeoplePage:
        if not explain:
            return index.people(asked)
        found, steps = index.explain_people(asked)
        explained.append(steps)
        return found

    page = _joined(list(pages_of(answer, query)))
    explanation = _in_turn(explained)
    if as_json:
        for hit in page.hits:
            _print_object(_hit(hit, explanation if explain else None))
        if explain and not page.hits:
            click.echo(msgspec.json.encode(explanation), err=True)
    else:
        for hit in page.hits:
            click.echo(_hit_lines(hit, config))
        _print_steps(explanation, to_errors=not page.hits)
        _print_hints(page)
    return DONE if page.hits else NO


def _joined(pages: Sequence[PeoplePage]) -> PeoplePage:
    """Return pages that follow each other as one."""
    hits = tuple(hit for page in pages for hit in page.hits)
    return replace(pages[-1], hits=hits, did_you_mean=pages[0].did_you_mean)


def _in_turn(explained: Sequence[Explanation]) -> Explanation:
    """Return how pages that follow each other came about, their hits numbered through."""
    steps: list[ExplanationStep] = []
    hits = 0
    for explanation in explained:
        is_first = not steps
        for step in explanation.steps:
            if step.step.startswith("hit "):
                hits += 1
                steps.append(replace(step, step=f"hit {hits}"))
            elif is_first or step.step == "searched":
                steps.append(step)
    return Explanation(tuple(steps))


def _asker(config: Config, user: str | None) -> Principal:
    """Return who asks: a user with the groups that the configuration gives it, or the local admin.

    A user of Entra alone is known by name here, without groups.
    """
    if user is None:
        return LOCAL_ADMIN
    account = config.accounts.local(user)
    if account is None:
        return Principal(name=user, kind="user")
    return config.accounts.local_asker(account).principal


def _print_hints(page: PeoplePage) -> None:
    """Print on standard error what is not part of the answer: more hits, another spelling."""
    if page.cursor:
        found = str(page.total) if page.total_is_exact else f"{page.total} or more"
        click.echo(f"{len(page.hits)} of {found} shown; --limit shows more", err=True)
    if page.did_you_mean:
        click.echo(f"did you mean: {page.did_you_mean}", err=True)


def _answer(
    match: CallerMatch, explained: CallerExplanation | None
) -> CallerAnswer | dict[str, object]:
    answer = caller_answer(match)
    if explained is None:
        return answer
    return {**msgspec.to_builtins(answer), "explanation": explained}


def _hit(hit: PersonHit, explanation: Explanation | None) -> HitShown:
    contact = hit.contact
    return HitShown(
        id=str(contact.id),
        name=contact.name,
        company=contact.company,
        numbers=tuple(_numbers(contact)),
        emails=contact.emails,
        source=contact.id.source,
        records=tuple(map(str, hit.records)),
        match_class=hit.match_class,
        matched=hit.matched,
        spans=tuple(hit.spans),
        department=contact.department,
        job=contact.job,
        city=contact.address.city,
        folded=tuple(_hit(each, None) for each in hit.folded),
        explanation=explanation,
    )


def _numbers(contact: Contact) -> list[NumberShown]:
    plan = DialPlan()
    return [
        NumberShown(
            line.kind,
            format_number(line.number, plan, "e164"),
            format_number(line.number, plan, "international"),
        )
        for line in contact.phones
    ]


def _caller_lines(match: CallerMatch, config: Config, client: Client | None, plan: DialPlan) -> str:
    """Return the name alone in the first line, then what stands behind it."""
    contact = match.contact
    style = client.number_format if client else "international"
    number = format_number(match.number, plan, style)
    facts = [f"{match.kind} {number}", f"class {match.match_class}: {CLASSES[match.match_class]}"]
    if contact.company and contact.company != match.name:
        facts.insert(0, contact.company)
    if match.runners_up:
        facts.append(f"{match.runners_up} more fit{'s' if match.runners_up == 1 else ''}")
    return f"{match.name}\n  {' · '.join(facts)}\n  {_origin([contact.id], config)}"


def _hit_lines(hit: PersonHit, config: Config) -> str:
    contact = hit.contact
    about = [part for part in (contact.job, contact.department, contact.company) if part]
    if contact.company == contact.name:
        about.remove(contact.company)
    lines = [contact.name, *([f"  {' · '.join(about)}"] if about else [])]
    reach = [f"{number.kind} {number.display}" for number in _numbers(contact)]
    if reach or contact.emails:
        lines.append(f"  {' · '.join([*reach, *contact.emails])}")
    lines.append(f"  {_origin(hit.records, config)}")
    if hit.folded:
        names = ", ".join(each.name for each in hit.folded[:MAX_NAMED])
        rest = len(hit.folded) - MAX_NAMED
        lines.append(f"  also there: {names}{f' and {rest} more' if rest > 0 else ''}")
    return "\n".join(lines)


def _origin(records: Sequence[ContactId], config: Config) -> str:
    policies = config.policies()
    parts = []
    for record in records:
        policy = policies.get(record.source)
        name = policy.name if policy else "a source that is no longer configured"
        parts.append(f"{name} ({record})")
    return f"from {', '.join(parts)}"


def _print_steps(explanation: Explanation, *, to_errors: bool) -> None:
    """Print the steps below the answer; without an answer on standard error."""
    if not explanation.steps:
        return
    width = max(len(step.step) for step in explanation.steps)
    lines = []
    for step in explanation.steps:
        took = f"  ({step.duration_us:,.1f} µs)" if step.duration_us else ""
        lines.append(f"  {step.step:<{width}}  {step.result}{took}")
    click.echo("\n".join(["how:", *lines]), err=to_errors)


def _print_object(value: object) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")
