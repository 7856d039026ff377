"""What Twilio and Meta say became of a message, in our words. Pure.

Owns reading their reports. What cannot be read is no report: a provider that changes its words must not stop the others.
Sources: Twilio, Messages resource (MessageStatus, error codes); Meta, WhatsApp Cloud API, webhook `statuses`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

ID_MOST_CHARS = 200


class Became(StrEnum):
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Report:
    """`dead`: nobody can be reached there, now or later."""

    provider_message_id: str
    became: Became
    dead: bool = False


_TWILIO = {"delivered": Became.DELIVERED, "read": Became.READ, "failed": Became.FAILED, "undelivered": Became.FAILED}
_META = {"delivered": Became.DELIVERED, "read": Became.READ, "failed": Became.FAILED}
_NOBODY_THERE = {"21211", "21614", "30005", "30006", "63024"}
"""Not a number; not one for texts; unknown to the network; a landline; not a recipient of WhatsApp (Twilio)."""
_NOBODY_THERE_META = {131026}
"""The number is none of WhatsApp (Meta); it may still take texts, so that it is dead for WhatsApp alone."""


def of_twilio(fields: Mapping[str, str]) -> Report | None:
    """None: nothing has ended (queued, sent), or it is no report."""
    became, name = _TWILIO.get(fields.get("MessageStatus", "").lower()), fields.get("MessageSid", "")
    if became is None or not 0 < len(name) <= ID_MOST_CHARS:
        return None
    return Report(name, became, dead=became is Became.FAILED and fields.get("ErrorCode", "") in _NOBODY_THERE)


def of_meta(body: bytes) -> list[Report]:
    """All that one request tells, in its order."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return []
    if not isinstance(told, dict):
        return []
    changes = [change for entry in _dicts(cast("dict[str, Any]", told), "entry") for change in _dicts(entry, "changes")]
    values = [cast("dict[str, Any]", change["value"]) for change in changes if isinstance(change.get("value"), dict)]
    return [report for value in values for status in _dicts(value, "statuses") if (report := _of_meta(status)) is not None]


def _of_meta(status: dict[str, Any]) -> Report | None:
    name, said = status.get("id"), status.get("status")
    became = _META.get(said) if isinstance(said, str) else None
    if became is None or not isinstance(name, str) or not 0 < len(name) <= ID_MOST_CHARS:
        return None
    codes = [error.get("code") for error in _dicts(status, "errors")]
    return Report(name, became, dead=became is Became.FAILED and any(code in codes for code in _NOBODY_THERE_META))


def _dicts(holder: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects in the list of that name; anything else is passed over."""
    found = holder.get(name)
    return [each for each in cast("list[Any]", found) if isinstance(each, dict)] if isinstance(found, list) else []
