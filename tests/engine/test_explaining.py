"""An explanation settles "why did it show X": reading, candidates, rights, reasons, times."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.contact import PhoneLine
from engine.explaining import CallerExplanation, Cut, ExplainedClass, cut_of
from engine.phone import DialPlan, PhoneNumber
from engine.query import CallerQuery
from engine.rights import LOCAL_ADMIN, Principal, SourcePolicy
from tests.engine.building import MUNICH, Directory, contact, line

SBC = Principal("sbc", "client")
CLASSES_1_TO_5 = frozenset(range(1, 6))


def explain(
    directory: Directory,
    number: str,
    who: Principal = SBC,
    *,
    plan: DialPlan = MUNICH,
    classes: frozenset[int] = CLASSES_1_TO_5,
) -> CallerExplanation:
    query = CallerQuery(number, plan, who, classes)
    match, explained = directory.index.explain_caller(query)
    assert match == directory.index.caller(query)
    assert explained.answer == (match.name if match else "")
    return explained


def of_class(explained: CallerExplanation, match_class: int) -> ExplainedClass:
    (found,) = [each for each in explained.classes if each.match_class == match_class]
    return found


def test_reading_and_cut_and_canonical_form_are_told(directory: Directory) -> None:
    directory.hold(contact("1", "Anna Abel", "498999998123"))
    explained = explain(directory, "tel:+49 (0)89/99998-123;isub=1")
    assert explained.asked == "tel:+49 (0)89/99998-123;isub=1"
    assert explained.cut == Cut("tel:", " ()/-", ";isub=1")
    assert explained.digits == "+4908999998123"
    assert explained.plan == "munich"
    assert explained.rule == ("E.164 with +; the needless 0 behind the country code was dropped")
    assert explained.numbers == ("+498999998123",)
    assert (explained.answer, explained.answer_class) == ("Anna Abel", 2)
    assert explained.lookup_us > 0


def test_every_class_is_accounted_for_in_order(directory: Directory) -> None:
    directory.hold(contact("1", "Anna Abel", "498999998123"))
    explained = explain(directory, "123")
    assert [(each.match_class, each.outcome) for each in explained.classes] == [
        (1, "answers"),
        (2, "not tried: an extension: class 1 or 3"),
        (3, "not tried: the number is not shared by several people"),
        (4, "not tried: class 1 answered"),
        (5, "not tried: class 1 answered"),
    ]
    assert of_class(explained, 1).number == "+498999998123"
    assert of_class(explained, 1).duration_us > 0


def test_nothing_to_look_up_is_class_0_with_the_reason(directory: Directory) -> None:
    explained = explain(directory, "112")
    assert [(each.match_class, each.outcome) for each in explained.classes] == [
        (0, "nothing to look up: a service number has no subscriber")
    ]
    assert (explained.answer, explained.answer_class, explained.rule) == ("", 0, "")


def test_each_loser_says_why_it_lost(directory: Directory) -> None:
    number = "498999998123"
    directory.hold(
        contact("1", "Anna Abel", number, changed="2026-02-01T00:00:00Z"),
        contact("2", "Bert Berg", number, changed="2026-01-01T00:00:00Z"),
        contact("3", "Carl Cron", number, changed="2026-01-01T00:00:00Z"),
        contact("4", "Dora Dorn", line(number, "home")),
        contact("5", "Emil Ernst", number, source="old"),
        contact("6", "", number),
    )
    told = of_class(explain(directory, f"+{number}"), 3)
    assert told.outcome == "answers with the best of 5: they name no common company"
    assert [(each.name, each.lost) for each in told.candidates] == [
        ("Anna Abel", ""),
        ("Bert Berg", "older"),
        ("Carl Cron", "older"),
        ("Dora Dorn", "kind of line: home behind work"),
        ("Emil Ernst", "lower priority: 100 behind 500"),
        ("", "it has neither a name nor a company"),
    ]
    first = told.candidates[0]
    assert (first.id, first.source, first.priority, first.kind, first.number, first.changed) == (
        "crm:1", "crm", 500, "work", f"+{number}", "2026-02-01T00:00:00Z",
    )  # fmt: skip


def test_records_that_are_the_same_in_all_are_settled_by_the_key(directory: Directory) -> None:
    directory.hold(contact("2", "Bert", "498999998123"), contact("1", "Anna", "498999998123"))
    told = of_class(explain(directory, "123"), 3)
    assert [each.lost for each in told.candidates] == ["", "the same in all; the lower key wins"]


def test_what_the_client_may_not_see_is_told_with_the_reason(directory: Directory) -> None:
    directory.hold(
        contact("1", "Anna Abel", "498999998123", source="old"),
        contact("2", "Hidden Person", "498999998123", source="hr"),
        contact("3", "Left Behind", "498999998123", source="gone"),
    )
    told = of_class(explain(directory, "+498999998123"), 2)
    assert (told.outcome, told.visible, told.hidden) == ("answers", 1, 2)
    hidden = [(each.id, each.lost) for each in told.candidates if not each.visible]
    assert sorted(hidden) == [
        ("gone:3", "hidden: the source gone is no longer configured"),
        ("hr:2", "hidden: visible_to of hr does not name sbc"),
    ]
    narrow = Principal("sbc", "client", sources=("crm",))
    told = of_class(explain(directory, "+498999998123", narrow), 2)
    assert (told.outcome, told.visible, told.hidden) == ("nobody visible", 0, 3)
    assert "hidden: old is not among the sources of sbc" in [each.lost for each in told.candidates]
    assert of_class(explain(directory, "123", LOCAL_ADMIN), 3).hidden == 0


def test_fields_that_the_client_may_not_see_are_named_and_masked(directory: Directory) -> None:
    directory.hold(contact("1", "Anna Abel", line("498999998123", "home"), emails=("a@b.example",)))
    hiding = SourcePolicy("crm", fields={"phones.home": ("personnel",), "emails": ()})
    directory.index.set_policies({"crm": hiding})
    query = CallerQuery("+498999998123", MUNICH, SBC)
    match, explained = directory.index.explain_caller(query)
    assert match == directory.index.caller(query)
    assert match is not None
    assert (match.name, match.contact.phones, match.contact.emails) == ("Anna Abel", (), ())
    (told,) = of_class(explained, 2).candidates
    assert (told.kind, told.hidden_fields) == ("home", ("emails", "phones.home"))


def test_a_class_that_is_switched_off_still_shows_whom_it_would_find(directory: Directory) -> None:
    directory.hold(contact("1", "Anna Abel", "498999998123"))
    explained = explain(directory, "+498999998123", classes=frozenset({1, 3, 5}))
    told = of_class(explained, 2)
    assert told.outcome == "class 2 is switched off for sbc"
    assert [(each.name, each.lost) for each in told.candidates] == [("Anna Abel", told.outcome)]
    assert of_class(explained, 4).outcome == "not tried: class 4 is switched off for sbc"
    assert of_class(explained, 5).outcome == "not tried: the number has a country code"
    assert not explained.answer


def test_the_trunk_class_names_trunk_company_and_others_behind_it(directory: Directory) -> None:
    directory.hold(
        contact("1", "", "49899999770", company="Käse & Söhne"),
        contact("2", "Anna Abel", PhoneLine("work", PhoneNumber("498999997712"), "", "4989999977")),
        contact("3", "", "49899999770", company="Hidden GmbH", source="hr"),
    )
    told = of_class(explain(directory, "+4989999977055"), 4)
    assert told.outcome == (
        "answers: behind the trunk +49899999770, the record on that line names the company"
    )
    assert [(each.id, each.kind, each.visible) for each in told.candidates] == [
        ("crm:1", "work", True),
        ("hr:3", "work", False),
    ]
    told = of_class(explain(directory, "+498999997799"), 4)
    assert told.outcome == (
        "behind the trunk +4989999977, whose records name no company, or several: no answer"
    )
    told = of_class(explain(directory, "+4917139200121"), 4)
    assert told.outcome == "not tried: no trunk can stand before such a number"


def test_a_trunk_of_hidden_records_alone_is_told_as_hidden(directory: Directory) -> None:
    directory.hold(contact("3", "", "49899999770", company="Hidden GmbH", source="hr"))
    told = of_class(explain(directory, "+4989999977055"), 4)
    assert (told.outcome, told.visible, told.hidden) == ("no visible trunk before it", 0, 1)


def test_the_tail_class_says_who_fits_and_why_nobody_answers(directory: Directory) -> None:
    directory.hold(
        contact("1", "Anna Abel", "43123456789"), contact("2", "Bert Berg", "41523456789")
    )
    told = of_class(explain(directory, "0523456789"), 5)
    assert told.outcome == "several people fit: no answer"
    assert {each.lost for each in told.candidates} == {"several people fit"}
    directory.hold(contact("2", "Bert Berg", "41523456780"))
    explained = explain(directory, "0523456789")
    assert of_class(explained, 5).outcome == "answers: one alone fits"
    assert explained.answer == "Anna Abel"


def test_every_canonical_form_is_tried_and_told(directory: Directory) -> None:
    directory.hold(contact("1", "Anna Abel", "493023125001"))
    plan = DialPlan(area_code="89", outside_line="0")
    explained = explain(directory, "0030 23125001", plan=plan)
    assert len(explained.numbers) > 1 or explained.numbers == ("+493023125001",)
    assert explained.rule.startswith("outside line 0") or " or " in explained.rule
    assert explained.answer == "Anna Abel"


@pytest.mark.parametrize(
    ("asked", "digits", "cut"),
    [
        ("+498999998123", "+498999998123", Cut()),
        ("sip:089123@10.0.0.1", "089123", Cut("sip:", "", "@10.0.0.1")),
        ('"Anna 08" <sip:0891@host>', "0891", Cut('"Anna 08" <sip:', "", "@host>")),
        ("%2B4989", "+4989", Cut("%2B", "", "")),
        ("０８９−１２３", "089123", Cut("", "−", "")),  # noqa: RUF001 - what phones of Japan send
        ("123;phone-context=+49-89", "+4989123", None),
    ],
)
def test_what_was_cut_stands_around_and_between_the_digits(
    asked: str, digits: str, cut: Cut | None
) -> None:
    assert cut_of(asked, digits) == cut


def test_bytes_that_are_no_utf_8_can_be_told_as_json(directory: Directory) -> None:
    explained = explain(directory, "\udcff +49\ud80089")
    assert "?" in explained.asked
    assert msgspec.json.decode(msgspec.json.encode(explained))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(
    raw=st.one_of(
        st.text(max_size=60),
        st.text("0123456789+*()-; ", max_size=30),
        st.from_regex(r"(\+49|0049|0|)(89|8999998|17139200)\d{0,6}", fullmatch=True),
    )
)
def test_an_explanation_ends_in_the_answer_and_never_raises(directory: Directory, raw: str) -> None:
    if not directory.index.status().documents:  # the same ones for every text
        directory.hold(
            contact("1", "Anna Abel", "498999998123"),
            contact("2", "Bert Berg", "4917139200121"),
            contact("3", "", "4989999970", company="Käse & Söhne"),
        )
    explained = explain(directory, raw)
    answering = [each for each in explained.classes if each.outcome.startswith("answers")]
    assert [each.match_class for each in answering] == (
        [explained.answer_class] if explained.answer else []
    )
    assert {each.match_class for each in explained.classes} in ({0}, {1, 2, 3, 4, 5})
