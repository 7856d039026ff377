from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.kernel.db import Database
from app.kernel.errors import Invalid
from app.security.accounts import Account, accepted_email, account_by_email, account_of_shopper, claim_account, person
from app.security.errors import AccountExists, EmailTaken
from app.security.links import staff
from app.security.models import PersonRow
from app.security.principals import Principal, Role
from app.security.shoppers import register_device

from .racing import race


def _shopper(database: Database) -> Principal:
    with database.transaction() as session:
        made = register_device(session, "Phone", "ios", database.clock.now())
    return Principal(Role.SHOPPER, made.shopper_id, made.device_id)


def _claim(database: Database, principal: Principal, email: str, password_hash: str = "hash") -> Account:
    with database.transaction() as session:
        return claim_account(session, principal, email, password_hash, at=database.clock.now())


class TestAcceptedEmail:
    def test_is_trimmed_and_lower_case(self) -> None:
        assert accepted_email("  Jane.Doe+x@Example.ORG ") == "jane.doe+x@example.org"

    @pytest.mark.parametrize("text", ["", "jane", "jane@", "@example.org", "jane@example", "a b@example.org", "a@b@c.org", "x" * 250 + "@e.org", "jane@example.org\x00", "jane@exam\u202eple.org", "<jane@example.org>"])
    def test_refuses_others(self, text: str) -> None:
        with pytest.raises(Invalid) as refusal:
            accepted_email(text)
        assert refusal.value.fields[0].field == "email"


class TestClaimAccount:
    def test_a_shopper_keeps_her_id_and_is_found_by_address(self, database: Database) -> None:
        jane = _shopper(database)
        account = _claim(database, jane, "jane@example.org")
        with database.reading() as session:
            assert account_by_email(session, "jane@example.org") == account == account_of_shopper(session, jane.id) == person(session, account.person_id)
        assert (account.role, account.shopper_id, account.password_hash) == (Role.SHOPPER, jane.id, "hash")

    def test_the_same_address_again_replaces_the_password(self, database: Database) -> None:
        jane = _shopper(database)
        first = _claim(database, jane, "jane@example.org", "one")
        assert _claim(database, jane, "jane@example.org", "two") == Account(**{f: getattr(first, f) for f in first.__slots__} | {"password_hash": "two"})

    def test_another_address_is_refused(self, database: Database) -> None:
        jane = _shopper(database)
        _claim(database, jane, "jane@example.org")
        with pytest.raises(AccountExists):
            _claim(database, jane, "joan@example.org")

    def test_a_taken_address_is_refused_and_leaves_no_account(self, database: Database) -> None:
        _claim(database, _shopper(database), "jane@example.org")
        with pytest.raises(EmailTaken):
            _claim(database, _shopper(database), "jane@example.org")
        with database.reading() as session:
            assert session.scalar(select(func.count()).select_from(PersonRow)) == 1

    def test_of_eight_who_claim_one_address_at_once_one_gets_it(self, database: Database) -> None:
        shoppers = [_shopper(database) for _ in range(8)]
        results = race(8, lambda i: _claim(database, shoppers[i], "jane@example.org"))
        assert sum(isinstance(r, Account) for r in results) == 1
        assert sum(isinstance(r, EmailTaken) for r in results) == 7

    def test_staff_claim_theirs(self, database: Database) -> None:
        with database.transaction() as session:
            person_id = staff(session, Role.CLERK, "Kim", at=database.clock.now(), place_ids=("plc_1",))
        account = _claim(database, Principal(Role.CLERK, person_id), "kim@example.org")
        assert account == Account(person_id, Role.CLERK, "Kim", "kim@example.org", "hash", None, ("plc_1",))
