"""Whether a request really comes from Twilio, Meta or the operator's mail server: asked of the raw body, before anything of it is read.

Owns which secrets are in force. Shared by all routes a provider calls: what became of a message (statuses.py, returned.py), and what somebody writes to
us (messages.py). Where no secret is set, nothing is believed. Must not know what a request says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

from pydantic import SecretStr

from app.kernel.errors import Invalid
from app.security.inbound import meta, standard_webhooks, twilio
from app.security.inbound.receiving import believe
from notifications.channel_settings import ChannelSettings

FIELDS_MOST = 200


def twilio_form(channels: ChannelSettings, address: str, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    """The fields of a form that Twilio sent to `address` (origin, path and query). Raises Invalid, BadSignature."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MOST)
    except ValueError:
        raise Invalid.field("body", f"a form in UTF-8 with at most {FIELDS_MOST} fields, as Twilio sends it") from None
    tokens = _in_force((channels.twilio_token, channels.twilio_token_before))
    believe("twilio", twilio.verify_form(headers.get("x-twilio-signature"), address, pairs, tokens))
    return dict(pairs)


def meta_body(channels: ChannelSettings, headers: Mapping[str, str], body: bytes) -> bytes:
    """The body, once it is Meta's. Raises BadSignature."""
    believe("meta", meta.verify(headers.get("x-hub-signature-256"), body, _in_force(channels.meta_secrets)))
    return body


def meta_challenge(channels: ChannelSettings, mode: str | None, token: str | None) -> None:
    """The question Meta asks before it sends anything. Raises BadSignature."""
    believe("meta", meta.subscribed(mode, token, _in_force((channels.meta_verify_token,))))


def mail(channels: ChannelSettings, headers: Mapping[str, str], body: bytes, now_s: float) -> None:
    """A raw mail, signed as a webhook is by whoever the operator lets bring it. Raises BadSignature."""
    believe("mail", standard_webhooks.verify(headers, body, _in_force(channels.mail_secrets), now_s=now_s))


def _in_force(secrets: Iterable[SecretStr]) -> list[str]:
    return [plain for secret in secrets if (plain := secret.get_secret_value())]
