"""Asks the rules: loads and checks them once, answers allow, step up or deny.

Owns the one place that speaks Cedar. Must not know where a fact comes from (app/security/asking.py), nor write anything down
(decision_log.py). Semantics, on top of Cedar's own (nothing is allowed that no rule permits; one forbid is enough):

- A forbid with `@step_up` is a question, not a refusal. Where only such rules stand in the way, they are asked again with the
  proof they want; if that opens it the answer is step_up with that proof, else deny. So nobody is asked for a proof in vain.
- A rule that cannot be evaluated would be skipped by Cedar, which for a forbid means open. Here any such fault denies.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from app.security.policies.contracts import FACTS, Acr, Action, Context, Outcome, PolicyDecision, StepUp, inputs_hash
from app.security.principals import STAFF, Principal

RULES = Path(__file__).parent / "rules"
NOT_PERMITTED, POLICY_FAULT = "not_permitted", "policy_fault"
CONFIRM = "confirm"
ACCEPTED_PROOFS = (CONFIRM, Acr.PASSKEY.value, Acr.LIVE_CODE.value)


class RulesBroken(RuntimeError):
    """The policies cannot be used as they are; the message names the rule and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What is written beside one policy. `step_up` is None for a plain permit or forbid."""

    id: str
    reason: str
    step_up: str | None
    max_age_s: int
    permits: bool


class Engine:
    """One set of rules, parsed and checked. Safe to share between threads: nothing in it changes."""

    def __init__(self, text: str, schema: str) -> None:
        import cedarpy  # lazy: 15 MB of it, and most commands never ask

        self._cedar = cedarpy
        try:
            self._schema = cedarpy.Schema.from_str(schema)
            self._policies = cedarpy.PolicySet.from_str(text)
            checked = cedarpy.validate_policies(text, self._schema)
            described = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
        except ValueError as wrong:
            raise RulesBroken(str(wrong)) from wrong
        self.rules = {policy: _rule(policy, found) for policy, found in described.items()}
        if not checked.validation_passed:
            told = "; ".join(f"{self.rules[e.policy_id].id if e.policy_id in self.rules else e.policy_id}: {e.error}" for e in checked.errors)
            raise RulesBroken(told)
        names = [rule.id for rule in self.rules.values()]
        if len(set(names)) != len(names):
            raise RulesBroken(f"two policies with one @id: {sorted(n for n in set(names) if names.count(n) > 1)}")
        self._nobody = cedarpy.Entities.from_json_str("[]")

    def decide(self, action: Action, role: str, context: Context) -> PolicyDecision:
        """The answer for a caller of `role` (`anyone` for nobody known)."""
        known = context.known()
        asked = inputs_hash(action, role, known)

        def answer(outcome: Outcome, rules: Iterable[Rule], step_up: StepUp | None = None, otherwise: str = NOT_PERMITTED) -> PolicyDecision:
            named = sorted(rules, key=lambda r: r.id)
            reasons = () if outcome is Outcome.ALLOW else tuple(dict.fromkeys(r.reason for r in named)) or (otherwise,)
            return PolicyDecision(action, role, outcome, reasons, tuple(r.id for r in named), asked, step_up)

        allowed, rules, fault = self._ask(action, role, known)
        if fault:
            return answer(Outcome.DENY, (), otherwise=POLICY_FAULT)
        if allowed:
            return answer(Outcome.ALLOW, rules)
        final = [r for r in rules if r.step_up is None]
        if final or not rules:
            return answer(Outcome.DENY, final)
        wanted = _wanted(rules, role, context)
        opened, still, fault = self._ask(action, role, _with(wanted, context).known())
        if opened and not fault:
            return answer(Outcome.STEP_UP, rules, wanted)
        return answer(Outcome.DENY, still, otherwise=POLICY_FAULT if fault else NOT_PERMITTED)

    def _ask(self, action: Action, role: str, known: Mapping[str, Any]) -> tuple[bool, list[Rule], bool]:
        """(allowed, the policies that decided, whether any could not be evaluated)."""
        request = {
            "principal": {"type": role.capitalize(), "id": "it"},
            "action": {"type": "Action", "id": str(action)},
            "resource": {"type": "House", "id": "ours"},
            "context": dict(known),
        }
        result = self._cedar.is_authorized(request, self._policies, self._nobody, self._schema)
        found = result.diagnostics
        return result.allowed, [self.rules[name] for name in found.reasons], bool(found.errors) or result.decision is self._cedar.Decision.NoDecision


def _rule(policy: str, found: Mapping[str, Any]) -> Rule:
    notes, permits = found.get("annotations") or {}, found["effect"] == "permit"
    name = notes.get("id") or ""
    if not name:
        raise RulesBroken(f"{policy}: a policy has an @id")
    wanted = notes.get("step_up")
    if permits and (wanted or "reason" in notes):
        raise RulesBroken(f"{name}: a permit has neither @reason nor @step_up")
    if not permits and not notes.get("reason"):
        raise RulesBroken(f"{name}: a forbid has a @reason")
    if wanted is not None and wanted not in ACCEPTED_PROOFS:
        raise RulesBroken(f"{name}: @step_up is one of {', '.join(ACCEPTED_PROOFS)}")
    if (wanted is not None) != str(notes.get("max_age_s", "")).isdigit():
        raise RulesBroken(f"{name}: @step_up and @max_age_s (seconds) go together")
    unknown = set(_asked(found["conditions"])) - FACTS
    if unknown:  # Cedar takes `context has colour` for a plain no
        raise RulesBroken(f"{name}: there is no fact {', '.join(sorted(unknown))}")
    return Rule(name, notes.get("reason", ""), wanted, int(notes.get("max_age_s", 0)), permits)


def _asked(part: Any) -> Iterator[str]:
    """The facts a condition asks for, in Cedar's JSON."""
    if isinstance(part, list):
        for inner in part:
            yield from _asked(inner)
    elif isinstance(part, dict):
        for operator, inner in part.items():
            if operator in ("has", "."):
                yield inner["attr"]
            yield from _asked(inner)


