"""Reviews on the phone and at the console: one story from the first word to the shop's answer."""

from __future__ import annotations

import re

from app.security.principals import Role
from tests.app.web.conftest import Town

BONBON = "prd_salted_rye_bonbon"
PAGE = f"/m/shop/{BONBON}"


class TestStory:
    def test_written_held_approved_answered_reported_removed(self, town: Town) -> None:
        """Planted bug: the words were put into the page as markup (`| safe`)."""
        jane, john, maria = town.browser(Role.SHOPPER), town.browser(Role.SHOPPER), town.browser(Role.MARKETER)
        assert "Nobody has said yet" in jane.get(PAGE).text
        assert "choose one to five stars" in jane.post(f"{PAGE}/review", {"shown_as": "name", "text": "kept"}).text
        made = jane.post(f"{PAGE}/review", {"stars": "4", "shown_as": "name", "name": "Jane", "text": "<img src=x onerror=alert(1)>good"})
        assert (made.status_code, made.headers["location"]) == (303, f"{PAGE}#reviews")
        hers = jane.get(PAGE).text
        assert "Yours waits" in hers
        assert "looks like markup" in hers
        assert "onerror" not in john.get(PAGE).text

        page = maria.get("/console/reviews").text
        [review_id] = re.findall(r'data-review="(rev_[^"]+)"', page)
        assert "&lt;img src=x onerror=alert(1)&gt;good" in page
        assert maria.post(f"/console/reviews/{review_id}/decision", {"version": "1", "decision": "review_advertising"}).status_code == 303
        assert "It advertises something else." in jane.get("/m/me/reviews").text
        assert maria.post(f"/console/reviews/{review_id}/decision", {"version": "1", "decision": "approve"}).status_code == 303
        maria.post(f"/console/reviews/{review_id}/reply", {"version": "1", "state": "published", "text": "Thank you"})

        seen = john.get(PAGE).text
        assert ("&lt;img src=x onerror=alert(1)&gt;good" in seen, "<img src=x" in seen) == (True, False)
        assert ("The shop answers" in seen, "4.0 (1)" in seen, "4.0 of 5 stars" in seen) == (True, True, True)
        assert "4.0 (1)" in john.get("/m/shop?q=salted").text
        assert f'action="/m/reviews/{review_id}/report"' in john.get(f"{PAGE}/reviews").text
        assert f'action="/m/reviews/{review_id}/report"' not in jane.get(PAGE).text  # her own she cannot report
        told = john.post(f"/m/reviews/{review_id}/report", {"cause": "review_off_topic", "product_id": BONBON})
        assert "Thank you. A person looks" in john.get(told.headers["location"].split("#")[0]).text

        assert 'value="4" required checked' in jane.get(f"{PAGE}/review").text
        assert jane.post(f"{PAGE}/review/remove").status_code == 303
        assert "Nobody has said yet" in john.get(PAGE).text
