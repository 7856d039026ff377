"""The door of the room `storefront`: what is for sale, who has bought what, and how the shop is opened.

Owns catalogue, carts, orders and their payments. Callers pass their own session (one request or job is one transaction),
must not read this room's tables, and must not treat an order as paid before its state says so. Paying, cancelling and
refunding speak to the network and are done through the routes or the use cases of `Shop`, never inside a transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from fastapi import Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.db import Database
from storefront import booking_desk, cart_handing
from storefront import cash_counter as at_drawer
from storefront import counter as at_counter
from storefront import revenue_desk as revenue
from storefront.addresses import keeping as address_book
from storefront.billing import changing as membership_changes
from storefront.billing import showing as _memberships_shown
from storefront.billing import subscribing as membership_steps
from storefront.billing.adapters.memory_gateway import MemoryBilling
from storefront.billing.adapters.stripe_gateway import StripeBilling
from storefront.carts.quoting import CartQuote
from storefront.carts.repository import Cart
from storefront.carts.repository import add as _add
from storefront.carts.repository import cart_of as _cart_of
from storefront.catalog import categories as _categories
from storefront.catalog import details as _details
from storefront.catalog import repository as _catalog
from storefront.catalog import search as _search
from storefront.catalog import shelves as _shelves
from storefront.catalog.files import catalogue_of, from_csv, to_csv
from storefront.catalog.importing import CatalogueReport
from storefront.catalog.importing import checked as _checked
from storefront.catalog.importing import import_catalogue as _import_catalogue
from storefront.catalog.schemas import MOST_PRODUCTS, ShelvesIn
from storefront.catalog.search import Asked, Sort
from storefront.checkout import quote as _quote
from storefront.contracts import (
    Found,
    OrderDetail,
    OrderState,
    OrderView,
    PaperView,
    Particulars,
    ProductDetail,
    ProductView,
)
from storefront.disputes import repository as _disputes
from storefront.downloads import repository as _downloads
from storefront.errors import UnknownProduct
from storefront.evidence import packet as _packet
from storefront.loyalty import planning as _loyalty_file
from storefront.loyalty import repository as _loyalty
from storefront.loyalty import showing as _loyalty_shown
from storefront.loyalty import weighing as _loyalty_weighing
from storefront.loyalty.choosing import choose as choose_loyalty
from storefront.memberships import planning as _membership_file
from storefront.memberships.ports import BillingGateway
from storefront.methods import repository as payment_methods
from storefront.orders import repository as _orders
from storefront.orders.models import OrderRow
from storefront.orders.return_policy import Cause as ReturnCause
from storefront.papers import repository as _papers
from storefront.papers.endpoints import pdf_answer as _pdf_answer
from storefront.papers.issuing import issue_of as _issue_papers_of
from storefront.papers.phrases import say as paper_words
from storefront.papers.sheet import Sheet
from storefront.papers.sheet import sheet_of as _sheet_of
from storefront.payments.adapters.memory_gateway import MemoryGateway
from storefront.payments.adapters.stripe_gateway import StripeGateway
from storefront.payments.ports import PaymentGateway
from storefront.payments.shop import Shop
from storefront.points import ledger as _points
from storefront.ports import CouponDesk
from storefront.reasons import sentence
from storefront.recommending import showing as _showing
from storefront.reviews import door as reviews
from storefront.settings import StorefrontSettings
from storefront.sharing import links as sharing
from storefront.taxes import repository as _taxes
from storefront.wishes import repository as wishes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

__all__ = [
    "MOST_PRODUCTS",
    "Asked",
    "Cart",
    "CartQuote",
    "CatalogueReport",
    "ReturnCause",
    "Shop",
    "Sort",
    "address_book",
    "apply_loyalty",
    "apply_memberships",
    "at_counter",
    "at_drawer",
    "booking_desk",
    "bought_between",
    "cart",
    "cart_handing",
    "cart_quote",
    "catalogue_of",
    "categories",
    "choose_loyalty",
    "dispute_packet",
    "dispute_sums",
    "disputes",
    "exchange_points",
    "export_loyalty",
    "export_memberships",
    "find_products",
    "from_csv",
    "gateway_of",
    "import_catalogue",
    "loyalty",
    "loyalty_figures",
    "loyalty_rules",
    "members",
    "membership_changes",
    "membership_figures",
    "membership_plans",
    "membership_steps",
    "memberships",
    "note_dispute_evidence",
    "open_shop",
    "order",
    "orders",
    "paper_pdf",
    "paper_sheet",
    "paper_words",
    "papers_of",
    "particulars",
    "payment_methods",
    "plan_loyalty",
    "plan_memberships",
    "points",
    "product",
    "product_detail",
    "product_names",
    "products",
    "products_by_ids",
    "put_in_cart",
    "put_shelves",
    "recommended",
    "revenue",
    "reviews",
    "sentence",
    "set_tax_classes",
    "sharing",
    "spent_minor",
    "still_has",
    "to_csv",
    "unpaid_memberships",
    "wishes",
    "write_delivery_area",
]  # fmt: skip


# --- opening ----------------------------------------------------------------------------------------------------------


def gateway_of(settings: StorefrontSettings) -> PaymentGateway:
    """Stripe when a secret key is set, else the gateway in memory, which moves no money."""
    if settings.stripe_secret_key is None or not settings.stripe_secret_key.get_secret_value():
        return MemoryGateway()
    return StripeGateway(
        secret_key=settings.stripe_secret_key.get_secret_value(), publishable_key=settings.stripe_publishable_key,
        api_base=settings.stripe_api_base, api_version=settings.stripe_api_version, timeout_s=settings.stripe_timeout_s,
    )  # fmt: skip


def billing_of(gateway: PaymentGateway, database: Database) -> BillingGateway:
    """Subscriptions with the provider that takes the payments."""
    if isinstance(gateway, StripeGateway):
        return StripeBilling(gateway)
    return MemoryBilling(gateway if isinstance(gateway, MemoryGateway) else MemoryGateway(), database.clock.now)


def open_shop(
    database: Database, settings: StorefrontSettings, *, gateway: PaymentGateway | None = None, coupons: CouponDesk | None = None
) -> Shop:
    """The shop's equipment for bootstrap (`house.shop`), with the gateway the settings call for."""
    if coupons is None:
        from offers import facade as offers_facade

        coupons = offers_facade
    gateway = gateway or gateway_of(settings)
    return Shop(database, settings, gateway, coupons, billing_of(gateway, database))


