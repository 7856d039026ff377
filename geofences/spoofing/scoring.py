"""How well made-up tracks are told from genuine ones: `moments evaluate spoof DIR`.

Owns the reading of a folder of genuine tracks, the attacks made of them, and the counting. Each track is judged with weights that were
found without its person. It must not tune anything: `calibrating` does, on other people.
"""

from __future__ import annotations

import csv
import hashlib
import math
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from geofences.recordings import UnreadableRecording, files_in, read_recordings
from geofences.spoofing import calibrating
from geofences.spoofing.attacks import ATTACKS, REPLAYS
from geofences.spoofing.calibration import Calibration, shipped, track_mark
from geofences.spoofing.evidence import LEAST_FIXES
from geofences.spoofing.grading import LONGEST_S, MOST_FIXES, Grade, Weights, grade
from geofences.spoofing.motion import Motion, motion_of, stretches, thinned
from geofences.spoofing.prints import ENOUGH, prints

ASKED = {
    "static": 0.99,
    "teleport": 0.99,
    "straight_line": 0.99,
    "noisy_line": 0.99,
    "noised_route": 0.90,
    "replay_exact": 0.99,
    "replay_shifted": 0.99,
}
"""The least share found of each attack; the others are shown beside."""
MOST_FALSE = 0.01
_BY_INTERVAL = ("noisy_line", "noised_route")
THINNED_S = (5.0, 10.0, 30.0)
_NAMED = re.compile(r"(?P<timeline>.+)__run(?P<run>\d+)__(?P<phone>.+)")
_GENUINE = frozenset({"", "0", "false", "genuine", "real", "honest"})


@dataclass(frozen=True, slots=True)
class Recorded:
    """One track of one person: the phone's name where files are named TIMELINE__runNN__PHONE, else the track's own."""

    name: str
    person: str
    motion: Motion
    label: str = ""


@dataclass(slots=True)
class Tally:
    """Of stretches: how many, judged at all, suspect; and by which doubts and features."""

    all: int = 0
    judged: int = 0
    suspect: int = 0
    doubts: Counter[str] = field(default_factory=Counter[str])
    spoke: Counter[str] = field(default_factory=Counter[str])

    def note(self, found: Grade) -> None:
        self.all += 1
        self.judged += not found.abstains
        self.suspect += found.suspect
        if found.suspect:
            self.doubts.update(doubt for doubt, _ in found.grades)
            self.spoke.update(found.spoke[:1] if found.log_odds is not None and found.log_odds >= 0 else ())

    def figures(self, name: str) -> dict[str, Any]:
        low, high = interval(self.suspect, self.judged)
        return {
            "of": name,
            "stretches": self.all,
            "judged": self.judged,
            "suspect": self.suspect,
            "share": round(self.suspect / self.judged, 4) if self.judged else None,
            "low": low,
            "high": high,
            "asked": ASKED.get(name),
            "doubts": dict(self.doubts.most_common()),
            "spoke_most": dict(self.spoke.most_common(4)),
        }


def interval(hits: int, of: int) -> tuple[float | None, float | None]:
    """Wilson's 95 % interval of a share."""
    if not of:
        return None, None
    z, p = 1.96, hits / of
    middle, reach = p + z * z / (2 * of), z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    whole = 1 + z * z / of
    return round(max(0.0, (middle - reach) / whole), 4), round(min(1.0, (middle + reach) / whole), 4)


# -- reading ---------------------------------------------------------------------------------------------------------


