"""The draw: even, repeatable for ever, independent from campaign to campaign, and blind to everything but ids."""

from __future__ import annotations

from collections import Counter
from math import log

import pytest

from offers import experiment, schemas
from offers.definition import Experiment, Variant
from offers.experiment import Draw
from tests.offers.builders import document

PEOPLE = 100_000
CHI2_2, CHI2_3, CHI2_9 = -2 * log(1e-6), 30.665, 44.811
"""What the statistic exceeds with a chance of one in a million, by degrees of freedom (two: exactly -2 ln p)."""
TENTH = Experiment(1_000)
THREE = Experiment(1_000, (Variant("a", 1), Variant("b", 2), Variant("c", 1)))


def chi2(seen: dict[object, int], expected: dict[object, float]) -> float:
    return sum((seen.get(key, 0) - n) ** 2 / n for key, n in expected.items())


class TestDraw:
    def test_even_over_all_tenths(self) -> None:
        tenths = Counter(experiment.draw(TENTH, "cam_1", f"shp_{n}").holdout_bp // 1_000 for n in range(PEOPLE))  # type: ignore[union-attr]
        assert set(tenths) == set(range(10))
        assert chi2(dict(tenths), dict.fromkeys(range(10), PEOPLE / 10)) < CHI2_9

    def test_the_share_that_is_held_out(self) -> None:
        """10,000 expected, standard deviation sqrt(100,000 * 0.1 * 0.9) = 94.87; five of them are 474."""
        held = sum(experiment.held_out(TENTH, experiment.draw(TENTH, "cam_1", f"shp_{n}")) for n in range(PEOPLE))
        assert abs(held - 10_000) <= 474

    def test_variants_by_weight_also_within_those_not_held_out(self) -> None:
        """Seen to fail with one number for both draws."""
        arms = Counter(experiment.arm_of(THREE, experiment.draw(THREE, "cam_1", f"shp_{n}")) for n in range(PEOPLE))
        shown = PEOPLE - arms.pop("holdout")
        assert chi2(dict(arms), {"a": shown / 4, "b": shown / 2, "c": shown / 4}) < CHI2_2

    @pytest.mark.parametrize(("one", "other"), [(("cam_1", ""), ("cam_2", "")), (("cam_1", ""), ("cam_1", "again"))])
    def test_independent_of_other_campaigns_and_salts(self, one: tuple[str, str], other: tuple[str, str]) -> None:
        """Seen to fail with the campaign, and with the salt, left out of what is hashed."""
        cells: Counter[object] = Counter()
        for n in range(PEOPLE):
            cells[
                tuple(
                    experiment.held_out(TENTH, experiment.draw(Experiment(1_000, (), salt), cid, f"shp_{n}"))
                    for cid, salt in (one, other)
                )
            ] += 1
        share = {True: 0.1, False: 0.9}
        expected = {(a, b): PEOPLE * share[a] * share[b] for a in share for b in share}
        assert chi2(dict(cells), expected) < CHI2_3

    def test_the_same_for_ever(self) -> None:
        """Values from the day it was written: a change here would move running experiments."""
        assert experiment.draw(THREE, "cam_bonbon", "shp_jane") == Draw(4_956, 112_920)
        assert experiment.draw(THREE, "cam_bonbon", "shp_jane") == experiment.draw(TENTH, "cam_bonbon", "shp_jane")

    def test_nothing_to_draw_for(self) -> None:
        assert experiment.draw(Experiment(), "cam_1", "shp_1") is None


class TestHeldOut:
    def test_the_edge(self) -> None:
        assert experiment.held_out(TENTH, Draw(999, 0))
        assert not experiment.held_out(TENTH, Draw(1_000, 0))
        assert not experiment.held_out(TENTH, None)


class TestVariantOf:
    @pytest.mark.parametrize(
        ("ppm", "name"), [(0, "a"), (249_999, "a"), (250_000, "b"), (749_999, "b"), (750_000, "c"), (999_999, "c")]
    )
    def test_the_edges(self, ppm: int, name: str) -> None:
        found = experiment.variant_of(THREE, Draw(5_000, ppm))
        assert found is not None
        assert found.name == name

    def test_one_version(self) -> None:
        assert experiment.variant_of(TENTH, Draw(5_000, 0)) is None
        assert experiment.variant_of(THREE, None) is None


class TestArmOf:
    def test_holdout_version_or_everybody(self) -> None:
        assert experiment.arm_of(THREE, Draw(0, 0)) == "holdout"
        assert experiment.arm_of(THREE, Draw(5_000, 0)) == "a"
        assert experiment.arm_of(TENTH, Draw(5_000, 0)) == "all"
        assert experiment.arm_of(TENTH, None) is None


class TestWithVariant:
    def test_what_it_says_replaces_and_the_rest_stays(self) -> None:
        definition = schemas.checked(
            document(
                experiment={
                    "holdout_bp": 0,
                    "variants": [
                        {"name": "more", "percent": 30, "max_discount_minor": 900, "title": "30 % off"},
                        {"name": "plain"},
                    ],
                }
            )
        )
        more = experiment.named(definition, "more")
        assert (more.title, more.because, more.face_minor) == ("30 % off", definition.because, 900)
        assert (more.benefit.percent_bp, more.benefit.categories) == (3_000, ("bonbon",))
        assert experiment.named(definition, "plain") == definition
        assert experiment.named(definition, None) is definition
        assert experiment.as_drawn(definition, Draw(0, 0)) == more
