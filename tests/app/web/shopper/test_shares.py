"""Sharing on the phone: a link is made, somebody we do not know comes by it, and it counts once she has answered the welcome page."""

from __future__ import annotations

import re

from sqlalchemy import select

from app.security.principals import Role
from storefront.sharing.models import ShareTouchRow
from tests.app.web.conftest import Town

BONBON = "prd_salted_rye_bonbon"


def touches(town: Town) -> set[str]:
    with town.house.database.reading() as session:
        return set(session.scalars(select(ShareTouchRow.shopper_id)))


class TestStory:
    def test_shared_looked_at_and_counted_when_she_says_so(self, town: Town) -> None:
        jane, stranger, john = town.browser(Role.SHOPPER), town.browser(), town.browser(Role.SHOPPER)
        assert jane.post("/m/shares", {"product_id": BONBON}).headers["location"] == "/m/shares"
        [path] = re.findall(r'readonly value="https?://[^/"]+(/s/[a-z0-9]+)"', jane.get("/m/shares").text)
        assert jane.id not in path

        page = stranger.get(path)
        assert (page.status_code, "Salted Rye Bonbon" in page.text, "They are not told who you are" in page.text) == (200, True, True)
        assert touches(town) == set()
        went = stranger.post(path)
        assert (went.status_code, went.headers["location"], touches(town)) == (303, f"/m/shop/{BONBON}", set())  # nobody yet
        begun = stranger.post("/m/start", {"answer": "none"})
        assert begun.headers["location"] == f"/m/shop/{BONBON}"
        assert len(touches(town)) == 1
        assert "moments_share" not in stranger.client.cookies

        assert john.post(path).headers["location"] == f"/m/shop/{BONBON}"
        assert john.id in touches(town)
        assert john.get("/s/nothing").status_code == 404
        assert john.post("/s/nothing").status_code == 404
