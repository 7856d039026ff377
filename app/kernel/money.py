"""Exact money: integer minor units and a currency.

Owns arithmetic, fair allocation and display. Must not hold a float and must not mix currencies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from app.kernel.errors import AppError

MAX_AMOUNT_MINOR = 10**12
"""No sum in the shop is larger; a larger one is a mistake or an attack, and fits BIGINT with room to add."""


class CurrencyMismatch(AppError):
    """Two amounts in different currencies cannot be added; use one currency per cart."""

    status = 422
    code = "currency_mismatch"


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """`amount_minor` integer minor units (cents; yen for JPY), `currency` ISO 4217 upper case."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if len(self.currency) != 3 or not self.currency.isascii() or not self.currency.isupper():
            raise ValueError(f"currency must be an ISO 4217 code such as EUR, not {self.currency!r}")

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} cannot be combined; keep one currency per cart")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount_minor - other.amount_minor, self.currency)

    def __mul__(self, quantity: int) -> Money:
        return Money(self.amount_minor * quantity, self.currency)

    def percent_off(self, percent_bp: int) -> Money:
        """The discount of `percent_bp` basis points (2500 = 25 %), rounded half up in the shopper's favour."""
        return Money((self.amount_minor * percent_bp + 5_000) // 10_000, self.currency)

    def display(self, locale: str = "en") -> str:
        """For people: `Money(1250, "EUR").display("fi")` is `12,50 €` (CLDR by babel)."""
        return _displayed(self.amount_minor, self.currency, locale)


@lru_cache(maxsize=4096)
def _displayed(amount_minor: int, currency: str, locale: str) -> str:
    from babel.numbers import format_currency, get_currency_precision  # lazy: 60 ms

    return format_currency(Decimal(amount_minor).scaleb(-get_currency_precision(currency)), currency, locale=locale)


def decimals_of(currency: str) -> int:
    """How many digits of its minor unit a currency has: 2 for EUR, 0 for JPY, 3 for KWD (CLDR)."""
    from babel.numbers import get_currency_precision  # lazy: 60 ms

    return get_currency_precision(currency)


def allocate(amount_minor: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split `amount_minor` (>= 0) over `weights` (>= 0) so that the parts add up exactly.

    Largest remainder method; ties go to the earlier line. All weights zero: everything is zero only if the amount is.
    """
    total = sum(weights)
    if total == 0:
        if amount_minor:
            raise ValueError("cannot allocate a positive amount over zero weights")
        return tuple(0 for _ in weights)
    floors = [amount_minor * w // total for w in weights]
    remainders = sorted(range(len(weights)), key=lambda i: (-(amount_minor * weights[i] % total), i))
    for i in remainders[: amount_minor - sum(floors)]:
        floors[i] += 1
    return tuple(floors)
