"""A paper as it is read: its words, sums and dates in a language, in the order they stand on the page. Pure.

Owns what is shown and in which order; the page (HTML) and the file (PDF) only lay it out, so that both say the same. Must not reckon: every figure
stands in the paper's content.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.kernel import languages
from app.kernel.money import Money
from storefront.papers.phrases import say, spoken

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """`head` names the columns; the first is text, the others are figures."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """`facts`: number, dates, order. `sums`: label and figure, the last is the total. `footer` has `{page}` and `{pages}` still open."""

    language: str
    title: str
    number: str
    day: str
    merchant: str
    merchant_lines: tuple[str, ...]
    facts: tuple[Pair, ...]
    lines: Table
    sums: tuple[Pair, ...]
    taxes: Table | None
    payments: Table | None
    mark: str
    footer: str


def sheet_of(content: Mapping[str, Any], sha256: str, language: str) -> Sheet:
    """The paper in her language, or in English."""
    tag = spoken(language)
    currency, kind = content["currency"], content["kind"]

    def money(amount_minor: int) -> str:
        return languages.money(Money(amount_minor, currency), tag)

    return Sheet(
        language=tag, title=say(f"title.{kind}", tag), number=content["number"], day=content["day"], merchant=content["merchant"]["name"],
        merchant_lines=_merchant(content["merchant"], tag), facts=_facts(content, tag), lines=_lines(content, tag, money), sums=_sums(content, tag, money),
        taxes=_taxes(content, tag, money), payments=_payments(content, tag, money), mark=say("hash", tag, hash=sha256[:16]),
        footer=say("page", tag, page="{page}", pages="{pages}"),
    )  # fmt: skip


def _merchant(merchant: Mapping[str, Any], tag: str) -> tuple[str, ...]:
    ids = [say(key, tag, id=merchant[key]) for key in ("business_id", "vat_id") if merchant[key]]
    return (*merchant["address"], *ids, *([merchant["contact"]] if merchant["contact"] else []))


def _facts(content: Mapping[str, Any], tag: str) -> tuple[Pair, ...]:
    zone = ZoneInfo(content["merchant"]["timezone"])

    def moment(iso: str) -> str:
        at = datetime.fromisoformat(iso).astimezone(zone)
        return f"{languages.date(at, tag)} {languages.time(at, tag)}"

    pairs = [(say("number", tag), content["number"]), (say("date", tag), languages.date(date.fromisoformat(content["day"]), tag))]
    if content.get("of"):
        pairs.append((say("of", tag), content["of"]))
    pairs += [(say("order", tag), content["order_id"]), (say("ordered", tag), moment(content["placed_at"]))]
    if content.get("paid_at"):
        pairs.append((say("paid", tag), moment(content["paid_at"])))
    return tuple(pairs)


def _lines(content: Mapping[str, Any], tag: str, money: Any) -> Table:
    head = tuple(say(f"column.{name}", tag) for name in ("product", "quantity", "unit", "discount", "total", "rate"))
    rows = tuple(
        (
            line["name"], languages.number(line["quantity"], tag), money(line["unit_minor"]), money(-line["discount_minor"]) if line["discount_minor"] else "",
            money(line["total_minor"]), ", ".join(_percent(rate, tag) for rate in line["rates_bp"]),
        )
        for line in content["lines"]
    )  # fmt: skip
    return Table("", head, rows or ((say("for_order", tag), "", "", "", money(content["total_minor"]), ""),))


def _sums(content: Mapping[str, Any], tag: str, money: Any) -> tuple[Pair, ...]:
    pairs: list[Pair] = []
    if content.get("discount_minor"):
        pairs.append((say("subtotal", tag), money(content["subtotal_minor"])))
        pairs += [(say("coupon", tag, title=one["title"]), money(-one["discount_minor"])) for one in content["coupons"]]
    return (*pairs, (say(f"total.{content['kind']}", tag), money(content["total_minor"])))


def _taxes(content: Mapping[str, Any], tag: str, money: Any) -> Table | None:
    if not content["taxes"]:
        return None
    head = tuple(say(f"column.{name}", tag) for name in ("rate", "net", "tax", "gross"))
    rows = tuple((_percent(one["rate_bp"], tag), money(one["net_minor"]), money(one["tax_minor"]), money(one["paid_minor"])) for one in content["taxes"])
    return Table(say("taxes", tag), head, rows)


def _payments(content: Mapping[str, Any], tag: str, money: Any) -> Table | None:
    if content["kind"] != "receipt":
        return None
    rows = tuple((say(f"way.{one['way']}", tag), money(one["amount_minor"])) for one in content["payments"])
    return Table(say("payments", tag), (), rows or ((say("way.nothing", tag), money(0)),))


def _percent(rate_bp: int, tag: str) -> str:
    return f"{languages.number(rate_bp / 100, tag)}\u00a0%"
