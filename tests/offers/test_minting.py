"""The coupon's places are those the rule covers, however they are found."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from geofences.contracts import Place
from geofences.directory import Directory
from offers.conditions import place_covered
from offers.definition import Benefit, BenefitKind, Definition, Trigger
from offers.gathering import place_facts

IDS, CHAINS, TAGS = [f"plc_{n}" for n in range(6)], ["Ooey", "Gooey"], ["sweet", "sour", "salt"]


@st.composite
def houses(draw: st.DrawFn) -> list[Place]:
    return [
        Place(i, i, "shop", draw(st.sampled_from([None, *CHAINS])), "Europe/Helsinki", tuple(draw(st.sets(st.sampled_from(TAGS)))), 0, 0)
        for i in draw(st.sets(st.sampled_from(IDS), min_size=1))
    ]  # fmt: skip


@given(
    houses(),
    st.sets(st.sampled_from(IDS)),
    st.sets(st.sampled_from(CHAINS)),
    st.sets(st.sampled_from(TAGS)),
)
def test_looking_up_and_the_rule_name_the_same_places(
    places: list[Place], ids: set[str], chains: set[str], tags: set[str]
) -> None:
    """`conditions.place_covered` is the rule; a directory finds without asking each place. Seen to fail without the tags."""
    trigger = Trigger(("store_visit",), tuple(ids), tuple(chains), tuple(tags))
    definition = Definition("n", "t", "b", "EUR", trigger, Benefit(BenefitKind.PERCENT))
    covered = sorted(p.id for p in places if place_covered(definition, place_facts(p)))
    assert [p.id for p in Directory(places).named(trigger.place_ids, trigger.chains, trigger.tags)] == covered
