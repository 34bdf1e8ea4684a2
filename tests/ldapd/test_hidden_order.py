"""Fields that are hidden from a client move nobody in its lists."""

from __future__ import annotations

import pytest

from engine.contact import contact_uuid_text
from engine.rights import SourcePolicy
from tests.engine.building import Directory, contact, line
from tests.ldapd.asking import handler_of, search
from tests.ldapd.house import BOOK

HIDDEN = ("phones.mobile", "notes", "department", "custom.1")
PEOPLE = (
    contact("1", "Anna Altmann", surname="Altmann"),
    contact(
        "2",
        "Bernd Bergmann",
        line("4917139200200", "mobile"),
        surname="Bergmann",
        notes="geheim",
        department="Geheimes Manna",
        custom={"1": "geheim"},
    ),
    contact("3", "Zoe Mannheim", surname="Mannheim"),
)
KEYS = {contact_uuid_text(each.id): each.id.key for each in PEOPLE}


@pytest.mark.parametrize(
    "text",
    [
        "(cn=*mann*)",
        "(|(cn=*mann*)(mobile=+491713*))",
        "(|(cn=*mann*)(mobile=*2002*))",
        "(|(cn=*mann*)(description=*geheim*))",
        "(|(cn=*mann*)(ou=*geheim*))",
        "(|(cn=*mann*)(custom1=geheim*))",
        "(|(cn=*mann*)(custom1=*))",
    ],
)
def test_whoever_would_come_first_for_something_hidden_stands_in_the_alphabet(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    crm = SourcePolicy("crm", fields=dict.fromkeys(HIDDEN, ("nobody",)))
    directory = Directory(tmp_path_factory.mktemp("hidden"), crm=crm)
    try:
        found = search(handler_of(directory.hold(*PEOPLE)), BOOK, text, "cn")
        uuids = [entry.dn.removeprefix("entryUUID=").partition(",")[0] for entry in found.entries]
        assert "".join(KEYS[each] for each in uuids) == "312"  # a word that begins so comes first
    finally:
        directory.close()
