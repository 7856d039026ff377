"""A campaign as the texts of its form, and the way to a document and back.

Pure. Owns reading spans and lines as people write them. What cannot be read is named at its box; whether what was read may
be is the room's to say. A document there and back is the same document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.kernel.errors import FieldError
from app.web.amounts import Unread, amount_text, minor_of, number_of
from app.web.console import message_boxes
from app.web.console.campaign_fields import BOXES, BY_PATH, ROWS, UNITS, VALUE_OF_KIND, Box
from app.web.console.words import DAYS

MOST_LINES = 60
MORE = " more"
"""The box for further names; begins with a blank, as no name does."""
Texts = Mapping[str, str]
WINDOWS = ("caps.per_shopper_window", "caps.total_window")
NULLABLE = ("trigger.nth_visit", *WINDOWS)
"""Parts that are not there at all when every box of theirs is empty."""
UNASKED: dict[str, dict[str, Any]] = {
    "weather": {"rain": "", "sunny": False, "min_high_c": None, "max_high_c": None, "on": "any", "within_days": 0},
    "special_days": {"kinds": [], "named": [], "within_days": 0},
}
"""The same for parts whose boxes say something when nobody has touched them."""


@dataclass
class Written:
    """A form read: `document` is what to hand the room, `wrong` what could not be read, `at` the box of each line's path."""

    document: dict[str, Any] = field(default_factory=dict[str, Any])
    wrong: list[FieldError] = field(default_factory=list[FieldError])
    at: dict[str, str] = field(default_factory=dict[str, str])

    def put(self, path: str, value: Any) -> None:
        *parts, last = path.split(".")
        inner = self.document
        for part in parts:
            inner = inner.setdefault(part, {})
        inner[last] = value


def _plain(number: float) -> str:
    return f"{number:.4f}".rstrip("0").rstrip(".")


def _whole(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,12}", text):
        raise Unread("a whole number, such as 3")
    return int(text)


def _value(box: Box, texts: Texts, currency: str) -> Any:
    """What stands in one box; raises Unread."""
    if box.kind == "flag":
        return bool(texts.get(box.path))
    if box.kind == "ticks":
        return ticked(texts, box.path)
    text = texts.get(box.path, "").strip()
    if box.kind == "words":
        return [word for word in (part.strip() for part in text.split(",")) if word]
    if not text and box.kind not in ("text", "choice"):
        return box.empty
    if box.kind == "money":
        return minor_of(text, currency)
    if box.kind == "whole":
        return _whole(text)
    if box.kind == "span":
        unit = texts.get(f"{box.path}.unit", "1")
        if unit not in dict(UNITS):
            raise Unread("choose days, hours, minutes or seconds")
        return _whole(text) * int(unit)
    if box.kind in ("percent", "number", "degrees"):
        number = float(number_of(text, 2, "a number with at most two decimals, such as 12.5"))
        return round(number * 100) if box.path.endswith("_bp") else number
    if box.kind == "date":
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            raise Unread("a day such as 2026-12-24") from None
    return text or box.empty or ""


def ticked(texts: Texts, path: str) -> list[str]:
    """Of `path.one`, `path.two`, ... those that are on; and the words of the box for further ones."""
    start = f"{path}."
    on = {name.removeprefix(start) for name, value in texts.items() if value and name.startswith(start)} - {MORE}
    return sorted(on | {word.strip() for word in texts.get(f"{path}.{MORE}", "").split(",") if word.strip()})


def read(texts: Texts, benefit_fields: Mapping[str, Iterable[str]]) -> Written:
    """The form as a document. `benefit_fields`: what a benefit of each kind may say; the boxes of other kinds are not looked at."""
    out = Written()
    currency = texts.get("currency", "").strip().upper() or "EUR"
    kind = texts.get("benefit.kind", "")
    foreign = {f"benefit.{name}" for names in benefit_fields.values() for name in names} - {f"benefit.{name}" for name in benefit_fields.get(kind, ())}
    for box in BOXES:
        if box.path not in foreign:
            _take(out, box.path, lambda box=box: _value(box, texts, currency))
    out.document["currency"] = currency
    for path in NULLABLE:
        _drop_empty(out.document, path)
    for part, untouched in UNASKED.items():
        out.document[part] = None if out.document[part] == untouched else {k: v for k, v in out.document[part].items() if v != ""}
    _read_weekly(out, texts)
    if "benefit.tiers" not in foreign:
        _read_tiers(out, texts, currency)
    _read_variants(out, texts, kind, currency)
    said, lines = out.document.pop("message"), {n: _line(texts, message_boxes.LINES, n) for n in lines_of(texts, message_boxes.LINES)}
    if texts.get(message_boxes.SHOWN):
        out.document["message"] = message_boxes.read(said, lines, out.at, out.wrong)
    return out


