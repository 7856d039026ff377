"""From what was understood and what is known to what is said: an answer with its sources, a question back, or a person.

Pure. Owns the gate: what is unsure is asked again once, then a person takes over. Must not say a price, an allergen or the state of an
order unless what it is about is certain and the fact is there: an allergen that nobody declared is never "free of".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from notifications.conversations.knowledge import (
    ABOUT_PRODUCTS,
    Facts,
    Intent,
    OrderFact,
    PlaceFact,
    ProductFact,
    Understanding,
)
from notifications.conversations.proposing import Line, proposal
from notifications.conversations.reasons import ConversationReason as Why
from notifications.conversations.sayings import ALLERGEN_NAMES, DAY_NAMES, ORDER_STATES, listed, say
from notifications.conversations.understanding import GATE

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_NAMED = 5


class Kind(StrEnum):
    ANSWER = "answer"
    ASK = "ask"
    HAND_OFF = "hand_off"


@dataclass(frozen=True, slots=True)
class Asked:
    """What we asked back about last: what she says next may be no more than the missing name."""

    intent: Intent
    products: tuple[str, ...] = ()
    allergens: tuple[str, ...] = ()
    any_allergen: bool = False
    days: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Needs:
    """What she said she needs: a party for so many, without these allergens."""

    people: int | None = None
    free_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """`sources`: whose data it stands on. `lines`: a cart to propose. `asked`: what her next words may complete."""

    kind: Kind
    intent: Intent
    text: str
    sources: tuple[str, ...] = ()
    reason: Why | None = None
    link: str = ""
    lines: tuple[Line, ...] = ()
    needs: Needs | None = None
    products: tuple[str, ...] = ()
    asked: Asked | None = None


@dataclass(frozen=True, slots=True)
class _Case:
    u: Understanding
    facts: Facts
    again: bool
    """We have asked back already."""


def completed(u: Understanding, asked: Asked | None, last_products: Sequence[str]) -> Understanding:
    """The understanding with what earlier words of the thread say: the open question, and what "it" is."""
    if asked is not None and (u.confidence < GATE or u.intent in (Intent.PRODUCT, Intent.YES, asked.intent)):
        yes = u.intent is Intent.YES and not u.products and len(asked.products) == 1
        named = bool(u.products or u.places or u.orders or u.people or u.codes or u.allergens or u.quantity) or yes
        if named:
            u = replace(
                u, intent=asked.intent, confidence=max(u.confidence, GATE), allergens=u.allergens or asked.allergens, days=u.days or asked.days,
                any_allergen=u.any_allergen or asked.any_allergen, products=asked.products if yes else u.products, products_certain=yes or u.products_certain,
                people=u.people or (u.quantity if asked.intent is Intent.PLAN else None), strange=(*asked.strange, *u.strange),
            )  # fmt: skip
    if u.intent in ABOUT_PRODUCTS and not u.products and len(last_products) == 1 and (u.points_back or not u.strange):
        u = replace(u, products=tuple(last_products), products_certain=True)
    return u


def answer(u: Understanding, facts: Facts, *, asked: Asked | None = None) -> Reply:
    """What to say to an understanding that is `completed`. `facts.products` are those the understanding names."""
    case = _Case(u, facts, asked is not None)
    if u.confidence < GATE and facts.written is not None:
        return _said(case, facts.written.answer, "FAQ", link=f"/m/help#{facts.written.id}")
    if u.confidence < GATE:
        return _ask(case, "ask_again", Why.NOT_UNDERSTOOD, remember=False)
    first = _ANSWERS[u.intent](case)
    if u.also is None or first.kind is not Kind.ANSWER:
        return first
    second = _ANSWERS[u.also](_with(case, u.also))
    if second.kind is not Kind.ANSWER:
        return second
    return replace(first, text=f"{first.text} {second.text}", sources=tuple(dict.fromkeys((*first.sources, *second.sources))))


def _with(case: _Case, intent: Intent) -> _Case:
    return _Case(replace(case.u, intent=intent, also=None), case.facts, case.again)


# --- the three ways out -----------------------------------------------------------------------------------------------


def _said(case: _Case, text: str, *sources: str, link: str = "", products: Sequence[ProductFact] = ()) -> Reply:
    return Reply(Kind.ANSWER, case.u.intent, text, sources, link=link, products=tuple(p.id for p in products))


def _ask(case: _Case, key: str, why: Why, *, remember: bool = True, names: str = "") -> Reply:
    """Ask back, once; a person the second time."""
    if case.again:
        return _person(case, why)
    u = case.u
    asked = Asked(u.intent, u.products if len(u.products) == 1 else (), u.allergens, u.any_allergen, u.days, u.strange if u.intent is Intent.ALLERGY else ()) if remember else Asked(Intent.UNKNOWN)
    return Reply(Kind.ASK, u.intent, say(key, u.language, names=names), asked=asked)


def _person(case: _Case, why: Why, key: str | None = None) -> Reply:
    u = case.u
    text = say("hand_off", u.language)
    return Reply(Kind.HAND_OFF, u.intent, f"{say(key, u.language)} {text}" if key else text, reason=why)


# --- products ---------------------------------------------------------------------------------------------------------


def _of_products(case: _Case, each: Callable[[_Case, ProductFact], str | Reply]) -> Reply:
    """`each` for every product that is certain; else which is meant is asked."""
    found = case.facts.products
    if not found:
        return _ask(case, "which_product_open", Why.PRODUCT_UNCLEAR)
    if not case.u.products_certain:
        return _ask(case, "which_product", Why.PRODUCT_UNCLEAR, names=_or([p.name for p in found]))
    texts: list[str] = []
    for product in found:
        said = each(case, product)
        if isinstance(said, Reply):
            return said
        texts.append(said)
    return _said(case, " ".join(texts), "catalogue", link=f"/m/shop/{found[0].id}", products=found)


def _or(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_NAMED])


def _product(case: _Case) -> Reply:
    return _of_products(case, lambda c, p: say("product", c.u.language, name=p.name, description=p.description, price=p.price))


def _price(case: _Case) -> Reply:
    return _of_products(case, lambda c, p: say("price", c.u.language, name=p.name, price=p.price))


def _stock(case: _Case) -> Reply:
    return _of_products(case, lambda c, p: say("stock" if p.in_stock else "no_stock", c.u.language, name=p.name, count=p.in_stock))


def _ingredients(case: _Case) -> Reply:
    return _of_products(case, lambda c, p: _text_of(c, p, "ingredients"))


def _care(case: _Case) -> Reply:
    return _of_products(case, lambda c, p: _text_of(c, p, "care"))


def _text_of(case: _Case, product: ProductFact, what: str) -> str | Reply:
    texts = product.ingredients if what == "ingredients" else product.care
    text = texts.get(case.u.language) or next(iter(texts.values()), "")
    return say(what, case.u.language, name=product.name, text=text) if text else _person(case, Why.FACT_UNKNOWN)


def _allergy(case: _Case) -> Reply:
    u = case.u
    if u.strange and (u.products or u.allergens):
        return _person(case, Why.ALLERGEN_UNKNOWN, "allergen_unknown")  # a word we do not know may be just what she must not eat
    if not u.allergens and not u.any_allergen:
        return _person(case, Why.ALLERGEN_UNKNOWN, "allergen_unknown")
    return _of_products(case, _declared)


def _declared(case: _Case, product: ProductFact) -> str | Reply:
    if product.contains is None or product.may_contain is None:
        return _person(case, Why.ALLERGEN_UNKNOWN, "allergen_unknown")
    language = case.u.language
    asked = case.u.allergens or (*product.contains, *product.may_contain)
    if not asked:
        return say("none_of_fourteen", language, name=product.name)
    within = tuple(a for a in asked if a in product.contains)
    traces = tuple(a for a in asked if a in product.may_contain and a not in within)
    free = tuple(a for a in asked if a not in within and a not in traces)
    parts = (("contains", within), ("may_contain", traces), ("not_declared", free))
    return " ".join(say(key, language, name=product.name, allergens=listed(some, language, ALLERGEN_NAMES)) for key, some in parts if some)


def _cart(case: _Case) -> Reply:
    found = case.facts.products
    if not found or not case.u.products_certain:
        return _of_products(case, lambda _c, p: p.name)
    if any(not p.in_stock for p in found):
        return _stock(case)
    quantity = case.u.quantity or 1
    return _proposed(case, tuple(Line(p.id, max(1, min(quantity, p.in_stock, 99))) for p in found), found)


def _plan(case: _Case) -> Reply:
    u = case.u
    needs = Needs(u.people, u.allergens)
    if u.allergens and u.strange and any(len(w) > 2 for w in u.strange):
        return replace(_person(case, Why.ALLERGEN_UNKNOWN, "allergen_unknown"), needs=needs)
    if not u.people:
        return _ask(case, "how_many_people", Why.NOT_UNDERSTOOD)
    kept = tuple(a for a in case.facts.free_from if a not in u.allergens)
    line = proposal(case.facts.shelf, u.people, (*u.allergens, *kept))
    if line is None:
        return replace(_person(case, Why.NOTHING_FITS), needs=needs)
    reply = replace(_proposed(case, (line,), case.facts.shelf), needs=needs)
    return replace(reply, text=f"{say('kept_in_mind', u.language, allergens=listed(kept, u.language, ALLERGEN_NAMES))} {reply.text}") if kept else reply


def _proposed(case: _Case, lines: tuple[Line, ...], among: Sequence[ProductFact]) -> Reply:
    of = {p.id: p for p in among}
    text = ", ".join(say("line", case.u.language, count=li.quantity, name=of[li.product_id].name) for li in lines)
    prices = ", ".join(of[li.product_id].price for li in lines)
    reply = _said(case, say("propose", case.u.language, lines=text, prices=prices), "catalogue", link="/m/cart", products=[of[li.product_id] for li in lines])
    return replace(reply, lines=lines)


# --- orders, offers, places -------------------------------------------------------------------------------------------


def _order(case: _Case) -> Reply:
    facts, u = case.facts, case.u
    mine: tuple[OrderFact, ...]
    if u.orders:
        found = tuple(o for o in facts.orders if o.id in u.orders)
        mine = found if len(found) == len(u.orders) else ()
    elif not facts.orders:
        return _said(case, say("no_order", u.language), "orders")
    elif len(facts.orders) > 1:
        return _ask(case, "which_order", Why.ORDER_UNCLEAR, names=_or([f"{o.id} ({o.placed_on}, {o.total})" for o in facts.orders]))
    else:
        mine = facts.orders
    if not mine:
        return _ask(case, "unknown_order", Why.ORDER_UNCLEAR)
    newest = next(iter(mine))
    text = " ".join(say("order", u.language, id=o.id, day=o.placed_on, total=o.total, state=say(o.state, u.language, ORDER_STATES)) for o in mine)
    return _said(case, text, "orders", link=f"/m/orders/{newest.id}")


def _offers(case: _Case) -> Reply:
    language = case.u.language
    if not case.facts.offers:
        return _said(case, say("no_offers", language), "offers", link="/m/wallet")
    some = ", ".join(say("offer", language, title=o.title, until=o.until) for o in case.facts.offers[:MOST_NAMED])
    return _said(case, say("offers", language, offers=some), "offers", link="/m/wallet")


def _why_not(case: _Case) -> Reply:
    if case.facts.withheld is None:
        return _said(case, say("nothing_weighed", case.u.language), "decisions", link="/m/me")
    decision_id, headline = case.facts.withheld
    text = say("why_not", case.u.language)
    return _said(case, f"{headline} {text}" if case.u.language == "en" else text, "decisions", link=f"/m/why/{decision_id}")


def _hours(case: _Case) -> Reply:
    u, facts = case.u, case.facts
    places: tuple[PlaceFact, ...] = facts.places or ((facts.here,) if facts.here is not None and not u.places else ())
    if not places:
        return _ask(case, "which_place", Why.PLACE_UNCLEAR, names="…")
    if len(places) > 1:
        return _ask(case, "which_place", Why.PLACE_UNCLEAR, names=_or([p.name for p in places]))
    place = next(iter(places))
    if not place.hours:
        return _person(case, Why.FACT_UNKNOWN)
    texts = [_open_on(place, day, u.language) for day in _days_asked(u.days, place.today)]
    return _said(case, " ".join(texts), "places")


def _days_asked(days: Sequence[str], today: str) -> list[str]:
    """Days of the week; today when none was named."""
    named = [d for d in days if d not in ("today", "tomorrow")]
    if "today" in days:
        named.insert(0, today)
    if "tomorrow" in days:
        named.append(WEEK[(WEEK.index(today) + 1) % 7])
    return list(dict.fromkeys(named)) or [today]


def _open_on(place: PlaceFact, day: str, language: str) -> str:
    hours = place.hours.get(day, "closed")
    name = say(day, language, DAY_NAMES)
    if hours == "closed":
        return say("closed", language, place=place.name, day=name)
    return say("hours", language, place=place.name, day=name, hours=hours)


# --- the rest ---------------------------------------------------------------------------------------------------------


def _returns(case: _Case) -> Reply:
    if case.facts.returns_days is None:
        return _person(case, Why.FACT_UNKNOWN)
    return _said(case, say("returns", case.u.language, days=case.facts.returns_days), "house rules")


def _delivery(case: _Case) -> Reply:
    if not case.facts.deliveries:
        return _person(case, Why.FACT_UNKNOWN)
    language = case.u.language
    methods = "; ".join(say("method", language, name=d.name, price=d.price or say("free", language)) for d in case.facts.deliveries)
    return _said(case, say("delivery", language, methods=methods), "shop")


def _genuine(case: _Case) -> Reply:
    language = case.u.language
    if not case.facts.sent:
        return _ask(case, "which_code", Why.FACT_UNKNOWN)
    texts = [
        say("not_genuine", language, code=s.code) if s.title is None else say("genuine", language, title=s.title) if s.title else say("genuine_word", language, code=s.code)
        for s in case.facts.sent
    ]  # fmt: skip
    return _said(case, " ".join(texts), "messages")


_ANSWERS: dict[Intent, Callable[[_Case], Reply]] = {
    Intent.PRODUCT: _product,
    Intent.PRICE: _price,
    Intent.STOCK: _stock,
    Intent.ALLERGY: _allergy,
    Intent.INGREDIENTS: _ingredients,
    Intent.CARE: _care,
    Intent.CART: _cart,
    Intent.PLAN: _plan,
    Intent.ORDER: _order,
    Intent.OFFERS: _offers,
    Intent.WHY_NOT: _why_not,
    Intent.HOURS: _hours,
    Intent.RETURNS: _returns,
    Intent.DELIVERY: _delivery,
    Intent.GENUINE: _genuine,
    Intent.PERSON: lambda case: _person(case, Why.ASKED_FOR_A_PERSON),
    Intent.PROBLEM: lambda case: _person(case, Why.SOMETHING_IS_WRONG),
    Intent.GREETING: lambda case: _said(case, say("greeting", case.u.language)),
    Intent.THANKS: lambda case: _said(case, say("thanks", case.u.language)),
    Intent.YES: lambda case: _said(case, say("fine", case.u.language)),
    Intent.NO: lambda case: _said(case, say("fine", case.u.language)),
    Intent.UNKNOWN: lambda case: _ask(case, "ask_again", Why.NOT_UNDERSTOOD, remember=False),
}
