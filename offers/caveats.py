"""What a coupon is bound to: holder, device, places, channel, window, trust, uses. Each caveat verifies itself against a context.

Pure. Owns the caveats, their JSON and `refusals` (all of them, not the first). Must not know state or tables: whether a
coupon is already redeemed is decided by one conditional UPDATE in redemption.py, these only say what else is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

import msgspec

from app.kernel.verdict import PASS, Fail, Verdict, fails
from offers.conditions import TRUST_ORDER
from offers.reasons import ReasonCode
from offers.till_reasons import TillReason

APP = "app"
TILL = "till"
LIVE = "live"


@dataclass(frozen=True, slots=True)
class Context:
    """Where, when and by whom the coupon is presented. `shopper_id` is None at the till: the clerk sees a code, not a person."""

    at: datetime
    channel: str
    shopper_id: str | None
    place_id: str | None
    trust: str
    used: int = 0
    device: str | None = None
    """The mark of the phone that showed a live code; None when none was shown."""
    used_by_same: int = 0
    """Other coupons of the campaign that were used by whoever may be the holder (identity.py)."""


class Holder(msgspec.Struct, frozen=True, tag="holder"):
    shopper_id: str

    def verify(self, context: Context) -> Verdict:
        if context.shopper_id is None or context.shopper_id == self.shopper_id:
            return PASS
        return Fail(ReasonCode.WRONG_HOLDER)


class Device(msgspec.Struct, frozen=True, tag="device"):
    """Only when shown by this phone (a mark). Stands in signed coupons; the live code is the proof."""

    device: str

    def verify(self, context: Context) -> Verdict:
        return PASS if context.device == self.device else Fail(TillReason.WRONG_DEVICE)


class Shown(msgspec.Struct, frozen=True, tag="shown"):
    """How it is shown at a till: `live` asks for the live code of a phone, `any` takes every form, whatever it is worth."""

    how: str

    def verify(self, context: Context) -> Verdict:
        if self.how == LIVE and context.channel == TILL and context.device is None:
            return Fail(TillReason.LIVE_CODE_NEEDED)
        return PASS


class Places(msgspec.Struct, frozen=True, tag="places"):
    """Only at these places. An order in the app without a place is covered; `Channels` says whether the app is."""

    place_ids: tuple[str, ...]

    def verify(self, context: Context) -> Verdict:
        if context.place_id is None and context.channel == APP:
            return PASS
        return (
            PASS
            if context.place_id in self.place_ids
            else Fail(ReasonCode.PLACE_NOT_COVERED, {"place_id": context.place_id})
        )


class Channels(msgspec.Struct, frozen=True, tag="channels"):
    in_app: bool
    at_till: bool

    def verify(self, context: Context) -> Verdict:
        if self.in_app if context.channel == APP else self.at_till:
            return PASS
        return Fail(ReasonCode.CHANNEL_NOT_COVERED, {"allowed_text": "in the app" if self.in_app else "at the till"})


class Window(msgspec.Struct, frozen=True, tag="window"):
    """From `starts_at` (inclusive) until `ends_at` (exclusive)."""

    starts_at: datetime
    ends_at: datetime

    def verify(self, context: Context) -> Verdict:
        if context.at < self.starts_at:
            return Fail(ReasonCode.COUPON_NOT_YET_VALID, {"valid_from": self.starts_at.isoformat()})
        if context.at >= self.ends_at:
            return Fail(ReasonCode.COUPON_EXPIRED, {"expired_at": self.ends_at.isoformat()})
        return PASS


class Trust(msgspec.Struct, frozen=True, tag="trust"):
    minimum: str

    def verify(self, context: Context) -> Verdict:
        if TRUST_ORDER.get(context.trust, 0) >= TRUST_ORDER.get(self.minimum, 0):
            return PASS
        return Fail(ReasonCode.TRUST_TOO_LOW, {"trust": context.trust, "needed": self.minimum})


class Uses(msgspec.Struct, frozen=True, tag="uses"):
    maximum: int

    def verify(self, context: Context) -> Verdict:
        return PASS if context.used < self.maximum else Fail(ReasonCode.COUPON_ALREADY_REDEEMED)


class Person(msgspec.Struct, frozen=True, tag="person"):
    """So many coupons of the campaign are used by all who share one of these hints with the holder, herself included."""

    limit: int
    by: tuple[str, ...]

    def verify(self, context: Context) -> Verdict:
        return PASS if context.used_by_same < self.limit else self.used_up(context.used_by_same)

    def used_up(self, used: int) -> Fail:
        facts = {"used": used, "cap": self.limit, "counted_by": ", ".join(self.by)}
        return Fail(ReasonCode.PERSON_LIMIT_USED, facts)


Caveat = Holder | Device | Shown | Places | Channels | Window | Trust | Uses | Person


def person_of(bound: Iterable[Caveat]) -> Person | None:
    return next((c for c in bound if isinstance(c, Person)), None)


class _Bundle(msgspec.Struct, frozen=True):
    FORMAT: ClassVar[int] = 1
    caveats: tuple[Caveat, ...]


def live_needed(bound: Sequence[Caveat], worth_minor: int | None, above_minor: int | None) -> bool:
    """Is it taken at a till by its live code alone? As its campaign says; else when it may take off more than `above_minor`.

    `worth_minor` None has no bound, so it is more than any; `above_minor` None asks for none by value.
    """
    how = next((c.how for c in bound if isinstance(c, Shown)), None)
    if how is not None:
        return how == LIVE
    return above_minor is not None and (worth_minor is None or worth_minor > above_minor)


_read = msgspec.json.Decoder(_Bundle).decode  # at import: see definition.py


def to_json(caveats: Sequence[Caveat]) -> str:
    return msgspec.json.encode(_Bundle(tuple(caveats))).decode()


def from_json(document: str) -> tuple[Caveat, ...]:
    return _read(document).caveats


def refusals(caveats: Sequence[Caveat], context: Context) -> tuple[Fail, ...]:
    """All caveats that do not hold, in the order they are written on the coupon."""
    return fails(c.verify(context) for c in caveats)
