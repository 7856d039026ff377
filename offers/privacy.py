"""What `offers` holds about a shopper, how it is given out and made to go, and how long it stays.

Owns the data holder and the retention rules. Erasing deletes decisions and wishes, revokes what is unused, and takes the
shopper out of coupons: their rows stay, nameless and without code, because the ledger's sums must stay true.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.kernel.db import touched
from app.privacy.retention import RetentionRule
from app.privacy.subjects import DataHolder
from offers import answers, gs1_coupons, moves, repository
from offers.audience_schemas import ORDER_DAYS
from offers.contracts import CouponState
from offers.decision import plain, record_from, result_from
from offers.ledger import Books
from offers.models import (
    AnswerRow,
    CouponRow,
    Decision,
    FewerWish,
    IdentityHint,
    MemberRow,
    PurchaseRow,
    Tally,
    TierRow,
    WeighedMoment,
)
from offers.reasons import ReasonCode
from offers.settings import OfferSettings
from offers.tills.models import Provisional
from offers.tills.offline import WAITING

TABLES = (
    "offers_weighed_moment",
    "offers_tally",
    "offers_decision",
    "offers_coupon",
    "offers_fewer_wish",
    "offers_purchase",
    "offers_tier",
    "offers_member",
    "offers_answer",
    "offers_identity_hint",
    "offers_provisional",
)
"""The last one names no shopper, but coupons, and those are hers."""
TILLS_KEPT_S = 365 * 86_400
ERASED = "erased"
PURCHASES_KEPT_S = ORDER_DAYS * 86_400


def export(session: Session, shopper_id: str) -> Mapping[str, Any]:
    """Her decisions with all that went into them, her coupons without the secret codes, her wishes and counts."""
    decisions = session.scalars(
        select(Decision).where(Decision.shopper_id == shopper_id).order_by(Decision.decided_at, Decision.id)
    )
    coupons = session.scalars(
        select(CouponRow).where(CouponRow.shopper_id == shopper_id).order_by(CouponRow.issued_at, CouponRow.id)
    ).all()
    wishes = session.scalars(
        select(FewerWish).where(FewerWish.shopper_id == shopper_id).order_by(FewerWish.campaign_id)
    )
    tallies = session.scalars(select(Tally).where(Tally.shopper_id == shopper_id).order_by(Tally.campaign_id))
    moments = session.scalars(
        select(WeighedMoment).where(WeighedMoment.shopper_id == shopper_id).order_by(WeighedMoment.noted_at)
    )
    bought = session.scalars(
        select(PurchaseRow).where(PurchaseRow.shopper_id == shopper_id).order_by(PurchaseRow.bought_at, PurchaseRow.line_no)
    )
    hints = session.scalars(
        select(IdentityHint).where(IdentityHint.shopper_id == shopper_id).order_by(IdentityHint.first_seen_at)
    )
    return {
        "decisions": [
            {
                "id": d.id,
                "campaign_id": d.campaign_id,
                "campaign_version": d.campaign_version,
                "outcome": d.outcome,
                "at": d.decided_at,
                "inputs": plain(record_from(d.record)),
                "reasons": plain(result_from(d.result))["reasons"],
            }
            for d in decisions
        ],
        "coupons": plain(repository.coupon_views(session, coupons, with_code=False)),
        "fewer_wishes": [{"campaign_id": w.campaign_id, "times": w.times, "asked_at": w.asked_at} for w in wishes],
        "coupons_given": [{"campaign_id": t.campaign_id, "count": t.issued, "revoked": t.revoked} for t in tallies],
        "moments_weighed": [
            {"moment_id": m.moment_id, "decided_at": m.decided_at, "retracted_at": m.retracted_at} for m in moments
        ],
        "bought": [
            {"order_id": b.order_id, "product_id": b.product_id, "category": b.category, "total_minor": b.total_minor,
             "currency": b.currency, "bought_at": b.bought_at}
            for b in bought
        ],
        "answers_chosen": [{"answer": answer, "at": told_at} for answer, told_at in answers.given_by(session, [shopper_id]).get(shopper_id, ())],
        "known_by": [
            {"kind": h.kind, "first_seen_at": h.first_seen_at, "last_seen_at": h.last_seen_at} for h in hints
        ],
        "told_by_tills": [
            {"coupon_id": t.coupon_id, "place_id": t.place_id, "at": t.at, "outcome": t.outcome, "reason": t.reason}
            for t in _told_by_tills(session, [c.id for c in coupons])
        ],
    }


def _told_by_tills(session: Session, coupon_ids: Sequence[str]) -> list[Provisional]:
    """Entries of tills that had no network."""
    if not coupon_ids:
        return []
    entries = select(Provisional).where(Provisional.coupon_id.in_(coupon_ids))
    return list(session.scalars(entries.order_by(Provisional.at, Provisional.till_id, Provisional.seq)))


def erase(session: Session, shopper_id: str) -> int:
    """Rows touched; a second call returns 0."""
    at = session.info["clock"].now()
    coupons = list(
        session.scalars(
            select(CouponRow)
            .where(CouponRow.shopper_id == shopper_id)
            .order_by(CouponRow.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )
    books = Books(session, at)
    for coupon in coupons:
        if coupon.state in (CouponState.ISSUED, CouponState.RESERVED) and coupon.retracted_at is None:
            moves.revoked_or_marked(session, coupon, at, ReasonCode.SHOPPER_ERASED, books)
    books.close()
    for coupon in coupons:
        nameless = {
            "shopper_id": ERASED,
            "caveats": '{"caveats":[{"type":"holder","shopper_id":"erased"}]}',
            "code_sealed": b"",
            "code_hash": secrets.token_hex(32),
            "moment_id": f"erased:{coupon.id}"[:40],
            "visit_id": ERASED,
            "decision_id": ERASED,
        }
        session.execute(
            update(CouponRow)
            .where(CouponRow.id == coupon.id)
            .values(**nameless)
            .execution_options(synchronize_session=False)
        )
    coupon_ids = [coupon.id for coupon in coupons]
    gs1_coupons.forget(session, coupon_ids)
    for entry in _told_by_tills(session, coupon_ids):
        entry.facts = json.dumps({k: v for k, v in json.loads(entry.facts).items() if k != "device"})
    session.flush()
    gone = len(coupons)
    for model in (AnswerRow, Decision, FewerWish, IdentityHint, MemberRow, PurchaseRow, Tally, TierRow, WeighedMoment):
        gone += touched(session, delete(model).where(model.shopper_id == shopper_id))
    session.expire_all()
    return gone


HOLDERS: tuple[DataHolder, ...] = (DataHolder("offers", TABLES, export, erase),)


def rules(settings: OfferSettings) -> tuple[RetentionRule, ...]:
    days = settings.keep_decisions_s // 86_400
    return (
        RetentionRule(
            "offers_decision",
            "decided_at",
            settings.keep_decisions_s,
            f"Why you got an offer or did not: kept {days} days, so that you can ask.",
        ),
        RetentionRule(
            "offers_weighed_moment",
            "noted_at",
            settings.keep_decisions_s,
            f"Which visits were looked at: kept {days} days, so that none is looked at twice.",
        ),
        RetentionRule(
            "offers_tally",
            "touched_at",
            None,
            "How often you were given an offer; kept until you delete your data, so that limits hold.",
        ),
        RetentionRule(
            "offers_coupon",
            "issued_at",
            None,
            "Your coupons; kept until you delete your data, then without your name, because the books must add up.",
        ),
        RetentionRule(
            "offers_fewer_wish",
            "asked_at",
            None,
            "Which offers you asked to see less of; kept until you delete your data, so that it is honoured.",
        ),
        RetentionRule(
            "offers_purchase",
            "bought_at",
            PURCHASES_KEPT_S,
            "What you bought, kept two years: some offers are for those who bought something, or long ago.",
        ),
        RetentionRule("offers_member", "told_at", PURCHASES_KEPT_S, "Of which plan you are a member, told to those who choose offers; kept two years after it was last told."),
        RetentionRule("offers_answer", "told_at", PURCHASES_KEPT_S, "What you chose in surveys, kept two years, for those who choose offers; it goes at once when you withdraw “Offers that fit”."),
        RetentionRule("offers_tier", "told_at", PURCHASES_KEPT_S, "Which tier you have, told to those who choose offers; kept two years after it was last told."),
        RetentionRule(
            "offers_identity_hint",
            "last_seen_at",
            settings.keep_hints_s,
            f"By what we would know that two accounts are one person (a phone, a card, a verified address), scrambled; kept "
            f"{settings.keep_hints_s // 86_400} days after it was last used, so that an offer for one person is given to one person.",
        ),
        RetentionRule(
            "offers_provisional",
            "received_at",
            settings.keep_decisions_s,
            f"Coupons a till took while it had no network: kept {days} days, so that two uses of one coupon can be cleared up.",
            lambda t: t.c.outcome != WAITING,
        ),
        RetentionRule(
            "offers_hold",
            "reserved_at",
            settings.keep_decisions_s,
            f"What a coupon would have given in an order that did not come about: kept {days} days.",
            lambda t: t.c.state == "released",
        ),
        RetentionRule("offers_till", "seen_at", TILLS_KEPT_S, "Tills that have not been heard of for a year."),
    )


RULES = rules(OfferSettings())
