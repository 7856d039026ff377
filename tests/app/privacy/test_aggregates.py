"""The rule of twenty, what must be hidden with it, and noise with the distribution it claims."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest

from app.privacy.aggregates import FEWEST, MICRO, UNLIKELY, discrete_laplace, enough, hidden, shown, threshold

SEED = 20_261_122
DRAWS = 40_000


def probability(y: int, epsilon: float) -> float:
    """Of the discrete Laplace distribution, in closed form."""
    return (1 - math.exp(-epsilon)) / (1 + math.exp(-epsilon)) * math.exp(-abs(y) * epsilon)


def strangest(drawn: Counter[int], epsilon: float) -> float:
    """How many standard deviations the strangest frequency of a common value is away from its own."""
    out = 0.0
    for y in range(-60, 61):
        p = probability(y, epsilon)
        if p * DRAWS >= 50:
            out = max(out, abs(drawn[y] - p * DRAWS) / math.sqrt(DRAWS * p * (1 - p)))
    return out


class TestShown:
    def test_twenty_within_and_twenty_without(self) -> None:
        """Seen to fail on: the whole asked for twenty instead of the cell."""
        assert (enough(19), enough(20)) == (False, True)
        assert [shown(19, 40), shown(20, 40), shown(21, 40), shown(20, 20), shown(19, 19)] == [False, True, False, True, False]


class TestHidden:
    @pytest.mark.parametrize(
        ("counts", "out"),
        [
            ([], set()),
            ([25, 30], set()),
            ([25, 30, 19], {0, 2}),
            ([25, 30, 10, 10], {2, 3}),
            ([100, 25, 3, 4], {1, 2, 3}),
            ([0, 20, 50], {0}),
            ([0, 5, 50], {0, 1, 2}),
            ([5], {0}),
            ([5, 6], {0, 1}),
        ],
    )
    def test_no_sum_tells_a_small_cell(self, counts: list[int], out: set[int]) -> None:
        """Seen to fail on: hiding small cells alone: 74 less 25 and 30 tells the 19."""
        assert hidden(counts) == out

    def test_what_is_hidden_hides_in_a_crowd_or_is_all_there_is(self) -> None:
        draw = random.Random(SEED)
        for _ in range(500):
            counts = [draw.choice((draw.randrange(25), draw.randrange(200))) for _ in range(draw.randrange(1, 9))]
            out = hidden(counts)
            behind = sum(counts[i] for i in out)
            assert all(enough(count) for i, count in enumerate(counts) if i not in out)
            assert behind == 0 or behind >= FEWEST or len(out) == len(counts)


class TestDiscreteLaplace:
    @pytest.mark.parametrize("micro", [250_000, 1_000_000, 1_700_000])
    def test_has_the_distribution_it_claims(self, micro: int) -> None:
        """Five standard deviations over about 80 frequencies: wrong by chance once in 20,000 seeds, and this seed is fixed. Seen to fail on:
        noise of twice and of half the scale, and on zero drawn twice as often (its sign not rejected)."""
        below = random.Random(SEED).randrange
        drawn = Counter(discrete_laplace(micro, below) for _ in range(DRAWS))
        assert strangest(drawn, micro / MICRO) < 5

    def test_the_test_would_notice_another_scale(self) -> None:
        below = random.Random(SEED).randrange
        drawn = Counter(discrete_laplace(900_000, below) for _ in range(DRAWS))
        assert strangest(drawn, 1.0) > 8

    def test_no_person_changes_the_odds_of_an_answer_by_more_than_epsilon(self) -> None:
        """The promise itself, from the closed form: neighbouring counts are never told apart better than exp(epsilon)."""
        for epsilon in (0.1, 1.0):
            worst = max(probability(y, epsilon) / probability(y - 1, epsilon) for y in range(-50, 50))
            assert worst == pytest.approx(math.exp(epsilon))

    def test_needs_an_epsilon(self) -> None:
        with pytest.raises(ValueError, match="greater than 0"):
            discrete_laplace(0, random.Random(1).randrange)


class TestThreshold:
    @pytest.mark.parametrize("epsilon", [0.1, 0.5, 1.0, 3.0])
    def test_nineteen_people_are_all_but_never_told(self, epsilon: float) -> None:
        lifted = threshold(round(epsilon * MICRO)) - (FEWEST - 1)
        assert math.exp(-epsilon * lifted) / (1 + math.exp(-epsilon)) <= UNLIKELY
