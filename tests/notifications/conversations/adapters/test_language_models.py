"""What every language model promises, held against each adapter; and what one behind an address alone has to say. Real HTTP, to a peer here."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from app.demo.peers.scripted_peer import Answer, Heard, ScriptedPeer
from notifications.conversations.adapters.chat_completions_gateway import ChatCompletionsGateway
from notifications.conversations.adapters.memory_model import MemoryModel
from notifications.conversations.ports import LanguageModel
from notifications.conversations.settings import ConversationSettings
from notifications.conversations.suggesting import INSTRUCTIONS
from notifications.conversations.wiring import adviser

MESSAGE = "<message>\nmuddy\n</message>"
CARE = '{"intent": "care"}'
PATH = "/v1/chat/completions"


def said(content: object) -> Answer:
    return Answer(200, json.dumps({"choices": [{"message": {"role": "assistant", "content": content}}]}).encode(), {"Content-Type": "application/json"})


class ModelPeer(ScriptedPeer):
    def take(self, key: str, heard: Heard) -> Answer:
        if heard.headers.get("authorization") != "Bearer key-1":
            return Answer(401, b"{}")
        return said(CARE if "muddy" in json.loads(heard.body)["messages"][-1]["content"] else '{"intent": "none"}')


def settings(url: str, timeout_s: float = 30) -> ConversationSettings:
    return ConversationSettings.model_validate({"language_model_url": f"{url}/v1/", "language_model_key": "key-1", "language_model": "small-1", "language_model_timeout_s": min(timeout_s, 10)})


@pytest.fixture
def peer() -> Iterator[ModelPeer]:
    with ModelPeer() as peer:
        yield peer


@pytest.fixture(params=["memory", "chat completions"])
def model(request: pytest.FixtureRequest, peer: ModelPeer) -> Iterator[LanguageModel]:
    found = MemoryModel({"muddy": CARE}) if request.param == "memory" else ChatCompletionsGateway(settings(peer.url))
    yield found
    found.close()


class TestEvery:
    def test_answers_a_message(self, model: LanguageModel) -> None:
        assert model.name
        assert [json.loads(model.choose(m) or "") for m in (MESSAGE, "<message>\nx\n</message>")] == [{"intent": "care"}, {"intent": "none"}]


class TestChatCompletions:
    def test_what_is_sent(self, peer: ModelPeer) -> None:
        model = ChatCompletionsGateway(settings(peer.url))
        model.choose(MESSAGE)
        model.close()
        [heard] = peer.attempts[PATH]
        assert json.loads(heard.body) == {
            "model": "small-1", "temperature": 0, "max_tokens": 120, "response_format": {"type": "json_object"},
            "messages": [{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": MESSAGE}],
        }  # fmt: skip
        assert heard.headers["authorization"] == "Bearer key-1"

    @pytest.mark.parametrize(
        "answer",
        [
            Answer(401, b"{}"), Answer(429, b"{}"), Answer(503, b""), Answer(302, b"", {"Location": "/v1/elsewhere"}), Answer(garbage=True), Answer(200, b"no json"), Answer(200, b"[]"),
            Answer(200, b'{"choices": []}'), said(None), said(["text"]), said("x" * 100_000),
        ],
    )  # fmt: skip
    def test_whatever_is_no_answer_is_none_and_nothing_is_raised(self, peer: ModelPeer, answer: Answer) -> None:
        peer.program(PATH, answer)
        model = ChatCompletionsGateway(settings(peer.url))
        assert model.choose(MESSAGE) is None
        model.close()

    def test_too_late_is_none_and_no_word_is_logged(self, peer: ModelPeer, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
        answer = said(CARE)
        peer.program(PATH, Answer(200, answer.body, answer.headers, hold_s=1.0))
        model = ChatCompletionsGateway(settings(peer.url, timeout_s=0.2))
        assert model.choose(MESSAGE) is None
        model.close()
        out = capsys.readouterr()
        assert not any(secret in out.out + out.err + caplog.text for secret in ("muddy", "key-1"))


class TestAdviser:
    def test_nobody_unless_set_up(self, peer: ModelPeer) -> None:
        assert adviser(ConversationSettings()) is None
        found = adviser(settings(peer.url))
        assert found is not None
        assert found.model.name == "small-1"
        found.model.close()

    def test_an_address_without_a_model_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="language_model"):
            ConversationSettings.model_validate({"language_model_url": "https://models.example/v1"})
