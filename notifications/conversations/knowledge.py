"""What a conversation is about: intents, and what is known of products, places, orders and offers.

Pure. Owns shapes only. Every fact names where it comes from, and what is not known is None: never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Intent(StrEnum):
    """What she wants. Stored with messages: never renamed, only added."""

    PRODUCT = "product"
    PRICE = "price"
    STOCK = "stock"
    ALLERGY = "allergy"
    INGREDIENTS = "ingredients"
    ORDER = "order"
    OFFERS = "offers"
    WHY_NOT = "why_not"
    HOURS = "hours"
    RETURNS = "returns"
    CARE = "care"
    DELIVERY = "delivery"
    CART = "cart"
    PLAN = "plan"
    PERSON = "person"
    PROBLEM = "problem"
    GENUINE = "genuine"
    GREETING = "greeting"
    THANKS = "thanks"
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


ABOUT_PRODUCTS = frozenset({Intent.PRODUCT, Intent.PRICE, Intent.STOCK, Intent.ALLERGY, Intent.INGREDIENTS, Intent.CARE, Intent.CART})
GRAVE = frozenset({Intent.PRICE, Intent.ALLERGY, Intent.INGREDIENTS, Intent.ORDER})
"""A wrong answer here costs money, health or trust."""

LANGUAGES = ("en", "fi", "sv")


@dataclass(frozen=True, slots=True)
class KnownProduct:
    """A product of the catalogue by the names it goes by."""

    id: str
    name: str
    category: str
    also_called: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownPlace:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Known:
    """The names that can be understood now."""

    products: tuple[KnownProduct, ...] = ()
    places: tuple[KnownPlace, ...] = ()


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a message says. `confidence` 0 to 1. `products_certain`: every one of `products` was named beyond doubt; else they are
    what she may have meant. `strange`: words that mean nothing to us and are no small words of a language."""

    intent: Intent
    language: str
    confidence: float
    also: Intent | None = None
    products: tuple[str, ...] = ()
    products_certain: bool = False
    places: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    allergens: tuple[str, ...] = ()
    any_allergen: bool = False
    people: int | None = None
    quantity: int | None = None
    days: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    points_back: bool = False
    strange: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProductFact:
    """`contains` and `may_contain` None: nobody has declared it. `care` and `ingredients`: language -> text."""

    id: str
    name: str
    description: str
    category: str
    price: str
    in_stock: int
    contains: tuple[str, ...] | None = None
    may_contain: tuple[str, ...] | None = None
    ingredients: Mapping[str, str] = field(default_factory=dict[str, str])
    care: Mapping[str, str] = field(default_factory=dict[str, str])
    serves: int | None = None
    price_minor: int = 0


@dataclass(frozen=True, slots=True)
class PlaceFact:
    """`hours`: day (mon to sun) -> `10:00-20:00` or `closed`; empty: not known. `today` is the day there."""

    id: str
    name: str
    today: str
    hours: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class OrderFact:
    """One of her own orders. `placed_on` is written as people do."""

    id: str
    state: str
    total: str
    placed_on: str


@dataclass(frozen=True, slots=True)
class OfferFact:
    title: str
    until: str


@dataclass(frozen=True, slots=True)
class Delivery:
    name: str
    price: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What is known of a code she named. `title` of what we sent, empty: it is her familiar word, None: we sent nothing with it.
    `never_ours`: though it looks like the code of a message of ours."""

    code: str
    title: str | None
    never_ours: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """An entry of the FAQ that is meant beyond doubt."""

    id: str
    answer: str


@dataclass(frozen=True, slots=True)
class Facts:
    """All that may be said to her, gathered for one question."""

    now: datetime
    products: tuple[ProductFact, ...] = ()
    shelf: tuple[ProductFact, ...] = ()
    places: tuple[PlaceFact, ...] = ()
    orders: tuple[OrderFact, ...] = ()
    offers: tuple[OfferFact, ...] = ()
    withheld: tuple[str, str] | None = None
    deliveries: tuple[Delivery, ...] = ()
    returns_days: int | None = None
    sent: tuple[Sent, ...] = ()
    written: Written | None = None
    here: PlaceFact | None = None
    """Where she is, as far as she lets us know it."""
    free_from: tuple[str, ...] = ()
    """What must not be in her food, as she let us remember it."""