# --- catalogue --------------------------------------------------------------------------------------------------------


def products(session: Session, query: str = "", category: str | None = None, *, limit: int = 50, offset: int = 0) -> list[ProductView]:
    """Products found by beginnings of words, best first; without a query all by name."""
    return list(find_products(session, Asked(query, category, limit=limit, offset=offset)).products)


def find_products(session: Session, asked: Asked) -> Found:
    """One page of what answers `asked`, with facets of all that does, and which words were taken for which."""
    return _search.search(session, asked)


def product_detail(session: Session, product_id: str) -> ProductDetail | None:
    """With its variants, and what lies in which store; None for what is not on sale."""
    return _details.detail(session, product_id)


def product(session: Session, product_id: str) -> ProductView | None:
    return _catalog.product(session, product_id)


def product_names(session: Session) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """(id, name, category, other names) of everything on sale, by id: what people may call it."""
    return _catalog.all_names(session)


def products_by_ids(session: Session, product_ids: Sequence[str]) -> dict[str, ProductView]:
    """Those that are on sale."""
    return _catalog.products_by_ids(session, product_ids)


def particulars(session: Session, product_ids: Sequence[str]) -> dict[str, Particulars]:
    """What is declared of each that is on sale."""
    return _catalog.particulars(session, product_ids)


def categories(session: Session) -> list[str]:
    """Those in which something is on sale, and those they lie in, by name."""
    return _categories.on_sale(session, _categories.parents(session))


def set_tax_classes(session: Session, classes: Mapping[str, str], *, at: datetime) -> None:
    """Category -> class (standard, food, meal, books, voucher): by which rates its products are taxed from now on."""
    for category, tax_class in classes.items():
        _taxes.keep_class(session, category, tax_class, at=at)


def import_catalogue(session: Session, document: Any, *, default_currency: str = "EUR", at: datetime) -> CatalogueReport:
    """`{"products": [...]}`, all or none; raises Invalid naming each wrong field."""
    return _import_catalogue(session, document, default_currency=default_currency, at=at)


def put_shelves(session: Session, document: Any, *, at: datetime) -> int:
    """`{"shelves": [...]}`: what lies in stores from now on, all or none; raises Invalid naming the wrong field."""
    return _shelves.put(session, _checked(ShelvesIn, document).shelves, at=at)


def recommended(
    session: Session, shop: Shop, shopper_id: str, product_ids: Sequence[str] = (), *, at: datetime, free_from: Collection[str] = ()
) -> list[_showing.Recommendation]:
    """What goes with these products and her cart and, if she agreed to it, with what she bought and keeps; each with why. `free_from`: allergens she avoids."""
    return _showing.for_her(session, shop.settings, shopper_id, product_ids, at=at, free_from=free_from)


# --- delivery ---------------------------------------------------------------------------------------------------------


def write_delivery_area(session: Session, area_id: str, document: Any, *, ways: Sequence[str], at: datetime) -> None:
    """As PUT /v1/delivery/areas/{area_id} takes it; raises Invalid naming the field. `ways`: the ids of those there are."""
    from storefront.delivery.schemas import AreaIn  # lazy: with it come the names of all countries
    from storefront.delivery.writing import write_area

    write_area(session, area_id, AreaIn.model_validate(document), ways=ways, at=at)


# --- carts and orders -------------------------------------------------------------------------------------------------


