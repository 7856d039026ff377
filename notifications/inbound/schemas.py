"""What is answered to whoever brings a mail. Owns the shape alone."""

from __future__ import annotations

from pydantic import BaseModel, Field

from notifications.inbound.reasons import MailReason
from notifications.support.reasons import SupportReason


class MailHeard(BaseModel):
    reason: MailReason = Field(description="What became of it; every code stands in the list of reasons.")
    text: str = Field(description="The same in words.")


class LetterHeard(BaseModel):
    """What became of a mail to support. Nothing of what it said."""

    reason: SupportReason
    text: str
