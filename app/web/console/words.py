"""A campaign's conditions in words: when, where, for whom, what, and how it is bounded.

Pure: from the campaign document (as `POST /v1/campaigns` takes it) and the names of places to sentences. Must not decide
and must cover every field that can keep an offer back; a test changes each and sees the words change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from offers.facade import audience_in_words, outside_in_words

Money = Callable[[int], str]

KINDS = {
    "store_visit": "walks into",
    "dwell": "stays a while in",
    "return_visit": "comes back to",
    "left": "leaves",
    "crossed": "passes through",
    "beacon_proximity": "stops near a beacon in",
}
SHARED = {"contact": "verified contact", "device": "phone or browser", "payment": "means of payment"}
DAYS = {"mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday", "sat": "Saturday", "sun": "Sunday"}


def span(seconds: int) -> str:
    """`90` is `90 seconds`, `600` is `10 minutes`, `86400` is `1 day`: the largest unit that divides it exactly."""
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            n = seconds // size
            return f"{n} {unit}{'' if n == 1 else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"


def listed(words: list[str], last: str = "or") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


def times(n: int) -> str:
    return {1: "once", 2: "twice"}.get(n, f"{n} times")


def where(trigger: Mapping[str, Any], place_names: Mapping[str, str]) -> str:
    """`any shop of Ooey Gooey or Höyry Tea Room`: any of the selectors suffices."""
    if trigger.get("everywhere"):
        return "any of our places"
    parts = [place_names.get(i, i) for i in trigger.get("place_ids", [])]
    if len(parts) > 4:
        parts = [f"one of {len(parts)} places"]
    parts += [f"any shop of {chain.replace('-', ' ').title()}" for chain in trigger.get("chains", [])]
    parts += [f"any place for {tag}" for tag in trigger.get("tags", [])]
    return listed(parts)


def when(trigger: Mapping[str, Any], place_names: Mapping[str, str]) -> list[str]:
    names: list[str] = [str(k) for k in trigger["moment_kinds"]]
    kinds = listed([KINDS.get(name, name.replace("_", " ")) for name in names])
    out = [f"A shopper {kinds} {where(trigger, place_names)}."]
    if trigger.get("min_dwell_s"):
        out.append(f"She has stayed at least {span(trigger['min_dwell_s'])}.")
    nth = trigger.get("nth_visit") or {}
    if nth.get("exactly"):
        out.append(f"It is exactly her visit number {nth['exactly']}.")
    if nth.get("at_least"):
        out.append(f"It is at least her visit number {nth['at_least']}.")
    if nth.get("every"):
        out.append(f"It is every {nth['every']}. visit.")
    out.append(f"We hear of it within {span(trigger['max_age_s'])}.")
    return out


def calendar(schedule: Mapping[str, Any]) -> list[str]:
    starts, ends, weekly = schedule.get("starts_on"), schedule.get("ends_on"), schedule.get("weekly") or []
    out: list[str] = []
    if starts and ends:
        out.append(f"From {starts} until {ends}, that day included.")
    elif starts:
        out.append(f"From {starts} on.")
    elif ends:
        out.append(f"Until {ends}, that day included.")
    for hours in weekly:
        days = "Every day" if len(hours["days"]) == 7 else listed([DAYS[d] for d in hours["days"]], "and")
        out.append(f"{days}, {hours['from']} to {hours['until']} by the clock of the store.")
    for store in schedule.get("store_hours") or []:
        own = [f"{listed([DAYS[d] for d in h['days']], 'and')} {h['from']} to {h['until']}" for h in store["weekly"]]
        out.append(f"At {store['place_id']} instead: {'; '.join(own)}.")
    return out or ["Always."]


def gives(benefit: Mapping[str, Any], benefit_text: str, money: Money) -> list[str]:
    out = [f"{benefit_text}."]
    scope = [f"category {c}" for c in benefit.get("categories", [])] + [f"product {p}" for p in benefit.get("product_ids", [])]
    out.append(f"On {listed(scope)}." if scope else "On the whole basket.")
    if benefit.get("min_basket_minor"):
        out.append(f"From a basket of {money(benefit['min_basket_minor'])} on.")
    if benefit.get("min_items"):
        out.append(f"From {benefit['min_items']} such items on.")
    if benefit.get("max_items"):
        out.append(f"For at most {benefit['max_items']} item{'' if benefit['max_items'] == 1 else 's'}.")
    if benefit.get("max_discount_minor"):
        out.append(f"Never more than {money(benefit['max_discount_minor'])} off.")
    if benefit.get("floor_percent"):
        out.append(f"At least {benefit['floor_percent']:g} % of each line stays to pay.")
    if benefit.get("floor_unit_minor"):
        out.append(f"No item for less than {money(benefit['floor_unit_minor'])}.")
    return out


def caps_in_words(caps: Mapping[str, Any], uses: int = 1) -> list[str]:
    """`uses`: coupons in an offer, each of which counts."""
    out: list[str] = []
    if caps.get("per_shopper"):
        out.append(f"Each shopper gets it {times(caps['per_shopper'] // uses)}.")
    window = caps.get("per_shopper_window")
    if window:
        out.append(f"At most {times(window['count'])} within {span(window['window_s'])} for each shopper.")
    beside = [hint for hint in caps.get("counted_by", []) if hint != "account"]
    if beside and (caps.get("per_shopper") or window):
        out.append(f"Shoppers who share a {listed([SHARED[hint] for hint in beside])} count as one.")
    if caps.get("per_place"):
        out.append(f"{caps['per_place']} coupons at each place.")
    if caps.get("total"):
        out.append(f"{caps['total']} coupons in all.")
    rolling = caps.get("total_window")
    if rolling:
        out.append(f"{rolling['count']} coupons within {span(rolling['window_s'])}, all shoppers together.")
    return out


def bounds(document: Mapping[str, Any], money: Money) -> list[str]:
    out = caps_in_words(document.get("caps", {}), document.get("coupon", {}).get("uses", 1))
    if document.get("budget_minor"):
        out.append(f"Budget {money(document['budget_minor'])}.")
    if document.get("pacing") == "even":
        out.append("The budget is released evenly, day by day.")
    if document.get("min_trust", "claimed") != "claimed":
        out.append(f"The position must be {document['min_trust']}.")
    if document.get("priority"):
        out.append(f"Priority {document['priority']} when several campaigns want the same moment.")
    if document.get("expected_value_minor"):
        out.append(f"Worth {money(document['expected_value_minor'])} to us, among equals the dearer goes first.")
    stacking = document.get("stacking") or {}
    if stacking.get("combinable"):
        out.append("Its coupon may lie on a cart together with others.")
    if stacking.get("group"):
        out.append(f"Only one coupon of the group {stacking['group']} counts on a cart.")
    if stacking.get("after"):
        out.append(f"It takes its share after the coupons of {listed(stacking['after'], 'and')}.")
    return out or ["No limit."]


def coupon(terms: Mapping[str, Any]) -> list[str]:
    at = listed([w for ok, w in ((terms.get("at_till"), "at the till"), (terms.get("in_app"), "in the app")) if ok])
    places = "at the place where it was given" if terms.get("places") == "place" else "at any place of the campaign"
    out = [f"Good for {span(terms['valid_for_s'])}, {places}, {at}."]
    if terms.get("uses", 1) > 1:
        out.append(f"Each offer is a book of {terms['uses']} coupons, to be used {times(terms['uses'])}; caps and budget count every coupon.")
    return out


def in_words(document: Mapping[str, Any], benefit_text: str, place_names: Mapping[str, str], money: Money) -> list[tuple[str, list[str]]]:
    """Heading and sentences, in the order a marketer asks."""
    return [
        ("When", when(document["trigger"], place_names)),
        ("Days and hours", calendar(document.get("schedule", {}))),
        *([("Weather and special days", days)] if (days := outside_in_words(document)) else []),
        ("Who", audience_in_words(document.get("audience"), place_names)),
        ("What the shopper gets", gives(document["benefit"], benefit_text, money)),
        ("The coupon", coupon(document["coupon"])),
        ("Limits", bounds(document, money)),
        ("What she reads", [f"“{document['title']}”", *([f"… because {document['because']}."] if document.get("because") else [])]),
    ]
