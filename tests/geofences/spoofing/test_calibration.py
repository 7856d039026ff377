"""The weights that were found, and for whom others are used."""

from __future__ import annotations

from geofences.spoofing.calibration import of_document, shipped
from geofences.spoofing.evidence import FEATURES
from geofences.spoofing.motion import track_mark
from tests.geofences.spoofing.walks import walk


def document() -> dict[str, object]:
    zero, one = dict.fromkeys(FEATURES, 0.0), dict.fromkeys(FEATURES, 1.0)
    return {
        "suspect_at": 2.0,
        "genuine": zero,
        "everybody": {"intercept": 0.0, "weights": zero},
        "without": {"ann": {"intercept": 1.0, "weights": one}},
        "tracks": {track_mark(walk(1)): "ann"},
    }


class TestFairFor:
    def test_a_track_that_was_calibrated_on_is_judged_without_its_person(self) -> None:
        """Seen to fail when everybody's weights were given to all."""
        weights, seen = of_document(document()).fair_for(walk(1))
        assert (weights.intercept, seen) == (1.0, True)

    def test_any_other_is_judged_by_everybody(self) -> None:
        weights, seen = of_document(document()).fair_for(walk(2))
        assert (weights.intercept, seen) == (0.0, False)


class TestShipped:
    def test_it_weighs_every_feature_for_everybody_and_without_each(self) -> None:
        known = shipped()
        assert set(known.weights.weights) == set(FEATURES) == set(known.weights.genuine)
        assert set(known.without) == set(known.seen.values())
        assert all(set(weights.weights) == set(FEATURES) for weights in known.without.values())
