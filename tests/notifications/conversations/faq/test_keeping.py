"""Entries are written by version, shown when published, and the assistant answers from them where nothing grave is asked."""

from __future__ import annotations

from typing import Any

import pytest

from notifications.conversations.contracts import ThreadState
from notifications.conversations.errors import FaqChanged, UnknownFaq
from notifications.conversations.faq import keeping
from notifications.conversations.faq.schemas import EntryIn, FaqIn
from tests.notifications.conversations.conftest import Talking

WRAP = {"en": {"question": "Do you wrap gifts?", "answer": "Yes, at the desk.", "also_asked": ["Is gift wrapping possible?"]}, "fi": {"question": "Paketoitteko lahjoja?", "answer": "Kyllä, tiskillä."}}


def keep(talk: Talking, entry_id: str = "gift-wrapping", texts: Any = WRAP, **more: Any) -> keeping.FaqEntry:
    with talk.database.transaction() as session:
        return keeping.keep(session, entry_id, EntryIn.model_validate({"texts": texts, "state": "published"} | more), by="per_1", at=talk.now)


class TestKeep:
    def test_over_a_version_that_was_not_read_is_refused(self, talk: Talking) -> None:
        """Planted bug: the version not in the UPDATE."""
        assert keep(talk).version == 1
        assert keep(talk, version=1, state="draft").version == 2
        with pytest.raises(FaqChanged):
            keep(talk, version=1)
        with pytest.raises(FaqChanged):
            keep(talk, "not-there", version=1)
        assert keep(talk).version == 3

    def test_many_or_none(self, talk: Talking) -> None:
        keep(talk)
        both = [{"id": "one", "texts": WRAP}, {"id": "gift-wrapping", "texts": WRAP, "version": 7}]
        with pytest.raises(FaqChanged), talk.database.transaction() as session:
            keeping.keep_all(session, FaqIn.model_validate({"entries": both}), by="per_1", at=talk.now)
        with talk.database.reading() as session:
            assert [one.id for one in keeping.entries(session)] == ["gift-wrapping"]

    def test_taken_away_it_is_gone(self, talk: Talking) -> None:
        keep(talk)
        with talk.database.transaction() as session:
            keeping.remove(session, "gift-wrapping")
            for missing in (keeping.remove, keeping.entry):
                with pytest.raises(UnknownFaq):
                    missing(session, "gift-wrapping")


class TestSearch:
    def test_published_ones_in_her_language_or_another(self, talk: Talking) -> None:
        keep(talk)
        keep(talk, "draft-of-it", state="draft")
        with talk.database.reading() as session:
            assert [(a.id, a.language) for a in keeping.search(session, "lahjoja paketoitte", "fi")] == [("gift-wrapping", "fi")]
            assert [(a.id, a.language) for a in keeping.search(session, "", "de")] == [("gift-wrapping", "en")]
            assert keeping.search(session, "nothing like it", "en") == []

    def test_says_where_the_assistant_looks_things_up_instead(self, talk: Talking) -> None:
        prices = {"en": {"question": "How much does delivery of an order cost?", "answer": "5"}}
        assert (keep(talk).spoken, keep(talk, "prices", prices).spoken) == (("en", "fi"), ())


class TestTheAssistant:
    def test_answers_from_what_is_published_and_says_so(self, talk: Talking) -> None:
        jane = talk.shopper()
        assert "I am not sure what you mean." in talk.say(jane, "Is gift wrapping possible?")[0]
        keep(talk)
        assert talk.say(jane, "Is gift wrapping possible?") == ("Yes, at the desk.",)
        said = talk.said(jane)[-1]
        assert (said.sources, said.link) == (("FAQ",), "/m/help#gift-wrapping")
        assert talk.thread(jane).state == ThreadState.BOT

    def test_of_a_draft_or_in_another_language_nothing(self, talk: Talking) -> None:
        """Planted bug: drafts are read as well."""
        jane = talk.shopper()
        keep(talk, state="draft")
        assert "I am not sure" in talk.say(jane, "Is gift wrapping possible?")[0]
        keep(talk, texts={"fi": WRAP["fi"] | {"also_asked": ["Is gift wrapping possible?"]}})
        assert "Kyllä" not in talk.say(jane, "Is gift wrapping possible?")[0]

    @pytest.mark.parametrize("question", ["How much is the Cloudberry Bonbon?", "Does the Cloudberry Bonbon contain nuts?", "Where is my order ord_7k2m9x?"])
    def test_a_price_an_allergen_an_order_come_from_our_data_whatever_is_written(self, talk: Talking, question: str) -> None:
        """Planted bug: the FAQ asked before our own data."""
        keep(talk, "lies", {"en": {"question": question, "answer": "It costs nothing and holds nothing."}})
        assert "costs nothing" not in talk.say(talk.shopper(), question)[0]
