"""The strength of one transmitter, smoothed, and how long its silence means nothing.

Owns a Kalman filter in dB whose gain follows the time between words, made robust (Huber): one word far off is believed as far as
three standard deviations. Also the hold-down, learned from the gaps that were seen: beacons advertise, and phones scan, each at
their own pace. Pure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SmoothingRules:
    """`noise_db`: of one word (measured: 5-6 dB about the mean); `wander_db`: per square root of a second, for somebody walking."""

    noise_db: float = 6.0
    wander_db: float = 2.0
    outlier_sd: float = 3.0
    least_hold_s: float = 5.0
    first_hold_s: float = 15.0
    most_hold_s: float = 120.0
    gaps_remembered: float = 20.0


@dataclass(slots=True)
class Signal:
    """What is remembered of one transmitter heard by one phone. `gap_log`, `gap_spread`: mean and mean square deviation of ln(gap in s)."""

    level_dbm: float
    variance: float
    heard_s: float
    words: int = 1
    gap_log: float = 0.0
    gap_spread: float = 0.0
    gaps: float = 0.0


def first_word(at_s: float, rssi_dbm: float, rules: SmoothingRules) -> Signal:
    return Signal(rssi_dbm, rules.noise_db**2, at_s)


def hear(signal: Signal, at_s: float, rssi_dbm: float, rules: SmoothingRules) -> None:
    """Take in a word at `at_s`, not before the last one; the signal is changed."""
    gap_s = max(0.0, at_s - signal.heard_s)
    prior = min(signal.variance + rules.wander_db**2 * gap_s, 15.0**2)
    noise = rules.noise_db**2
    off = rssi_dbm - signal.level_dbm
    reach = rules.outlier_sd * math.sqrt(prior + noise)
    if abs(off) > reach:  # the further off, the less it weighs: its pull is that of one at `reach`
        noise = noise * abs(off) / reach + prior * (abs(off) / reach - 1)
    gain = prior / (prior + noise)
    signal.level_dbm += gain * off
    signal.variance = (1 - gain) * prior
    signal.heard_s = at_s
    signal.words += 1
    _note_gap(signal, gap_s, rules)


def _note_gap(signal: Signal, gap_s: float, rules: SmoothingRules) -> None:
    """Gaps are long-tailed: their logarithm is averaged, the older ones fading."""
    value = math.log(min(max(gap_s, 0.05), rules.most_hold_s))
    signal.gaps = min(signal.gaps + 1, rules.gaps_remembered)
    share = 1 / signal.gaps
    before = signal.gap_log
    signal.gap_log += share * (value - before)
    signal.gap_spread += share * ((value - before) * (value - signal.gap_log) - signal.gap_spread)


def hold_s(signal: Signal, rules: SmoothingRules) -> float:
    """Silence up to this long is this transmitter's habit: the 99th percentile of its gaps, from the prior to what was learned."""
    learned = math.exp(min(signal.gap_log + 2.33 * math.sqrt(max(signal.gap_spread, 0.25)), 10.0))
    trust = signal.gaps / (signal.gaps + 3)
    hold = math.exp((1 - trust) * math.log(rules.first_hold_s) + trust * math.log(max(learned, 0.1)))
    return min(max(hold, rules.least_hold_s), rules.most_hold_s)


def speaks(signal: Signal, at_s: float, rules: SmoothingRules) -> bool:
    """Whether the transmitter still counts as heard."""
    return at_s - signal.heard_s <= hold_s(signal, rules)
