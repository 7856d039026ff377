from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, KeySet

from app.kernel.verdict import Fail
from app.security.signals.sets import CAEP, SecurityEvents, UnreadableKeys, keys_of, read
from tests.conftest import START

KEY = ECKey.generate_key("P-256", {"kid": "t1"})
KEYS = KeySet([KEY])
NOW_S = int(START.timestamp())


def token(*, header: dict[str, Any] | None = None, key: ECKey = KEY, kind: str = "session-revoked", said: dict[str, Any] | None = None, **claims: Any) -> str:
    """A signed event about `dev_1`; what is given beside overrides the claims."""
    body = {
        "iss": "https://mdm.example", "aud": "moments", "jti": "set-1", "iat": NOW_S,
        "sub_id": {"format": "complex", "device": {"format": "opaque", "id": "dev_1"}}, "events": {CAEP + kind: said or {}},
    } | claims  # fmt: skip
    head = {"typ": "secevent+jwt", "alg": "ES256", "kid": "t1"} | (header or {})
    return jws.serialize_compact(head, json.dumps(body), key, algorithms=["ES256"])


def _read(text: str) -> SecurityEvents | Fail:
    return read(text, KEYS, issuers=("https://mdm.example",), audience="moments", at=START, max_age_s=3600)


class TestRead:
    def test_one_that_holds(self) -> None:
        found = _read(token(said={"event_timestamp": NOW_S - 5}))
        assert isinstance(found, SecurityEvents)
        [event] = found.events
        assert (found.issuer, found.jti, event.kind, event.ids, event.at) == (
            "https://mdm.example", "set-1", "session-revoked", {"device": "dev_1"}, START - timedelta(seconds=5),
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("wrong", "reason", "err"),
        [
            ({"iss": "https://evil.example"}, "set_other_issuer", "invalid_issuer"),
            ({"aud": "others"}, "set_other_audience", "invalid_audience"),
            ({"aud": ["a", "b"]}, "set_other_audience", "invalid_audience"),
            ({"iat": NOW_S - 3601}, "set_too_old", "invalid_request"),
            ({"iat": NOW_S + 61}, "set_too_old", "invalid_request"),
            ({"iat": None}, "set_malformed", "invalid_request"),
            ({"jti": ""}, "set_malformed", "invalid_request"),
            ({"header": {"typ": "JWT"}}, "set_malformed", "invalid_request"),
            ({"key": ECKey.generate_key("P-256", {"kid": "t1"})}, "set_not_signed", "invalid_key"),
            ({"header": {"kid": "other"}}, "set_not_signed", "invalid_key"),
        ],
    )
    def test_everything_is_looked_at(self, wrong: dict[str, Any], reason: str, err: str) -> None:
        """Seen to fail on a token whose `typ` was not compared: an access token would have passed for a warning."""
        assert _read(token(**wrong)) == Fail(reason, {"err": err})

    @pytest.mark.parametrize("text", ["", "a.b.c", "é", "x" * 30_000, "eyJhbGciOiJub25lIn0.e30."])
    def test_what_is_no_token(self, text: str) -> None:
        assert isinstance(_read(text), Fail)

    def test_our_audience_among_others_and_a_plain_subject(self) -> None:
        found = _read(token(aud=["x", "moments"], sub_id={"format": "opaque", "id": "shp_1"}))
        assert isinstance(found, SecurityEvents)
        assert found.events[0].ids == {"": "shp_1"}


class TestKeysOf:
    def test_are_read_anew_when_the_file_changes(self, tmp_path: Path) -> None:
        path = tmp_path / "keys.json"
        with pytest.raises(UnreadableKeys):
            keys_of(path)
        path.write_text("[]")
        with pytest.raises(UnreadableKeys):
            keys_of(path)
        path.write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}))
        assert [k.kid for k in keys_of(path).keys] == ["t1"]