def _take(out: Written, path: str, value: Any) -> None:
    try:
        out.put(path, value())
    except Unread as unread:
        out.wrong.append(FieldError(path, str(unread)))
        out.put(path, BY_PATH[path].empty if path in BY_PATH else None)


def _drop_empty(document: dict[str, Any], path: str) -> None:
    part, name = path.split(".")
    inside = document[part][name]
    if all(value is None for value in inside.values()):
        document[part][name] = None
    else:
        document[part][name] = {key: value for key, value in inside.items() if value is not None}


def lines_of(texts: Texts, path: str) -> list[int]:
    """The numbers of the lines of a list in which anything stands."""
    return [n for n in range(MOST_LINES) if any(texts.get(f"{path}.{n}.{name}", "").strip() for name in ROWS[path] if name != "place")]


def too_many_lines(document: Mapping[str, Any]) -> bool:
    """More hours than the form has lines for: they stay as they are stored."""
    schedule = document.get("schedule", {})
    return len(schedule.get("weekly", [])) + sum(len(store["weekly"]) for store in schedule.get("store_hours", [])) > MOST_LINES


def _line(texts: Texts, path: str, n: int) -> dict[str, str]:
    return {name: texts.get(f"{path}.{n}.{name}", "").strip() for name in ROWS[path]}


def _read_weekly(out: Written, texts: Texts) -> None:
    """Lines for every store, and lines of one store that keeps other hours."""
    weekly: list[dict[str, Any]] = []
    stores: dict[str, list[dict[str, Any]]] = {}
    where: dict[str, list[int]] = {}
    for n in lines_of(texts, "schedule.weekly"):
        line = _line(texts, "schedule.weekly", n)
        hours = {"days": [day for day in DAYS if line[day]], "from": line["from"], "until": line["until"]}
        of = weekly if not line["place"] else stores.setdefault(line["place"], [])
        of.append(hours)
        where.setdefault(line["place"], []).append(n)
    out.put("schedule.weekly", weekly)
    out.put("schedule.store_hours", [{"place_id": place_id, "weekly": hours} for place_id, hours in stores.items()])
    for k, n in enumerate(where.pop("", [])):
        out.at[f"schedule.weekly[{k}]"] = f"schedule.weekly.{n}"
    for s, numbers in enumerate(where.values()):
        out.at[f"schedule.store_hours[{s}]"] = f"schedule.weekly.{numbers[0]}"
        out.at |= {f"schedule.store_hours[{s}].weekly[{k}]": f"schedule.weekly.{n}" for k, n in enumerate(numbers)}


def _read_tiers(out: Written, texts: Texts, currency: str) -> None:
    tiers: list[dict[str, Any]] = []
    for n in lines_of(texts, "benefit.tiers"):
        name, line, tier = f"benefit.tiers.{n}", _line(texts, "benefit.tiers", n), dict[str, Any]()
        for key, text in line.items():
            box = Box(f"{name}.{key}", "percent" if key == "percent" else "money", "", empty=0 if key == "from_minor" else None)
            _read_box(out, tier, key, box, {box.path: text}, currency)
        out.at[f"benefit.tiers[{len(tiers)}]"] = name
        tiers.append(tier)
    out.put("benefit.tiers", tiers)


