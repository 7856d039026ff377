"""What else she may like: what goes with a product or with her cart, and, if she agreed to it, with what she bought and keeps.

Owns reading the candidates and leaving out what must not be shown: what lies in her cart, what she has, what cannot be had (in this store), what holds an allergen she
avoids. Must not use anything of hers without her consent to personalisation.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.privacy import gate
from app.privacy.purposes import Purpose
from app.security.people import same_person
from storefront.carts.models import CartLineRow, CartRow
from storefront.catalog import shelves
from storefront.catalog.models import ProductRow
from storefront.catalog.repository import particulars, products_by_ids, variants
from storefront.contracts import OrderState, ProductView
from storefront.orders.models import OrderLineRow, OrderRow
from storefront.recommending.models import BoughtTogetherRow
from storefront.recommending.rules import WORDS, Chosen, Scored, Seed, Why, chosen, free_of
from storefront.settings import StorefrontSettings
from storefront.wishes.models import WishRow

LOOKED_AT = 60
"""Candidates of which the first that may be shown are."""
SEEDS_OF_HERS = 50
B, P = BoughtTogetherRow, ProductRow


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A product and why it is shown: the code, and the words she reads."""

    product: ProductView
    why: Why
    text: str


def beside(
    session: Session, settings: StorefrontSettings, product_ids: Sequence[str], *, place_id: str | None = None, limit: int = 4
) -> list[Recommendation]:
    """What is bought together with these, for anybody; without a word about who asks."""
    heads = _heads(session, product_ids)
    return _shown(session, settings, [Seed(one, Why.TOGETHER) for one in heads], never=(), place_id=place_id, free_from=(), limit=limit)


def for_her(
    session: Session, settings: StorefrontSettings, shopper_id: str, product_ids: Sequence[str] = (), *, at: datetime, place_id: str | None = None,
    free_from: Collection[str] = (), limit: int = 4,
) -> list[Recommendation]:  # fmt: skip
    """The same for her: of what lies before her (`product_ids`) and in her cart, and, if she agreed to offers that fit, of what she bought and keeps."""
    ids = same_person(session, shopper_id)
    in_cart = _heads(session, session.scalars(select(CartLineRow.product_id).join(CartRow, CartRow.id == CartLineRow.cart_id).where(CartRow.shopper_id.in_(ids))).all())
    seeds = [Seed(one, Why.TOGETHER) for one in dict.fromkeys((*_heads(session, product_ids), *in_cart))]
    never: set[str] = set(in_cart)
    if gate.may(session, shopper_id, Purpose.PERSONALISATION, at).ok:
        bought, wished = _bought(session, ids, settings, at), _wished(session, ids)
        seeds += [*(Seed(one, Why.HERS) for one in bought), *(Seed(one, Why.LIST) for one in wished)]
        never |= {*bought, *wished}
    else:
        free_from = ()  # what she told the assistant is not used for this without it
    return _shown(session, settings, seeds, never=never, place_id=place_id, free_from=free_from, limit=limit)


def _shown(
    session: Session, settings: StorefrontSettings, seeds: Sequence[Seed], *, never: Collection[str], place_id: str | None, free_from: Collection[str], limit: int
) -> list[Recommendation]:  # fmt: skip
    if not seeds:
        return []
    rows = session.execute(select(B.product_id, B.other_id, B.score_bp).where(B.product_id.in_({seed.product_id for seed in seeds})))
    found = chosen(seeds, [Scored(*row) for row in rows], never=never)[:LOOKED_AT]
    items = products_by_ids(session, [*(one.product_id for one in found), *(one.because_of for one in found)])
    fit = [one for one in found if one.product_id in items and one.because_of in items and _can_be_had(session, items[one.product_id], place_id)]
    if free_from:
        told = particulars(session, [one.product_id for one in fit])
        fit = [one for one in fit if one.product_id in told and free_of(free_from, told[one.product_id].allergens, told[one.product_id].may_contain)]
    return [Recommendation(items[one.product_id], one.why, _words(one, items, settings)) for one in fit[:limit]]


def _words(one: Chosen, items: dict[str, ProductView], settings: StorefrontSettings) -> str:
    return WORDS[one.why].format(name=items[one.because_of].name, people=settings.recommend_least_people)


def _can_be_had(session: Session, item: ProductView, place_id: str | None) -> bool:
    """It can be sent; in a store: it lies there."""
    if place_id is None:
        return item.in_stock > 0
    kinds = [one.id for one in variants(session, item.id)] if item.is_head else [item.id]
    return any(shelf.place_id == place_id for shelf in shelves.of_products(session, kinds))


def _heads(session: Session, product_ids: Sequence[str]) -> list[str]:
    """Each as what is listed: of a variant what it is one of."""
    heads = {i: head_id or i for i, head_id in session.execute(select(P.id, P.head_id).where(P.id.in_(product_ids)))}
    return list(dict.fromkeys(heads[one] for one in product_ids if one in heads))


def _bought(session: Session, shopper_ids: Collection[str], settings: StorefrontSettings, at: datetime) -> list[str]:
    """What she bought and has, the newest first."""
    o, line, head = OrderRow, OrderLineRow, func.coalesce(P.head_id, P.id)
    rows = (
        select(head)
        .join(line, line.product_id == P.id)
        .join(o, o.id == line.order_id)
        .where(o.shopper_id.in_(shopper_ids), o.state == OrderState.PAID, o.refund_state == "none", line.returned < line.quantity, o.placed_at > at - timedelta(days=settings.recommend_days))
        .group_by(head)
        .order_by(func.max(o.placed_at).desc(), head)
    )
    return list(session.scalars(rows.limit(SEEDS_OF_HERS)))


def _wished(session: Session, shopper_ids: Collection[str]) -> list[str]:
    rows = session.scalars(select(WishRow.product_id).where(WishRow.shopper_id.in_(shopper_ids)).order_by(WishRow.added_at.desc(), WishRow.product_id).limit(SEEDS_OF_HERS)).all()
    return _heads(session, rows)
