"""What is sent: a CloudEvent (1.0, JSON, structured) inside a Standard Webhooks envelope. Pure.

Owns both forms. The same event has the same bytes at every try of an endpoint, and for every endpoint but where an erasure names
her to those alone who know her; else only time and signatures differ.
Sources: CloudEvents 1.0.2 (JSON format, HTTP binding, extension `sequence`); Standard Webhooks 1.0.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from app.security.inbound.standard_webhooks import signed_headers

MEDIA_TYPE = "application/cloudevents+json; charset=utf-8"
AGENT = "Mobile-Moments-Webhooks/1"


def body(
    *, event_id: str, event_type: str, subject: str, at: datetime, position: int, data: Mapping[str, Any], source: str
) -> bytes:
    """`sequence` is the cursor: whoever has seen it asks for a replay of what came after."""
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": event_type,
        "subject": subject,
        "time": at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "sequence": str(position),
        "datacontenttype": "application/json",
        "data": dict(data),
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def headers(keys: Sequence[bytes], event_id: str, at: datetime, content: bytes) -> dict[str, str]:
    """All we send beside the address: every secret in force signs."""
    signed = signed_headers(keys, event_id, int(at.timestamp()), content)
    return {"content-type": MEDIA_TYPE, "user-agent": AGENT, "accept": "*/*", **signed}
