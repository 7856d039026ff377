"""What we ask a network operator of a number, and what we hear back.

Owns the port: one verb. Must not know a vendor. Every adapter passes tests/app/security/sim_swap/test_gateway_contract.py.
"""

from __future__ import annotations

from typing import Protocol

from app.security.policies.contracts import SimSwap


class SimSwapGateway(Protocol):
    """Blocking, bounded in time, safe for several threads. `check` never raises: whatever goes wrong is UNKNOWN, which refuses nobody."""

    def check(self, number: str) -> SimSwap:
        """Was the SIM of this number (E.164) changed lately? How lately the adapter has been told."""
        ...

    def close(self) -> None: ...
