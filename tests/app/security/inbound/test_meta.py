"""Meta: the raw body, signed with the app's secret."""

from __future__ import annotations

import json

from app.kernel.verdict import PASS, Fail
from app.security.inbound.meta import signature, subscribed, verify

BODY = b'{"text": "gr\\u00fc\\u00dfe \\/ hi"}'


class TestVerify:
    def test_genuine_under_either_secret(self) -> None:
        assert verify(signature("old", BODY), BODY, ["new", "old"]) is PASS
        assert verify(signature("older", BODY), BODY, ["new", "old"]) == Fail("signature_wrong")
        assert verify(signature("", BODY), BODY, [""]) == Fail("signature_wrong")

    def test_a_known_value(self) -> None:
        """RFC 4231, test case 2."""
        assert signature("Jefe", b"what do ya want for nothing?") == "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"

    def test_written_again_is_another_body(self) -> None:
        assert verify(signature("s", BODY), json.dumps(json.loads(BODY), ensure_ascii=False).encode(), ["s"]) == Fail("signature_wrong")

    def test_none_and_the_older_scheme(self) -> None:
        assert verify(None, BODY, ["s"]) == Fail("signature_missing")
        assert verify("sha1=00", BODY, ["s"]) == Fail("signature_malformed")
        assert verify("sha256=é", BODY, ["s"]) == Fail("signature_wrong")


class TestSubscribed:
    def test_only_who_knows_our_word(self) -> None:
        assert subscribed("subscribe", "word", ["word"]) is PASS
        assert [subscribed(*asked).ok for asked in (("subscribe", "other", ["word"]), ("unsubscribe", "word", ["word"]), ("subscribe", None, [""]), (None, None, []))] == [False] * 4
