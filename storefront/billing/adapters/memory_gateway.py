"""Memberships in memory, beside payments in memory: moves no money, and passes the same contract as a real provider.

Owns the same states. Time is the clock's it is given: what has come due is done when it is asked next.
"""

from __future__ import annotations

import calendar
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from app.kernel.ids import derived_id
from storefront.errors import GatewayRefused
from storefront.memberships.plan import Every, Terms
from storefront.memberships.ports import Change, InvoiceState, Setup, SetupState, Told, ToldInvoice
from storefront.memberships.states import MembershipState
from storefront.payments.adapters.memory_gateway import ACCEPTED, CHALLENGED, DECLINES, MemoryGateway
from storefront.payments.ports import PaymentState
from storefront.reasons import StorefrontReason

FIRST_PAYMENT = timedelta(hours=23)
RETRIES = (timedelta(days=3), timedelta(days=5), timedelta(days=7))


@dataclass
class _Running:
    told: Told
    starts_at: datetime
    token: str | None
    left_minor: int = 0
    paused: bool = False
    tries: int = 0
    invoices: dict[str, ToldInvoice] = field(default_factory=dict[str, ToldInvoice])


class MemoryBilling:
    """`authenticate_setup` plays the shopper's answer to her bank."""

    name = "memory"

    def __init__(self, payments: MemoryGateway, now: Callable[[], datetime]) -> None:
        self._payments, self._now = payments, now
        self._running: dict[str, _Running] = {}
        self._setups: dict[str, Setup] = {}
        self._lock = threading.RLock()

    # -- cards -------------------------------------------------------------------------------------------------

    def open_setup(self, *, membership_id: str, payer: str, key: str) -> Setup:
        setup_id = derived_id("mse", key)
        with self._lock:
            return self._setups.setdefault(setup_id, Setup(setup_id, SetupState.NEEDS_METHOD, payer, client_secret=f"{setup_id}_secret_{membership_id}"))

    def confirm_setup(self, setup_id: str, *, method: str, return_url: str | None, key: str) -> Setup:  # noqa: ARG002 - a repeat answers the same anyway
        with self._lock:
            setup = self.read_setup(setup_id)
            if setup.state not in (SetupState.NEEDS_METHOD, SetupState.NEEDS_ACTION):
                return setup
            if method in CHALLENGED:
                setup = replace(setup, state=SetupState.NEEDS_ACTION, decline=None, action_url=f"memory:{setup_id}" if return_url else None)
            elif method in ACCEPTED:
                setup = replace(setup, state=SetupState.SUCCEEDED, decline=None, token=self._payments.attach(setup.payer, method, of=setup_id))
            else:
                setup = replace(setup, state=SetupState.NEEDS_METHOD, decline=DECLINES.get(method, StorefrontReason.PAYMENT_METHOD_REFUSED).value)
            self._setups[setup_id] = setup
            return setup

    def read_setup(self, setup_id: str) -> Setup:
        with self._lock:
            if setup_id not in self._setups:
                raise GatewayRefused(extra={"provider_code": "resource_missing"})
            return self._setups[setup_id]

    def authenticate_setup(self, setup_id: str, *, passed: bool) -> Setup:
        with self._lock:
            setup = replace(self.read_setup(setup_id), state=SetupState.NEEDS_METHOD, action_url=None)
            self._setups[setup_id] = replace(setup, decline=None if passed else StorefrontReason.AUTHENTICATION_FAILED.value)
            return self.confirm_setup(setup_id, method="pm_card_visa", return_url=None, key=setup_id) if passed else self._setups[setup_id]

    # -- the life of one ---------------------------------------------------------------------------------------

    def begin(self, *, membership_id: str, payer: str, terms: Terms, trial_days: int, token: str | None, key: str) -> Told:
        sub_id, now = derived_id("msu", key), self._now()
        with self._lock:
            if sub_id not in self._running:
                ends = now + timedelta(days=trial_days) if trial_days else after(now, terms.every)
                state = MembershipState.TRIALING if trial_days else MembershipState.INCOMPLETE
                told = Told(sub_id, membership_id, payer, state, terms, ends, trial_ends_at=ends if trial_days else None)
                self._running[sub_id] = _Running(told, now, token)
                self._ask(self._running[sub_id], 0 if trial_days else terms.amount_minor, now, ends, now)
            return self.read(sub_id)

    def read(self, subscription_id: str) -> Told:
        with self._lock:
            one = self._found(subscription_id)
            self._catch_up(one)
            state = MembershipState.PAUSED if one.paused and one.told.state in (MembershipState.ACTIVE, MembershipState.TRIALING) else one.told.state
            card = self._payments.card_of(one.token) if one.token else None
            return replace(one.told, state=state, card=card, invoices=tuple(reversed(one.invoices.values())))

    def pause(self, subscription_id: str) -> Told:
        with self._lock:
            self.read(subscription_id)
            self._found(subscription_id).paused = True
            return self.read(subscription_id)

    def resume(self, subscription_id: str, *, anew: bool) -> Told:
        with self._lock:
            self.read(subscription_id)
            one = self._found(subscription_id)
            one.paused = False
            if anew:
                self._period(one, self._now(), renews=False)
            return self.read(subscription_id)

    def leave(self, subscription_id: str, *, leaves: bool) -> Told:
        with self._lock:
            one = self._found(subscription_id)
            self._catch_up(one)
            one.told = replace(one.told, leaves_at=one.told.period_ends_at if leaves else None)
            return self.read(subscription_id)

    def end(self, subscription_id: str) -> None:
        with self._lock:
            one = self._running.get(subscription_id)
            if one is not None and one.told.state is not MembershipState.ENDED:
                self._over(one, StorefrontReason.MEMBERSHIP_LEFT, self._now())

    def use_card(self, subscription_id: str, token: str) -> Told:
        with self._lock:
            self._found(subscription_id).token = token
            return self.read(subscription_id)

    def price_change(self, subscription_id: str, terms: Terms, at: datetime) -> Change:
        with self._lock:
            self.read(subscription_id)
            one = self._found(subscription_id)
            total_minor = self._difference(one, terms, at) - one.left_minor
            return Change(max(0, total_minor), max(0, -total_minor), terms.currency, at)

    def change(self, subscription_id: str, terms: Terms, at: datetime) -> Told:
        with self._lock:
            cost = self.price_change(subscription_id, terms, at)
            one = self._found(subscription_id)
            again = terms.every is not one.told.terms.every and one.told.state is not MembershipState.TRIALING
            ends = after(at, terms.every) if again else one.told.period_ends_at
            if cost.due_minor and self._payments.card_of(one.token or "") is None:
                raise GatewayRefused(extra={"provider_code": "card_declined"})
            one.left_minor = cost.left_minor
            one.told = replace(one.told, terms=terms, period_ends_at=ends)
            one.starts_at = at if again else one.starts_at
            if cost.due_minor:
                self._ask(one, cost.due_minor, at, ends, at)
                self._charge(one, at)
            return self.read(subscription_id)

    # -- inside ------------------------------------------------------------------------------------------------

    def _found(self, subscription_id: str) -> _Running:
        if subscription_id not in self._running:
            raise GatewayRefused(extra={"provider_code": "resource_missing"})
        return self._running[subscription_id]

    def _catch_up(self, one: _Running) -> None:
        while one.told.state is not MembershipState.ENDED:
            self._hear(one)
            waiting = self._waiting(one)
            if one.told.state is MembershipState.INCOMPLETE:
                due = one.starts_at + FIRST_PAYMENT
                if due <= self._now():
                    self._over(one, StorefrontReason.MEMBERSHIP_NOT_BEGUN, due)
                return
            tries = [w.next_try_at for w in waiting if w.next_try_at is not None]
            due = min([one.told.period_ends_at, *tries])
            if due > self._now():
                return
            if due in tries:
                self._charge(one, due)
            elif one.told.leaves_at is not None:
                self._over(one, StorefrontReason.MEMBERSHIP_LEFT, due)
            else:
                one.told = replace(one.told, state=MembershipState.ACTIVE if one.told.state is MembershipState.TRIALING else one.told.state)
                self._period(one, due, renews=True)

    def _period(self, one: _Running, at: datetime, *, renews: bool) -> None:
        ends = after(at, one.told.terms.every)
        one.starts_at, one.told = at, replace(one.told, period_ends_at=ends)
        if one.paused:
            return
        owed_minor = one.told.terms.amount_minor
        used_minor = min(one.left_minor, owed_minor)
        one.left_minor -= used_minor
        self._ask(one, owed_minor - used_minor, at, ends, at, renews=renews)
        self._charge(one, at)

    def _ask(self, one: _Running, amount_minor: int, starts: datetime, ends: datetime, at: datetime, *, renews: bool = False) -> None:
        invoice_id, currency = derived_id("min", one.told.id, len(one.invoices)), one.told.terms.currency
        payment_id = None
        if amount_minor:
            payment_id = self._payments.create_payment(order_id=invoice_id, amount_minor=amount_minor, currency=currency, key=invoice_id).id
            self._payments.bind_payment(payment_id, payer=one.told.payer, keep=True)
        state = InvoiceState.OPEN if amount_minor else InvoiceState.PAID
        one.tries = 0
        one.invoices[invoice_id] = ToldInvoice(
            invoice_id, state, amount_minor, 0, currency, starts, ends, at, renews=renews, payment_id=payment_id, paid_at=None if amount_minor else at
        )

    def _charge(self, one: _Running, at: datetime) -> None:
        for waiting in self._waiting(one):
            assert waiting.payment_id is not None
            self._payments.confirm_payment(waiting.payment_id, method=one.token or "", return_url=None, key=f"{waiting.id}:{one.tries}")
            one.tries += 1
            if self._payments.read_payment(waiting.payment_id).state is PaymentState.SUCCEEDED:
                continue
            if one.tries > len(RETRIES):
                self._over(one, StorefrontReason.MEMBERSHIP_UNPAID, at)
                return
            one.invoices[waiting.id] = replace(waiting, next_try_at=waiting.told_at + RETRIES[one.tries - 1])
            one.told = replace(one.told, state=MembershipState.PAST_DUE)
        self._hear(one)

    def _hear(self, one: _Running) -> None:
        """What was paid meanwhile."""
        for waiting in self._waiting(one):
            payment = self._payments.read_payment(waiting.payment_id or "")
            if payment.state is PaymentState.SUCCEEDED:
                one.invoices[waiting.id] = replace(waiting, state=InvoiceState.PAID, paid_minor=payment.received_minor, paid_at=self._now(), next_try_at=None)
                one.token = payment.card.token if payment.card else one.token
                one.told = replace(one.told, state=MembershipState.ACTIVE)

    def _over(self, one: _Running, why: StorefrontReason, at: datetime) -> None:
        for waiting in self._waiting(one):
            self._payments.cancel_payment(waiting.payment_id or "")
            gone = InvoiceState.UNCOLLECTIBLE if why is StorefrontReason.MEMBERSHIP_UNPAID else InvoiceState.VOID
            one.invoices[waiting.id] = replace(waiting, state=gone, next_try_at=None)
        one.told = replace(one.told, state=MembershipState.ENDED, ended_at=at, end_reason=why.value)

    def _waiting(self, one: _Running) -> list[ToldInvoice]:
        return [w for w in one.invoices.values() if w.state is InvoiceState.OPEN]

    def _difference(self, one: _Running, terms: Terms, at: datetime) -> int:
        """What the rest of the period costs more (or less) by the other terms, each part rounded half up."""
        if one.told.state is MembershipState.TRIALING:
            return 0
        left_s, whole_s = (round((one.told.period_ends_at - since).total_seconds()) for since in (at, one.starts_at))
        unused_minor = _share(one.told.terms.amount_minor, left_s, whole_s)
        return (terms.amount_minor if terms.every is not one.told.terms.every else _share(terms.amount_minor, left_s, whole_s)) - unused_minor


def _share(amount_minor: int, part: int, whole: int) -> int:
    return (2 * amount_minor * part + whole) // (2 * whole)


def after(at: datetime, every: Every) -> datetime:
    """The same day of the next month or year, or its last day where there is no such day."""
    year, month = (at.year + 1, at.month) if every is Every.YEAR else (at.year + at.month // 12, at.month % 12 + 1)
    return at.replace(year=year, month=month, day=min(at.day, calendar.monthrange(year, month)[1]))
