"""Is the process alive, may it be sent questions? `GET /healthz`, `GET /readyz`; open to all.

Law: no personal data and no counts, since nobody is asked who they are.
"""

from __future__ import annotations

from litestar import Response, Router, get

from relay.directory import Directory
from relay.schema import HealthAnswer


def health_routes(directory: Directory) -> Router:
    """Return the routes that a load balancer or a supervisor watches."""

    @get("/healthz", sync_to_thread=False)
    def live() -> HealthAnswer:
        """Answer 200 as long as the event loop runs."""
        return HealthAnswer(status="live")

    @get("/readyz", sync_to_thread=False)
    def ready() -> Response[HealthAnswer]:
        """Answer 200 if look-ups can be answered, else 503 with the reason."""
        readiness = directory.ready()
        if readiness.ready:
            return Response(HealthAnswer(status="ready"))
        return Response(
            HealthAnswer(status="not ready", reason=readiness.reason),
            status_code=503,
            headers={"Retry-After": "10"},
        )

    return Router("/", route_handlers=[live, ready], tags=["health"])
