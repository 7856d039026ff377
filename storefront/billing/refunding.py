"""Giving back what was paid for a membership: a part or all of one invoice, once, by staff.

Owns the order of steps. What has gone back is true from the provider; time whose money is all back is not paid for any more.
"""

from __future__ import annotations

from sqlalchemy import update

from app.kernel.db import moved
from app.kernel.ids import derived_id
from storefront.billing import settling
from storefront.errors import GatewayRefused
from storefront.membership_errors import InvoiceNotRefundable
from storefront.memberships import repository
from storefront.memberships.models import MembershipInvoiceRow
from storefront.memberships.ports import InvoiceState
from storefront.payments.shop import Shop


def refund(shop: Shop, invoice_id: str, amount_minor: int | None, *, key: str) -> None:
    """So much, or everything that is not back yet; once per `key`. Raises UnknownMembership, InvoiceNotRefundable; GatewayUnreachable when the outcome is
    not known yet: it is asked for until it is."""
    with shop.database.transaction() as session:
        invoice = repository.invoice(session, invoice_id)
        payment_id, left_minor = invoice.payment_id, invoice.amount_minor - invoice.refunded_minor
        if invoice.state != InvoiceState.PAID or payment_id is None:
            raise InvoiceNotRefundable(extra={"left_minor": 0})
        i = MembershipInvoiceRow
        moved(session, update(i).where(i.id == invoice_id).values(look=True))
        repository.note_news(session, membership_id=invoice.membership_id, at=shop.now())
    part_minor = left_minor if amount_minor is None else amount_minor
    if part_minor <= 0:
        raise InvoiceNotRefundable(extra={"left_minor": left_minor})
    try:
        payment = shop.gateway.refund_payment(payment_id, key=derived_id("rfd", invoice_id, key), amount_minor=part_minor)
    except GatewayRefused as refused:
        raise InvoiceNotRefundable(extra={"left_minor": left_minor}) from refused
    with shop.database.transaction() as session:
        settling.note_refund(session, shop.settings.merchant, invoice_id, payment, at=shop.now())
