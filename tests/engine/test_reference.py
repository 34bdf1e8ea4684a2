"""People search finds whom the manual promises, in its order, and says so truly.

Small directories are drawn at random: several records of one person in several sources, of which
the askers see different ones; and texts as people type them, with beginnings, slips of the hand,
other spellings, other scripts, parts of numbers. `tests.engine.reference` tells by brute force who
is to be found.
"""

from __future__ import annotations

from random import Random

import pytest

from engine.contact import Address, Contact
from engine.people import PeopleSearch
from engine.query import PeopleQuery, PersonHit
from engine.rights import LOCAL_ADMIN, Principal, SourcePolicy
from tests.engine.building import contact, line
from tests.engine.reference import Reference, Seen, folded, forms, sound, words
from tests.engine.searching import search_of

POLICIES = {
    "crm": SourcePolicy("crm", 600),
    "erp": SourcePolicy("erp", 700, fields={"phones.mobile": ("hr",), "emails": ("hr",)}),
    "ad": SourcePolicy("ad", visible_to=("hr",)),
    "csv": SourcePolicy("csv", 600, fields={"city": ("it",), "department": ("it",)}),
    "own": SourcePolicy("own", 300, owner="eva"),
}
HIDDEN = {
    "bob": {"erp": {"phones.mobile", "emails"}, "csv": {"city", "department"}},
    "eva": {"csv": {"city", "department"}},
}
SEEN = {"bob": ("crm", "erp", "csv"), "eva": tuple(POLICIES)}
ASKERS = (Principal("eva", "user", ("hr",)), Principal("bob", "user"), LOCAL_ADMIN)

GIVEN = (
    "Anna", "Ann", "Hans-Peter", "Jürgen", "José", "Maria Anna", "Theo", "Юлия", "小明", "민수",
    "محمد", "Łukasz", "Frauke", "Uwe",
)  # fmt: skip
SURNAMES = (
    "Meier", "Maier", "Mayr", "Müller", "Mueller", "Gross", "Groß", "von der Heide", "O'Brien",
    "Meier-Vogt", "Щукина", "王", "김", "الأحمد", "Schmidt", "Schneider", "Köhler", "Frau", "Li",
    "Steiner",
)  # fmt: skip
COMPANIES = (
    "",
    "Nordlicht AG",
    "Meierhof GmbH",
    "Müller & Söhne KG",
    "Anna Meier e.K.",
    "3M",
    "Steiner",
)
CITIES = ("", "Ulm", "München", "Meiersberg", "Bad Müllheim")
DEPARTMENTS = ("", "Einkauf", "Vertrieb Süd", "Müllabfuhr")


def record(key: str, source: str, world: int, draw: Random) -> Contact:
    """Return a record of one of some people, with a part of what is known of that person."""
    who = draw.randrange(14)
    of = Random(world * 1_000 + who)
    given, surname, company = of.choice(GIVEN), of.choice(SURNAMES), of.choice(COMPANIES)
    lines = (
        line(f"4989999981{10 + who}"), line(f"49171392{1000 + who}", "mobile"),
        line("49731500", "company"), line(f"49891234{draw.randrange(10, 99)}", "fax"),
    )  # fmt: skip
    mails = f"p{who}@nordlicht.example", f"a.meier{who}@web.example", "info@nordlicht.example"
    is_apart = draw.random() < 0.7
    shown = draw.choice((f"{given} {surname}", f"{surname}, {given}", f"Dr. {given} {surname}", ""))
    if draw.random() < 0.1 and company:
        is_apart, shown = False, company
    return contact(
        key,
        shown if is_apart else shown or surname,
        *(each for each in lines if draw.random() < 0.35),
        source=source,
        company=company if draw.random() < 0.7 or shown == company else "",
        given_name=given if is_apart else "",
        surname=surname if is_apart else "",
        department=of.choice(DEPARTMENTS) if draw.random() < 0.5 else "",
        address=Address(city=of.choice(CITIES)),
        emails=(of.choice(mails),) if draw.random() < 0.5 else (),
        custom={"1": f"K-1{who:03}"} if draw.random() < 0.3 else {},
        link=f"L{who}" if draw.random() < 0.1 else "",
    )


def text_of(draw: Random, made: list[Contact]) -> str:
    """Return what somebody may type who looks for one of some contacts."""
    one = draw.choice(made)
    kind = draw.random()
    if kind < 0.2 and one.phones:
        digits = draw.choice(one.phones).number.digits
        begin = draw.randrange(len(digits) - 3)
        part = digits[begin : begin + draw.randrange(3, 9)]
        national = f"0{digits[2:4]}/{digits[4:7]}-{digits[7:]}"
        return draw.choice((part, f"+{digits[:7]}", f"+{digits[:2]} (0) {digits[2:6]}", national))
    if kind < 0.25:
        return "".join(draw.choice("2345678") for _ in range(3))
    if kind < 0.3:
        return draw.choice(("am", "jm", "ma", "thoe", "007", "0049", "kd10024", "Herr Dr."))
    texts = one.display_name, one.given_name, one.surname, one.company, one.department, *one.emails
    pool = " ".join((*texts, one.address.city, draw.choice(made).surname)).split()
    typed = [_typed(draw, draw.choice(pool)) for _ in range(draw.choice((1, 1, 1, 2, 2, 3)))]
    before = draw.choice(("Herr ", "Frau ", "Dr. ")) if draw.random() < 0.08 else ""
    return before + " ".join(typed)


