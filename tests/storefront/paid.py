"""A paid order at the local peer of the provider, and what the provider tells of it."""

from __future__ import annotations

from app.demo.peers.stripe_books import Doc
from app.demo.peers.stripe_peer import StripePeer
from storefront.facade import Shop
from storefront.payments.webhooks import receive
from tests.storefront.floor import coupon, fill, lay_in, order, row, signed


class Paid:
    """An order with a coupon, paid by card; `tell()` delivers what was not told yet."""

    def __init__(self, shop: Shop, peer: StripePeer) -> None:
        self.shop, self.peer = shop, peer
        coupon_id = coupon(shop)
        fill(shop, prd_bonbon=2, prd_truffle=1)
        lay_in(shop, coupon_id)
        self.order_id, _ = order(shop, method="pm_card_visa")
        self.payment_id = row(shop, self.order_id).payment_id or ""
        peer.books.events.clear()

    def tell(self) -> list[str]:
        """Deliver what was not told yet; what became of each."""
        waiting, self.peer.books.events[:] = list(self.peer.books.events), []
        return [self.hear(event) for event in waiting]

    def hear(self, event: Doc) -> str:
        body, headers = signed(event, int(self.shop.now().timestamp()))
        return receive(self.shop, body, headers["Stripe-Signature"])