def read_folder(folder: Path) -> tuple[list[Recorded], list[str]]:
    """The tracks of `folder/tracks`, or of the folder itself, with what was left out and why.

    `manifest.csv` (`file`, optional `phone`, `label`) may say whose a track is, and that it is no genuine one. A file that cannot be read is
    left out; none at all raises `UnreadableRecording`.
    """
    where = folder / "tracks" if (folder / "tracks").is_dir() else folder
    told = _manifest(folder / "manifest.csv")
    out: list[Recorded] = []
    notices: list[str] = []
    marks: dict[str, str] = {}
    for path in files_in([where]):
        if path.name == "manifest.csv" or path.name.startswith("truth_"):
            continue
        try:
            recordings = read_recordings([path])
        except UnreadableRecording as error:
            notices.append(str(error))
            continue
        notices += recordings.notices
        row = told.get(path.name, {})
        for name, samples in sorted(recordings.tracks.items()):
            named = _NAMED.fullmatch(name)
            person = row.get("phone") or (named["phone"] if named else name)
            motion = motion_of(samples)
            same = marks.setdefault(track_mark(motion), name)
            if same != name:
                notices.append(f"{path}: the same recording as {same}; left out")
                continue
            out.append(Recorded(name, person, motion, row.get("label", "").strip().lower()))
    if not out:
        raise UnreadableRecording(f"{folder}: no track that can be read; {notices[0] if notices else 'it is empty'}")
    return out, notices


def _manifest(path: Path) -> dict[str, dict[str, str]]:
    if not path.is_file():
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [{k: v or "" for k, v in row.items() if k} for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError, csv.Error):
        raise UnreadableRecording(f"{path}: cannot be read as CSV; expected the columns file, phone, label") from None
    return {Path(row["file"]).name: row for row in rows if row.get("file")}


def calibrate_spoof(folders: Iterable[Path], *, rounds: int, seed: int) -> dict[str, Any]:
    """What `calibration.json` is made of, from folders of genuine tracks of people whom nobody will be scored on."""
    tracks = [t for folder in folders for t in read_folder(folder)[0] if t.label in _GENUINE]
    return calibrating.calibrate({t.name: (t.person, t.motion) for t in tracks}, seed=seed, rounds=rounds)


# -- scoring ---------------------------------------------------------------------------------------------------------


def evaluate_spoof(
    folder: Path, *, rounds: int = 3, seed: int = 1, calibration: Calibration | None = None
) -> dict[str, Any]:
    """Figures: false positives on genuine stretches (together, thinned, by person), and the share found of each attack.

    `rounds`: so many attacks of each kind for each genuine stretch long enough to be judged.
    """
    known = calibration or shipped()
    tracks, notices = read_folder(folder)
    genuine = [t for t in tracks if t.label in _GENUINE]
    given = [t for t in tracks if t.label not in _GENUINE]
    fair = {t.name: known.fair_for(t.motion) for t in tracks}
    honest, by_person = _honest(genuine, fair)
    attacked, by_interval = _attacked(genuine, fair, rounds, seed)
    return {
        "tracks": len(tracks),
        "people": len({t.person for t in genuine}),
        "people_calibrated_on": sorted({t.person for t in genuine if fair[t.name][1]}),
        "judged_by": "weights found without the person judged",
        "most_false_positives": MOST_FALSE,
        "genuine": [tally.figures(name) for name, tally in honest.items()],
        "by_person": [tally.figures(name) for name, tally in sorted(by_person.items())],
        "attacks": [tally.figures(name) for name, tally in attacked.items()]
        + [tally.figures(name) for name, tally in _given(given, fair).items()],
        "by_interval": [tally.figures(name) for name, tally in sorted(by_interval.items())],
        "replays": _replayed(genuine, rounds, seed),
        "notices": notices,
    }


Fair = Mapping[str, tuple[Weights, bool]]


def _pieces(motion: Motion, every_s: float = 0.0) -> Iterable[Motion]:
    told = thinned(motion, every_s) if every_s else motion
    return stretches(told, most=MOST_FIXES, longest_s=max(LONGEST_S, 60 * every_s))


