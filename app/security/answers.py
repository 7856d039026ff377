"""Answers that are stored for a retry, sealed: a shopper's with her own key, so that they go with it.

Owns how they are sealed. The kernel stores and gives out what this makes of them (app/kernel/idempotency.py) and knows no key.
"""

from __future__ import annotations

from app.security.principals import Role
from app.security.sealing import seal
from app.security.vault import Destroyed, open_each, seal_for

_PURPOSE = "stored_answer"
_SHOPPER = f"{Role.SHOPPER}:"


class SealedAnswers:
    """Implements `AnswerKeeper` of the kernel."""

    def kept(self, caller: str, key_hash: str, body: bytes) -> bytes:
        """What is stored of an answer to `caller` (`principals.Principal.key`)."""
        if not body:
            return body
        if caller.startswith(_SHOPPER):
            return seal_for(caller.removeprefix(_SHOPPER), _PURPOSE, body, key_hash.encode())
        return seal(_PURPOSE, body, key_hash.encode())

    def given(self, key_hash: str, stored: bytes) -> bytes:
        """The answer again; raises `Destroyed` when it was that of somebody who was erased."""
        if not stored or stored[:1] in (b"{", b"[", b'"'):
            return stored  # of a release that did not seal
        (body,) = open_each(_PURPOSE, [(stored, key_hash.encode())])
        if body is None:
            raise Destroyed
        return body
