"""A local stand-in for Google's Wallet API (offer objects) and for the place its access tokens come from.

Owns which objects are saved, what a PATCH does to one, and who may. It binds 127.0.0.1 only and must not import a room.
Sources: Google, Wallet API, REST resource offerobject; Google, "Using OAuth 2.0 for server to server applications".
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, unquote

from app.demo.peers.scripted_peer import Answer, Heard, ScriptedPeer

TOKEN = "/token"  # noqa: S105 - a path, not a secret
_STATES = {"ACTIVE", "COMPLETED", "EXPIRED", "INACTIVE"}


def refusal(status: int, word: str, **headers: str) -> Answer:
    """As Google writes it."""
    body = {"error": {"code": status, "message": "refused", "status": word}}
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}})


class WalletObjectsPeer(ScriptedPeer):
    """`saved[id]` is an object as it is now; `save` puts one there, as a shopper does by the link. Answers to the path `/token` may be told, too."""

    def __init__(self) -> None:
        super().__init__()
        self.saved: dict[str, dict[str, Any]] = {}

    def save(self, form: dict[str, Any]) -> None:
        self.saved[form["id"]] = dict(form)

    def account(self, account: dict[str, str]) -> dict[str, str]:
        """The same service account, with its access tokens from here."""
        return {**account, "type": "service_account", "token_uri": f"{self.url}{TOKEN}"}

    def key_of(self, heard: Heard) -> str:
        return unquote(heard.path.rpartition("/")[2])

    def take(self, key: str, heard: Heard) -> Answer:
        as_json = {"Content-Type": "application/json"}
        if heard.path == TOKEN:
            asked = parse_qs(heard.body.decode())
            if asked.get("grant_type") != ["urn:ietf:params:oauth:grant-type:jwt-bearer"] or asked.get("assertion", [""])[0].count(".") != 2:
                return Answer(400, b'{"error":"invalid_grant"}', as_json)
            return Answer(200, b'{"access_token":"right","expires_in":3600,"token_type":"Bearer"}', as_json)
        if heard.headers.get("authorization") != "Bearer right":
            return refusal(401, "UNAUTHENTICATED")
        if heard.path != f"/walletobjects/v1/offerObject/{key}" or key not in self.saved:
            return refusal(404, "NOT_FOUND")
        change = json.loads(heard.body)
        if change.get("state") not in _STATES or change.get("id") != key:
            return refusal(400, "INVALID_ARGUMENT")
        kept = {name: value for name, value in {**self.saved[key], **change}.items() if value is not None}
        self.saved[key] = kept
        return Answer(200, json.dumps(kept).encode(), as_json)
