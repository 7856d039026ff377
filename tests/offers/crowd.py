"""A made-up crowd for audiences and figures: shoppers, what they agreed to, where they were and what they bought."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.kernel.ids import new_id
from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from app.security.models import DeviceRow, PersonRow, ShopperRow
from geofences.models import VisitRow
from offers import purchases
from offers.contracts import PurchaseLine
from tests.conftest import START

ALL = tuple(Purpose)


def days(n: float) -> timedelta:
    return timedelta(days=n)


def shopper(
    session: Session,
    shopper_id: str,
    *,
    since: datetime = START - timedelta(days=10),
    agrees: tuple[Purpose, ...] = ALL,
    into: str | None = None,
    account: bool = False,
    device: bool = True,
) -> str:
    session.add(ShopperRow(id=shopper_id, created_at=since, joined_into_shopper_id=into))
    for purpose in agrees:
        set_consent(session, shopper_id, purpose, granted=True, source="test", at=START - timedelta(days=400))
    if account:
        session.add(PersonRow(id=f"psn_{shopper_id}", role="shopper", email_hash=f"hash of {shopper_id}", shopper_id=shopper_id, created_at=since))
    if device:
        session.add(
            DeviceRow(
                id=f"dev_{shopper_id}", shopper_id=shopper_id, platform="ios", token_hash=new_id("tok"),
                tracking_hash=new_id("trk"), created_at=since, last_seen_at=since,
            )
        )  # fmt: skip
    session.flush()
    return shopper_id


def stay(session: Session, shopper_id: str, place_id: str, began: datetime, dwell_s: int = 600, *, open_: bool = False) -> None:
    ended = None if open_ else began + timedelta(seconds=dwell_s)
    session.add(
        VisitRow(
            id=new_id("vis"), shopper_id=shopper_id, device_id="dev", place_id=place_id, fence_id="fnc", started_at=began, ended_at=ended,
            seen_at=began, decided_at=began, parent_id=None, dwell_s=dwell_s, nth_visit=1, confidence=0.9, trust="verified", doubts=[],
        )
    )  # fmt: skip
    session.flush()


def bought(
    session: Session, shopper_id: str, at: datetime, *, category: str = "bonbon", product_id: str = "prd_bonbon",
    total_minor: int = 450, currency: str = "EUR", order_id: str | None = None,
) -> str:  # fmt: skip
    order_id = order_id or new_id("ord")
    purchases.note(
        session, order_id=order_id, shopper_id=shopper_id, currency=currency, at=at,
        lines=[PurchaseLine(1, product_id, category, total_minor)],
    )  # fmt: skip
    return order_id
