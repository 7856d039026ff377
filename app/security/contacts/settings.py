"""The settings of contacts: how mail leaves the house, and how long codes and links live.

Owns the fields and their defaults. Without `smtp_host` no e-mail leaves, and contacts cannot be verified (the demo excepted).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from app.kernel.settings import SettingsGroup


class ContactSettings(SettingsGroup):
    """Read from `MOMENTS_CONTACTS__<FIELD>`."""

    smtp_host: str = Field("", description="The mail server that takes our e-mail; empty: none is sent.")
    smtp_port: int = Field(587, ge=1, le=65535, description="The port of the mail server.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the way to the mail server is kept secret; `none` only for a server on the same machine."
    )
    smtp_user: str = Field("", description="The name to sign in to the mail server with; empty: none.")
    smtp_password: SecretStr = Field(SecretStr(""), description="The password to sign in to the mail server with.")
    smtp_timeout_s: float = Field(10.0, gt=0, le=60, description="How long the mail server may take over one step.")
    sender: str = Field("Mobile Moments <no-reply@localhost>", max_length=200, description="From whom our e-mail is.")
    code_ttl_s: int = Field(600, ge=60, le=3600, description="How long a code sent to a contact can be used.")
    code_tries: int = Field(5, ge=1, le=10, description="How often one code can be typed in.")
    undo_ttl_s: int = Field(7 * 86_400, ge=3600, le=30 * 86_400, description="How long the old contact can take a change back by its link.")
    letter_attempts: int = Field(6, ge=1, le=20, description="How often one letter is tried in all; the wait doubles from five seconds.")
    letter_lease_s: float = Field(120.0, ge=30, le=3600, description="How long a claimed letter belongs to the process that claimed it.")
