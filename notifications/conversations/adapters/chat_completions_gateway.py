"""A language model behind an address that speaks the widespread "chat completions" JSON, here or elsewhere.

Owns the words of that interface. Must not log what was asked or answered, must not raise, and must not hold a caller longer than the
settings say. It is given no tools; redirects are not followed. Source: the interface's public description (OpenAI API, `POST /chat/completions`).
"""

from __future__ import annotations

import json
import time
from typing import Any

from app.kernel.logs import get_logger
from notifications.conversations.settings import ConversationSettings
from notifications.conversations.suggesting import INSTRUCTIONS

log = get_logger(__name__)

ANSWER_MOST_BYTES = 64 * 1024
ANSWER_MOST_TOKENS = 120


class ChatCompletionsGateway:
    def __init__(self, settings: ConversationSettings) -> None:
        import httpx2

        self.name = settings.language_model
        self._url = settings.language_model_url.rstrip("/") + "/chat/completions"
        self._timeout_s = settings.language_model_timeout_s
        key = settings.language_model_key.get_secret_value()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http: Any = httpx2.Client(timeout=self._timeout_s, headers=headers, follow_redirects=False, trust_env=False)

    def choose(self, message: str) -> str | None:
        asked = {
            "model": self.name,
            "messages": [{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": message}],
            "temperature": 0,
            "max_tokens": ANSWER_MOST_TOKENS,
            "response_format": {"type": "json_object"},
        }
        try:
            return self._answer(asked)
        except Exception as error:  # noqa: BLE001 - its trouble must never be hers, and its text may hold her words
            log.warning("language_model_gave_no_answer", why=type(error).__name__)
            return None

    def close(self) -> None:
        self._http.close()

    def _answer(self, asked: dict[str, Any]) -> str | None:
        deadline = time.monotonic() + self._timeout_s
        body = b""
        with self._http.stream("POST", self._url, json=asked) as answer:
            status = int(answer.status_code)
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > ANSWER_MOST_BYTES or time.monotonic() > deadline:
                    raise TimeoutError
        if status != 200:
            log.warning("language_model_gave_no_answer", why=str(status))
            return None
        said = json.loads(body)["choices"][0]["message"]["content"]
        return said if isinstance(said, str) else None
