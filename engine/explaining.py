"""How a caller's name came about, for an administrator: every class, every candidate, every time.

Law: nothing decides here. The same steps as in `engine.caller` are taken one by one and told; the
answer itself comes from there. What the asker may not see is told too, with the reason: an
explanation is for the local administrator alone.

Over 400 lines: one part a class, each read beside the look-up of that class that it explains.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from time import perf_counter_ns

import msgspec

from engine.caller import (
    EXACT,
    EXTENSION,
    SHARED,
    TAIL_CLASS,
    TRUNK_CLASS,
    CallerLookup,
    Candidate,
    Rank,
    TrunkFound,
    exact_class,
    fits_one,
    shared_company,
    tail_bar,
)
from engine.contact import KIND_RANK, Contact
from engine.countries import country_code_of
from engine.errors import InvalidNumber
from engine.holding import TAIL_CLASS_DIGITS
from engine.numbertext import fold_signs, read_text
from engine.phone import DialPlan, PhoneNumber, Reading, format_number, read_number
from engine.query import CallerMatch, CallerQuery
from engine.reader import Reader
from engine.rights import LOCAL_ADMIN, hidden_reason
from engine.trunk import company_of, may_stand_behind

MAX_LISTED = 10
"""Candidates listed of one class; the rest is counted."""

_ASKED_TIMES = 5

MAX_ASKED_CHARS = 200
"""Characters of the question that are repeated."""

_ANY_PLAN = DialPlan()


class Cut(msgspec.Struct, frozen=True):
    """What stood around and between the digits: text before, signs between (each once), behind."""

    before: str = ""
    between: str = ""
    behind: str = ""


class ExplainedCandidate(msgspec.Struct, frozen=True):
    """A record that fits.

    Attributes:
        id: source id and key.
        name: as it would be shown; "" for a record without one.
        company: of the record, "" for none.
        source: the source's name in the configuration, its id where it left it.
        priority: of the source, 0 where it left the configuration.
        kind: of the line that fits.
        number: of that line, E.164 with "+".
        changed: the source's own time of change, "" if it gives none.
        hidden_fields: of the source, which the asker may not see; the name is given all the same.
        visible: whether the asker may see the record.
        lost: why it is not the answer; "" for the one that is.
    """

    id: str
    name: str
    company: str
    source: str
    priority: int
    kind: str
    number: str
    changed: str
    hidden_fields: tuple[str, ...]
    visible: bool
    lost: str


class ExplainedClass(msgspec.Struct, frozen=True, rename={"match_class": "class"}):
    """One class for one number.

    Attributes:
        match_class: `class` in JSON, 0 to 5.
        number: the canonical form that was looked for, E.164 with "+"; "" if none was.
        outcome: what came out, in words; begins with "answers" in the class that does.
        candidates: at most ten, best first, hidden ones last.
        visible: how many of them the asker sees, counted up to a window of 64.
        hidden: how many it does not.
        duration_us: of the look-up, without that for hidden records.
    """

    match_class: int
    number: str
    outcome: str
    candidates: tuple[ExplainedCandidate, ...] = ()
    visible: int = 0
    hidden: int = 0
    duration_us: float = 0.0


class CallerExplanation(msgspec.Struct, frozen=True):
    """How the answer for one caller came about.

    Attributes:
        asked: the question, at most 200 characters of it.
        asker: who asked.
        cut: what was cut; None where the digits do not stand in the text one after another.
        digits: what was left, "" where that is no number; an extension apart behind "x".
        plan: the name of the dial plan, or its country.
        rule: the rule of the dial plan that applied, "" if none did.
        numbers: the canonical forms, E.164 with "+", most likely first.
        read_us: the time to read the number.
        classes: what was done for each class, in this order.
        answer: the name, "" for nobody.
        answer_class: the class that answers, 0 for nobody.
        lookup_us: the time of the whole look-up as it is done for a client.
    """

    asked: str
    asker: str
    cut: Cut | None
    digits: str
    plan: str
    rule: str
    numbers: tuple[str, ...]
    read_us: float
    classes: tuple[ExplainedClass, ...]
    answer: str
    answer_class: int
    lookup_us: float


class CallerExplaining:
    """Explains one caller over the same state of the index as a `CallerLookup`."""

    def __init__(self, reader: Reader, lookup: CallerLookup, query: CallerQuery) -> None:
        self._reader = reader
        self._lookup = lookup
        self._query = query

    def explain(self) -> tuple[CallerMatch | None, CallerExplanation]:
        """Return the answer that a client gets, and how it came about; never raises for a text.

        The time of the whole is the best of a few askings, as in a process that answers all day:
        the first ones also load tables.
        """
        match, lookup_us = None, math.inf
        for _ in range(_ASKED_TIMES):
            started = perf_counter_ns()
            match = self._lookup.answer(self._query)
            lookup_us = min(lookup_us, _since(started))
        reading: Reading | None = None
        refused = ""
        started = perf_counter_ns()
        try:
            reading = read_number(self._query.number, self._query.plan)
        except InvalidNumber as error:
            refused = error.reason
        read_us = _since(started)
        if reading is None:
            classes = [ExplainedClass(0, "", f"nothing to look up: {refused}")]
        else:
            classes = self._classes(reading)
        asked = self._query.number.encode(errors="replace").decode()  # bytes that were no UTF-8
        digits, cut = _digits_of(asked)
        plan = self._query.plan.name or f"country {self._query.plan.country_code}"
        explanation = CallerExplanation(
            asked=asked[:MAX_ASKED_CHARS],
            asker=self._query.principal.name,
            cut=cut,
            digits=digits,
            plan=plan,
            rule=_rule(reading, digits) if reading else "",
            numbers=tuple(map(_written, reading.numbers)) if reading else (),
            read_us=read_us,
            classes=tuple(classes),
            answer=match.name if match else "",
            answer_class=match.match_class if match else 0,
            lookup_us=lookup_us,
        )
        return match, explanation

    def _classes(self, reading: Reading) -> list[ExplainedClass]:
        """Go through the classes as the look-up does."""
        told = self._exact(reading)
        for match_class, tell in ((TRUNK_CLASS, self._trunk), (TAIL_CLASS, self._tail)):
            answered = [each.match_class for each in told if each.outcome.startswith("answers")]
            if answered:
                told.append(_not_tried(match_class, f"class {answered[0]} answered"))
            elif match_class not in self._query.classes:
                told.append(_not_tried(match_class, _switched_off(match_class, self._query)))
            else:
                told += tell(reading)
        return told

    def _exact(self, reading: Reading) -> list[ExplainedClass]:
        """Classes 1 to 3."""
        told = []
        if not reading.internal:
            told.append(_not_tried(EXTENSION, "no extension of the dial plan"))
        for number in reading.numbers:
            each = self._exactly(number, reading)
            told.append(each)
            if each.outcome.startswith("answers"):
                break
        found = {each.match_class for each in told}
        if reading.internal:
            told.append(_not_tried(EXACT, "an extension: class 1 or 3"))
        if not found & {EXTENSION if reading.internal else EXACT}:
            match_class = EXTENSION if reading.internal else EXACT
            told.append(_not_tried(match_class, "several people hold the number: class 3"))
        if all(each.match_class != SHARED for each in told):
            told.append(_not_tried(SHARED, "the number is not shared by several people"))
        told.sort(key=lambda each: each.match_class)
        return told

    def _exactly(self, number: PhoneNumber, reading: Reading) -> ExplainedClass:
        """Tell who holds exactly one number, and which class that is."""
        started = perf_counter_ns()
        contacts = self._lookup.holding(number, self._query.principal)
        candidates = self._lookup.holders_of(number, contacts)
        duration_us = _since(started)
        if candidates:
            match_class = exact_class(candidates, internal=reading.internal).match_class
        else:
            match_class = EXTENSION if reading.internal else EXACT
        lost = "" if match_class in self._query.classes else _switched_off(match_class, self._query)
        everybody = self._lookup.holding(number, LOCAL_ADMIN)
        shown = self._visible(candidates, lost)
        shown += self._nameless(contacts, number)
        hidden = self._hidden(everybody, number)
        company = shared_company(candidates) if match_class == SHARED else ""
        if not candidates:
            outcome = "nobody visible" if hidden else "nobody"
            if contacts:
                outcome = "only records without a name"
        elif lost:
            outcome = lost
        elif match_class == SHARED:
            outcome = (
                f"answers with the company that all {len(candidates)} name"
                if company
                else f"answers with the best of {len(candidates)}: they name no common company"
            )
        else:
            outcome = "answers"
        return ExplainedClass(
            match_class,
            _written(number),
            outcome,
            tuple((shown + hidden)[:MAX_LISTED]),
            visible=len(candidates),
            hidden=len(hidden),
            duration_us=duration_us,
        )

    def _trunk(self, reading: Reading) -> list[ExplainedClass]:
        """Class 4: the trunks before each number, and who stands behind them."""
        told = []
        for number in reading.numbers:
            started = perf_counter_ns()
            behind = self._lookup.behind_trunk(number, self._query.principal)
            duration_us = _since(started)
            if not may_stand_behind(number):
                told.append(_not_tried(TRUNK_CLASS, "no trunk can stand before such a number"))
                continue
            trunk = behind.trunk or self._lookup.behind_trunk(number, LOCAL_ADMIN).trunk
            contacts = self._lookup.on_trunk(trunk, self._query.principal) if trunk else []
            everybody = self._lookup.on_trunk(trunk, LOCAL_ADMIN) if trunk else []
            line = PhoneNumber(trunk)
            holder = behind.holder
            hidden = self._hidden(everybody, line)
            lost = _behind_holder(behind)
            if holder is not None:
                contacts = [holder, *(each for each in contacts if each.id != holder.id)]
            shown = [
                self._told(each, line, lost="" if holder and each.id == holder.id else lost)
                for each in contacts
            ]
            told.append(
                ExplainedClass(
                    TRUNK_CLASS,
                    _written(number),
                    _trunk_outcome(trunk if contacts else "", holder, behind.where),
                    tuple((shown + hidden)[:MAX_LISTED]),
                    visible=len(contacts),
                    hidden=len(hidden),
                    duration_us=duration_us,
                )
            )
            if holder is not None:
                break
        return told

    def _tail(self, reading: Reading) -> list[ExplainedClass]:
        """Class 5: the last digits."""
        bar = tail_bar(reading)
        if bar:
            return [_not_tried(TAIL_CLASS, bar)]
        number = reading.numbers[0]
        started = perf_counter_ns()
        candidates = self._lookup.ending_alike(number, self._query.principal)
        duration_us = _since(started)
        fits = fits_one(candidates)
        lost = "" if fits else "several people fit"
        hidden = [
            self._told(each.contact, each.line.number, each, reason, visible=False)
            for each in self._lookup.ending_alike(number, LOCAL_ADMIN)
            if (reason := self._reason(each.contact))
        ]
        outcome = f"nobody with the last {TAIL_CLASS_DIGITS} digits"
        if candidates:
            outcome = "answers: one alone fits" if fits else "several people fit: no answer"
        return [
            ExplainedClass(
                TAIL_CLASS,
                _written(number),
                outcome,
                tuple((self._visible(candidates, lost) + hidden)[:MAX_LISTED]),
                visible=len(candidates),
                hidden=len(hidden),
                duration_us=duration_us,
            )
        ]

    def _visible(self, candidates: Sequence[Candidate], lost: str) -> list[ExplainedCandidate]:
        """Tell of visible candidates, best first, and why each is not the answer."""
        return [
            self._told(
                each.contact,
                each.line.number,
                each,
                lost or ("" if each is candidates[0] else _behind(candidates[0].rank, each.rank)),
            )
            for each in candidates
        ]

    def _nameless(
        self, contacts: Sequence[Contact], number: PhoneNumber
    ) -> list[ExplainedCandidate]:
        return [
            self._told(each, number, lost="it has neither a name nor a company")
            for each in contacts
            if not each.name
        ]

    def _hidden(
        self, everybody: Sequence[Contact], number: PhoneNumber
    ) -> list[ExplainedCandidate]:
        """Tell of the records that the asker may not see, each with the reason."""
        return [
            self._told(each, number, lost=reason, visible=False)
            for each in everybody
            if (reason := self._reason(each))
        ]

    def _reason(self, contact: Contact) -> str:
        reason = hidden_reason(self._query.principal, contact.id.source, self._reader.policies)
        return f"hidden: {reason}" if reason else ""

    def _told(
        self,
        contact: Contact,
        number: PhoneNumber,
        candidate: Candidate | None = None,
        lost: str = "",
        *,
        visible: bool = True,
    ) -> ExplainedCandidate:
        """Tell of one record; its line is the candidate's, else the best with this number."""
        line = candidate.line if candidate else None
        fitting = [each for each in contact.phones if each.number == number]
        if line is None and fitting:
            line = min(fitting, key=lambda each: KIND_RANK[each.kind])
        source = contact.id.source
        policy = self._reader.policies.get(source)
        return ExplainedCandidate(
            id=str(contact.id),
            name=contact.name,
            company=company_of(contact),
            source=policy.name if policy else source,
            priority=policy.priority if policy else 0,
            kind=line.kind if line else "trunk",
            number=_written(line.number if line else number),
            changed=contact.changed,
            hidden_fields=tuple(
                sorted(self._reader.hidden(self._query.principal, contact.id.source))
            ),
            visible=visible,
            lost=lost,
        )


