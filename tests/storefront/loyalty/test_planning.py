"""The programme as a file: what comes out goes in, wrong fields by name and line, and nothing changed under anybody's hands."""

from __future__ import annotations

import re

import pytest

from app.kernel.errors import Invalid
from storefront.errors import LoyaltyFileOutdated
from storefront.loyalty import planning
from tests.storefront.loyalty.club import CLUB, Club


def changed(*pairs: tuple[str, str], version: int = 1) -> str:
    text = CLUB.replace("loyalty:\n", f"loyalty:\n  version: {version}\n")
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after)
    return text


def refused(club: Club, text: str) -> list[tuple[str, str]]:
    with club.shop.database.reading() as session, pytest.raises(Invalid) as found:
        planning.plan(session, text, at=club.shop.now())
    return [(one.field, one.remedy) for one in found.value.fields]


class TestPlan:
    def test_what_comes_out_goes_in_and_changes_nothing(self, club: Club) -> None:
        with club.shop.database.reading() as session:
            text = planning.export(session)
            assert planning.plan(session, text, at=club.shop.now()).changes == ()
        assert club.apply(text) == ()

    def test_says_what_would_change(self, club: Club) -> None:
        with club.shop.database.reading() as session:
            found = planning.plan(session, changed(("per_visit: 5", "per_visit: 7"), ("needs: 3", "needs: 4")), at=club.shop.now())
        assert found.changes == ("points.per_visit: 5 → 7", "cards.bonbon.needs: 3 → 4")

    @pytest.mark.parametrize(
        ("before", "after", "field", "line"),
        [
            ("per_visit: 5", "per_visit: -5", "loyalty.points.per_visit", 6),
            ("measure: spend", "measure: love", "loyalty.tiers.measure", 10),
            ("from: 5000", "from: 900", "loyalty.tiers", 9),
            ("needs: 3", "needs: 1", "loyalty.cards.bonbon.needs", 18),
            ("gift: {points: 20}", "gift: {points: 20, credit_minor: 5}", "loyalty.cards.come.gift", 19),
            ("visits: true", "visits: true, categories: [tea]", "loyalty.cards.come", 19),
            ("goal: stores", "goal: spend", "loyalty.challenges.stores", 21),
            ("ends_on: 2027-06-30, gift: {points: 50}", "ends_on: 2029-06-30, gift: {points: 50}", "loyalty.challenges.stores", 21),
            ("timezone: Europe/Helsinki", "timezone: Europe/Helsinkki", "loyalty.timezone", 4),
            ("most: 2", "most: 2, colour: red", "loyalty.challenges.stores.colour", 21),
        ],
    )
    def test_names_the_wrong_field_and_its_line(self, club: Club, before: str, after: str, field: str, line: int) -> None:
        [(named, remedy)] = refused(club, changed((before, after)))
        assert (named, re.findall(r"\(line (\d+)\)", remedy)) == (field, [str(line)])

    @pytest.mark.parametrize("text", ["", "loyalty: 5\n", "a: 1\n", "loyalty: {name: X}\nmore: 1\n"])
    def test_what_is_no_programme(self, club: Club, text: str) -> None:
        assert refused(club, text)[0][0] == "loyalty"


class TestApply:
    def test_a_file_from_before_another_change_is_refused(self, club: Club) -> None:
        club.apply(changed(("needs: 3", "needs: 4")))
        with pytest.raises(LoyaltyFileOutdated, match="it is version 2 now, the file is from version 1"):
            club.apply(changed(("needs: 3", "needs: 5")))

    @pytest.mark.parametrize(
        ("before", "after", "field"),
        [
            ("categories: [bonbon]", "categories: [truffle]", "loyalty.cards.bonbon"),
            ("goal: stores, count: 2", "goal: stores, count: 3", "loyalty.challenges.stores"),
            ("most: 2", "most: 1", "loyalty.challenges.stores.most"),
        ],
    )
    def test_what_people_collect_for_is_not_changed_under_their_hands(self, club: Club, before: str, after: str, field: str) -> None:
        assert [one for one, _ in refused(club, changed((before, after)))] == [field]

    def test_a_change_takes_nothing_back(self, club: Club) -> None:
        """Planted bug: a full card counted by what a card needs now."""
        club.buy("k1", prd_bonbon=3)
        club.apply(changed(("needs: 3", "needs: 5")))
        club.weigh()
        assert (club.gifts(), club.credit()) == ([("Bonbon card", "given")], 300)

    def test_an_id_that_was_taken_out_does_not_come_back_as_something_else(self, club: Club) -> None:
        import yaml

        document = yaml.safe_load(changed())
        del document["loyalty"]["cards"]["bonbon"]
        for card in (*document["loyalty"]["cards"].values(), *document["loyalty"]["challenges"].values()):
            card["starts_on"], card["ends_on"] = str(card["starts_on"]), str(card["ends_on"])
        club.apply(yaml.safe_dump(document, sort_keys=False))
        assert [one for one, _ in refused(club, changed(("categories: [bonbon]", "categories: [truffle]"), version=2))] == ["loyalty.cards.bonbon"]
