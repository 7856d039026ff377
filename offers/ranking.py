"""Which of several eligible campaigns speaks: higher priority, then higher expected worth, then the smaller id.

Pure and total: the same candidates give the same order whatever order they come in. The worth of a candidate is what a used
coupon brings, times how well it fits her (affinity.py), times how likely it is used (bandit.py); integers throughout.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

MOST_CONTENDERS = 8
"""So many campaigns are learned about at one moment; those of less value keep out."""


class Learned(Struct, frozen=True, gc=False):
    """What is known of a campaign's use, by her and by all, and what was drawn from it. All of it is stored.

    `alike_*` count her own finished coupons in hundredths, by likeness. `use_ppm` is the drawn rate of use; `propensity_ppm`
    how likely this campaign was to be chosen before that draw.
    """

    alike_given: int
    alike_used: int
    affinity_bp: int
    issued: int
    redeemed: int
    use_ppm: int
    propensity_ppm: int


class Candidate(Struct, frozen=True, gc=False):
    """`expected_value_minor`: what the merchant expects to earn by one such coupon that is used, in minor units."""

    campaign_id: str
    priority: int
    expected_value_minor: int
    learned: Learned | None = None

    @property
    def worth(self) -> int:
        """In minor units times 10^10, so that it stays exact; a campaign nothing was learned of counts as its full value."""
        known = self.learned
        return self.expected_value_minor * (known.affinity_bp * known.use_ppm if known else 10_000 * 1_000_000)


def _place(candidate: Candidate) -> tuple[int, int, str]:
    return (-candidate.priority, -candidate.worth, candidate.campaign_id)


def ranked(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Best first."""
    return tuple(sorted(candidates, key=_place))


def best(candidates: Iterable[Candidate]) -> Candidate | None:
    """The first of `ranked`."""
    return min(candidates, key=_place, default=None)


def contenders(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Those among whom worth decides: several of the highest priority, with a value. Nobody, if it decides nothing."""
    top = max([c.priority for c in candidates], default=0)
    several = [c for c in candidates if c.priority == top and c.expected_value_minor > 0]
    return ranked(several)[:MOST_CONTENDERS] if len(several) > 1 else ()
