"""How well positions from beacons agree with calibration walks whose positions are known.

Owns the split, the windows, the weighted-centroid baseline and the counting. The model never sees a walk it is scored on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from geofences.beacons.locating import Locator, LocatorRules
from geofences.beacons.radio_map import Floats, RadioRules, Walk, learn
from geofences.beacons.surveys import Survey, UnreadableSurvey, plan_from, read_surveys

WINDOW_S = 5.0
LATER_WINDOWS = 1
"""Hindsight of the second figure. A second window more brings a quarter of what the first brings (cross-validated on the learning walks)."""
SPLIT = "beacons/"
"""Put before a walk's id when it is hashed, so that this split has nothing to do with any other made of the same ids."""


def is_held_out(walk_id: str) -> bool:
    """A third of all walks, for ever the same: SHA-256 of the id decides, nobody chooses."""
    return int(hashlib.sha256((SPLIT + walk_id).encode()).hexdigest()[:8], 16) % 3 == 0


@dataclass(frozen=True, slots=True)
class Window:
    """Five seconds of a walk. `heard`: in it a transmitter was heard that is known from the learning walks."""

    walk: Walk
    end_s: float
    heard: bool

    @property
    def truth(self) -> Floats:
        """Where the walk was in the middle of the window."""
        return self.walk.at(np.array([self.end_s - WINDOW_S / 2]))[0]


Answer = tuple[str, float, float] | None
"""Floor, x, y in metres; None where a method has nothing to say."""
Method = Callable[[Walk, Sequence[Window]], Sequence[Answer]]


