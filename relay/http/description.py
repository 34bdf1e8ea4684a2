"""What the framework cannot know of our routes, put into the OpenAPI description.

Law: nothing is described here that a test does not hold against the running server.
"""

from __future__ import annotations

from litestar.openapi.spec import (
    OpenAPI,
    OpenAPIMediaType,
    Operation,
    RequestBody,
    Schema,
)
from litestar.openapi.spec.enums import OpenAPIType

from relay.http.accept import JSON, TEXT
from relay.http.problems import ANYNODE_PATH, CALLER_PATH

_EXACT = ("SearchQuestion", "SignInQuestion")
"""Bodies in which an unknown field is refused."""


def complete(description: OpenAPI) -> None:
    """Add what is missing, in place."""
    schemas = description.components.schemas
    for name in _EXACT:
        schema = schemas[name]
        assert isinstance(schema, Schema)
        schema.additional_properties = False
    for path, item in (description.paths or {}).items():
        for operation in (item.get, item.post):
            if operation is not None and path.startswith(CALLER_PATH) and path != ANYNODE_PATH:
                _say_silence(operation)
    anynode = (description.paths or {})[ANYNODE_PATH].post
    assert anynode is not None
    anynode.request_body = RequestBody({JSON: OpenAPIMediaType(_route())}, required=True)


def _say_silence(operation: Operation) -> None:
    """Say that who asks for a caller as text gets refusals without a body."""
    for status, response in (operation.responses or {}).items():
        content = getattr(response, "content", None)
        if status != "404" and content is not None:
            content.setdefault(TEXT, OpenAPIMediaType(Schema(type=OpenAPIType.STRING)))


def _route() -> Schema:
    """Return the shape of anynode's question; what else it holds comes back as it was sent."""
    text = Schema(type=[OpenAPIType.STRING, OpenAPIType.NULL])
    return Schema(
        type=OpenAPIType.OBJECT,
        required=["sourceAddress"],
        properties={
            "sourceAddress": Schema(
                type=OpenAPIType.OBJECT, properties={"dialString": text, "displayName": text}
            )
        },
    )
