"""A stand-in for an operator's API of the CAMARA SIM Swap kind and for the place that gives out its tokens."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

from app.demo.peers.scripted_peer import Answer, Heard, ScriptedPeer

TOKEN, CHECK = "/token", "/sim-swap/v2/check"


def said(status: int, document: dict[str, Any], **headers: str) -> Answer:
    return Answer(status, json.dumps(document).encode(), {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}})


def refusal(status: int, code: str, **headers: str) -> Answer:
    return said(status, {"status": status, "code": code, "message": "refused"}, **headers)


class OperatorPeer(ScriptedPeer):
    """`swapped` holds numbers whose SIM was changed, by hours ago."""

    def __init__(self) -> None:
        super().__init__()
        self.swapped: dict[str, int] = {}

    def take(self, key: str, heard: Heard) -> Answer:
        if key == TOKEN:
            form = parse_qs(heard.body.decode())
            good = heard.headers.get("authorization", "").startswith("Basic ") and form.get("grant_type") == ["client_credentials"]
            return said(200, {"access_token": "tok-1", "token_type": "Bearer", "expires_in": 3600}) if good else refusal(401, "UNAUTHENTICATED")
        if heard.headers.get("authorization") != "Bearer tok-1":
            return refusal(401, "UNAUTHENTICATED")
        asked = json.loads(heard.body)
        hours = self.swapped.get(asked["phoneNumber"])
        return said(200, {"swapped": hours is not None and hours <= asked["maxAge"]})
