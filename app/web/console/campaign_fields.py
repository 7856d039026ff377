"""The boxes of the campaign form: for each field of a campaign's document its kind of box, its label and a word of help.

Pure. Owns labels and the meaning of an empty box. Must not say what is right: the room does, and its refusal comes back to the box.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Box:
    """`path` is the field's place in the document and the name of its input. `empty`: what an empty box says.

    Kinds: text, whole, number, degrees, money, percent (to `_bp` whole basis points, else as a number), span (a number and a unit, seconds),
    date, choice (of `options`), flag, ticks (several of what exists), words (a list, with commas).
    """

    path: str
    kind: str
    label: str
    hint: str = ""
    empty: Any = None
    options: tuple[tuple[str, str], ...] = ()


MOMENTS = (
    ("store_visit", "walks in"),
    ("dwell", "stays a while"),
    ("return_visit", "comes back"),
    ("left", "leaves"),
    ("crossed", "passes through"),
    ("beacon_proximity", "stops near a beacon"),
)
BENEFITS = (
    ("percent", "Percent off"),
    ("amount", "Amount off"),
    ("fixed_price", "Fixed price"),
    ("free_item", "Free item"),
    ("buy_x_get_y", "Buy some, get some"),
    ("tiered", "The more, the better (steps)"),
    ("free_delivery", "Free delivery"),
    ("cashback", "Cashback for a means of payment"),
    ("points", "More points"),
)
HINTS = (("account", "her account"), ("contact", "a verified contact"), ("device", "a phone or browser"), ("payment", "a means of payment"))
TRUSTS = (("claimed", "as the phone says"), ("corroborated", "borne out by how she moved"), ("verified", "proven at the place"))
UNITS = (("86400", "days"), ("3600", "hours"), ("60", "minutes"), ("1", "seconds"))

BOXES = (
    Box("name", "text", "Name", "For you and your colleagues."),
    Box("title", "text", "Headline", "The first thing the shopper reads on her coupon."),
    Box("because", "text", "Why she gets it", "Goes on “You got this because you walked into X and …”.", ""),
    Box("currency", "text", "Currency", "Three letters, such as EUR.", "EUR"),
    Box("trigger.moment_kinds", "ticks", "When a shopper", "", (), MOMENTS),
    Box("trigger.everywhere", "flag", "At every place", "", False),
    Box("trigger.chains", "ticks", "Chains", "Every shop of the chain, also those that open later.", ()),
    Box("trigger.tags", "ticks", "Kinds of place", "Every place that carries the tag.", ()),
    Box("trigger.place_ids", "ticks", "Single places", "", ()),
    Box("trigger.min_dwell_s", "span", "She has stayed for at least", "", 0),
    Box("trigger.nth_visit.exactly", "whole", "Exactly visit number"),
    Box("trigger.nth_visit.at_least", "whole", "From visit number"),
    Box("trigger.nth_visit.every", "whole", "Every so many visits", "3: her third, sixth, ninth."),
    Box("trigger.max_age_s", "span", "We hear of it within", "A phone may be offline for a while; older news earns nothing.", 1800),
    Box("benefit.kind", "choice", "What she gets", "", "percent", BENEFITS),
    Box("benefit.percent", "percent", "Percent off"),
    Box("benefit.amount_minor", "money", "Amount"),
    Box("benefit.price_minor", "money", "Price of the item"),
    Box("benefit.buy_items", "whole", "Buy so many"),
    Box("benefit.get_items", "whole", "Get so many"),
    Box("benefit.multiplier", "number", "Points, times", "2 is double."),
    Box("benefit.payment_methods", "words", "Paying with", "With commas, such as card, mobilepay.", ()),
    Box("benefit.max_items", "whole", "Items at most", "How many items one coupon covers."),
    Box("benefit.max_discount_minor", "money", "Most off with one coupon", "A budget needs it where the cart decides what the coupon costs."),
    Box("benefit.product_ids", "ticks", "Only these products", "", ()),
    Box("benefit.categories", "ticks", "Only these categories", "None of both: the whole basket.", ()),
    Box("benefit.min_basket_minor", "money", "From a basket of", "", 0),
    Box("benefit.min_items", "whole", "From so many such items", "", 0),
    Box("benefit.floor_percent", "percent", "Always paid of each line, percent", "Your margin.", 0),
    Box("benefit.floor_unit_minor", "money", "Always paid for each item", "Your margin.", 0),
    Box("schedule.starts_on", "date", "First day", "By the calendar of each store."),
    Box("schedule.ends_on", "date", "Last day", "That day included."),
    Box("weather.rain", "choice", "Rain", "", None, (("", "does not matter"), ("dry", "dry"), ("wet", "rain"))),
    Box("weather.sunny", "flag", "Sunny", "At most two fifths of the sky are clouds.", False),
    Box("weather.min_high_c", "degrees", "Warmest at least, °C"),
    Box("weather.max_high_c", "degrees", "Warmest at most, °C"),
    Box("weather.on", "choice", "On", "", "any", (("any", "any of the days"), ("weekend", "a Saturday or Sunday"))),
    Box("weather.within_days", "whole", "Within days", "Empty: today. 3: today or one of the next three days, nine at most.", 0),
    Box("special_days.kinds", "ticks", "Only near", "", (), (("weekend", "a weekend"), ("public_holiday", "a public holiday"), ("day_before_public_holiday", "the day before one"))),
    Box("special_days.named", "words", "or days named", "With commas, as the calendar of the region names them: midsummer_eve.", ()),
    Box("special_days.within_days", "whole", "Within so many days", "Empty: on the day itself.", 0),
    Box("caps.per_shopper", "whole", "Coupons for one shopper", "Empty: as many as she earns."),
    Box("caps.per_shopper_window.count", "whole", "For one shopper at most"),
    Box("caps.per_shopper_window.window_s", "span", "within so long"),
    Box("caps.total", "whole", "Coupons in all"),
    Box("caps.per_place", "whole", "Coupons at one place"),
    Box("caps.total_window.count", "whole", "All together at most"),
    Box("caps.total_window.window_s", "span", "within so long"),
    Box("caps.counted_by", "ticks", "One shopper is whoever shares", "A family with one tablet or card then counts as one.", (), HINTS),
    Box("coupon.valid_for_s", "span", "The coupon is good for", "From the moment she gets it, never past the last day.", 86_400),
    Box("coupon.places", "choice", "and can be used", "", "campaign", (("campaign", "at any place of the campaign"), ("place", "where she got it"))),
    Box("coupon.in_app", "flag", "In the app", "", False),
    Box("coupon.at_till", "flag", "At the till", "", False),
    Box("coupon.show", "choice", "The till asks for", "", "by_value", (("by_value", "the changing code where the coupon is worth it"), ("live", "the changing code, always"), ("any", "any form, paper too"))),
    Box("coupon.uses", "whole", "Uses", "More than one: she gets a book of so many coupons; caps and budget count each.", 1),
    Box("min_trust", "choice", "Her position must be", "", "claimed", TRUSTS),
    Box("budget_minor", "money", "Budget", "Empty: no limit."),
    Box("pacing", "choice", "The budget is released", "Evenly needs a first and a last day.", "none", (("none", "all at once"), ("even", "evenly, day by day"))),
    Box("priority", "whole", "Priority", "When several campaigns want the same moment, the highest goes first.", 0),
    Box("expected_value_minor", "money", "A used coupon is worth to us", "Among campaigns of one priority the dearer goes first.", 0),
    Box("stacking.group", "text", "Group", "At most one coupon of a group counts on a cart.", ""),
    Box("stacking.combinable", "flag", "May lie on a cart with coupons of other groups", "", False),
    Box("stacking.after", "words", "Takes its share after the groups", "With commas.", ()),
    Box("experiment.holdout_bp", "percent", "Held out, percent", "These shoppers get nothing, so that you can tell what the campaign brings.", 0),
    Box("message.language", "text", "For those whose language has no text", "A language such as en; empty: that of the first text.", ""),
    Box("message.channels", "words", "By these ways, the first that is open", "With commas: push, whatsapp, sms, email. Empty: all, in this order; her own wish goes first.", ()),
    Box("message.risky", "flag", "It leads to money or an account, so no text message carries a link", "", False),
    Box("experiment.salt", "text", "Draw", "Another word here draws every shopper's group anew.", ""),
)  # fmt: skip
BY_PATH = {box.path: box for box in BOXES}

ROWS: dict[str, tuple[str, ...]] = {
    "schedule.weekly": ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "from", "until", "place"),
    "benefit.tiers": ("from_minor", "percent", "amount_minor"),
    "message.texts": ("language", "title", "body", "sms", "subject", "html", "defaults"),
    "experiment.variants": ("name", "weight", "value", "max_discount_minor", "title", "because"),
}
"""Lists: each line of a list is a row of boxes, `schedule.weekly.0.from`."""
CONDITION = {"fact": "What is known", "at_least": "At least", "at_most": "At most", "within_days": "Within days", "of": "Of"}
"""The boxes of a condition of the audience: `fact0`, `at_least0`, ..."""
NAMED = {"chain": "chains", "tag": "tags", "place": "place_ids", "product": "product_ids", "category": "categories", "campaign": "campaign_ids", "plan": "plan_ids", "answer": "answers"}
"""What a condition may be of: as one writes it, and as the document calls it."""
SPARE_LINES = {"schedule.weekly": 1, "benefit.tiers": 2, "experiment.variants": 2, "message.texts": 1}
"""Empty lines offered beyond those in use; each look at the form offers more."""
VALUE_OF_KIND = {"percent": "percent", "amount": "amount_minor", "fixed_price": "price_minor"}
"""What the `value` of a variant is, by the kind of benefit."""
