"""Makes wrong rules of right ones, one small change each, to see whether the specification notices.

Owns the changes. A mutant is made in Cedar's JSON form and written back as text; one that Cedar's own check refuses is not counted: it
would not start.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cedarpy

from app.security.policies.engine import Engine, RulesBroken

OPPOSITES = {"<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",), "!=": ("==",), "&&": ("||",), "||": ("&&",)}


@dataclass(frozen=True)
class Mutant:
    """`policy` is the @id of the one that was changed, `actions` those it is about (None: all)."""

    policy: str
    change: str
    text: str
    actions: frozenset[str] | None


def mutants(text: str) -> Iterator[Mutant]:
    document = json.loads(cedarpy.policies_to_json_str(text))
    for key, policy in document["staticPolicies"].items():
        actions = _actions(policy)
        for change, changed in _changes(policy):
            out = copy.deepcopy(document)
            if changed is None:
                del out["staticPolicies"][key]
            else:
                out["staticPolicies"][key] = changed
            yield Mutant(policy["annotations"]["id"], change, cedarpy.policies_from_json_str(json.dumps(out)), actions)


def engine_of(mutant: Mutant, schema: str) -> Engine | None:
    """None for one that would not start."""
    try:
        return Engine(mutant.text, schema)
    except RulesBroken:
        return None


def _actions(policy: dict[str, Any]) -> frozenset[str] | None:
    scope = policy["action"]
    if scope["op"] == "==":
        return frozenset({scope["entity"]["id"]})
    return frozenset(e["id"] for e in scope["entities"]) if scope["op"] == "in" else None


def _changes(policy: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any] | None]]:
    yield "dropped", None
    flipped = copy.deepcopy(policy)
    notes = flipped["annotations"]
    if policy["effect"] == "permit":
        flipped["effect"], notes["reason"] = "forbid", "planted"
    else:
        flipped["effect"] = "permit"
        for name in ("reason", "step_up", "max_age_s"):
            notes.pop(name, None)
    yield "effect flipped", flipped
    yield from _notes(policy)
    yield from _scope(policy)
    for i, condition in enumerate(policy["conditions"]):
        dropped = copy.deepcopy(policy)
        del dropped["conditions"][i]
        yield f"condition {i} dropped", dropped
        turned = copy.deepcopy(policy)
        turned["conditions"][i]["kind"] = "unless" if condition["kind"] == "when" else "when"
        yield f"condition {i} turned", turned
        for change, body in _expression(condition["body"]):
            changed = copy.deepcopy(policy)
            changed["conditions"][i]["body"] = body
            yield f"condition {i}: {change}", changed


def _notes(policy: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    def noted(**values: str | None) -> dict[str, Any]:
        changed = copy.deepcopy(policy)
        for name, value in values.items():
            changed["annotations"].pop(name, None)
            if value is not None:
                changed["annotations"][name] = value
        return changed

    notes = policy["annotations"]
    if "reason" in notes:
        yield "another reason", noted(reason="planted")
    if "step_up" in notes:
        yield "a question made a refusal", noted(step_up=None, max_age_s=None)
        for step in (-1, 1):
            yield f"max_age_s {step:+}", noted(max_age_s=str(int(notes["max_age_s"]) + step))
        for other in ("confirm", "passkey", "live_code"):
            if other != notes["step_up"]:
                yield f"asks for {other}", noted(step_up=other)
    elif "reason" in notes:
        yield "a refusal made a question", noted(step_up="confirm", max_age_s="300")


def _scope(policy: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if policy["action"]["op"] == "in":
        for k, entity in enumerate(policy["action"]["entities"]):
            changed = copy.deepcopy(policy)
            del changed["action"]["entities"][k]
            yield f"not for {entity['id']}", changed
    if policy["principal"]["op"] == "is":
        changed = copy.deepcopy(policy)
        changed["principal"] = {"op": "All"}
        yield "for everybody", changed


def _expression(node: Any) -> Iterator[tuple[str, Any]]:
    """Every expression that differs from `node` in one place."""
    if not isinstance(node, dict):
        return
    ((operator, inside),) = node.items()
    if operator == "Value":
        if isinstance(inside, bool):
            return
        if isinstance(inside, int):
            yield from ((f"{inside}{step:+}", {"Value": inside + step}) for step in (-1, 1))
        elif isinstance(inside, str):
            yield f"{inside!r} another word", {"Value": f"{inside}x"}
        return
    if operator == "Set":
        for k in range(len(inside)):
            yield f"without {inside[k]['Value']}", {"Set": [v for j, v in enumerate(inside) if j != k]}
        return
    for other in OPPOSITES.get(operator, ()):
        yield f"{operator} made {other}", {other: inside}
    if operator in ("&&", "||"):
        yield "left side alone", inside["left"]
        yield "right side alone", inside["right"]
    if operator == "!":
        yield "not taken away", inside["arg"]
    if operator == "has":
        yield f"has {inside['attr']} made no", {"!": {"arg": node}}
        return
    if operator == ".":
        yield f"{inside['attr']} made no", {"!": {"arg": node}}
        return
    for side, part in inside.items():
        for change, body in _expression(part):
            yield change, {operator: {**inside, side: body}}


