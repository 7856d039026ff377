"""The answer of every staged call about an order: settle it with what the provider said, and show both.

Owns that last transaction. Must not speak to the provider.
"""

from __future__ import annotations

from app.kernel.http import Stage
from storefront.orders.repository import detail, owned
from storefront.orders.schemas import OrderOut, PaymentOut
from storefront.payments.ports import Payment
from storefront.payments.settlement import settle
from storefront.payments.shop import Shop
from storefront.reasons import sentence


def payment_out(shop: Shop, payment: Payment | None) -> PaymentOut | None:
    if payment is None:
        return None
    return PaymentOut(
        provider=shop.gateway.name, payment_id=payment.id, state=payment.state.value, client_secret=payment.client_secret,
        publishable_key=shop.gateway.publishable_key, action_url=payment.action_url, decline=payment.decline, decline_text=sentence(payment.decline),
    )  # fmt: skip


def settle_and_finish(shop: Shop, stage: Stage, order_id: str, payment: Payment | None, *, status: int = 200) -> None:
    """The last transaction of a staged call: bring the order to where its payment is, and store the answer with that."""
    with shop.database.transaction() as session:
        if payment is not None:
            settle(session, shop.coupons, order_id, payment, at=shop.now())
        out = OrderOut(detail=detail(session, owned(session, order_id, None)), payment=payment_out(shop, payment))
        stage.finish(session, out, status)
