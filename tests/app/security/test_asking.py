"""The operator is asked about a SIM only where a rule turns on it, with nothing open, and its silence refuses nobody.

Seen to fail on: asking inside the transaction, asking for a small value, and an unknown answer taken for a swap.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.kernel.db import Database
from app.security import stepup
from app.security.asking import Asker
from app.security.contacts import repository
from app.security.contacts.values import ContactKind
from app.security.errors import PolicyRefused, StepUpNeeded
from app.security.passkeys import keeping
from app.security.passkeys.ceremonies import MadePasskey
from app.security.policies.contracts import Acr, Action, Context, SimSwap, TrustVerdict, VisitLevel
from app.security.principals import Principal, Role
from app.security.settings import SecuritySettings
from app.security.shoppers import register_device
from app.security.sim_swap.adapters.memory_gateway import MemorySimSwapGateway
from app.security.sim_swap.operator import Operator
from tests.conftest import START

NUMBER = "+358401234567"
THERE = Context(visit_level=VisitLevel.VERIFIED, trust_verdict=TrustVerdict.GENUINE)


class Careful(MemorySimSwapGateway):
    """Would raise if the thread that asks had a transaction open."""

    def __init__(self, database: Database, answer: SimSwap) -> None:
        super().__init__({NUMBER: answer})
        self._database = database

    def check(self, number: str) -> SimSwap:
        with self._database.transaction():
            return super().check(number)


def _jane(database: Database, *, number: str | None = NUMBER) -> Principal:
    with database.transaction() as session:
        made = register_device(session, "Phone", "ios", START)
        if number is not None:
            repository.put(session, made.shopper_id, ContactKind.PHONE, number, START)
    return Principal(Role.SHOPPER, made.shopper_id, made.device_id)


def _asks(database: Database, jane: Principal, amount_minor: int, answer: SimSwap, context: Context = THERE) -> tuple[int, list[str]]:
    """(how often the work was done, whom the operator was asked about)."""
    gateway, done = Careful(database, answer), []
    asker = Asker(jane, SecuritySettings(), operator=Operator(database, gateway))  # type: ignore[call-arg]

    def work(one: Asker) -> None:
        with database.transaction() as session:
            one.allow(session, Action.RESERVE, replace(context, amount_minor=amount_minor), currency="EUR", at=START)
            done.append(1)

    try:
        asker.informed(work)
    except (StepUpNeeded, PolicyRefused) as refused:
        return refused.status, gateway.asked
    return len(done), gateway.asked


class TestInformed:
    @pytest.mark.parametrize(("answer", "came_of_it"), [(SimSwap.NO, 1), (SimSwap.UNKNOWN, 1), (SimSwap.YES, 401)])
    def test_much_value_waits_for_the_answer(self, database: Database, answer: SimSwap, came_of_it: int) -> None:
        assert _asks(database, _jane(database), 2501, answer) == (came_of_it, [NUMBER])

    def test_nobody_is_asked_about_a_small_value(self, database: Database) -> None:
        assert _asks(database, _jane(database), 2500, SimSwap.YES) == (1, [])

    def test_nobody_is_asked_about_who_has_no_number(self, database: Database) -> None:
        assert _asks(database, _jane(database, number=None), 2501, SimSwap.YES) == (1, [])

    def test_nobody_is_asked_about_what_is_not_allowed_anyway(self, database: Database) -> None:
        assert _asks(database, _jane(database), 2501, SimSwap.YES, Context(visit_level=VisitLevel.CLAIMED)) == (401, [])

    def test_nobody_is_asked_about_who_has_just_shown_her_passkey(self, database: Database) -> None:
        jane = _jane(database)
        with database.transaction() as session:
            keeping.add(session, jane, MadePasskey(b"1", b"k", 0, "", synced=True, transports=()), "Phone", at=START)
            stepup.note(session, jane, Acr.PASSKEY, START)
        assert _asks(database, jane, 2501, SimSwap.YES) == (1, [])

    def test_without_an_operator_nothing_changes(self, database: Database) -> None:
        jane = _jane(database)
        with database.transaction() as session:
            asker = Asker(jane, SecuritySettings())  # type: ignore[call-arg]
            asker.allow(session, Action.RESERVE, replace(THERE, amount_minor=2501), currency="EUR", at=START)
