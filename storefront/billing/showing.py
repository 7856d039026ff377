"""What there is to join, and one membership as it is shown: to whom it belongs, and to staff.

Owns joining rows, plans and papers, and the words of each state. Must not change anything.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.security.vault import open_each
from storefront.billing import papers
from storefront.billing.settling import SEALED_AS
from storefront.membership_contracts import MembershipInvoiceView, MembershipsView, MembershipView, PlanView
from storefront.memberships import repository, wording
from storefront.memberships.models import MembershipInvoiceRow, MembershipRow
from storefront.memberships.plan import Benefits, Plan, Plans
from storefront.memberships.states import MembershipState
from storefront.reasons import sentence

TEXTS = {
    MembershipState.STARTING: "Show a card to begin.",
    MembershipState.INCOMPLETE: "The first payment waits for you.",
    MembershipState.TRIALING: "You are trying it; nothing is charged yet.",
    MembershipState.ACTIVE: "You are a member.",
    MembershipState.PAST_DUE: "The last payment did not go through. It is tried again; another card pays it at once.",
    MembershipState.UNPAID: "It is not paid, so it gives nothing now. Another card pays it at once.",
    MembershipState.PAUSED: "It rests: nothing is charged, and nothing unlocked.",
}


def shown(session: Session, shopper_id: str, *, at: datetime) -> MembershipsView:
    """What she can join, and what she has or had last."""
    plans, row = repository.in_force(session), repository.last(session, shopper_id)
    tried = repository.had_trial(session, shopper_id)
    offered = tuple(_plan(one, tried=tried) for one in plans.plans if one.open or (row is not None and row.seat and row.plan_id == one.id))
    return MembershipsView(offered, view(session, row, plans, at=at) if row is not None else None)


def plans(session: Session) -> tuple[PlanView, ...]:
    """All there are, for staff."""
    return tuple(_plan(one, tried=False) for one in repository.in_force(session).plans)


def members(session: Session, *, at: datetime, limit: int = 50) -> list[MembershipView]:
    """Those that changed last, for staff."""
    known = repository.in_force(session)
    return [view(session, row, known, at=at) for row in repository.newest_members(session, limit)]


def figures(session: Session) -> dict[str, dict[str, int]]:
    """Plan -> state -> how many, for staff."""
    out: dict[str, dict[str, int]] = {}
    for (plan_id, state), many in sorted(repository.counts(session).items()):
        out.setdefault(plan_id, {})[state] = many
    return out


def unpaid(session: Session, *, at: datetime, limit: int = 50) -> list[MembershipView]:
    """Those of which a payment is open, whose benefits end first, for staff."""
    known = repository.in_force(session)
    return [view(session, row, known, at=at) for row in repository.unpaid(session, limit)]


def _plan(one: Plan, *, tried: bool) -> PlanView:
    return PlanView(one.id, one.name, one.every.value, one.prices, 0 if tried else one.trial_days, wording.benefits(one.benefits), one.open)


def view(session: Session, row: MembershipRow, known: Plans, *, at: datetime) -> MembershipView:
    plan, state = known.plan(row.plan_id), MembershipState(row.state)
    text = sentence(row.end_reason) if state is MembershipState.ENDED else TEXTS[state]
    return MembershipView(
        row.id, row.plan_id, row.plan_name, row.amount_minor, row.currency, row.every, state.value, text or "",
        wording.benefits(plan.benefits if plan is not None else Benefits()), row.gives_until is not None and row.gives_until > at, row.gives_until,
        row.trial_ends_at, row.period_ends_at, row.leaves_at, row.next_try_at, _card(row), row.joined_at, row.started_at, row.ended_at, row.end_reason,
        tuple(_invoice(session, one) for one in repository.invoices(session, row.id)),
    )  # fmt: skip


def _invoice(session: Session, one: MembershipInvoiceRow) -> MembershipInvoiceView:
    numbers = tuple(paper.number for paper in papers.of_invoice(session, one.id))
    return MembershipInvoiceView(one.id, one.state, one.amount_minor, one.refunded_minor, one.currency, one.starts_at, one.ends_at, one.paid_at, numbers)


def _card(row: MembershipRow) -> str | None:
    opened: Sequence[bytes | None] = open_each(SEALED_AS, [(row.sealed, row.id.encode())]) if row.sealed is not None else (None,)
    if opened[0] is None:
        return None
    held = json.loads(opened[0])
    return f"{held['brand']} {held['last4']}"
