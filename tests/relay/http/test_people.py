"""The app's API: search, cards, vCards, who am I, sign-in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar
from typing_extensions import override

from engine.contact import Address, Contact, ContactId
from engine.index import ContactIndex
from engine.query import PeoplePage, PeopleQuery, PersonHit
from engine.rights import Principal, SourcePolicy
from relay.http.app import create_app
from relay.local import LocalDirectory
from tests.engine.building import Directory, contact, line
from tests.relay.http.asking import CLIENTS, asker, basic
from tests.relay.http.users import ACCOUNTS, SETTINGS

PEOPLE: tuple[Contact, ...] = (
    contact("1", "Jörg Großmann", "498999998123", line("4917139200011", "mobile"),
            company="Abel GmbH", emails=("joerg@abel.example", "j@private.example"),
            url="https://crm.example/1", address=Address("Weg 1", "80331", "München", "DE"),
            custom={"1": "K-4711"}),
    contact("2", "Anna Abel", "493023125002x55", company="Abel GmbH"),
    contact("a/b?c", "Odd Key", url="javascript:alert(1)"),
    contact("3", "Geheime Personalie", "493023125004", source="hr"),
)  # fmt: skip


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Any:
    made = Directory(
        tmp_path_factory.mktemp("people"),
        crm=SourcePolicy("CRM", 500),
        hr=SourcePolicy("Personnel", 900, ("personnel",)),
    )
    yield LocalDirectory(made.hold(*PEOPLE))
    made.close()


def app_of(directory: LocalDirectory, **changed: Any) -> Litestar:
    settings = msgspec.structs.replace(SETTINGS, **{"chat_domains": ("abel.example",), **changed})
    return create_app(directory, lambda: CLIENTS, settings, accounts=lambda: ACCOUNTS)


@pytest.fixture
async def ask(people: LocalDirectory) -> AsyncIterator[httpx.AsyncClient]:
    async with asker(app_of(people), basic("anna", "Annas Wort")) as client:
        yield client


def names(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [hit["name"] for hit in answer.json()["hits"]]


async def test_beginnings_of_words_find_people(ask: httpx.AsyncClient) -> None:
    answer = await ask.post("/v1/people/search", json={"text": "gross jo"})
    assert names(answer) == ["Jörg Großmann"]
    page = answer.json()
    assert (page["total"], page["total_is_exact"]) == (1, True)
    assert page["sources"] == [{"id": "crm", "name": "CRM"}]
    hit = page["hits"][0]
    assert (hit["id"], hit["company"], hit["city"]) == ("crm:1", "Abel GmbH", "München")
    assert hit["numbers"][0] == {
        "kind": "work",
        "e164": "+498999998123",
        "display": "+49 89 99998123",
        "call": "+498999998123",
        "source": "crm",
    }
    assert [email.get("chat", False) for email in hit["emails"]] == [True, False]
    assert "display_name" in hit["matched"]
    assert float(answer.headers["server-timing"].partition("dur=")[2]) > 0


async def test_the_end_of_a_number_finds_people(ask: httpx.AsyncClient) -> None:
    assert names(await ask.post("/v1/people/search", json={"text": "98123"})) == ["Jörg Großmann"]


async def test_the_people_of_a_company_are_folded_if_asked_for(ask: httpx.AsyncClient) -> None:
    asked = {"text": "gmbh", "fold": "company"}
    (hit,) = (await ask.post("/v1/people/search", json=asked)).json()["hits"]
    assert [hit["name"], *(each["name"] for each in hit["folded"])] == [
        "Anna Abel",
        "Jörg Großmann",
    ]


async def test_nobody_is_an_empty_page(ask: httpx.AsyncClient) -> None:
    for text in ("", "   ", "qqqqqq", "(((*:\u0000", "%"):
        assert names(await ask.post("/v1/people/search", json={"text": text})) == []


async def test_a_card_tells_every_field_and_its_origin(ask: httpx.AsyncClient) -> None:
    answer = await ask.get("/v1/people/crm:1")
    card = answer.json()
    assert answer.status_code == 200
    assert {(each["name"], each["text"]) for each in card["fields"]} == {
        ("display_name", "Jörg Großmann"), ("company", "Abel GmbH"), ("street", "Weg 1"),
        ("postcode", "80331"), ("city", "München"), ("country", "DE"), ("custom.1", "K-4711"),
        ("url", "https://crm.example/1"),
    }  # fmt: skip
    assert {each["source"] for each in card["fields"]} == {"crm"}
    assert (card["link"], card["records"]) == ("https://crm.example/1", ["crm:1"])
    odd = await ask.get("/v1/people/crm:a%252Fb%253Fc")
    assert (odd.json()["name"], "link" in odd.json()) == ("Odd Key", False)


async def test_an_extension_apart_is_shown_but_not_dialled(ask: httpx.AsyncClient) -> None:
    number = (await ask.get("/v1/people/crm:2")).json()["numbers"][0]
    assert number["e164"] == "+493023125002;ext=55"
    assert number["call"] == "+493023125002"


async def test_a_vcard_is_a_file_named_after_the_person(ask: httpx.AsyncClient) -> None:
    answer = await ask.get("/v1/people/crm:1/vcard")
    assert answer.headers["content-type"] == "text/vcard; charset=utf-8"
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"J_rg_Gro_mann.vcf\"; filename*=UTF-8''J%C3%B6rg_Gro%C3%9Fmann.vcf"
    )
    assert b"\r\nTEL;TYPE=CELL:+49 171 39200011\r\n" in answer.content


@pytest.mark.parametrize("path", ["/v1/people/crm:1", "/v1/people/crm:1/vcard"])
async def test_how_long_the_directory_took_is_told(ask: httpx.AsyncClient, path: str) -> None:
    timing = (await ask.get(path)).headers["server-timing"]
    assert float(timing.removeprefix("search;dur=")) > 0


@pytest.mark.parametrize("identity", ["crm:9", "hr:3", "crm", ":", "%00", "x" * 1500, "crm:1%2F.."])
async def test_who_is_not_there_or_hidden_is_one_and_the_same_404(
    ask: httpx.AsyncClient, identity: str
) -> None:
    for path in (f"/v1/people/{identity}", f"/v1/people/{identity}/vcard"):
        answer = await ask.get(path)
        assert answer.status_code == 404
        kind = answer.json()["type"].removeprefix("urn:rufname:problem:")
        assert kind in {"no-such-person", "no-such-page"}
        assert len(identity) < 3 or identity not in answer.text


async def test_groups_of_the_configuration_give_rights(people: LocalDirectory) -> None:
    app = app_of(people)
    for who, found in (
        (basic("anna", "Annas Wort"), []),
        (basic("jörg", "Straße"), ["Geheime Personalie"]),
    ):
        async with asker(app, who) as ask:
            assert names(await ask.post("/v1/people/search", json={"text": "geheime"})) == found
            status = (await ask.get("/v1/people/hr:3")).status_code
            assert status == (200 if found else 404)


async def test_me_tells_who_is_signed_in_and_what_may_be_searched(people: LocalDirectory) -> None:
    app = app_of(
        people, customer_page="https://crm.example/card", custom_names={"custom.1": "Kundennr."}
    )
    async with asker(app, basic("anna", "Annas Wort")) as ask:
        assert (await ask.get("/v1/me")).json() == {
            "tenant": "local",
            "user": "anna",
            "name": "anna",
            "sources": [{"id": "crm", "name": "CRM"}],
            "customer_page": "https://crm.example/card",
            "custom_names": {"custom.1": "Kundennr."},
        }
    async with asker(app, basic("nothing", "n")) as ask:
        assert (await ask.get("/v1/me")).json()["sources"] == []


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "the body is empty"),
        (b"{", "the body is no JSON"),
        (b'{"text": "x", "limit": NaN}', "the body is no JSON: invalid character (byte 23)"),
        (b"[]", "the body: Expected `object`, got `array`"),
        (b'{"text": "x", "fold": "xxxx"}', "fold: Invalid enum value"),
        (b'{"text": 1}', "text"),
        (b'{"text": "x", "limit": 0}', "limit"),
        (b'{"text": "x", "limit": 1001}', "limit"),
        (b'{"text": "x", "more": 1}', "an unknown field"),
        (b'{"text": "' + b"x" * 201 + b'"}', "text"),
        (b'{"text": "\xff"}', "the body is not UTF-8"),
        (b'{"text": "\\ud800"}', "the body is no JSON"),
    ],
)
async def test_a_question_that_cannot_be_read_is_a_400_that_quotes_nothing(
    ask: httpx.AsyncClient, body: bytes, detail: str
) -> None:
    answer = await ask.post(
        "/v1/people/search", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400, answer.text
    assert answer.json()["type"] == "urn:rufname:problem:bad-request"
    assert answer.json().get("detail", "").startswith(detail)
    assert "xxxx" not in answer.text


async def test_a_cursor_that_does_not_belong_to_the_search_is_a_409(
    ask: httpx.AsyncClient,
) -> None:
    for cursor in ("AAAA", "0" * 2048, "\u0000"):
        answer = await ask.post("/v1/people/search", json={"text": "abel", "cursor": cursor})
        assert answer.status_code == 409
        assert answer.json()["type"] == "urn:rufname:problem:stale-cursor"


async def test_another_content_type_is_refused(ask: httpx.AsyncClient) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""):
        answer = await ask.post(
            "/v1/people/search", content=b'{"text": "a"}', headers={"Content-Type": kind}
        )
        assert answer.status_code == 415
        assert answer.json()["type"] == "urn:rufname:problem:no-json"


async def test_a_body_beyond_the_bound_is_refused(ask: httpx.AsyncClient) -> None:
    answer = await ask.post("/v1/people/search", json={"text": "x" * 17_000})
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/v1/me", "/v1/people/crm:1", "/v1/people/crm:1/vcard"])
@pytest.mark.parametrize(
    "who",
    [None, "Basic x", "Bearer x", "Bearer rs1.AAAA", "Digest x", basic("anna", "x"),
     basic("boss", ""), basic("sbc", "Ein Passwort für die Anlage")],
)  # fmt: skip
async def test_nobody_is_let_in_without_right_credentials(
    people: LocalDirectory, path: str, who: str | None
) -> None:
    async with asker(app_of(people), who) as ask:
        answer = await ask.get(path)
    assert answer.status_code == 401
    assert answer.json()["type"] == "urn:rufname:problem:not-signed-in"
    assert answer.headers["www-authenticate"] == 'Bearer realm="rufname"'


async def test_a_session_is_opened_by_a_password_and_asks_as_its_user(
    people: LocalDirectory,
) -> None:
    app = app_of(people)
    async with asker(app, None) as ask:
        assert (await ask.get("/v1/sign-in")).json() == {
            "password": True,
            "tenant": SETTINGS.tenant,
            "client_id": SETTINGS.client_id,
            "authority": "https://login.microsoftonline.com",
            "tunnel": False,
        }
        right = {"name": "jörg", "password": "Straße"}
        session = (await ask.post("/v1/sign-in", json=right)).json()["session"]
        headers = {"Authorization": f"Bearer {session}"}
        assert (await ask.get("/v1/me", headers=headers)).json()["user"] == "jörg"
        wrong = await ask.post("/v1/sign-in", json={**right, "password": "strasse"})
        assert (wrong.status_code, wrong.json()["title"]) == (401, "Sign in first")


async def test_guessing_passwords_is_slowed_down_for_that_name_only(
    people: LocalDirectory,
) -> None:
    async with asker(app_of(people), None) as ask:
        for number in range(5):
            guess = {"name": "anna", "password": f"guess {number}"}
            assert (await ask.post("/v1/sign-in", json=guess)).status_code == 401
        again = await ask.post("/v1/sign-in", json={"name": "anna", "password": "Annas Wort"})
        assert again.status_code == 429
        assert 1 <= int(again.headers["retry-after"]) <= 13
        other = await ask.post("/v1/sign-in", json={"name": "jörg", "password": "Straße"})
        assert other.status_code == 200
        who = {"Authorization": basic("jörg", "Straße")}
        for number in range(6):
            guess = {"name": "jörg", "password": f"guess {number}"}
            await ask.post("/v1/sign-in", json=guess)
        assert (await ask.get("/v1/me", headers=who)).status_code == 200  # known to be right


async def test_each_user_has_its_own_rate_and_the_tenant_one_for_all(
    people: LocalDirectory,
) -> None:
    async def statuses(app: Litestar, *who: str) -> list[int]:
        found: list[int] = []
        for each in who:
            async with asker(app, each) as ask:
                answers = [await ask.get("/v1/people/crm:1") for _ in range(12)]
                found += [answer.status_code for answer in answers]
        return found

    anna, joerg = basic("anna", "Annas Wort"), basic("jörg", "Straße")
    assert (await statuses(app_of(people, user_rate=1), anna, joerg)).count(200) in range(4, 9)
    found = await statuses(app_of(people, tenant_rate=1), anna, joerg)
    assert found[:3] == [200, 200, 429]
    assert found.count(200) <= 5


class SlowDirectory(LocalDirectory):
    """Answers when it is told to."""

    def __init__(self, index: ContactIndex) -> None:
        super().__init__(index)
        self.go = asyncio.Event()
        self.waiting = 0

    @override
    async def people(self, query: PeopleQuery) -> PeoplePage:
        self.waiting += 1
        await self.go.wait()
        return PeoplePage()

    @override
    async def person(self, identity: ContactId, principal: Principal) -> PersonHit | None:
        raise RuntimeError(f"a fault that quotes {identity}")


@pytest.fixture
def slow(tmp_path: Path) -> Any:
    index = ContactIndex.open(tmp_path / "index", {})
    yield SlowDirectory(index)
    index.close()


async def test_a_directory_that_takes_too_long_is_a_503(slow: SlowDirectory) -> None:
    async with asker(app_of(slow, deadline_s=0.05), basic("anna", "Annas Wort")) as ask:
        answer = await ask.post("/v1/people/search", json={"text": "a"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_few_questions_of_one_user_are_answered_at_a_time(slow: SlowDirectory) -> None:
    async with asker(app_of(slow, max_in_flight=2), basic("anna", "Annas Wort")) as ask:
        running = [
            asyncio.create_task(ask.post("/v1/people/search", json={"text": "a"})) for _ in range(3)
        ]
        done, _ = await asyncio.wait(running, return_when="FIRST_COMPLETED")
        assert [each.result().status_code for each in done] == [429]
        slow.go.set()
        assert sorted([(await each).status_code for each in running]) == [200, 200, 429]


async def test_without_an_index_it_is_a_503_and_not_nobody(tmp_path: Path) -> None:
    index = ContactIndex.open(tmp_path / "index", {})
    async with asker(app_of(LocalDirectory(index)), basic("anna", "Annas Wort")) as ask:
        for answer in (
            await ask.post("/v1/people/search", json={"text": "a"}),
            await ask.get("/v1/people/crm:1"),
        ):
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    index.close()


async def test_nothing_that_was_searched_is_logged(
    people: LocalDirectory, slow: SlowDirectory, log: Callable[[], str]
) -> None:
    for directory in (people, slow):
        async with asker(app_of(directory, deadline_s=0.05), basic("anna", "Annas Wort")) as ask:
            await ask.post("/v1/people/search", json={"text": "Großmann 98123"})
            await ask.post("/v1/people/search", json={"text": "Großmann", "x": 98123})
            await ask.get("/v1/people/crm:98123")
    said = log()
    assert "98123" not in said
    assert "ro\u00dfmann" not in said
