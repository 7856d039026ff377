"""The stand-in turns away what the real FCM would turn away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from app.demo.peers.fcm_peer import PROJECT_ID, FcmPeer, message_problem

GOOD: dict[str, Any] = {
    "token": "t",
    "data": {"a": "b"},
    "android": {"ttl": "3.5s", "collapse_key": "c", "priority": "high"},
}


@pytest.fixture(scope="module")
def peer() -> Iterator[FcmPeer]:
    with FcmPeer() as running:
        yield running


class TestMessageProblem:
    def test_good(self) -> None:
        assert message_problem({"message": GOOD}) is None

    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            ({"token": None}, "exactly one of fid and token is needed"),
            ({"fid": "f"}, "exactly one of fid and token is needed"),
            ({"token": 7}, "exactly one of fid and token is needed"),
            ({"colour": "red"}, "unknown field colour"),
            ({"data": {"a": 1}}, "data.a must be a string"),
            ({"data": {"from": "x"}}, "data.from is reserved"),
            ({"data": {"google.x": "x"}}, "data.google.x is reserved"),
            ({"data": {"a": "x" * 4096}}, "data is larger than 4096 bytes"),
            ({"data": []}, "data must be a map"),
            ({"android": {"ttl": "3"}}, "android.ttl must be a duration such as 3.5s"),
            ({"android": {"ttl": "xs"}}, "android.ttl must be a duration such as 3.5s"),
            ({"android": {"ttl": "2419201s"}}, "android.ttl must be between 0 and 4 weeks"),
            ({"android": {"priority": "urgent"}}, "android.priority must be normal or high"),
            ({"android": {"collapse_key": 4}}, "android.collapse_key must be a string"),
            ({"apns": {"headers": {"apns-collapse-id": "x" * 65}}}, "apns-collapse-id is longer than 64 bytes"),
            ({"apns": {"headers": {"apns-expiration": "soon"}}}, "apns-expiration must be epoch seconds"),
            ({"apns": {"headers": {"apns-priority": "7"}}}, "apns-priority must be 1, 5 or 10"),
            ({"apns": {"headers": {"x": 1}}}, "apns.headers must be a map of strings"),
        ],
    )
    def test_bad(self, change: dict[str, Any], problem: str) -> None:
        assert message_problem({"message": GOOD | change}) == problem

    @pytest.mark.parametrize("document", [None, [], {}, {"message": []}])
    def test_no_message(self, document: object) -> None:
        assert message_problem(document) == "message is missing"


class TestSend:
    @pytest.mark.parametrize("bearer", ["", "Bearer x", "Basic x"])
    def test_unknown_bearer(self, peer: FcmPeer, bearer: str) -> None:
        url = peer.fcm_url.format(PROJECT_ID)
        answer = httpx2.post(url, json={"message": GOOD}, headers={"Authorization": bearer})
        assert answer.status_code == 401
        assert answer.json()["error"]["status"] == "UNAUTHENTICATED"
        assert peer.delivered() == []


class TestGrant:
    @pytest.mark.parametrize("assertion", ["", "a.b", "a.b.c", "é.b.c"])
    def test_unsigned(self, peer: FcmPeer, assertion: str) -> None:
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
        answer = httpx2.post(peer.base_url + "/token", data=form)
        assert answer.status_code == 400
        assert answer.json()["error"] == "invalid_grant"
