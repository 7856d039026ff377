"""The tax that prices contain: exact, so that lines, rates and the whole agree to the minor unit. Pure.

Owns the arithmetic. Prices include tax; what is taxed is what is paid, after discounts. For each rate the tax is reckoned once from the sum and
rounded half up, then shared out over the lines by largest remainder: the lines never add up to anything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.kernel.money import allocate
from storefront.contracts import TaxSum

ONE_BP = 10_000


@dataclass(frozen=True, slots=True)
class Taxed:
    """What is paid for one line at one rate. A delivery shares the rates of the goods it brings, and is several of these."""

    line_id: str
    tax_class: str
    rate_bp: int
    paid_minor: int
    tax_minor: int = 0


def contained_minor(paid_minor: int, rate_bp: int) -> int:
    """The tax in a price that contains it, rounded half up: 2.55 of 12.55 at 25.5 %."""
    whole = ONE_BP + rate_bp
    return (2 * paid_minor * rate_bp + whole) // (2 * whole)


def spread(paid_minor: int, goods: Sequence[Taxed]) -> list[tuple[str, int, int]]:
    """(class, rate, minor units): a delivery's price shared over the rates of the goods by what is paid for them."""
    by_kind: dict[tuple[str, int], int] = {}
    for one in goods:
        by_kind[one.tax_class, one.rate_bp] = by_kind.get((one.tax_class, one.rate_bp), 0) + one.paid_minor
    if not any(by_kind.values()):
        by_kind = dict.fromkeys(by_kind, 1)  # everything is free: as many shares as there are kinds
    shares = allocate(paid_minor, list(by_kind.values()))
    return [(tax_class, rate_bp, share) for (tax_class, rate_bp), share in zip(by_kind, shares, strict=True)]


def reckon(lines: Sequence[Taxed]) -> tuple[Taxed, ...]:
    """The same lines with the tax each contains."""
    tax: dict[int, int] = {}
    for rate_bp in {line.rate_bp for line in lines}:
        at = [n for n, line in enumerate(lines) if line.rate_bp == rate_bp]
        paid = [lines[n].paid_minor for n in at]
        tax.update(zip(at, allocate(contained_minor(sum(paid), rate_bp), paid), strict=True))
    return tuple(Taxed(line.line_id, line.tax_class, line.rate_bp, line.paid_minor, tax[n]) for n, line in enumerate(lines))


def by_rate(lines: Sequence[Taxed]) -> tuple[TaxSum, ...]:
    """Summed up rate by rate, the highest first."""
    sums: dict[int, tuple[int, int]] = {}
    for line in lines:
        paid, tax = sums.get(line.rate_bp, (0, 0))
        sums[line.rate_bp] = (paid + line.paid_minor, tax + line.tax_minor)
    return tuple(TaxSum(rate_bp, paid - tax, tax, paid) for rate_bp, (paid, tax) in sorted(sums.items(), reverse=True))


def given_back(paid: Mapping[int, int], tax: Mapping[int, int], before: Mapping[int, int], amount_minor: int, weights: Mapping[int, int]) -> tuple[TaxSum, ...]:
    """How an amount that goes back, and the tax in it, fall on the rates.

    `paid` and `tax` are what was charged for each rate, `before` what of it has gone back already, `weights` which goods this amount is for (none: all).
    Each rate's tax is the difference of two shares of the whole, so that any way of splitting a refund ends with exactly the tax that was charged.
    """
    left = {rate: paid[rate] - before.get(rate, 0) for rate in paid}
    if not 0 <= amount_minor <= sum(left.values()):
        raise ValueError(f"{amount_minor} cannot go back: {sum(left.values())} is left")
    wanted = {rate: min(weights.get(rate, 0), left[rate]) for rate in paid}
    if sum(wanted.values()) < amount_minor:
        wanted = left  # more goes back than these goods have left: by what is left of all
    rates = sorted(paid, reverse=True)
    parts = dict(zip(rates, allocate(amount_minor, [wanted[rate] for rate in rates]), strict=True))
    sums: list[TaxSum] = []
    for rate, part in parts.items():
        if part:
            gone = before.get(rate, 0)
            back = tax[rate] * (gone + part) // paid[rate] - tax[rate] * gone // paid[rate]
            sums.append(TaxSum(rate, part - back, back, part))
    return tuple(sums)
