"""A shopper's kept payment methods, written and read. A method is always found with its shopper: another's does not exist here.

Owns the statements and the sealing, and that whatever leaves is noted to be detached at the provider, in the same transaction. Must not speak to the
provider: payments/detaching.py does.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved, touched
from app.kernel.ids import new_id
from app.security.sealing import keyed_hash
from app.security.vault import open_each, seal_for
from storefront.errors import CardHasExpired, UnknownPaymentMethod
from storefront.methods.cards import Card, expired, expires_soon
from storefront.methods.models import DetachmentRow, KeptMethodRow, PayerRow

MOST_METHODS = 10
METHOD, PAYER, SUBSCRIPTION = "method", "payer", "subscribed"
SEALED_AS = "storefront_kept_method"
PAYER_SEALED_AS = "storefront_payer"


@dataclass(frozen=True, slots=True)
class Kept:
    """A method of hers, and the account at the provider it is attached to: what she kept before she signed in lies in another. `default`: it stands first where she pays. `expired`: it pays nothing any more; `expires_soon`: this month or the next."""

    id: str
    card: Card
    payer: str = field(repr=False)
    default: bool
    expired: bool
    expires_soon: bool
    kept_at: datetime


def is_kept(name: str) -> bool:
    """Whether it names a kept method, and not the provider's token of another."""
    return name.startswith("kpm_")


# --- reading ----------------------------------------------------------------------------------------------------------


def methods(session: Session, shopper_id: str, at: datetime) -> list[Kept]:
    """The default first, then the newest."""
    rows = session.scalars(select(KeptMethodRow).where(KeptMethodRow.shopper_id == shopper_id).order_by(KeptMethodRow.kept_at.desc(), KeptMethodRow.id.desc())).all()
    default_id = session.scalar(select(PayerRow.default_id).where(PayerRow.shopper_id == shopper_id))
    opened = open_each(SEALED_AS, [(row.sealed, row.id.encode()) for row in rows])
    found = [(row, json.loads(plain)) for row, plain in zip(rows, opened, strict=True) if plain is not None]
    told = [(row, held.pop("payer"), Card(**held)) for row, held in found]
    kept = [Kept(row.id, card, payer, row.id == default_id, expired(card, at), expires_soon(card, at), row.kept_at) for row, payer, card in told]
    return sorted(kept, key=lambda one: not one.default)


def usable(session: Session, shopper_id: str, method_id: str, at: datetime) -> Kept:
    """What pays. Raises UnknownPaymentMethod, also for another's, and CardHasExpired."""
    found = next((one for one in methods(session, shopper_id, at) if one.id == method_id), None)
    if found is None:
        raise UnknownPaymentMethod
    if found.expired:
        raise CardHasExpired
    return found


def payer_of(session: Session, shopper_id: str) -> str | None:
    """Her account at the provider; None while she has kept nothing."""
    sealed = session.scalar(select(PayerRow.sealed).where(PayerRow.shopper_id == shopper_id))
    (plain,) = open_each(PAYER_SEALED_AS, [(sealed, shopper_id.encode())]) if sealed is not None else (None,)
    return plain.decode() if plain is not None else None


# --- writing ----------------------------------------------------------------------------------------------------------


def note_payer(session: Session, shopper_id: str, payer: str, *, at: datetime) -> None:
    """Hers, if she has none yet; another that was opened at the same time goes again."""
    row = {"shopper_id": shopper_id, "sealed": seal_for(shopper_id, PAYER_SEALED_AS, payer.encode(), shopper_id.encode()), "changes": 0, "changed_at": at}
    if not insert_new(session, PayerRow, row, unique=["shopper_id"]) and payer_of(session, shopper_id) != payer:
        detach(session, PAYER, payer, at=at)


def keep(session: Session, shopper_id: str, payer: str, card: Card, *, at: datetime) -> bool:
    """The card `payer` was charged by from now on stands with hers; her first is the default. The same card again replaces what was known of it. What
    cannot be kept (she has ten, or it lies with another payer) is detached."""
    payer_row = _changing(session, shopper_id, at)
    if payer_row is None or payer_of(session, shopper_id) != payer:
        detach(session, METHOD, card.token, at=at)
        return False
    known = {one.card.token: one.id for one in methods(session, shopper_id, at)}
    if card.token in known:
        return True
    hashed = _hashed(card)
    same = session.execute(select(KeptMethodRow.id).where(KeptMethodRow.shopper_id == shopper_id, KeptMethodRow.card_hash == hashed)).scalar_one_or_none()
    if same is None and len(known) >= MOST_METHODS:
        detach(session, METHOD, card.token, at=at)
        return False
    if same is not None:
        old = next((token for token, row_id in known.items() if row_id == same), None)
        if old is not None:
            detach(session, METHOD, old, at=at)
        moved(session, update(KeptMethodRow).where(KeptMethodRow.id == same).values(sealed=_sealed(shopper_id, payer, card, same), kept_at=at))
        return True
    row_id = new_id("kpm")
    session.add(KeptMethodRow(id=row_id, shopper_id=shopper_id, card_hash=hashed, sealed=_sealed(shopper_id, payer, card, row_id), kept_at=at))
    if payer_row.default_id is None:
        payer_row.default_id = row_id
    session.flush()
    return True


