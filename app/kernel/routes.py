"""Finding the route of a request without asking every route.

Owns a table of the application's routes by the part of their path that is fixed. The framework asks one router after the other, and each
of them all its routes, twice: with ours that was up to a millisecond of processor time for each request. Must not change which route
answers: among those that could, the first that was declared does, and whatever the table does not know is left to the framework.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from fastapi.routing import RouteContext
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

HANDLER = "moments.route_handler"


class RouteTable(BaseRoute):
    """Stands before all other routes and answers for those it was given. A method that is not allowed, a path nobody has and what is
    mounted are not its own: then it matches nothing."""

    def __init__(self, routes: Iterable[RouteContext]) -> None:
        by_stem: dict[str, list[tuple[int, Any]]] = defaultdict(list)
        for order, route in enumerate(routes):
            if isinstance(route.original_route, Route) and route.path is not None:
                by_stem[_stem(route.path)].append((order, route))
        self._by_stem = dict(by_stem)
        self._deepest = max((stem.count("/") for stem in by_stem), default=0)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http":
            return Match.NONE, {}
        for _, route in self._candidates(scope["path"]):
            match, found = route.matches(scope)
            if match == Match.FULL:
                return match, {**found, "route": route.original_route, HANDLER: route.app}
        return Match.NONE, {}

    def _candidates(self, path: str) -> list[tuple[int, Any]]:
        """What may answer to this path, in the order of declaration: routes whose stem is the path, or a part of it up to a slash."""
        found: list[tuple[int, Any]] = [] if path.endswith("/") else [*self._by_stem.get(path, ())]
        end = -1
        for _ in range(self._deepest):  # no further, however many slashes there are
            end = path.find("/", end + 1)
            if end < 0:
                break
            found += self._by_stem.get(path[: end + 1], ())
        return sorted(found, key=lambda one: one[0]) if len(found) > 1 else found

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope.pop(HANDLER)(scope, receive, send)


def _stem(path: str) -> str:
    """A path without parameters is its own stem; of others it is what comes before the segment of the first: `/v1/coupons/`."""
    fixed, brace, _ = path.partition("{")
    return fixed[: fixed.rfind("/") + 1] if brace else path
