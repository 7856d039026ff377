"""What must go at the provider goes: methods that were removed, the accounts of those who left, and what would be charged again.

Owns the round. Each is claimed by moving its next try on, so that several rounds may run side by side and one that dies costs nothing but time; the
provider is asked with no transaction open, and the row goes only after it has answered.
"""

from __future__ import annotations

from datetime import timedelta

from app.kernel.errors import AppError
from app.kernel.logs import get_logger
from storefront.errors import GatewayRefused
from storefront.methods import repository as methods
from storefront.payments.shop import Shop

log = get_logger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 60, 6 * 3600


def _go(shop: Shop, kind: str, token: str) -> None:
    ways = {methods.PAYER: shop.gateway.close_payer, methods.METHOD: shop.gateway.detach_method, methods.SUBSCRIPTION: shop.billing.end}
    ways[kind](token)


def detach_due(shop: Shop, limit: int = 50) -> int:
    """Ask the provider for up to `limit` of what is due; returns how many are gone."""
    at, gone = shop.now(), 0
    with shop.database.reading() as session:
        due = [(row.id, row.kind, row.token, row.tries, row.due_at) for row in methods.detachments_due(session, at, limit)]
    for row_id, kind, token, tries, seen in due:
        later = at + timedelta(seconds=min(FIRST_PAUSE_S * 2 ** min(tries, 16), LONGEST_PAUSE_S))
        with shop.database.transaction() as session:
            if not methods.try_later(session, row_id, seen, later):
                continue
        try:
            _go(shop, kind, token)
        except GatewayRefused as refusal:  # it will say the same tomorrow: somebody must look at it there
            log.warning("not_detached", detachment_id=row_id, kind=kind, reason=refusal.extra.get("provider_code"))
        except AppError as unknown:
            log.warning("detached_later", detachment_id=row_id, kind=kind, reason=unknown.code)
            continue
        with shop.database.transaction() as session:
            methods.detached(session, row_id)
        gone += 1
    return gone
