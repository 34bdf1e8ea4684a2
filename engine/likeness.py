"""How far a word, or a contact, is from what somebody typed: by sound and by spelling.

Law: pure. Every word is compared once for a question and remembered: a hundred records that sound
alike share a dozen names. Those that are new are compared together, without a call for each.

Sources: F. J. Damerau, A technique for computer detection and correction of spelling errors,
CACM 7 (1964), as optimal string alignment; sounds as in `engine.phonetics`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from engine.contact import Contact
from engine.phonetics import sound
from engine.scope import Searched
from engine.terms import MAX_PREFIX, WHOLE, name_texts, other_texts, words_of_field
from engine.tokens import fold_once, plain_words, words
from engine.typed import Typed

MIN_SOUND_LETTERS, MIN_SOUND_CODE, MIN_SOUND_START = 3, 2, 3
"""Shorter words sound like half the directory; shorter sounds are no beginning of others."""

MIN_TYPO_LETTERS, MIN_TWO_TYPOS_LETTERS = 4, 8
"""From how many letters on one typo, and two, are forgiven."""

ELSEWHERE, SOUND_COST, TYPO_COST = 4, 10, 20
"""The cost of a word of another field, of one that sounds alike, of one with a typo."""

FAR_LETTERS, FAR_COST, MIN_FAR_LETTERS = 3, 26, 5
"""So many letters spelled otherwise, and what sounds alike is less like than one typo; in words of
five letters and more, since Mayr and Meier are three apart."""

IN_COMPANY = 2
"""What is added for a word of the company instead of the name."""

LINE = "\n"
"""Parts texts, of which each is a line of its own (`engine.contact`)."""

NEVER = 999
"""The cost of a word that a contact does not answer."""


def begins(word: str, asked: str) -> bool:
    """Tell whether a word begins with an asked one; longer ones are compared by 12 letters."""
    return word.startswith(asked[:MAX_PREFIX])


def is_whole(word: str, asked: str) -> bool:
    """Tell whether a word is the asked one, as far as the index tells words apart."""
    return (word + WHOLE)[:MAX_PREFIX] == (asked + WHOLE)[:MAX_PREFIX]


def typos_allowed(word: str) -> int:
    """Return how many typos are forgiven in a word: none in numbers and short ones."""
    if len(word) < MIN_TYPO_LETTERS or any(letter.isdigit() for letter in word):
        return 0
    return 2 if len(word) >= MIN_TWO_TYPOS_LETTERS else 1


def sound_of(word: str) -> str:
    """Return the sound by which an asked word may be found, "" if it is too short for one."""
    if len(word) < MIN_SOUND_LETTERS:
        return ""
    code = sound(word)
    return code if len(code) >= MIN_SOUND_CODE else ""


class Likeness:
    """How far contacts are from one text."""

    def __init__(self, typed: Typed) -> None:
        self._asked = [_Asked(word) for word in typed.words]
        self._several = len(self._asked) > 1

    def of_each(
        self, contacts: Sequence[Contact], searched_in: Mapping[str, Searched]
    ) -> list[int]:
        """Return how far each contact is, added up over the words of the text; lower is better.

        Whole words of the name cost nothing, beginnings 1, other fields 2 to 4; what sounds alike
        10 and 2 for each letter that differs, at most 18, but 26 with three letters of a longer
        word and 28 with more; each typo 20, one less where the word sounds alike too (a beginning 1
        more, the company 2 more). At least `NEVER` if some word is not answered at all. Other
        fields count beside other words only: whom a single word finds there was found as it was
        typed.

        Args:
            contacts: any number.
            searched_in: by source, which of its fields may be searched.
        """
        names = list(map(name_texts, contacts))
        companies = [contact.company for contact in contacts]
        costs = [0] * len(contacts)
        for asked in self._asked:
            each = asked.costs(names, companies)
            if self._several:
                for at, cost in enumerate(each):
                    if cost > ELSEWHERE:
                        contact = contacts[at]
                        if asked.is_elsewhere(contact, searched_in[contact.id.source]):
                            each[at] = ELSEWHERE
            costs = [cost + more for cost, more in zip(costs, each, strict=True)]
        return costs


class Nearby:
    """Tells who has a word that is one typo away from an asked one, as the index tells it."""

    def __init__(self, word: str) -> None:
        self._begin = word[:MAX_PREFIX]
        self._known: dict[str, bool] = {}

    def has(self, contact: Contact) -> bool:
        """Tell whether a name of a contact has one, or the beginning of one."""
        return any(map(self._in_text, name_texts(contact)))

    def _in_text(self, text: str) -> bool:
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = any(map(self._near, words_of_field(text)))
        return known

    def _near(self, word: str) -> bool:
        marked, length = (word + WHOLE)[:MAX_PREFIX], len(self._begin)
        return any(
            OSA.distance(self._begin, marked[:end], score_cutoff=1) <= 1
            for end in range(length - 1, length + 2)
        )


class _Asked:
    """One word of a text, and what the texts that it was compared with have cost."""

    def __init__(self, word: str) -> None:
        self._word = word
        self._begin = word[:MAX_PREFIX]
        self._code = sound_of(word)
        self._allowed = typos_allowed(word)
        self._in_names: dict[str, int] = {}
        self._in_companies: dict[str, int] = {}
        self._of_words: dict[str, dict[str, int]] = {self._code: {}, "": {}}
        self._begins_in: dict[str, bool] = {}

    def costs(self, names: Sequence[Sequence[str]], companies: Sequence[str]) -> list[int]:
        """Return what the word costs in the names, and in the company, of each of some contacts."""
        in_names, in_companies = self._in_names, self._in_companies
        self._learn_names({text for texts in names for text in texts} - in_names.keys())
        self._learn_companies(list(set(companies) - in_companies.keys()))
        return [
            min(in_companies[company], *[in_names[text] for text in texts])
            for texts, company in zip(names, companies, strict=True)
        ]

    def _learn_names(self, texts: Iterable[str]) -> None:
        """Work out what the word costs in texts of names: many share them, and their words."""
        words_in = {text: words_of_field(text) for text in texts}
        costs = self._costs({word for found in words_in.values() for word in found}, self._code)
        for text, found in words_in.items():
            self._in_names[text] = min([costs[word] for word in found], default=NEVER)

    def _learn_companies(self, texts: Sequence[str]) -> None:
        """Work out the same for companies: hardly two contacts have one; so they fold together."""
        if not texts:
            return
        lines = fold_once(LINE.join(texts)).split(LINE)
        words_in = [
            plain_words(line) or words_of_field(text)
            for text, line in zip(texts, lines, strict=True)
        ]
        costs = self._costs({word for found in words_in for word in found}, "")
        for text, found in zip(texts, words_in, strict=True):
            cost = min([costs[word] for word in found], default=NEVER)
            self._in_companies[text] = cost + IN_COMPANY

    def _costs(self, found: Collection[str], code: str) -> dict[str, int]:
        """Return what words cost, those of before too."""
        known = self._of_words[code]
        fresh = set(found) - known.keys()
        if fresh:
            known.update(costs_in_words(self._word, fresh, code, self._allowed))
        return known

    def is_elsewhere(self, contact: Contact, searched: Searched) -> bool:
        """Tell whether a word of another searched field begins with this one."""
        begins_in = self._begins_in
        for field, text in other_texts(contact):
            if field in searched.fields:
                if field == "emails":  # hardly two contacts have the same
                    if self._begin in fold_once(text) and self._is_among(words(text)):
                        return True
                    continue
                found = begins_in.get(text)
                if found is None:
                    found = begins_in[text] = self._is_among(words_of_field(text))
                if found:
                    return True
        return False

    def _is_among(self, found: Iterable[str]) -> bool:
        """Tell whether one of some words begins with this one."""
        return any(word.startswith(self._begin) for word in found)


@lru_cache(maxsize=4_096)
def cost_in_word(asked: str, word: str, code: str, allowed: int) -> int:
    """Return how far one word is from an asked one, remembered; see `costs_in_words`."""
    return costs_in_words(asked, (word,), code, allowed)[word]


def costs_in_words(asked: str, found: Collection[str], code: str, allowed: int) -> dict[str, int]:
    """Return how far words are from an asked one: 0 whole, 1 begins, 10 and more a guess.

    Args:
        asked: folded.
        found: folded, each once.
        code: the asked word's sound, "" if sounds do not count.
        allowed: typos that are forgiven.
    """
    begin = asked[:MAX_PREFIX]
    costs = _typo_costs(asked, found, allowed) if allowed else dict.fromkeys(found, NEVER)
    for word in found:
        if word.startswith(begin):
            costs[word] = 0 if is_whole(word, asked) else 1
        elif code and sounds_like(sound(word), code):
            letters = OSA.distance(asked, word[: len(asked) + 1])
            cost = SOUND_COST + 2 * min(letters, 4)
            if letters >= FAR_LETTERS and len(asked) >= MIN_FAR_LETTERS:
                cost = FAR_COST + 2 * (letters > FAR_LETTERS)
            costs[word] = min(cost, costs[word] - 1)
    return costs


def _typo_costs(asked: str, found: Collection[str], allowed: int) -> dict[str, int]:
    """Return what words cost by their spelling alone, `NEVER` for too many typos."""
    costs = dict.fromkeys(found, NEVER)
    for word, distance, _ in _near(asked, list(found), allowed):
        costs[word] = TYPO_COST * int(distance)
    length = len(asked)
    longer = [word for word in found if len(word) > length and costs[word] == NEVER]
    if longer:
        for size in range(length - 1, length + 2):
            beginnings = [word[:size] for word in longer]
            for _, distance, at in _near(asked, beginnings, allowed):
                cost = TYPO_COST * int(distance) + 1
                costs[longer[at]] = min(costs[longer[at]], cost)
    return costs


def _near(asked: str, found: Sequence[str], most: int) -> list[tuple[str, float, int]]:
    """Return those of some words that are at most so many typos away: word, typos, place."""
    near: list[tuple[str, float, int]] = process.extract(  # type: ignore[call-overload]  # its stubs do not take its own scorers
        asked, found, scorer=OSA.distance, score_cutoff=most, limit=None
    )
    return near


def sounds_like(spoken: str, code: str) -> bool:
    """Tell whether a word's sound answers an asked one: short ones only as a whole."""
    return spoken == code or (len(code) >= MIN_SOUND_START and spoken.startswith(code))
