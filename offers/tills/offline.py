"""Tills without a network: the bundle they work from, and what becomes of their journal when they are back.

Owns the two use cases. A journal may be sent as often as one likes: an entry has one effect, and its answer is kept.
Nothing is lost: each entry ends as a use, as a double that names the other use and which was first, or with the reason why
it is neither. Must not redeem by itself: till.redeem_later does, by the conditional UPDATE that decides every race.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.clock import utc_text
from app.kernel.errors import AppError
from app.kernel.ids import new_id
from app.kernel.verdict import Fail
from app.security import holders, rotating, signing
from app.security.asking import Asker
from app.security.principals import Principal, Role
from app.security.settings import SecuritySettings
from offers import coupon_signing, coupon_token, guarding, repository, sentences, till
from offers.contracts import CouponState
from offers.errors import JournalBroken, JournalForked, NoSuchTill
from offers.models import CouponRow, Redemption
from offers.reasons import ReasonCode
from offers.scanning import Scanned
from offers.till_reasons import SENTENCES, TillReason
from offers.tills import journal
from offers.tills.journal import Entry, EntryKind
from offers.tills.models import Provisional, TillRow

BUNDLE_CONTEXT = b"moments till bundle 1\0"
MOST_SPENT = 20_000
LATEST = timedelta(days=7)
"""A journal older than this cannot be judged any more: the keys of its coupons are gone."""
CLOCK = timedelta(minutes=2)
SAME_PRESS = timedelta(minutes=3)
"""A use at the same till by the same clerk this close is the same press, whose answer the network lost."""

REDEEMED, REVIEW, UNDONE, DOUBLE, REFUSED, WAITING, OVER_CAP = "redeemed", "review", "undone", "double", "refused", "waiting", "over_cap"
"""`review` is a use as `redeemed` is, and one that nobody would have allowed: a person looks at it."""
MOST_CAREFUL = 2_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """`facts` of a double: the other use (when, where, how) and `first`: this or other, by the times both carry; of a review: `doubts`, all its reasons."""

    seq: int
    outcome: str
    reason: str | None
    coupon_id: str | None
    redemption_id: str | None
    facts: Mapping[str, Any]


# --- the bundle -------------------------------------------------------------------------------------------------------


def bundle(
    session: Session,
    *,
    till_id: str | None,
    place_id: str,
    clerk_id: str,
    at: datetime,
    cap: int,
    ttl_s: int,
    undo_s: int,
    settings: SecuritySettings | None = None,
) -> dict[str, str]:
    """A signed document with all a till needs. A till that asks again goes on with its journal; its cap begins anew."""
    row = _till(session, till_id, place_id) if till_id is not None else None
    if row is None:
        made = new_id("till")
        row = TillRow(id=made, place_id=place_id, journal_hash=journal.first_hash(made), journal_seq=0)
        session.add(row)
    row.clerk_id, row.cap, row.taken, row.issued_at, row.seen_at = clerk_id, cap, 0, at, at
    session.flush()
    keys = [
        {**public, "live_key": base64.b64encode(coupon_signing.live_key(key)).decode()}
        for public, key in zip(
            coupon_signing.public_keys(at), signing.checking_keys(coupon_signing.PURPOSE, at), strict=True
        )
    ]
    document = {
        "till_id": row.id,
        "place_id": place_id,
        "cap": cap,
        "seq": row.journal_seq,
        "hash": row.journal_hash,
        "issued_at": utc_text(at),
        "expires_at": utc_text(at + timedelta(seconds=ttl_s)),
        "undo_s": undo_s,
        "step_s": rotating.STEP_S,
        "keys": keys,
        "revoked": coupon_signing.revoked_keys(at),
        "spent": _spent(session, place_id, at),
        "held_back": _held_back(session, place_id, at, _asker(clerk_id, settings)),
        "words": {str(code): text for code, text in SENTENCES.items()} | _words(),
    }
    text = json.dumps(document, separators=(",", ":"), sort_keys=True)
    signature = signing.sign(coupon_signing.PURPOSE, BUNDLE_CONTEXT + text.encode(), at)
    key_id = signing.checking_key(coupon_signing.PURPOSE, at).id.hex()
    return {"bundle": text, "kid": key_id, "signature": base64.b64encode(signature).decode()}


def _words() -> dict[str, str]:
    """What a clerk reads where the coupon itself is wrong; without the times that only the house can tell."""
    codes = (
        ReasonCode.PLACE_NOT_COVERED,
        ReasonCode.COUPON_ALREADY_REDEEMED,
        ReasonCode.COUPON_REVOKED,
        ReasonCode.TRUST_TOO_LOW,
    )
    told = {str(code): sentences.SENTENCES[code].shopper for code in codes}
    return told | {
        str(ReasonCode.COUPON_EXPIRED): "This coupon has expired.",
        str(ReasonCode.COUPON_NOT_YET_VALID): "This coupon cannot be used yet.",
        str(ReasonCode.CHANNEL_NOT_COVERED): "This coupon can be used in the app only.",
    }


def _till(session: Session, till_id: str, place_id: str) -> TillRow:
    row = session.execute(
        select(TillRow).where(TillRow.id == till_id).with_for_update().execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None or row.place_id != place_id:
        raise NoSuchTill()
    return row


def _spent(session: Session, place_id: str, at: datetime) -> list[str]:
    """Coupons good here by their dates that are used, held by an order or withdrawn."""
    rows = session.execute(
        select(CouponRow.id, CouponRow.place_ids)
        .where(CouponRow.expires_at > at, CouponRow.state != CouponState.ISSUED, CouponRow.state != CouponState.EXPIRED)
        .order_by(CouponRow.changed_at.desc())
        .limit(MOST_SPENT)
    )
    return [coupon_id for coupon_id, place_ids in rows if not place_ids or place_id in place_ids]


def _asker(clerk_id: str, settings: SecuritySettings | None) -> Asker | None:
    """Whoever stood at the till, before the rules; None where a test has no settings."""
    return None if settings is None else Asker(Principal(Role.CLERK, clerk_id), settings)


def _held_back(session: Session, place_id: str, at: datetime, asker: Asker | None) -> list[str]:
    """Coupons good here that would be refused now, however well they are shown: their holder is frozen, or the rules say so."""
    ids = holders.to_be_careful_with(session, at, MOST_CAREFUL)
    rows = session.scalars(
        select(CouponRow)
        .where(CouponRow.shopper_id.in_(ids), CouponRow.state == CouponState.ISSUED, CouponRow.expires_at > at)
        .order_by(CouponRow.id)
        .limit(MOST_SPENT)
    )
    out: list[str] = []
    for coupon in rows:
        if coupon.place_ids and place_id not in coupon.place_ids:
            continue
        whose = holders.holder(session, coupon.shopper_id, at)
        shown = Scanned(coupon.id, True)
        if whose.frozen or (asker is not None and not guarding.would_let(session, asker, coupon, shown, None, whose.lately).allowed):
            out.append(coupon.id)
    return out


# --- the journal ------------------------------------------------------------------------------------------------------


def take(
    session: Session, *, till_id: str, place_id: str, entries: Sequence[Entry], undo_s: int, now: datetime, settings: SecuritySettings | None = None
) -> list[Outcome]:
    """What became of each entry. Give one entry a transaction: a use holds its coupon and its campaign's counter, and whoever
    held a counter and waited for a second coupon could wait for somebody who waits for the counter. Raises NoSuchTill 404, JournalBroken 409 (a gap or a changed entry), JournalForked 409."""
    row = _till(session, till_id, place_id)
    known = {
        p.seq: p
        for p in session.scalars(
            select(Provisional).where(Provisional.till_id == till_id, Provisional.seq.in_([e.seq for e in entries]))
        )
    }
    if any(known[e.seq].entry_hash != e.hash for e in entries if e.seq in known):
        raise JournalForked()
    fresh = [e for e in entries if e.seq not in known]
    broken = journal.broken_at(row.journal_hash, row.journal_seq, fresh)
    if broken is not None:
        raise JournalBroken(extra={"seq": broken, "expected_seq": row.journal_seq + 1})
    for entry in fresh:
        known[entry.seq] = _written(session, row, entry, now, undo_s, settings)
    if fresh:
        row.journal_seq, row.journal_hash = fresh[-1].seq, fresh[-1].hash
    row.seen_at = now
    session.flush()
    return [_outcome(known[e.seq]) for e in entries]


def waiting(session: Session, limit: int = 500) -> list[tuple[str, int]]:
    """(till, number) of uses of coupons that an online order held, or whose holder was frozen, when they were told; oldest first."""
    rows = session.execute(
        select(Provisional.till_id, Provisional.seq)
        .where(Provisional.outcome == WAITING)
        .order_by(Provisional.received_at, Provisional.seq)
        .limit(limit)
    )
    return [(till_id, seq) for till_id, seq in rows]


def settle(session: Session, till_id: str, seq: int, now: datetime, settings: SecuritySettings | None = None) -> bool:
    """Ask once more, because what it waited for may be over. True if the entry has ended; one a transaction, as `take`."""
    row = session.execute(
        select(Provisional)
        .where(Provisional.till_id == till_id, Provisional.seq == seq, Provisional.outcome == WAITING)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None:
        return False
    _use(session, row, Scanned(row.coupon_id or "", True, json.loads(row.facts).get("device")), now, settings)
    session.flush()
    return row.outcome != WAITING


def _written(session: Session, row: TillRow, entry: Entry, now: datetime, undo_s: int, settings: SecuritySettings | None) -> Provisional:
    written = Provisional(
        till_id=row.id,
        seq=entry.seq,
        kind=entry.kind,
        entry_hash=entry.hash,
        coupon_id=None,
        place_id=row.place_id,
        clerk_id=row.clerk_id,
        at=entry.at,
        received_at=now,
        outcome=REFUSED,
        reason=None,
        redemption_id=None,
        facts=json.dumps({"clock": entry.clock_text} if entry.clock_text else {}),
    )
    session.add(written)
    if entry.kind is EntryKind.UNDO:
        _undo(session, written, entry, undo_s)
    elif entry.at > now + CLOCK:
        written.reason = TillReason.TILL_CLOCK_AHEAD
    elif entry.at < now - LATEST:
        written.reason = TillReason.TILL_CLOCK_BEHIND
    else:
        _redeem(session, row, written, entry, now, settings)
    session.flush()
    return written


def _redeem(session: Session, row: TillRow, written: Provisional, entry: Entry, now: datetime, settings: SecuritySettings | None) -> None:
    judged = coupon_token.judge(entry.text, entry.at, coupon_signing.checker(entry.at))
    if isinstance(judged, Fail):
        written.reason = judged.reason
        return
    written.coupon_id = judged.claims.coupon_id
    if row.taken >= row.cap:
        written.outcome, written.reason = OVER_CAP, TillReason.TILL_CAP_REACHED
        return
    row.taken += 1
    device = judged.claims.device.hex()
    _noted(written, device=device, shown_at=utc_text(_step_start(judged.step, entry.at)))
    if entry.discount_minor is not None:
        _noted(written, said_minor=entry.discount_minor)
    much = coupon_token.too_much_alone(judged.claims, entry.discount_minor)
    if much is not None:
        _noted(written, doubts=[str(much.reason)])
    _use(session, written, Scanned(judged.claims.coupon_id, True, device), now, settings)


def _use(session: Session, written: Provisional, shown: Scanned, now: datetime, settings: SecuritySettings | None) -> None:
    at, facts = min(written.at, now), json.loads(written.facts)
    found = till.redeem_later(
        session,
        shown=shown,
        place_id=written.place_id,
        clerk_id=written.clerk_id,
        at=at,
        now=now,
        given_minor=facts.get("said_minor"),
        asker=_asker(written.clerk_id, settings),
    )
    if not isinstance(found, Fail):
        was_frozen = [str(written.reason)] if written.reason == ReasonCode.DEVICE_STANDING else []
        doubts = [*facts.get("doubts", ()), *was_frozen, *found.doubts]
        _noted(written, **({"doubts": doubts} if doubts else {}))
        written.outcome, written.reason, written.redemption_id = (REVIEW if doubts else REDEEMED), next(iter(doubts), None), found.use.id
        return
    written.reason = found.reason
    thaws = found.reason == ReasonCode.DEVICE_STANDING and now < written.received_at + LATEST
    if found.reason == ReasonCode.COUPON_RESERVED or thaws:
        written.outcome = WAITING
    elif found.reason == ReasonCode.COUPON_ALREADY_REDEEMED:
        _double(session, written, at)
    else:
        written.outcome = REFUSED


def _double(session: Session, written: Provisional, at: datetime) -> None:
    """The coupon stands redeemed by another use: it stays so, and both are named, with which was first."""
    coupon = repository.coupon_row(session, written.coupon_id or "")
    other = repository.standing_redemptions(session, [coupon]).get(coupon.id) if coupon else None
    if other is None:
        written.outcome = WAITING  # undone between two looks: the next look decides
        return
    if _same_press(session, other, written):
        written.outcome, written.reason, written.redemption_id = REDEEMED, None, other.id
        return
    written.outcome = DOUBLE
    _noted(
        written,
        other_redemption_id=other.id,
        other_channel=other.channel,
        other_place_id=other.place_id,
        other_at=utc_text(other.redeemed_at),
        first="this" if at < other.redeemed_at else "other",
        discount_minor=other.discount_minor,
        currency=other.currency,
    )


def _noted(written: Provisional, **facts: Any) -> None:
    written.facts = json.dumps(json.loads(written.facts) | facts)


def _same_press(session: Session, other: Redemption, written: Provisional) -> bool:
    """The other use was made here with a network just then, and no journal tells of it: its answer did not come back."""
    here = (other.channel, other.place_id, other.clerk_id) == ("till", written.place_id, written.clerk_id)
    if not here or abs(other.redeemed_at - written.at) > SAME_PRESS:
        return False
    told = select(Provisional.seq).where(
        Provisional.coupon_id == other.coupon_id, Provisional.redemption_id == other.id
    )
    return session.scalar(told) is None


def _undo(session: Session, written: Provisional, entry: Entry, undo_s: int) -> None:
    undone = session.get(Provisional, (written.till_id, int(entry.text))) if entry.text.isdecimal() else None
    if undone is None or undone.redemption_id is None:
        written.reason = TillReason.NOTHING_TO_UNDO
        if undone is not None and undone.outcome == WAITING:
            undone.outcome, written.outcome, written.reason = UNDONE, UNDONE, None
        return
    written.coupon_id, written.redemption_id = undone.coupon_id, undone.redemption_id
    try:
        till.undo_at_till(
            session, redemption_id=undone.redemption_id, clerk_id=undone.clerk_id, at=entry.at, undo_s=undo_s
        )
    except AppError as refusal:
        written.reason = refusal.code
        return
    written.outcome = undone.outcome = UNDONE


def _step_start(step: int, like: datetime) -> datetime:
    return datetime.fromtimestamp(step * rotating.STEP_S, like.tzinfo)


def _outcome(row: Provisional) -> Outcome:
    facts = {k: v for k, v in json.loads(row.facts).items() if k != "device"}
    return Outcome(row.seq, row.outcome, row.reason, row.coupon_id, row.redemption_id, facts)


def findings(session: Session, place_ids: Sequence[str], limit: int = 100) -> list[Outcome]:
    """What a person has to look at: every entry of these stores that did not end as a use, newest first."""
    rows = session.scalars(
        select(Provisional)
        .where(Provisional.place_id.in_(place_ids), Provisional.outcome.not_in((REDEEMED, UNDONE)))
        .order_by(Provisional.received_at.desc(), Provisional.seq.desc())
        .limit(limit)
    )
    return [_outcome(row) for row in rows]
