"""A local stand-in for Twilio's Messages resource.

Owns what the resource asks of a message, and its errors as Twilio writes them. Source: Twilio's public REST reference (Messages).
"""

from __future__ import annotations

import json
from urllib.parse import parse_qs

from app.demo.peers.scripted_peer import Answer, Heard, ScriptedPeer


def refusal(status: int, code: int, **more: str) -> Answer:
    """An error as Twilio answers it; `more` are headers."""
    body = {"code": code, "message": "refused", "more_info": f"https://www.twilio.com/docs/errors/{code}", "status": status}
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in more.items()}})


class TwilioPeer(ScriptedPeer):
    """`delivered[number]` holds the fields of each message that was taken."""

    def __init__(self, account: str = "AC" + "0" * 32) -> None:
        super().__init__()
        self.account = account
        self.delivered: dict[str, list[dict[str, str]]] = {}

    def key_of(self, heard: Heard) -> str:
        return self._fields(heard).get("To", "")

    def take(self, key: str, heard: Heard) -> Answer:
        fields = self._fields(heard)
        if heard.path != f"/2010-04-01/Accounts/{self.account}/Messages.json":
            return refusal(404, 20404)
        if not heard.headers.get("authorization", "").startswith("Basic "):
            return refusal(401, 20003)
        if not key.removeprefix("whatsapp:").startswith("+"):
            return refusal(400, 21211)
        if len(fields.get("Body", "")) > 1600:
            return refusal(400, 21617)
        if "Body" not in fields and "ContentSid" not in fields:
            return refusal(400, 21602)
        self.delivered.setdefault(key, []).append(fields)
        sid = f"SM{sum(map(len, self.delivered.values())):032d}"
        made = {"sid": sid, "status": "queued", "to": key, "from": fields.get("From"), "body": fields.get("Body", ""), "error_code": None}
        return Answer(201, json.dumps(made).encode(), {"Content-Type": "application/json"})

    @staticmethod
    def _fields(heard: Heard) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(heard.body.decode()).items()}
