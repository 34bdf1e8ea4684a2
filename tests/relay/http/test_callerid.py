from __future__ import annotations

from urllib.parse import quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar import Litestar

from engine.client import Client
from engine.query import CallerMatch
from relay.directory import Readiness
from relay.http.app import create_app
from relay.http.calling import spellings
from relay.local import LocalDirectory
from relay.settings import RelaySettings
from tests.octets import has_digit, octets
from tests.relay.http.asking import CLIENTS, asker, basic

ERIKA = "Erika Müller-Lüdenscheidt"

SPELLINGS = [
    "+498999998123",
    "498999998123",
    "00498999998123",
    "08999998123",
    "99998123",
    "123",
    "089/99998-123",
    "+49 (0)89 99998-123",
    "+49 89 99998\u2013123",
    "tel:+49-89-99998-123",
    "tel:123;phone-context=+498999998",
    "sip:+498999998123@carrier.example;user=phone",
    "sips:08999998123@carrier.example",
    "Tel.: 089 / 99998 123",
    "\uff0b\uff14\uff19\uff18\uff19\uff19\uff19\uff19\uff19\uff18\uff11\uff12\uff13",
]


@pytest.mark.parametrize("number", SPELLINGS)
async def test_every_spelling_works_in_the_path_and_in_the_query(
    app: Litestar, number: str
) -> None:
    escaped = quote(number, safe="")
    async with asker(app) as ask:
        for url in (f"/v1/caller/{escaped}", f"/v1/caller?number={escaped}"):
            answer = await ask.get(url)
            assert (answer.status_code, answer.text) == (200, ERIKA), url


@pytest.mark.parametrize(
    "url",
    [
        "/v1/caller/+498999998123",
        "/v1/caller?number=+498999998123",
        "/v1/caller?number=%20498999998123",
        "/v1/caller?number=+4-98999998123",
        "/v1/caller?number=+4+9+8+9+9+9+9+9+8+1+2+3",
        "/v1/caller/%20498999998123",
        "/v1/caller?number=+49+89+99998123",
        "/v1/caller?number=tel:+498999998123",
        "/v1/caller?number=sip:+498999998123@carrier.example",
        "/v1/caller/089/99998/123",
        "/v1/caller/089/99998123/",
        "/v1/caller/%252B498999998123",
        "/v1/caller?number=%252B498999998123",
        "/v1/caller?number=%2099998123",
        "/v1/caller?key=x&number=08999998123",
    ],
)
async def test_a_number_that_was_not_or_twice_escaped_is_still_read(
    app: Litestar, url: str
) -> None:
    async with asker(app) as ask:
        answer = await ask.get(url)
    assert (answer.status_code, answer.text) == (200, ERIKA)


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("+493023125001", 'Jörg "Joe" O\\Neil'),
        ("+4917139200011", "山田太郎"),
        ("+493023125002", "Abel GmbH"),
    ],
)
async def test_text_is_the_name_and_nothing_else(app: Litestar, number: str, name: str) -> None:
    async with asker(app) as ask:
        answer = await ask.get(f"/v1/caller/{number}")
    assert answer.content == name.encode()
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Length"] == str(len(name.encode()))


@pytest.mark.parametrize("accept", ["*/*", "text/plain", "application/json", ""])
@pytest.mark.parametrize("url", ["/v1/caller/+498999998123?", "/v1/caller?number=%2B498999998123&"])
async def test_the_query_may_choose_the_form_of_the_answer(
    app: Litestar, url: str, accept: str
) -> None:
    async with asker(app, accept=accept) as ask:
        assert (await ask.get(f"{url}format=json")).json()["name"] == ERIKA
        assert (await ask.get(f"{url}format=text")).text == ERIKA
        usual = await ask.get(url.rstrip("?&"))
        assert (await ask.get(f"{url}format=")).content == usual.content


@pytest.mark.parametrize("form", ["xml", "JSON", "json,text", "%00"])
async def test_an_unknown_form_is_a_bad_request(app: Litestar, form: str) -> None:
    async with asker(app) as ask:
        answer = await ask.get(f"/v1/caller/+498999998123?format={form}")
    assert (answer.status_code, answer.content) == (400, b"")


async def test_json_is_the_whole_match(app: Litestar) -> None:
    async with asker(app, accept="application/json") as ask:
        answer = await ask.get("/v1/caller/+498999998123")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {
        "name": ERIKA,
        "class": 2,
        "number": "+498999998123",
        "id": "crm:1",
        "source": "crm",
        "runners_up": 0,
    }


