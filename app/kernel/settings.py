"""The base of every group of settings.

Owns the strictness: unknown names are refused, every field says what it is for (docs/settings.md is made from that).
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class SettingsGroup(BaseModel):
    """A room's settings. Read from `MOMENTS_<ROOM>__<FIELD>`; every field needs a description."""

    model_config = ConfigDict(extra="forbid", frozen=True)
