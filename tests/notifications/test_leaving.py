"""One click ends offers on one channel: for whoever holds the link, and for nothing else."""

from __future__ import annotations

import base64

from fastapi.testclient import TestClient

from app.privacy.consents import grant
from app.privacy.gate import may
from app.privacy.purposes import Purpose
from app.security.sealing import seal
from notifications import leaving
from notifications.contracts import ChannelKind
from notifications.leaving_endpoints import router
from tests.notifications.conftest import Room


def _client(room: Room) -> TestClient:
    app = room.app()
    app.include_router(router)
    return TestClient(app)


def _agreed(room: Room) -> str:
    shopper_id = room.phone().shopper_id
    with room.database.transaction() as session:
        for purpose in (Purpose.MARKETING_EMAIL, Purpose.MARKETING_SMS):
            grant(session, shopper_id, purpose, source="test", at=room.database.clock.now())
    return shopper_id


def _standing(room: Room, shopper_id: str) -> tuple[bool, ...]:
    with room.database.reading() as session:
        at = room.database.clock.now()
        return tuple(may(session, shopper_id, p, at).ok for p in (Purpose.MARKETING_EMAIL, Purpose.MARKETING_SMS, Purpose.MARKETING_PUSH))


class TestLeave:
    def test_a_mailbox_posts_and_email_alone_ends(self, room: Room) -> None:
        """RFC 8058: no cookie, no page of ours, one field."""
        shopper_id = _agreed(room)
        path = leaving.path(shopper_id, ChannelKind.EMAIL)
        client = _client(room)
        assert _standing(room, shopper_id) == (True, True, True)
        for _ in range(2):
            answer = client.post(path, data={"List-Unsubscribe": "One-Click"})
            assert (answer.status_code, "no more offers by e-mail" in answer.text) == (200, True)
            assert _standing(room, shopper_id) == (False, True, True)

    def test_looking_changes_nothing(self, room: Room) -> None:
        shopper_id = _agreed(room)
        answer = _client(room).get(leaving.path(shopper_id, ChannelKind.EMAIL))
        assert (answer.status_code, "<button>Get no more</button>" in answer.text) == (200, True)
        assert _standing(room, shopper_id) == (True, True, True)

    def test_in_the_language_of_the_message(self, room: Room) -> None:
        shopper_id = _agreed(room)
        client = _client(room)
        looks = [client.get(leaving.path(shopper_id, ChannelKind.EMAIL, language)).text for language in ("fi", "sv-FI", '"><script>')]
        assert ['<html lang="fi">' in looks[0] and "Ei enää tarjouksia?" in looks[0], '<html lang="sv">' in looks[1], '<html lang="en">' in looks[2]] == [True] * 3
        assert "Du får inga fler erbjudanden per e-post." in client.post(leaving.path(shopper_id, ChannelKind.EMAIL, "sv")).text

    def test_links_of_last_year_name_no_language(self, room: Room) -> None:
        shopper_id = _agreed(room)
        token = base64.urlsafe_b64encode(seal("unsubscribe", f"email\x1f{shopper_id}".encode())).decode().rstrip("=")
        assert leaving.opened(token) == leaving.Leaving(shopper_id, ChannelKind.EMAIL, "en")

    def test_it_says_nothing_of_whose_it_is_and_cannot_be_changed(self, room: Room) -> None:
        shopper_id = _agreed(room)
        path = leaving.path(shopper_id, ChannelKind.EMAIL)
        assert shopper_id not in path
        client = _client(room)
        for wrong in (path[:-2], path + "A", path[:40] + ("A" if path[40] != "A" else "B") + path[41:], "/unsubscribe/x", "/unsubscribe/" + "A" * 500):
            assert client.post(wrong).status_code == 404
            assert client.get(wrong).status_code == 404
        assert _standing(room, shopper_id) == (True, True, True)

    def test_of_somebody_erased_nothing_is_written(self, room: Room) -> None:
        with room.database.transaction() as session:
            token = leaving.path("shp_gone", ChannelKind.EMAIL).removeprefix(leaving.PREFIX)
            assert leaving.leave(session, token, room.database.clock.now()).channel is ChannelKind.EMAIL
            assert not may(session, "shp_gone", Purpose.MARKETING_EMAIL, room.database.clock.now()).ok
