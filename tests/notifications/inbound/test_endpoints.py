"""Requests of Twilio and Meta: believed on the body as it came, by either of two secrets, once; forged and rewritten ones refused."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.kernel.errors import Invalid
from app.kernel.http import RequestGuard, install_problems
from app.security.contacts import repository as contacts
from app.security.contacts.values import ContactKind
from app.security.inbound import meta, twilio
from app.security.settings import SecuritySettings
from notifications.channel_settings import ChannelSettings
from notifications.conversations import repository
from notifications.conversations.settings import ConversationSettings
from notifications.conversations.wiring import Conversations
from notifications.inbound.endpoints import router
from notifications.inbound.messages import of_meta
from tests.notifications.conversations.conftest import Talking
from tests.notifications.conversations.test_texting import NUMBER

ORIGIN = "https://shop.example"
PATH = "/v1/inbound/twilio"
OLD, NEW = "old-token", "new-token"
FORM = {"MessageSid": "SM1", "From": NUMBER, "To": "+15550001", "Body": "How much is the Cloudberry Bonbon?"}


def whatsapp(*messages: dict[str, Any]) -> bytes:
    document = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": {"messages": list(messages)}}]}]}
    return json.dumps(document).encode()


def text(body: str, name: str = "wamid.1", timestamp: int = 1) -> dict[str, Any]:
    return {"from": NUMBER[1:], "id": name, "timestamp": str(timestamp), "type": "text", "text": {"body": body}}


@pytest.fixture
def jane(talk: Talking) -> str:
    shopper_id = talk.shopper()
    with talk.database.transaction() as session:
        contacts.put(session, shopper_id, ContactKind.PHONE, NUMBER, talk.now)
    return shopper_id


@pytest.fixture
def client(talk: Talking) -> TestClient:
    app = FastAPI()
    secrets = tuple(SecretStr(s) for s in (OLD, NEW))
    channels = ChannelSettings(twilio_token=secrets[1], twilio_token_before=secrets[0], meta_secrets=secrets, meta_verify_token=secrets[0])  # type: ignore[call-arg]
    chosen = ConversationSettings()
    settings = SimpleNamespace(security=SecuritySettings(), channels=channels, base_url=lambda: ORIGIN)
    app.state.house = SimpleNamespace(database=talk.database, settings=settings, conversations=Conversations(chosen, talk.shop))
    install_problems(app)
    app.add_middleware(RequestGuard)
    app.include_router(router)
    return TestClient(app)


def bring(client: TestClient, form: dict[str, str], signature: str | None) -> Any:
    headers = {"Content-Type": "application/x-www-form-urlencoded"} | ({"X-Twilio-Signature": signature} if signature else {})
    return client.post(PATH, content=urlencode(form), headers=headers)


def count(talk: Talking, shopper_id: str) -> int:
    with talk.database.reading() as session:
        return sum(t.last_seq for t in repository.threads_of(session, shopper_id))


class TestTwilio:
    @pytest.mark.parametrize("token", [OLD, NEW])
    def test_is_believed_by_either_token_and_counts_once(self, talk: Talking, client: TestClient, jane: str, token: str) -> None:
        signature = twilio.signature(token, ORIGIN + PATH, list(FORM.items()))
        for _ in range(2):
            answer = bring(client, FORM, signature)
            assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "text/xml")
        assert count(talk, jane) == 2

    def test_a_number_nobody_knows_is_answered_the_same(self, talk: Talking, client: TestClient, jane: str) -> None:
        stranger = FORM | {"From": "+358409999999", "MessageSid": "SM2"}
        answers = [bring(client, form, twilio.signature(NEW, ORIGIN + PATH, list(form.items()))) for form in (FORM, stranger)]
        assert answers[0].content == answers[1].content
        assert count(talk, jane) == 2

    def test_forged_changed_and_unsigned_ones_are_refused(self, talk: Talking, client: TestClient, jane: str) -> None:
        signature = twilio.signature(NEW, ORIGIN + PATH, list(FORM.items()))
        for form, given in ((FORM, None), (FORM, "x"), (FORM, twilio.signature("", ORIGIN + PATH, list(FORM.items()))), (FORM | {"Body": "STOP"}, signature)):
            answer = bring(client, form, given)
            assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
        assert count(talk, jane) == 0

    def test_a_body_that_is_no_form(self, client: TestClient) -> None:
        assert client.post(PATH, content=b"\xff\xfe=1", headers={"Content-Type": "application/x-www-form-urlencoded"}).status_code in (401, 422)
        assert client.post(PATH, content="&".join(f"a{i}=1" for i in range(300))).status_code == 422


class TestWhatsapp:
    def post(self, client: TestClient, body: bytes, signature: str | None) -> Any:
        return client.post("/v1/inbound/meta", content=body, headers={"X-Hub-Signature-256": signature} if signature else {})

    def test_metas_question(self, client: TestClient) -> None:
        asked = {"hub.mode": "subscribe", "hub.verify_token": OLD, "hub.challenge": "1158201444"}
        answer = client.get("/v1/inbound/meta", params=asked)
        assert (answer.status_code, answer.text) == (200, "1158201444")
        assert client.get("/v1/inbound/meta", params=asked | {"hub.verify_token": "x"}).status_code == 401

    @pytest.mark.parametrize("secret", [OLD, NEW])
    def test_is_believed_as_it_came_and_counts_once(self, talk: Talking, client: TestClient, jane: str, secret: str) -> None:
        body = whatsapp(text("how much is a bonbon"))
        for _ in range(2):
            assert self.post(client, body, meta.signature(secret, body)).status_code == 204
        assert count(talk, jane) == 2
        rewritten = json.dumps(json.loads(body), indent=1).encode()
        for given in (None, "sha1=x", meta.signature("", body)):
            assert self.post(client, body, given).status_code == 401
        assert self.post(client, rewritten, meta.signature(secret, body)).status_code == 401
        assert count(talk, jane) == 2

    @pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{}", b'{"entry": 1}', b'{"entry": [{"changes": [{"field": "messages", "value": {"messages": [{}]}}]}]}', b"[" * 5000])
    def test_what_is_no_message_is_refused_by_name(self, client: TestClient, body: bytes) -> None:
        answer = self.post(client, body, meta.signature(NEW, body))
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body")


class TestOfMeta:
    def test_in_the_order_they_were_written(self) -> None:
        found = of_meta(whatsapp(text("second", "b", 2), text("first", "a", 1), {"from": "1", "id": "c", "timestamp": "3", "type": "image", "image": {}}, {**text("x", "d", 4), "type": "image"}))
        assert [(t.id, t.text) for t in found] == [("a", "first"), ("b", "second"), ("d", "(image)")]

    def test_news_of_deliveries_is_passed_over(self) -> None:
        assert of_meta(json.dumps({"entry": [{"changes": [{"field": "messages", "value": {"statuses": [{}]}}, {"field": "other", "value": {}}]}]}).encode()) == []

    def test_raises_invalid(self) -> None:
        with pytest.raises(Invalid):
            of_meta(b"{")
