"""Draws the pictures of detection.md from made-up phones, with the detector itself.

`python docs/algorithms/pictures/detection.py` writes them, `--check` fails when one is not what the code draws
(tests/geofences/test_pictures.py asks). Owns the drawing; it must not use recorded tracks.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import shapely

ROOT = Path(__file__).resolve().parent.parent.parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from geofences.index import Fence, FenceIndex  # noqa: E402 - after the path
from geofences.membership import inside_probability  # noqa: E402
from geofences.shapes import METRES_PER_DEGREE, Area, Circle  # noqa: E402
from geofences.track import Key, Sample, TrackRules, TrackState, advance  # noqa: E402
from geofences.transitions import Transition, TransitionKind  # noqa: E402
from geofences.visits import detect  # noqa: E402

LAT, LON = 60.17, 24.94
K_LON = METRES_PER_DEGREE * math.cos(math.radians(LAT))
KEY = Key("shp_1", "dev_1")
RULES = TrackRules()
SHOP = FenceIndex([Fence("shop", "shop", "Shop", Circle(LAT, LON, 60.0))])

STYLE = """<style>
text { font: 12px system-ui, sans-serif; fill: #333 } .small { font-size: 11px } .title { font-weight: 600 }
.axis { stroke: #888; fill: none } .grid { stroke: #8884; fill: none } .dim { fill: #888 }
.blue { stroke: #0a66c2; fill: #0a66c2 } .red { stroke: #c43d2b; fill: #c43d2b } .green { stroke: #1e8449; fill: #1e8449 }
.amber { stroke: #b9770e; fill: #b9770e } .line { fill: none; stroke-width: 1.6 } .area { stroke: none; fill-opacity: .16 }
.bar { fill-opacity: .55; stroke: none } .dash { stroke-dasharray: 5 4; fill: none }
text.blue, text.red, text.green, text.amber { stroke: none }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .blue { stroke: #6cb2ff; fill: #6cb2ff } .red { stroke: #ff8a75; fill: #ff8a75 }
.green { stroke: #5fd38d; fill: #5fd38d } .amber { stroke: #f0b429; fill: #f0b429 } .line, .dash { fill: none } .area, .bar { stroke: none } text.dim { fill: #aaa } text { stroke: none } }
</style>"""


def sample(
    at_s: float, east_m: float, north_m: float = 0.0, accuracy_m: float = 8.0, speed: float | None = None
) -> Sample:
    return Sample(
        at_s, f"{at_s:.1f}/{east_m:.1f}", LAT + north_m / METRES_PER_DEGREE, LON + east_m / K_LON, accuracy_m, speed
    )


class Frame:
    """A plot: data to pixels, and the marks in it."""

    def __init__(self, box: tuple[int, int, int, int], x: tuple[float, float], y: tuple[float, float]) -> None:
        self._left, self._top, self._right, self._bottom = box
        self._x, self._y = x, y
        self.marks: list[str] = []

    def px(self, x: float) -> float:
        low, high = self._x
        return round(self._left + (x - low) / (high - low) * (self._right - self._left), 1)

    def py(self, y: float) -> float:
        low, high = self._y
        y = min(max(y, min(low, high)), max(low, high))
        return round(self._bottom - (y - low) / (high - low) * (self._bottom - self._top), 1)

    def text(self, x: float, y: float, words: str, of: str = "", anchor: str = "start", dy: float = 0) -> None:
        self.marks.append(
            f'<text x="{self.px(x)}" y="{self.py(y) + dy}" class="{of}" text-anchor="{anchor}">{words}</text>'
        )

    def line(self, points: Sequence[tuple[float, float]], of: str) -> None:
        path = " ".join(f"{self.px(x)},{self.py(y)}" for x, y in points)
        self.marks.append(f'<polyline points="{path}" class="{of} line"/>')

    def rule(self, y: float, of: str, words: str = "") -> None:
        low, high = self._x
        self.marks.append(
            f'<line x1="{self.px(low)}" y1="{self.py(y)}" x2="{self.px(high)}" y2="{self.py(y)}" class="{of} dash"/>'
        )
        if words:
            self.text(high, y, words, of.split(maxsplit=1)[0] + " small", "end", -4)

    def upright(self, x: float, of: str, words: str = "", dy: float = 0) -> None:
        self.marks.append(
            f'<line x1="{self.px(x)}" y1="{self._top}" x2="{self.px(x)}" y2="{self._bottom}" class="{of} dash"/>'
        )
        if words:
            self.marks.append(f'<text x="{self.px(x) + 4}" y="{self._top + 12 + dy}" class="{of} small">{words}</text>')

    def dots(self, points: Sequence[tuple[float, float]], of: str, radius: float = 2.2) -> None:
        self.marks += [
            f'<circle cx="{self.px(x)}" cy="{self.py(y)}" r="{radius}" class="{of}" stroke="none"/>' for x, y in points
        ]

    def band(self, x0: float, x1: float, y0: float, y1: float, of: str) -> None:
        left, top = self.px(x0), min(self.py(y0), self.py(y1))
        wide, high = round(self.px(x1) - left, 1), round(abs(self.py(y1) - self.py(y0)), 1)
        self.marks.append(f'<rect x="{left}" y="{top}" width="{wide}" height="{high}" class="{of}"/>')

    def axes(self, xs: Sequence[tuple[float, str]], ys: Sequence[tuple[float, str]]) -> None:
        self.marks.append(f'<path d="M{self._left} {self._top}V{self._bottom}H{self._right}" class="axis"/>')
        for x, words in xs:
            self.marks.append(
                f'<text x="{self.px(x)}" y="{self._bottom + 16}" class="small dim" text-anchor="middle">{words}</text>'
            )
        for y, words in ys:
            self.marks.append(
                f'<text x="{self._left - 6}" y="{self.py(y) + 4}" class="small dim" text-anchor="end">{words}</text>'
            )


def svg(wide: int, high: int, says: str, *frames: Frame) -> str:
    marks = "\n".join(mark for frame in frames for mark in frame.marks)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" role="img" aria-label="{says}">\n'
        f"<title>{says}</title>\n{STYLE}\n{marks}\n</svg>\n"
    )


def minutes(first: int, last: int, step: int) -> list[tuple[float, str]]:
    return [(60.0 * m, f"{m} min") for m in range(first, last + 1, step)]


def noisy(way: Sequence[tuple[float, float]], seed: int, sigma_m: float, every_s: float) -> list[tuple[Sample, float]]:
    """Fixes along (at_s, distance to the border) corners, with the distance each shows."""
    rng = np.random.default_rng(seed)
    keep, noise = math.exp(-every_s / 30), 0.0
    out: list[tuple[Sample, float]] = []
    for at_s in np.arange(way[0][0], way[-1][0], every_s).tolist():
        noise = keep * noise + math.sqrt(1 - keep**2) * float(rng.normal(0, sigma_m))
        shown = float(np.interp(at_s, [t for t, _ in way], [m for _, m in way])) + noise
        out.append((sample(at_s, 60 + shown, accuracy_m=1.51 * sigma_m), shown))
    return out


def probability() -> str:
    frame = Frame((60, 30, 700, 260), (-80, 80), (0, 1))
    frame.axes([(d, f"{d} m") for d in range(-80, 81, 20)], [(p / 10, f"{p / 10:.1f}") for p in range(0, 11, 2)])
    frame.band(-80, 0, 0, 1, "green area")
    frame.text(-78, 0.04, "inside", "green small")
    frame.text(78, 0.94, "outside", "small dim", "end")
    frame.rule(0.8, "amber", "one fix suffices to enter: 0.8")
    for accuracy, of in ((5, "blue"), (20, "green"), (65, "red")):
        frame.line([(d, inside_probability(d, accuracy, RULES.presence)) for d in np.arange(-80, 80.5, 1).tolist()], of)
    for accuracy, of, x in ((5, "blue", 5), (20, "green", 11), (65, "red", 40)):
        y = inside_probability(x, accuracy, RULES.presence)
        frame.text(x + 1, y, f"accuracy {accuracy} m", f"{of} small", dy=-4)
    frame.text(-80, 1, "How likely a fix lies inside, by its distance to the border", "title", dy=-12)
    return svg(
        720, 290, "Probability that a fix lies inside against its distance to the border, for three accuracies", frame
    )


def track() -> str:
    way = [(0, 180), (140, -6), (1500, -6), (1640, 190), (1900, 300)]
    fixes = noisy(way, 3, 14, 20)
    liar_s = 620.0
    fixes = [(sample(s.at_s, 360, accuracy_m=12), 300.0) if s.at_s == liar_s else (s, d) for s, d in fixes]
    state, found, odds = TrackState(), list[Transition](), list[tuple[float, float]]()
    for fix, _ in fixes:
        _, some, _ = advance(state, [fix], fix.at_s, SHOP, KEY, RULES)
        found += some
        if "shop" in state.presences and state.presences["shop"].is_open:
            odds.append((fix.at_s, state.presences["shop"].score))
        elif some and some[-1].kind is TransitionKind.EXITED:
            odds.append((fix.at_s, -RULES.presence.exit_score))
    above = Frame((70, 40, 700, 250), (0, 1900), (120, -60))
    below = Frame((70, 290, 700, 390), (0, 1900), (-5, 6))
    margin = RULES.presence.exit_margin_m + fixes[0][0].accuracy_m
    above.axes([], [(d, f"{d} m") for d in (-50, 0, 50, 100)])
    above.band(0, 1900, 0, -60, "green area")
    above.band(0, 1900, margin, 0, "amber area")
    above.text(1890, -52, "inside", "green small", "end", 4)
    above.text(1890, margin, "the border moved out for leaving", "amber small", "end", -5)
    above.line([(t, float(np.interp(t, [x for x, _ in way], [m for _, m in way]))) for t in range(0, 1900, 10)], "axis")
    above.dots([(s.at_s, d) for s, d in fixes], "blue")
    raw = sum(a > 0 >= b for (_, a), (_, b) in itertools.pairwise(fixes))
    for t in found:
        words = {"entered": "entered", "exited": "exited"}.get(t.kind.value, f"{t.dwell_s // 60} min")
        of = "red" if t.kind is TransitionKind.EXITED else "green"
        above.upright(t.at_s, of, words, 0 if t.kind is not TransitionKind.DWELLED else 16)
    above.text(liar_s, 118, "a fix that lies (300 m)", "red small", dy=-8)
    above.text(
        0,
        -60,
        f"A noisy stay at the door: the raw border is entered {raw} times, the detector tells of one visit",
        "title",
        dy=-14,
    )
    below.axes(minutes(0, 30, 5), [(-4, "-4"), (0, "0"), (5, "5")])
    below.rule(-RULES.presence.exit_score, "red", "closes at -4")
    below.rule(RULES.presence.hold_score, "green", "never above 5")
    below.line(odds, "blue")
    below.text(0, 6, "log-odds of still being there", "small", dy=-6)
    return svg(720, 415, "A track at the border, and the evidence for still being inside", above, below)


def late() -> str:
    heard = [sample(30.0 * i, 0) for i in range(-4, 5)]
    queue = [sample(30.0 * i, 5.0 + i % 3) for i in range(5, 420)] + [
        sample(12_600 + 30.0 * i, 80 + 40.0 * i) for i in range(30)
    ]
    before = detect(KEY, heard, SHOP, RULES)
    after = detect(KEY, heard + queue, SHOP, RULES)
    frame = Frame((70, 40, 700, 200), (-600, 15_600), (0, 4))
    frame.axes([(3600.0 * h, f"{h} h") for h in range(5)], [])
    for y, words, told, of in ((2.6, "told at first", before, "amber"), (0.6, "told in the end", after, "green")):
        (visit,) = told.visits
        frame.text(-600, y + 0.95, words, f"{of}")
        frame.band(visit.started_s, visit.ended_s or 0, y, y + 0.7, f"{of} bar")
        for t in told.transitions:
            frame.dots([(t.at_s, y + 0.35)], of, 3.2)
        frame.text((visit.ended_s or 0) + 150, y + 0.2, f"left after {visit.dwell_s // 60} min", f"{of} small")
    frame.upright(heard[-1].at_s + RULES.presence.silence_s, "amber", "decided: silent")
    frame.upright(13_500, "blue", "the queue arrives")
    frame.text(-600, 4, "A phone that was offline in the shop, and then delivers: one stay, one visit", "title", dy=-16)
    return svg(720, 230, "What is told of a silent phone, and what is told when its fixes arrive late", frame)


def wall() -> str:
    south, north = (
        Fence(n, n, n, Area(shapely.box(LON - 25 / K_LON, LAT + a / METRES_PER_DEGREE, LON + 25 / K_LON, LAT + b / METRES_PER_DEGREE)))
        for n, a, b in (("south", -25, 0), ("north", 0, 25))
    )  # fmt: skip
    rng = np.random.default_rng(5)
    keep, noise, fixes = math.exp(-0.5), np.zeros(2), list[Sample]()
    for i in range(100):
        noise = keep * noise + math.sqrt(1 - keep**2) * rng.normal(0, 9, 2)
        fixes.append(sample(15.0 * i, float(noise[0]), -4 + float(noise[1]), accuracy_m=13.6))
    visits = detect(KEY, fixes, FenceIndex([south, north]), RULES).visits
    alone = [len(detect(KEY, fixes, FenceIndex([fence]), RULES).visits) for fence in (south, north)]
    frame = Frame((20, 40, 410, 300), (-45, 45), (-30, 30))
    frame.band(-25, 25, -25, 0, "green area")
    frame.band(-25, 25, 0, 25, "amber area")
    frame.dots([((s.lon_deg - LON) * K_LON, (s.lat_deg - LAT) * METRES_PER_DEGREE) for s in fixes], "blue")
    frame.dots([(0, -4)], "red", 5)
    frame.text(2, -4, "the phone", "red", dy=-6)
    frame.text(-24, -24, "southern shop", "green small", dy=-2)
    frame.text(-24, 22, "northern shop", "amber small")
    frame.text(-45, 30, "25 minutes, 4 m from the wall between two shops", "title", dy=-14)
    words = Frame((430, 40, 690, 300), (0, 1), (0, 10))
    words.text(0, 8, "Each shop weighed for itself:")
    words.text(0, 7.2, f"southern {alone[0]} visit, northern {alone[1]} visit", "small")
    words.text(0, 5.6, "Neighbours weighed together:")
    words.text(0, 4.8, ", ".join(f"{v.fence_id}ern 1 visit" for v in visits), "small")
    return svg(720, 315, "Fixes of a phone near the wall between two shops", frame, words)


def reliability() -> str:
    sys.path.insert(0, str(ROOT))
    from tests.geofences.test_membership import reliability as reckon
    from tests.geofences.test_membership import told

    found = told(6000)
    frame = Frame((70, 40, 470, 360), (0, 1), (0, 1))
    ticks = [(p / 10, f"{p / 10:.1f}") for p in range(0, 11, 2)]
    frame.axes(ticks, ticks)
    frame.line([(0, 0), (1, 1)], "axis")
    for kind, of, words, y in (
        (TransitionKind.ENTERED, "blue", "when it began", 0.18),
        (TransitionKind.EXITED, "green", "when it ended", 0.1),
    ):
        points = [(said, true) for said, true, _ in reckon(found[kind], 8)]
        frame.line(points, of)
        frame.dots(points, of, 4)
        frame.text(0.62, y, words, of)
    frame.text(0, 1, "Said (across) and true (up), of made-up visits", "title", dy=-14)
    return svg(500, 390, "Reliability of a visit's confidence: said against true", frame)


PICTURES: dict[str, Callable[[], str]] = {
    "detection-probability.svg": probability,
    "detection-track.svg": track,
    "detection-late.svg": late,
    "detection-wall.svg": wall,
    "detection-reliability.svg": reliability,
}


def main(arguments: Sequence[str]) -> int:
    here, stale = Path(__file__).parent, list[str]()
    for name, draw in PICTURES.items():
        drawn, path = draw(), here / name
        if "--check" not in arguments:
            path.write_text(drawn, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != drawn:
            stale.append(name)
    if stale:
        sys.stderr.write(
            f"{', '.join(stale)}: not what the code draws; run python {Path(__file__).relative_to(ROOT)}\n"
        )
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
