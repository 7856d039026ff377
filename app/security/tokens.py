"""Bearer secrets: how they are made and how they are kept.

Owns the shapes of tokens and their hashes. Must not touch the database. A token carries 256 random bits, so a plain
SHA-256 of it cannot be guessed back; only the hash is ever stored.
"""

from __future__ import annotations

import hashlib
import secrets as randomness
from dataclasses import dataclass
from enum import StrEnum


class TokenKind(StrEnum):
    """What a token opens with; the beginning tells people and secret scanners what they have found, and the log scrubber what to hide."""

    DEVICE = "dt_"
    SESSION = "st_"
    TRACKING = "trk_"
    LINK = "lnk_"
    API_KEY = "mk_live_"


MAX_TOKEN_CHARS = 120
PREFIX_SHOWN_CHARS = 6


@dataclass(frozen=True, slots=True, repr=False)
class NewToken:
    """`text` is told to its owner once and then forgotten; `hash` is stored; `shown` may be listed."""

    text: str
    hash: str
    shown: str

    def __repr__(self) -> str:
        return f"NewToken(shown={self.shown!r})"


def new_token(kind: TokenKind) -> NewToken:
    """43 URL-safe characters (256 bits) after the kind's beginning."""
    text = kind + randomness.token_urlsafe(32)
    return NewToken(text, token_hash(text), text[: len(kind) + PREFIX_SHOWN_CHARS])


def token_hash(text: str) -> str:
    """SHA-256 in 64 hex digits; any text has one, so a malformed token is merely unknown."""
    return hashlib.sha256(b"mobile-moments token\x00" + text.encode("utf-8", "surrogatepass")).hexdigest()


def kind_of(text: str) -> TokenKind | None:
    """The kind a token claims to be; None for anything that is not one of ours."""
    if len(text) > MAX_TOKEN_CHARS:
        return None
    return next((kind for kind in TokenKind if text.startswith(kind)), None)
