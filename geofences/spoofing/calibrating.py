"""Find the weights of the features: logistic regression of genuine stretches against made-up ones, over everybody and without each person.

Owns the fit. Pure; seeded. It must not read files. `moments evaluate spoof DIR --calibrate FILE` runs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from geofences.spoofing.attacks import ATTACKS
from geofences.spoofing.evidence import FEATURES, features
from geofences.spoofing.grading import LONGEST_S, MOST_FIXES
from geofences.spoofing.motion import Floats, Motion, stretches, thinned, track_mark

LEARNED_FROM = ("noisy_line", "noised_route")
"""The others show plain signs, or are not asked for: they are found or not by what was learned from these."""
THINNED_S = (2.0, 5.0, 10.0, 30.0)
SUSPECT_AT = 1.75
"""Above what any genuine stretch of a person left out scored but the odd one of a thinned GPX track."""
_PULL = 1.0
"""Ridge: keeps weights small that few stretches ask for."""


def calibrate(tracks: Mapping[str, tuple[str, Motion]], *, seed: int, rounds: int) -> dict[str, Any]:
    """The document that `calibration` reads, of tracks (name -> person, motion); `rounds` attacks of a kind for each genuine stretch."""
    rng = np.random.default_rng(seed)
    people: list[str] = []
    rows: list[Floats] = []
    made_up: list[float] = []

    def note(person: str, motion: Motion, label: float) -> None:
        values = features(motion)
        if values is not None:
            people.append(person)
            rows.append(values)
            made_up.append(label)

    for _, (person, track) in sorted(tracks.items()):
        for every_s in (0.0, *THINNED_S):
            for piece in stretches(thinned(track, every_s), most=MOST_FIXES, longest_s=max(LONGEST_S, 60 * every_s)):
                note(person, piece, 0.0)
        for piece in stretches(track, most=MOST_FIXES, longest_s=LONGEST_S):
            for name in LEARNED_FROM if len(piece) >= 12 else ():
                for _ in range(rounds):
                    note(person, ATTACKS[name](piece, rng).part(0, MOST_FIXES), 1.0)
    table, labels, whose = np.array(rows), np.array(made_up), np.array(people)
    return {
        "made_by": f"moments evaluate spoof DIR --calibrate FILE, seed {seed}, {rounds} attacks of a kind a stretch",
        "genuine_stretches": int((labels == 0).sum()),
        "made_up_stretches": int((labels == 1).sum()),
        "suspect_at": SUSPECT_AT,
        "genuine": _named(np.median(table[labels == 0], axis=0)),
        "everybody": _fit(table, labels),
        "without": {person: _fit(table[whose != person], labels[whose != person]) for person in sorted(set(people))},
        "tracks": {track_mark(track): person for _, (person, track) in sorted(tracks.items()) if person in set(people)},
    }


def _fit(table: Floats, labels: Floats) -> dict[str, Any]:
    """Newton's method; both classes weigh the same."""
    middle: Floats = table.mean(axis=0)
    width: Floats = table.std(axis=0) + 1e-6
    scaled: Floats = np.column_stack([(table - middle) / width, np.ones(len(table))])
    share: Floats = np.where(labels == 1, 0.5 / labels.sum(), 0.5 / (1 - labels).sum()) * len(labels)
    pull: Floats = np.full(scaled.shape[1], _PULL)
    pull[-1] = 1e-3
    found: Floats = np.zeros(scaled.shape[1])
    for _ in range(100):
        chance: Floats = 1 / (1 + np.exp(-np.clip(scaled @ found, -30, 30)))
        slope: Floats = np.transpose(scaled) @ (share * (chance - labels)) + pull * found
        bent: Floats = share * chance * (1 - chance) + 1e-9
        curve: Floats = np.transpose(scaled * bent[:, None]) @ scaled + np.diag(pull)
        step = np.linalg.solve(curve, slope)
        found = found - step
        if float(np.abs(step).max()) < 1e-8:
            break
    weights: Floats = found[:-1] / width
    return {"intercept": round(float(found[-1] - (middle * weights).sum()), 4), "weights": _named(weights)}


def _named(values: Floats) -> dict[str, float]:
    return dict(zip(FEATURES, values.round(4).tolist(), strict=True))
