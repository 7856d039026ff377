"""The rules read a second time, in plain Python, from docs/security.md: what app/security/policies must answer.

Owns an evaluator that shares nothing with the rules but the facts and the shapes of the answer. It asks "what stands in the way?" and
then, of the questions among that, "which proof answers them all?", as a person would.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.security.policies.contracts import (
    Acr,
    Action,
    Context,
    Outcome,
    Presence,
    SimSwap,
    Standing,
    StepUp,
    TrustVerdict,
    VisitLevel,
)

A = Action
MAY: dict[str, set[Action]] = {
    "anyone": {A.BROWSE},
    "server": {A.BROWSE},
    "shopper": {A.BROWSE, A.SEE_OFFER, A.RESERVE, A.PAY, A.CHANGE_CONTACT, A.CHANGE_ADDRESS, A.CHANGE_PASSWORD, A.ADD_PASSKEY, A.EXPORT, A.ERASE},
    "clerk": {A.BROWSE, A.REDEEM, A.UNDO_AT_TILL, A.CHANGE_PASSWORD, A.ADD_PASSKEY},
    "marketer": {A.BROWSE, A.PUBLISH_CAMPAIGN, A.APPROVE_CAMPAIGN, A.CHANGE_PASSWORD, A.ADD_PASSKEY},
    "operator": {
        A.BROWSE, A.PUBLISH_CAMPAIGN, A.APPROVE_CAMPAIGN, A.READ_PERSON, A.EXPORT, A.ERASE, A.MAKE_LINK, A.ISSUE_KEY, A.REVOKE_KEY,
        A.ROTATE_KEYS, A.CHANGE_PASSWORD, A.ADD_PASSKEY,
    },
}  # fmt: skip
ACCOUNT = {A.CHANGE_CONTACT, A.CHANGE_ADDRESS, A.CHANGE_PASSWORD, A.ADD_PASSKEY}
ONLINE = {A.RESERVE, A.PAY}


@dataclass(frozen=True)
class Obstacle:
    """`proof` is what would remove it: any (the best she has), passkey, live; None: nothing."""

    reason: str
    proof: str | None = None
    max_age_s: int = 0


def answer(action: Action, role: str, c: Context) -> tuple[Outcome, StepUp | None, frozenset[str]]:
    """(outcome, what would open it, the reasons)."""
    if action not in MAY[role]:
        hard = {o.reason for o in obstacles(action, role, c) if o.proof is None}
        return Outcome.DENY, None, frozenset(hard or {"not_permitted"})
    found = list(obstacles(action, role, c))
    if not found:
        return Outcome.ALLOW, None, frozenset()
    hard = {o.reason for o in found if o.proof is None}
    if hard:
        return Outcome.DENY, None, frozenset(hard)
    wanted = StepUp(_proof({o.proof for o in found}, role, c), min(o.max_age_s for o in found))
    left = list(obstacles(action, role, _proved(c, wanted.acr)))
    assert left == [], "a proof is only ever asked for when it helps"
    return Outcome.STEP_UP, wanted, frozenset(o.reason for o in found)


def _proof(asked: set[str | None], role: str, c: Context) -> Acr:
    if "live" in asked:
        return Acr.LIVE_CODE
    if "passkey" in asked or c.has_passkey:
        return Acr.PASSKEY
    if c.has_password:
        return Acr.PASSWORD
    return Acr.PASSKEY if role == "shopper" else Acr.LINK


def _proved(c: Context, acr: Acr) -> Context:
    if acr is Acr.LIVE_CODE:
        return replace(c, live_code=True)
    return replace(c, acr=acr, auth_age_s=0, has_passkey=acr is Acr.PASSKEY)


def _by_passkey(c: Context, within_s: int) -> bool:
    return c.acr is Acr.PASSKEY and c.auth_age_s is not None and c.auth_age_s <= within_s


def _confirmed(c: Context, within_s: int) -> bool:
    if c.has_passkey is False and c.acr in (Acr.PASSWORD, Acr.LINK):
        return c.auth_age_s is not None and c.auth_age_s <= within_s
    return _by_passkey(c, within_s)


def obstacles(action: Action, role: str, c: Context) -> Iterator[Obstacle]:
    if c.device_standing is Standing.FALLEN and action in {A.SEE_OFFER, A.REDEEM} | ONLINE | ACCOUNT:
        yield Obstacle("device_not_trusted")
    if role == "shopper" and c.key_shown is False:
        yield from _copied(action, c)
    if action in ONLINE:
        yield from _online(action, c)
    elif action is A.REDEEM:
        yield from _till(c)
    elif action is A.UNDO_AT_TILL and c.velocity_1h is not None:
        if c.velocity_1h > 60:
            yield Obstacle("too_often")
        elif c.velocity_1h > 10 and not _confirmed(c, 3600):
            yield Obstacle("unusually_often", "any", 3600)
    elif action in ACCOUNT or action in (A.EXPORT, A.ERASE):
        yield from _account(action, role, c)
    else:
        yield from _house(action, c)


def _cooling_off(c: Context) -> bool:
    return c.contact_changed_s is not None and c.contact_changed_s < 12 * 3600 and not _little(c)


def _new_here(c: Context) -> bool:
    return c.contact_added_s is not None and c.contact_added_s < 12 * 3600


def _written_to(c: Context) -> bool:
    """By somebody else in our name, for all we know."""
    return c.unknown_code_s is not None and c.unknown_code_s < 24 * 3600


def _little(c: Context) -> bool:
    return c.amount_minor is not None and c.limits is not None and not _more_than_little(c)


def _more_than_little(c: Context) -> bool:
    return c.amount_minor is not None and c.limits is not None and c.amount_minor > c.limits.small_minor


def _much(c: Context) -> bool:
    return c.amount_minor is not None and c.limits is not None and c.amount_minor > c.limits.high_minor


def _visit_counts(c: Context) -> bool:
    return c.visit_level in (VisitLevel.CORROBORATED, VisitLevel.VERIFIED) and c.trust_verdict in (None, TrustVerdict.GENUINE)


def _copied(action: Action, c: Context) -> Iterator[Obstacle]:
    """Her browser keeps a key, and this came without it. Changes of the account ask for a proof in any case."""
    if action in ONLINE:
        if not _more_than_little(c):
            return
        asked = True
    elif action in ACCOUNT | {A.SEE_OFFER, A.EXPORT, A.ERASE}:
        asked = action not in ACCOUNT
    else:
        return
    if c.has_passkey is False and c.has_password is False:
        yield Obstacle("key_not_shown")
    if asked and not _confirmed(c, 300):
        yield Obstacle("key_not_shown", "any", 300)


def _online(action: Action, c: Context) -> Iterator[Obstacle]:
    if c.amount_minor is None or c.limits is None:
        yield Obstacle("fact_missing")
    if _cooling_off(c):
        yield Obstacle("contact_changed_lately")
    if _new_here(c) and _much(c):
        yield Obstacle("contact_added_lately")
    if _new_here(c) and _more_than_little(c) and not _confirmed(c, 900):
        yield Obstacle("contact_added_lately", "any", 900)
    if _written_to(c) and _more_than_little(c) and not _confirmed(c, 900):
        yield Obstacle("unknown_code_asked", "any", 900)
    often = c.velocity_1h or 0
    if often > 100:
        yield Obstacle("too_often")
    if often > 20 and not _confirmed(c, 900):
        yield Obstacle("unusually_often", "any", 900)
    if _much(c) and not _by_passkey(c, 300):
        yield Obstacle("high_value", "passkey", 300)
    if _more_than_little(c) and c.sim_swap is SimSwap.YES and not _by_passkey(c, 300):
        yield Obstacle("sim_swapped", "passkey", 300)
    if _more_than_little(c) and c.hour is not None and c.hour < 5 and not _confirmed(c, 900):
        yield Obstacle("unusual_hour", "any", 900)
    if action is A.PAY or _confirmed(c, 900):
        return
    there = c.presence in (Presence.ROTATING_BEACON, Presence.SHELF_QR, Presence.TILL)
    if _more_than_little(c) and not there and not _visit_counts(c):
        yield Obstacle("place_uncertain", "any", 900)
    if c.trust_verdict is TrustVerdict.SPOOFED and c.amount_minor:
        yield Obstacle("position_doubtful", "any", 900)


def _till(c: Context) -> Iterator[Obstacle]:
    if _cooling_off(c):
        yield Obstacle("contact_changed_lately")
    if _new_here(c) and _much(c):
        yield Obstacle("contact_added_lately")
    if c.live_code:
        return
    if not _little(c) and not _visit_counts(c):
        yield Obstacle("place_uncertain", "live", 60)
    if _much(c):
        yield Obstacle("high_value", "live", 60)
    if c.trust_verdict is TrustVerdict.SPOOFED:
        yield Obstacle("position_doubtful", "live", 60)
    if _new_here(c) and not _little(c):
        yield Obstacle("contact_added_lately", "live", 60)
    if _written_to(c) and not _little(c):
        yield Obstacle("unknown_code_asked", "live", 60)


def _account(action: Action, role: str, c: Context) -> Iterator[Obstacle]:
    hers = role == "shopper"
    if hers and (c.has_passkey is None or c.has_password is None):
        yield Obstacle("fact_missing")
    if action in ACCOUNT:
        if (c.has_passkey or c.has_password) and not _confirmed(c, 300):
            yield Obstacle("confirm_it_is_you", "any", 300)
        if action in (A.CHANGE_CONTACT, A.CHANGE_PASSWORD) and c.sim_swap is SimSwap.YES and not _by_passkey(c, 300):
            yield Obstacle("sim_swapped", "passkey", 300)
    elif hers:
        if c.has_passkey and not _by_passkey(c, 900):
            yield Obstacle("confirm_it_is_you", "passkey", 900)
        if action is A.EXPORT and c.device_standing is Standing.FALLEN and not _confirmed(c, 300):
            yield Obstacle("device_not_trusted", "any", 300)


def _house(action: Action, c: Context) -> Iterator[Obstacle]:
    if action in (A.ISSUE_KEY, A.ROTATE_KEYS, A.MAKE_LINK) and not _confirmed(c, 3600):
        yield Obstacle("confirm_it_is_you", "any", 3600)
    if action is A.APPROVE_CAMPAIGN:
        if c.same_author is None:
            yield Obstacle("fact_missing")
        elif c.same_author:
            yield Obstacle("four_eyes")
    if action in (A.PUBLISH_CAMPAIGN, A.APPROVE_CAMPAIGN) and _much(c) and not _confirmed(c, 3600):
        yield Obstacle("high_value", "any", 3600)
