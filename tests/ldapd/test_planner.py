"""What each client's filter becomes: the templates of manuals and of public source code."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.contact import Contact
from engine.index import ContactIndex
from engine.phone import DialPlan
from engine.rights import LOCAL_ADMIN
from engine.selection import (
    AllOf,
    AlphabetRange,
    AnyOf,
    Called,
    Contains,
    Everyone,
    Has,
    NumberIs,
    NumberPrefix,
    Prefix,
    Without,
)
from engine.tokens import sort_rank
from ldapd import planner
from ldapd.number_terms import has_digit
from ldapd.planner import NumberQuestion, SetQuestion, compile_filter
from ldapd.protocol.filters import (
    And,
    Approx,
    Equality,
    Filter,
    GreaterOrEqual,
    Not,
    Or,
    Present,
    Substrings,
    parse_filter,
)
from ldapd.terms import FALSE, NOBODY, TRUE, UNDEFINED, compile_term
from tests.ldapd.house import ANNA, BERND, DORA, EVERYBODY, MUNICH
from tests.ldapd.protocol.strategies import filters as any_filters

N = "+493023125001"
IOS = (
    "(|(o=foo*)(cn=foo*)(ou=foo*)(sn=foo*)(mail=foo*)(IMHandle=foo*)(givenname=foo*)"
    "(postalAddress=foo*)(telephoneNumber=foo*))"
)


def plan(search_filter: Filter, dial_plan: DialPlan) -> NumberQuestion | SetQuestion:
    return planner.number_question(search_filter) or planner.set_question(search_filter, dial_plan)


def number_question(text: str) -> NumberQuestion:
    question = plan(parse_filter(text), MUNICH)
    assert isinstance(question, NumberQuestion), question
    return question


NUMBER_TEMPLATES = [
    ("AudioCodes request key", f"(telephoneNumber={N})", N),
    ("AudioCodes mobile", f"(mobile={N})", N),
    ("AudioCodes trailing star", f"(telephoneNumber={N}*)", N),
    ("AudioCodes numeric attribute", "(telephoneNumber=5*0*3*8*2*3*4*5*6*7)", "5038234567"),
    ("AudioCodes numeric with plus", "(telephoneNumber=+*4*9*3*0*1*2)", "+493012"),
    ("Ribbon", f"(msRTCSIP-Line=tel:{N})", f"tel:{N}"),
    (
        "Oracle OR",
        f"(|(ipPhone=tel:{N})(msRTCSIP-Line=tel:{N})(telephoneNumber=tel:{N})(mobile=tel:{N}))",
        f"tel:{N}",
    ),
    ("innovaphone", "(metaSearchNumber=+493023125001)", N),
    ("innovaphone without plus", "(metaSearchNumber=493023125001)", "493023125001"),
    ("Asterisk LDAPget", f"(&(objectClass=person)(telephoneNumber={N}))", N),
    (
        "Superfecta",
        "(|(telephoneNumber=*3023125001)(mobile=*3023125001)(homeTelephoneNumber=*3023125001))",
        "3023125001",
    ),
    ("MiVoice", "(telephoneNumber=23125001)", "23125001"),
    ("Kamailio", f"(|(telephoneNumber={N})(mobile={N}))", N),
    ("Yealink", f"(|(telephoneNumber={N})(mobile={N})(ipPhone={N}))", N),
    ("Yealink presence", f"(&(telephoneNumber=*)(mobile={N}))", N),
    ("Yealink approximate", f"(|(telephoneNumber=*{N}*)(mobile=*{N}*))", N),
    ("snom", f"(&(telephoneNumber={N})(sn=*))", N),
    ("Grandstream", f"(|(telephoneNumber={N})(Mobile={N}))", N),
    ("Gigaset", f"(|(telephoneNumber={N})(mobile={N})(homePhone={N}))", N),
    ("Agfeo", f"(|(telephoneNumber=*{N}*)(mobile=*{N}*))", N),
    ("estos", f"(searchNumber={N}*)", N),
    ("estos searchContact", f"(searchContact={N})", N),
    ("AD ANR", "(anr=030 23125001)", "030 23125001"),
    ("AD", f"(&(objectClass=user)(objectCategory=person)(telephoneNumber={N}))", N),
    ("nested", f"(&(&(objectClass=*)(cn=*))(|(|(mobile={N}))(pager={N})))", N),
    ("unknown attribute beside", f"(|(customPhone={N})(telephoneNumber={N}))", N),
    ("digitless term beside", f"(|(telephoneNumber={N})(mobile=anonymous))", N),
    ("repeated in AND", f"(&(telephoneNumber={N})(mobile={N}))", N),
    ("NBSP and brackets", "(telephoneNumber=\\28030\\29\u00a023125001)", "(030)\u00a023125001"),
]


@pytest.mark.parametrize(
    ("text", "value"), [pytest.param(*rest, id=client) for client, *rest in NUMBER_TEMPLATES]
)
def test_number_templates_become_one_look_up(text: str, value: str) -> None:
    question = number_question(text)
    assert question.values == (value,)
    assert question.check is None


@pytest.mark.parametrize(
    ("text", "attribute", "partial"),
    [
        (f"(telephoneNumber={N})", "telephoneNumber", False),
        (f"(MOBILETELEPHONENUMBER={N})", "mobile", False),
        (f"(searchNumber={N})", "", False),
        (f"(|(searchNumber={N})(mobile={N}))", "mobile", False),
        (f"(telephoneNumber={N}*)", "telephoneNumber", True),
        (f"(|(mobile={N})(telephoneNumber=*{N}))", "mobile", True),
        ("(telephoneNumber=5*0*3)", "telephoneNumber", False),
    ],
)
def test_a_look_up_knows_its_attribute_and_whether_a_part_would_do(
    text: str,
    attribute: str,
    partial: bool,  # noqa: FBT001 - a parameter
) -> None:
    question = number_question(text)
    assert (question.attribute, question.is_partial) == (attribute, partial)


@pytest.mark.parametrize(
    "text",
    [
        "(telephoneNumber=)",
        "(telephoneNumber=anonymous)",
        "(|(telephoneNumber=*foo*)(mobile=foo))",
        "(&(objectClass=*)(telephoneNumber=unavailable))",
        "(telephoneNumber=\\2a)",
    ],
)
def test_a_number_without_a_digit_is_nobody_and_never_everybody(text: str) -> None:
    assert number_question(text).values == ()


def test_a_number_that_is_no_utf8_is_nobody() -> None:
    question = plan(Equality("telephoneNumber", b"\xff1"), MUNICH)
    assert isinstance(question, SetQuestion)
    assert question.selection == NOBODY


def test_different_numbers_in_an_or_are_looked_up_in_turn() -> None:
    question = number_question("(|(telephoneNumber=111111)(mobile=222222)(pager=111111))")
    assert question.values == ("111111", "222222")


def test_other_presence_beside_a_number_is_checked_on_the_contact() -> None:
    question = number_question(f"(&(mail=*)(telephoneNumber={N}))")
    assert question.check is not None
    assert question.check(ANNA) is True
    assert question.check(BERND) is False


OTHER_TEMPLATES = [
    ("Yealink name", "(|(cn=mei*)(sn=mei*))", Called("mei")),
    ("Yealink both", "(&(cn=*)(sn=mei*))", Called("mei")),
    ("Yealink not", "(!(cn=mei*))", Everyone()),
    ("snom", "(&(telephoneNumber=*)(sn=mei*))", AllOf((Has("phones"), Called("mei")))),
    ("Gigaset name", "(|(displayName=mei*)(sn=mei*))", Called("mei")),
    (
        "Gigaset mail",
        "(&(givenName=an*)(mail=an.*))",
        AllOf((Called("an"), Prefix("an."))),
    ),
    (
        "Poly order",
        "(&(sn>=mei)(sn<=mej))",
        AllOf((AlphabetRange(low=sort_rank("mei")), AlphabetRange(high=sort_rank("mej")))),
    ),
    ("Cisco", "(sn=*mei*)", Contains("mei")),
    ("Linphone", "(sn=*mei*)", Contains("mei")),
    ("Linphone empty", "(sn=**)", Everyone()),
    (
        "Outlook",
        "(&(mail=*)(|(mail=mei*)(|(cn=mei*)(|(sn=mei*)(givenName=mei*)))))",
        AllOf((Has("emails"), AnyOf((Prefix("mei"), Called("mei"))))),
    ),
    ("Outlook ANR", "(anr=anna mei)", Prefix("anna mei")),
    (
        "Thunderbird",
        "(|(cn=*anna*meier*)(mail=*anna meier*)(givenName=*anna*)(sn=*anna meier*))",
        AnyOf(
            (
                AllOf((Contains("anna"), Contains("meier"))),
                Contains("anna meier"),
                Contains("anna"),
            )
        ),
    ),
    (
        "macOS",
        "(|(givenname=mei)(sn=mei)(cn=mei)(mail=mei))",
        AnyOf((Called("mei"), Prefix("mei"))),
    ),
    (
        "iOS",
        IOS,
        AnyOf((Prefix("foo"), Called("foo"), Prefix("foo", everywhere=True))),
    ),
    ("Evolution", "(|(displayName=*x*)(sn=*x*)(givenName=*x*))", Contains("x")),
    ("Evolution empty", "(displayName=*)", Everyone()),
    ("Entourage", "(&(showInAddressBook=x)(displayName=*))", NOBODY),
    ("everything", "(objectClass=*)", Everyone()),
    ("absolute true", "(&)", Everyone()),
    ("absolute false", "(|)", NOBODY),
    (
        "name or number",
        "(|(sn=0302*)(telephoneNumber=0302*))",
        AnyOf((Called("0302"), NumberIs("0302", MUNICH), NumberPrefix("49302"))),
    ),
    (
        "number and name",
        f"(&(telephoneNumber={N})(sn=mei*))",
        AllOf((NumberIs(N, MUNICH), Called("mei"))),
    ),
    (
        "two numbers of one contact",
        "(&(telephoneNumber=0301234567)(mobile=0171392000))",
        AllOf((NumberIs("0301234567", MUNICH), NumberIs("0171392000", MUNICH))),
    ),
]


@pytest.mark.parametrize(
    ("text", "selection"), [pytest.param(*rest, id=client) for client, *rest in OTHER_TEMPLATES]
)
def test_other_templates_become_bounded_candidates(text: str, selection: object) -> None:
    question = plan(parse_filter(text), MUNICH)
    assert isinstance(question, SetQuestion)
    assert question.selection == selection


def test_whoever_has_a_word_that_begins_so_is_likeliest() -> None:
    question = plan(parse_filter("(|(sn=*mei*)(cn=*an*mei*))"), MUNICH)
    assert isinstance(question, SetQuestion)
    mei, an = Prefix("mei"), Prefix("an")
    likeliest = question.likeliest()
    assert likeliest is not None
    assert likeliest.selection == AnyOf((mei, AllOf((an, mei))))
    for alike in ("(sn=mei*)", "(!(sn=*mei*))", "(cn=*)"):
        other = plan(parse_filter(alike), MUNICH)
        assert isinstance(other, SetQuestion)
        assert other.likeliest() is None


@pytest.mark.parametrize(
    ("text", "selection"),
    [
        ("(!(mail=*))", Without(Everyone(), Has("emails"))),
        ("(!(c=*))", Everyone()),
        ("(!(telephoneNumber=0301234567))", Without(Everyone(), NumberIs("0301234567", MUNICH))),
        (
            "(&(sn=mei*)(!(|(mail=*)(title=*))))",
            AllOf((Called("mei"), Without(Everyone(), AnyOf((Has("emails"), Has("job")))))),
        ),
        ("(!(&(mail=*)(x=1)))", Everyone()),
    ],
)
def test_a_negation_is_what_the_index_leaves_where_it_knows(text: str, selection: object) -> None:
    question = plan(parse_filter(text), MUNICH)
    assert isinstance(question, SetQuestion)
    assert question.selection == selection


def test_filters_that_hold_for_everybody_need_no_check() -> None:
    for text in ("(objectClass=*)", "(cn=*)", "(&(objectClass=person)(cn=*))", "(|(cn=*)(x=1))"):
        assert plan(parse_filter(text), MUNICH) == SetQuestion(Everyone(), brief=True)


@pytest.mark.parametrize(
    ("text", "brief"),
    [
        ("(|(cn=mei*)(sn=mei*))", True),
        ("(&(objectClass=person)(!(givenName=*ei*))(o=nord*)(unheardOf=1))", True),
        ("(&(cn=mei*)(telephoneNumber=030*))", True),
        ("(|(cn=mei*)(mail=mei*))", False),
        ("(&(cn=mei*)(!(l=Ulm)))", False),
        ("(name=mei*)", False),
        ("(anr=mei)", True),  # the index knows it for certain: nothing is checked
        ("(:caseExactMatch:=Meier)", False),
        ("(cn:caseExactMatch:=Meier)", False),
    ],
)
def test_a_filter_on_names_and_numbers_needs_no_more_than_a_card(text: str, *, brief: bool) -> None:
    assert planner.set_question(parse_filter(text), MUNICH).brief == brief
    assert not planner.set_question(parse_filter(text), MUNICH, trusting=False).brief


def test_an_ios_search_without_digits_does_not_match_by_its_number_term() -> None:
    question = plan(parse_filter("(|(cn=foo*)(telephoneNumber=foo*))"), MUNICH)
    assert isinstance(question, SetQuestion)
    assert question.selection == Called("foo")


@pytest.mark.parametrize(
    "part",
    [
        "(|(objectClass=contact)(objectClass=user))",
        "(|(objectClass=group)(objectCategory=person))",
        "(!(objectClass=computer))",
        "(&(objectClass=*)(!(|(objectClass=group)(objectClass=computer))))",
        "(|(cn=*)(mail=*))",
    ],
)
def test_classes_beside_a_number_are_no_question_of_their_own(part: str) -> None:
    alone = plan(parse_filter(f"(telephoneNumber={N})"), MUNICH)
    assert plan(parse_filter(f"(&{part}(telephoneNumber={N}))"), MUNICH) == alone
    assert plan(parse_filter(f"(&(telephoneNumber={N}){part})"), MUNICH) == alone


@pytest.mark.parametrize(
    "part",
    [
        "(objectClass=group)",
        "(!(objectClass=user))",
        "(|(objectClass=group)(sn=mei*))",
        "(!(unheardOf=x))",
        "(|(objectClass=group)(unheardOf=x))",
    ],
)
def test_what_hangs_on_the_contact_makes_no_look_up(part: str) -> None:
    assert isinstance(plan(parse_filter(f"(&{part}(telephoneNumber={N}))"), MUNICH), SetQuestion)


@pytest.mark.parametrize(
    "term",
    [
        "(userAccountControl:1.2.840.113556.1.4.803:=2)",
        "(UserAccountControl=514)",
        "(msExchHideFromAddressLists=TRUE)",
        "(msExchHideFromAddressLists=*)",
        "(memberOf=cn=nobody,dc=firm,dc=example)",
    ],
)
def test_what_ad_leaves_out_leaves_no_contact_out(term: str) -> None:
    assert plan(parse_filter(f"(&(!{term})(telephoneNumber={N}))"), MUNICH) == plan(
        parse_filter(f"(telephoneNumber={N})"), MUNICH
    )
    names = plan(parse_filter(f"(&(objectCategory=person)(!{term})(sn=mei*))"), MUNICH)
    assert isinstance(names, SetQuestion)
    assert names.selection == Called("mei")
    nobody = plan(parse_filter(f"(&{term}(sn=mei*))"), MUNICH)
    assert isinstance(nobody, SetQuestion)
    assert nobody.selection == NOBODY


# --- three-valued logic (RFC 4511 4.5.1.7) ------------------------------------------------------

T: Filter = Equality("sn", "Müller".encode())
F: Filter = Equality("sn", b"Meier")
U: Filter = Equality("unheardOf", b"x")
VALUES: dict[bool | None, Filter] = {True: T, False: F, None: U}


def outcome(search_filter: Filter) -> bool | None:
    return compile_filter(search_filter, MUNICH).check(ANNA)


@pytest.mark.parametrize("parts", list(itertools.product((True, False, None), repeat=3)), ids=str)
def test_and_or_and_not_follow_the_three_valued_tables(parts: tuple[bool | None, ...]) -> None:
    filters = tuple(VALUES[each] for each in parts)
    expected_and = False if False in parts else None if None in parts else True
    expected_or = True if True in parts else None if None in parts else False
    assert outcome(And(filters)) is expected_and
    assert outcome(Or(filters)) is expected_or
    first = parts[0]
    expected_not = None if first is None else not first
    assert outcome(Not(filters[0])) is expected_not
    assert outcome(Not(Not(filters[0]))) is first
    assert outcome(Not(And(filters))) is (None if expected_and is None else not expected_and)
    assert outcome(Not(Or(filters))) is (None if expected_or is None else not expected_or)


def test_constants_are_folded() -> None:
    known, unknown, wrong = Present("cn"), Present("unheardOf"), Equality("objectClass", b"printer")
    assert compile_filter(And((known, known)), MUNICH) is TRUE
    assert compile_filter(And((known, wrong, T)), MUNICH) is FALSE
    assert compile_filter(Or((wrong, known, T)), MUNICH) is TRUE
    assert compile_filter(Or((wrong,)), MUNICH) is FALSE
    assert compile_filter(Not(known), MUNICH) is FALSE
    assert compile_filter(Not(wrong), MUNICH) is TRUE
    assert compile_filter(Not(unknown), MUNICH) is UNDEFINED
    assert compile_filter(And((unknown, T)), MUNICH).selection == NOBODY
    assert not compile_filter(Or((unknown, Present("mail"))), MUNICH).exact


def test_a_negated_conjunction_with_an_unknown_attribute_can_still_be_true() -> None:
    negated = compile_filter(Not(And((U, F))), MUNICH)
    assert negated.selection == Everyone()
    assert negated.check(ANNA) is True
    assert negated.check(BERND) is None


def test_a_negated_number_uses_the_same_predicate() -> None:
    negated = compile_filter(parse_filter("(!(telephoneNumber=0171 39200007))"), MUNICH)
    assert negated.check(DORA) is False
    assert negated.check(ANNA) is True


def test_every_filter_gives_a_plan_and_a_set_question() -> None:
    for text in ("(cn=a)", f"(telephoneNumber={N}*)", "(!(|(cn=a)(x=1)))"):
        parsed = parse_filter(text)
        assert isinstance(planner.set_question(parsed, MUNICH), SetQuestion)


# --- any filter at all --------------------------------------------------------------------------

NAMES = st.sampled_from(
    ["cn", "sn", "telephoneNumber", "mobile", "anr", "objectClass", "street", "mail", "unheardOf"]
)
WORDS = st.sampled_from(
    [b"anna", b"mei", b"meier", b"M\xc3\xbcller", b"030", b"+493023125001", b"0171", b"12", b"",
     b" ", b"person", b"\xff", b"am ring", b"x"]
)  # fmt: skip
LEAVES: st.SearchStrategy[Filter] = st.one_of(
    st.builds(Equality, NAMES, WORDS),
    st.builds(Present, NAMES),
    st.builds(Approx, NAMES, WORDS),
    st.builds(GreaterOrEqual, NAMES, WORDS),
    st.builds(
        Substrings,
        NAMES,
        st.none() | WORDS.filter(bool),
        st.lists(WORDS, max_size=2).map(tuple),
        st.none() | WORDS.filter(bool),
    ),
)
FILTERS = st.recursive(
    LEAVES,
    lambda part: st.one_of(
        st.builds(And, st.lists(part, max_size=3).map(tuple)),
        st.builds(Or, st.lists(part, max_size=3).map(tuple)),
        st.builds(Not, part),
    ),
    max_leaves=6,
)


def evaluate(search_filter: Filter, contact: Contact) -> bool | None:
    """The three-valued logic of RFC 4511 written out: the oracle."""
    match search_filter:
        case And(parts):
            results = [evaluate(part, contact) for part in parts]
            return False if False in results else None if None in results else True
        case Or(parts):
            results = [evaluate(part, contact) for part in parts]
            return True if True in results else None if None in results else False
        case Not(part):
            result = evaluate(part, contact)
            return None if result is None else not result
        case _:
            return compile_term(search_filter, MUNICH).check(contact)


@given(FILTERS)
def test_a_compiled_filter_says_what_the_logic_says(search_filter: Filter) -> None:
    compiled = compile_filter(search_filter, MUNICH)
    for contact in EVERYBODY:
        assert compiled.check(contact) is evaluate(search_filter, contact)


def is_sought_by_beginnings(search_filter: Filter) -> bool:
    """Whether every term's candidates are a superset: no middles, no street beside others."""
    match search_filter:
        case And(parts) | Or(parts):
            return all(map(is_sought_by_beginnings, parts))
        case Not(part):
            return is_sought_by_beginnings(part)
        case Substrings(_, initial, middle, _):
            return initial is not None or not any(middle)
        case _:
            return True


@given(FILTERS)
def test_candidates_hold_all_that_the_filter_finds(
    index: ContactIndex, search_filter: Filter
) -> None:
    assume(is_sought_by_beginnings(search_filter))
    assume("street" not in repr(search_filter))
    question = planner.set_question(search_filter, MUNICH)
    selected = index.select(question.selection, LOCAL_ADMIN, 1_000)
    found = {
        each.id for each in selected.contacts if question.check is None or question.check(each)
    }
    assert found == {each.id for each in EVERYBODY if evaluate(search_filter, each)}


@given(FILTERS | any_filters)
def test_any_filter_is_planned(search_filter: Filter) -> None:
    question = plan(search_filter, MUNICH)
    if isinstance(question, NumberQuestion):
        assert all(map(has_digit, question.values))
    else:
        assert compile_filter(search_filter, MUNICH).selection == question.selection
