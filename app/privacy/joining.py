"""Consents when an anonymous shopper signs in: joining never makes one wider.

Owns that rule. Her yes as somebody unknown is not carried to her account. Her no is, where she said it later than the account's yes: the newest word
is hers, and she is shown what it switched off.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.privacy.consents import consents, set_consent
from app.privacy.holding import alone
from app.privacy.purposes import Purpose
from app.security.joining import Joiner


def carry(session: Session, before: str, into: str, at: datetime) -> Mapping[str, Any]:
    hers = {view.purpose: view for view in consents(session, into, at)}
    off: list[str] = []
    for said in consents(session, before, at):
        stands = hers[said.purpose]
        later = said.at is not None and (stands.at is None or said.at >= stands.at)
        if later and not said.granted and stands.granted:
            set_consent(session, into, Purpose(said.purpose), granted=False, source="joined", at=at)
            off.append(said.title)
    return {"switched_off": off} if off else {}


JOINER = Joiner("privacy.consents", carry, first=alone)
