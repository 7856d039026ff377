"""Caps of a place and of a while, and of all who may be one person: counted truly, and exactly also in a crowd."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from app.kernel.db import Database
from geofences.contracts import Place
from offers import counting, facade
from offers.decision import record_from
from offers.models import CouponRow, Decision
from tests.conftest import START
from tests.offers.builders import KAMPPI, KLUUVI, give, go_live, moment, race, seconds, weigh

FREELY: dict[str, Any] = {"per_shopper": None}


def against(
    database: Database, moment_id: str, shopper_id: str, place: Place = KLUUVI, at_s: float = 0, device: str = "dev_1"
) -> list[str]:
    """What stood against the offer; [] is an offer."""
    at = START + seconds(at_s)
    with database.transaction() as session:
        (decision_id,) = weigh(session, replace(moment(moment_id, shopper_id, place, at), device_id=device), at, place=place)
    with database.reading() as session:
        view = facade.decision(session, decision_id)
    assert view is not None
    return [r.code for r in view.reasons if not r.passed]


def coupons(database: Database) -> int:
    with database.reading() as session:
        assert facade.books(session, "cam_bonbon").drift == ()
        return session.scalar(select(func.count()).select_from(CouponRow)) or 0


def counts_of(database: Database, moment_id: str) -> dict[str, int]:
    with database.reading() as session:
        record = session.scalars(select(Decision.record).where(Decision.moment_id == moment_id)).one()
    return json.loads(record)["inputs"]["counts"]


class TestPerPlace:
    def test_each_place_has_its_own(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session, caps={**FREELY, "per_place": 2})
        told = [against(database, f"mom_{n}", f"shp_{n}", place) for n, place in enumerate([KLUUVI, KLUUVI, KLUUVI, KAMPPI])]
        assert told == [[], [], ["place_cap_reached"], []]
        assert [counts_of(database, f"mom_{n}")["here"] for n in range(4)] == [0, 1, 2, 0]

    def test_a_revoked_one_does_not_count_an_expired_one_does(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session, caps={**FREELY, "per_place": 1}, coupon={"valid_for_s": 60})
        give(database, "mom_1", "shp_1")
        with database.transaction() as session:
            facade.expire_due(session, START + seconds(60))
        assert against(database, "mom_2", "shp_2", at_s=60) == ["place_cap_reached"]
        with database.transaction() as session:
            facade.retract(session, moment_id="mom_1", shopper_id="shp_1", at=START + seconds(61))
        assert against(database, "mom_3", "shp_3", at_s=61) == []

    def test_in_a_crowd(self, database: Database) -> None:
        """Seen to fail with the count taken before the counter's UPDATE, and without it: 16 of 16 on PostgreSQL."""
        with database.transaction() as session:
            go_live(session, caps={**FREELY, "per_place": 3})
        works = [lambda k=k, p=p: against(database, f"mom_{k}_{p.id}", f"shp_{k}", p) for k in range(8) for p in (KLUUVI, KAMPPI)]
        results = race(works)
        assert [r for r in results if isinstance(r, Exception)] == []
        assert [sum(r == [] for r in results[n::2]) for n in (0, 1)] == [3, 3]
        assert coupons(database) == 6


class TestTotalWindow:
    def test_opens_again_as_coupons_grow_old(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session, caps={**FREELY, "total_window": {"count": 2, "window_s": 3600}})
        times = [0, 10, 3599, 3600, 3601, 3610]
        told = [against(database, f"mom_{t}", f"shp_{t}", at_s=t) for t in times]
        assert told == [[], [], ["total_window_cap_reached"], [], ["total_window_cap_reached"], []]

    def test_in_a_crowd(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session, caps={**FREELY, "total_window": {"count": 5, "window_s": 3600}}, budget_minor=100_000)
        results = race([lambda k=k: against(database, f"mom_{k}", f"shp_{k}") for k in range(16)])
        assert sum(r == [] for r in results) == 5
        assert coupons(database) == 5
        with database.reading() as session:  # what was claimed and lost again is given back
            assert facade.campaigns(session)[0].figures.budget_reserved_minor == 5 * 500


