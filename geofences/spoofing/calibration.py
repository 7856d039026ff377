"""The weights that were found, and for whose tracks others must be used: `calibration.json` beside this file, as `calibrating` wrote it.

Owns the reading of that file. It must not fit anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from geofences.spoofing.grading import Weights
from geofences.spoofing.motion import Motion, track_mark

FILE = Path(__file__).with_name("calibration.json")


@dataclass(frozen=True, slots=True)
class Calibration:
    """`weights` for everybody; `without` for each person calibrated on: the weights found without that person. `seen`: whose a track
    (`track_mark`) is that was calibrated on."""

    weights: Weights
    without: Mapping[str, Weights]
    seen: Mapping[str, str]

    def fair_for(self, motion: Motion) -> tuple[Weights, bool]:
        """Weights that were found without this track's person, and whether that person was calibrated on at all."""
        person = self.seen.get(track_mark(motion))
        return (self.weights, False) if person is None else (self.without[person], True)


def of_document(document: Mapping[str, Any]) -> Calibration:
    def weights(part: Mapping[str, Any]) -> Weights:
        return Weights(part["weights"], part["intercept"], document["suspect_at"], document["genuine"])

    without = {person: weights(part) for person, part in document["without"].items()}
    return Calibration(weights(document["everybody"]), without, document["tracks"])


@cache
def shipped() -> Calibration:
    """The one that is used."""
    return of_document(json.loads(FILE.read_text(encoding="utf-8")))
