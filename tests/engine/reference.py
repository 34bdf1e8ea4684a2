"""People search told once more, from the manual (`docs/people.md`) and by brute force.

Nothing of the engine's matching, ranking or joining is used: every record is asked every question,
and records are compared each with each. It is written to be read beside the manual, not to be fast.
Where the manual is silent it asks for nothing: words of more than eleven letters, texts of more
than four words, people of more than sixteen records.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from itertools import groupby

from engine.contact import Contact, ContactId
from engine.phone import country_code_of

_PARTICLES = "von vom zu zum zur van der den dem de da di do dos du del della la le el al"
_TITLES = "dr prof dipl ing med phil jur rer nat h c mba msc bsc ma herr frau"
_FORMS = "gmbh ag kg co kgaa se ohg ug gbr ev eg mbh ltd llc inc"
_ADDRESSED = "herrn hr fr mr mrs ms und u and et y"
_KEYS = "abc def ghi jkl mno pqrs tuv wxyz"
_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщыьюя"
_GERMAN = "a b w g d e sch s i i k l m n o p r s t u f ch z tsch sch schtsch y - ju ja"
_ENGLISH = "a b v g d e zh z i i k l m n o p r s t u f kh ts ch sh shch y - yu ya"

PARTICLES, TITLES, FORMS = {*_PARTICLES.split()}, {*_TITLES.split()}, {*_FORMS.split()}
LEFT_OUT = PARTICLES | TITLES | FORMS
COURTESIES = TITLES | FORMS | {*_ADDRESSED.split()}
SHARED = {"info", "office"}
KEYS = dict(zip("23456789", _KEYS.split(), strict=True))
LATIN = [dict(zip(_CYRILLIC, latin.split(), strict=True)) for latin in (_GERMAN, _ENGLISH)]

FEW, FAR, NEVER = 3, 26, 999


def folded(text: str) -> str:
    text = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(each for each in text if unicodedata.category(each)[0] != "M")
    plain = plain.replace("ł", "l").replace("ø", "o")
    return plain.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", folded(text))


def forms(text: str) -> set[str]:
    """Return all words under which a text of a name, or of another field, is found."""
    found = words(text)
    told, run = {*found}, ""
    for word in found:
        run += word
        if word not in PARTICLES:
            told.add(run)  # vonderheide
            run = ""
        for table in LATIN:
            if table.keys() >= {*word}:
                told.add(folded("".join(table[each] for each in word).replace("-", "")))
    compounds = re.findall(r"[^\W_]+(?:['-][^\W_]+)+", folded(text))
    return told | {re.sub("['-]", "", each) for each in compounds}


def told(found: Iterable[str]) -> frozenset[str]:
    """Return what is compared of a whole name."""
    return frozenset({*found} - LEFT_OUT or found)


def sound(word: str) -> str:
    """Return the code of the Kölner Phonetik, its first eight digits."""
    letters = "".join(each for each in word if "a" <= each <= "z")
    pairs = zip(letters, " " + letters, letters[1:] + " ", strict=False)
    raw = "".join(_digit(*each) for each in pairs)
    code = "".join(each for each, _ in groupby(raw))
    return (code[:1] + code[1:].replace("0", ""))[:8]


def _digit(letter: str, before: str, after: str) -> str:
    if letter == "c":
        if before in "sz":
            return "8"
        return "4" if after in ("ahkloqrux" if before == " " else "ahkoqux") else "8"
    if letter == "p" and after == "h":
        return "3"
    if letter in "dt" and after in "csz":
        return "8"
    if letter == "x":
        return "8" if before in "ckq" else "48"
    rows = ("aeijouy", "bp", "dt", "fvw", "gkq", "l", "mn", "r", "sz")
    return next((str(digit) for digit, row in enumerate(rows) if letter in row), "")


def typos(one: str, other: str) -> int:
    """Return in how many letters two words differ; two changed places are one."""
    rows = [[*range(len(other) + 1)]]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            row.append(min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b)))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                row[-1] = min(row[-1], rows[-2][j - 2] + 1)
        rows.append(row)
    return rows[-1][-1]


class Asked:
    """A text as it is read: words, or the digits of a part of a number."""

    def __init__(self, text: str, found: list[str] | None = None, *, keys: bool = False) -> None:
        self.words = list(dict.fromkeys(words(text))) if found is None else found
        self.digits = self.abroad = self.national = ""
        digits = re.sub(r"\D", "", text.replace("(0)", "") if text[:1] in "+0" else text)
        if found is None and re.fullmatch(r"[\d +()/.,_-]*", text):
            if text.startswith(("+", "00")) and len(digits.removeprefix("00")) > 1:
                self.abroad = digits.removeprefix("00")
            elif len(digits) >= 3:
                self.digits = digits
                self.national = digits[1:] if digits[0] == "0" and digits.strip("0") else ""
        self.keys = keys and all(set(word) <= set(KEYS) for word in self.words)
        self.turned = ""
        place = re.search("[aou]e", text.lower())
        is_short = len(self.words) == 1 and len(self.words[0]) <= 3 < len(text)
        if is_short and place and text.isascii() and text.isalpha():
            at = place.start()
            self.turned = folded(text[:at] + text[at + 1] + text[at] + text[at + 2 :])


class Seen:
    """A record as an asker sees it: without its hidden fields."""

    def __init__(self, contact: Contact, hidden: frozenset[str]) -> None:
        self.id = contact.id
        self.given, self.surname, shown = contact.given_name, contact.surname, contact.display_name
        both = " ".join(filter(None, (self.given, self.surname)))
        self.name = shown or both or contact.company
        self.is_company = not both and shown in ("", contact.company)
        self.names = forms(shown) | forms(self.given) | forms(self.surname)
        if self.surname > "\u2e80" < self.given:
            self.names.add(self.surname + self.given)
        self.company = forms(contact.company)
        others = {"department": contact.department, "job": contact.job} | {
            f"custom.{key}": text for key, text in contact.custom.items()
        }
        self.department = forms("" if "department" in hidden else contact.department)
        self.others = {
            word
            for field, text in {**others, "city": contact.address.city}.items()
            if field not in hidden
            for word in forms(text)
        }
        self.emails = () if "emails" in hidden else contact.emails
        self.others.update(word for address in self.emails for word in words(address))
        lines = [each for each in contact.phones if f"phones.{each.kind}" not in hidden]
        self.numbers = {(each.number.digits, each.number.extension) for each in lines}
        self.wholes = [told(words(self.name))]
        if self.given and self.surname:
            self.wholes.append(told(forms(self.given) | forms(self.surname)))
        ends = [self.given, self.surname] if self.given and self.surname else []
        if not ends and not self.is_company:
            parts = [each for each in re.split(r"[\s,]+", shown) if folded(each)[:1].isalpha()]
            ends = [each for each in parts if folded(each).strip(".") not in LEFT_OUT]
        letters = "".join(folded(each)[0] for each in (ends[0], ends[-1])) if ends[1:] else ""
        self.initials = {letters, letters[::-1]} if letters else set[str]()
        self.link = contact.link

    def has_elsewhere(self, word: str) -> bool:
        is_number = len(word) >= 3 and word.isdigit()
        in_number = is_number and any(word in digits for digits, _ in self.numbers)
        return in_number or begun(self.others, word)

    @property
    def personal(self) -> set[str]:
        return {each for each in self.emails if each.partition("@")[0] not in SHARED}


def begun(found: Iterable[str], word: str) -> bool:
    return any(each.startswith(word) for each in found)


def class_of(asked: Asked, seen: Seen) -> int:  # noqa: C901, PLR0911 - one line a class
    """Return the class in which a record answers as it was typed, up to initials; 0 for none."""
    numbers = [_number_class(asked, digits) for digits, _ in seen.numbers]
    if any(numbers):
        return min(filter(None, numbers))
    typed = asked.words
    if not typed:
        return 0
    if told(typed) in seen.wholes:
        return 4
    if seen.names.issuperset(typed) or asked.turned in seen.names:
        return 5
    name = [begun(seen.names, word) for word in typed]
    company = [begun(seen.company, word) for word in typed]
    other = [seen.has_elsewhere(word) for word in typed]
    if all(name):
        return 6
    if any(name) and all(map(max, name, company)):
        return 7
    if any(name) and all(map(max, name, company, other)):
        return 8
    if all(company):
        return 9 if seen.company.issuperset(typed) else 10
    if all(map(max, company, other)):
        return 11
    patterns = ["".join(f"[{KEYS[digit]}]" for digit in word) for word in typed if asked.keys]
    if patterns and all(any(re.match(each, name) for name in seen.names) for each in patterns):
        return 12
    return 13 if len(typed) == 1 and typed[0] in seen.initials else 0


def _number_class(asked: Asked, digits: str) -> int:
    if asked.abroad:
        return 2 if digits.startswith(asked.abroad) else 0
    if not asked.digits:
        return 0
    behind_code = digits[len(country_code_of(digits)) :]
    if digits.endswith(asked.digits):
        return 1
    if digits.startswith(asked.digits) or (
        asked.national and behind_code.startswith(asked.national)
    ):
        return 2
    return 3 if asked.digits in digits else 0


def is_apart(asked: Asked, seen: Seen) -> bool:
    """Tell whether of three or four words those of name and company were not typed in a row."""
    typed = asked.words
    name = [begun(seen.names, word) for word in typed]
    company = [begun(seen.company, word) for word in typed]
    return len(typed) > 2 and not any(
        all(one[:at]) and all(two[at:])
        for one, two in ((name, company), (company, name))
        for at in range(1, len(typed))
    )


def forgiven(word: str) -> int:
    """Return how many typos are forgiven in a word; none in numbers."""
    if len(word) < 4 or not word.isalpha():
        return 0
    return 2 if len(word) >= 8 else 1


def likeness(word: str, other: str, *, spoken: bool) -> tuple[int, bool]:
    """Return how far a word of a name is from what was typed, and whether it sounds like it."""
    if other.startswith(word):
        return int(other != word), False
    code, cost = sound(word), NEVER
    letters = sum(map(str.isalpha, word))
    alike = spoken and letters >= 3 and len(code) >= 2
    alike = alike and (sound(other).startswith(code) if len(code) > 2 else sound(other) == code)
    if alike:
        wrong = typos(word, other[: len(word) + 1])
        cost = 10 + 2 * wrong
        if wrong > 2:
            cost = FAR + 2 * (wrong > 3) if len(word) >= 5 else min(cost, 18)
    most = forgiven(word)
    beginnings = range(len(word) - most, min(len(word) + most + 1, len(other)))
    in_part = min([typos(word, other[:end]) for end in beginnings], default=NEVER)
    for wrong, part in ((typos(word, other), 0), (in_part, 1)):
        if wrong <= most:
            return min(cost, 20 * wrong + part - alike), alike
    return cost, alike


def guess(asked: Asked, seen: Seen) -> tuple[int, bool]:
    """Return how far a record is from a text in all, and whether it only sounds otherwise."""
    total, only_sounds = 0, True
    for word in asked.words:
        ways = [likeness(word, each, spoken=True) for each in seen.names]
        costs = [cost for cost, _ in ways]
        costs += [likeness(word, each, spoken=False)[0] + 2 for each in seen.company]
        if len(asked.words) > 1 and seen.has_elsewhere(word):
            costs.append(4)
        cost = min(costs, default=NEVER)
        total += cost
        only_sounds = only_sounds and (cost <= 4 or any(alike for _, alike in ways))
    return total, only_sounds


Place = tuple[int, int, int, int, bool, list[int]]
"""Class, likeness, level, priority (negative), whether it is a company, and the alphabet as far as
six letters tell it."""


class Reference:
    """Who is found by what one asker types, told from the records that this asker sees."""

    def __init__(
        self,
        seen: list[Seen],
        priority: Mapping[str, int],
        own: frozenset[str],
    ) -> None:
        self._seen = seen
        self._priority = priority
        self._own = own
        self._people: dict[ContactId, frozenset[ContactId]] = {
            each.id: frozenset({each.id}) for each in seen
        }
        for at, one in enumerate(seen):
            for other in seen[:at]:
                if is_one(one, other):
                    both = self._people[one.id] | self._people[other.id]
                    self._people.update(dict.fromkeys(both, both))

    def answer(
        self, text: str, *, keys: bool = False, company: str = "", department: str = ""
    ) -> tuple[dict[frozenset[ContactId], Place], int]:
        """Return who is found, each with the place of the best record, and how many records."""
        asked = Asked(text, keys=keys)
        found = self._found(asked, company, department)
        rest = [word for word in asked.words if word not in COURTESIES]
        if rest != asked.words and rest and not any(place[0] < 14 for place in found.values()):
            plain = self._found(Asked("", rest), company, department)
            if not found or any(place[0] < 14 for place in plain.values()):
                found = plain
        people: dict[frozenset[ContactId], Place] = {}
        for identity, place in found.items():
            person = self._people[identity]
            people[person] = min(place, people.get(person, place))
        return people, len(found)

    def _found(self, asked: Asked, company: str, department: str) -> dict[ContactId, Place]:
        classes = {each.id: (class_of(asked, each), 0) for each in self._seen}
        for each in self._seen:
            if classes[each.id][0] == 7:
                classes[each.id] = 7, int(is_apart(asked, each))
        found = {identity: place for identity, place in classes.items() if place[0]}
        if len(found) < FEW and asked.words:
            found |= self._guessed(asked, [each for each in self._seen if each.id not in found])
        return {
            each.id: (
                *found[each.id],
                self._level(each, company, department),
                -self._priority[each.id.source],
                each.is_company,
                alphabet(each.surname or each.name),
            )
            for each in self._seen
            if each.id in found
        }

    def _guessed(self, asked: Asked, others: list[Seen]) -> dict[ContactId, tuple[int, int]]:
        """Return who sounds alike, or is spelled alike where few of these are spelled nearly so."""
        guesses = {each.id: guess(asked, each) for each in others}
        guesses = {identity: each for identity, each in guesses.items() if each[0] < NEVER}
        near = sum(only_sounds and cost < FAR for cost, only_sounds in guesses.values())
        typed = len(self._seen) - len(others)
        if typed + near >= FEW or not any(map(forgiven, asked.words)):
            return {
                identity: (14, cost)
                for identity, (cost, only_sounds) in guesses.items()
                if only_sounds
            }
        return {
            identity: (14 if only_sounds and cost < FAR else 15, cost)
            for identity, (cost, only_sounds) in guesses.items()
        }

    def _level(self, seen: Seen, company: str, department: str) -> int:
        """Return 0 for the asker's own book, then by the own company and department, up to 3."""
        if seen.id.source in self._own:
            return 0
        own = {*words(company)} - FORMS
        in_company = bool(own) and seen.company >= own
        in_department = bool(department) and all(
            begun(seen.department, word) for word in words(department)
        )
        if in_company and (in_department or not department):
            return 1
        return 2 if in_company or in_department else 3