def _honest(tracks: Iterable[Recorded], fair: Fair) -> tuple[dict[str, Tally], dict[str, Tally]]:
    together, by_person = {"genuine": Tally()}, dict[str, Tally]()
    together |= {f"genuine, one fix in {every_s:.0f} s": Tally() for every_s in THINNED_S}
    whole = Tally()
    for track in tracks:
        weights, _ = fair[track.name]
        grades = [grade(piece, weights) for piece in _pieces(track.motion)]
        for found in grades:
            together["genuine"].note(found)
            by_person.setdefault(track.person, Tally()).note(found)
        whole.note(max(grades, key=lambda g: g.strength, default=Grade(())))
        for every_s in THINNED_S:
            for piece in _pieces(track.motion, every_s):
                together[f"genuine, one fix in {every_s:.0f} s"].note(grade(piece, weights))
    whole.judged = whole.all
    return together | {"genuine, whole recordings": whole}, by_person


def _rng(seed: int, *words: str) -> np.random.Generator:
    return np.random.default_rng([seed, *(zlib.crc32(word.encode()) for word in words)])


def _attacked(
    tracks: Iterable[Recorded], fair: Fair, rounds: int, seed: int
) -> tuple[dict[str, Tally], dict[str, Tally]]:
    out = {name: Tally() for name in ATTACKS}
    by_interval: dict[str, Tally] = {}
    for track in tracks:
        weights, _ = fair[track.name]
        rngs = {name: _rng(seed, track.name, name) for name in ATTACKS}
        for piece in _pieces(track.motion):
            if len(piece) < LEAST_FIXES:
                continue
            for name, attack in ATTACKS.items():
                for _ in range(rounds):
                    made = attack(piece, rngs[name]).part(0, MOST_FIXES)
                    found = grade(made, weights)
                    out[name].note(found)
                    if name in _BY_INTERVAL:
                        every_s = round(float(np.median(np.diff(made.at_s))))
                        by_interval.setdefault(f"{name}, one fix in {every_s:2d} s", Tally()).note(found)
    for tally in (*out.values(), *by_interval.values()):
        tally.judged = tally.all  # an attack that is not judged is one that is not found
    return out, by_interval


def _given(tracks: Iterable[Recorded], fair: Fair) -> dict[str, Tally]:
    out: dict[str, Tally] = {}
    for track in tracks:
        grades = [grade(piece, fair[track.name][0]) for piece in _pieces(track.motion)]
        out.setdefault(f"given: {track.label}", Tally()).note(max(grades, key=lambda g: g.strength, default=Grade(())))
    for tally in out.values():
        tally.judged = tally.all
    return out


def _replayed(tracks: Iterable[Recorded], rounds: int, seed: int) -> list[dict[str, Any]]:
    """Traces (unbroken, up to 15 minutes) told again, found among the prints of all traces; and genuine ones among the others'."""
    key = _keyed(seed)
    traces = [
        (track, piece, {p.value for p in prints(piece, key)})
        for track in tracks
        for piece in stretches(track.motion, most=1_000_000, longest_s=LONGEST_S)
        if len(piece) >= LEAST_FIXES
    ]
    told = Counter(value for _, _, mine in traces for value in mine)
    false = sum(sum(told[value] > 1 for value in mine) >= ENOUGH for _, _, mine in traces)
    rows = [_replay_figures("genuine, taken for a replay", false, len(traces), None)]
    for name, replay in REPLAYS.items():
        hits = total = 0
        for track, piece, mine in traces:
            rng = _rng(seed, track.name, name, str(piece.at_s[0]))
            for _ in range(rounds):
                again = {p.value for p in prints(replay(piece, rng), key)}
                hits += len(again & mine) >= ENOUGH
                total += 1
        rows.append(_replay_figures(name, hits, total, ASKED[name]))
    return rows


def _replay_figures(name: str, hits: int, total: int, asked: float | None) -> dict[str, Any]:
    low, high = interval(hits, total)
    share = round(hits / total, 4) if total else None
    return {"of": name, "traces": total, "found": hits, "share": share, "low": low, "high": high, "asked": asked}


def _keyed(seed: int) -> Callable[[bytes], int]:
    secret = seed.to_bytes(8, "big")
    return lambda data: int.from_bytes(hashlib.blake2b(data, key=secret, digest_size=8).digest(), "big", signed=True)
