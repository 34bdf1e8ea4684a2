"""The cards of the message extension: few, short, and every field there."""

from __future__ import annotations

from relay.extension import MAX_CARDS, CardAnswer, call_link, cards
from relay.persons import EmailAnswer, HitAnswer, NumberAnswer, PageAnswer


def number(display: str, kind: str = "work") -> NumberAnswer:
    call = "+" + "".join(letter for letter in display if letter.isdigit())
    return NumberAnswer(kind, call, display, call, "crm")  # type: ignore[arg-type]


def page(*hits: HitAnswer) -> PageAnswer:
    return PageAnswer(hits, len(hits), total_is_exact=True, cursor="", did_you_mean="", sources=())


ANNA = HitAnswer(
    "crm:1", "Anna Abel", ("crm",), 1, company="Abel & Söhne", job="Inhaberin", city="München",
    numbers=(number("+49 89 1", "fax"), number("+49 89 2"), number("+49 89 2"),
             number("+49 171 3", "mobile"), number("+49 89 4"), number("+49 89 5")),
    emails=(EmailAnswer("anna@firm.example", "crm"), EmailAnswer("a@b.example", "crm")),
)  # fmt: skip


def test_a_card_holds_what_a_message_shows() -> None:
    [card] = cards(page(ANNA)).contacts
    assert card == CardAnswer(
        name="Anna Abel",
        details="Inhaberin · Abel & Söhne · München",
        numbers="+49 89 2 · +49 171 3 · +49 89 4",
        mail="anna@firm.example",
        call="https://teams.microsoft.com/l/call/0/0?users=4:%2B49892",
    )


def test_what_is_not_known_is_empty() -> None:
    [card] = cards(page(HitAnswer("crm:2", "Nordlicht AG", ("crm",), 1, "Nordlicht AG"))).contacts
    assert card == CardAnswer("Nordlicht AG", "", "", "", "")


def test_there_are_at_most_ten() -> None:
    assert len(cards(page(*[ANNA] * 30)).contacts) == MAX_CARDS == 10


def test_a_number_stays_one_word_of_the_address() -> None:
    assert call_link("+49 30&withVideo=true").endswith("users=4:%2B49%2030%26withVideo%3Dtrue")