def _digits_of(asked: str) -> tuple[str, Cut | None]:
    """Return the digits that are left of a question, and what was cut of it."""
    try:
        text = read_text(asked)
    except InvalidNumber:
        return "", None
    digits = f"{text.digits}x{text.extension}" if text.extension else text.digits
    return digits, cut_of(asked, text.digits)


def cut_of(asked: str, digits: str) -> Cut | None:
    """Return what stands around and between digits in a text; None if they do not stand in it."""
    folded = fold_signs(asked)
    for kept in dict.fromkeys((digits, digits.lstrip("+"))):
        for begin in range(len(folded)):
            end = _end_of(kept, folded, begin)
            if end:
                between = "".join(
                    dict.fromkeys(
                        sign
                        for sign, plain in zip(asked[begin:end], folded[begin:end], strict=True)
                        if not plain.isdigit() and plain != "+"
                    )
                )
                return Cut(asked[:begin], between, asked[end:])
    return None


def _end_of(digits: str, text: str, begin: int) -> int:
    """Return where digits end that begin at a place of a text, other signs between; 0 if not."""
    if text[begin] != digits[0]:
        return 0
    place = begin
    for digit in digits:
        while place < len(text) and not text[place].isdigit() and text[place] != digit:
            place += 1
        if place == len(text) or text[place] != digit:
            return 0
        place += 1
    return place


