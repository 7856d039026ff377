"""Asks the operator about a shopper's number, with no transaction open.

Owns finding the number and asking. Must not decide whether to ask (app/security/asking.py), keep the answer, or log the number.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from app.kernel.db import Database
from app.kernel.logs import get_logger
from app.security.contacts.facade import ContactKind, contact_of
from app.security.policies.contracts import SimSwap
from app.security.sim_swap.ports import SimSwapGateway

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Operator:
    """The one who knows about SIMs. Call `asked` with no transaction open: it speaks to the network."""

    database: Database
    gateway: SimSwapGateway

    def asked(self, shopper_id: str) -> SimSwap:
        """What is said of the number she has shown to be hers; UNKNOWN without one."""
        with self.database.reading() as session:
            number = contact_of(session, shopper_id, ContactKind.PHONE)
        if number is None:
            return SimSwap.UNKNOWN
        began = time.monotonic()
        answer = self.gateway.check(number)
        log.info("operator_asked", answer=str(answer), took_ms=int((time.monotonic() - began) * 1000))
        return answer
