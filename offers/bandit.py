"""Learning which offer is used, while giving offers: Thompson sampling with its draws and propensities written down.

Pure. Owns the draws. Of each campaign the rate of use is known as a Beta distribution (coupons given and used, and a prior).
Sixty-four times all rates are drawn together; each time one campaign is worth most; one of the sixty-four is taken. So the
propensity, how likely a campaign was to be chosen, is a count and not an estimate. Must not touch who is held out: it is
asked only about campaigns that may speak, after experiment.py has drawn, and nothing it learns goes back there.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

ROUNDS = 64
PRIOR_USED, PRIOR_UNUSED = 2.0, 18.0
"""Before anything is known: one in ten is used, give or take."""
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Arm:
    """`worth` is what a used coupon is worth for this shopper, in any unit that all share; above 0."""

    campaign_id: str
    worth: int
    issued: int
    redeemed: int


@dataclass(frozen=True, slots=True)
class Drawn:
    use_ppm: int
    propensity_ppm: int


def mean_ppm(issued: int, redeemed: int) -> int:
    """The expected rate of use."""
    used, unused = _counts(issued, redeemed)
    return int(used * MILLION / (used + unused))


def _counts(issued: int, redeemed: int) -> tuple[float, float]:
    used = max(0, redeemed)
    return PRIOR_USED + used, PRIOR_UNUSED + max(0, issued - used)


_mine = threading.local()


def _seeded(seed: str) -> np.random.Generator:
    """This thread's generator, set to where `seed` says: setting one costs a quarter of making one."""
    digest = hashlib.sha256(seed.encode()).digest()
    found: np.random.Generator | None = getattr(_mine, "generator", None)
    if found is None:
        found = _mine.generator = np.random.Generator(np.random.PCG64(0))
    at = {"state": int.from_bytes(digest[:16], "big"), "inc": int.from_bytes(digest[16:], "big") | 1}
    found.bit_generator.state = {"bit_generator": "PCG64", "state": at, "has_uint32": 0, "uinteger": 0}
    return found


def play(arms: Sequence[Arm], seed: str, *, explore: bool = True) -> dict[str, Drawn]:
    """The drawn rate and the propensity of each, by campaign id; the same for the same arms and seed, in any order.

    Without `explore` the expected rates are taken as they are, and the best has the propensity 1.
    """
    ordered = sorted(arms, key=lambda a: a.campaign_id)
    worth = np.array([a.worth for a in ordered], np.float64)
    if not explore:
        means = [mean_ppm(a.issued, a.redeemed) for a in ordered]
        best = int((worth * means).argmax())
        return {a.campaign_id: Drawn(means[i], MILLION * (i == best)) for i, a in enumerate(ordered)}
    random = _seeded(seed)
    drawn = [random.beta(*_counts(a.issued, a.redeemed), ROUNDS) for a in ordered]
    rates = (np.array(drawn) * MILLION).astype(np.int64)
    # As ranking.ranked decides: the greatest worth, of equals the smaller id (arms are in the order of ids).
    wins: list[int] = np.bincount((rates * worth[:, None]).argmax(axis=0), minlength=len(ordered)).tolist()
    taken: list[int] = rates[:, int(random.integers(ROUNDS))].tolist()
    return {a.campaign_id: Drawn(taken[i], MILLION * wins[i] // ROUNDS) for i, a in enumerate(ordered)}
