"""How an explanation is worded for an administrator."""

from __future__ import annotations

import msgspec

from engine.explaining import CallerExplanation, Cut, ExplainedCandidate, ExplainedClass
from rufname.explained import explanation_text

ANNA = ExplainedCandidate(
    "crm:1",
    "Anna Abel",
    "Beispiel GmbH",
    "crm",
    600,
    "work",
    "+498999998123",
    "",
    hidden_fields=(),
    visible=True,
    lost="",
)
BERT = ExplainedCandidate(
    "old:7",
    "",
    "",
    "old",
    100,
    "mobile",
    "+498999998123",
    "2026",
    hidden_fields=(),
    visible=True,
    lost="older",
)


def explanation(*classes: ExplainedClass, **changes: object) -> CallerExplanation:
    values: dict[str, object] = {
        "asked": "089/99998-123",
        "asker": "sbc",
        "cut": Cut("", "/-", ""),
        "digits": "08999998123",
        "plan": "munich",
        "rule": "national prefix 0",
        "numbers": ("+498999998123",),
        "read_us": 1.25,
        "classes": classes,
        "answer": "Anna Abel",
        "answer_class": 2,
        "lookup_us": 20.0,
    }
    return CallerExplanation(**{**values, **changes})  # type: ignore[arg-type]  # the test's business


def test_every_step_is_a_line_and_every_candidate_says_why() -> None:
    told = ExplainedClass(2, "+498999998123", "answers", (ANNA, BERT), 14, 0, 9.5)
    assert explanation_text(explanation(told)).splitlines() == [
        "how:",
        "  asked      '089/99998-123' by sbc",
        "  cut        between '/-'",
        "  digits     08999998123",
        "  rule       national prefix 0 (dial plan munich)  (1.2 µs)",
        "  tried      +498999998123",
        "  class 2    answers  (9.5 µs)",
        "             1. Anna Abel, Beispiel GmbH: shown",
        "                crm:1 · source crm · priority 600 · work +498999998123",
        "             2. (no name): older",
        "                old:7 · source old · priority 100 · mobile +498999998123 · changed 2026",
        "             and 12 more",
        "  answer     Anna Abel, class 2  (20.0 µs)",
    ]


def test_hidden_records_are_counted_and_each_of_several_forms_is_named() -> None:
    told = ExplainedClass(2, "+498999998123", "nobody visible", (), 0, 2, 9.5)
    text = explanation_text(explanation(told, numbers=("+498999998123", "+4989"), answer=""))
    assert "  tried      +498999998123, then +4989" in text
    assert "  class 2    +498999998123: nobody visible (2 hidden)  (9.5 µs)" in text
    assert text.endswith("  answer     nobody  (20.0 µs)")


def test_nothing_to_look_up_has_neither_rule_nor_numbers() -> None:
    told = ExplainedClass(0, "", "nothing to look up: no digits")
    text = explanation_text(
        explanation(told, cut=None, digits="", rule="", numbers=(), answer="", asked="anonymous")
    )
    assert [line.split()[0] for line in text.splitlines()[1:]] == ["asked", "class", "answer"]


def test_fields_that_the_client_may_not_see_are_named() -> None:
    masked = msgspec.structs.replace(ANNA, hidden_fields=("emails", "phones.home"))
    told = ExplainedClass(2, "+498999998123", "answers", (masked,), 1, 0, 9.5)
    assert " · without emails, phones.home" in explanation_text(explanation(told))
