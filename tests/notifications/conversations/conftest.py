"""What the tests of conversations share: a made-up shop that answers, shoppers with a key of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.kernel.db import Database
from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from app.security import people
from app.security.vault import Vault, open_vault, use_vault
from notifications.conversations import hearing, repository
from notifications.conversations.contracts import SaidView, ThreadView, Way
from notifications.conversations.faq import keeping as faq
from notifications.conversations.knowledge import Facts, Known, Understanding, Written
from notifications.conversations.ports import Surroundings
from notifications.conversations.proposing import Line
from tests.notifications.conversations import talking


@dataclass
class MadeUpShop:
    """Knowledge in memory: the demo's catalogue and a world of talking.py. `carts` is what was put into them; `full`: a sentence why not."""

    world: str = "one"
    bought: tuple[str, ...] = ()
    full: str | None = None
    carts: dict[str, list[Line]] = field(default_factory=dict)

    def known(self, session: Session) -> Known:
        return talking.known()

    def facts(self, session: Session, shopper_id: str, u: Understanding, *, at: datetime) -> Facts:
        return talking.facts(u, self.world)

    def written(self, session: Session, text: str, language: str) -> Written | None:
        found = faq.answered(session, text, language)
        return Written(found.id, found.answer) if found is not None else None

    def cared_for(self, session: Session, shopper_id: str, *, at: datetime) -> tuple[str, ...]:
        return self.bought

    def put_in_cart(self, session: Session, shopper_id: str, lines: Sequence[Line], *, at: datetime) -> str | None:
        if self.full is None:
            self.carts.setdefault(shopper_id, []).extend(lines)
        return self.full

    def surroundings(self, session: Session, shopper_id: str, *, at: datetime) -> Surroundings:
        return Surroundings(("2 × Cortado",), ("Autumn bonbon",), "Ooey Gooey Kluuvi")


@pytest.fixture
def vault(tmp_path: Path, database: Database) -> Iterator[Vault]:
    kept = open_vault(tmp_path, clock=database.clock)
    use_vault(kept)
    yield kept
    kept.close()


class Talking:
    """One database, one shop, and the hands of a test on both."""

    def __init__(self, database: Database, shop: MadeUpShop) -> None:
        self.database, self.shop = database, shop

    @property
    def now(self) -> datetime:
        return self.database.clock.now()

    def shopper(self, *agreed: Purpose) -> str:
        with self.database.transaction() as session:
            shopper_id = people.register_device(session, "Phone", "ios", self.now).shopper_id
            for purpose in agreed:
                set_consent(session, shopper_id, purpose, granted=True, source="test", at=self.now)
        return shopper_id

    def say(self, shopper_id: str, *texts: str, **more: Any) -> tuple[str, ...]:
        """Says them one after the other; the last answer."""
        replies: tuple[str, ...] = ()
        for text in texts:
            with self.database.transaction() as session:
                replies = hearing.hear(session, self.shop, shopper_id, text, at=self.now, **more).replies
        return replies

    def thread(self, shopper_id: str, way: Way = Way.APP) -> ThreadView:
        with self.database.reading() as session:
            return next(repository.thread_view(t) for t in repository.threads_of(session, shopper_id) if t.channel == way)

    def said(self, shopper_id: str) -> list[SaidView]:
        with self.database.reading() as session:
            return repository.views(repository.said_in(session, self.thread(shopper_id).id))


@pytest.fixture
def talk(database: Database, vault: Vault) -> Talking:
    return Talking(database, MadeUpShop())