def _typed(draw: Random, word: str) -> str:
    """Return a word as it is typed: perhaps its beginning, in another spelling, with a slip."""
    if draw.random() < 0.2:
        word = draw.choice([folded(word), word.upper(), *sorted(forms(word))])
    if draw.random() < 0.5:
        word = word[: draw.randrange(1, len(word) + 1)]
    at = draw.randrange(len(word))
    slips = (
        word[:at] + word[at + 1 :],
        word[:at] + draw.choice("aeinrst") + word[at:],
        word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
        word.replace("ei", "ai").replace("dt", "tt"),
    )
    return draw.choice(slips) or word if draw.random() < 0.25 else word


def reference_of(made: list[Contact], asker: Principal) -> Reference:
    sources = SEEN.get(asker.name, tuple(POLICIES))
    hidden = HIDDEN.get(asker.name, {})
    seen = [
        Seen(each, frozenset(hidden.get(each.id.source, ())))
        for each in made
        if each.id.source in sources
    ]
    priority = {source: POLICIES[source].priority for source in sources}
    return Reference(seen, priority, frozenset({"own"} if asker.name == "eva" else ()))


@pytest.mark.parametrize("world", range(12))
def test_all_are_found_whom_the_manual_promises_in_its_order(world: int) -> None:
    draw = Random(world)
    made = [record(str(key), draw.choice([*POLICIES]), world, draw) for key in range(34)]
    search = search_of(made, POLICIES)
    references = {asker.name: reference_of(made, asker) for asker in ASKERS}
    for _ in range(60):
        text, asker = text_of(draw, made), draw.choice(ASKERS)
        if max(map(len, words(text)), default=0) > 11 or len(words(text)) > 4:
            continue  # of these the manual says nothing
        keys = draw.random() < 0.2
        near = draw.choice((("", ""), ("", ""), ("Nordlicht AG", "Einkauf"), ("Nordlicht", "")))
        query = PeopleQuery(text, asker, 1_000, company=near[0], department=near[1], t9=keys)
        page = search.answer(query)
        promised, records = references[asker.name].answer(
            text, keys=keys, company=near[0], department=near[1]
        )
        asked = text, asker.name, keys, near
        assert {frozenset(hit.records) for hit in page.hits} == promised.keys(), asked
        places = [promised[frozenset(hit.records)] for hit in page.hits]
        assert [hit.match_class for hit in page.hits] == [place[0] for place in places], asked
        assert places == sorted(places), asked
        assert (page.total, page.total_is_exact) == (records, True), asked
        for hit in page.hits:
            if len(hit.records) == 1:  # else a word may be another record's
                assert not list(untrue(hit)), asked
        if page.did_you_mean:
            assert finds(search, page.did_you_mean, asker), asked


def finds(search: PeopleSearch, text: str, asker: Principal) -> bool:
    hits = search.answer(PeopleQuery(text, asker)).hits
    return bool(hits) and hits[0].match_class < 14


def untrue(hit: PersonHit) -> list[str]:
    """Return what is said of a hit and does not hold: a word without answer, a wrong "how"."""
    names, wrong = {"display_name", "given_name", "surname"}, []
    hows, fields = {each.how for each in hit.answers}, {each.field for each in hit.answers}
    for each in hit.answers:
        found = forms(each.text) | {folded("".join(words(each.text)))}
        holds = {
            "whole": each.word in found or not each.word.isascii(),
            "begins": any(word.startswith(each.word) for word in found),
            "part": each.word in each.text,
            "sounds": any(sound(word).startswith(sound(each.word)) for word in found),
        }
        if not holds.get(each.how, True):
            wrong.append(f"{each.word} {each.how} {each.text}")
    by_class = {
        1: hows == {"part"}, 2: hows == {"part"}, 3: hows == {"part"},
        5: hows <= {"whole", "spelled"} and fields <= names,
        6: hows <= {"whole", "begins"} and fields <= names,
        7: "company" in fields and fields <= names | {"company"},
        9: hows == {"whole"} and fields == {"company"},
        10: fields == {"company"},
        12: "keys" in hows or "whole" in hows,
        13: hows == {"initials"},
        14: bool(hows & {"sounds", "spelled"}),
        15: bool(hows & {"sounds", "spelled"}),
    }  # fmt: skip
    if not by_class.get(hit.match_class, True):
        wrong.append(f"class {hit.match_class}: {hit.answers}")
    if not hit.spans:
        wrong.append("nothing is marked")
    return wrong
