"""What a policy is asked, what it is told, and what it answers.

Pure. Owns the actions, the facts, the answer and the hash of what was asked. Must not know a rule: those are in `rules/*.cedar`,
and engine.py asks them.

A fact nobody knows is None, and stays absent where the rules are asked: a rule that needs it says what its absence means.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum


class Action(StrEnum):
    """What somebody wants to do. `reserve` takes a coupon's value online, `redeem` at a till."""

    BROWSE = "browse"
    SEE_OFFER = "see_offer"
    RESERVE = "reserve"
    REDEEM = "redeem"
    PAY = "pay"
    CHANGE_CONTACT = "change_contact"
    CHANGE_ADDRESS = "change_address"
    CHANGE_PASSWORD = "change_password"  # noqa: S105 - the name of an action
    ADD_PASSKEY = "add_passkey"
    EXPORT = "export"
    ERASE = "erase"
    READ_PERSON = "read_person"
    PUBLISH_CAMPAIGN = "publish_campaign"
    APPROVE_CAMPAIGN = "approve_campaign"
    UNDO_AT_TILL = "undo_at_till"
    MAKE_LINK = "make_link"
    ISSUE_KEY = "issue_key"
    REVOKE_KEY = "revoke_key"
    ROTATE_KEYS = "rotate_keys"


class VisitLevel(StrEnum):
    """How far the visit behind it is believed (the trust of a moment)."""

    CLAIMED = "claimed"
    CORROBORATED = "corroborated"
    VERIFIED = "verified"


class TrustVerdict(StrEnum):
    """What the motion of the position says about it."""

    GENUINE = "genuine"
    UNCERTAIN = "uncertain"
    SPOOFED = "spoofed"


class Presence(StrEnum):
    """By what she is known to be there, weakest first. The first two can be made anywhere and prove nothing."""

    BARE_FIX = "bare_fix"
    STATIC_BEACON = "static_beacon"
    ROTATING_BEACON = "rotating_beacon"
    SHELF_QR = "shelf_qr"
    TILL = "till"


class Standing(StrEnum):
    """What is known of the phone or browser."""

    GOOD = "good"
    UNKNOWN = "unknown"
    FALLEN = "fallen"


class SimSwap(StrEnum):
    """What the network operator says about her number."""

    NO = "no"
    YES = "yes"
    UNKNOWN = "unknown"


class Acr(StrEnum):
    """How somebody said who they are, since or at sign-in: the values of `acr` in a challenge (RFC 9470).

    `link` is a one-time link of the house, `passkey` includes that the person was verified on the phone. `live_code` is no
    sign-in: it is the phone itself, shown at the till.
    """

    LINK = "link"
    PASSWORD = "password"  # noqa: S105 - as above
    PASSKEY = "passkey"
    LIVE_CODE = "live_code"


@dataclass(frozen=True, slots=True)
class ValueLimits:
    """Up to `small_minor` (inclusive) nothing more is asked; above `high_minor` most is. Minor units of the amount's currency."""

    small_minor: int
    high_minor: int


@dataclass(frozen=True, slots=True)
class Context:
    """The facts of one request; None is "nobody knows".

    `amount_minor` is what is given away (reserve, redeem: None has no bound), paid (pay) or set aside (publish: the budget);
    `limits` are those of its currency and action. `hour` is local (0..23). `velocity_1h` counts how often this caller has done
    this within the last hour. `acr` and `auth_age_s`: how and how long ago she last said who she is. `same_author`: who
    approves is who submitted. `key_shown`: whether the request is signed with the key her browser keeps (None: it keeps none). `live_code`: the phone the coupon is bound to shows it.
    """

    visit_level: VisitLevel | None = None
    trust_verdict: TrustVerdict | None = None
    presence: Presence | None = None
    device_standing: Standing | None = None
    amount_minor: int | None = None
    limits: ValueLimits | None = None
    hour: int | None = None
    velocity_1h: int | None = None
    contact_changed_s: int | None = None
    contact_added_s: int | None = None
    unknown_code_s: int | None = None
    sim_swap: SimSwap | None = None
    acr: Acr | None = None
    auth_age_s: int | None = None
    has_passkey: bool | None = None
    has_password: bool | None = None
    key_shown: bool | None = None
    live_code: bool | None = None
    same_author: bool | None = None

    @property
    def passkey_age_s(self) -> int | None:
        """Seconds since a passkey was used; None when none was."""
        return self.auth_age_s if self.acr is Acr.PASSKEY else None

    @property
    def confirmed_age_s(self) -> int | None:
        """Seconds since she confirmed it is she, with the best she has: whoever has a passkey does not come through with less."""
        if self.acr is None or self.acr is Acr.LIVE_CODE or (self.acr is not Acr.PASSKEY and self.has_passkey is not False):
            return None
        return self.auth_age_s

    def known(self) -> dict[str, str | int | bool]:
        """What is known, by the names the rules use."""
        found: dict[str, str | int | bool | None] = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("limits", "acr", "auth_age_s")}
        if self.limits is not None:
            found |= {"small_minor": self.limits.small_minor, "high_minor": self.limits.high_minor}
        found |= {"passkey_age_s": self.passkey_age_s, "confirmed_age_s": self.confirmed_age_s}
        return {name: value if isinstance(value, (bool, int)) else str(value) for name, value in found.items() if value is not None}


FACTS = frozenset(f.name for f in fields(Context)) - {"limits", "acr", "auth_age_s"} | {"small_minor", "high_minor", "passkey_age_s", "confirmed_age_s"}
"""The names under which the rules may ask."""


class Outcome(StrEnum):
    ALLOW = "allow"
    STEP_UP = "step_up"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class StepUp:
    """What would open it: a proof of kind `acr`, not older than `max_age_s` (for a live code: this scan)."""

    acr: Acr
    max_age_s: int


@dataclass(frozen=True, slots=True)
class PolicyDecision:
    """The answer. `reasons` and `policy_ids` name what held it up (for an allow: the policies that permit), in the order of their
    ids; `step_up` is set exactly when the outcome is step_up. `inputs_hash` is the SHA-256 of what was asked."""

    action: Action
    role: str
    outcome: Outcome
    reasons: tuple[str, ...]
    policy_ids: tuple[str, ...]
    inputs_hash: str
    step_up: StepUp | None = None

    @property
    def allowed(self) -> bool:
        return self.outcome is Outcome.ALLOW


def inputs_hash(action: Action, role: str, known: Mapping[str, str | int | bool]) -> str:
    """SHA-256 (hex) of the canonical JSON of what was asked: sorted keys, no spaces. The same question has the same hash."""
    asked = {"action": str(action), "role": role, "facts": dict(known)}
    return hashlib.sha256(json.dumps(asked, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
