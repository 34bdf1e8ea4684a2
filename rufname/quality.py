"""`rufname quality`: what is wrong with the numbers of the sources, and which setting cures it.

Law: reads the contact store page by page and changes nothing; memory stays flat for any number of
contacts. It needs no service and disturbs none.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import msgspec

from connectors.settings import SourceSettings
from engine.contact import decode_contact
from engine.holders import Holders
from engine.quality import Finding, QualityCheck, Sample
from engine.store import MAX_BATCH, MAX_REJECTED, ContactStore
from rufname.config import Config
from rufname.control import Progress
from rufname.cures import TITLES, Cure, cures_of
from rufname.exits import DONE
from rufname.options import config_option
from rufname.ownership import require_entry
from rufname.progress import ProgressView

MAX_SAMPLES = 1_000


class FindingShown(msgspec.Struct, frozen=True):
    """One finding as `quality --json` prints it: the name of the source (None: over all), cures."""

    finding: str
    source: str | None
    count: int
    complete: bool
    hints: dict[str, int]
    samples: tuple[Sample, ...]
    cures: tuple[Cure, ...]


@click.command()
@config_option
@click.option("--source", "name", metavar="NAME", help="Only this one.")
@click.option(
    "--shared",
    "more_than",
    type=click.IntRange(1, 1_000),
    default=5,
    show_default=True,
    help="Name numbers that more people than this share.",
)
@click.option(
    "--samples",
    type=click.IntRange(0, MAX_SAMPLES),
    default=3,
    show_default=True,
    help="Samples of each finding.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a finding.")
def quality(
    config: Config, name: str | None, more_than: int, samples: int, *, as_json: bool
) -> int:
    """Tell what is wrong with the numbers of the sources, and which setting cures it."""
    source = None if name is None else config.source(name)
    require_entry(config.data_dir)
    with (
        closing(ContactStore.open(config.store_path, read_only=True)) as store,
        closing(Holders()) as holders,
        ProgressView() as view,
    ):
        plans = {each.id: each.plan for each in config.sources}
        check = QualityCheck(plans, holders, samples)
        for each in config.sources:
            kept = store.rejected(each.id)
            check.refused(each.id, kept, complete=len(kept) < MAX_REJECTED)
        _read_contacts(store, check, view)
        findings = check.findings(source.id if source else None, more_than)
        counts = store.sources()
    sources = {each.id: each for each in config.sources}
    if as_json:
        for finding in findings:
            sys.stdout.buffer.write(
                msgspec.json.encode(_shown(finding, sources, config.path)) + b"\n"
            )
        return DONE
    for each in [source] if source else config.sources:
        own = [found for found in findings if found.source == each.id and found.kind in _OF_ONE]
        count = counts.get(each.id, 0)
        click.echo(f"{each.name}: {count:,} contact{'' if count == 1 else 's'}")
        click.echo("\n".join(_text(own, each, more_than, config.path)))
    click.echo("all sources together" if source is None else f"{source.name} and all others")
    over_all = [found for found in findings if found.kind not in _OF_ONE]
    click.echo("\n".join(_text(over_all, None, more_than, config.path)))
    return DONE


_OF_ONE = frozenset(TITLES) - {"shared", "duplicate"}
_COUNTED_APART = frozenset({"unreadable", "country_missing"})


def _read_contacts(store: ContactStore, check: QualityCheck, view: ProgressView) -> None:
    total, done = store.count(), 0
    after: tuple[str, str] | None = None
    while page := store.contacts(after, MAX_BATCH):
        after = page[-1][:2]
        check.contacts([decode_contact(body) for _, _, body in page])
        done += len(page)
        view.tell(Progress("", "check", done, total))


def _shown(finding: Finding, sources: dict[str, SourceSettings], file: Path) -> FindingShown:
    over_all = finding.kind not in _OF_ONE
    source = sources.get(finding.source)
    return FindingShown(
        finding=finding.kind,
        source=source.name if source else None,
        count=finding.count,
        complete=finding.complete,
        hints=finding.hints,
        samples=finding.samples,
        cures=cures_of(finding, None if over_all else source, file),
    )


def _text(
    findings: list[Finding], source: SourceSettings | None, more_than: int, file: Path
) -> Iterator[str]:
    """Give the lines of what was found of one source, or over all."""
    found = [each for each in findings if each.count]
    if not found:
        yield "  nothing to report"
    for finding in found:
        least = "" if finding.complete else " or more"
        title = TITLES[finding.kind].format(more_than=more_than)
        yield f"  {title}: {finding.count:,}{least}"
        if finding.kind in _COUNTED_APART:
            yield from (f"    {count:,} × {hint}" for hint, count in finding.hints.items())
        yield from (f"    e.g. {_sample_text(sample)}" for sample in finding.samples)
        for cure in cures_of(finding, source, file):
            where = f"{cure.setting}: " if cure.setting else ""
            yield f"    cure: {where}{cure.advice}"


def _sample_text(sample: Sample) -> str:
    """Name a place in the fewest words: key, place, field, name, number, detail."""
    place = f" ({sample.place})" if sample.place else ""
    parts = [f"{sample.source}:{sample.key}{place}", sample.name, sample.field]
    if sample.number:
        parts.append(repr(sample.number))
    where = " ".join(filter(None, parts))
    return f"{where}: {sample.detail}" if sample.detail else where
