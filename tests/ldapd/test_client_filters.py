"""Every filter template that a client is known to send, each a test by its client's name.

Sources: the vendors' manuals and public source code; where a manual is silent, reports of users.
"""

from __future__ import annotations

import msgspec
import pytest

from engine.client import Client
from engine.index import ContactIndex
from ldapd.handler import LdapHandler
from ldapd.protocol.messages import ResultCode
from tests.ldapd.asking import SETTINGS, handler_of, search
from tests.ldapd.house import BOOK, PHONE, SBC, VISIBLE

ANNA, BERND, CARLA, DORA = "Anna Müller", "Bernd Meier", "Carla Vogt", "Dora Klein"
EVA, FIRM, FRIEDA, GUSTAV = (
    "Eva Schlotmeier", "Zeppelin Tor & Tür KG", "Frieda O'Brien-Meiß", "Gustav Ohm",
)  # fmt: skip
N = "+493023125001"
STARRED = "*".join(N)

CALLS = [
    ("AudioCodes by number", f"(telephoneNumber={N})", ANNA),
    ("AudioCodes by mobile number", "(mobile=+4917139200007)", DORA),
    ("AudioCodes with a star behind", f"(telephoneNumber={N}*)", ANNA),
    ("AudioCodes LDAPNumericAttributes", f"(telephoneNumber={STARRED})", ANNA),
    ("AudioCodes short key", f"(searchNumber={N})", ANNA),
    (
        "a filter made for AD",
        f"(&(objectCategory=person)(!(userAccountControl:1.2.840.113556.1.4.803:=2))(mobile={N}))",
        ANNA,
    ),
    (
        "users and contacts of AD",
        f"(&(|(objectClass=user)(objectClass=contact))(!(objectClass=computer))(mobile={N}))",
        ANNA,
    ),
    ("anynode", f"(|(telephoneNumber={N})(mobile={N})(homePhone={N}))", ANNA),
    ("Ribbon SBC Edge online", f"(msRTCSIP-Line=tel:{N})", ANNA),
    (
        "Oracle exact match",
        f"(|(ipPhone=tel:{N})(msRTCSIP-Line=tel:{N})(telephoneNumber=tel:{N})(mobile=tel:{N}))",
        ANNA,
    ),
    ("innovaphone", "(metaSearchNumber=+493023125001)", ANNA),
    ("innovaphone without plus", "(metaSearchNumber=493023125001)", ANNA),
    ("Kamailio", f"(telephoneNumber={N})", ANNA),
    ("OpenSIPS", "(&(objectClass=*)(telephoneNumber=03023125001))", ANNA),
    ("Asterisk LDAPget", f"(&(objectClass=person)(telephoneNumber={N}))", ANNA),
    (
        "Asterisk LDAPget for mobile and fax",
        f"(&(objectClass=person)(|(telephoneNumber={N})(mobile={N})(facsimileTelephoneNumber={N})))",
        ANNA,
    ),
    ("FreeSWITCH dialplan_directory", f"(exten={N})", ""),  # an attribute of its own schema
    (
        "FreePBX Superfecta",
        "(|(telephoneNumber=*03023125001)(mobile=*03023125001)(homeTelephoneNumber=*03023125001))",
        ANNA,
    ),
    ("MiVoice Business", "(telephoneNumber=03023125001)", ANNA),
    ("MiVoice Business, shortened to eight digits", "(telephoneNumber=23125001)", ANNA),
    ("estos searchNumber", "(searchNumber=03023125001)", ANNA),
    ("an extension", "(telephoneNumber=123)", EVA),
    ("a line that several share", "(telephoneNumber=+493023125002)", "Nordlicht AG"),
    ("a company", "(telephoneNumber=+493023125010)", FIRM),
    ("nobody's number", "(telephoneNumber=+493099999999)", ""),
    ("a caller that hides", "(telephoneNumber=anonymous)", ""),
    ("a star alone", "(telephoneNumber=*)", ""),
    ("a harvest", "(cn=*)", ""),
]

