"""Memberships in plain words: what a plan gives and costs. Pure.

Owns the sentences of the phone and the console.
"""

from __future__ import annotations

from app.kernel.money import Money
from storefront.memberships.plan import ONE_BP, Benefits, Every

PERIODS = {Every.MONTH: "month", Every.YEAR: "year"}


def benefits(one: Benefits) -> tuple[str, ...]:
    return (
        *(["free delivery"] if one.free_delivery else []),
        *([f"{one.off_bp / 100:g} % off every piece"] if one.off_bp else []),
        *([f"{one.points_bp / ONE_BP:g} times the points"] if one.points_bp != ONE_BP else []),
        *(["some offers before everybody else"] if one.early_access else []),
    )


def price(amount_minor: int, currency: str, every: Every) -> str:
    return f"{Money(amount_minor, currency).display()} a {PERIODS[every]}"
