from __future__ import annotations

from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.kernel.http import RequestGuard, install_problems
from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from app.security import people
from app.security.settings import SecuritySettings
from notifications.conversations.adapters.memory_model import MemoryModel
from notifications.conversations.asking import Adviser
from notifications.conversations.endpoints import router
from notifications.conversations.settings import ConversationSettings
from notifications.conversations.wiring import Conversations
from tests.notifications.conversations.conftest import Talking


@pytest.fixture
def client(talk: Talking) -> TestClient:
    app = FastAPI()
    settings = SimpleNamespace(security=SecuritySettings(conversation_messages_per_minute=5))  # type: ignore[call-arg]
    app.state.house = SimpleNamespace(database=talk.database, settings=settings, conversations=Conversations(ConversationSettings(), talk.shop))
    install_problems(app)
    app.add_middleware(RequestGuard)
    app.include_router(router)
    return TestClient(app)


def phone(talk: Talking) -> dict[str, str]:
    with talk.database.transaction() as session:
        return {"Authorization": f"Bearer {people.register_device(session, 'Phone', 'ios', talk.now).token}"}


class TestConversations:
    def test_say_read_and_accept(self, talk: Talking, client: TestClient) -> None:
        jane, john = phone(talk), phone(talk)
        said = client.post("/v1/conversations", json={"text": " Please put two Cloudberry Bonbons into my cart "}, headers=jane | {"Idempotency-Key": "1"})
        assert said.status_code == 201
        thread, messages = said.json()["thread"], said.json()["messages"]
        assert [(m["seq"], m["author"]) for m in messages] == [(1, "shopper"), (2, "bot")]
        assert messages[1]["lines"][0]["quantity"] == 2
        again = client.post("/v1/conversations", json={"text": " Please put two Cloudberry Bonbons into my cart "}, headers=jane | {"Idempotency-Key": "1"})
        assert again.json() == said.json()
        path = f"/v1/conversations/{thread['id']}"
        assert [m["seq"] for m in client.get(f"{path}?after=1", headers=jane).json()["messages"]] == [2]
        assert client.get("/v1/conversations", headers=jane).json()["conversations"][0]["id"] == thread["id"]
        assert client.get("/v1/conversations", headers=john).json() == {"conversations": []}
        for answer in (client.get(path, headers=john), client.post(f"{path}/cart", headers=john)):
            assert (answer.status_code, answer.json()["code"]) == (404, "conversation_unknown")
        assert client.post(f"{path}/cart", headers=jane).json()["messages"][-1]["text"] == "It is in your cart."
        assert client.post(f"{path}/cart", headers=jane).json()["code"] == "nothing_proposed"

    def test_a_repeat_asks_no_model_again(self, talk: Talking, client: TestClient) -> None:
        """Planted bug: the model asked before the key of the request was."""
        model = MemoryModel({"muddy": {"intent": "care", "about": "felt slippers"}})
        client.app.state.house.conversations = Conversations(ConversationSettings(), talk.shop, Adviser(model))  # type: ignore[attr-defined]
        with talk.database.transaction() as session:
            device = people.register_device(session, "Phone", "ios", talk.now)
            set_consent(session, device.shopper_id, Purpose.ASSISTANT, granted=True, source="test", at=talk.now)
        said = [client.post("/v1/conversations", json={"text": "the felt slippers are all muddy, what now"}, headers={"Authorization": f"Bearer {device.token}", "Idempotency-Key": key}) for key in "112"]
        assert [(answer.status_code, "Brush when dry" in answer.text) for answer in said] == [(201, True)] * 3
        assert (said[0].json() == said[1].json(), said[1].headers["Idempotent-Replayed"], len(model.shown)) == (True, "true", 2)

    def test_bad_input_is_named(self, talk: Talking, client: TestClient) -> None:
        jane = phone(talk)
        for body, field in (({}, "text"), ({"text": " "}, "text"), ({"text": "x" * 2001}, "text"), ({"text": "a", "to": "b"}, "to"), ({"text": 1}, "text")):
            answer = client.post("/v1/conversations", json=body, headers=jane)
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)

    def test_too_much_is_refused_for_a_while(self, talk: Talking, client: TestClient) -> None:
        jane = phone(talk)
        answers = [client.post("/v1/conversations", json={"text": "hello"}, headers=jane).status_code for _ in range(6)]
        assert answers == [201] * 5 + [429]
