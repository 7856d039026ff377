"""What may leave the room `storefront`: products, carts, orders, and the events of an order's life.

Owns shapes only. Amounts are integer minor units with one currency per cart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from storefront import (
    booking_contracts,
    cash_contracts,
    dispute_contracts,
    getting_contracts,
    loyalty_contracts,
    membership_contracts,
    return_contracts,
    revenue_contracts,
    review_contracts,
    share_contracts,
    shipment_contracts,
    wish_contracts,
)

CashView = cash_contracts.CashView
DrawerView = cash_contracts.DrawerView
WayToPay = cash_contracts.WayToPay
OrderConfirmed = cash_contracts.OrderConfirmed
CashCounted = cash_contracts.CashCounted
DeliveryView = getting_contracts.DeliveryView
CollectionView = getting_contracts.CollectionView
CollectionAtStore = getting_contracts.CollectionAtStore
OrderPicked = getting_contracts.OrderPicked
DisputeView = dispute_contracts.DisputeView
DisputeMoved = dispute_contracts.DisputeMoved
ShipmentPiece = shipment_contracts.ShipmentPiece
ShipmentView = shipment_contracts.ShipmentView
OrderToShip = shipment_contracts.OrderToShip
ShipmentMoved = shipment_contracts.ShipmentMoved
RefundView = return_contracts.RefundView
ReturnRequestView = return_contracts.ReturnRequestView
ExchangeView = return_contracts.ExchangeView
Rating = review_contracts.Rating
ReviewView = review_contracts.ReviewView
OwnReview = review_contracts.OwnReview
ModeratedReview = review_contracts.ModeratedReview
ReviewJudged = review_contracts.ReviewJudged
ReferralRewarded = share_contracts.ReferralRewarded
WishMatched = wish_contracts.WishMatched
PointsView = loyalty_contracts.PointsView
LoyaltyView = loyalty_contracts.LoyaltyView
LoyaltyPlan = loyalty_contracts.LoyaltyPlan
LoyaltyCounted = loyalty_contracts.LoyaltyCounted
LoyaltyGiftGiven = loyalty_contracts.LoyaltyGiftGiven
LoyaltyGiftWithdrawn = loyalty_contracts.LoyaltyGiftWithdrawn
LoyaltyTierMoved = loyalty_contracts.LoyaltyTierMoved
memberships = membership_contracts
revenue = revenue_contracts
bookings = booking_contracts

DELIVERY = ""
"""Stands for the product in the line that says what bringing an order costs: no product has this id."""

ERASED = "erased"
"""Stands in the books where the shopper's id stood: the same for everybody, so that nothing can be told apart by it."""


