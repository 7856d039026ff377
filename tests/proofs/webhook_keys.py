"""The secrets that a proof of webhooks and the processes it starts share."""

from __future__ import annotations

from app.security.secrets import Secrets

SECRETS = Secrets("kfixed", {"kfixed": b"s" * 32}, b"c" * 32, b"l" * 32, b"p" * 32)