def _wanted(rules: Iterable[Rule], role: str, context: Context) -> StepUp:
    """The one proof that answers all of them: as fresh as the strictest wants it, and the best she has where that will do.

    Staff without passkey and password come in by links of the house, so another link will do; a shopper with neither is
    asked for a passkey, which she can make there and then.
    """
    given = list(rules)
    max_age_s = min(r.max_age_s for r in given)
    asked = {r.step_up for r in given}
    if Acr.LIVE_CODE.value in asked:
        return StepUp(Acr.LIVE_CODE, max_age_s)
    if Acr.PASSKEY.value in asked or context.has_passkey is True:
        return StepUp(Acr.PASSKEY, max_age_s)
    if context.has_password is True:
        return StepUp(Acr.PASSWORD, max_age_s)
    return StepUp(Acr.LINK if role in STAFF else Acr.PASSKEY, max_age_s)


def _with(wanted: StepUp, context: Context) -> Context:
    """The same request once the proof is there."""
    if wanted.acr is Acr.LIVE_CODE:
        return replace(context, live_code=True)
    return replace(context, acr=wanted.acr, auth_age_s=0, has_passkey=context.has_passkey is True or wanted.acr is Acr.PASSKEY)


def rules_text(folder: Path = RULES) -> tuple[str, str]:
    """(all policies, the schema) of a folder."""
    policies = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.cedar")))
    return policies, (folder / "schema.cedarschema").read_text(encoding="utf-8")


@cache
def engine() -> Engine:
    """The house's own rules, loaded once in a process. Raises RulesBroken."""
    return Engine(*rules_text())


def role_of(principal: Principal) -> str:
    return principal.kind.value if principal.kind is not None else "anyone"


def decide(action: Action, principal: Principal, context: Context) -> PolicyDecision:
    """May this caller do this, as things are? Nothing is written down by asking (see app/security/enforcing.py)."""
    return _answered(action, role_of(principal), context)


@lru_cache(maxsize=1024)
def _answered(action: Action, role: str, context: Context) -> PolicyDecision:
    """The same question has the same answer while the process runs: the rules are read once, and all they may know is in `context`."""
    return engine().decide(action, role, context)
