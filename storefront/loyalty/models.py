"""Tables of loyalty: the programme's versions, what was counted, where each shopper stands, what she was given, and whether she wants it at all."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant, Json


class ProgrammeRow(Base):
    """Every version there was; the newest is in force. `document` is JSON as text: the order in which it is written is the order in which it is shown."""

    __tablename__ = "storefront_loyalty_programme"
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document: Mapped[str] = mapped_column(Text)
    applied_by: Mapped[str] = mapped_column(String(80))
    applied_at: Mapped[datetime] = mapped_column(Instant)


class FactRow(Base):
    """`kind`: visited or bought. `source_id`: the visit, or the order; `line_no` of an order, else 0. `day` is the local one of the store."""

    __tablename__ = "storefront_loyalty_fact"
    source_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    day: Mapped[str] = mapped_column(String(10))
    place_id: Mapped[str | None] = mapped_column(String(80))
    products: Mapped[list[str]] = mapped_column(Json)
    categories: Mapped[list[str]] = mapped_column(Json)
    pieces: Mapped[int]
    spent_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    at: Mapped[datetime] = mapped_column(Instant, index=True)


class StandingRow(Base):
    """One for each shopper of whom something was counted; whoever weighs her facts holds it. `tier` is hers until `tier_until`. `look_at`: when time alone
    changes something next."""

    __tablename__ = "storefront_loyalty_standing"
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tier: Mapped[str | None] = mapped_column(String(30))
    tier_until: Mapped[datetime | None] = mapped_column(Instant)
    revision: Mapped[int] = mapped_column(default=0)
    look_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    changed_at: Mapped[datetime] = mapped_column(Instant, index=True)


class RewardRow(Base):
    """A gift that was given: `rule` (`card.coffee`, `challenge.two_stores`) and `number` once a person. `used`: stamps used up by it and those before it.

    `state`: given; withdrawn (what it was for went back); kept (the same, but it was spent already). `title` is the rule's name on that day."""

    __tablename__ = "storefront_loyalty_reward"
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    rule: Mapped[str] = mapped_column(String(50), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(String(40), unique=True)
    title: Mapped[str] = mapped_column(String(60))
    used: Mapped[int]
    points: Mapped[int]
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(10))
    given_at: Mapped[datetime] = mapped_column(Instant, index=True)
    changed_at: Mapped[datetime] = mapped_column(Instant)


class ChoiceRow(Base):
    """She wants it counted, or not any more, from `at` on. Nobody's word counts as yes (docs/algorithms/loyalty.md)."""

    __tablename__ = "storefront_loyalty_choice"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40))
    counted: Mapped[bool]
    at: Mapped[datetime] = mapped_column(Instant)
    __table_args__ = (Index("ix_storefront_loyalty_choice_shopper", "shopper_id", "at"),)
