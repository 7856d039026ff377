"""Which caller a test uses for an operation: the first role the route declares, so that requests get past the gate."""

from __future__ import annotations

from fastapi import FastAPI

from app.security.access import declared_routes
from app.security.principals import Role

ORDER = (Role.SHOPPER, Role.CLERK, Role.MARKETER, Role.OPERATOR, Role.SERVER)


def role_for(app: FastAPI, method: str, path: str) -> Role | None:
    """None: the route is open to anyone."""
    for route in declared_routes(app):
        if route.method == method.upper() and route.path == path and route.allow is not None:
            return next((role for role in ORDER if role in route.allow.roles), None)
    return None


BY_ANOTHER_STANDARD = {"/v1/security-events": {"err", "description"}}
"""Routes whose refusals have the shape that their own standard asks for (RFC 8935), and what is in them."""
