"""The book of policy decisions: written, read, taken home and made gone.

Owns the rows of `security_policy_decision`. Must not decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.kernel.db import touched
from app.security.policies.contracts import PolicyDecision
from app.security.policies.models import PolicyDecisionRow
from app.security.principals import Principal, Role


@dataclass(frozen=True, slots=True)
class Noted:
    """One decision as it was written down. `who` is the shopper id, or role and id of anybody else."""

    id: str
    at: datetime
    action: str
    role: str
    who: str
    outcome: str
    reasons: tuple[str, ...]
    policy_ids: tuple[str, ...]
    acr: str | None
    max_age_s: int | None
    inputs_hash: str


def write(session: Session, decision_id: str, decision: PolicyDecision, principal: Principal, at: datetime) -> None:
    hers = principal.kind is Role.SHOPPER
    session.add(
        PolicyDecisionRow(
            id=decision_id, at=at, action=str(decision.action), role=decision.role,
            shopper_id=principal.id if hers else None, caller=None if hers else principal.id[:120],
            outcome=str(decision.outcome), reasons=list(decision.reasons), policy_ids=list(decision.policy_ids),
            acr=str(decision.step_up.acr) if decision.step_up else None, max_age_s=decision.step_up.max_age_s if decision.step_up else None,
            inputs_hash=decision.inputs_hash,
        )
    )  # fmt: skip


def find(session: Session, decision_id: str) -> Noted | None:
    row = session.scalars(select(PolicyDecisionRow).where(PolicyDecisionRow.id == decision_id)).one_or_none()
    return _noted(row) if row is not None else None


def newest(session: Session, *, outcome: str | None = None, limit: int = 50) -> list[Noted]:
    """Newest first."""
    statement = select(PolicyDecisionRow).order_by(PolicyDecisionRow.at.desc(), PolicyDecisionRow.id.desc()).limit(limit)
    if outcome is not None:
        statement = statement.where(PolicyDecisionRow.outcome == outcome)
    return [_noted(row) for row in session.scalars(statement)]


def _noted(row: PolicyDecisionRow) -> Noted:
    who = row.shopper_id or f"{row.role}:{row.caller}"
    return Noted(
        row.id, row.at, row.action, row.role, who, row.outcome, tuple(row.reasons), tuple(row.policy_ids), row.acr, row.max_age_s, row.inputs_hash
    )


def export_decisions(session: Session, shopper_id: str) -> Mapping[str, Any]:
    rows = session.scalars(select(PolicyDecisionRow).where(PolicyDecisionRow.shopper_id == shopper_id).order_by(PolicyDecisionRow.at, PolicyDecisionRow.id))
    told = [
        {"id": r.id, "at": r.at, "action": r.action, "outcome": r.outcome, "reasons": r.reasons, "rules": r.policy_ids, "asked_for": r.acr}
        for r in rows
    ]
    return {"policy_decisions": told}


def erase_decisions(session: Session, shopper_id: str) -> int:
    return touched(session, delete(PolicyDecisionRow).where(PolicyDecisionRow.shopper_id == shopper_id))