def alphabet(name: str) -> list[int]:
    """Return what six letters tell: signs and digits, then letters, then those of other scripts."""
    return [
        ord(each) if "a" <= each <= "z" else 0 if each.isascii() else 999
        for each in folded(name)[:6]
    ]


def is_one(one: Seen, other: Seen) -> bool:
    """Tell whether two records are of one person, or of one company."""
    same_kind = one.is_company == other.is_company
    if one.personal & other.personal or (one.link and one.link == other.link):
        return same_kind
    if not one.numbers & other.numbers or not same_kind:
        return False
    return any(
        one.is_company or _agree(_given(one, surname), _given(other, surname))
        for surname in _surnames(one) & _surnames(other)
    )


def _surnames(seen: Seen) -> set[str]:
    """Return what may be the surname: if it is not told apart, the first or last word."""
    if seen.surname:
        return {words(seen.surname)[-1]}
    if seen.is_company:
        return {" ".join(sorted(told(words(seen.name))))}
    found = [word for word in words(seen.name) if word in told(words(seen.name))]
    before, comma, _ = seen.name.partition(",")
    return {found[0], found[-1], *(words(before)[-1:] if comma else ())}


def _given(seen: Seen, surname: str) -> list[str]:
    if seen.given:
        return words(seen.given)
    return [word for word in told(words(seen.name)) if word != surname]


def _agree(one: list[str], other: list[str]) -> bool:
    """Tell whether given names do not contradict each other."""
    pairs = [(a, b) for a in one for b in other]
    return not pairs or any(a.startswith(b) or b.startswith(a) for a, b in pairs)
