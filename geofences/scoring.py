"""How well visits found on recorded tracks agree with annotated stays.

Owns the reading of a folder of truth (fences.geojson, truth_stays.csv, truth_legs.csv, tracks/) and the counting. It must not
detect: it compares what the detector and, as a baseline, raw point-in-polygon say.
"""

from __future__ import annotations

import csv
import math
import re
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.kernel.errors import AppError
from geofences.index import FenceIndex
from geofences.perturbing import PERTURBATIONS
from geofences.recordings import read_recordings
from geofences.replaying import load_fences
from geofences.track import Key, Sample, TrackRules
from geofences.visits import detect

LONG_S = 600
_TRACK = re.compile(r"(?P<timeline>.+)__run(?P<run>\d+)__(?P<phone>.+)")


class UnreadableTruth(AppError):
    """The folder does not hold annotated tracks; the message names what is missing."""

    status = 422
    code = "unreadable_truth"


@dataclass(frozen=True, slots=True)
class Stay:
    """`arrived_s`: when the person was first at the fence (the walk in from the car included), where legs tell."""

    timeline: str
    run: int
    name: str
    fence_id: str
    start_s: float
    end_s: float
    arrived_s: float | None


@dataclass(frozen=True, slots=True)
class Found:
    """A visit as it is scored; seconds since 1970."""

    fence_id: str
    start_s: float
    end_s: float


Detector = Callable[[str, Sequence[Sample], FenceIndex], list[Found]]


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError):
        raise UnreadableTruth(
            f"{path}: cannot be read; expected fences.geojson, truth_stays.csv and tracks/ in the folder"
        ) from None


def read_stays(folder: Path) -> list[Stay]:
    """The annotated stays; raises `UnreadableTruth` naming the column or file."""
    legs_path = folder / "truth_legs.csv"
    legs = _rows(legs_path) if legs_path.exists() else []
    out: list[Stay] = []
    try:
        for row in _rows(folder / "truth_stays.csv"):
            start_s = float(row["start_ts"])
            # the leg that ends where the stay begins, already at the fence
            before = [
                float(leg["start_ts"])
                for leg in legs
                if (leg["timeline"], leg["run"], leg["at_fence"]) == (row["timeline"], row["run"], row["fence_arrive"])
                and abs(float(leg["end_ts"]) - start_s) < 5
            ]
            arrived_s = None if row["stay"] == "before_first_trip" else min(before, default=start_s)
            out.append(
                Stay(
                    row["timeline"],
                    int(row["run"]),
                    row["stay"],
                    row["fence_arrive"],
                    start_s,
                    float(row["end_ts"]),
                    arrived_s,
                )
            )
    except (KeyError, ValueError) as error:
        raise UnreadableTruth(f"{folder / 'truth_stays.csv'}: {error} is missing or not a number") from None
    return out


def by_detector(rules: TrackRules | None = None) -> Detector:
    def run(device: str, samples: Sequence[Sample], fences: FenceIndex) -> list[Found]:
        visits = detect(Key(device, device), samples, fences, rules).visits
        return [Found(v.fence_id, v.started_s, v.ended_s if v.ended_s is not None else v.seen_s) for v in visits]

    return run


def by_polygon(_device: str, samples: Sequence[Sample], fences: FenceIndex) -> list[Found]:
    """The baseline: a visit from the first fix inside to the last before one outside."""
    ordered = sorted(samples)
    lat, lon = np.array([s.lat_deg for s in ordered]), np.array([s.lon_deg for s in ordered])
    inside: dict[int, set[int]] = {}
    for point_no, fence_no in zip(*(a.tolist() for a in fences.locate(lat, lon)), strict=True):
        inside.setdefault(fence_no, set()).add(point_no)
    out: list[Found] = []
    for fence_no, points in inside.items():
        began: float | None = None
        for i, sample in enumerate(ordered):
            if i in points:
                began = sample.at_s if began is None else began
                if i + 1 == len(ordered):
                    out.append(Found(fences.fences[fence_no].id, began, sample.at_s))
            elif began is not None:
                out.append(Found(fences.fences[fence_no].id, began, ordered[i - 1].at_s))
                began = None
    return out


