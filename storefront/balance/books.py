"""The books of the balance: every movement as two entries, and what each shopper has by now.

Owns the statements that move it: taken and given back by one conditional UPDATE each, inside the transaction that moves the order or the card, so
that each happens once. The caller says why; nothing here knows an order's state.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved
from app.kernel.ids import new_id
from storefront import double_entry
from storefront.balance.accounts import Account
from storefront.balance.models import BalanceEntry, BalanceHoldRow, BalanceRow, GiftCardRow
from storefront.contracts import ERASED, BalanceView

HELD, CAPTURED, RELEASED = "held", "captured", "released"


def available_minor(session: Session, shopper_id: str, currency: str | None) -> int:
    """What she can spend now."""
    b = BalanceRow
    return session.scalar(select(b.available_minor).where(b.shopper_id == shopper_id, b.currency == (currency or ""))) or 0


def balances(session: Session, shopper_id: str) -> dict[str, int]:
    """Currency -> what she can spend."""
    b = BalanceRow
    rows = session.execute(select(b.currency, b.available_minor).where(b.shopper_id == shopper_id).order_by(b.currency))
    return {currency: minor for currency, minor in rows}  # noqa: C416


def entries(session: Session, shopper_id: str, *, limit: int = 100) -> Sequence[BalanceView]:
    """What came to her balance and what was taken from it, newest first, each with the account on the other side."""
    mine, other = BalanceEntry, select(BalanceEntry).subquery()
    rows = session.execute(
        select(mine.currency, mine.amount_minor, other.c.account, mine.order_id, mine.at)
        .join(other, (other.c.movement == mine.movement) & (other.c.account != mine.account))
        .where(mine.shopper_id == shopper_id, mine.account == Account.BALANCE)
        .order_by(mine.at.desc(), mine.movement.desc())
        .limit(limit)
    )
    return [BalanceView(*row) for row in rows]


def enter(
    session: Session, source: Account, target: Account, amount_minor: int, currency: str, *, shopper_id: str | None = None, order_id: str | None = None, card_id: str | None = None, movement: str | None = None, at: datetime
) -> None:
    """One movement in the books: `amount_minor` from `source` to `target`. One that has a name of its own is there once."""
    both = {"movement": movement or new_id("bal"), "shopper_id": shopper_id, "currency": currency, "order_id": order_id, "card_id": card_id, "at": at}
    double_entry.enter(session, BalanceEntry, source, target, amount_minor, both)


def add(
    session: Session, source: Account, shopper_id: str, amount_minor: int, currency: str, *, order_id: str | None = None, card_id: str | None = None, at: datetime
) -> None:
    """More for her to spend. Of somebody who is no longer known it is lost to the books: nobody can spend it."""
    if not amount_minor:
        return
    if shopper_id == ERASED:
        enter(session, source, Account.EXPIRED, amount_minor, currency, shopper_id=ERASED, order_id=order_id, card_id=card_id, at=at)
        return
    b = BalanceRow
    insert_new(session, b, {"shopper_id": shopper_id, "currency": currency, "available_minor": 0, "changed_at": at}, unique=["shopper_id", "currency"])
    hers = update(b).where(b.shopper_id == shopper_id, b.currency == currency)
    moved(session, hers.values(available_minor=b.available_minor + amount_minor, changed_at=at))
    enter(session, source, Account.BALANCE, amount_minor, currency, shopper_id=shopper_id, order_id=order_id, card_id=card_id, at=at)


def _take(session: Session, shopper_id: str, amount_minor: int, currency: str, at: datetime) -> bool:
    b = BalanceRow
    enough = update(b).where(b.shopper_id == shopper_id, b.currency == currency, b.available_minor >= amount_minor)
    return moved(session, enough.values(available_minor=b.available_minor - amount_minor, changed_at=at))


def take_back(session: Session, target: Account, shopper_id: str, amount_minor: int, currency: str, *, at: datetime) -> bool:
    """What was given to her goes back where it came from; False when she has less by now."""
    if not _take(session, shopper_id, amount_minor, currency, at):
        return False
    enter(session, Account.BALANCE, target, amount_minor, currency, shopper_id=shopper_id, at=at)
    return True


def hold(session: Session, order_id: str, shopper_id: str, amount_minor: int, currency: str, *, at: datetime) -> bool:
    """Take so much for an order that is being paid; False when there is less."""
    if not _take(session, shopper_id, amount_minor, currency, at):
        return False
    session.add(BalanceHoldRow(order_id=order_id, shopper_id=shopper_id, currency=currency, amount_minor=amount_minor, state=HELD, held_at=at))
    session.flush()
    enter(session, Account.BALANCE, Account.HELD, amount_minor, currency, shopper_id=shopper_id, order_id=order_id, at=at)
    return True


def capture(session: Session, order_id: str, *, at: datetime) -> bool:
    """The order is paid: what it held is spent. True for the one who did it."""
    row = _move_hold(session, order_id, CAPTURED)
    if row is not None:
        enter(session, Account.HELD, Account.SPENT, row.amount_minor, row.currency, shopper_id=row.shopper_id, order_id=order_id, at=at)
    return row is not None


def release(session: Session, order_id: str, *, at: datetime) -> bool:
    """The order came to nothing: what it held is hers again. True for the one who did it."""
    row = _move_hold(session, order_id, RELEASED)
    if row is not None:
        add(session, Account.HELD, row.shopper_id, row.amount_minor, row.currency, order_id=order_id, at=at)
    return row is not None


def _move_hold(session: Session, order_id: str, state: str) -> BalanceHoldRow | None:
    h = BalanceHoldRow
    if not moved(session, update(h).where(h.order_id == order_id, h.state == HELD).values(state=state)):
        return None
    return session.get(h, order_id, populate_existing=True)


def give_back(session: Session, order_id: str, shopper_id: str, amount_minor: int, currency: str, *, at: datetime) -> None:
    """Money of a paid order becomes hers to spend: first what the order had taken from her balance, and beyond that as store credit.

    The caller makes sure that it is called once for each refund, and holds the order's row.
    """
    h = BalanceHoldRow
    row = session.get(h, order_id, populate_existing=True)
    own_minor = min(amount_minor, row.amount_minor - row.returned_minor) if row is not None and row.state == CAPTURED else 0
    back = update(h).where(h.order_id == order_id, h.returned_minor + own_minor <= h.amount_minor)
    if own_minor and not moved(session, back.values(returned_minor=h.returned_minor + own_minor)):
        raise LookupError(f"more would go back of order {order_id} than it took")
    add(session, Account.SPENT, shopper_id, own_minor, currency, order_id=order_id, at=at)
    add(session, Account.REFUNDS, shopper_id, amount_minor - own_minor, currency, order_id=order_id, at=at)


def hand_over(session: Session, before: str, into: str, *, at: datetime) -> dict[str, int]:
    """She has signed in: what she had as somebody unknown is on her balance, with how it came there. No money moves, so the books say nothing new.
    Returns currency -> what came."""
    b = BalanceRow
    gone = delete(b).where(b.shopper_id == before).returning(b.currency, b.available_minor).execution_options(synchronize_session=False)
    came = {currency: minor for currency, minor in session.execute(gone).all()}  # noqa: C416
    for currency, minor in sorted(came.items()):
        insert_new(session, b, {"shopper_id": into, "currency": currency, "available_minor": 0, "changed_at": at}, unique=["shopper_id", "currency"])
        moved(session, update(b).where(b.shopper_id == into, b.currency == currency).values(available_minor=b.available_minor + minor, changed_at=at))
    for model in (BalanceEntry, BalanceHoldRow):
        session.execute(update(model).where(model.shopper_id == before).values(shopper_id=into).execution_options(synchronize_session=False))
    session.execute(update(GiftCardRow).where(GiftCardRow.loaded_by == before).values(loaded_by=into).execution_options(synchronize_session=False))
    return {currency: minor for currency, minor in came.items() if minor}


def give_up(session: Session, shopper_id: str, *, at: datetime) -> int:
    """She leaves for good: what she had is lost. Returns how many balances."""
    lost = 0
    for currency, minor in balances(session, shopper_id).items():
        if minor and _take(session, shopper_id, minor, currency, at):
            enter(session, Account.BALANCE, Account.EXPIRED, minor, currency, shopper_id=shopper_id, at=at)
            lost += 1
    return lost


def drift(session: Session) -> dict[str, int]:
    """What does not agree, and must be empty: entries that do not add up to nothing, movements that are not two, and balances, holds or cards that are not
    what the entries say."""
    e, b, h = BalanceEntry, BalanceRow, BalanceHoldRow
    found = double_entry.drift(session, e)
    hers = select(e.shopper_id, e.currency, func.sum(e.amount_minor)).where(e.account == Account.BALANCE).group_by(e.shopper_id, e.currency)
    told = {(row[0], row[1]): int(row[2]) for row in session.execute(hers)}
    for shopper_id, currency, minor in session.execute(select(b.shopper_id, b.currency, b.available_minor)):
        found[f"balance {shopper_id} {currency}"] = minor - told.pop((shopper_id, currency), 0)
    found |= {f"balance {shopper_id} {currency}": -minor for (shopper_id, currency), minor in told.items()}
    held = int(session.scalar(select(func.sum(h.amount_minor)).where(h.state == HELD)) or 0)
    found["held"] = held - account_minor(session, Account.HELD)
    return {what: minor for what, minor in found.items() if minor}


def account_minor(session: Session, account: Account) -> int:
    """What stands in one account, over all currencies."""
    return int(session.scalar(select(func.sum(BalanceEntry.amount_minor)).where(BalanceEntry.account == account)) or 0)
