"""What the roof may ask of metering; named by the room's own facade. Owns nothing."""

from __future__ import annotations

from notifications.metering.contracts import UsageReport
from notifications.metering.reporting import genuine, report

__all__ = ["UsageReport", "genuine", "report"]
