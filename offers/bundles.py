"""Several coupons on one cart: the legal bundle that gives the shopper most, and the proof that no other gives more.

Pure. Each coupon is priced by itself on the full prices (pricing.py). In a bundle their line discounts add up, as far as no
line goes under the highest floor of the bundle's coupons. Must not look at coupon state; must not decide what may go
together (stacking.py).

The search is exact. It decides group after group (one of its coupons, or none) and leaves a branch only when it cannot
beat the best found. Bound: a bundle gives at most what it gives now and what each further group's best coupon gives by itself.
That is sound: on each line a bundle takes off min(sum of its coupons' discounts, total - floor), so another coupon adds
at most its own discount, and its floor only takes away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from app.kernel.money import Money
from offers import benefits
from offers.contracts import Bundle, LineDiscount, Quote, QuoteLine
from offers.definition import Benefit, BenefitKind
from offers.stacking import Place, against, in_order

MOST_COMBINED = 12
"""So many combinable coupons are tried with each other (4,096 bundles at most); of more, those that give most alone."""


@dataclass(frozen=True, slots=True)
class Option:
    """A coupon that applies to the cart by itself. `floors` per line it touches, in minor units."""

    place: Place
    title: str
    quote: Quote
    floors: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def id(self) -> str:
        return self.place.coupon_id

    @property
    def worth(self) -> Score:
        return Score(self.quote.discount_minor + self.back_minor, self.extras, -1)

    @property
    def back_minor(self) -> int:
        return sum(e.amount_minor or 0 for e in self.quote.entitlements if e.kind == BenefitKind.CASHBACK)

    @property
    def extras(self) -> int:
        """What has no price to the shopper that we know: delivery, points."""
        return sum(1 for e in self.quote.entitlements if e.kind != BenefitKind.CASHBACK)


@dataclass(frozen=True, slots=True, order=True)
class Score:
    """More money first, then more extras, then fewer coupons (as a negative count): none is spent for nothing."""

    money_minor: int
    extras: int
    fewer: int


def option(place: Place, title: str, quote: Quote, benefit: Benefit, lines: Sequence[QuoteLine]) -> Option:
    floors = {
        line.line_id: benefits.line_total_minor(line) - benefits.room_minor(benefit, line)
        for line in lines
        if (benefit.floor_bp or benefit.floor_unit_minor) and benefits.in_scope(benefit, line)
    }
    return Option(place, title, quote, floors)


def score(chosen: Sequence[Option], lines: Sequence[QuoteLine]) -> Score:
    """What a bundle gives. The order of its coupons does not matter for that, only for who bears which part."""
    off = dict.fromkeys((line.line_id for line in lines), 0)
    floors = dict(off)
    for one in chosen:
        for line in one.quote.lines:
            off[line.line_id] += line.discount_minor
        for line_id, floor_minor in one.floors.items():
            floors[line_id] = max(floors[line_id], floor_minor)
    discount_minor = sum(
        min(off[line.line_id], max(0, benefits.line_total_minor(line) - floors[line.line_id])) for line in lines
    )
    back_minor = sum(one.back_minor for one in chosen)
    return Score(discount_minor + back_minor, sum(one.extras for one in chosen), -len(chosen))


def best(options: Sequence[Option], lines: Sequence[QuoteLine], must: Option | None = None) -> tuple[Option, ...]:
    """The best legal bundle (of those with `must` in it); () if there is no option. The same question, the same answer."""
    ordered = sorted(options, key=lambda one: (-one.worth.money_minor, -one.extras, one.id))
    singles = [one for one in ordered if must is None or one is must]
    found: tuple[Option, ...] = max(((one,) for one in singles), key=lambda c: score(c, lines), default=())
    if not found or (must is not None and not must.place.combinable):
        return found
    groups: dict[str, list[Option]] = {}
    for one in tried_together(ordered, must):
        groups.setdefault(one.place.group, []).append(one)
    if must is not None:
        groups[must.place.group] = [must]
    return _search(list(groups.values()), lines, found, must)


def tried_together(ordered: Sequence[Option], must: Option | None = None) -> list[Option]:
    """The combinable ones, `MOST_COMBINED` at most, `must` among them."""
    combinable = [one for one in ordered if one.place.combinable and one is not must]
    return ([must] if must is not None else []) + combinable[: MOST_COMBINED - (must is not None)]


def _search(
    groups: list[list[Option]], lines: Sequence[QuoteLine], found: tuple[Option, ...], must: Option | None
) -> tuple[Option, ...]:
    money_left, extras_left = [0], [0]
    for group in reversed(groups):
        money_left.append(money_left[-1] + max(one.worth.money_minor for one in group))
        extras_left.append(extras_left[-1] + max(one.extras for one in group))
    money_left.reverse()
    extras_left.reverse()
    top, top_score = found, score(found, lines)

    def go(k: int, chosen: tuple[Option, ...]) -> None:
        nonlocal top, top_score
        now = score(chosen, lines)
        if chosen and (must is None or must in chosen) and now > top_score:
            top, top_score = chosen, now
        if k == len(groups):
            return
        if Score(now.money_minor + money_left[k], now.extras + extras_left[k], now.fewer) <= top_score:
            return
        for one in groups[k]:
            go(k + 1, (*chosen, one))
        if must is None or groups[k] != [must]:
            go(k + 1, chosen)

    go(0, ())
    return top


def shares(chosen: Sequence[Option], lines: Sequence[QuoteLine]) -> tuple[Quote, ...]:
    """Who bears what, in the order of `stacking.in_order`: each takes its own discount as far as there is room left."""
    room = {line.line_id: benefits.line_total_minor(line) for line in lines}
    for one in chosen:
        for line_id, floor_minor in one.floors.items():
            total_minor = next(benefits.line_total_minor(line) for line in lines if line.line_id == line_id)
            room[line_id] = min(room[line_id], max(0, total_minor - floor_minor))
    by_id = {one.id: one for one in chosen}
    out: list[Quote] = []
    for place in in_order(one.place for one in chosen):
        one = by_id[place.coupon_id]
        frozen: list[LineDiscount] = []
        for line in one.quote.lines:
            off = min(line.discount_minor, room[line.line_id])
            room[line.line_id] -= off
            frozen.append(LineDiscount(line.line_id, off))
        total_minor = sum(line.discount_minor for line in frozen)
        proof = one.quote.proof
        if total_minor < one.quote.discount_minor:
            proof = (*proof, f"Beside your other coupons it gives {Money(total_minor, one.quote.currency).display()}.")
        out.append(replace(one.quote, title=one.title, discount_minor=total_minor, lines=tuple(frozen), proof=proof))
    return tuple(out)


def bundle(options: Sequence[Option], lines: Sequence[QuoteLine], currency: str) -> Bundle:
    """The best legal bundle with its proof: what it gives, and for each other coupon why not."""
    chosen = best(options, lines)
    parts = shares(chosen, lines)
    off = {line.line_id: 0 for line in lines}
    for part in parts:
        for line in part.lines:
            off[line.line_id] += line.discount_minor
    frozen = tuple(LineDiscount(line.line_id, off[line.line_id]) for line in lines)

    def show(amount_minor: int) -> str:
        return Money(amount_minor, currency).display()

    entitled = tuple(e for part in parts for e in part.entitlements)
    return Bundle(currency, sum(off.values()), frozen, parts, entitled, tuple(_proof(options, chosen, lines, show)))


def _proof(
    options: Sequence[Option], chosen: tuple[Option, ...], lines: Sequence[QuoteLine], show: Callable[[int], str]
) -> list[str]:
    if not chosen:
        return ["No coupon applies to this cart."]
    won = score(chosen, lines)
    out = [f"{_names(chosen)}: {_gives(won, show)}{' together' if len(chosen) > 1 else ''}."]
    for one in sorted(options, key=lambda o: o.id):
        if one in chosen:
            continue
        rival = best(options, lines, must=one)
        other = score(rival, lines)
        alone = "" if rival == (one,) else f" with {_names([o for o in rival if o is not one])}"
        clash = next((f" ({why}: {_names([c])})" for c in chosen if (why := against(one.place, c.place))), "")
        less_minor = won.money_minor - other.money_minor
        if less_minor:
            out.append(f"{_names([one])}: at best {_gives(other, show)}{alone}, {show(less_minor)} less{clash}.")
        elif other.extras < won.extras:
            out.append(f"{_names([one])}: at best {_gives(other, show)}{alone}, and less besides{clash}.")
        else:
            out.append(f"{_names([one])}: would add nothing, so it stays yours{clash}.")
    left = len([o for o in options if o.place.combinable]) - MOST_COMBINED
    if left > 0:
        out.append(
            f"Of {left + MOST_COMBINED} that combine, the {MOST_COMBINED} that give most alone were tried together."
        )
    return out


def _names(options: Sequence[Option]) -> str:
    return " and ".join(f"“{one.title}”" for one in options)


def _gives(given: Score, show: Callable[[int], str]) -> str:
    extra = "" if not given.extras else " and an extra" if given.extras == 1 else f" and {given.extras} extras"
    return f"{show(given.money_minor)}{extra}"
