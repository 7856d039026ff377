"""What is said to a wallet's maker when a pass has changed, and what is heard back.

Owns the port: one verb, an update; the receipt is that of notifications/ports.py, and so is what each outcome means. Must not know a vendor.
Every adapter passes tests/notifications/passes/test_gateway_contract.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from notifications.ports import PushReceipt


class Wallet(StrEnum):
    APPLE = "apple"
    GOOGLE = "google"


@dataclass(frozen=True, slots=True, repr=False)
class PassUpdate:
    """`address`: for Apple the push token of a device, which then asks for what has changed; for Google the id of the object, and `form` is
    what it says from now on. Secret, so without a repr; `copy_id` names it in logs."""

    copy_id: str
    address: str
    form: Mapping[str, Any] = field(default_factory=dict[str, Any])


class PassGateway(Protocol):
    """Blocking, and safe to call from several threads. `send` never raises and never tries twice. A repeat does no harm: what may have
    arrived is RETRY."""

    @property
    def wallet(self) -> Wallet: ...

    def send(self, update: PassUpdate) -> PushReceipt: ...

    def close(self) -> None: ...
