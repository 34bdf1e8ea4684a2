"""What people type, and whom they mean: drawn from the sample, seeded.

Law: the sample alone says who is meant; no answer of a search goes into it. A person is asked for
only if given name and surname are hers alone, and the end of a number only if nobody else's number
ends so (records of one person count once).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from random import Random

import msgspec

from rufname.sample_contact import MadeContact
from rufname.sample_names import ascii_form

SEED = 11
EACH = 40
"""Questions of each kind."""

TYPERS = 40
"""People who type at the same time: five letters a second each are 200 questions."""

MIN_LETTERS = 4
END_DIGITS = 8


class Meant(msgspec.Struct, frozen=True):
    """One question of the relevance set: a kind, the text, and the keys of the person meant."""

    kind: str
    text: str
    keys: frozenset[str]


def draw_meant(made: Iterable[MadeContact], each: int = EACH) -> list[Meant]:
    """Return `each` questions of every kind that have one right answer."""
    made = list(made)
    ends = _holders_of_ends(made)
    people = [person for person in made if person.given_name and person.surname]
    twins: dict[str, set[str]] = {}
    for person in people:
        if person.twin_of:
            twins.setdefault(person.twin_of, set()).add(person.key)
    originals = [person for person in people if not person.twin_of]
    holders = Counter(map(_plain_name, originals))
    alone = [person for person in originals if holders[_plain_name(person)] == 1]
    alone = [person for person in alone if _is_askable(person)]
    Random(SEED).shuffle(alone)
    meant: list[Meant] = []
    for number, (kind, ask) in enumerate(KINDS.items()):
        draw = Random(SEED + number)
        found = 0
        for person in alone[number * 97 :]:
            text = ask(person, draw)
            if text and found < each and len(ends.get(text, ())) <= 1:
                keys = frozenset({person.key, *twins.get(person.key, ())})
                meant.append(Meant(kind, text, keys))
                found += 1
    return meant


def _holders_of_ends(made: Iterable[MadeContact]) -> dict[str, set[str]]:
    """Return who has a number that ends in these digits; records of one person count once."""
    holders: dict[str, set[str]] = {}
    for each in made:
        for line in each.lines:
            for number in line.truth:
                end = number.digits[-END_DIGITS:]
                holders.setdefault(end, set()).add(each.twin_of or each.key)
    return holders


def _plain_name(person: MadeContact) -> tuple[str, str]:
    return _plain(person.given_name), _plain(person.surname)


def _plain(text: str) -> str:
    return (ascii_form(text) or text).casefold()


def _is_askable(person: MadeContact) -> bool:
    """Tell whether somebody with a German keyboard can type the name."""
    given, surname = _plain(person.given_name), _plain(person.surname)
    return (
        given.isascii()
        and surname.isascii()
        and surname.isalpha()
        and given.isalpha()
        and min(len(given), len(surname)) >= MIN_LETTERS
        and bool(person.company)
    )


def _first_company_word(person: MadeContact) -> str:
    return person.company.split()[0].casefold()


def misspell(word: str, draw: Random) -> str:
    """Return a word with one typo behind its first letter: one too few, twice, wrong, moved."""
    at = draw.randrange(1, len(word) - 1)
    match draw.randrange(4):
        case 0:
            return word[:at] + word[at + 1 :]
        case 1:
            return word[:at] + word[at] + word[at:]
        case 2:
            return word[:at] + draw.choice("aeinrst") + word[at + 1 :]
        case _:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


_SOUNDS = (
    ("ei", "ai"), ("ai", "ei"), ("ay", "ei"), ("ph", "f"), ("tz", "z"), ("tt", "t"), ("ck", "k"),
    ("mm", "m"), ("nn", "n"), ("ss", "s"), ("ff", "f"), ("th", "t"), ("dt", "t"), ("v", "f"),
)  # fmt: skip


def respell(word: str) -> str:
    """Return another spelling of the same German sound, "" if the word has none."""
    for old, new in _SOUNDS:
        if old in word:
            return word.replace(old, new, 1)
    return ""


def _digits(person: MadeContact) -> str:
    line = next((line for line in person.lines if line.answer == person.name and line.truth), None)
    return line.truth[0].digits if line and not line.truth[0].extension else ""


def _number_end(person: MadeContact, _draw: Random) -> str:
    digits = _digits(person)
    return digits[-END_DIGITS:] if len(digits) > 10 else ""


def _number_as_written(person: MadeContact, _draw: Random) -> str:
    digits = _digits(person)
    if not digits.startswith("49") or len(digits) < 11:
        return ""
    return f"0{digits[2:5]} / {digits[5:8]} {digits[8:]}"


def _by_sound(person: MadeContact, _draw: Random) -> str:
    other = respell(_plain(person.surname))
    return f"{_plain(person.given_name)} {other}" if other else ""


def _umlauts(person: MadeContact, _draw: Random) -> str:
    plain = _plain(person.surname)
    return f"{plain} {_plain(person.given_name)}" if plain != person.surname.casefold() else ""


KINDS: dict[str, Callable[[MadeContact, Random], str]] = {
    "full name": lambda person, _: f"{person.given_name} {person.surname}",
    "surname first": lambda person, _: f"{person.surname}, {person.given_name}",
    "umlauts written out": _umlauts,
    "beginnings and company": lambda person, _: (
        f"{person.given_name[:4]} {person.surname[:4]} {_first_company_word(person)}"
    ),
    "name and city": lambda person, _: (
        f"{person.surname} {person.given_name} {person.city}" if person.city else ""
    ),
    "surname misspelt": lambda person, draw: (
        f"{person.given_name} {misspell(_plain(person.surname), draw)}"
    ),
    "given name misspelt": lambda person, draw: (
        f"{misspell(_plain(person.given_name), draw)} {person.surname}"
    ),
    "another spelling of the sound": _by_sound,
    "end of a number": _number_end,
    "number as written": _number_as_written,
    "e-mail": lambda person, _: person.mail.split("@")[0] if person.mail else "",
}
"""Kind → the text for a person, "" if it cannot be asked that way."""


def typed_prefixes(made: Iterable[MadeContact], letters: range, limit: int) -> list[str]:
    """Return the beginnings of surnames as they are typed, in mixed order, each at most once."""
    return _distinct(_plain(person.surname)[: _some(letters, at)] for at, person in _people(made))[
        :limit
    ]


def typed_on(made: Iterable[MadeContact], letters: range, limit: int) -> list[str]:
    """Return the beginnings of surnames as a search box asks for them: after each further letter.

    Names come in mixed order. No text stands there twice: a later name goes on where it differs.
    """
    return _distinct(
        _plain(person.surname)[:count]
        for _, person in _people(made)
        for count in letters
        if count <= len(_plain(person.surname))
    )[:limit]


def two_words_typed_on(made: Iterable[MadeContact], limit: int) -> list[str]:
    """Return the beginning of a given name and one to three letters of the surname, one by one."""
    return _distinct(
        f"{_plain(person.given_name)[:3]} {_plain(person.surname)[:count]}"
        for _, person in _people(made)
        for count in range(1, 4)
    )[:limit]


def two_words(made: Iterable[MadeContact], limit: int) -> list[str]:
    """Return beginnings of given name and surname."""
    return _distinct(
        f"{_plain(person.given_name)[:3]} {_plain(person.surname)[:3]}"
        for _, person in _people(made)
    )[:limit]


def typing_at_once(made: Iterable[MadeContact], limit: int) -> list[str]:
    """Return the questions of `TYPERS` people who type at the same time, in the order they come.

    Each types the surname of somebody, two letters and then one by one up to three to eight; every
    third the beginning of the given name before it. Then whoever it was looks for the next one. So
    a text may come again where two look for people who are called alike, as it does in a company.
    """
    draw, people = Random(SEED), (person for _, person in _people(made))
    at_work: list[list[str]] = [[] for _ in range(TYPERS)]
    asked: list[str] = []
    while len(asked) < limit:
        typed = draw.choice(at_work)
        if not typed:
            person = next(people, None)
            if person is None:
                break
            typed.extend(_keystrokes(person, draw))
        asked.append(typed.pop(0))
    return asked


def _keystrokes(person: MadeContact, draw: Random) -> Iterator[str]:
    """Give what a search box asks while somebody is looked for; at least one text."""
    before = ""
    if not draw.randrange(3):
        before = _plain(person.given_name)[: draw.randint(2, 4)]
        yield from (before[:count] for count in range(2, len(before) + 1))
        before += " "
    surname = _plain(person.surname)
    for count in range(1 if before else 2, min(draw.randint(3, 8), len(surname)) + 1):
        yield before + surname[:count]


def misspelt_words(made: Iterable[MadeContact], limit: int) -> list[str]:
    """Return surnames with one typo."""
    draw = Random(SEED)
    return _distinct(misspell(_plain(person.surname), draw) for _, person in _people(made))[:limit]


def _people(made: Iterable[MadeContact]) -> Iterator[tuple[int, MadeContact]]:
    people = [person for person in made if person.surname and _is_askable(person)]
    Random(SEED).shuffle(people)
    return enumerate(people)


def _some(letters: range, at: int) -> int:
    return letters[at % len(letters)]


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
