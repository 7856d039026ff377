"""The room over HTTP: what a shopper may see and do, in problem documents when she may not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from tests.notifications.conftest import Phone, Room


@pytest.fixture
def client(room: Room) -> Iterator[TestClient]:
    with TestClient(room.app()) as client:
        yield client


def signed(phone: Phone) -> dict[str, str]:
    return {"Authorization": f"Bearer {phone.bearer}"}


class TestListInbox:
    def test_own_messages_oldest_first(self, room: Room, client: TestClient) -> None:
        jane = room.phone()
        ids = [room.issue(jane.shopper_id, name=str(n), visit=f"vis_{n}") for n in range(3)]
        answer = client.get("/v1/inbox", headers=signed(jane)).json()
        assert [m["id"] for m in answer["messages"]] == ids
        assert answer["newest_position"] == answer["messages"][-1]["position"]
        later = client.get(
            "/v1/inbox", params={"after": answer["messages"][0]["position"], "limit": 1}, headers=signed(jane)
        ).json()
        assert [m["id"] for m in later["messages"]] == ids[1:2]

    def test_nothing_of_anothers(self, room: Room, client: TestClient) -> None:
        jane, joe = room.phone(), room.phone()
        room.issue(jane.shopper_id)
        assert client.get("/v1/inbox", headers=signed(joe)).json()["messages"] == []

    @pytest.mark.parametrize("path", ["/v1/inbox", "/v1/inbox/stream"])
    @pytest.mark.parametrize("after", ["-1", "x", "9223372036854775808", "1e3", ""])
    def test_bad_position(self, room: Room, client: TestClient, path: str, after: str) -> None:
        answer = client.get(path, params={"after": after}, headers=signed(room.phone()))
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "after"

    @pytest.mark.parametrize("path", ["/v1/inbox", "/v1/inbox/stream"])
    def test_nobody(self, client: TestClient, path: str) -> None:
        assert client.get(path).status_code == 401


class TestStreamInbox:
    @pytest.mark.parametrize("header", ["x", "-1", "1.5", "٣", "9223372036854775808", "99999999999999999999999"])
    def test_bad_last_event_id(self, room: Room, client: TestClient, header: str) -> None:
        answer = client.get("/v1/inbox/stream", headers={**signed(room.phone()), "Last-Event-ID": header.encode()})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "Last-Event-ID"


class TestAnswers:
    def test_each_counts_once(self, room: Room, client: TestClient) -> None:
        jane = room.phone()
        message_id = room.issue(jane.shopper_id)
        for verb in ("seen", "seen", "clicked", "dismissed", "clicked"):
            answer = client.post(f"/v1/inbox/{message_id}/{verb}", headers=signed(jane))
            assert answer.status_code == 200
            assert answer.json()["seen_at"] is not None
        assert [e["kind"] for e in room.said("message.answered")] == ["seen", "clicked", "dismissed"]

    def test_a_failure_to_show_it_is_not_that_she_saw_it(self, room: Room, client: TestClient) -> None:
        """Planted bug: taking it like a click marked the message as seen."""
        jane = room.phone()
        message_id = room.issue(jane.shopper_id)
        for _ in range(2):
            assert client.post(f"/v1/inbox/{message_id}/failed", headers=signed(jane)).json()["seen_at"] is None
        assert [e["kind"] for e in room.said("message.answered")] == ["failed"]

    def test_anothers_message_does_not_exist(self, room: Room, client: TestClient) -> None:
        """Planted bug: looking the message up without the shopper let Joe mark Jane's as seen."""
        jane, joe = room.phone(), room.phone()
        message_id = room.issue(jane.shopper_id)
        for target in (message_id, "msg_none", "%20", "x" * 300):
            answer = client.post(f"/v1/inbox/{target}/seen", headers=signed(joe))
            assert (answer.status_code, answer.json()["code"]) == (404, "message_unknown")
        assert room.said("message.answered") == []

    def test_a_suppressed_message_does_not_exist(self, room: Room, client: TestClient) -> None:
        jane = room.phone(consent=False)
        message_id = room.issue(jane.shopper_id)
        assert client.post(f"/v1/inbox/{message_id}/seen", headers=signed(jane)).status_code == 404


class TestPushToken:
    def test_register_and_forget(self, room: Room, client: TestClient) -> None:
        jane = room.phone(push=False)
        body = {"token": "a-token-of-a-phone", "kind": "fid", "timezone": "Europe/Helsinki"}
        answer = client.post("/v1/devices/me/push-token", json=body, headers=signed(jane))
        assert answer.status_code == 200
        assert answer.json()["kind"] == "fid"
        assert "a-token-of-a-phone" not in answer.text
        assert room.states(room.issue(jane.shopper_id))["fcm"] == ("queued", ())
        assert client.delete("/v1/devices/me/push-token", headers=signed(jane)).json() == {"forgotten": True}
        assert client.delete("/v1/devices/me/push-token", headers=signed(jane)).json() == {"forgotten": False}

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "token"),
            ({"token": "short"}, "token"),
            ({"token": "has a space in it"}, "token"),
            ({"token": 12345678}, "token"),
            ({"token": "x" * 5000}, "token"),
            ({"token": "good-enough", "kind": "apns"}, "kind"),
            ({"token": "good-enough", "timezone": "Mars/Olympus"}, "timezone"),
            ({"token": "good-enough", "colour": "red"}, "colour"),
        ],
    )
    def test_bad_body(self, room: Room, client: TestClient, body: dict[str, object], field: str) -> None:
        answer = client.post("/v1/devices/me/push-token", json=body, headers=signed(room.phone(push=False)))
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == field
