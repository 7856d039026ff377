"""What the routes of a device's standing take and give.

Owns the shapes at the edge. Bytes are base64url without padding.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from app.security.schemas import Body


def _bytes(text: object) -> bytes:
    if not isinstance(text, str):
        raise ValueError("base64url without padding")  # noqa: TRY004 - pydantic hears ValueError
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("base64url without padding") from None


Bytes = Annotated[bytes, BeforeValidator(_bytes)]
Id = Annotated[str, Field(max_length=40, pattern=r"^[a-z0-9_]*$")]


class AttestationChallengeOut(BaseModel):
    """`challenge` in base64url. What is proved is bound to SHA-256 of challenge, moment id and coupon id, with line feeds between."""

    challenge: str


class AttestationIn(Body):
    """`play_integrity` brings `token`; `app_attest_key` (a new key) and `app_attest` (a signature) bring `key_id` and `evidence`."""

    kind: Literal["play_integrity", "app_attest_key", "app_attest"]
    challenge: Bytes
    token: str = Field("", max_length=40_000)
    key_id: Bytes = b""
    evidence: Bytes = b""
    moment_id: Id = ""
    coupon_id: Id = ""


class StandingOut(BaseModel):
    """`level`: unknown, software, attested, strong or revoked; `reasons` are codes with a sentence each; `at`: when it was last attested."""

    level: str
    reasons: dict[str, str]
    at: datetime | None
