"""Named errors of webhooks. Owns names and statuses."""

from __future__ import annotations

from app.kernel.errors import AppError, Conflict, NotFound


class UnknownEndpoint(NotFound):
    """There is no such webhook endpoint; `moments webhooks list` shows those there are."""


class TooManyEndpoints(Conflict):
    """No more webhook endpoints can be registered; remove one, or raise MOMENTS_WEBHOOKS__ENDPOINTS_MOST."""

    code = "too_many_endpoints"


class RotationUnderWay(Conflict):
    """The secret is being changed already; wait until the old one ends, or end it now."""

    code = "rotation_under_way"


class EndpointIsOff(AppError):
    """The endpoint is off, so nothing would be sent; enable it first."""

    status = 409
    code = "endpoint_is_off"
