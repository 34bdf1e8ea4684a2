"""The explanation of a caller's name, as `rufname lookup --explain` prints it.

Law: wording and layout only; what happened is in `engine.explaining`.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.explaining import CallerExplanation, Cut, ExplainedCandidate, ExplainedClass

CLASSES = {
    1: "extension of the own plan",
    2: "exact number",
    3: "number shared by several",
    4: "company line",
    5: "equal last digits",
}

_INDENT = " " * 13


def explanation_text(explained: CallerExplanation) -> str:
    """Return the explanation in lines that fit a terminal; no trailing line break."""
    return "\n".join(["how:", *_lines(explained)])


def _lines(explained: CallerExplanation) -> Iterator[str]:
    yield _line("asked", f"{explained.asked!r} by {explained.asker}")
    if explained.cut is not None:
        yield _line("cut", _cut_words(explained.cut))
    if explained.digits:
        yield _line("digits", explained.digits)
    if explained.rule:
        rule = f"{explained.rule} (dial plan {explained.plan})"
        yield _line("rule", rule, explained.read_us)
        yield _line("tried", ", then ".join(explained.numbers))
    for each in explained.classes:
        yield from _class_lines(each, explained)
    answer = f"{explained.answer}, class {explained.answer_class}"
    yield _line("answer", answer if explained.answer else "nobody", explained.lookup_us)


def _class_lines(told: ExplainedClass, explained: CallerExplanation) -> Iterator[str]:
    outcome = told.outcome
    if told.number and len(explained.numbers) > 1:
        outcome = f"{told.number}: {outcome}"
    if told.hidden:
        outcome += f" ({told.hidden} hidden)"
    if not told.match_class:  # nothing was looked up
        yield _line("class 0", outcome, explained.read_us)
        return
    yield _line(f"class {told.match_class}", outcome, told.duration_us)
    for place, candidate in enumerate(told.candidates, 1):
        who, where = _candidate_words(candidate, explained.answer)
        yield f"{_INDENT}{place}. {who}"
        yield f"{_INDENT}   {where}"
    unlisted = told.visible + told.hidden - len(told.candidates)
    if unlisted > 0:
        yield f"{_INDENT}and {unlisted} more"


def _candidate_words(told: ExplainedCandidate, answer: str) -> tuple[str, str]:
    """Name a record and why it is not the answer; and say from where it is, by which line."""
    by_company = told.name != answer and told.company and answer.lstrip("~") == told.company
    shown = "its company is shown" if by_company else "shown"
    who = told.name or "(no name)"
    if told.company and told.company != told.name:
        who += f", {told.company}"
    facts = [told.id, f"source {told.source}", f"priority {told.priority}"]
    facts.append(f"{told.kind} {told.number}")
    if told.changed:
        facts.append(f"changed {told.changed}")
    if told.hidden_fields and told.visible:
        facts.append(f"without {', '.join(told.hidden_fields)}")
    return f"{who}: {told.lost or shown}", " · ".join(facts)


def _cut_words(cut: Cut) -> str:
    parts = [
        f"{where} {text!r}"
        for where, text in (
            ("before", cut.before),
            ("between", cut.between),
            ("behind", cut.behind),
        )
        if text
    ]
    return ", ".join(parts) or "nothing"


def _line(label: str, text: str, duration_us: float = 0.0) -> str:
    took = f"  ({duration_us:,.1f} µs)" if duration_us else ""
    return f"  {label:<9}  {text}{took}"
