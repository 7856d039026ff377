"""What may be told of many people: the rule of twenty, and noise that hides each of them.

Owns the one threshold of the house, which cells of a table are hidden so that no sum tells them, and the discrete Laplace mechanism.
Pure. Randomness is handed in; budgets are kept elsewhere (budget.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

FEWEST = 20
"""So many people must stand behind a number that is told."""
UNLIKELY = 1e-6
"""How often noise may lift a cell of fewer people over the threshold."""
MICRO = 1_000_000
"""Epsilon is counted in millionths: sums of it are exact."""

RandBelow = Callable[[int], int]


def enough(people: int) -> bool:
    return people >= FEWEST


def shown(did: int, people: int) -> bool:
    """May it be told that `did` of `people` have? Twenty must stand behind it, and twenty outside it, or nobody."""
    return enough(did) and (did == people or enough(people - did))


def hidden(counts: Sequence[int]) -> frozenset[int]:
    """Which cells of a table that adds up to a told total are hidden: those of fewer than twenty people, and, where those together are
    fewer than twenty, the least of the others until what is hidden hides in a crowd (complementary suppression). Empty cells are not
    told either, but nobody is in them to be hidden behind others."""
    order = sorted(range(len(counts)), key=lambda i: (counts[i], i))
    out = {i for i in order if not enough(counts[i])}
    behind = sum(counts[i] for i in out)
    for i in order:
        if not behind or enough(behind):
            break
        if i not in out:
            out.add(i)
            behind += counts[i]
    return frozenset(out)


# -- noise -------------------------------------------------------------------------------------------------------------


def discrete_laplace(epsilon_micro: int, below: RandBelow) -> int:
    """A whole number y with probability proportional to exp(-|y| epsilon), drawn exactly, with whole numbers alone.

    C. L. Canonne, G. Kamath, T. Steinke, "The Discrete Gaussian for Differential Privacy" (2020), algorithm 2. It hides whoever
    changes a count by one. `below(n)` draws from 0 to n-1; in earnest it is `secrets.randbelow`.
    """
    if epsilon_micro <= 0:
        raise ValueError("epsilon must be greater than 0")
    divisor = math.gcd(MICRO, epsilon_micro)
    t, s = MICRO // divisor, epsilon_micro // divisor
    while True:
        u = below(t)
        if not _exp_minus(u, t, below):
            continue
        v = 0
        while _exp_minus(1, 1, below):
            v += 1
        y = (u + t * v) // s
        negative = below(2) == 1
        if negative and y == 0:
            continue
        return -y if negative else y


def _exp_minus(p: int, q: int, below: RandBelow) -> bool:
    """True with probability exp(-p/q), for 0 <= p <= q."""
    k = 1
    while below(q * k) < p:
        k += 1
    return k % 2 == 1


def threshold(epsilon_micro: int) -> int:
    """The least noisy count that is told: noise lifts nineteen people over it less than once in a million times."""
    return FEWEST + math.ceil(math.log(1 / UNLIKELY) * MICRO / epsilon_micro)
