"""What is known of those who are to be told something: what they like, what they have agreed to, their phones, what they were told lately.

Owns asking it of all of them at once. Must not decide. Whoever acts on it has taken their turns before, and tells each of them one thing:
after that it is asked anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from sqlalchemy.orm import Session

from app.kernel.verdict import Verdict
from app.privacy import gate
from app.privacy.purposes import Purpose
from app.security import people
from notifications import preferences, repository, weighing
from notifications.policy import Said
from notifications.preferences import Liked
from notifications.settings import NotificationSettings


@dataclass(frozen=True, slots=True)
class Herself:
    """One of them. `tokens` are those of the devices she has now: a phone somebody else has signed in on since is no longer hers."""

    liked: Liked
    to_push: Verdict
    tokens: Sequence[repository.Token]
    said: Sequence[Said]


def each(session: Session, visits: Mapping[str, str | None], settings: NotificationSettings, at: datetime) -> dict[str, Herself]:
    """`visits`: each shopper, and the visit she is to be told in."""
    liked = preferences.liked_by(session, visits)
    agreed = gate.may_many(session, visits, Purpose.MARKETING_PUSH, at)
    devices = people.device_ids_of_each(session, visits)
    tokens = repository.tokens_on(session, list(chain.from_iterable(devices.values())))
    said = weighing.said_to(session, visits, settings, at)
    return {who: Herself(liked[who], agreed[who], [token for token in tokens if token.device_id in devices[who]], said[who]) for who in visits}