LISTS = [
    ("Yealink name", PHONE, "(|(cn=mei*)(sn=mei*))", {BERND}),
    ("Yealink name, approximate", PHONE, "(|(cn=*mei*)(sn=*mei*))", {BERND, EVA, FRIEDA}),
    ("Yealink name, both", PHONE, "(&(cn=*)(sn=mei*))", {BERND}),
    ("Yealink name, not", PHONE, "(!(cn=a*))", {BERND, CARLA, DORA, EVA, FIRM, FRIEDA, GUSTAV}),
    ("Yealink number", PHONE, "(|(telephoneNumber=0171*)(mobile=0171*)(ipPhone=0171*))",
     {ANNA, DORA}),
    ("Yealink number, both", PHONE, "(&(telephoneNumber=*)(mobile=01713920000*))", {ANNA, DORA}),
    ("snom name", PHONE, "(&(telephoneNumber=*)(sn=mei*))", {BERND}),
    ("snom number", PHONE, "(&(telephoneNumber=03023125001*)(sn=*))", {ANNA}),
    ("snom during a call", PHONE, "(|(telephoneNumber=*23125001)(mobile=*23125001))", {ANNA}),
    ("Grandstream name", PHONE, "(|(cn=kle*)(sn=kle*))", {DORA}),
    ("Grandstream name with a number", PHONE, "(&(cn=fri*)(telephoneNumber=*))", set()),
    ("Grandstream number", PHONE, "(|(telephoneNumber=03023125001)(Mobile=03023125001))", {ANNA}),
    ("Grandstream mail", PHONE, "(mail=frieda*)", {FRIEDA}),
    ("Gigaset name", PHONE, "(|(displayName=vog*)(sn=vog*))", {CARLA}),
    ("Gigaset name and mail", PHONE, "(&(givenName=an*)(mail=am*))", {ANNA}),
    ("Gigaset number", PHONE,
     "(|(telephoneNumber=017139200007)(mobile=017139200007)(homePhone=017139200007))", {DORA}),
    ("Escene", PHONE, "(|(cn=ohm*)(sn=ohm*))", {GUSTAV}),
    ("tiptel", PHONE, "(|(cn=vog*)(sn=vog*))", {CARLA}),
    ("VTech", PHONE, "(|(cn=kle*)(sn=kle*))", {DORA}),
    ("VTech number", PHONE,
     "(|(telephoneNumber=0171392*)(mobile=0171392*)(homePhone=0171392*))", {ANNA, DORA}),
    ("ALE", PHONE, "(&(sn=kle*)(mobile=*))", {DORA}),
    ("Auerswald", PHONE, "(|(sn=meie*)(givenName=meie*)(cn=meie*))", {BERND}),
    ("Poly by prefix", PHONE, "(sn=mei*)", {BERND}),
    ("Poly by order", PHONE, "(&(sn>=k)(sn<=mez))", {DORA}),
    ("Cisco SPA surname", PHONE, "(sn=*meier*)", {BERND, EVA}),
    ("Cisco SPA name", PHONE, "(cn=*a v*)", {CARLA}),
    ("Mitel 6900 bulk", BOOK, "(objectClass=*)", None),
    ("Linphone", PHONE, "(sn=*ogt*)", {CARLA}),
    ("Linphone without text", PHONE, "(sn=**)", None),
    ("Linphone for anything", PHONE, "(anr=*anna*mül*)", {ANNA}),
    ("Linphone for anything by number", PHONE, "(anr=*030*23125001*)", {ANNA}),
    ("Linphone for anything, nothing typed", PHONE, "(anr=*)", None),
    ("Agfeo", PHONE, "(|(telephoneNumber=*3920*)(mobile=*3920*))", {ANNA, DORA}),
    ("Jabber ANR", BOOK, "(anr=mei)", {BERND, FRIEDA}),
    ("ANR with an address", BOOK, "(&(mail=*)(anr=mei))", {FRIEDA}),
    ("ANR of a part of a number with an address", BOOK, "(&(mail=*)(anr=030231250))", {ANNA}),
    ("Jabber predictive", BOOK,
     "(&(objectCategory=person)(objectClass=user)(|(displayName=vog*)(sn=vog*)))", {CARLA}),
    ("a filter made for AD", BOOK,
     ("(&(objectCategory=person)(objectClass=user)(!(msExchHideFromAddressLists=TRUE))"
     "(!(userAccountControl:1.2.840.113556.1.4.803:=2))(sn=vog*))"), {CARLA}),
    ("Jabber number", BOOK,
     f"(&(objectClass=user)(|(telephoneNumber={N})(mobile={N})(otherTelephone={N})))", {ANNA}),
    ("Outlook", BOOK,
     "(&(mail=*)(|(mail=fri*)(|(cn=fri*)(|(sn=fri*)(givenName=fri*)))))", {FRIEDA}),
    ("Outlook without mail", BOOK,
     "(&(mail=*)(|(mail=mei*)(|(cn=mei*)(|(sn=mei*)(givenName=mei*)))))", set()),
    ("Outlook ANR", BOOK, "(anr=mull anna)", {ANNA}),
    ("Thunderbird", BOOK,
     "(|(cn=*anna*mül-*)(mail=*anna mül*)(givenName=*anna*)(sn=*anna mül*))", {ANNA}),
    ("Thunderbird before", BOOK, "(|(cn=o'*bri-*)(mail=o'*bri-*)(sn=o'*brien-*))", {FRIEDA}),
    ("Thunderbird full search", BOOK,
     ("(|(displayName=*vog*)(givenName=*vog*)(sn=*vog*)(mozillaNickname=*vog*)(mail=*vog*)"
     "(mozillaSecondEmail=*vog*)(o=*vog*)(ou=*vog*)(title=*vog*)(mozillaWorkUrl=*vog*)"
     "(mozillaHomeUrl=*vog*))"), {CARLA}),
    ("macOS", BOOK, "(|(givenname=meier)(sn=meier)(cn=meier)(mail=meier))", {BERND}),
    ("iOS", BOOK,
     ("(|(o=mei*)(cn=mei*)(ou=mei*)(sn=mei*)(mail=mei*)(IMHandle=mei*)(givenname=mei*)"
     "(postalAddress=mei*)(telephoneNumber=mei*))"), {BERND}),
    ("iOS by address", BOOK,
     "(|(o=am r*)(cn=am r*)(sn=am r*)(IMHandle=am r*)(postalAddress=am r*)(telephoneNumber=am r*))",
     {ANNA}),
    ("Entourage", BOOK, "(&(showInAddressBook=x)(displayName=*))", set()),
    ("Evolution", BOOK, "(|(displayName=*o'b*)(sn=*o'b*)(givenName=*o'b*))", {FRIEDA}),
    ("Evolution number with spaces", BOOK, "(telephoneNumber=*030*2312*5001*)", {ANNA}),
    ("Evolution number in pairs", BOOK, "(telephoneNumber=*0171*39*20*00*07*)", {DORA}),
    ("Evolution number with a bracket", BOOK,
     "(telephoneNumber=*+49*\\28*0\\29*30*23125001*)", {ANNA}),
    ("Evolution in every field", BOOK,
     ("(|(cn=*030*23125001*)(sn=*030*23125001*)(mobile=*030*23125001*)(o=*030*23125001*)"
     "(roomNumber=*030*23125001*)(internationaliSDNNumber=*030*23125001*))"), {ANNA}),
    ("Evolution no number", BOOK, "(telephoneNumber=*Haus*030*)", set()),
    ("Evolution without text", BOOK, "(displayName=*)", None),
    ("estos searchContact", BOOK, "(searchContact=nordl*)", {BERND, CARLA}),
    ("3imedia searchIndividual", BOOK, "(searchIndividual=klein)", {DORA}),
]  # fmt: skip
"""Client, profile, filter, whom it finds; None = everybody."""


