"""Passwords: what is accepted, and how they are hashed and checked.

Owns the strength rule and Argon2id (by pwdlib). Must not touch the database: hashing takes tens of milliseconds and
is done before a transaction begins.
"""

from __future__ import annotations

import functools
import unicodedata

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from app.kernel.errors import Invalid
from app.security.sealing import peppered

MIN_CHARS = 10
MAX_CHARS = 200


@functools.cache
def _hasher() -> PasswordHash:
    # OWASP's second Argon2id profile: 19 MiB, two passes; forty sign-ins at once stay under a gigabyte
    return PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1),))


@functools.cache
def _of_nobody() -> str:
    return _hasher().hash("nobody has this password")


def accepted(password: str, email: str = "") -> str:
    """The password in the form that is hashed (NFC); raises `Invalid` naming the remedy when it is too weak."""
    normal = unicodedata.normalize("NFC", password)
    if not MIN_CHARS <= len(normal) <= MAX_CHARS:
        raise Invalid.field("password", f"use {MIN_CHARS} to {MAX_CHARS} characters; several words are good")
    if len(set(normal)) < 4 or (email and normal.lower() in (email, email.split("@", maxsplit=1)[0])):
        raise Invalid.field("password", "use something that cannot be read off the e-mail address or typed with one finger")
    return normal


def hashed(password: str) -> str:
    """Argon2id over the peppered password; the result is at most 128 characters."""
    return _hasher().hash(peppered(unicodedata.normalize("NFC", password)))


def verified(password: str, password_hash: str | None) -> bool:
    """True when it is the password. Without a hash the same work is done, so that time does not tell who has an account."""
    try:
        right = _hasher().verify(peppered(unicodedata.normalize("NFC", password[: MAX_CHARS * 4])), password_hash or _of_nobody())
    except UnknownHashError:
        return False
    return right and password_hash is not None
