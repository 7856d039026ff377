"""What leaves the room `offers` about a cart: its lines as offers sees them, and what coupons give on them.

Owns shapes only; others import them from contracts.py. Amounts are integer minor units.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """One line of a cart as offers sees it: exact money, no catalogue objects. `delivery`: what bringing it costs, a line of its own.

    `head_id`: the product of which it is a variant, `above`: the categories its own lies in; a campaign that names one of these means it too.
    """

    line_id: str
    product_id: str
    category: str
    quantity: int
    unit_amount_minor: int
    delivery: bool = False
    head_id: str | None = None
    above: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LineDiscount:
    line_id: str
    discount_minor: int


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What a coupon gives that is not taken off a line: `free_delivery`, `cashback` or `points`, in words as `text`.

    `amount_minor` is the cashback, or the most the delivery may cost us (None: no bound); a cart that has its delivery as a
    line gets it off that line instead. `payment_methods` earn the cashback. `multiplier_bp` 20000 is double points, for
    `line_ids`.
    """

    kind: str
    text: str
    amount_minor: int | None = None
    multiplier_bp: int = 0
    payment_methods: tuple[str, ...] = ()
    line_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    """The discount a coupon gives on these lines, frozen per line; `proof` says in words how it came about.

    Beside other coupons it may be less than by itself: what is left of each line when those before it have had their share.
    """

    coupon_id: str
    currency: str
    discount_minor: int
    lines: tuple[LineDiscount, ...]
    proof: tuple[str, ...]
    entitlements: tuple[Entitlement, ...] = ()
    title: str = field(default="", compare=False)

    @property
    def cost_minor(self) -> int:
        """What this use costs the campaign: the discount, and the money it promises besides."""
        return self.discount_minor + sum(e.amount_minor or 0 for e in self.entitlements)


@dataclass(frozen=True, slots=True)
class Bundle:
    """The best legal bundle for a cart. `shares` in the order they are taken off; `proof` says of each other why not.

    `lines` are the sums of the shares' lines, `discount_minor` the sum of them all.
    """

    currency: str
    discount_minor: int
    lines: tuple[LineDiscount, ...]
    shares: tuple[Quote, ...]
    entitlements: tuple[Entitlement, ...]
    proof: tuple[str, ...]
