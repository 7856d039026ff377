"""Stripe's webhook: believed only when signed just now by Stripe, and only once per event.

Owns verification, inbox and answer. Works on the raw body. Must not act on an event's type beyond what the event says
of a payment: the same rule settles it that settles a re-read.
"""

from __future__ import annotations

import json

from app.kernel.logs import get_logger
from app.kernel.outbox import handled_before
from app.kernel.verdict import Fail
from storefront.errors import BadWebhookSignature, MalformedWebhook
from storefront.memberships import repository as memberships
from storefront.orders.disputing import heard
from storefront.orders.repository import by_payment
from storefront.payments.settlement import settle
from storefront.payments.shop import Shop
from storefront.payments.signature import verify
from storefront.payments.stripe_words import NotAnEvent, news_of_event
from storefront.reasons import sentence

log = get_logger(__name__)

CONSUMER = "storefront.stripe"


def receive(shop: Shop, body: bytes, signature: str | None) -> str:
    """Take in one delivery; returns what became of it: settled, noted (it will be looked at), duplicate, or ignored.

    Raises BadWebhookSignature or MalformedWebhook (400); nothing is stored then, so the provider may send it again.
    """
    at = shop.now()
    secrets = [secret.get_secret_value() for secret in shop.settings.stripe_webhook_secrets]
    verdict = verify(signature, body, secrets, now_s=int(at.timestamp()), tolerance_s=shop.settings.webhook_tolerance_s)
    if isinstance(verdict, Fail):
        log.warning("webhook_refused", reason=verdict.reason)
        raise BadWebhookSignature(sentence(verdict.reason) or "", extra={"reason": verdict.reason})
    try:
        news = news_of_event(json.loads(body))
    except (NotAnEvent, ValueError, RecursionError) as wrong:
        raise MalformedWebhook(str(wrong) if isinstance(wrong, NotAnEvent) else "") from wrong
    with shop.database.transaction() as session:
        if handled_before(session, CONSUMER, news.event_id):
            return "duplicate"
        if news.dispute is not None:
            disputed = by_payment(session, news.dispute.payment_id, None)
            return "settled" if disputed is not None and heard(session, shop.coupons, disputed.id, news.dispute, at=at) else "ignored"
        if news.subscription_id is not None or news.membership_id is not None:
            noted = memberships.note_news(session, subscription_id=news.subscription_id, membership_id=news.membership_id, at=at)
            return "noted" if noted else "ignored"
        order = by_payment(session, news.payment.id, news.payment.order_id) if news.payment else None
        if news.payment is None:
            return "ignored"
        if order is None:
            return "noted" if memberships.note_payment(session, news.payment.id, at=at) else "ignored"
        settle(session, shop.coupons, order.id, news.payment, at=at)
        return "settled"
