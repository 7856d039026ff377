"""One passing id in two places at once."""

from __future__ import annotations

from geofences.beacons.echoes import Echoes, EchoRules, Heard
from tests.geofences.tracks import LAT, LON


def heard(who: str, at_s: float = 0.0, north_deg: float = 0.0, accuracy_m: float = 10.0) -> Heard:
    return Heard(who, at_s, LAT + north_deg, LON, accuracy_m)


class TestNote:
    def test_far_apart_at_once_flags_both(self) -> None:
        echoes = Echoes()
        assert echoes.note("id", heard("jane")) == frozenset()
        assert echoes.note("id", heard("jim", 30.0, 0.1)) == {"jane", "jim"}

    def test_the_order_does_not_matter(self) -> None:
        echoes = Echoes()
        assert echoes.note("id", heard("jim", 30.0, 0.1)) == frozenset()
        assert echoes.note("id", heard("jane")) == {"jane", "jim"}

    def test_all_who_contradict_are_flagged(self) -> None:
        echoes = Echoes()
        echoes.note("id", heard("jane"))
        echoes.note("id", heard("joan"))
        assert echoes.note("id", heard("jim", 30.0, 0.1)) == {"jane", "joan", "jim"}

    def test_beside_each_other_is_fine(self) -> None:
        echoes = Echoes()
        echoes.note("id", heard("jane"))
        assert echoes.note("id", heard("jim", 0.0, 0.0005)) == frozenset()

    def test_positions_that_may_be_wrong_are_given_the_benefit_of_the_doubt(self) -> None:
        """Planted bug: without the accuracies an honest phone with a poor position is flagged."""
        echoes = Echoes()
        echoes.note("id", heard("jane"))
        assert echoes.note("id", heard("jim", 0.0, 0.01, accuracy_m=600.0)) == frozenset()

    def test_another_time_or_another_id_is_none(self) -> None:
        echoes = Echoes(EchoRules(same_time_s=60))
        echoes.note("id", heard("jane"))
        assert echoes.note("id", heard("jim", 61.0, 0.1)) == frozenset()
        assert echoes.note("other", heard("jim", 0.0, 0.1)) == frozenset()

    def test_one_phone_in_two_places_is_flagged_too(self) -> None:
        echoes = Echoes()
        echoes.note("id", heard("jane"))
        assert echoes.note("id", heard("jane", 5.0, 0.1)) == {"jane"}

    def test_memory_has_an_end(self) -> None:
        echoes = Echoes(EchoRules(most=2))
        for name in ("a", "b", "c"):
            echoes.note(name, heard("jane"))
        assert echoes.note("a", heard("jim", 0.0, 0.1)) == frozenset()
        assert echoes.note("c", heard("jim", 0.0, 0.1)) == {"jane", "jim"}
