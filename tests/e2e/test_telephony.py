"""The telephone system itself, against a trusted directory: what fails here is not Rufname's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.slapd import Person, running_slapd
from tests.e2e.telephony import ANONYMOUS, Rung, caller, read_from, telephone_system

pytestmark = pytest.mark.e2e

NAMES = {
    "+493023125001": "Jürgen Müßig-Öztürk",
    "+493023125002": 'Anna "Änni" Groß',
    "+493023125003": "C:\\Büro \\\\ Süd\\",
    "+493023125004": "Дмитрий Щукин",
    "+493023125005": "王小明",
    "+493023125006": "عائشة",
    "+493023125007": 'Mallory" <sip:evil@attack.test>',
    "+493023125008": "O'Brien; Söhne, & <Co>",
    "+493023125009": '\\"',
}


def test_the_called_phone_shows_the_name_that_slapd_knows(tmp_path: Path) -> None:
    people = [Person(name, (number,)) for number, name in NAMES.items()]
    with (
        running_slapd(tmp_path, people) as slapd,
        telephone_system(tmp_path, slapd) as system,
    ):
        known = system.place({number: caller(number) for number in NAMES})
        others = system.place(
            {
                "unknown": caller("+493023125999"),
                "anonymous": ANONYMOUS,
                "anonymous by name": f'"Anonymous" {ANONYMOUS}',
                "star": caller("*"),
                "filter": caller(")(cn=*"),
            }
        )
    assert known == {number: Rung(name, number) for number, name in NAMES.items()}
    assert others == {
        "unknown": Rung("", "+493023125999"),
        "anonymous": Rung("", "anonymous"),
        "anonymous by name": Rung("Anonymous", "anonymous"),
        "star": Rung("", "*"),
        "filter": Rung("", ")(cn=*"),
    }


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("<sip:1@x.test>;tag=1", Rung("", "1")),
        ("Bob <sip:1@x.test>", Rung("Bob", "1")),
        ('"a\\"b\\\\c" <sip:1@x.test>;tag=1', Rung('a"b\\c', "1")),
        ('"x <sip:2@y.test>" <sip:1@x.test>', Rung("x <sip:2@y.test>", "1")),
    ],
)
def test_a_from_header_is_read_by_its_grammar(header: str, shown: Rung) -> None:
    assert read_from(header) == shown


def test_a_header_that_is_no_name_addr_is_refused() -> None:
    with pytest.raises(ValueError, match="name-addr"):
        read_from("nothing")
