"""What is wrong with the numbers that sources keep.

Law: pure checks of one record after the other; who holds a number over all sources is asked of
`engine.holders`. Nothing is changed. What is only likely is called likely; what a source may well
mean as it stands is not reported.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Literal

import msgspec

from engine.contact import Contact, PhoneLine
from engine.countries import COUNTRY_CODES, looks_international, looks_national
from engine.dialplan import DialPlan
from engine.errors import InvalidNumber
from engine.holders import Holders
from engine.numbertext import DIGITS_ONLY, OUTSIDE_LINE, fold_signs
from engine.reading import SERVICE, normalise
from engine.regions import calling_code_of
from engine.source import RejectedRecord
from engine.tokens import name_key

Kind = Literal[
    "unreadable",
    "country_missing",
    "outside_line",
    "service_number",
    "without_number",
    "shared",
    "duplicate",
]

KINDS: tuple[Kind, ...] = (
    "unreadable",
    "country_missing",
    "outside_line",
    "service_number",
    "without_number",
    "shared",
    "duplicate",
)
"""Of each source by itself but for the last two, which are asked over all sources."""

MAX_HINTS = 100
"""Different reasons, countries or digits that are counted apart for one finding."""

MIN_WHOLE_DIGITS = 6
"""Fewer written digits are an extension behind another number of the field."""

_PREFIXED = re.compile(r"\s*\(?(\d)\)?[\s\-–/.,]+(\(?(?:0[1-9]|\+).*)", re.ASCII | re.DOTALL)

_EXIT_CODE = re.compile(r"\s*00(\d{1,3})[^\d]", re.ASCII)


class Sample(msgspec.Struct, frozen=True):
    """One place to look at.

    Attributes:
        source: the source's id.
        key: of the record; where the source gave none, the place it named ("line 12").
        place: where the record stands for a human, "" where the key says enough.
        field: the mapped field, "" for the whole record.
        name: of the record, "" where it is not known.
        number: as the source writes it, "" where it is not kept.
        detail: what is wrong, or what stands against it.
    """

    source: str
    key: str
    place: str = ""
    field: str = ""
    name: str = ""
    number: str = ""
    detail: str = ""


class Finding(msgspec.Struct, frozen=True):
    """One kind of fault of one source, or of all.

    Attributes:
        kind: what is wrong.
        source: the source's id, "" for what was asked over all sources.
        count: numbers; for `without_number` records, for `duplicate` people.
        complete: False where the store has not kept all of them: there are at least so many.
        hints: reason, likely country ("+43") or digit in front → how many.
        samples: the first ones.
    """

    kind: Kind
    source: str
    count: int = 0
    complete: bool = True
    hints: dict[str, int] = {}
    samples: tuple[Sample, ...] = ()


class _Tally:
    """Counts one finding."""

    def __init__(self) -> None:
        self.count = 0
        self.hints: Counter[str] = Counter()
        self.samples: list[Sample] = []

    def add(self, sample: Sample, hint: str, examples: int) -> None:
        self.count += 1
        if hint and (hint in self.hints or len(self.hints) < MAX_HINTS):
            self.hints[hint] += 1
        if len(self.samples) < examples:
            self.samples.append(sample)


class QualityCheck:
    """Takes the rejected fields and the contacts of all sources, then tells what it found."""

    def __init__(self, plans: Mapping[str, DialPlan], holders: Holders, examples: int) -> None:
        """Begin.

        Args:
            plans: source id → its dial plan; contacts of other sources are passed over.
            holders: collects who holds what; open until `findings` was called.
            examples: samples kept of each finding.
        """
        self._plans = dict(plans)
        self._holders = holders
        self._examples = examples
        self._tallies: dict[tuple[str, Kind], _Tally] = {}
        self._incomplete: set[str] = set()

    def refused(self, source: str, records: list[RejectedRecord], *, complete: bool) -> None:
        """Take what the store keeps as rejected of a source; `complete`: that is all of it."""
        if not complete:
            self._incomplete.add(source)
        for record in records:
            if not record.field.startswith("phones"):
                continue
            key = record.key or record.locator
            place = record.locator if record.locator != key else ""
            sample = Sample(source, key, place, record.field, detail=record.reason)
            kind: Kind = "unreadable"
            if record.reason == SERVICE:
                kind = "service_number"
            elif record.reason.endswith(OUTSIDE_LINE):
                kind = "outside_line"
            hint = record.reason if kind == "unreadable" else ""
            self._add(source, kind, sample, hint)

    def contacts(self, contacts: list[Contact]) -> None:
        """Take a page of contacts."""
        held: list[tuple[str, str, str, str]] = []
        for contact in contacts:
            source, key = contact.id.source, contact.id.key
            plan = self._plans.get(source)
            if plan is None:
                continue
            if not contact.phones:
                sample = Sample(source, key, name=contact.name)
                self._add(source, "without_number", sample, "")
            for line in contact.phones:
                suspicion = suspicion_of(line, contact.address.country, plan)
                if suspicion is not None:
                    kind, hint, detail = suspicion
                    sample = Sample(
                        source, key, "", f"phones.{line.kind}", contact.name, line.written, detail
                    )
                    self._add(source, kind, sample, hint)
            name = " ".join(sorted(name_key(contact.name)))
            links = [line.number.key for line in contact.phones]
            links += [email.casefold() for email in contact.emails]
            held += [(link, name, source, key) for link in dict.fromkeys(links)]
        if held:
            self._holders.tell(held)

    def findings(self, source: str | None, more_than: int) -> list[Finding]:
        """Return every kind of finding, those with nothing found too.

        Args:
            source: of this source alone; None = of all.
            more_than: a number is shared if more people than that hold it.
        """
        found = [
            self._finding(each, kind)
            for each in ([source] if source is not None else self._plans)
            for kind in KINDS
            if kind not in ("shared", "duplicate")
        ]
        return [*found, self._shared(source, more_than), self._duplicates(source)]

    def _finding(self, source: str, kind: Kind) -> Finding:
        tally = self._tallies.get((source, kind), _Tally())
        complete = kind == "without_number" or source not in self._incomplete
        return Finding(
            kind, source, tally.count, complete, dict(tally.hints.most_common()),
            tuple(tally.samples),
        )  # fmt: skip

    def _shared(self, source: str | None, more_than: int) -> Finding:
        tally = _Tally()
        for shared in self._holders.shared(more_than, source, 3):
            who = ", ".join(f"{own}:{key}" for own, key in shared.first)
            more = " …" if shared.people > len(shared.first) else ""
            own, key = shared.first[0]
            detail = f"{shared.people:,} people: {who}{more}"
            sample = Sample(own, key, number=f"+{shared.number}", detail=detail)
            tally.add(sample, "", self._examples)
        return Finding("shared", source or "", tally.count, samples=tuple(tally.samples))

    def _duplicates(self, source: str | None) -> Finding:
        count, twins = self._holders.twins(source, self._examples)
        samples = [
            Sample(
                *twin.records[0],
                number=twin.link if "@" in twin.link else f"+{twin.link}",
                detail="also " + ", ".join(f"{own}:{key}" for own, key in twin.records[1:]),
            )
            for twin in twins
        ]
        return Finding("duplicate", source or "", count, samples=tuple(samples))

    def _add(self, source: str, kind: Kind, sample: Sample, hint: str) -> None:
        tally = self._tallies.get((source, kind))
        if tally is None:
            tally = self._tallies[source, kind] = _Tally()
        tally.add(sample, hint, self._examples)


def suspicion_of(
    line: PhoneLine, country: str, plan: DialPlan
) -> tuple[Literal["country_missing", "outside_line"], str, str] | None:
    """Return what is likely wrong with a number that was read; None for nearly all.

    Args:
        line: as it was read and written.
        country: of the record's address, "" where it has none.
        plan: under which the source is read.

    Returns:
        The kind, a hint to count by ("+43", the digit in front) and the detail in words.
    """
    written = fold_signs(line.written)
    digits = written.translate(DIGITS_ONLY)
    if digits[:1] == "+":
        return None
    bare = digits if digits.isdigit() else "".join(filter(str.isdigit, digits))
    if len(bare) < MIN_WHOLE_DIGITS or "+" in digits or written.lstrip()[:1] in {"-", "–"}:
        return None
    if not plan.outside_line:
        digit = outside_digit(written, bare, line, plan)
        if digit:
            return "outside_line", digit, f"read as +{line.number.digits}"
    international = ("00", plan.international_prefix or "00")
    if bare == line.number.digits or bare.startswith(international) or "(0)" in written:
        return None  # its country is written
    return _country_missing(line, country, plan)


def outside_digit(written: str, bare: str, line: PhoneLine, plan: DialPlan) -> str:
    """Return the digit that stands in front of a whole number as to get an outside line, or ""."""
    prefixed = _PREFIXED.fullmatch(written)
    if prefixed is not None:
        try:
            number = normalise(prefixed[2], plan)
        except InvalidNumber:
            return ""
        return prefixed[1] if looks_international(number.digits) else ""
    grouped = _EXIT_CODE.match(written)
    if grouped is not None and grouped[1] in COUNTRY_CODES:
        return ""  # 0030 29 …: the country stands apart
    prefix = plan.national_prefix
    rest = bare[1:]
    if (
        prefix
        and rest.startswith(prefix)
        and looks_national(rest[len(prefix) :], plan.country_code)
        and not looks_international(line.number.digits)
    ):
        return bare[0]
    return ""


def _country_missing(
    line: PhoneLine, country: str, plan: DialPlan
) -> tuple[Literal["country_missing"], str, str] | None:
    code = calling_code_of(country)
    if code and code != plan.country_code and line.number.digits.startswith(plan.country_code):
        read = f"read as +{line.number.digits}, but the record's country is {country}"
        return "country_missing", f"+{code}", read
    if looks_international(line.number.digits):
        return None
    return "country_missing", "", f"read as +{line.number.digits}, which no number there looks like"
