"""Who may be one person: shoppers who share a phone, a card or a verified contact.

Owns the hints, kept as keyed hashes alone, and the question who else she may be. A hint joins those who share it and nobody
further: whoever shares a card with one and a phone with another does not make these two the same. Must not decide
what follows: campaigns say which hints they count by (caps.counted_by), and by default none but the account.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, select, tuple_, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved, prepared
from app.security import people, sealing
from offers import caveats, explanation, ledger, repository
from offers.caveats import Caveat
from offers.contracts import CouponState
from offers.definition import Hint
from offers.errors import CouponNotNow
from offers.models import CouponRow, IdentityHint
from offers.reasons import Audience

Others = Mapping[Hint, frozenset[str]]

_H = IdentityHint
_HERS = (
    select(_H.kind, _H.hash)
    .where(_H.shopper_id.in_(bindparam("ids", expanding=True)), _H.kind.in_(bindparam("kinds", expanding=True)))
    .subquery()
)
_SHARED = (
    select(_H.kind, _H.shopper_id)
    .join(_HERS, (_HERS.c.kind == _H.kind) & (_HERS.c.hash == _H.hash))
    .union(select(_H.kind, _H.shopper_id).where(_H.kind == Hint.DEVICE, _H.hash.in_(bindparam("devices", expanding=True))))
)
_USED = select(func.count()).where(
    CouponRow.campaign_id == bindparam("campaign"),
    CouponRow.shopper_id.in_(bindparam("ids", expanding=True)),
    CouponRow.state.in_((CouponState.RESERVED, CouponState.REDEEMED)),
    CouponRow.id != bindparam("but"),
)


def hashed(kind: Hint, value: str) -> str:
    return sealing.keyed_hash(f"offers_hint_{kind}", value)


def note(session: Session, shopper_id: str, kind: Hint, value: str, at: datetime) -> None:
    """She has this phone, card or contact: once more or for the first time. `value` itself is not kept."""
    key = {"kind": str(kind), "hash": hashed(kind, value), "shopper_id": shopper_id}
    if not insert_new(session, _H, key | {"first_seen_at": at, "last_seen_at": at}, unique=list(key)):
        seen = tuple_(_H.kind, _H.hash, _H.shopper_id) == tuple_(*key.values())
        moved(session, update(_H).where(seen, _H.last_seen_at < at).values(last_seen_at=at))


def others(session: Session, ids: Sequence[str], kinds: Collection[Hint], *device_ids: str | None) -> Others:
    """By hint, the ids of those who share one of these kinds with her; `device_ids` are phones she has in her hand now."""
    devices = [hashed(Hint.DEVICE, one) for one in device_ids if one and Hint.DEVICE in kinds]
    rows = prepared(session, _SHARED, {"ids": list(ids), "kinds": sorted(kinds), "devices": devices}).all()
    found: defaultdict[Hint, set[str]] = defaultdict(set)
    strangers = {shopper_id for _, shopper_id in rows} - set(ids)
    known = _also_known_as(session, strangers) if strangers else {}
    for kind, shopper_id in rows:
        found[Hint(kind)] |= known.get(shopper_id, set())
    return {kind: frozenset(them) for kind, them in found.items()}


def note_phone(session: Session, *, shopper_id: str, device_id: str, at: datetime) -> None:
    """She has this phone or browser; only a keyed hash is kept."""
    note(session, shopper_id, Hint.DEVICE, device_id, at)


def same_person_by(session: Session, one: str, other: str) -> tuple[str, ...]:
    """By what these two may be one person: `account`, `device`, `payment`, `contact`; nothing when nothing says so."""
    ids, theirs = people.same_person(session, people.ids_and_owner(session, one)[1]), set(people.same_person(session, people.ids_and_owner(session, other)[1]))
    if theirs & set(ids):
        return (str(Hint.ACCOUNT),)
    return tuple(sorted(str(kind) for kind, them in _hinted(session, ids).items() if them & theirs))


def may_be_her(session: Session, shopper_id: str) -> frozenset[str]:
    """Every shopper who may be the same person, herself among them: by account, phone, card or contact."""
    ids = people.same_person(session, people.ids_and_owner(session, shopper_id)[1])
    return frozenset((shopper_id, *ids)).union(*_hinted(session, ids).values())


def _hinted(session: Session, ids: Sequence[str]) -> Others:
    hands = [device_id for i in ids for device_id in people.device_ids_of(session, i)]
    return others(session, ids, (Hint.DEVICE, Hint.PAYMENT, Hint.CONTACT), *hands)


def sharing(session: Session, shopper_ids: Collection[str], kinds: Collection[Hint]) -> dict[str, Others]:
    """`others` of many at once, by id; those who share nothing are left out."""
    known = {i: {i} for i in shopper_ids}
    holders: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    rows = select(_H.kind, _H.hash, _H.shopper_id).where(_H.kind.in_(sorted(kinds)))
    for kind, hash_, shopper_id in session.execute(rows):
        holders[kind, hash_].add(shopper_id)
    strangers = {i for them in holders.values() for i in them}
    known |= _also_known_as(session, strangers) if strangers else {}
    found: defaultdict[str, defaultdict[Hint, set[str]]] = defaultdict(lambda: defaultdict(set))
    for (kind, _), them in holders.items():
        everybody = {i for one in them for i in known[one]}
        for shopper_id in everybody.intersection(shopper_ids):
            found[shopper_id][Hint(kind)] |= everybody
    return {i: {kind: frozenset(them) for kind, them in of.items()} for i, of in found.items()}


def _also_known_as(session: Session, shopper_ids: set[str]) -> dict[str, set[str]]:
    """Each of these ids with all ids of the same person: what she was before she signed in is she as well."""
    owners = people.known_as(session, shopper_ids)
    everything = {owner: set(people.same_person(session, owner)) for owner in set(owners.values())}
    return {shopper_id: {shopper_id, *everything[owner]} for shopper_id, owner in owners.items()}


# --- when a coupon is used --------------------------------------------------------------------------------------------


def used_by_same(session: Session, coupon: CouponRow, bound: Iterable[Caveat]) -> int:
    """How many other coupons of the campaign she, and whoever she may be, has used or put into an order; 0 where it is not asked.

    What is known by now counts: a phone or card they came to share after both had been given their coupon, too.
    """
    person = caveats.person_of(bound)
    if person is None:
        return 0
    ids = people.same_person(session, repository.owner(session, coupon))
    hands = [d.device_id for one in ids for d in people.devices_of(session, one)] if Hint.DEVICE in person.by else []
    shared = others(session, ids, [Hint(hint) for hint in person.by], *hands)
    everybody = {*ids, coupon.shopper_id, *(i for them in shared.values() for i in them)}
    values = {"campaign": coupon.campaign_id, "ids": sorted(everybody), "but": coupon.id}
    return int(prepared(session, _USED, values).scalar_one())


def hold_limit(session: Session, coupon: CouponRow) -> None:
    """Two who may be one person use their coupons at the same instant: whoever commits last looks again, and loses."""
    bound = caveats.from_json(coupon.caveats)
    person = caveats.person_of(bound)
    if person is None:
        return

    def look_again() -> None:
        used = used_by_same(session, coupon, bound)
        if used >= person.limit:
            fail = person.used_up(used)
            text = explanation.say(fail.reason, dict(fail.facts), Audience.CLERK)
            raise CouponNotNow(text, extra={"reason": str(fail.reason)})

    ledger.last(session, coupon.campaign_id, look_again)
