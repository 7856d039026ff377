"""The tables of the room `offers`.

Owns columns and constraints only. No foreign key leaves the room; ids of shoppers, places, moments and orders are plain
strings. The code of a coupon is never stored in the clear: its keyed hash finds it, its sealed form is for the holder.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant, Json


class Campaign(Base):
    """`state`: draft, review, approved, live, paused, ended. `version` is the definition in force.

    `approved_version` is the one that may be live: another person approved it, or nobody had to.
    """

    __tablename__ = "offers_campaign"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(10), index=True)
    version: Mapped[int]
    created_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    submitted_by: Mapped[str | None] = mapped_column(String(80))
    submitted_at: Mapped[datetime | None] = mapped_column(Instant)
    approved_version: Mapped[int | None]
    approved_by: Mapped[str | None] = mapped_column(String(80))
    approved_at: Mapped[datetime | None] = mapped_column(Instant)


class CampaignStep(Base):
    """Append-only: who moved a campaign from which state to which, in which version, and why."""

    __tablename__ = "offers_campaign_step"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(String(40), index=True)
    version: Mapped[int]
    from_state: Mapped[str] = mapped_column(String(10))
    to_state: Mapped[str] = mapped_column(String(10))
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Instant)
    note: Mapped[str] = mapped_column(String(300))


class CampaignVersion(Base):
    """Written once and never changed: decisions name the version they used. `definition` is canonical JSON."""

    __tablename__ = "offers_campaign_version"
    campaign_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    definition: Mapped[str] = mapped_column(Text)
    created_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(Instant)


class TriggerRow(Base):
    """Which live campaigns listen for a kind of moment at a place: `selector` is place:ID, chain:NAME, tag:NAME or *."""

    __tablename__ = "offers_trigger"
    moment_kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    selector: Mapped[str] = mapped_column(String(220), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(String(40), primary_key=True, index=True)


class Counter(Base):
    """What a campaign has given, and what it has leased to its chunks. Caps and budget are claimed here or in a chunk, by one
    conditional UPDATE each time; what was given is this and what stands in the chunks together (chunks.in_chunks)."""

    __tablename__ = "offers_counter"
    campaign_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    issued: Mapped[int] = mapped_column(BigInteger, default=0)
    revoked: Mapped[int] = mapped_column(BigInteger, default=0)
    redeemed: Mapped[int] = mapped_column(BigInteger, default=0)
    budget_reserved_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    budget_spent_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    __table_args__ = (
        CheckConstraint("issued >= revoked AND revoked >= 0 AND redeemed >= 0", name="counts"),
        CheckConstraint("budget_reserved_minor >= 0 AND budget_spent_minor >= 0", name="money"),
    )


class Chunk(Base):
    """A part of a campaign's cap and budget that the counter already counts as given, to be given from here (chunks.py).

    `room` and `room_minor` are left of it; `cap` and `budget_minor` are the limits under which it was leased. The others are what
    moves have counted here instead of in the counter, below zero where what was counted there came back here.
    """

    __tablename__ = "offers_chunk"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(String(40), index=True)
    room: Mapped[int] = mapped_column(BigInteger, default=0)
    room_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    cap: Mapped[int] = mapped_column(BigInteger, default=0)
    budget_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    revoked: Mapped[int] = mapped_column(BigInteger, default=0)
    redeemed: Mapped[int] = mapped_column(BigInteger, default=0)
    reserved_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    spent_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    __table_args__ = (CheckConstraint("room >= 0 AND room_minor >= 0", name="room"),)


class Tally(Base):
    """What one shopper has been given of one campaign. Its row is also the lock under which a rolling window is counted."""

    __tablename__ = "offers_tally"
    campaign_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True, index=True)
    issued: Mapped[int] = mapped_column(default=0)
    revoked: Mapped[int] = mapped_column(default=0)
    touched_at: Mapped[datetime] = mapped_column(Instant)


class IdentityHint(Base):
    """That a shopper has this phone, card or verified contact: `hash` is keyed, and nothing else is kept of it (identity.py)."""

    __tablename__ = "offers_identity_hint"
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True, index=True)
    first_seen_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant, index=True)


class WeighedMoment(Base):
    """One row per moment that was decided or retracted: each telling of it is weighed once, in whatever order its events come.

    `telling` counts how often it was weighed. `told` and `taken_back` are the newest events that told it and took it back
    (their ids sort by time), so that one that comes late is known to be old.
    """

    __tablename__ = "offers_weighed_moment"
    moment_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    retracted_at: Mapped[datetime | None] = mapped_column(Instant)
    noted_at: Mapped[datetime] = mapped_column(Instant, index=True)
    telling: Mapped[int] = mapped_column(default=1)
    told: Mapped[str] = mapped_column(String(40), default="")
    taken_back: Mapped[str] = mapped_column(String(40), default="")


class Decision(Base):
    """`record` and `result` are canonical JSON text: recomputing `result` from `record` gives the same bytes. `telling` is that
    of the moment (WeighedMoment).

    `arm` is her group in the campaign's experiment (experiment.arm_of); None where nothing else made the offer possible.
    """

    __tablename__ = "offers_decision"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    moment_id: Mapped[str] = mapped_column(String(40))
    campaign_id: Mapped[str] = mapped_column(String(40), index=True)
    campaign_version: Mapped[int]
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    place_id: Mapped[str] = mapped_column(String(80))
    outcome: Mapped[str] = mapped_column(String(10))
    record: Mapped[str] = mapped_column(Text)
    result: Mapped[str] = mapped_column(Text)
    coupon_id: Mapped[str | None] = mapped_column(String(40))
    arm: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime] = mapped_column(Instant, index=True)
    telling: Mapped[int] = mapped_column(default=1)
    __table_args__ = (UniqueConstraint("moment_id", "campaign_id", "telling"),)


class CouponRow(Base):
    """`revision` counts every move: a racer that read an older one moves nothing. `number` is its place in the book of its offer.

    `bound_minor` is the most it may take off, and what it holds of the budget; None only in campaigns without a budget.
    """

    __tablename__ = "offers_coupon"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    code_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(10))
    revision: Mapped[int] = mapped_column(default=0)
    campaign_id: Mapped[str] = mapped_column(String(40))
    campaign_version: Mapped[int]
    decision_id: Mapped[str] = mapped_column(String(40), index=True)
    moment_id: Mapped[str] = mapped_column(String(40))
    telling: Mapped[int] = mapped_column(default=1)
    number: Mapped[int] = mapped_column(default=1)
    visit_id: Mapped[str] = mapped_column(String(40))
    shopper_id: Mapped[str] = mapped_column(String(40))
    place_id: Mapped[str] = mapped_column(String(80))
    place_ids: Mapped[list[Any]] = mapped_column(Json)
    caveats: Mapped[str] = mapped_column(Text)
    variant: Mapped[str | None] = mapped_column(String(40))
    trust: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(200))
    benefit_text: Mapped[str] = mapped_column(String(200))
    terms_text: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(String(3))
    bound_minor: Mapped[int | None] = mapped_column(BigInteger)
    issued_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    retracted_at: Mapped[datetime | None] = mapped_column(Instant)
    order_id: Mapped[str | None] = mapped_column(String(40), index=True)
    reserved_until: Mapped[datetime | None] = mapped_column(Instant)
    redemption_id: Mapped[str | None] = mapped_column(String(40))
    __table_args__ = (
        Index("ix_offers_coupon_wallet", "shopper_id", "state"),
        Index("ix_offers_coupon_window", "campaign_id", "shopper_id", "issued_at"),
        Index("ix_offers_coupon_due", "state", "expires_at"),
        Index("ix_offers_coupon_here", "campaign_id", "place_id"),
        Index("ix_offers_coupon_lately", "campaign_id", "issued_at"),
        UniqueConstraint("moment_id", "telling", "number"),
        CheckConstraint("state IN ('issued','reserved','redeemed','expired','revoked')", name="state"),
        CheckConstraint("bound_minor IS NULL OR bound_minor >= 0", name="bound"),
    )


class Hold(Base):
    """A reservation of one coupon by one order, with the quote frozen in it. `state`: open, used, released, given_back.

    `position` is its place among the order's coupons: in this order they took their shares.
    """

    __tablename__ = "offers_hold"
    order_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    coupon_id: Mapped[str] = mapped_column(String(40), primary_key=True, index=True)
    position: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(10))
    quote: Mapped[str] = mapped_column(Text)
    discount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    place_id: Mapped[str | None] = mapped_column(String(80))
    reserved_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_why: Mapped[str | None] = mapped_column(String(80))


class Redemption(Base):
    """One use. `channel` is order or till; an order uses a coupon at most once (unique).

    `returned_minor` is what of the discount came back to the campaign since, because pieces were returned.
    """

    __tablename__ = "offers_redemption"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    coupon_id: Mapped[str] = mapped_column(String(40), index=True)
    campaign_id: Mapped[str] = mapped_column(String(40))
    channel: Mapped[str] = mapped_column(String(10))
    order_id: Mapped[str | None] = mapped_column(String(80))
    place_id: Mapped[str | None] = mapped_column(String(80))
    clerk_id: Mapped[str | None] = mapped_column(String(80))
    discount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    redeemed_at: Mapped[datetime] = mapped_column(Instant, index=True)
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
    undone_why: Mapped[str | None] = mapped_column(String(80))
    returned_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    __table_args__ = (
        UniqueConstraint("order_id", "coupon_id"),
        CheckConstraint("returned_minor BETWEEN 0 AND discount_minor", name="returned"),
    )

    @property
    def spent_minor(self) -> int:
        """What the use costs the campaign by now."""
        return self.discount_minor - self.returned_minor


class LedgerEntry(Base):
    """Append-only. One use leaves `from_state` and enters `to_state`; money moves between reserved and spent.

    Holds no shopper: it stays when a shopper is erased, so that the sums stay true.
    """

    __tablename__ = "offers_ledger_entry"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    coupon_id: Mapped[str] = mapped_column(String(40), index=True)
    campaign_id: Mapped[str] = mapped_column(String(40), index=True)
    from_state: Mapped[str] = mapped_column(String(10))
    to_state: Mapped[str] = mapped_column(String(10))
    reserved_delta_minor: Mapped[int] = mapped_column(BigInteger)
    spent_delta_minor: Mapped[int] = mapped_column(BigInteger)
    cause: Mapped[str | None] = mapped_column(String(80))
    why: Mapped[str | None] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Instant)


class PurchaseRow(Base):
    """One line of an order that was paid and not refunded; written by purchases.py."""

    __tablename__ = "offers_purchase"
    order_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    shopper_id: Mapped[str] = mapped_column(String(40))
    product_id: Mapped[str] = mapped_column(String(60))
    category: Mapped[str] = mapped_column(String(80))
    total_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    bought_at: Mapped[datetime] = mapped_column(Instant, index=True)
    __table_args__ = (Index("ix_offers_purchase_shopper", "shopper_id", "bought_at"),)


class TierRow(Base):
    """The tier of the loyalty programme she has until then; written by tiers.py."""

    __tablename__ = "offers_tier"
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tier: Mapped[int]
    until: Mapped[datetime] = mapped_column(Instant)
    told_at: Mapped[datetime] = mapped_column(Instant, index=True)


class MemberRow(Base):
    """The plan of the shop she is a member of until then; written by memberships.py."""

    __tablename__ = "offers_member"
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    plan_id: Mapped[str] = mapped_column(String(30))
    until: Mapped[datetime] = mapped_column(Instant)
    told_at: Mapped[datetime] = mapped_column(Instant, index=True)


class AnswerRow(Base):
    """One thing she chose in a survey, as `survey/question/choice`; written by answers.py, and there only while she agrees to personal offers."""

    __tablename__ = "offers_answer"
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    answer: Mapped[str] = mapped_column(String(130), primary_key=True, index=True)
    told_at: Mapped[datetime] = mapped_column(Instant, index=True)


class FewerWish(Base):
    """`Fewer like this`: once mutes a campaign for a while, twice for good."""

    __tablename__ = "offers_fewer_wish"
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    times: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(Instant)


class Gs1Serial(Base):
    """Which coupon a GS1 value means, by the keyed hash of the value; `turn` makes its serial number again (gs1_coupons.py)."""

    __tablename__ = "offers_gs1_serial"
    value_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    coupon_id: Mapped[str] = mapped_column(String(40), unique=True)
    turn: Mapped[int]
