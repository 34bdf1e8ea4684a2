"""The contacts and clients of the LDAP daemon's tests: a small firm in a real index."""

from __future__ import annotations

from ipaddress import ip_network

from engine.client import Client
from engine.contact import Address, Contact
from engine.credentials import hash_password
from engine.phone import DialPlan
from engine.rights import SourcePolicy
from tests.engine.building import contact, line

MUNICH = DialPlan(
    name="munich",
    area_code="89",
    outside_line="",
    trunks=("498999998",),
    extension_length=(3, 3),
)
"""Numbers without prefix are Munich's; 123 is an extension behind +49 89 99998."""

PASSWORD = "correct horse"
PASSWORD_HASH = hash_password(PASSWORD)

ANNA = contact(
    "anna",
    "Anna Müller",
    "493023125001",
    line("4917139200001", "mobile"),
    line("493023125991", "home"),
    line("493023125981", "fax"),
    company="Brückner Bau GmbH",
    given_name="Anna",
    surname="Müller",
    title="Dr.",
    department="Einkauf",
    job="Leitung",
    address=Address("Am Ring 1", "10115", "Berlin", "DE"),
    emails=("anna.mueller@brueckner.example", "am@brueckner.example"),
    url="https://brueckner.example/am",
    notes="mag keine Anrufe vor neun",
    custom={"1": "K-1001"},
    changed="2024-03-01T12:30:45Z",
)
BERND = contact("bernd", "Bernd Meier", "493023125002", company="Nordlicht AG")
CARLA = contact(
    "carla",
    "Carla Vogt",
    "493023125002",
    company="Nordlicht AG",
    given_name="Carla",
    surname="Vogt",
)
DORA = contact(
    "dora", "Dora Klein", line("4917139200007", "mobile"), given_name="Dora", surname="Klein"
)
EVA = contact("eva", "Eva Schlotmeier", "498999998123", given_name="Eva", surname="Schlotmeier")
FIRM = contact("firm", "", line("493023125010", "company"), company="Zeppelin Tor & Tür KG")
SILENT = contact(
    "silent",
    "Frieda O'Brien-Meiß",
    given_name="Frieda",
    surname="O'Brien-Meiß",
    emails=("frieda@example.test",),
)
SPARE = contact("spare", "Gustav Ohm", line("498999998777", "other"), given_name="Gustav")
SECRET = contact("secret", "Hanna Hidden", "493023125099", source="hr")

EVERYBODY: tuple[Contact, ...] = (
    ANNA,
    BERND,
    CARLA,
    DORA,
    EVA,
    FIRM,
    SILENT,
    SPARE,
    SECRET,
)
VISIBLE = len(EVERYBODY) - 1

POLICIES = {
    "crm": SourcePolicy("crm"),
    "hr": SourcePolicy("hr", visible_to=("personnel",)),
}

SBC = Client(
    name="sbc", bind="cn=sbc,dc=meta", password_hash=PASSWORD_HASH, profile="sbc", plan=MUNICH
)
PHONE = Client(
    name="phone",
    bind="cn=phone,dc=meta",
    password_hash=PASSWORD_HASH,
    profile="phone",
    plan=MUNICH,
    number_format="international",
)
BOOK = Client(
    name="book",
    bind="book@example.test",
    password_hash=PASSWORD_HASH,
    profile="addressbook",
    plan=MUNICH,
)
FAR = Client(
    name="far",
    bind="cn=far,dc=meta",
    password_hash=PASSWORD_HASH,
    networks=(ip_network("192.0.2.0/24"),),
    plan=MUNICH,
)
UNSET = Client(name="unset", bind="cn=unset,dc=meta", plan=MUNICH)
CLIENTS = (SBC, PHONE, BOOK, FAR, UNSET)
