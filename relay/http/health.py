"""Is the process alive, may it be sent questions? `GET /healthz`, `GET /readyz`; open to all.

Law: no personal data and no counts, since nobody is asked who they are.
"""

from __future__ import annotations

from collections.abc import Callable

from litestar import Response, Router, get

from relay.directory import Readiness
from relay.schema import HealthAnswer


def health_routes(ready: Callable[[], Readiness]) -> Router:
    """Return the routes that a load balancer or a supervisor watches.

    Args:
        ready: tells whether questions can be answered now; cheap, never raises.
    """

    @get("/healthz", sync_to_thread=False)
    def live() -> HealthAnswer:
        """Answer 200 as long as the event loop runs."""
        return HealthAnswer(status="live")

    @get("/readyz", sync_to_thread=False)
    def readyz() -> Response[HealthAnswer]:
        """Answer 200 if questions can be answered, else 503 with the reason."""
        readiness = ready()
        if readiness.ready:
            return Response(HealthAnswer(status="ready"))
        return Response(
            HealthAnswer(status="not ready", reason=readiness.reason),
            status_code=503,
            headers={"Retry-After": "10"},
        )

    return Router("/", route_handlers=[live, readyz], tags=["health"])
