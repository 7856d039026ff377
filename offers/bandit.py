"""Learning which offer is used, while giving offers: Thompson sampling with its draws and propensities written down.

Pure. Owns the draws. Of each campaign the rate of use is known as a Beta distribution (coupons given and used, and a prior).
Sixty-four times all rates are drawn together; each time one campaign is worth most; one of the sixty-four is taken. So the
propensity, how likely a campaign was to be chosen, is a count and not an estimate. Must not touch who is held out: it is
asked only about campaigns that may speak, after experiment.py has drawn, and nothing it learns goes back there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from operator import attrgetter

import numpy as np
from msgspec import Struct
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import DTypeLike, NDArray

ROUNDS = 64
PRIOR_USED, PRIOR_UNUSED = 2.0, 18.0
"""Before anything is known: one in ten is used, give or take."""
MILLION = 1_000_000


class Arm(Struct, frozen=True, gc=False):
    """`worth` is what a used coupon is worth for this shopper, in any unit that all share; above 0."""

    campaign_id: str
    worth: int
    issued: int
    redeemed: int


class Drawn(Struct, frozen=True, gc=False):
    use_ppm: int
    propensity_ppm: int


_by_id = attrgetter("campaign_id")


def mean_ppm(issued: int, redeemed: int) -> int:
    """The expected rate of use."""
    used, unused = _counts(issued, redeemed)
    return int(used * MILLION / (used + unused))


def _counts(issued: int, redeemed: int) -> tuple[float, float]:
    used = max(0, redeemed)
    return PRIOR_USED + used, PRIOR_UNUSED + max(0, issued - used)


class _Hashed(ISeedSequence):
    """The SHA-256 of a text as the 32 bytes that PCG64 begins with: a quarter of the cost of numpy's own mixing."""

    def __init__(self, seed: str) -> None:
        self._digest = hashlib.sha256(seed.encode()).digest()

    def generate_state(self, n_words: int, dtype: DTypeLike = np.uint64) -> NDArray[np.uint64]:
        return np.frombuffer(self._digest, dtype)[:n_words]


def play(arms: Sequence[Arm], seed: str, *, explore: bool = True) -> dict[str, Drawn]:
    """The drawn rate and the propensity of each, by campaign id; the same for the same arms and seed, in any order.

    Without `explore` the expected rates are taken as they are, and the best has the propensity 1.
    """
    ordered = sorted(arms, key=_by_id)
    worth = np.array([a.worth for a in ordered], np.float64)
    if not explore:
        means = [mean_ppm(a.issued, a.redeemed) for a in ordered]
        best = int((worth * means).argmax())
        return {a.campaign_id: Drawn(means[i], MILLION * (i == best)) for i, a in enumerate(ordered)}
    random = np.random.Generator(np.random.PCG64(_Hashed(seed)))  # pyright: ignore[reportArgumentType] - its stubs know SeedSequence alone
    drawn = [random.beta(*_counts(a.issued, a.redeemed), ROUNDS) for a in ordered]
    rates = (np.array(drawn) * MILLION).astype(np.int64)
    # As ranking.ranked decides: the greatest worth, of equals the smaller id (arms are in the order of ids).
    wins: list[int] = np.bincount((rates * worth[:, None]).argmax(axis=0), minlength=len(ordered)).tolist()
    taken: list[int] = rates[:, int(random.integers(ROUNDS))].tolist()
    return {a.campaign_id: Drawn(taken[i], MILLION * wins[i] // ROUNDS) for i, a in enumerate(ordered)}
