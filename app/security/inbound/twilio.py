"""Twilio's signature: `X-Twilio-Signature` over the address it called and what it sent. Pure.

Owns the check. Must see the address as Twilio was given it (with its query), and the body as it came.
Source: https://www.twilio.com/docs/usage/security#validating-requests: HMAC-SHA1 with the account's auth token, base64, over the address
and, for a form, every parameter in the order of their names, name and value one after the other; for any other body the address carries
`bodySHA256`. Twilio signs no time: a request is told from its repeat by its ids alone (`receiving.first_time`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from app.kernel.verdict import PASS, Fail, Verdict

BODY_HASH = "bodySHA256"


def signature(token: str, url: str, parameters: Sequence[tuple[str, str]] = ()) -> str:
    """What Twilio would send. A name that comes several times counts once for each different value, as Twilio's libraries do it."""
    spelled = "".join(f"{name}{value}" for name, value in sorted(set(parameters)))
    return base64.b64encode(hmac.new(token.encode(), (url + spelled).encode(), hashlib.sha1).digest()).decode()


def verify_form(given: str | None, url: str, parameters: Sequence[tuple[str, str]], tokens: Sequence[str]) -> Verdict:
    """A form. `parameters` in any order, decoded; `tokens` are all in force. PASS, or Fail(signature_missing | _wrong)."""
    if not given:
        return Fail("signature_missing")
    matches = [
        hmac.compare_digest(signature(token, spelled, parameters).encode(), given.encode("utf-8", "replace"))
        for token in tokens
        if token
        for spelled in _spellings(url)
    ]
    return PASS if any(matches) else Fail("signature_wrong")


def verify_body(given: str | None, url: str, body: bytes, tokens: Sequence[str]) -> Verdict:
    """Any other body, JSON above all: the address is signed, and names the hash of the body. Fail(signature_malformed): it names none."""
    named = [value for name, value in _query(url) if name == BODY_HASH]
    if given and len(named) != 1:
        return Fail("signature_malformed")
    verdict = verify_form(given, url, (), tokens)
    if not verdict.ok:
        return verdict
    same = hmac.compare_digest(hashlib.sha256(body).hexdigest().encode(), named[0].lower().encode("utf-8", "replace"))
    return PASS if same else Fail("signature_wrong")


def _query(url: str) -> list[tuple[str, str]]:
    pairs = url.partition("#")[0].partition("?")[2].split("&")
    return [(name, value) for name, _, value in (pair.partition("=") for pair in pairs)]


def _spellings(url: str) -> tuple[str, ...]:
    """The address with and without the port that goes without saying: Twilio is not of one mind about it."""
    scheme, divider, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    port = {"https": ":443", "http": ":80"}.get(scheme, "")
    if not port or not divider:
        return (url,)
    bare = host.removesuffix(port)
    if bare == host and ":" in host.rpartition("]")[2]:
        return (url,)  # another port, which is always said
    return (f"{scheme}://{bare}{slash}{path}", f"{scheme}://{bare}{port}{slash}{path}")