def make_default(session: Session, shopper_id: str, method_id: str, *, at: datetime) -> None:
    """Raises UnknownPaymentMethod."""
    payer_row = _changing(session, shopper_id, at)
    if session.scalar(select(KeptMethodRow.id).where(KeptMethodRow.id == method_id, KeptMethodRow.shopper_id == shopper_id)) is None:
        raise UnknownPaymentMethod
    if payer_row is not None:
        payer_row.default_id = method_id
    session.flush()


def remove(session: Session, shopper_id: str, method_id: str, *, at: datetime) -> None:
    """Gone here at once, and at the provider as soon as it answers. When the default goes, the newest of the others takes its place. Raises UnknownPaymentMethod."""
    payer_row = _changing(session, shopper_id, at)
    found = next((one for one in methods(session, shopper_id, at) if one.id == method_id), None)
    hers = delete(KeptMethodRow).where(KeptMethodRow.id == method_id, KeptMethodRow.shopper_id == shopper_id)
    if found is None or payer_row is None or not touched(session, hers):
        raise UnknownPaymentMethod
    left = methods(session, shopper_id, at)
    if found.payer in (payer_of(session, shopper_id), *(one.payer for one in left)):
        detach(session, METHOD, found.card.token, at=at)
    else:  # the last of another account of hers: that goes with it
        detach(session, PAYER, found.payer, at=at)
    if payer_row.default_id == method_id:
        payer_row.default_id = left[0].id if left else None
    session.flush()


def forget(session: Session, shopper_id: str, *, at: datetime) -> int:
    """Everything of hers, and her account at the provider with all that is attached to it; returns how many rows."""
    payers = {payer_of(session, shopper_id), *(one.payer for one in methods(session, shopper_id, at))}
    for payer in sorted(payer for payer in payers if payer is not None):
        detach(session, PAYER, payer, at=at)
    gone = 0
    for model in (KeptMethodRow, PayerRow):
        gone += touched(session, delete(model).where(model.shopper_id == shopper_id))
    return gone


def hand_over(session: Session, before: str, into: str, *, at: datetime) -> int:
    """She has signed in: what she kept as somebody unknown is hers, each still attached to the account it lies in. A card she has already stays as she
    has it, and the other goes. Returns how many came."""
    theirs, hers = _changing(session, before, at), _changing(session, into, at)
    payer, default_id = payer_of(session, before), theirs.default_id if theirs is not None else None
    known = set(session.scalars(select(KeptMethodRow.card_hash).where(KeptMethodRow.shopper_id == into)))
    came: list[str] = []
    for row, kept in [(session.get_one(KeptMethodRow, one.id), one) for one in methods(session, before, at)]:
        if row.card_hash in known:
            detach(session, METHOD, kept.card.token, at=at)
            session.delete(row)
        else:
            row.shopper_id = into
            came.append(row.id)
    if theirs is not None:
        session.delete(theirs)
    session.flush()
    if payer is not None and hers is None:
        note_payer(session, into, payer, at=at)
        hers = _changing(session, into, at)
    elif payer is not None and not came:
        detach(session, PAYER, payer, at=at)
    if hers is not None and hers.default_id is None:
        hers.default_id = default_id if default_id in came else next(iter(came), None)
        session.flush()
    return len(came)


# --- what must go at the provider -------------------------------------------------------------------------------------


def detach(session: Session, kind: str, token: str, *, at: datetime) -> None:
    """It must go at the provider, and will be asked for until it has."""
    session.add(DetachmentRow(id=new_id("dtc"), kind=kind, token=token, tries=0, asked_at=at, due_at=at))
    session.flush()


def detachments_due(session: Session, at: datetime, limit: int) -> Sequence[DetachmentRow]:
    return session.scalars(select(DetachmentRow).where(DetachmentRow.due_at <= at).order_by(DetachmentRow.due_at, DetachmentRow.id).limit(limit)).all()


def try_later(session: Session, row_id: str, seen: datetime, later: datetime) -> bool:
    """Claim one: of two who look at the same time one gets it, and if it dies the other does later."""
    d = DetachmentRow
    return moved(session, update(d).where(d.id == row_id, d.due_at == seen).values(due_at=later, tries=d.tries + 1))


def detached(session: Session, row_id: str) -> None:
    session.execute(delete(DetachmentRow).where(DetachmentRow.id == row_id).execution_options(synchronize_session=False))


def still_to_detach(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(DetachmentRow)) or 0


def _changing(session: Session, shopper_id: str, at: datetime) -> PayerRow | None:
    moved(session, update(PayerRow).where(PayerRow.shopper_id == shopper_id).values(changes=PayerRow.changes + 1, changed_at=at))
    return session.execute(select(PayerRow).where(PayerRow.shopper_id == shopper_id).execution_options(populate_existing=True)).scalar_one_or_none()


def _hashed(card: Card) -> str:
    return keyed_hash(SEALED_AS, card.fingerprint or card.token)


def _sealed(shopper_id: str, payer: str, card: Card, row_id: str) -> bytes:
    held = {"payer": payer, "token": card.token, "brand": card.brand, "last4": card.last4, "exp_month": card.exp_month, "exp_year": card.exp_year}
    return seal_for(shopper_id, SEALED_AS, json.dumps(held).encode(), row_id.encode())