@pytest.mark.parametrize("accept", ["*/*", "application/json"])
@pytest.mark.parametrize(
    "url",
    [
        "/v1/caller/+493023125999",
        "/v1/caller",
        "/v1/caller/",
        "/v1/caller?number=",
        "/v1/caller?nummer=+498999998123",
        "/v1/caller/anonymous",
        "/v1/caller/sip:anonymous@anonymous.invalid",
        "/v1/caller/110",
        "/v1/caller/%00",
        "/v1/caller/%FF%FE",
        "/v1/caller/*",
        "/v1/caller/..%2F..%2Fhealthz",
        "/v1/caller/%2F%2F",
        "/v1/caller/+493023125003",
        "/v1/caller/" + "1" * 201,
        "/v1/caller?number=" + "+498999998123".rjust(300, "0"),
    ],
)
async def test_who_is_not_found_gets_an_empty_404(app: Litestar, url: str, accept: str) -> None:
    async with asker(app, accept=accept) as ask:
        answer = await ask.get(url)
    assert (answer.status_code, answer.content) == (404, b"")
    assert answer.headers["Content-Length"] == "0"


async def test_a_number_of_exactly_the_longest_length_is_looked_up(app: Litestar) -> None:
    uri = "sip:+498999998123@carrier.example;user=phone;x="
    async with asker(app) as ask:
        longest = await ask.get(f"/v1/caller/{uri.ljust(200, 'a')}")
        longer = await ask.get(f"/v1/caller/{uri.ljust(201, 'a')}")
    assert (longest.status_code, longer.status_code) == (200, 404)


async def test_the_asking_clients_sources_decide(app: Litestar) -> None:
    url = "/v1/caller/+493023125004"
    async with asker(app) as ask:
        assert (await ask.get(url)).status_code == 404
    async with asker(app, basic("personnel", "personnel")) as ask:
        assert (await ask.get(url)).text == "Geheime Personalie"
    async with asker(app, basic("phones only", "p")) as ask:
        assert (await ask.get("/v1/caller/+498999998123")).status_code == 404


async def test_every_lookup_says_how_long_it_took(app: Litestar) -> None:
    async with asker(app) as ask:
        for number in ("+498999998123", "+493023125999"):
            timing = (await ask.get(f"/v1/caller/{number}")).headers["Server-Timing"]
            name, _, duration_ms = timing.partition(";dur=")
            assert name == "lookup"
            assert 0 < float(duration_ms) < 10_000


async def test_without_an_index_the_answer_is_later_not_nobody(empty_app: Litestar) -> None:
    async with asker(empty_app) as ask:
        answer = await ask.get("/v1/caller/+498999998123")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.content == b""


class Recorder:
    """A directory that knows nobody and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def caller(self, number: str, client: Client) -> CallerMatch | None:
        assert client.name == "sbc"
        self.asked.append(number)
        return None

    def ready(self) -> Readiness:
        return Readiness(ready=True)


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture(scope="module")
def recorded(recorder: Recorder) -> Litestar:
    return create_app(recorder, lambda: CLIENTS, RelaySettings("127.0.0.1", 0))


@settings(deadline=None)  # the first example verifies a password
@given(
    number=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="%"), max_size=60)
)
async def test_any_text_reaches_the_directory_as_it_was_escaped(
    recorder: Recorder, recorded: Litestar, number: str
) -> None:
    recorder.asked.clear()
    async with asker(recorded) as ask:
        answer = await ask.get("/v1/caller", params={"number": number})
    assert answer.status_code == 404
    assert recorder.asked == list(spellings(number))
    assert recorder.asked[-1].lstrip() == number.lstrip() or ":" in number


@pytest.mark.parametrize(
    ("number", "read"),
    [
        ("", ("",)),
        ("+49 89", ("+49 89",)),
        (" 4989", ("+4989", "4989")),
        ("  4989", ("+4989", "4989")),
        (" 089", (" 089",)),
        (" 1 (202) 555-0100", ("+1 (202) 555-0100", "1 (202) 555-0100")),
        (" 1", (" 1",)),
        (" 1 ", (" 1 ",)),
        (" 1 x2", (" 1 x2",)),
        (" x", (" x",)),
        ("TEL: 4989", ("TEL:+4989", "TEL:4989")),
        ("%2B4989", ("+4989",)),
        ("100%", ("100%",)),
    ],
)
def test_only_a_space_before_a_country_code_may_be_a_lost_plus(
    number: str, read: tuple[str, ...]
) -> None:
    assert spellings(number) == read


@settings(deadline=None, max_examples=40)  # the first example verifies a password
@given(number=octets, form=st.sampled_from(["path", "query", "raw query"]))
async def test_any_octets_get_a_name_or_an_empty_no(
    local: LocalDirectory, number: bytes, form: str
) -> None:
    escaped = quote(number, safe="/" if form == "path" else "")
    if form == "raw query":  # what a client that escapes nothing may send in a request line
        escaped = quote(number, safe="".join(map(chr, range(0x21, 0x7F)))).replace("#", "%23")
    url = f"/v1/caller/{escaped}" if form == "path" else f"/v1/caller?number={escaped}"
    async with asker(create_app(local, lambda: CLIENTS, RelaySettings("127.0.0.1", 0))) as ask:
        answer = await ask.get(url)
    assert answer.status_code in {200, 404}
    assert bool(answer.content) == (answer.status_code == 200)
    if not has_digit(unquote(unquote(number.decode("utf-8", "replace")))):
        assert answer.status_code == 404
