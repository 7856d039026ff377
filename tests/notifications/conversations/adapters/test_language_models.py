"""What every language model promises, held against each adapter; and what one behind an address alone has to say. Real HTTP, to a peer here."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

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


class Dripping:
    """Says a whole and good answer, byte by byte, for longer than anybody waits."""

    def __init__(self, text: bytes) -> None:
        self.text, self.gone = text, threading.Event()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        talk, _ = self.listening.accept()
        with talk, suppress(OSError):
            talk.recv(65_536)
            for sign in self.text:
                talk.sendall(bytes([sign]))
                if self.gone.wait(0.01):
                    return


class TestWithin:
    @pytest.mark.parametrize("where", ["head", "body"])
    def test_the_time_is_for_the_whole_whatever_is_dripped(self, where: str) -> None:
        """Planted bug: the time given to each step anew; the answer came, after three seconds."""
        body = said(CARE).body
        drips = (b"HTTP/1.1 200 OK\r\n" + b"X-Slow: %s\r\n" % (b"a" * 300 * (where == "head")) + b"Content-Length: %d\r\n\r\n" % (len(body) + 300 * (where == "body"))) + b" " * 300 * (where == "body") + body
        peer = Dripping(drips)
        model = ChatCompletionsGateway(settings(peer.url, timeout_s=0.3))
        assert model.choose(MESSAGE) is None
        peer.gone.set()
        peer.listening.close()

    def test_a_name_that_is_not_answered_is_not_waited_for(self, peer: ModelPeer) -> None:
        """Planted bug: the name asked in the caller's own thread."""
        asked, over, waited = threading.Event(), threading.Event(), threading.Event()

        def hangs(_host: str, _port: int) -> list[str]:
            asked.set()
            over.wait(60)
            waited.set()
            return ["127.0.0.1"]

        model = ChatCompletionsGateway(settings(peer.url, timeout_s=0.2), resolve=hangs)
        assert (model.choose(MESSAGE), waited.is_set(), peer.attempts) == (None, False, {})
        assert asked.wait(60)
        over.set()

    def test_the_next_address_is_tried_and_none_is_none(self, peer: ModelPeer) -> None:
        assert ChatCompletionsGateway(settings(peer.url), resolve=lambda _host, _port: ["127.0.0.2", "127.0.0.1"]).choose(MESSAGE) == CARE
        assert ChatCompletionsGateway(settings(peer.url), resolve=lambda _host, _port: []).choose(MESSAGE) is None


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
