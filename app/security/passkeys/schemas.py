"""What the routes of passkeys take and give.

Owns the shapes at the edge. A credential is taken as the browser's `toJSON()` wrote it; ceremonies.py reads it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from app.security.schemas import Body, Name


class ChallengeOut(BaseModel):
    """`public_key` goes to `navigator.credentials.create` or `.get` as `publicKey` (`parse...OptionsFromJSON`)."""

    public_key: dict[str, Any]


class PasskeyIn(Body):
    name: Name = Field("Passkey", min_length=1)
    credential: dict[str, Any]


class RenameIn(Body):
    name: Name = Field(min_length=1)


class ShownIn(Body):
    credential: dict[str, Any]


class PasskeyOut(BaseModel):
    id: str
    name: str
    synced: bool
    created_at: datetime
    last_used_at: datetime | None
    suspect: bool


class PasskeysOut(BaseModel):
    passkeys: list[PasskeyOut]


class SteppedUpOut(BaseModel):
    """What is proved now, and when."""

    acr: str
    auth_time: datetime
