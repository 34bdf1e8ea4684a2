"""Searches over the house's index, by profile, base, scope and limit."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from engine.client import Client
from engine.contact import Address, contact_uuid
from engine.index import ContactIndex
from engine.query import EVERY_CLASS, CallerMatch, CallerQuery, PeopleQuery
from engine.rights import Principal, SourcePolicy
from engine.selection import Selected, Selection
from ldapd.handler import LdapHandler
from ldapd.matching import order_key
from ldapd.protocol.messages import SCOPE_BASE, SCOPE_ONE, SCOPE_SUB, ResultCode
from tests.engine.building import Directory, contact
from tests.ldapd.asking import handler_of, limited, search
from tests.ldapd.house import ANNA, BOOK, PHONE, SBC, VISIBLE

SHARED = "+493023125002"
ANNAS = "+493023125001"


@pytest.fixture
def handler(index: ContactIndex) -> LdapHandler:
    return handler_of(index)


# --- profiles -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spelling",
    ["+493023125001", "493023125001", "0049 30 23125 001", "030/23125001", "tel:+493023125001",
     "sip:+493023125001@sbc.example;user=phone"],
)  # fmt: skip
def test_an_sbc_gets_the_name_for_a_number_in_any_spelling(
    handler: LdapHandler, spelling: str
) -> None:
    found = search(handler, SBC, f"(telephoneNumber={spelling})", "displayName", "cn", "sn")
    assert found.code == ResultCode.SUCCESS
    assert found.entries[0].dn == f"entryUUID={contact_uuid(ANNA.id)},dc=meta"
    assert [(name, values[0].decode()) for name, values in found.entries[0].attributes] == [
        ("displayName", "Anna Müller"),
        ("cn", "Anna Müller"),
        ("sn", "Müller"),
    ]


def test_an_sbc_gets_one_entry_for_a_shared_line_named_by_what_is_shared(
    handler: LdapHandler,
) -> None:
    found = search(handler, SBC, f"(telephoneNumber={SHARED})", "*", "rufnameClass", size_limit=1)
    assert found.code == ResultCode.SUCCESS
    assert found.names() == ["Nordlicht AG"]
    assert found.values("sn") == ["Nordlicht AG"]
    assert found.values("rufnameClass") == ["3"]
    assert found.values("givenName") == []


@pytest.mark.parametrize("client", [SBC, PHONE, BOOK], ids=lambda client: client.profile)
@pytest.mark.parametrize(
    ("number", "match_class"),
    [("123", "1"), (ANNAS, "2"), (SHARED, "3"), ("+4930231250105", "4"), ("03099998123", "5")],
)
def test_a_class_that_is_switched_off_for_a_client_finds_nobody(
    handler: LdapHandler, client: Client, number: str, match_class: str
) -> None:
    text = f"(telephoneNumber={number})"
    found = search(handler, client, text, "rufnameClass")
    assert found.entries[0].values("rufnameClass") == (match_class.encode(),)
    less = msgspec.structs.replace(client, classes=EVERY_CLASS - {int(match_class)})
    assert search(handler, less, text, "rufnameClass").entries == []


def test_an_sbc_gets_an_extension_of_its_own_plan(handler: LdapHandler) -> None:
    found = search(handler, SBC, "(telephoneNumber=123)", "cn", "rufnameClass")
    assert found.names() == ["Eva Schlotmeier"]
    assert found.values("rufnameClass") == ["1"]


@pytest.mark.parametrize("number", ["+493023125555", "anonymous", "", "110", "+493023125099"])
def test_an_unknown_absent_or_hidden_number_is_an_empty_success(
    handler: LdapHandler, number: str
) -> None:
    found = search(handler, SBC, f"(telephoneNumber={number})", "cn")
    assert (found.entries, found.code) == ([], ResultCode.SUCCESS)
    assert handler.counters.lookups == 1
    assert handler.counters.lookups_found == 0


@pytest.mark.parametrize(
    "text",
    ["(cn=*)", "(objectClass=*)", "(sn=m*)", "(telephoneNumber=*)", "(!(cn=x))", "(anr=anna)",
     "(|(cn=mei*)(telephoneNumber=1*))", "(mail=*@*)"],
)  # fmt: skip
def test_an_sbc_gets_nothing_but_numbers_and_each_try_is_counted(
    handler: LdapHandler, text: str
) -> None:
    found = search(handler, SBC, text)
    assert (found.entries, found.code) == ([], ResultCode.SUCCESS)
    assert handler.counters.searches_refused == 1


def test_an_sbc_gets_no_part_of_a_number(handler: LdapHandler) -> None:
    assert search(handler, SBC, "(telephoneNumber=+4930231*)").entries == []
    assert search(handler, SBC, "(telephoneNumber=*5001)").entries == []


def test_an_sbc_reads_no_entry_by_name(handler: LdapHandler) -> None:
    dn = search(handler, SBC, f"(telephoneNumber={ANNAS})").entries[0].dn
    assert search(handler, SBC, "(objectClass=*)", base=dn, scope=SCOPE_BASE).entries == []


def test_a_phone_gets_the_callers_answer_first_and_then_the_holders(handler: LdapHandler) -> None:
    found = search(handler, PHONE, f"(telephoneNumber={SHARED})", "cn")
    assert found.code == ResultCode.SUCCESS
    assert found.names() == ["Nordlicht AG", "Bernd Meier", "Carla Vogt"]
    assert len({each.dn for each in found.entries}) == 3


def test_a_phone_gets_a_single_holder_once(handler: LdapHandler) -> None:
    assert search(handler, PHONE, f"(mobile={ANNAS})", "cn").names() == ["Anna Müller"]


def test_an_address_book_gets_every_holder_as_itself(handler: LdapHandler) -> None:
    found = search(handler, BOOK, f"(telephoneNumber={SHARED})", "cn", "telephoneNumber")
    assert found.names() == ["Bernd Meier", "Carla Vogt"]


def test_a_phone_may_type_a_part_of_a_number(handler: LdapHandler) -> None:
    typed = search(handler, PHONE, "(telephoneNumber=030 231250*)", "cn")
    assert sorted(typed.names()) == [
        "Anna Müller",
        "Bernd Meier",
        "Carla Vogt",
        "Zeppelin Tor & Tür KG",
    ]
    assert search(handler, PHONE, "(|(mobile=*00007)(pager=*00007))", "cn").names() == [
        "Dora Klein"
    ]


def test_presence_beside_a_number_is_checked_for_holders(handler: LdapHandler) -> None:
    text = f"(&(givenName=*)(telephoneNumber={SHARED}))"
    assert search(handler, BOOK, text, "cn").names() == ["Carla Vogt"]
    assert search(handler, SBC, text, "cn").names() == ["Nordlicht AG"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("(|(cn=mei*)(sn=mei*))", ["Bernd Meier"]),
        ("(sn=muell*)", ["Anna Müller"]),
        ("(&(telephoneNumber=*)(sn=k*))", ["Dora Klein"]),
        ("(&(cn=*)(sn=o'br*))", ["Frieda O'Brien-Meiß"]),
        ("(cn=zepp*)", ["Zeppelin Tor & Tür KG"]),
        ("(anr=nord vogt)", ["Carla Vogt"]),
        ("(searchContact=einkauf)", ["Anna Müller"]),
        ("(&(mail=*)(|(mail=fri*)(|(cn=fri*)(|(sn=fri*)(givenName=fri*)))))",
         ["Frieda O'Brien-Meiß"]),
        ("(|(cn=*anna*mül*)(mail=*anna mül*)(givenName=*anna*)(sn=*anna mül*))", ["Anna Müller"]),
        ("(&(sn>=kl)(sn<=kz))", ["Dora Klein"]),
        ("(&(sn>=m)(sn<=n))", ["Anna Müller"]),
        ("(&(telephoneNumber=*)(!(telephoneNumber=0171 39200007))(sn=*ein))", []),
        ("(postalCode=10115)", ["Anna Müller"]),
        (f"(|(sn=vogt)(telephoneNumber={ANNAS}))", ["Anna Müller", "Carla Vogt"]),
        ("(cn=Hanna*)", []),  # another group's
        ("(IMHandle=x)", []),
    ],
)  # fmt: skip
def test_names_are_found_by_the_filters_clients_send(
    handler: LdapHandler, text: str, names: list[str]
) -> None:
    for client in (PHONE, BOOK):
        found = search(handler, client, text, "cn")
        assert (sorted(found.names()), found.code) == (names, ResultCode.SUCCESS)


def test_everybody_visible_and_nobody_else_is_listed(handler: LdapHandler) -> None:
    found = search(handler, BOOK, "(objectClass=*)", "cn")
    assert len(found.entries) == VISIBLE
    assert "Hanna Hidden" not in found.names()


# --- bases and scopes ---------------------------------------------------------------------------


@pytest.mark.parametrize("base", ["dc=meta", "DC=META", "dc=phone", ""])
@pytest.mark.parametrize("scope", [SCOPE_ONE, SCOPE_SUB])
def test_every_context_holds_everybody_and_names_entries_as_it_was_asked(
    handler: LdapHandler, base: str, scope: int
) -> None:
    found = search(handler, SBC, f"(telephoneNumber={ANNAS})", "1.1", base=base, scope=scope)
    assert found.entries[0].dn == f"entryUUID={contact_uuid(ANNA.id)},{base or 'dc=meta'}"


@pytest.mark.parametrize("client", [SBC, PHONE, BOOK, None])
def test_everybody_reads_the_root_dse_and_the_subschema(
    handler: LdapHandler,
    client: object,
) -> None:
    for base, dn in (("", ""), ("cn=subschema", "cn=subschema")):
        found = search(handler, client, "(objectClass=*)", base=base, scope=SCOPE_BASE)  # type: ignore[arg-type]  # pytest's
        assert [each.dn for each in found.entries] == [dn]
        assert found.code == ResultCode.SUCCESS


@pytest.mark.parametrize(
    ("base", "scope"),
    [("", SCOPE_SUB), ("dc=meta", SCOPE_BASE), ("dc=meta", SCOPE_SUB), ("dc=other", SCOPE_SUB),
     ("no dn", SCOPE_SUB), ("cn=subschema", SCOPE_SUB)],
)  # fmt: skip
def test_whoever_is_not_bound_reads_nothing_else(
    handler: LdapHandler, base: str, scope: int
) -> None:
    found = search(handler, None, "(objectClass=*)", base=base, scope=scope)
    assert (found.entries, found.code) == ([], ResultCode.INSUFFICIENT_ACCESS_RIGHTS)


def test_a_context_is_an_entry_itself(handler: LdapHandler) -> None:
    found = search(handler, PHONE, "(objectClass=*)", "dc", "objectClass", scope=SCOPE_BASE)
    assert found.entries[0].dn == "dc=meta"
    assert found.values("dc") == ["meta"]
    assert search(handler, PHONE, "(cn=*)", scope=SCOPE_BASE).entries == []


def test_an_entry_that_was_shown_is_read_by_its_name(handler: LdapHandler) -> None:
    dn = search(handler, PHONE, "(sn=klein)", base="dc=phone").entries[0].dn
    found = search(handler, PHONE, "(objectClass=*)", "cn", base=dn, scope=SCOPE_BASE)
    assert (found.names(), found.entries[0].dn) == (["Dora Klein"], dn)
    assert search(handler, PHONE, "(sn=klein)", base=dn).names() == ["Dora Klein"]
    assert search(handler, PHONE, "(sn=vogt)", base=dn).entries == []
    assert search(handler, PHONE, "(objectClass=*)", base=dn, scope=SCOPE_ONE).entries == []


@pytest.mark.parametrize(
    ("base", "matched"),
    [
        ("dc=other", ""),
        ("ou=people,dc=meta", "dc=meta"),
        ("entryUUID=33c63e08-835b-5cd6-9b7f-000000000000,dc=phone", "dc=phone"),
    ],
)
def test_an_unknown_base_is_no_such_object(handler: LdapHandler, base: str, matched: str) -> None:
    for client in (PHONE, BOOK):
        found = search(handler, client, "(cn=*)", base=base)
        assert (found.code, found.matched) == (ResultCode.NO_SUCH_OBJECT, matched)


def test_a_base_that_is_no_dn_is_said_to_be_none(handler: LdapHandler) -> None:
    assert search(handler, SBC, "(cn=*)", base="meta").code == ResultCode.INVALID_DN_SYNTAX


def test_a_search_below_the_subschema_finds_it_alone(handler: LdapHandler) -> None:
    for scope, count in ((SCOPE_SUB, 1), (SCOPE_ONE, 0)):
        found = search(handler, PHONE, "(objectClass=*)", base="cn=subschema", scope=scope)
        assert len(found.entries) == count


# --- limits -------------------------------------------------------------------------------------


def test_the_clients_size_limit_cuts_and_says_so(handler: LdapHandler) -> None:
    found = search(handler, PHONE, "(objectClass=*)", size_limit=3)
    assert (len(found.entries), found.code) == (3, ResultCode.SIZE_LIMIT_EXCEEDED)
    assert handler.counters.searches_limited == 1
    exact = search(handler, PHONE, "(objectClass=*)", size_limit=VISIBLE)
    assert (len(exact.entries), exact.code) == (VISIBLE, ResultCode.SUCCESS)


def test_the_servers_limit_holds_whatever_the_client_asks(index: ContactIndex) -> None:
    handler = handler_of(index, limited(max_entries=2))
    for size_limit in (0, 5, 2**31 - 1):
        found = search(handler, BOOK, "(sn=*)", size_limit=size_limit)
        assert (len(found.entries), found.code) == (2, ResultCode.SIZE_LIMIT_EXCEEDED)


def test_holders_of_a_number_are_cut_as_well(handler: LdapHandler) -> None:
    for client in (PHONE, BOOK):
        found = search(handler, client, f"(telephoneNumber={SHARED})", size_limit=1)
        assert (len(found.entries), found.code) == (1, ResultCode.SIZE_LIMIT_EXCEEDED)


def test_a_scan_ends_where_enough_has_been_examined(index: ContactIndex) -> None:
    handler = handler_of(index, limited(max_examined=3))
    found = search(handler, BOOK, "(cn=*qx*)")
    assert (found.entries, found.code) == ([], ResultCode.ADMIN_LIMIT_EXCEEDED)
    whole = search(handler, BOOK, "(sn=vogt)", "cn")
    assert (whole.names(), whole.code) == (["Carla Vogt"], ResultCode.SUCCESS)


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        (VISIBLE - 1, ResultCode.ADMIN_LIMIT_EXCEEDED),
        (VISIBLE, ResultCode.SUCCESS),
        (VISIBLE + 1, ResultCode.SUCCESS),
    ],
)
def test_as_many_contacts_are_examined_as_are_allowed(
    index: ContactIndex, limit: int, code: ResultCode
) -> None:
    found = search(handler_of(index, limited(max_examined=limit)), BOOK, "(cn=*qx*)")
    assert (found.entries, found.code) == ([], code)


def test_a_search_ends_when_its_time_is_up(index: ContactIndex) -> None:
    ticks = itertools.count(0, 1_000)
    handler = handler_of(index, clock=lambda: float(next(ticks)))
    for time_limit_s in (0, 1):
        found = search(handler, BOOK, "(cn=*)", time_limit_s=time_limit_s)
        assert (found.entries, found.code) == ([], ResultCode.TIME_LIMIT_EXCEEDED)


def test_a_filter_wider_than_the_index_takes_is_a_limit(index: ContactIndex) -> None:
    handler = handler_of(index)
    parts = "".join(f"(telephoneNumber=*{number}*)(sn=x)" for number in range(100, 200))
    found = search(handler, BOOK, f"(|{parts})")
    assert (found.entries, found.code) == ([], ResultCode.ADMIN_LIMIT_EXCEEDED)


def test_types_only_sends_names_alone(handler: LdapHandler) -> None:
    found = search(handler, SBC, f"(telephoneNumber={ANNAS})", "cn", "mail", types_only=True)
    assert found.entries[0].attributes == (("cn", ()), ("mail", ()))


def test_the_second_window_goes_on_where_the_first_ended(tmp_path_factory: object) -> None:
    assert isinstance(tmp_path_factory, pytest.TempPathFactory)
    directory = Directory(tmp_path_factory.mktemp("many"))
    try:
        index = directory.hold(
            *(
                contact(f"{n:03}", f"Meier {chr(97 + n // 50)}", job="x" * (n % 50 == 49))
                for n in range(150)
            )
        )
        handler = handler_of(index, limited(max_entries=3, max_examined=1_000))
        found = search(handler, BOOK, "(&(cn=mei*)(title=*x))", "cn")
        assert found.names() == ["Meier a", "Meier b", "Meier c"]
        assert found.code == ResultCode.SUCCESS
    finally:
        directory.close()


# --- several numbers ----------------------------------------------------------------------------


class Asked:
    """Passes questions on and remembers the numbers asked."""

    def __init__(self, index: ContactIndex) -> None:
        self._index = index
        self.numbers: list[str] = []
        self.get = index.get
        self.holders = index.holders
        self.candidates = index.candidates
        self.plain_caller = index.plain_caller

    def caller(self, query: CallerQuery) -> CallerMatch | None:
        self.numbers.append(query.number)
        return self._index.caller(query)

    def select(self, selection: Selection, principal: Principal, limit: int) -> Selected:
        return self._index.select(selection, principal, limit)


def test_one_value_over_many_attributes_is_one_question_to_the_index(index: ContactIndex) -> None:
    asked = Asked(index)
    terms = "".join(f"({name}={ANNAS})" for name in ("telephoneNumber", "mobile", "homePhone"))
    assert search(handler_of(asked), SBC, f"(|{terms})", "cn").names() == ["Anna Müller"]
    assert asked.numbers == [ANNAS]


def test_different_numbers_are_asked_until_one_answers(index: ContactIndex) -> None:
    asked = Asked(index)
    text = f"(|(telephoneNumber=030999)(mobile={ANNAS})(pager=030888))"
    assert search(handler_of(asked), SBC, text, "cn").names() == ["Anna Müller"]
    assert asked.numbers == ["030999", ANNAS]


@pytest.mark.parametrize("client", [SBC, PHONE, BOOK], ids=lambda client: client.profile)
def test_who_has_one_of_several_numbers_comes_before_a_guess_at_another(
    handler: LdapHandler, client: Client
) -> None:
    guess = "(telephoneNumber=+4930231250105)"
    found = search(handler, client, f"(|{guess}(mobile={ANNAS}))", "cn", "rufnameClass")
    assert found.names()[0] == "Anna Müller"
    assert found.values("rufnameClass") == ["2"]
    found = search(handler, client, f"(|(pager=030999){guess}(mobile=030888))", "rufnameClass")
    assert found.entries[0].values("rufnameClass") == (b"4",)


def test_a_number_without_digits_asks_nothing(index: ContactIndex) -> None:
    asked = Asked(index)
    assert search(handler_of(asked), SBC, "(telephoneNumber=anonymous)").entries == []
    assert asked.numbers == []


# --- people search --------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["mei", "meier anna", "meyr", "ulm mei", "200123", "am"])
@pytest.mark.parametrize(
    "template", ["(anr={})", "(searchContact={}*)", "(&(objectClass=*)(anr={}))"]
)
def test_what_is_typed_gets_the_people_of_people_search_in_its_order(
    tmp_path_factory: pytest.TempPathFactory, text: str, template: str
) -> None:
    directory = Directory(tmp_path_factory.mktemp("people"))
    try:
        index = directory.hold(
            contact("1", "Zoe Meier", company="Bau AG"),
            contact("2", "Anna Maier", "4917139200123"),
            contact("3", given_name="Anna", surname="Meier", address=Address(city="Ulm")),
            contact("4", "Bernd Ulm", company="Meierhof"),
        )
        found = search(handler_of(index), BOOK, template.format(text), "cn")
        page = index.people(PeopleQuery(text, BOOK.principal()))
        assert found.names() == [hit.name for hit in page.hits]
        assert found.names()
    finally:
        directory.close()


def test_whoever_stands_behind_a_crowd_of_one_person_is_found(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    directory = Directory(tmp_path_factory.mktemp("crowd"))
    try:
        crowd = [contact(f"q{key:03}", "Quirin Quast", "493023125300") for key in range(700)]
        index = directory.hold(*crowd, contact("q", "Xaver Quastel"), contact("z", "Zoe Quastel"))
        handler = handler_of(index)
        for limit, names, code in (
            (0, ["Quirin Quast", "Xaver Quastel", "Zoe Quastel"], ResultCode.SUCCESS),
            (2, ["Quirin Quast", "Xaver Quastel"], ResultCode.SIZE_LIMIT_EXCEEDED),
        ):
            found = search(handler, PHONE, "(searchContact=quast*)", "cn", size_limit=limit)
            assert (found.names(), found.code) == (names, code)
    finally:
        directory.close()


def test_the_digits_of_a_phone_are_letters_on_its_keys(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    directory = Directory(tmp_path_factory.mktemp("keys"))
    try:
        index = directory.hold(contact("1", "Zoe Meier"), contact("2", "Otto Abel"))
        handler = handler_of(index)
        phone = msgspec.structs.replace(PHONE, sources=("*",))
        assert search(handler, phone, "(searchContact=634*)", "cn").names() == ["Zoe Meier"]
        assert search(handler, BOOK, "(searchContact=634*)", "cn").names() == []
    finally:
        directory.close()


# --- ranges -------------------------------------------------------------------------------------


def test_a_range_finds_names_of_signs_digits_and_other_scripts_too(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    names = ("O'Brien", "O-Ahn", "O Ahn", "3M", "12 Apostel", "1a", "20", "Иванов", "田中 A",
             "כהן", "A Ü", "A-B", "Ahn", "Müller", "Mueller", "Muller")  # fmt: skip
    directory = Directory(tmp_path_factory.mktemp("signs"))
    handler = handler_of(directory.hold(*(contact(name, surname=name) for name in names)))
    client = Client("bulk", "cn=bulk", profile="bulk")
    for name in names:
        above, below = (search(handler, client, f"(sn{sign}{name})") for sign in (">=", "<="))
        assert set(above.names()) == {each for each in names if order_key(each) >= order_key(name)}
        assert set(below.names()) == {each for each in names if order_key(each) <= order_key(name)}
    directory.close()


def test_a_range_tells_nothing_of_a_hidden_address(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    policy = SourcePolicy("crm", fields={"emails": ("personnel",)})
    directory = Directory(tmp_path_factory.mktemp("addresses"), crm=policy)
    addresses = ("anna@firm.example", "zoe@firm.example")
    handler = handler_of(directory.hold(*(contact(each, emails=(each,)) for each in addresses)))
    for text in ("(sn<=m)", "(&(cn=*)(!(sn>=m)))"):
        assert search(handler, BOOK, text, "cn").names() == ["-", "-"]
    assert search(handler, BOOK, "(sn>=m)", "cn").names() == []
    directory.close()


def test_everybody_has_an_address_where_one_entry_is_read_as_well(index: ContactIndex) -> None:
    handler = handler_of(index)
    outlook = msgspec.structs.replace(BOOK, mail_domain="no-mail.invalid")
    (entry,) = search(handler, outlook, "(&(mail=*)(cn=Bernd Meier))").entries
    (again,) = search(handler, outlook, "(mail=*)", base=entry.dn, scope=SCOPE_BASE).entries
    assert again.values("mail") == entry.values("mail")


# --- long texts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("piece", ["*vertrag*", "*letztes", "wort*wort*vertrag*letztes"])
def test_a_long_text_is_sought_to_its_end(
    tmp_path_factory: pytest.TempPathFactory, piece: str
) -> None:
    directory = Directory(tmp_path_factory.mktemp("notes"))
    text = f"{'wort ' * 400}Rahmenvertrag letztes"
    people = (
        contact("1", "Anna Abel", notes=text),
        contact(
            "2", "Bernd Bauer", notes="wort", url=f"https://b.example/{'0' * 60}vertrag letztes"
        ),
        contact("3", "Carla Cohn", notes=f"wort {'y' * 41}vertra letzte"),
    )
    handler = handler_of(directory.hold(*people))
    assert search(handler, BOOK, f"(description={piece})", "cn").names() == ["Anna Abel"]
    others = {"Bernd Bauer", "Carla Cohn"}
    assert set(search(handler, BOOK, f"(!(description={piece}))", "cn").names()) == others
    whole = {"Bernd Bauer"} if piece.startswith("*") else set()
    assert set(search(handler, BOOK, f"(labeledURI={piece})", "cn").names()) == whole
    assert search(handler, BOOK, f"(cn={piece})", "cn").names() == []
    directory.close()