@dataclass(slots=True)
class Score:
    """Counts over stays and visits; `arrival_s` signed errors (positive: noticed late)."""

    stays: int = 0
    observed: int = 0
    one: int = 0
    one_observed: int = 0
    several: int = 0
    long_visits: int = 0
    long_true: int = 0
    arrival_s: list[float] | None = None

    def figures(self) -> dict[str, Any]:
        """Shares and percentiles, ready to print."""
        errors = np.abs(np.array(self.arrival_s or [math.nan]))
        return {
            "stays": self.stays,
            "stays_with_any_fix": self.observed,
            "exactly_one_visit": self.one,
            "exactly_one_share": round(self.one / max(1, self.stays), 3),
            "exactly_one_share_of_observed": round(self.one_observed / max(1, self.observed), 3),
            "several_visits": self.several,
            "visits_of_10_min": self.long_visits,
            "precision_of_10_min": round(self.long_true / self.long_visits, 3) if self.long_visits else None,
            "arrival_error_p50_s": _finite(np.percentile(errors, 50)),
            "arrival_error_p90_s": _finite(np.percentile(errors, 90)),
        }


def _finite(value: Any) -> float | None:
    return round(float(value), 1) if math.isfinite(value) else None


def _add(score: Score, stays: Iterable[Stay], visits: Sequence[Found], samples: Sequence[Sample]) -> None:
    mine = list(stays)

    def hits(stay: Stay) -> list[Found]:
        return [
            v for v in visits if v.fence_id == stay.fence_id and v.start_s <= stay.end_s and v.end_s >= stay.start_s
        ]

    for stay in mine:
        found = hits(stay)
        score.stays += 1
        observed = any(stay.start_s <= s.at_s <= stay.end_s for s in samples)
        score.observed += observed
        score.one += len(found) == 1
        score.one_observed += observed and len(found) == 1
        score.several += len(found) > 1
        if found and stay.arrived_s is not None:
            score.arrival_s = [*(score.arrival_s or []), min(v.start_s for v in found) - stay.arrived_s]
    true = {v for stay in mine for v in hits(stay)}
    long = [v for v in visits if v.end_s - v.start_s >= LONG_S]
    score.long_visits += len(long)
    score.long_true += sum(v in true for v in long)


def evaluate_visits(folder: Path, rules: TrackRules | None = None, *, rounds: int = 0) -> dict[str, Any]:
    """Figures by phone and together, for the detector and for raw point-in-polygon. Phones ending in -1 are the accuracy control.

    `rounds`: so many times with every perturbation too (geofences.perturbing), as `detector_thinned` and so on, of all phones but
    the controls together.
    """
    fences, _ = load_fences(folder / "fences.geojson")
    stays = read_stays(folder)
    if not (folder / "tracks").is_dir():
        raise UnreadableTruth(f"{folder}: there is no folder tracks/")
    recordings = read_recordings([folder / "tracks"])
    scores: dict[str, dict[str, Score]] = {"detector": {}, "point_in_polygon": {}}
    detect_visits = by_detector(rules)
    detectors: dict[str, Detector] = {"detector": detect_visits, "point_in_polygon": by_polygon}
    for device, samples in sorted(recordings.tracks.items()):
        named = _TRACK.fullmatch(device)
        if named is None:
            raise UnreadableTruth(f"{folder / 'tracks'}: {device}: expected TIMELINE__runNN__PHONE")
        mine = [s for s in stays if s.timeline == named["timeline"] and s.run == int(named["run"])]
        control = named["phone"].endswith(("1", "4"))
        for name, detector in detectors.items():
            visits = detector(device, samples, fences)
            groups = [named["phone"]] + ([] if control else ["phones_2_3"])
            for group in groups:
                _add(scores[name].setdefault(group, Score()), mine, visits, samples)
        if not control:
            for name, worse in _perturbed(device, sorted(samples), rounds):
                score = scores.setdefault(f"detector_{name}", {}).setdefault("phones_2_3", Score())
                _add(score, mine, detect_visits(device, worse, fences), worse)
    return {name: {group: score.figures() for group, score in sorted(found.items())} for name, found in scores.items()}


def _perturbed(device: str, samples: Sequence[Sample], rounds: int) -> Iterable[tuple[str, list[Sample]]]:
    """Each perturbation `rounds` times, by seeds that depend on the device alone."""
    for number, (name, perturb) in enumerate(PERTURBATIONS.items()):
        for round_no in range(rounds):
            yield name, perturb(samples, np.random.default_rng([zlib.crc32(device.encode()), number, round_no]))
