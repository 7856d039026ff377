"""The books: every move of a coupon is one ledger entry, and the campaign's counter moves with it.

Owns the entries and the counter. Must not decide whether a move is allowed: redemption.py and issuance.py do, by a
conditional UPDATE of the coupon first. Order of locks everywhere: coupon, tally, counter (by campaign id; chunks.py says when it is a chunk, which nobody waits for). What is counted
waits for the end of the transaction: whoever redeems one coupon holds it and waits for the counter, and a sweep that held
the counter and then wanted that coupon would wait for ever.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.kernel.bulk import Rows, insert_many
from app.kernel.db import moved
from app.kernel.ids import new_id
from offers import chunks, repository
from offers.chunks import Counted
from offers.models import CouponRow, LedgerEntry, Tally

CAMPAIGN = "campaign"
"""Where a use comes from before it is a coupon."""
_COUNTED = "offers.counted"


_COLUMNS = ("id", "coupon_id", "campaign_id", "from_state", "to_state", "reserved_delta_minor", "spent_delta_minor", "cause", "why", "at")


@dataclass(slots=True)
class _Sums:
    revoked: int = 0
    redeemed: int = 0
    reserved_minor: int = 0
    spent_minor: int = 0


def held_minor(coupon: CouponRow) -> int:
    """What the coupon holds of the budget while it is alive."""
    return coupon.bound_minor or 0


class _Counted:
    """What the moves of one transaction add up to; written once, right before the commit."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.sums: defaultdict[str, _Sums] = defaultdict(_Sums)
        self.tallies: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.works: defaultdict[str, list[Callable[[], None]]] = defaultdict(list)

    @classmethod
    def of(cls, session: Session) -> _Counted:
        found = session.info.get(_COUNTED)
        if found is None:
            found = session.info[_COUNTED] = cls(session)
            session.info["before_commit"].append(found.write)
        return cast("_Counted", found)

    def write(self) -> None:
        for (campaign_id, shopper_id), count in sorted(self.tallies.items()):
            row = update(Tally).where(Tally.campaign_id == campaign_id, Tally.shopper_id == shopper_id)
            moved(self._session, row.values(revoked=Tally.revoked + count))  # no row: the shopper was erased meanwhile
        for campaign_id in sorted({*self.sums, *self.works}):
            if campaign_id in self.works:
                chunks.hold(self._session, campaign_id)  # takes its turn
                for work in self.works[campaign_id]:
                    work()
            if self.sums[campaign_id] != _Sums():
                self._count(campaign_id, self.sums[campaign_id])

    def _count(self, campaign_id: str, sums: _Sums) -> None:
        """What takes more of a budget than it gives back is counted where every claim sees it."""
        more = Counted(sums.revoked, sums.redeemed, sums.reserved_minor, sums.spent_minor)
        if more.reserved_minor + more.spent_minor > 0 and repository.budget_minor(self._session, campaign_id) is not None:
            taken = Counted(reserved_minor=max(0, more.reserved_minor), spent_minor=max(0, more.spent_minor))
            chunks.hold(self._session, campaign_id, taken)
            more = replace(more, reserved_minor=min(0, more.reserved_minor), spent_minor=min(0, more.spent_minor))
        chunks.count(self._session, campaign_id, more)


def last(session: Session, campaign_id: str, work: Callable[[], None]) -> None:
    """Run `work` at the end of the transaction, while it holds the campaign's counter: for what has to look at what everybody
    else took before it takes something itself. It may enter into the books; it must not move a coupon that is not locked yet."""
    _Counted.of(session).works[campaign_id].append(work)


class Books:
    """Entries of some moves. `close()` must be called after the last of them, or `rows()`."""

    def __init__(self, session: Session, at: datetime) -> None:
        self._session, self._at = session, at
        self._entries: list[tuple[Any, ...]] = []

    def enter(
        self,
        coupon: CouponRow,
        from_state: str,
        to_state: str,
        *,
        reserved_minor: int = 0,
        spent_minor: int = 0,
        claimed_minor: int = 0,
        claimed_spent_minor: int = 0,
        cause: str | None = None,
        why: str | None = None,
    ) -> None:
        """Note one move, or, from a state to itself, money alone.

        `claimed_minor` and `claimed_spent_minor` are the parts of `reserved_minor` and `spent_minor` that the caller has
        already taken from the counter.
        """
        states = (str(from_state), str(to_state))
        told = (cause, None if why is None else str(why), self._at)
        self._entries.append((new_id("led"), coupon.id, coupon.campaign_id, *states, reserved_minor, spent_minor, *told))
        if from_state == CAMPAIGN:
            return  # issuance claims the counter itself, conditionally, before the coupon exists
        counted = _Counted.of(self._session)
        sums = counted.sums[coupon.campaign_id]
        if to_state == "revoked" and from_state != "revoked":
            sums.revoked += 1
            counted.tallies[coupon.campaign_id, coupon.shopper_id] += 1
        sums.redeemed += (to_state == "redeemed") - (from_state == "redeemed")
        sums.reserved_minor += reserved_minor - claimed_minor
        sums.spent_minor += spent_minor - claimed_spent_minor

    def close(self) -> None:
        self._session.flush()
        insert_many(self._session, *self.rows())

    def rows(self) -> Rows:
        """`close` for a caller who writes the entries together with what else it has to write."""
        entries, self._entries = self._entries, []
        return LedgerEntry, _COLUMNS, entries
