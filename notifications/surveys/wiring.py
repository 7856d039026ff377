"""The parts of surveys, built once by the bootstrap; the roof holds them as `house.surveys`. Owns nothing of its own."""

from __future__ import annotations

from dataclasses import dataclass

from app.kernel.outbox import Subscriptions
from notifications.surveys import handlers
from notifications.surveys.inviting import Inviter


@dataclass(frozen=True, slots=True)
class Surveys:
    inviter: Inviter

    def subscribe(self, subscriptions: Subscriptions) -> None:
        handlers.subscribe(subscriptions, self.inviter)
