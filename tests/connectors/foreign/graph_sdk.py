"""Microsoft's own client for Graph, as a program: follows the delta of users, prints what it got.

    graph_sdk.py ENDPOINT TOKEN [DELTA_LINK]

Prints one JSON object: `users` (id → display name, None for a removed one, in the order they came),
`pages`, and `link`, with which the next round begins. Run by an interpreter that has `msgraph-sdk`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from kiota_abstractions.authentication import AuthenticationProvider
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.request_information import RequestInformation
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.users.delta.delta_request_builder import DeltaRequestBuilder


class GivenToken(AuthenticationProvider):
    """Puts a token that is at hand already into each request."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def authenticate_request(
        self, request: RequestInformation, additional_authentication_context: Any = None
    ) -> None:
        """Add the header."""
        del additional_authentication_context
        request.headers.try_add("Authorization", f"Bearer {self._token}")


async def follow(endpoint: str, token: str, link: str) -> dict[str, Any]:
    """Read every page of one round."""
    adapter = GraphRequestAdapter(GivenToken(token))
    adapter.base_url = endpoint
    delta = GraphServiceClient(request_adapter=adapter).users.delta
    wanted = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(
        select=["id", "displayName", "businessPhones"]
    )
    if link:
        page = await delta.with_url(link).get()
    else:
        page = await delta.get(RequestConfiguration(query_parameters=wanted))
    users: dict[str, str | None] = {}
    pages = 1
    while page is not None:
        for user in page.value or []:
            users[user.id] = None if "@removed" in user.additional_data else user.display_name
        if not page.odata_next_link:
            return {"users": users, "pages": pages, "link": page.odata_delta_link}
        page = await delta.with_url(page.odata_next_link).get()
        pages += 1
    raise SystemExit("an empty answer")


print(json.dumps(asyncio.run(follow(*sys.argv[1:3], (sys.argv[3:] or [""])[0]))))
