"""What we say around a message, in every language we speak, with the same facts; and that nothing is said past the catalogues."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest

from app.kernel.languages import catalogue
from notifications import phrases
from notifications.contracts import ChannelKind
from notifications.phrases import EVERY, PHRASES, THERE, reason, say, spoken, text_of
from offers.contracts import CouponState
from tests.paths import REPOSITORY

_SAYING = ("notifications/adapters/email_gateway.py", "notifications/leaving_endpoints.py", "notifications/facade.py", "notifications/passes/contents.py", "notifications/passes/showing.py")
"""Where a shopper is told something in words of ours."""


class TestCatalogues:
    def test_every_sentence_is_translated_with_the_same_facts(self) -> None:
        """Planted bugs: a translation left out, one that lost a fact, English changed alone."""
        for key in EVERY:
            texts = [text_of(key, language) for language in THERE]
            assert all(texts), key
            facts = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in texts]
            assert all(one == facts[0] for one in facts), key

    @pytest.mark.parametrize("language", THERE[1:])
    def test_a_catalogue_holds_nothing_that_is_not_said(self, language: str) -> None:
        found = catalogue("notifications", f"translations/{language}.po")
        assert {key for key, _ in found} == set(EVERY)
        assert len(found) == len(EVERY)

    def test_what_has_a_sentence_for_each_of_its_kind(self) -> None:
        assert {f"pass.{state.value}" for state in CouponState if state is not CouponState.ISSUED} <= set(PHRASES)
        kinds = {kind.value for kind in ChannelKind if not kind.to_device} - {"inbox"} | {"push"}
        assert {key.rpartition(".")[2] for key in PHRASES if key.startswith(("leave.ask.", "leave.left."))} == kinds

    @pytest.mark.parametrize("path", _SAYING)
    def test_no_sentence_is_written_beside_them(self, path: str) -> None:
        """Planted bug: a closing line written where an e-mail is made."""
        assert _sentences(REPOSITORY / path) == []


def _sentences(path: Path) -> list[str]:
    """Texts of several words that begin as a sentence does, docstrings and what is raised left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    unsaid = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in unsaid and len(node.value.split()) > 1 and node.value[:1].isupper()
    ]


class TestSay:
    def test_facts_are_put_in(self) -> None:
        assert [say("pass.shops", language, count=3) for language in THERE] == ["3 shops", "3 myymälää", "3 butiker"]

    def test_a_form_of_a_language_is_that_language_and_any_other_is_english(self) -> None:
        assert [spoken(tag) for tag in ("fi-FI", "SV", "de", "", "x\x00")] == ["fi", "sv", "en", "en", "en"]

    def test_what_is_not_translated_is_said_in_english(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(phrases, "_catalogue", lambda _language: {})
        assert say("leave.done", "fi") == "Done"


class TestReason:
    def test_known(self) -> None:
        assert reason("visit_over", "en") == "You had left the shop before the message could be sent."
        assert reason("visit_over", "fi") == "Olit lähtenyt myymälästä ennen kuin viesti ehdittiin lähettää."

    def test_consent_of_the_privacy_floor(self) -> None:
        assert reason("no_consent_marketing_push", "en") == "You have not allowed us to send you messages about offers."

    def test_unknown_is_named(self) -> None:
        assert [reason("something_new", "en"), reason("pass.shops", "en"), reason("leave.done", "sv")] == ["Not sent: something new.", "Not sent: pass.shops.", "Inte skickat: leave.done."]