def _read_variants(out: Written, texts: Texts, kind: str, currency: str) -> None:
    variants: list[dict[str, Any]] = []
    value = VALUE_OF_KIND.get(kind)
    for n in lines_of(texts, "experiment.variants"):
        name, line = f"experiment.variants.{n}", _line(texts, "experiment.variants", n)
        variant: dict[str, Any] = {"name": line["name"], "title": line["title"] or None, "because": line["because"] or None}
        kinds = {"weight": ("weight", "whole", 1), "max_discount_minor": ("max_discount_minor", "money", None)}
        if value is not None:
            kinds["value"] = (value, "percent" if value == "percent" else "money", None)
        for key, (into, how, empty) in kinds.items():
            _read_box(out, variant, into, Box(f"{name}.{key}", how, "", empty=empty), {f"{name}.{key}": line[key]}, currency)
            out.at[f"experiment.variants[{len(variants)}].{into}"] = f"{name}.{key}"
        out.at[f"experiment.variants[{len(variants)}]"] = name
        variants.append(variant)
    out.put("experiment.variants", variants)


def _read_box(out: Written, into: dict[str, Any], key: str, box: Box, texts: Texts, currency: str) -> None:
    try:
        into[key] = _value(box, texts, currency)
    except Unread as unread:
        out.wrong.append(FieldError(box.path, str(unread)))
        into[key] = box.empty


# --- and back ---------------------------------------------------------------------------------------------------------


def texts_of(document: Mapping[str, Any]) -> dict[str, str]:
    """The texts a form begins with; the inverse of `read`."""
    currency, out = str(document.get("currency", "EUR")), dict[str, str]()
    for box in BOXES:
        value = _at(document, box.path)
        if value is not None:
            _write(out, box, value, currency)
    schedule, benefit, experiment = document.get("schedule", {}), document.get("benefit", {}), document.get("experiment", {})
    hours = [("", w) for w in schedule.get("weekly", [])] + [(s["place_id"], w) for s in schedule.get("store_hours", []) for w in s["weekly"]]
    for n, (place_id, w) in enumerate(hours):
        line = {"place": place_id, "from": w["from"], "until": w["until"]} | dict.fromkeys(w["days"], "on")
        _write_line(out, "schedule.weekly", n, line)
    for n, tier in enumerate(benefit.get("tiers", [])):
        line = {key: amount_text(tier[key], currency) for key in ("from_minor", "amount_minor") if tier.get(key) is not None}
        _write_line(out, "benefit.tiers", n, line | ({"percent": _plain(tier["percent"])} if tier.get("percent") is not None else {}))
    value = VALUE_OF_KIND.get(str(benefit.get("kind")))
    for n, variant in enumerate(experiment.get("variants", [])):
        line = {key: str(variant[key]) for key in ("name", "weight", "title", "because") if variant.get(key) is not None}
        if variant.get("max_discount_minor") is not None:
            line["max_discount_minor"] = amount_text(variant["max_discount_minor"], currency)
        if value is not None and variant.get(value) is not None:
            line["value"] = _plain(variant[value]) if value == "percent" else amount_text(variant[value], currency)
        _write_line(out, "experiment.variants", n, line)
    for n, line in enumerate(message_boxes.lines_from(document.get("message"))):
        _write_line(out, message_boxes.LINES, n, line)
    return out


def _at(document: Mapping[str, Any], path: str) -> Any:
    value: Any = document
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _write(out: dict[str, str], box: Box, value: Any, currency: str) -> None:
    if box.kind == "flag":
        out[box.path] = "on" if value else ""
    elif box.kind == "ticks":
        out.update({f"{box.path}.{one}": "on" for one in value})
    elif box.kind == "words":
        out[box.path] = ", ".join(value)
    elif box.kind == "money":
        out[box.path] = amount_text(value, currency) if value or box.empty != 0 else ""
    elif box.kind == "span":
        unit = next(int(u) for u, _ in UNITS if value % int(u) == 0 and value >= int(u)) if value else 60
        out[box.path], out[f"{box.path}.unit"] = str(value // unit) if value or box.empty != 0 else "", str(unit)
    elif box.kind == "degrees":
        out[box.path] = _plain(value)
    elif box.kind in ("percent", "number"):
        out[box.path] = _plain(value / 100 if box.path.endswith("_bp") else value) if value or box.path.endswith("_bp") else ""
    else:
        out[box.path] = str(value) if value != 0 or box.empty != 0 else ""


def _write_line(out: dict[str, str], path: str, n: int, line: Mapping[str, str]) -> None:
    out.update({f"{path}.{n}.{name}": text for name, text in line.items() if text})
