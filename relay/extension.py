"""What the message extension of Teams is told: a few cards, no more than a chat message shows.

Law: values only. Microsoft's service reads these answers, and so does the relay that hands them on;
that is why they hold less than the tab's, and why the directory gives none unless it is configured.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import msgspec
from msgspec import Meta

from relay.persons import HitAnswer, PageAnswer

OPERATION = "extension.search"
"""Its name in a sealed question: another one than the tab's, so that a directory can refuse it."""

MAX_CARDS = 10
MAX_CARD_NUMBERS = 3


class ExtensionQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a user typed into the search of the extension."""

    text: Annotated[str, Meta(min_length=1, max_length=200)]


class CardAnswer(msgspec.Struct, frozen=True):
    """One person or company; what is not known is "", since the card's template asks for each.

    Attributes:
        name: never "".
        details: job, department, company, city, as far as they are known.
        numbers: spaced for people, the best first.
        mail: an address.
        call: address that lets Teams call the first number.
    """

    name: str
    details: str
    numbers: str
    mail: str
    call: str


class ExtensionAnswer(msgspec.Struct, frozen=True):
    """The answer to a search of the extension, best first."""

    contacts: tuple[CardAnswer, ...]


def cards(page: PageAnswer) -> ExtensionAnswer:
    """Return the cards for the hits of a search."""
    return ExtensionAnswer(tuple(_card(hit) for hit in page.hits[:MAX_CARDS]))


def _card(hit: HitAnswer) -> CardAnswer:
    known = (hit.job, hit.department, hit.company, hit.city)
    numbers = [number for number in hit.numbers if number.kind != "fax"]
    shown = dict.fromkeys(number.display for number in numbers)
    return CardAnswer(
        name=hit.name,
        details=" · ".join(dict.fromkeys(text for text in known if text and text != hit.name)),
        numbers=" · ".join(list(shown)[:MAX_CARD_NUMBERS]),
        mail=hit.emails[0].address if hit.emails else "",
        call=call_link(numbers[0].call) if numbers else "",
    )


def call_link(number: str) -> str:
    """Return the deep link that lets Teams call a number (Teams documentation, "Deep links")."""
    return f"https://teams.microsoft.com/l/call/0/0?users=4:{quote(number, safe='')}"
