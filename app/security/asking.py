"""Collects what the rules may want to know, from what exists: the caller, how and when she signed in, the limits of a currency.

Owns the mapping from rows and settings to facts. What belongs to a room (the visit behind a coupon, an amount) the room hands in.
Must not judge: a fact that is not known stays None.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.security.access import caller_of, security_settings
from app.security.contacts.facade import ContactKind, contact_of, recent_changes
from app.security.devices import keeping as devices
from app.security.enforcing import enforce
from app.security.models import PersonRow
from app.security.passkeys import keeping as passkeys
from app.security.policies.contracts import (
    Acr,
    Action,
    Context,
    PolicyDecision,
    SimSwap,
    TrustVerdict,
    ValueLimits,
    VisitLevel,
)
from app.security.policies.engine import decide
from app.security.principals import STAFF, Principal, Role
from app.security.settings import SecuritySettings
from app.security.sim_swap.operator import Operator
from app.security.stepup import proven

SHE_CAN_ONLY_OPEN = (Action.SEE_OFFER, Action.RESERVE, Action.REDEEM, Action.PAY, Action.UNDO_AT_TILL)
"""What is done all day: no rule of these forbids something because of what is known of how she signed in."""

NOTHING_IS_SMALL = ValueLimits(0, 0)


def limits_of(settings: SecuritySettings, action: Action, currency: str) -> ValueLimits:
    """The limits for an amount of this currency; where none is set, nothing is small and everything is much."""
    match action:
        case Action.PAY:
            small, high = settings.small_payment_minor, settings.high_payment_minor
        case Action.PUBLISH_CAMPAIGN | Action.APPROVE_CAMPAIGN:
            small = high = settings.high_budget_minor
        case _:
            small, high = settings.small_value_minor, settings.high_value_minor
    if currency not in small or currency not in high:
        return NOTHING_IS_SMALL
    return ValueLimits(small[currency], high[currency])


def visit_level(trust: str | None) -> VisitLevel | None:
    """The trust that was written on a moment or coupon, as a fact; None for a word nobody knows."""
    return VisitLevel(trust) if trust in set(VisitLevel) else None


def trust_verdict(verdict: str | None) -> TrustVerdict | None:
    return TrustVerdict(verdict) if verdict in set(TrustVerdict) else None


Done = TypeVar("Done")


class OperatorWanted(Exception):
    """Not an answer: a rule turns on whether her SIM was swapped, and no transaction waits for the network. See `Asker.informed`."""


@dataclass(frozen=True, slots=True)
class Asker:
    """A caller before the rules: who it is, and by which settings. `just_proved`: a proof that came with this very request.
    `operator` knows about her SIM, where one is set up, and `sim_swap` is what it said."""

    principal: Principal
    settings: SecuritySettings
    just_proved: Acr | None = None
    operator: Operator | None = None
    sim_swap: SimSwap | None = None
    may_interrupt: bool = False

    def informed(self, work: Callable[[Asker], Done]) -> Done:
        """`work(asker)`, which does its own transactions. Where the rules would let her, and would not if her SIM had been swapped, `work`
        is undone, the operator is asked with nothing open, and `work` is done again. So nobody is asked about her for less."""
        if self.operator is None:
            return work(self)
        try:
            return work(replace(self, may_interrupt=True))
        except OperatorWanted:
            return work(replace(self, sim_swap=self.operator.asked(self.principal.id)))

    def allow(self, session: Session, action: Action, context: Context = Context(), *, currency: str | None = None, at: datetime) -> None:  # noqa: B008 - frozen
        """Returns when allowed, with whatever is known of the caller added to `context`. Raises as enforcing.enforce does."""
        if self.principal.browser_key is not None:
            context = replace(context, key_shown=self.principal.key_shown)
        if currency is not None:
            context = replace(context, limits=limits_of(self.settings, action, currency))
        if self.principal.kind is Role.SHOPPER and context.device_standing is None:
            standing = devices.standing(session, self.principal.device_id, at, fresh_s=self.settings.attestation_fresh_s)
            context = replace(context, device_standing=standing.known)
        if self.principal.kind is Role.SHOPPER and context.contact_changed_s is None:
            lately = recent_changes(session, self.principal.id, at)
            context = replace(context, contact_changed_s=lately.changed_s, contact_added_s=lately.added_s, unknown_code_s=lately.unknown_code_s)

        def and_caller(asked: Context) -> Context:
            known = about_caller(session, self.principal, asked, at=at)
            return known if self.just_proved is None else replace(known, acr=self.just_proved, auth_age_s=0)

        if self.sim_swap is not None:
            context = replace(context, sim_swap=self.sim_swap)
        elif self.may_interrupt and self._turns_on_her_sim(session, action, and_caller(context)):
            raise OperatorWanted
        if action in SHE_CAN_ONLY_OPEN:
            enforce(session, self.principal, action, context, at=at, otherwise=and_caller)
        else:
            enforce(session, self.principal, action, and_caller(context), at=at)

    def would_allow(self, action: Action, context: Context, *, currency: str) -> PolicyDecision:
        """What the rules say of these facts alone; nothing follows from it (`enforcing.note_too_late` writes it down)."""
        return decide(action, self.principal, replace(context, limits=limits_of(self.settings, action, currency)))

    def _turns_on_her_sim(self, session: Session, action: Action, known: Context) -> bool:
        if self.principal.kind is not Role.SHOPPER or not decide(action, self.principal, known).allowed:
            return False
        if decide(action, self.principal, replace(known, sim_swap=SimSwap.YES)).allowed:
            return False
        return contact_of(session, self.principal.id, ContactKind.PHONE) is not None


def asker_of(request: Request, *, just_proved: Acr | None = None) -> Asker:
    """The caller of this request, as its `allow(...)` has found it."""
    return Asker(caller_of(request), security_settings(request), just_proved, getattr(request.app.state.house, "operator", None))


def about_caller(session: Session, principal: Principal, context: Context, *, at: datetime) -> Context:
    """`context` and what she can confirm with, how she last did, and when."""
    if principal.kind is None or principal.kind is Role.SERVER:
        return context
    whose = PersonRow.shopper_id == principal.id if principal.kind is Role.SHOPPER else PersonRow.id == principal.id
    has_password = session.scalar(select(PersonRow.password_hash).where(whose)) is not None
    has_passkey = passkeys.has_any(session, principal)
    proved = proven(session, principal)
    by = {Acr.LINK: proved.session_at if principal.kind in STAFF else None, Acr.PASSWORD: proved.password_at, Acr.PASSKEY: proved.passkey_at}
    if has_passkey or proved.passkey_at is not None:
        by = {Acr.PASSKEY: proved.passkey_at}
    acr, proved_at = max(((k, t) for k, t in by.items() if t is not None), key=lambda kt: kt[1], default=(None, None))
    age_s = None if proved_at is None else max(0, int((at - proved_at).total_seconds()))
    return replace(context, has_password=has_password, has_passkey=has_passkey, acr=acr, auth_age_s=age_s)