class OrderState(StrEnum):
    """`confirmed`: it stands, and is paid in cash when it is handed over."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    PAID = "paid"
    PAYMENT_FAILED = "payment_failed"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class ProductView:
    """`head_id`: of what it is a variant, `options` says which. `is_head`: it has variants, which are what is sold; the price is that of the cheapest,
    `in_stock` of all. `kind`: physical, digital or service. `prices`: what it costs in further currencies.
    `above`: the categories its own lies in, where these were asked for."""

    id: str
    name: str
    description: str
    category: str
    image: str
    price_minor: int
    currency: str
    in_stock: int
    kind: str = "physical"
    sku: str = ""
    head_id: str | None = None
    is_head: bool = False
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    images: tuple[str, ...] = ()
    prices: Mapping[str, int] = field(default_factory=dict[str, int])
    above: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShelfView:
    """What lies in a store now: `units` of a product in `aisle`."""

    place_id: str
    product_id: str
    units: int
    aisle: str


@dataclass(frozen=True, slots=True)
class ProductDetail:
    """A product with its `variants`, by their options, and what lies in which store of it or of them. `choices`: option -> its values."""

    product: ProductView
    variants: tuple[ProductView, ...] = ()
    shelves: tuple[ShelfView, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


@dataclass(frozen=True, slots=True)
class Found:
    """What a search has found. `products` is one page of `found`; `more`: so many that only the best were looked at.

    `facets`: category, kind, and each option of a product -> value -> how many of those found have it. `corrected`: a word nobody sells
    anything by -> the ones that were looked for instead. `price_minor`: from and to, of those in `currency`.
    """

    products: tuple[ProductView, ...]
    found: int
    more: bool
    facets: Mapping[str, Mapping[str, int]]
    corrected: Mapping[str, tuple[str, ...]]
    price_minor: tuple[int, int] | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Particulars:
    """What a product's maker declares. `allergens` (ingredients) and `may_contain` (traces) name those of the European Union's fourteen that are
    there; None: nobody has declared it, which is not the same as none. `ingredients`, `care`: language -> text. `serves`: for how many a piece is."""

    allergens: tuple[str, ...] | None = None
    may_contain: tuple[str, ...] | None = None
    ingredients: Mapping[str, str] = field(default_factory=dict[str, str])
    care: Mapping[str, str] = field(default_factory=dict[str, str])
    also_called: tuple[str, ...] = ()
    serves: int | None = None


@dataclass(frozen=True, slots=True)
class TaxSum:
    """The tax contained in what is paid at one rate (`rate_bp` 2550: 25.5 %); `net_minor` + `tax_minor` = `paid_minor`."""

    rate_bp: int
    net_minor: int
    tax_minor: int
    paid_minor: int


@dataclass(frozen=True, slots=True)
class OrderView:
    id: str
    shopper_id: str
    state: OrderState
    total_minor: int
    discount_minor: int
    currency: str
    coupon_id: str | None
    placed_at: datetime
    paid_at: datetime | None
    refunded_minor: int = 0


@dataclass(frozen=True, slots=True)
class OrderCouponView:
    """What one coupon gave in an order. `cashback_minor` is what it promised to pay back; `cashback_state`: due, done, dropped."""

    coupon_id: str
    title: str
    discount_minor: int
    cashback_minor: int
    cashback_state: str | None
    cashback_text: str | None


@dataclass(frozen=True, slots=True)
class OrderLineView:
    """One line as it was charged, frozen at checkout. The delivery is a line without a product. `returned`: pieces that
    were asked to be returned. `tax_minor`: the tax contained in `total_minor`."""

    line_no: int
    product_id: str
    name: str
    unit_minor: int
    quantity: int
    discount_minor: int
    total_minor: int
    returned: int = 0
    tax_minor: int = 0


@dataclass(frozen=True, slots=True)
class Bought:
    """A product of an order that was paid and of which she has not given everything back."""

    order_id: str
    shopper_id: str
    product_id: str
    name: str
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class OrderDetail:
    """An order with its lines. `decline` and `close_reason` are reason codes, the texts their plain words.

    `refund_due`: money is on its way back. `refunded_minor`: what went back in all, cashback too. `points`: earned and kept. `balance_minor`: paid from her balance, `credited_minor`: what went back to it. `expires_at`: until when an unpaid order holds its stock and coupon.
    `exchange_of`: the order whose pieces it replaces; `exchanged_into`: those that replace pieces of this one.
    """

    order: OrderView
    lines: tuple[OrderLineView, ...]
    subtotal_minor: int
    place_id: str | None
    expires_at: datetime
    closed_at: datetime | None
    decline: str | None
    decline_text: str | None
    close_reason: str | None
    close_text: str | None
    refunded_minor: int
    refund_due: bool
    coupons: tuple[OrderCouponView, ...] = ()
    refunds: tuple[RefundView, ...] = ()
    points: int = 0
    taxes: tuple[TaxSum, ...] = ()
    delivery: DeliveryView | None = None
    balance_minor: int = 0
    credited_minor: int = 0
    collection: CollectionView | None = None
    shipments: tuple[ShipmentView, ...] = ()
    disputes: tuple[DisputeView, ...] = ()
    cash: CashView | None = None
    bookings: tuple[booking_contracts.BookingView, ...] = ()
    exchange_of: str | None = None
    exchanged_into: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PaperView:
    """A receipt or credit note that was issued. `sha256` is the hash of its content, which never changes."""

    number: str
    kind: str
    issued_at: datetime
    total_minor: int
    currency: str
    sha256: str


@dataclass(frozen=True, slots=True)
class BalanceView:
    """One movement of a balance. `account` is the other side: card, given, refunds (came); held (an order took it, or gave it back), expired."""

    currency: str
    amount_minor: int
    account: str
    order_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class GiftCardView:
    """A gift card with its code: whoever has the code has the money. `state`: issued, loaded, void, expired. `line_no`: of the order it was bought with."""

    id: str
    code: str = field(repr=False)
    amount_minor: int
    currency: str
    state: str
    expires_at: datetime
    line_no: int | None


@dataclass(frozen=True, slots=True)
class OrderPlaced:
    """Event `order.placed`: pending, money not yet true."""

    TYPE: ClassVar[str] = "order.placed"

    order_id: str
    shopper_id: str
    total_minor: int
    currency: str
    coupon_id: str | None
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class OrderPaid:
    """Event `order.paid`: true by a signed webhook or an explicit re-read of the payment, or taken in cash."""

    TYPE: ClassVar[str] = "order.paid"

    order_id: str
    shopper_id: str
    total_minor: int
    discount_minor: int
    currency: str
    coupon_id: str | None
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class OrderClosed:
    """Event `order.closed`: cancelled, failed or refunded (`state` says which); the coupon went back."""

    TYPE: ClassVar[str] = "order.closed"

    order_id: str
    shopper_id: str
    state: str
    coupon_id: str | None
    closed_at: datetime
