"""Every route of the house is found without asking all of them."""

from __future__ import annotations

import re

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Match

from app.kernel.routes import RouteTable


def test_each_is_found_by_the_table_and_is_the_one_the_framework_finds(app: FastAPI) -> None:
    """Planted bug this was seen to fail on: a table made before the routes of the demo and the pages of problems are added."""
    table, *others = app.router.routes
    assert isinstance(table, RouteTable)
    asked = 0
    for context in iter_route_contexts(others):
        for method in context.methods or ():
            path = re.sub(r"{(\w+)(:\w+)?}", lambda found: found[1], str(context.path))
            scope = {"type": "http", "method": method, "path": path, "root_path": "", "app": app}
            match, found = table.matches(dict(scope))
            assert match == Match.FULL, (method, path)
            first = next(one for one in iter_route_contexts(others) if one.matches(dict(scope))[0] == Match.FULL)
            assert found["route"] is first.original_route, (method, path)
            asked += 1
    assert asked > 250
