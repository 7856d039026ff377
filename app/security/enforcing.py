"""Asks the rules and holds to the answer: the one thing a use case calls.

Owns what follows from an answer: go on, 401 with what would open it, or 403 with the reason; and that it is written down, the
refusal although its transaction comes to nothing. Must not collect facts (app/security/asking.py).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from app.kernel.db import Database
from app.kernel.ids import new_id
from app.security.audit import journal
from app.security.errors import PolicyRefused, StepUpNeeded
from app.security.policies import decision_log
from app.security.policies.contracts import Action, Context, PolicyDecision
from app.security.policies.engine import decide
from app.security.principals import Principal
from app.security.reasons import REASONS

NOT_WORTH_A_ROW = (Action.BROWSE, Action.SEE_OFFER, Action.UNDO_AT_TILL, Action.ERASE)
"""Allowed all day long; and an allowed erasure would take its own row with it."""
WORTH_MONEY = (Action.RESERVE, Action.REDEEM, Action.PAY)


def enforce(
    session: Session, principal: Principal, action: Action, context: Context, *, at: datetime, otherwise: Callable[[Context], Context] | None = None
) -> PolicyDecision:
    """Returns when it is allowed. Raises PolicyRefused 403, or StepUpNeeded 401; both carry reasons and the id of the decision.

    Call it inside the transaction (or look) that does the work, so that a refusal undoes it. `otherwise` adds facts that can
    only open: they are looked up when it is not allowed without them.
    """
    decision = decide(action, principal, context)
    if not decision.allowed and otherwise is not None:
        context = otherwise(context)
        decision = decide(action, principal, context)
    if decision.allowed and not _worth_a_row(decision, context):
        return decision
    decision_id = new_id("pdc")
    if decision.allowed and "before_commit" in session.info:
        decision_log.write(session, decision_id, decision, principal, at)
        return decision

    def write_down(database: Database) -> None:
        with database.transaction() as own:
            decision_log.write(own, decision_id, decision, principal, at)
            if not decision.allowed:
                told = {"action": str(action), "reasons": list(decision.reasons), "policies": list(decision.policy_ids), "decision": decision_id}
                journal.note(own, f"policy.{decision.outcome}", by=principal, detail=told, at=at)

    session.info["afterwards"].append(write_down)
    if decision.allowed:
        return decision
    words = REASONS[decision.reasons[0]]
    told = {"reasons": list(decision.reasons), "decision_id": decision_id}
    if decision.step_up is None:
        raise PolicyRefused(words, extra=told)
    raise StepUpNeeded(decision.step_up.acr, decision.step_up.max_age_s, words, extra=told)


def note_too_late(session: Session, principal: Principal, decision: PolicyDecision, *, at: datetime) -> None:
    """What would have been refused or asked was done before anybody could be asked: that is written down, with what it belongs to."""
    decision_id = new_id("pdc")
    decision_log.write(session, decision_id, decision, principal, at)
    told = {"action": str(decision.action), "reasons": list(decision.reasons), "policies": list(decision.policy_ids), "decision": decision_id, "already_done": True}
    journal.note(session, f"policy.{decision.outcome}", by=principal, detail=told, at=at)


def _worth_a_row(decision: PolicyDecision, context: Context) -> bool:
    if decision.action in WORTH_MONEY:
        small_minor = context.limits.small_minor if context.limits is not None else 0
        return context.amount_minor is None or context.amount_minor > small_minor
    return decision.action not in NOT_WORTH_A_ROW
