"""The coupons of an offer: their codes, caveats, words, and first lines in the books.

Owns what a new coupon row holds. An offer that can be used several times is a book of as many coupons, each with its own code and
used once like any other: so all that is proven of one coupon holds for each use. Must not decide whether there is one (decision.py), and must run in the transaction that
has claimed it (issuance.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.orm import Session

from app.kernel.bulk import insert_many
from app.kernel.ids import derived_id
from app.security import vault
from geofences.contracts import MomentView
from offers import caveats, codes, experiment, explanation, phrases, repository, schedule, tellings
from offers.contracts import CouponIssued, CouponState
from offers.decision import Record
from offers.definition import CouponPlaces, Definition, Show
from offers.gathering import Setting
from offers.ledger import CAMPAIGN, Books, held_minor
from offers.models import CouponRow

_COLUMNS = tuple(c.name for c in cast("Table", CouponRow.__table__).columns)


def ends_at(definition: Definition, timezone: str, at: datetime) -> datetime:
    """Its validity from now, but never past the campaign's last day in the store."""
    end = at + timedelta(seconds=definition.coupon.valid_for_s)
    where = schedule.zone(timezone)
    last = schedule.last_instant(definition.schedule, where) if where else None
    return min(end, last) if last is not None else end


def mint(
    session: Session,
    moment: MomentView,
    setting: Setting,
    record: Record,
    definition: Definition,
    decision_id: str,
    telling: int,
    at: datetime,
) -> list[CouponRow]:
    """The coupons with their caveats; each number once per telling of a moment (unique). `definition` as it was drawn for her."""
    end = ends_at(definition, record.inputs.place.timezone, at)
    anywhere = definition.trigger.everywhere and definition.coupon.places is CouponPlaces.CAMPAIGN
    if anywhere:
        covered = []
    elif definition.coupon.places is CouponPlaces.PLACE:
        covered = [setting.place]
    else:
        t = definition.trigger
        covered = setting.places.named(t.place_ids, t.chains, t.tags) or [setting.place]
    place_ids = [p.id for p in covered]
    bound: list[caveats.Caveat] = [caveats.Holder(moment.shopper_id)]
    bound += [] if anywhere else [caveats.Places(tuple(place_ids))]
    bound += [
        *([] if definition.coupon.show is Show.BY_VALUE else [caveats.Shown(definition.coupon.show.value)]),
        caveats.Channels(definition.coupon.in_app, definition.coupon.at_till),
        caveats.Window(at, end),
        caveats.Trust(definition.min_trust),
        caveats.Uses(1),
    ]
    if definition.caps.joined_by and definition.caps.per_shopper is not None:
        bound.append(caveats.Person(definition.caps.per_shopper, tuple(map(str, definition.caps.joined_by))))
    variant = experiment.variant_of(definition.experiment, record.inputs.draw)
    alike = {
        "state": str(CouponState.ISSUED),
        "revision": 0,
        "campaign_id": record.inputs.campaign_id,
        "campaign_version": record.inputs.campaign_version,
        "decision_id": decision_id,
        "moment_id": moment.id,
        "telling": telling,
        "visit_id": moment.visit_id,
        "shopper_id": moment.shopper_id,
        "place_id": moment.place_id,
        "place_ids": place_ids,
        "caveats": caveats.to_json(bound),
        "variant": variant.name if variant else None,
        "trust": str(moment.trust),
        "title": definition.title,
        "benefit_text": phrases.benefit_text(definition.benefit, definition.currency),
        "terms_text": phrases.terms_text(definition, tuple(sorted({p.name for p in covered}))),
        "currency": definition.currency,
        "bound_minor": definition.face_minor or definition.benefit.max_discount_minor,
        "issued_at": at,
        "expires_at": end,
        "changed_at": at,
    }
    coupons = [_coupon(setting, alike, number) for number in range(1, definition.coupon.uses + 1)]
    insert_many(session, CouponRow, _COLUMNS, [[getattr(coupon, name) for name in _COLUMNS] for coupon in coupons])
    books = Books(session, at)
    for coupon in coupons:
        books.enter(coupon, CAMPAIGN, CouponState.ISSUED, reserved_minor=held_minor(coupon), cause=decision_id)
    books.close()
    return coupons


def _coupon(setting: Setting, alike: Mapping[str, Any], number: int) -> CouponRow:
    """One of the book. The first has the id it would have alone."""
    parts = tellings.parts(alike["moment_id"], alike["telling"])
    coupon_id = derived_id("cpn", *parts, *(() if number == 1 else ("number", number)))
    code = codes.new_code(setting.random_bits)
    return CouponRow(
        id=coupon_id,
        number=number,
        code_hash=repository.code_hash(code),
        code_sealed=vault.seal_for(alike["shopper_id"], repository.SEALED_AS, code.encode(), coupon_id.encode()),
        **alike,
    )


def announcement(coupon: CouponRow, record: Record, definition: Definition, at: datetime) -> CouponIssued:
    where = schedule.zone(record.inputs.place.timezone)
    return CouponIssued(
        coupon_id=coupon.id,
        decision_id=coupon.decision_id,
        campaign_id=coupon.campaign_id,
        moment_id=coupon.moment_id,
        visit_id=coupon.visit_id,
        shopper_id=coupon.shopper_id,
        place_id=coupon.place_id,
        place_name=record.inputs.place.name,
        title=coupon.title,
        body=explanation.body(definition, record, coupon.expires_at),
        issued_at=at,
        expires_at=coupon.expires_at,
        value_minor=definition.expected_value_minor,
        campaign_ends_at=schedule.last_instant(definition.schedule, where) if where else None,
        has_message=definition.message is not None,
    )
