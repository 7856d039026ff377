"""The pictures of docs/algorithms/beacons.md, from the made-up mall: `python -m tests.geofences.beacons.drawing`.

Owns the drawing. Fixed seeds: the same code draws the same pictures.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from geofences.beacons.hearing import HearingState, advance_sightings
from geofences.beacons.locating import Locator
from geofences.beacons.radio_map import learn
from geofences.beacons.scoring import by_centroid, windows_of
from geofences.beacons.sightings import Sighting
from geofences.beacons.smoothing import SmoothingRules, first_word, hear, hold_s
from geofences.transitions import TransitionKind
from tests.geofences.beacons.hall import SIDE_M, beacons, plan, walk, walks
from tests.geofences.beacons.test_hearing import REGISTRY, heard
from tests.geofences.tracks import KEY
from tests.paths import REPOSITORY

PICTURES = REPOSITORY / "docs" / "algorithms" / "pictures"
TRUE, FOUND, CENTROID, FAR, FAINT = "#222222", "#0a7d5a", "#c2571a", "#5a6fb0", "#9a9a9a"
HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" font-family="sans-serif" font-size="12"><rect width="{w}" height="{h}" fill="#ffffff"/>'


def _line(points: list[tuple[float, float]], colour: str, width: float = 2, dash: str = "") -> str:
    text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<polyline points="{text}" fill="none" stroke="{colour}" stroke-width="{width}"{dashed}/>'


def _text(x: float, y: float, words: str, colour: str = TRUE) -> str:
    return f'<text x="{x}" y="{y}" fill="{colour}">{words}</text>'


def following() -> str:
    """One walk through the made-up mall: where it went, what the map says, what the weighted centroid says."""
    known = walks(40)
    locator, made = Locator(learn(plan(known), known)), walk("new", 205, floor=0)
    scale, edge = 8.0, 20.0

    def at(x: float, y: float) -> tuple[float, float]:
        return edge + x * scale, edge + (SIDE_M - y) * scale

    out = [
        HEAD.format(w=760, h=520),
        f'<rect x="{edge}" y="{edge}" width="480" height="480" fill="#f6f4ef" stroke="#cccccc"/>',
    ]
    for floor, x, y in beacons().values():
        if floor == 0:
            px, py = at(x, y)
            out.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="4" fill="none" stroke="{FAR}" stroke-width="1.5"/>')
    windows = windows_of(made, locator.knows)
    steps = list(locator.follow(made.heard, 0.0, 2 * len(windows)))
    out.append(_line([at(*made.at(np.array([t]))[0]) for t in np.arange(0, windows[-1].end_s, 0.5)], TRUE, 2.5))
    out.append(_line([at(a[1], a[2]) for a in by_centroid(known)(made, windows) if a], CENTROID, 1.5, "4 3"))
    out.append(_line([at(w.x_m, w.y_m) for _, w in steps[1::2]], FOUND, 2))
    last = steps[-1][1]
    px, py = at(last.x_m, last.y_m)
    out.append(
        f'<circle cx="{px:.1f}" cy="{py:.1f}" r="{last.radius_m * scale:.1f}" fill="{FOUND}" fill-opacity="0.15" stroke="{FOUND}"/>'
    )
    error = float(
        np.median([np.hypot(*(w.truth - [s.x_m, s.y_m])) for w, (_, s) in zip(windows, steps[1::2], strict=True)])
    )
    words = [
        (TRUE, "where the walk went"),
        (FOUND, f"the map's belief, median error {error:.1f} m"),
        (CENTROID, "strength-weighted centroid"),
        (FAR, "beacons of this floor"),
        (FOUND, "68 % of the last belief"),
    ]
    out += [_text(520, 50 + 22 * i, w, c) for i, (c, w) in enumerate(words)]
    out.append(_text(520, 490, "60 m x 60 m, two floors, 25 beacons each", FAINT))
    return "".join(out) + "</svg>\n"


def flapping() -> str:
    """A near beacon that speaks in bursts and a far one that never stops: words, smoothed strength, hold-down, and the visit."""
    rng = np.random.default_rng(4)
    near = [(t, -66 + float(rng.normal(0, 5))) for t in np.arange(5, 330, 1.0) if t % 28 < 4]
    far = [(t + 0.5, -85 + float(rng.normal(0, 5))) for t in np.arange(0, 480, 1.0)]
    words: list[Sighting] = [heard(t, 1, round(r)) for t, r in near] + [heard(t, 11, round(r)) for t, r in far]
    _, found, _ = advance_sightings(HearingState(), words, math.inf, REGISTRY, KEY)
    visit = next(t for t in found if t.fence_id == "shoes" and t.kind is TransitionKind.EXITED)

    def at(t: float, dbm: float) -> tuple[float, float]:
        return 60 + t * 1.4, 30 + (-50 - dbm) * 5.0

    out = [HEAD.format(w=760, h=360)]
    for dbm in (-60, -70, -80, -90):
        out += [_line([at(0, dbm), at(480, dbm)], "#e4e4e4", 1), _text(12, at(0, dbm)[1] + 4, f"{dbm} dBm", FAINT)]
    for rows, colour in ((far, FAR), (near, FOUND)):
        out += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.8" fill="{colour}" fill-opacity="0.5"/>'
            for x, y in (at(t, r) for t, r in rows)
        ]
        rules, signal, level = (
            SmoothingRules(),
            first_word(rows[0][0], rows[0][1], SmoothingRules()),
            list[tuple[float, float]](),
        )
        for t, r in rows[1:]:
            hear(signal, t, r, rules)
            level.append(at(t, signal.level_dbm))
        out.append(_line(level, colour, 2))
        if colour == FOUND:
            end = near[-1][0] + hold_s(signal, rules)
            out += [
                _line([at(near[-1][0], -58), at(end, -58)], FOUND, 2, "3 3"),
                _text(
                    at(near[-1][0], -58)[0],
                    at(0, -57)[1] - 4,
                    f"learned hold-down {hold_s(signal, rules):.0f} s",
                    FOUND,
                ),
            ]
    top = 290
    assert visit.ended_s is not None
    out.append(
        f'<rect x="{at(visit.started_s, 0)[0]:.1f}" y="{top}" width="{(visit.ended_s - visit.started_s) * 1.4:.1f}" height="16" fill="{FOUND}"/>'
    )
    out.append(
        _text(
            at(visit.started_s, 0)[0],
            top + 32,
            f"one visit, {visit.dwell_s} s; decided {visit.decided_s - visit.ended_s:.0f} s after its end",
            FOUND,
        )
    )
    out.append(
        _text(60, 18, "words of a near beacon that flaps (green) and of a far one (blue), dots; smoothed, lines")
    )
    out += [_text(at(t, 0)[0] - 8, 352, f"{t} s", FAINT) for t in range(0, 481, 120)]
    return "".join(out) + "</svg>\n"


def main(folder: Path = PICTURES) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "beacons-following.svg").write_text(following())
    (folder / "beacons-flapping.svg").write_text(flapping())


if __name__ == "__main__":
    main()