def _rule(reading: Reading, digits: str) -> str:
    """Return the rule that applied, and whether a needless prefix was dropped."""
    written, read = digits[1:].partition("x")[0], reading.numbers[0].digits
    if digits[:1] == "+" and written != read:
        behind = written[len(country_code_of(written)) :]
        needless = "0" if f"0{read[len(country_code_of(read)) :]}" == behind else "prefix"
        return f"{reading.rule}; the needless {needless} behind the country code was dropped"
    return reading.rule


def _trunk_outcome(trunk: str, holder: Contact | None, where: str) -> str:
    if not trunk:
        return "no visible trunk before it"
    if holder is None:
        return f"behind the trunk +{trunk}, whose records name no company, or several: no answer"
    if where == "the same for all":
        return f"answers: behind the trunk +{trunk}, all visible records name one company"
    return f"answers: behind the trunk +{trunk}, the record on that line names the company"


def _behind_holder(behind: TrunkFound) -> str:
    """Return why the other records behind a trunk do not name the company."""
    if behind.holder is None:
        return "the records name no company, or several"
    if behind.where == "the same for all":
        return "names the same company; another record stands first"
    return "not the first record on the trunk line itself"


def _behind(best: Rank, rank: Rank) -> str:
    """Return why a candidate comes behind the best one: the first thing in which they differ."""
    if rank[0] != best[0]:
        return f"lower priority: {-rank[0]} behind {-best[0]}"
    if rank[1] != best[1]:
        kinds = {place: kind for kind, place in KIND_RANK.items()}
        return f"kind of line: {kinds[rank[1]]} behind {kinds[best[1]]}"
    if rank[2] != best[2]:
        return "older"
    return "the same in all; the lower key wins"


def _switched_off(match_class: int, query: CallerQuery) -> str:
    return f"class {match_class} is switched off for {query.principal.name}"


def _not_tried(match_class: int, why: str) -> ExplainedClass:
    return ExplainedClass(match_class, "", f"not tried: {why}")


def _written(number: PhoneNumber) -> str:
    return format_number(number, _ANY_PLAN, "e164")


def _since(started: int) -> float:
    return round((perf_counter_ns() - started) / 1_000, 1)
