"""A stand-in for Microsoft Teams around the unmodified page: it answers what the library asks.

Served by Playwright under the page's own origin, which the Teams library trusts without a list; the
page in the frame comes from the real server.
"""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Frame, Page, Route

HOST_PATH = "/fake-host.html"

_HOST = """<!doctype html><html lang="en"><head><title>host</title><style>
html,body{margin:0;height:100%}iframe{border:0;width:100%;height:100%;display:block}
</style></head><body><script>
const options = OPTIONS;
const calls = [];
const supports = Object.fromEntries(options.supports.map((name) => [name, {}]));
if (supports.pages && options.back) supports.pages.backStack = {};
supports.app = {notifySuccessResponse: {}};
const runtime = JSON.stringify({apiVersion: 4, isLegacyTeams: false, supports});
const answers = {
  initialize: () => ["content", options.client, runtime, "2.58.0"],
  getContext: () => [{locale: options.locale, theme: options.theme, entityId: "people",
    userObjectId: options.oid, tid: options.tid, hostName: options.name,
    hostClientType: options.client, frameContext: "content", sessionId: "s"}],
  "authentication.getAuthToken": () => options.token === "never" ? undefined
    : options.token ? [true, options.token] : [false, "refused"],
  "call.startCall": () => [true],
  "chat.openChat": () => [true],
  "mail.composeMail": () => [true],
  executeDeepLink: () => [true],
  "webStorage.isWebStorageClearedOnUserLogOut": () => [options.forgets],
  navigateBack: () => [true],
  "appInitialization.success": () => [undefined],
};
addEventListener("message", (event) => {
  const frame = document.querySelector("iframe");
  if (event.source !== frame.contentWindow) return;
  const message = event.data;
  calls.push([message.func, message.args]);
  const answer = answers[message.func]?.(message.args);
  if (answer) frame.contentWindow.postMessage({id: message.id, uuidAsString: message.uuidAsString,
    args: answer, monotonicTimestamp: performance.now()}, event.origin);
});
function back() { // a host asks the page once it has registered, else it leaves the tab by itself
  const asked = calls.some(([func, args]) => func === "registerHandler"
    && args[0] === "backButton");
  if (asked) document.querySelector("iframe").contentWindow.postMessage(
    {func: "backButtonPress", args: []}, location.origin);
  else calls.push(["navigateBack", []]);
}
function theme(name) {
  document.querySelector("iframe").contentWindow.postMessage(
    {func: "themeChange", args: [name]}, location.origin);
}
</script><iframe src="WHERE" title="tab" allow="clipboard-read; clipboard-write"></iframe>
</body></html>
"""


class FakeTeams:
    """A page of the browser that is Teams with the tab open in it."""

    def __init__(self, page: Page, address: str, token: str, **options: Any) -> None:
        """Open the tab.

        Args:
            page: of the browser.
            address: of the real server.
            token: what the host hands out as the user's token; "" refuses, "never" is silent.
            options: locale, theme, client, name, supports, back (whether pages hear of the back
                button), forgets, oid, tid; `fragment` of the address
                that the app package opens.
        """
        self.page = page
        self._fragment = options.pop("fragment", "")
        self.options = {
            "locale": "en-us", "theme": "default", "client": "desktop", "forgets": True,
            "name": "Teams",
            "back": True, "supports": ["call", "chat", "mail", "pages", "webStorage"],
            "oid": "o", "tid": "t", "token": token, **options,
        }  # fmt: skip
        page.route(f"{address}{HOST_PATH}", self._serve)
        page.goto(address + HOST_PATH)

    @property
    def tab(self) -> Frame:
        """The frame that the tab is in."""
        frame = self.page.frames[1]
        assert frame.parent_frame is self.page.main_frame
        return frame

    def calls(self, name: str) -> list[Any]:
        """Return the arguments of each call of a function of the host."""
        return [args for func, args in self.page.evaluate("calls") if func == name]

    def wait_for(self, name: str, times: int = 1) -> None:
        """Wait until a function of the host was called so often."""
        self.page.wait_for_function(
            "([name, times]) => calls.filter(([func]) => func === name).length >= times",
            arg=[name, times],
        )

    def press_back(self) -> None:
        """Press the back button of the host, as a phone's gesture does."""
        self.page.evaluate("back()")

    def set_theme(self, name: str) -> None:
        """Change the host's theme, as a user does in its settings."""
        self.page.evaluate("theme", name)

    def set_token(self, token: str) -> None:
        """Hand out another token from now on."""
        self.page.evaluate("token => { options.token = token }", token)

    def _serve(self, route: Route) -> None:
        body = _HOST.replace("OPTIONS", json.dumps(self.options))
        body = body.replace("WHERE", f"/{self._fragment}")
        route.fulfill(body=body, content_type="text/html")