def cart(session: Session, shopper_id: str) -> Cart:
    return _cart_of(session, shopper_id)


def put_in_cart(session: Session, shop: Shop, shopper_id: str, pieces: Mapping[str, int], *, at: datetime) -> Cart:
    """So many more pieces of each product (id -> how many) in her cart, all or none: raises UnknownProduct, and what the cart itself refuses."""
    for product_id, quantity in pieces.items():
        found = _catalog.product(session, product_id)
        if found is None:
            raise UnknownProduct
        _add(session, shopper_id, found, quantity, max_lines=shop.settings.max_lines, at=at)
    return _cart_of(session, shopper_id)


def cart_quote(session: Session, shop: Shop, shopper_id: str, *, place_id: str | None, at: datetime, seen: bool = False) -> CartQuote:
    """What the cart costs now. `seen` needs a transaction: it notes that these prices were shown."""
    return _quote(session, shop, shopper_id, place_id=place_id, at=at, seen=seen)


def orders(session: Session, shopper_id: str | None = None, *, limit: int = 50) -> Sequence[OrderView]:
    """Newest first; everybody's when no shopper is named (staff pages)."""
    return _orders.orders_of(session, shopper_id, limit=limit)


def order(session: Session, order_id: str) -> OrderDetail | None:
    row = _orders.fresh(session, order_id)
    return _orders.detail(session, row) if row is not None else None


def papers_of(shop: Shop, order_id: str) -> tuple[PaperView, ...]:
    """The order's receipt and credit notes, the oldest first; those that are due are issued now. Not inside a transaction, and only for somebody whose order it is."""
    _issue_papers_of(shop, order_id)
    with shop.database.reading() as session:
        return _papers.papers_of(session, order_id)


def paper_sheet(session: Session, order_id: str, number: str, language: str) -> Sheet:
    """One of them as it is read in a language. Raises UnknownPaper, PaperAltered."""
    found = _papers.paper(session, order_id, number)
    return _sheet_of(found.content, found.view.sha256, language)


def paper_pdf(session: Session, order_id: str, number: str, language: str) -> Response:
    """The same as a file. Raises UnknownPaper, PaperAltered."""
    return _pdf_answer(_papers.paper(session, order_id, number), language)


bought_between = _orders.bought_between
still_has = _orders.still_has
disputes = _disputes.disputes
dispute_sums = _disputes.sums
dispute_packet = _packet
note_dispute_evidence = _disputes.note_evidence
"""For those who tell her how to care for what she bought: what is hers by now, and whether it still is."""


def points(session: Session, shopper_id: str) -> int:
    """What she has in the points book."""
    return _points.balance(session, shopper_id)


memberships, membership_plans, members = _memberships_shown.shown, _memberships_shown.plans, _memberships_shown.members
membership_figures, unpaid_memberships = _memberships_shown.figures, _memberships_shown.unpaid
export_memberships, plan_memberships, apply_memberships = _membership_file.export, _membership_file.plan, _membership_file.apply
loyalty = _loyalty_shown.shown
export_loyalty, plan_loyalty, apply_loyalty = _loyalty_file.export, _loyalty_file.plan, _loyalty_file.apply
exchange_points = _loyalty_weighing.exchange
loyalty_figures = _loyalty.figures


def loyalty_rules(session: Session) -> tuple[str | None, list[tuple[str, str, str]]]:
    """(name of the programme in force, each of its rules: heading, sentence, and the rule whose gifts are counted; no name where there is none."""
    programme = _loyalty.in_force(session)
    return (programme.name, _loyalty_shown.rules(session, programme)) if programme is not None else (None, [])


def downloads(session: Session, shop: Shop, order_id: str, shopper_id: str) -> list[_downloads.Download]:
    """What of her order can be fetched."""
    _orders.owned(session, order_id, shopper_id)
    return _downloads.of_order(session, order_id, **_downloads.bounds(shop.settings, shop.now()))


def open_download(session: Session, shop: Shop, order_id: str, line_no: int, shopper_id: str) -> _downloads.Download:
    """Opens it, which counts once. Raises NothingToDownload, DownloadsUsedUp."""
    _orders.owned(session, order_id, shopper_id)
    return _downloads.open_line(session, order_id, line_no, **_downloads.bounds(shop.settings, shop.now()))


download_address, put_file = _downloads.address_of, _downloads.put


def spent_minor(session: Session, shopper_id: str, *, since: datetime) -> dict[str, int]:
    """Currency -> minor units paid since then and not given back."""
    rows = session.execute(
        select(OrderRow.currency, func.sum(OrderRow.total_minor - OrderRow.refunded_minor - OrderRow.credited_minor))
        .where(OrderRow.shopper_id == shopper_id, OrderRow.state == OrderState.PAID, OrderRow.paid_at >= since)
        .group_by(OrderRow.currency)
    )
    return {currency: int(total) for currency, total in rows}
