"""Kinds of evidence that somebody is where she says: which count beside which, and what they are worth.

Owns that table. Pure. Must not decide what a tier opens: the policies of app/security do.

What never changes can be told from anywhere once it was seen: a static beacon's id, a printed code. It makes a visit likelier, it proves
nothing, and two of that sort are no more than one. What changes within seconds has to be relayed while it is good.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from geofences import trust
from geofences.contracts import TrustLevel

POSITION = "position"
BEACON, ROTATING = "beacon", "rotating_beacon"
PRINTED, SCREEN, TILL = "printed_code", "screen_code", "till"
REPLAYABLE = frozenset({BEACON, PRINTED})

GENUINE, UNCERTAIN, SPOOFED = "genuine", "uncertain", "spoofed"
_SPOOFED = frozenset({trust.MOCKED, trust.SYNTHETIC, trust.REPLAYED})
_UNCERTAIN = frozenset({trust.STATIC, trust.TOO_SMOOTH, trust.JUMP, "beacon_echoed"})


@dataclass(frozen=True, slots=True)
class PresenceFacts:
    """What is known of one visit when something of value hangs on it, in the words of the policies.

    `visit_level` is what remains of its level when all that can be replayed is left away.
    """

    visit_level: str
    trust_verdict: str
    presence: str


def independent(kinds: Iterable[str]) -> frozenset[str]:
    """Of these kinds those that count beside each other: of radio the strongest, of codes the strongest, of replayable ones one."""
    told = set(kinds)
    if ROTATING in told:
        told.discard(BEACON)
    if SCREEN in told:
        told.discard(PRINTED)
    if told >= REPLAYABLE:
        told.discard(PRINTED)
    return frozenset(told)


def level(doubts: Iterable[str], kinds: Iterable[str]) -> TrustLevel:
    """The level these kinds give a visit told by positions."""
    return trust.level(doubts, independent(kinds))


def facts(doubts: Iterable[str], kinds: Iterable[str]) -> PresenceFacts:
    """Of a visit with these doubts that these kinds confirm."""
    noted, told = set(doubts), set(kinds)
    verdict = SPOOFED if noted & _SPOOFED else UNCERTAIN if noted & _UNCERTAIN else GENUINE
    return PresenceFacts(str(level(noted, told - REPLAYABLE)), verdict, strongest(told))


def strongest(kinds: Iterable[str]) -> str:
    """The tier of the strongest of them."""
    told = set(kinds)
    for kind, tier in ((TILL, "till"), (SCREEN, "shelf_qr"), (ROTATING, "rotating_beacon")):
        if kind in told:
            return tier
    return "static_beacon" if told & REPLAYABLE else "bare_fix"