class TestOnePersonManyAccounts:
    def caps(self, *hints: str, **changes: Any) -> dict[str, Any]:
        return {"per_shopper": 1, "counted_by": ["account", *hints], **changes}

    def test_three_accounts_on_one_phone(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session, caps=self.caps("device"))
        told = [against(database, f"mom_{n}", f"shp_{n}", device="dev_same") for n in range(3)]
        assert told == [[], ["person_cap_reached"], ["person_cap_reached"]]
        assert against(database, "mom_9", "shp_9", device="dev_other") == []

    def test_a_family_with_one_tablet_by_default(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session)
        assert [against(database, f"mom_{n}", f"shp_{n}", device="dev_same") for n in range(3)] == [[], [], []]
        assert set(counts_of(database, "mom_0")) == {"shopper", "shopper_in_window", "total", "budget_committed_minor"}

    def test_a_phone_is_remembered_also_after_she_took_another(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session, caps=self.caps("device", per_shopper=2))
        assert against(database, "mom_1", "shp_1", device="dev_a") == []
        assert against(database, "mom_2", "shp_2", device="dev_a") == []
        assert against(database, "mom_3", "shp_2", device="dev_b") == ["person_cap_reached"]

    @pytest.mark.parametrize("hint", ["payment", "contact"])
    def test_one_card_or_address(self, database: Database, hint: str) -> None:
        with database.transaction() as session:
            go_live(session, caps=self.caps(hint))
            for who in ("shp_1", "shp_2"):
                if hint == "payment":
                    facade.note_payment_method(session, shopper_id=who, fingerprint="fp_card", at=START)
                else:
                    facade.note_contact(session, shopper_id=who, contact=" Jane@Example.org" if who == "shp_1" else "jane@example.org", at=START)
        told = [against(database, f"mom_{n}", f"shp_{n}", device=f"dev_{n}") for n in (1, 2, 3)]
        assert told == [[], ["person_cap_reached"], []]

    def test_a_hint_joins_those_who_share_it_and_nobody_further(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session, caps=self.caps("device", "payment"))
            for who in ("shp_2", "shp_3"):
                facade.note_payment_method(session, shopper_id=who, fingerprint="fp_card", at=START)
        assert against(database, "mom_1", "shp_1", device="dev_a") == []
        assert against(database, "mom_2", "shp_2", device="dev_a") == ["person_cap_reached"]
        assert against(database, "mom_3", "shp_3", device="dev_c") == []

    def test_only_by_the_hints_the_campaign_names(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session, caps=self.caps("payment"))
        assert [against(database, f"mom_{n}", f"shp_{n}", device="dev_same") for n in range(2)] == [[], []]

    def test_a_rolling_window_too(self, database: Database) -> None:
        caps = {"per_shopper": None, "per_shopper_window": {"count": 1, "window_s": 3600}, "counted_by": ["account", "device"]}
        with database.transaction() as session:
            go_live(session, caps=caps)
        told = [against(database, f"mom_{t}", f"shp_{t}", at_s=t, device="dev_same") for t in (0, 3599, 3600)]
        assert told == [[], ["person_window_cap_reached"], []]

    @pytest.mark.parametrize("per_shopper", [1, 2])
    def test_at_the_same_moment(self, database: Database, per_shopper: int) -> None:
        """Twelve accounts on one phone, released together. Seen to fail with the others counted before the counter's UPDATE, and
        with the phone noted only when the coupon is used."""
        with database.transaction() as session:
            go_live(session, caps=self.caps("device", per_shopper=per_shopper))
        results = race([lambda k=k: against(database, f"mom_{k}", f"shp_{k}", device="dev_same") for k in range(12)])
        assert [r for r in results if isinstance(r, Exception)] == []
        assert sum(r == [] for r in results) == per_shopper
        assert coupons(database) == per_shopper

    def test_what_the_others_had_is_nobody_s_to_read(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session, caps=self.caps("device"))
        against(database, "mom_1", "shp_1", device="dev_same")
        against(database, "mom_2", "shp_2", device="dev_same")
        with database.reading() as session:
            records = session.scalars(select(Decision.record).where(Decision.shopper_id == "shp_2")).all()
        assert "shp_1" not in "".join(records)
        assert record_from(records[0]).inputs.counts.joined == 1


class TestAsks:
    def test_a_campaign_that_asks_nothing_costs_nothing(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        def never(*_: object) -> None:
            raise AssertionError("asked")

        monkeypatch.setattr(counting, "prepared", never)
        monkeypatch.setattr(counting.identity, "prepared", never)
        with database.transaction() as session:
            go_live(session)
        assert against(database, "mom_1", "shp_1") == []
