"""The tax in what a cart costs, by the table of the merchant's country on the day.

Owns joining lines, classes and rates. Must not round or share out (reckoning.py) nor keep anything (repository.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from offers.contracts import QuoteLine
from storefront.settings import Merchant
from storefront.taxes import repository
from storefront.taxes.rates import rate_on
from storefront.taxes.reckoning import Taxed, reckon, spread


def taxes_of(session: Session, lines: Sequence[QuoteLine], discounts: Mapping[str, int], merchant: Merchant, *, at: datetime) -> tuple[Taxed, ...]:
    """What each line contains. Empty where nothing is known of the merchant's country: no tax is better than a wrong one."""
    day = at.astimezone(ZoneInfo(merchant.timezone)).date()
    rates = repository.rates_of(session, merchant.country)
    classes = repository.classes_of(session, (line.category for line in lines if not line.delivery))
    paid = {line.line_id: line.unit_amount_minor * line.quantity - discounts.get(line.line_id, 0) for line in lines}
    taxed: list[Taxed] = []
    for line in (line for line in lines if not line.delivery):
        rate = rate_on(rates, classes[line.category], country=merchant.country, region=merchant.region, day=day)
        if rate is None:
            return ()
        taxed.append(Taxed(line.line_id, classes[line.category], rate.rate_bp, paid[line.line_id]))
    goods = tuple(taxed)
    for line in (line for line in lines if line.delivery and goods and paid[line.line_id]):
        taxed += [Taxed(line.line_id, kind, rate_bp, share) for kind, rate_bp, share in spread(paid[line.line_id], goods) if share]
    return reckon(taxed)
