"""The counter: what our own pages do for a shopper at the shop, said with plain arguments instead of JSON bodies.

Owns joining the room's use cases for pages; the JSON routes do the same in endpoints.py. Must not hold a rule: carts,
checkout and payments do. Another's line or order does not exist here (404).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.http import Stage
from app.security.access import Principal, Role
from app.security.asking import Asker
from storefront import guarding
from storefront.balance import books, cards
from storefront.carts import repository as carts
from storefront.carts.models import CartLineRow, CartRow
from storefront.cash.risk import PayBy
from storefront.catalog.repository import product
from storefront.checkout import CheckoutOrder, slots_of
from storefront.checkout import check_out as _check_out
from storefront.checkout import choose_delivery as _choose_delivery
from storefront.checkout import put_best_coupons as _put_best_coupons
from storefront.checkout import put_coupon as _put_coupon
from storefront.contracts import BalanceView, GiftCardView, OrderDetail, OrderState, ProductView, ReturnRequestView
from storefront.delivery.choosing import FreeSlot
from storefront.errors import OrderClosed, UnknownProduct
from storefront.orders import exchanges, return_requests
from storefront.orders import repository as orders
from storefront.orders.fetching import at_stores, hand_over, here, make_ready, proof_for
from storefront.orders.repository import owned
from storefront.orders.rescheduling import move_slot, planned
from storefront.orders.return_endpoints import policy_of
from storefront.orders.return_policy import Cause
from storefront.orders.shipping import deliver, leave, pack, to_ship
from storefront.orders.shipping import move as move_shipment
from storefront.orders.shipping import proof_for as door_proof
from storefront.payments import collecting
from storefront.payments.answers import settle_and_finish
from storefront.payments.ports import Payment
from storefront.payments.shop import Shop
from storefront.shipments.states import Failure, Left, ShipmentState

__all__ = [
    "Failure", "Left", "PayBy", "ShipmentState", "add_to_cart", "at_stores", "cancel", "cart_size", "check_out", "choose_delivery", "deliver", "door_proof",
    "free_slots", "hand_over", "here", "leave", "make_ready", "move_shipment", "move_slot", "order_of_staff", "owned", "pack", "pay_again",
    "payment_now", "planned", "proof_for", "put_best_coupons", "put_coupon", "refresh", "return_pieces", "set_quantity", "take_coupon_out",
    "to_ship",
]  # fmt: skip


def cart_size(session: Session, shopper_id: str) -> int:
    """How many pieces lie in the cart."""
    pieces = select(func.sum(CartLineRow.quantity)).join(CartRow, CartRow.id == CartLineRow.cart_id).where(CartRow.shopper_id == shopper_id)
    return int(session.scalar(pieces) or 0)


def add_to_cart(session: Session, shop: Shop, shopper_id: str, product_id: str, quantity: int, *, at: datetime, slot_id: str | None = None) -> None:
    """So many more pieces, or places at a time. Raises UnknownProduct, ChooseTime, UnknownSlot, QuantityOutOfRange, CartFull, CurrencyMismatch."""
    found = product(session, product_id)
    if found is None:
        raise UnknownProduct
    carts.add(session, shopper_id, found, quantity, max_lines=shop.settings.max_lines, at=at, slot_id=slot_id)


def set_quantity(session: Session, shopper_id: str, line_id: str, quantity: int, *, at: datetime) -> None:
    """So many pieces in all; 0 or fewer takes the line out. Raises UnknownLine, QuantityOutOfRange."""
    if quantity <= 0:
        carts.remove(session, shopper_id, line_id, at=at)
    else:
        carts.set_quantity(session, shopper_id, line_id, quantity, at=at)


def put_coupon(session: Session, shop: Shop, shopper_id: str, code: str, *, at: datetime, beside: bool = False) -> None:
    """By code or id, instead of those in the cart or beside them; raises UnknownCoupon, CouponRefused. One that does not apply
    yet stays in the cart and says why in the quote."""
    _put_coupon(session, shop, shopper_id, code, place_id=None, at=at, beside=beside)


def put_best_coupons(session: Session, shop: Shop, shopper_id: str, *, at: datetime) -> None:
    _put_best_coupons(session, shop, shopper_id, place_id=None, at=at)


def take_coupon_out(session: Session, shopper_id: str, *, at: datetime, coupon_id: str | None = None) -> None:
    """That one, or all of them."""
    if coupon_id is None:
        carts.set_coupons(session, shopper_id, (), at=at)
    else:
        carts.take_coupon_out(session, shopper_id, coupon_id, at=at)


def returnable(session: Session, shop: Shop, order_id: str, shopper_id: str, *, at: datetime) -> return_requests.Returnable:
    """What of her order may come back, and until when. Raises UnknownOrder, OrderNotRefundable."""
    return return_requests.returnable(session, owned(session, order_id, shopper_id), policy_of(shop.settings), at=at)


def return_request(session: Session, order_id: str, *, at: datetime) -> ReturnRequestView | None:
    """What she has asked to give back."""
    return return_requests.request_of(session, order_id, at=at)


def exchange_choices(session: Session, order_id: str, shopper_id: str, line_no: int, *, at: datetime) -> list[ProductView]:
    """What pieces of this line of her order may be exchanged for. Raises UnknownOrder."""
    return exchanges.choices(session, owned(session, order_id, shopper_id), line_no, at=at)


def return_worth(
    session: Session, shop: Shop, order_id: str, shopper_id: str, pieces: Mapping[int, int], reason: Cause, *, to_credit: bool, at: datetime, exchange_for: str = ""
) -> return_requests.Worth:
    """What she would get, exactly, or what it comes to in exchange. Raises NotReturnable, NotExchangeable and what `returnable` raises."""
    order, policy = owned(session, order_id, shopper_id), policy_of(shop.settings)
    if exchange_for:
        return exchanges.worth(session, order, pieces, reason, policy, exchange_for, to_credit=to_credit, at=at)
    return return_requests.worth(session, order, pieces, reason, policy, to_credit=to_credit, at=at)


def ask_return(
    session: Session, shop: Shop, order_id: str, shopper_id: str, pieces: Mapping[int, int], reason: Cause, *, to_credit: bool, expected_minor: int, at: datetime,
    exchange_for: str = "", expected_pay_minor: int = 0,
) -> ReturnRequestView:  # fmt: skip
    """Her request. Raises QuoteChanged, ReturnAlreadyAsked, OutOfStock, and what `return_worth` raises."""
    order, policy, days = owned(session, order_id, shopper_id), policy_of(shop.settings), shop.settings.return_within_days
    if exchange_for:
        return exchanges.ask(
            session, order, pieces, reason, policy, exchange_for, to_credit=to_credit, expected_minor=expected_minor, expected_pay_minor=expected_pay_minor, within_days=days, at=at,
        )  # fmt: skip
    return return_requests.ask(session, order, pieces, reason, policy, to_credit=to_credit, expected_minor=expected_minor, within_days=days, at=at)


def withdraw_return(session: Session, order_id: str, shopper_id: str, *, at: datetime) -> None:
    """Raises UnknownOrder, UnknownReturn."""
    owned(session, order_id, shopper_id)
    return_requests.withdraw(session, order_id, at=at)


def load_gift_card(session: Session, shopper_id: str, typed: str, *, at: datetime) -> GiftCardView:
    """Onto her balance, once. Raises UnknownGiftCard, GiftCardNotUsable."""
    return cards.load(session, typed, shopper_id, at=at)


def balances(session: Session, shopper_id: str) -> tuple[dict[str, int], Sequence[BalanceView]]:
    """(currency -> what she can spend, what came and went)."""
    return books.balances(session, shopper_id), books.entries(session, shopper_id)


def gift_cards(session: Session, order_id: str, shopper_id: str) -> Sequence[GiftCardView]:
    """Those she bought with her order, with their codes. Raises UnknownOrder."""
    owned(session, order_id, shopper_id)
    return cards.of_order(session, order_id)


def choose_delivery(
    session: Session, shop: Shop, shopper_id: str, way_id: str, *, at: datetime, slot_id: str | None = None, address_id: str | None = None,
    collect_at: str | None = None,
) -> None:  # fmt: skip
    """Raises Invalid for a way that is not offered, UnknownAddress."""
    _choose_delivery(session, shop, shopper_id, way_id, place_id=None, at=at, slot_id=slot_id, address_id=address_id, collect_at=collect_at)


def free_slots(session: Session, shop: Shop, shopper_id: str, way_id: str, *, at: datetime) -> list[FreeSlot]:
    """When that way can bring what lies in her cart to the address it goes to, with those that are full."""
    return slots_of(session, shop, shopper_id, way_id, None, at=at)[1]


def check_out(shop: Shop, stage: Stage, shopper_id: str, *, method: str | None, return_url: str, expected_total_minor: int, asker: Asker | None = None, expected_balance_minor: int = 0, kept_id: str | None = None, keep: bool = False, pay_by: PayBy = PayBy.ONLINE) -> None:
    """Order and pay, so much of it from her balance, or in cash when it is handed over; the stage's answer is an OrderOut. Raises what checkout raises, with nothing applied."""
    asked = CheckoutOrder(shopper_id, method, return_url, expected_total_minor, None, asker, expected_balance_minor > 0, expected_balance_minor, kept_id, keep, pay_by)
    order_id, payment = _check_out(shop, stage.key, asked)
    settle_and_finish(shop, stage, order_id, payment, status=201)