def windows_of(walk: Walk, known: Callable[[str], bool]) -> list[Window]:
    count = int((walk.times_s[-1] - walk.times_s[0]) // WINDOW_S)
    times = np.array([h[0] for h in walk.heard])
    out: list[Window] = []
    for k in range(count):
        begin_s = float(walk.times_s[0]) + k * WINDOW_S
        inside = walk.heard[slice(*np.searchsorted(times, [begin_s, begin_s + WINDOW_S]))]
        out.append(Window(walk, begin_s + WINDOW_S, any(known(name) for _, name, _ in inside)))
    return out


def by_locator(locator: Locator, walk: Walk, windows: Sequence[Window]) -> tuple[list[Answer], list[Answer]]:
    """The belief as it stands when each window ends, and LATER_WINDOWS after: nothing heard later than that is used."""
    per = round(WINDOW_S / locator.rules.step_s)
    steps = list(locator.steps(walk.heard, float(walk.times_s[0]), len(windows) * per))
    at_once: list[Answer] = []
    later: list[Answer] = []
    for last in range(per - 1, len(steps), per):
        after = steps[last + 1 : last + 1 + LATER_WINDOWS * per]
        for answers, seen in ((at_once, ()), (later, after)):
            found = locator.whereabouts(locator.in_hindsight(steps[last], seen))
            answers.append((found.floor, found.x_m, found.y_m))
    return at_once, later


def by_centroid(learning: Iterable[Walk]) -> Method:
    """The baseline: each transmitter lies at the strength-weighted mean of where it was heard; a window is the weighted mean of what it
    hears, on the floor with most weight."""
    found: dict[str, dict[str, list[tuple[float, float, float]]]] = {}
    for walk in learning:
        inside = [h for h in walk.heard if walk.times_s[0] <= h[0] <= walk.times_s[-1]]
        for (_, name, rssi), (x, y) in zip(inside, walk.at(np.array([h[0] for h in inside])).tolist(), strict=True):
            found.setdefault(name, {}).setdefault(walk.floor, []).append((10 ** (rssi / 10), x, y))
    places: dict[str, tuple[str, Floats]] = {}
    for name, floors in found.items():
        floor = max(floors, key=lambda f: sum(row[0] for row in floors[f]))
        rows = np.array(floors[floor])
        places[name] = (floor, (rows[:, :1] * rows[:, 1:]).sum(axis=0) / rows[:, 0].sum())

    def answer(window: Window) -> Answer:
        weights: dict[str, list[tuple[float, Floats]]] = {}
        for at_s, name, rssi in window.walk.heard:
            if window.end_s - WINDOW_S <= at_s < window.end_s and name in places:
                floor, xy = places[name]
                weights.setdefault(floor, []).append((10 ** (rssi / 10), xy))
        if not weights:
            return None
        floor = max(weights, key=lambda f: sum(w for w, _ in weights[f]))
        total = sum(w for w, _ in weights[floor])
        x, y = sum((w * xy for w, xy in weights[floor]), np.zeros(2)) / total
        return floor, float(x), float(y)

    return lambda _walk, windows: [answer(w) for w in windows]


@dataclass(slots=True)
class Score:
    """Answers of one method against truth."""

    right: list[bool]
    error_m: list[float]

    def figures(self) -> dict[str, Any]:
        error = np.array(self.error_m)
        p50, p75, p90 = (round(float(p), 2) for p in np.percentile(error, (50, 75, 90))) if len(error) else (None,) * 3
        share = round(float(np.mean(self.right)), 4) if self.right else None
        return {
            "windows": len(error),
            "floor_right_share": share,
            "error_p50_m": p50,
            "error_p75_m": p75,
            "error_p90_m": p90,
        }


def score(windows: Sequence[Window], answers: Sequence[Answer], *, heard_only: bool = True) -> Score:
    """Errors in the plane, whatever floor was said; windows without an answer are left out."""
    right: list[bool] = []
    error: list[float] = []
    for window, answer in zip(windows, answers, strict=True):
        if answer is None or (heard_only and not window.heard):
            continue
        right.append(answer[0] == window.walk.floor)
        error.append(float(np.hypot(*(window.truth - np.array(answer[1:])))))
    return Score(right, error)


def evaluate_survey(
    survey: Survey, radio_rules: RadioRules | None = None, locator_rules: LocatorRules | None = None
) -> dict[str, Any]:
    """Learn on the walks that are not held out, score on those that are."""
    learning = [w for w in survey.walks if not is_held_out(w.id)]
    held_out = [w for w in survey.walks if is_held_out(w.id)]
    if not learning or not held_out:
        raise UnreadableSurvey(
            f"{survey.site}: {len(survey.walks)} walks are too few to learn on two thirds and score on one"
        )
    radio = learn(plan_from(survey, learning), learning, radio_rules)
    locator = Locator(radio, locator_rules)
    windows = {w.id: windows_of(w, locator.knows) for w in held_out}
    every = [w for walk in held_out for w in windows[walk.id]]
    answers = [by_locator(locator, walk, windows[walk.id]) for walk in held_out]
    located, later = ([answer for of_walk in answers for answer in of_walk[which]] for which in (0, 1))
    centroid = by_centroid(learning)
    baseline = [answer for walk in held_out for answer in centroid(walk, windows[walk.id])]
    by_floor = {floor: score(*_only(every, located, floor)).figures() for floor in survey.floors}
    return {
        "site": survey.site,
        "floors": list(survey.floors),
        "walks_learned": len(learning),
        "walks_held_out": len(held_out),
        "transmitters": len(radio.transmitters),
        "windows_all": len(every),
        "locator": score(every, located).figures(),
        "locator_later": score(every, later).figures(),
        "weighted_centroid": score(every, baseline).figures(),
        "locator_all_windows": score(every, located, heard_only=False).figures(),
        "by_floor": by_floor,
    }


def _only(windows: Sequence[Window], answers: Sequence[Answer], floor: str) -> tuple[list[Window], list[Answer]]:
    pairs = [(w, a) for w, a in zip(windows, answers, strict=True) if w.walk.floor == floor]
    return [w for w, _ in pairs], [a for _, a in pairs]


def evaluate_beacons(folder: Path) -> dict[str, Any]:
    """Figures per building of a folder of SITE_FLOOR/ folders; raises `UnreadableSurvey`."""
    return {
        "window_s": WINDOW_S,
        "later_s": WINDOW_S * LATER_WINDOWS,
        "held_out": "a third of the walks, by hash of path_id",
        "sites": {survey.site: evaluate_survey(survey) for survey in read_surveys(folder)},
    }
