"""The page's own modules in a real Chromium, for tests that call them one by one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, sync_playwright

from tests.relay.web.node import WEB, install_packages, run

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ORIGIN = "http://127.0.0.1:9"
"""A secure context, as WebCrypto wants; nothing listens there, Playwright answers."""

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="apt-get install chromium")

_BUILD = """
import { build } from "vite";
const [root, entry, outDir] = process.argv.slice(1);
await build({ root, configFile: false, logLevel: "error",
  build: { outDir, target: "es2022", minify: false,
    lib: { entry, formats: ["es"], fileName: "modules" } } });
"""


def built_modules(folder: Path, *names: str) -> dict[str, str]:
    """Return scripts by name; `modules.js` exports what modules of the page export."""
    web = install_packages()
    entry = folder / "entry.ts"
    entry.write_text("".join(f'export * from "{web / "src" / name}";\n' for name in names))
    argv = ("node", "--input-type=module", "-e", _BUILD, str(WEB), str(entry), str(folder / "out"))
    run(*argv)
    return {path.name: path.read_text(encoding="utf-8") for path in (folder / "out").glob("*.js")}


@contextmanager
def chromium_with(scripts: dict[str, str]) -> Iterator[Page]:
    """Open an empty page that has a module's exports as `window.tab`."""

    def serve(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        if name in scripts:
            route.fulfill(body=scripts[name], content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html><title>modules</title>", content_type="text/html")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        page = browser.new_page()
        page.route(f"{ORIGIN}/**", serve)
        page.goto(f"{ORIGIN}/")
        page.evaluate("async () => { window.tab = await import('/modules.js'); }")
        yield page
        browser.close()


def call(page: Page, body: str, **values: Any) -> Any:
    """Run the body of an async function over `tab`; `values` are its variables."""
    names = ", ".join(values)
    return page.evaluate(
        f"async ({{ {names} }}) => {{ const tab = window.tab; {body} }}",
        json.loads(json.dumps(values)),
    )
