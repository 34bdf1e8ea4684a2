"""One browser and one real server for all tests of the app; each test has a context of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

from tests.e2e.running import Rufname, running_rufname
from tests.e2e.tab.customer import running_customer_page
from tests.e2e.tab.fakehost import FakeTeams
from tests.e2e.tab.issuer import OID, TENANT, Issuer, running_issuer
from tests.e2e.tab.world import ERIKA, OUTSIDER, address_of, company_source
from tests.relay.web.node import install_packages

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE_MS = 15_000

Opened = Callable[..., Page]
InTeams = Callable[..., FakeTeams]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def issuer() -> Iterator[Issuer]:
    with running_issuer() as running:
        yield running


@pytest.fixture(scope="package")
def customer_page() -> Iterator[str]:
    with running_customer_page() as address:
        yield address


@pytest.fixture(scope="package")
def server(
    tmp_path_factory: pytest.TempPathFactory, issuer: Issuer, customer_page: str
) -> Iterator[Rufname]:
    folder = tmp_path_factory.mktemp("tab")
    with running_rufname(
        folder,
        sources=[company_source(folder)],
        users=(ERIKA, OUTSIDER),
        groups={"sales": ""},
        ldap=False,
        relay_settings={
            **issuer.settings,
            "chat_domains": ["firm.example"],
            "customer_page": customer_page,
            "limits": {"user_rate": 0, "tenant_rate": 0},
        },
        more='[directory.custom_names]\ncustom.1 = "Customer number"',
    ) as running:
        yield running


@pytest.fixture(scope="session")
def axe() -> str:
    return (install_packages() / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def contexts(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Make contexts; none may have met an error on the page when the test ends."""
    errors: list[str] = []
    with ExitStack() as stack:

        def make(**options: Any) -> BrowserContext:
            context = browser.new_context(**{"locale": "en-US", **options})
            context.set_default_timeout(PATIENCE_MS)
            context.route("https://res.cdn.office.net/**", _no_network)
            context.on("weberror", lambda error: errors.append(str(error.error)))
            stack.callback(context.close)
            return context

        yield make
    assert errors == []


@pytest.fixture
def browser_context(contexts: Callable[..., BrowserContext]) -> BrowserContext:
    """A browser with a memory, for tests that open the tab twice."""
    return contexts()


@pytest.fixture
def open_page(contexts: Callable[..., BrowserContext], server: Rufname) -> Opened:
    """Open the page in a browser of its own, signed in as Erika unless told otherwise."""

    def opened(user: str = "erika", password: str = ERIKA.password, **options: Any) -> Page:
        page = contexts(**options).new_page()
        page.goto(address_of(server))
        if user:
            page.locator("#signin-name").fill(user)
            page.locator("#signin-password").fill(password)
            page.keyboard.press("Enter")
            page.locator("#search").wait_for()
        return page

    return opened


@pytest.fixture
def in_teams(contexts: Callable[..., BrowserContext], server: Rufname, issuer: Issuer) -> InTeams:
    """Open the tab in a fake Teams, with a right token unless told otherwise."""

    def opened(
        token: str | None = None, context: BrowserContext | None = None, **options: Any
    ) -> FakeTeams:
        page = (context or contexts()).new_page()
        token = issuer.token() if token is None else token
        return FakeTeams(page, address_of(server), token, **{"oid": OID, "tid": TENANT, **options})

    return opened


def _no_network(route: Route) -> None:
    route.abort()