def pay_again(shop: Shop, stage: Stage, shopper_id: str, order_id: str, *, method: str | None, return_url: str, asker: Asker | None = None, kept_id: str | None = None, keep: bool = False) -> None:
    """Another card for a pending order."""
    if _state(shop, order_id, shopper_id) is not OrderState.PENDING:
        raise OrderClosed
    payment = collecting.begin(shop, order_id)
    guarding.may_pay_kept(shop.database, asker, order_id, kept_id, at=shop.now())
    payment = collecting.confirm(shop, order_id, payment, means=collecting.Means(method, kept_id, keep), return_url=return_url, key=stage.key)
    settle_and_finish(shop, stage, order_id, payment)


def cancel(shop: Shop, stage: Stage, shopper_id: str, order_id: str) -> None:
    """Give up an unpaid order; stock and coupon go back."""
    _state(shop, order_id, shopper_id)
    collecting.cancel(shop, order_id)
    settle_and_finish(shop, stage, order_id, None)


def refresh(shop: Shop, stage: Stage, shopper_id: str, order_id: str) -> None:
    """Ask the provider now, and bring the order to where its payment is."""
    _state(shop, order_id, shopper_id)
    settle_and_finish(shop, stage, order_id, collecting.look(shop, order_id))


def order_of_staff(session: Session, order_id: str, caller: Principal) -> OrderDetail:
    """For a clerk what was ordered in her stores, or in none; for other staff everything. Raises UnknownOrder."""
    return orders.detail(session, orders.of_staff(session, order_id, caller.place_ids if caller.kind is Role.CLERK else None))


def return_pieces(
    shop: Shop, stage: Stage, order_id: str, pieces: Mapping[int, int], *, restock: bool, caller: Principal, key: str
) -> None:
    """Pieces come back (line number -> how many) and what was paid for them goes back; once per `key`, whoever presses twice.

    Raises UnknownOrder, OrderNotRefundable, TooManyReturned, RefundUnderWay, GatewayUnreachable."""
    with shop.database.reading() as session:
        order_of_staff(session, order_id, caller)
    payment = collecting.give_pieces_back(shop, order_id, pieces, key=key, restock=restock, asked_by=caller.id)
    settle_and_finish(shop, stage, order_id, payment)


def payment_now(shop: Shop, order_id: str) -> Payment | None:
    """What the provider says at this moment; speaks to the network, so never inside a transaction."""
    return collecting.look(shop, order_id)


def _state(shop: Shop, order_id: str, shopper_id: str) -> OrderState:
    with shop.database.reading() as session:
        return OrderState(owned(session, order_id, shopper_id).state)
