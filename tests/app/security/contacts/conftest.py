"""What the tests of contacts share: a shopper, mailboxes, and the steps a person takes."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from app.kernel.db import Database
from app.security.contacts import facade
from app.security.contacts.adapters.memory_gateway import MemoryContactGateway
from app.security.contacts.contracts import ContactView
from app.security.contacts.settings import ContactSettings
from app.security.contacts.values import ContactKind
from app.security.contacts.verifying import Post
from app.security.shoppers import NewDevice, register_device

SETTINGS = ContactSettings()  # type: ignore[call-arg]
ORIGIN = "https://shop.example"


class Person:
    """A shopper with a phone, and the mailboxes she can look into."""

    def __init__(self, database: Database, gateway: MemoryContactGateway) -> None:
        self.database, self.gateway, self.post = database, gateway, Post(SETTINGS, ORIGIN)
        with database.transaction() as session:
            self.device: NewDevice = register_device(session, "Phone", "ios", database.clock.now())
        self.id = self.device.shopper_id

    def ask(self, value: str, kind: ContactKind = ContactKind.EMAIL) -> None:
        with self.database.transaction() as session:
            facade.ask(session, self.post, self.id, kind, value, self.database.clock.now())

    def deliver(self) -> None:
        while facade.send_due(self.database, self.gateway, SETTINGS):
            pass

    def code(self, value: str) -> str:
        self.deliver()
        letter = [one for one in self.gateway.letters_to(value) if re.match(r"[0-9]{6} ", one.text)][-1]
        return letter.text[:6]

    def confirm(self, digits: str, kind: ContactKind = ContactKind.EMAIL) -> ContactView:
        return facade.confirm(self.database, self.post, self.id, kind, digits)

    def has(self, value: str, kind: ContactKind = ContactKind.EMAIL) -> None:
        """She asks, reads her mail and types the code in."""
        self.ask(value, kind)
        self.confirm(self.code(value), kind)
        self.deliver()

    def remove(self, kind: ContactKind = ContactKind.EMAIL) -> None:
        with self.database.transaction() as session:
            facade.remove(session, self.post, self.id, kind, self.database.clock.now())

    def reached_at(self) -> dict[str, str]:
        with self.database.reading() as session:
            found = {kind: facade.contact_of(session, self.id, kind) for kind in ContactKind}
        return {kind.value: value for kind, value in found.items() if value is not None}

    def undo_token(self, value: str) -> str:
        """The one of the last letter to this address that holds one."""
        self.deliver()
        found = [link for one in self.gateway.letters_to(value) for link in re.findall(r"https://shop\.example/not-me/(\S+)", one.text)]
        return found[-1]

    def changed_s(self) -> int | None:
        with self.database.reading() as session:
            return facade.recent_changes(session, self.id, self.database.clock.now()).changed_s

    def word(self) -> str:
        with self.database.reading() as session:
            return facade.word_of(session, self.id)


@pytest.fixture
def gateway() -> MemoryContactGateway:
    return MemoryContactGateway()


@pytest.fixture
def jane(database: Database, gateway: MemoryContactGateway) -> Person:
    return Person(database, gateway)


@pytest.fixture
def somebody(database: Database, gateway: MemoryContactGateway) -> Callable[[], Person]:
    return lambda: Person(database, gateway)