@pytest.fixture(scope="module")
def handler(index: ContactIndex) -> LdapHandler:
    return handler_of(index, msgspec.structs.replace(SETTINGS, aliases=("dc=phone", "dc=entries")))


@pytest.mark.parametrize(
    ("text", "name"), [pytest.param(*rest, id=client) for client, *rest in CALLS]
)
@pytest.mark.parametrize("base", ["dc=meta", "dc=phone", "dc=entries", ""])
def test_a_call_gets_its_one_name(handler: LdapHandler, text: str, name: str, base: str) -> None:
    found = search(handler, SBC, text, "cn", base=base)
    assert found.code == ResultCode.SUCCESS
    assert found.names() == ([name] if name else [])


@pytest.mark.parametrize(
    ("client", "text", "names"), [pytest.param(*rest, id=name) for name, *rest in LISTS]
)
@pytest.mark.parametrize("base", ["dc=meta", ""])
def test_a_list_holds_whom_the_client_means(
    handler: LdapHandler, client: Client, text: str, names: set[str] | None, base: str
) -> None:
    found = search(handler, client, text, "cn", base=base)
    assert found.code == ResultCode.SUCCESS
    if names is None:
        assert len(found.names()) == VISIBLE
    else:
        assert sorted(found.names()) == sorted(names)


def test_outlook_is_shown_those_without_mail_if_so_set(index: ContactIndex) -> None:
    shown = msgspec.structs.replace(BOOK, mail_domain="no-mail.invalid")
    handler = handler_of(index, clients=(shown,))
    text = "(&(mail=*)(|(mail=mei*)(|(cn=mei*)(|(sn=mei*)(givenName=mei*)))))"
    found = search(handler, shown, text, "cn", "mail")
    assert found.names() == [BERND]
    (address,) = found.values("mail")
    assert address.endswith("@no-mail.invalid")
    anna = search(handler, shown, "(&(mail=*)(sn=müller))", "mail")
    assert anna.values("mail") == ["anna.mueller@brueckner.example", "am@brueckner.example"]
    assert search(handler, shown, "(!(mail=*))", "cn").entries == []
