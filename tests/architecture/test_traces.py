"""What the code says in traces is on the list of what may be said, and what is asked of us is told by template alone.

Seen to fail on `tracing.span("fixes.append", shopper=...)`.
"""

from __future__ import annotations

import ast

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from app.kernel.tracing import ATTRIBUTES, allowed
from tests.architecture.sources import name, python_files, tree

SAYS = {"root", "span", "following", "happened", "mark"}
ITS_OWN = {"traceparent", "server"}


def _said() -> list[tuple[str, int, str]]:
    found: list[tuple[str, int, str]] = []
    for path in python_files():
        if name(path) == "app/kernel/tracing.py":
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
                whose, verb = node.func.value.id, node.func.attr
                if (whose == "tracing" and verb in SAYS) or (whose == "span" and verb == "set"):
                    found += [(name(path), node.lineno, word.arg or "**") for word in node.keywords if word.arg not in ITS_OWN]
    return found


class TestSaid:
    def test_every_attribute_is_on_the_list_and_is_said_somewhere(self) -> None:
        said = _said()
        assert [one for one in said if one[2] not in ATTRIBUTES] == []
        # `error` is said by the span itself
        assert {word for _, _, word in said} == ATTRIBUTES.keys() - {"error"}


class TestRoutes:
    def test_every_template_may_be_told(self, app: FastAPI) -> None:
        routes = {route.path for route in iter_route_contexts(app.routes) if getattr(route, "path", None)}
        assert len(routes) > 100
        assert {route for route in routes if allowed({"route": route}) != {"http.route": route}} == set()
