"""The form of an audience: lines there and back, the count beside it, and what is wrong said where it is."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

import pytest

from app.kernel.errors import Invalid
from app.security.principals import Role
from app.web.console.audience import ConditionRow, document_of, rows_from, rows_of, stands_of, written_of
from app.web.forms import Form
from offers import facade as offers
from tests.app.web.conftest import Browser, Town

TEA = "cam_afternoon_tea"
VISITED = {"fact": "visits", "at_least": 2, "within_days": 30, "chains": ["ooey-gooey"], "tags": ["coffee"]}
NO_BOOKS = {"fact": "orders", "at_most": 0, "categories": ["books"]}
LINES = {
    "written": "1",
    "fact0": "visits", "at_least0": "2", "within_days0": "30", "of0": "chain:ooey-gooey, tag:coffee", "group0": "all",
    "fact3": "orders", "at_most3": "0", "of3": "category:books", "group3": "none",
}  # fmt: skip


@pytest.fixture
def marketer(town: Town) -> Browser:
    return town.browser(Role.MARKETER)


class TestDocumentOf:
    def test_lines_there_and_back(self) -> None:
        rows = rows_of(Form(LINES))
        assert rows == [
            ConditionRow("all", "visits", "2", "", "30", "chain:ooey-gooey, tag:coffee"),
            ConditionRow(),
            ConditionRow(),
            ConditionRow("none", "orders", "", "0", "", "category:books"),
        ]
        assert document_of(rows) == {"all": [VISITED], "none": [NO_BOOKS]}
        assert rows_from(document_of(rows), "EUR") == [rows[0], rows[3]]
        assert written_of(rows).at == {"audience.all[0]": "condition.0", "audience.none[0]": "condition.3"}

    @pytest.mark.parametrize(
        "document",
        [
            {"any": [{"all": [VISITED, NO_BOOKS]}, NO_BOOKS, {"all": [NO_BOOKS], "any": [VISITED], "none": [NO_BOOKS]}]},
            {"all": [VISITED, {"any": [VISITED, NO_BOOKS]}], "none": [{"none": [NO_BOOKS]}]},
        ],
    )
    def test_sets_there_and_back(self, document: dict[str, Any]) -> None:
        """Seen to fail where every set stood among the conditions that must hold."""
        rows = rows_from(document, "EUR")
        assert rows is not None
        assert document_of(rows) == document
        form = {f"{name}{n}": value for n, row in enumerate(rows) for name, value in asdict(row).items() if name != "stands"}
        form |= {f"stands{name}": stands for name, stands in stands_of(rows).items()}
        assert rows_of(Form(form)) == rows

    def test_no_line_is_everybody(self) -> None:
        assert (document_of([]), rows_from(None, "EUR")) == (None, [])

    @pytest.mark.parametrize(
        "document",
        [
            {"all": [{"any": [{"all": [VISITED, NO_BOOKS]}]}]},
            {"all": [{"any": [VISITED]}] * 4},
            {"all": [NO_BOOKS] * 21},
            {"fact": "spent_minor", "at_least": 1, "currency": "SEK"},
            {"fact": "visits", "at_least": 1, "tags": ["coffee, tea"]},
        ],
    )
    def test_what_does_not_fit_into_lines(self, document: dict[str, Any]) -> None:
        assert rows_from(document, "EUR") is None

    @pytest.mark.parametrize(("of", "word"), [("books", "books"), ("shelf:books", "shelf:books"), ("category:", "category:")])
    def test_a_scope_of_no_kind(self, of: str, word: str) -> None:
        with pytest.raises(Invalid) as caught:
            document_of([ConditionRow(fact="orders", at_least="1", of=of)])
        assert caught.value.fields[0].field == "of0"
        assert word in caught.value.fields[0].remedy

    def test_names_stand_on_lines_of_their_own_or_between_commas(self) -> None:
        rows = rows_of(Form({"fact0": "visits", "at_least0": "1", "of0": "tag:tea\r\ntag:coffee, chain:ooey-gooey"}))
        assert document_of(rows) == {"all": [{"fact": "visits", "at_least": 1, "tags": ["tea", "coffee"], "chains": ["ooey-gooey"]}]}

    def test_a_line_that_says_half_is_not_forgotten(self) -> None:
        """Planted bug: lines without a fact left out of `rows_of`, so that what she wrote was gone."""
        written = written_of(rows_of(Form({"at_least1": "2", "within_days1": "soon"})))
        assert [(error.field, error.remedy) for error in written.wrong] == [
            ("fact1", "choose what is known, or empty the line"),
            ("within_days1", "a whole number, such as 3"),
        ]


class TestPage:
    def test_an_audience_is_written_counted_and_read_back(self, town: Town, marketer: Browser) -> None:
        page = marketer.get(f"/console/campaigns/{TEA}/audience").text
        assert "Everybody." in page
        counted = marketer.get(f"/console/campaigns/{TEA}/audience", params=LINES).text
        assert re.findall("<li>(.*?)</li>", counted) == [
            "She has at least 2 visits at any shop of Ooey Gooey or any place for coffee within 30 days.",
            "She has not: no order of category books.",
        ]
        assert counted.count("under 20") == 4
        marketer.post(f"/console/campaigns/{TEA}/pause")
        version = re.findall('name="version" value="([0-9]+)"', page)[0]
        saved = marketer.post(f"/console/campaigns/{TEA}/audience", {**LINES, "version": version})
        assert (saved.status_code, saved.headers["location"]) == (303, f"/console/campaigns/{TEA}")
        with town.house.database.reading() as session:
            view = offers.campaign(session, TEA)
        assert view is not None
        assert view.definition["audience"] == {"all": [VISITED], "none": [NO_BOOKS]}
        assert "She has not: no order of category books." in marketer.get(f"/console/campaigns/{TEA}").text
        assert ">chain:ooey-gooey, tag:coffee</textarea>" in marketer.get(f"/console/campaigns/{TEA}/audience").text
        late = marketer.post(f"/console/campaigns/{TEA}/audience", {**LINES, "version": version})
        assert (late.status_code, "somebody else has changed" in late.text) == (422, True)

    def test_what_is_wrong_is_said_beside_the_form(self, marketer: Browser) -> None:
        half = marketer.get(f"/console/campaigns/{TEA}/audience", params={"written": "1", "fact0": "visits"})
        assert half.status_code == 200
        assert 'data-box="at_least0" data-remedy="visits needs “At least” or “At most”"' in half.text

    def test_an_unknown_campaign(self, marketer: Browser) -> None:
        assert marketer.get("/console/campaigns/cam_none/audience").status_code == 404
        assert marketer.get("/console/campaigns/cam_none/figures").status_code == 404


class TestFigures:
    def test_the_campaigns_page_asks_for_them(self, marketer: Browser) -> None:
        assert f'hx-get="/console/campaigns/{TEA}/figures"' in marketer.get(f"/console/campaigns/{TEA}").text
        text = marketer.get(f"/console/campaigns/{TEA}/figures").text
        assert 'data-arm="all"' in text
        assert "Nobody is held out of this campaign" in text
