"""The settings of app/security: how long a session lasts, and how many tries anyone has.

Owns the fields and their defaults. Must not hold a secret: those live in the secrets file alone.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from app.kernel.settings import SettingsGroup
from app.security.windows import LimitRule

GUESSED = ("coupon_code", "live_code", "contact_code", "presence_code", "message_code", "passkey", "attestation")
"""Limits that share one number of tries and count each for itself."""


class SecuritySettings(SettingsGroup):
    """Read from `MOMENTS_SECURITY__<FIELD>`."""

    keys_url: str = Field(
        "", description="Where shoppers' keys are kept: `postgresql://user@host/name`, another database than the main one and in none of its backups; empty: the file `keys.sqlite3` in data_dir."
    )
    cookie_secure: bool = Field(False, description="Mark session cookies Secure even when the request came over plain HTTP (set behind a TLS proxy).")
    session_ttl_s: int = Field(30 * 86_400, ge=60, le=366 * 86_400, description="How long a shopper's session in a browser lasts.")
    staff_session_ttl_s: int = Field(12 * 3600, ge=60, le=31 * 86_400, description="How long a session of a marketer, clerk or operator lasts.")
    link_ttl_s: int = Field(3600, ge=60, le=31 * 86_400, description="How long a one-time sign-in link can be used.")
    devices_per_minute: int = Field(120, ge=1, le=10_000, description="New devices one network address may register in a minute.")
    sign_ins_per_minute: int = Field(10, ge=1, le=10_000, description="Sign-in tries per network address, and per e-mail address, in a minute.")
    link_uses_per_minute: int = Field(20, ge=1, le=10_000, description="Tries to use a sign-in link per network address in a minute.")
    till_codes_per_minute: int = Field(20, ge=1, le=10_000, description="Codes one clerk may try at the till in a minute.")
    rp_id: str = Field("", max_length=253, description="The domain passkeys are made for; empty: the host of `MOMENTS_PUBLIC_URL`, or where the request came to. A change makes all passkeys useless.")
    rp_origins: tuple[str, ...] = Field((), description="Further addresses from which passkeys may be used, such as an app's `android:apk-key-hash:...`, as a JSON list.")
    challenge_ttl_s: int = Field(120, ge=10, le=600, description="How long a challenge for a passkey or a device can be answered.")
    passkey_change_fresh_s: int = Field(300, ge=10, le=86_400, description="To add or remove a passkey, one is shown within this time (a password where there is no passkey yet).")

    guesses_per_minute: int = Field(
        20,
        ge=1,
        le=10_000,
        description="Tries in a minute at what else could be guessed (coupon codes in the cart, live codes, codes sent to a contact, presence codes, passkey answers): of one caller, on one device, and at one target by everybody together.",
    )
    conversation_messages_per_minute: int = Field(30, ge=1, le=10_000, description="Messages one caller, and one device, may write in conversations in a minute.")
    dpop_max_age_s: int = Field(120, ge=5, le=600, description="How far the clock of a phone that proves to hold its key may be from ours.")
    dpop_nonce: bool = Field(False, description="Ask for a nonce of ours in every proof of a phone's key: one more request now and then, and no proof can be made ahead of time.")

    contact_sends_per_hour: int = Field(
        6, ge=1, le=10_000, description="Codes one caller, and one device, may have sent in an hour; also how many one address or number gets."
    )
    small_value_minor: dict[str, int] = Field(
        {"EUR": 2_500, "USD": 2_500, "GBP": 2_500, "CHF": 2_500, "SEK": 25_000, "NOK": 25_000, "DKK": 20_000, "JPY": 4_000, "INR": 250_000},
        description="Up to how much a coupon may give on a bare position or an ordinary beacon (minor units by currency). In a currency that is not named nothing is small.",
    )
    high_value_minor: dict[str, int] = Field(
        {"EUR": 20_000, "USD": 20_000, "GBP": 20_000, "CHF": 20_000, "SEK": 200_000, "NOK": 200_000, "DKK": 150_000, "JPY": 30_000, "INR": 2_000_000},
        description="Above how much a coupon is used only with a passkey online, or with the live code of her phone at a till (minor units by currency).",
    )
    small_payment_minor: dict[str, int] = Field(
        {"EUR": 50_000, "USD": 50_000, "GBP": 50_000, "CHF": 50_000, "SEK": 500_000, "NOK": 500_000, "DKK": 400_000, "JPY": 80_000, "INR": 5_000_000},
        description="Up to how much a payment is ordinary at night and after a change of contact (minor units by currency).",
    )
    high_payment_minor: dict[str, int] = Field(
        {"EUR": 300_000, "USD": 300_000, "GBP": 300_000, "CHF": 300_000, "SEK": 3_000_000, "NOK": 3_000_000, "DKK": 2_500_000, "JPY": 500_000, "INR": 30_000_000},
        description="Above how much a payment asks for a passkey, beside what the bank asks (minor units by currency).",
    )
    high_budget_minor: dict[str, int] = Field(
        {"EUR": 5_000_000, "USD": 5_000_000, "GBP": 5_000_000, "CHF": 5_000_000, "SEK": 50_000_000, "NOK": 50_000_000, "DKK": 40_000_000, "JPY": 8_000_000, "INR": 500_000_000},
        description="Above how large a budget a campaign is published only by somebody who has signed in within the hour (minor units by currency).",
    )
    set_keys_file: Path | None = Field(None, description="The public keys (a JWKS file) of those who may warn us of phones and people by signed security events; read anew when it changes, never fetched. Empty: nobody may.")
    set_issuers: tuple[str, ...] = Field((), description="Who may send security events: their `iss`, as a JSON list.")
    set_audience: str = Field("", description="Our name in security events (`aud`).")
    set_max_age_s: int = Field(86_400, ge=60, le=30 * 86_400, description="The greatest age of a security event; each counts once.")
    attestation_fresh_s: int = Field(7 * 86_400, ge=3600, le=366 * 86_400, description="How long what a phone proved about itself counts in full; then a step less, after as long again two, and so on.")
    play_package_names: tuple[str, ...] = Field((), description="Our Android apps, whose Play Integrity verdicts count, as a JSON list. Empty: none do.")
    play_decryption_key: SecretStr = Field(SecretStr(""), description="The response decryption key of Play Integrity (base64, from the Play Console).")
    play_verification_key: SecretStr = Field(SecretStr(""), description="The response verification key of Play Integrity (base64, from the Play Console).")
    app_attest_apps: tuple[str, ...] = Field((), description="Our iOS apps (`TEAMID.bundle.id`), whose App Attest keys count, as a JSON list. Empty: none do.")
    app_attest_root_file: Path | None = Field(None, description="Apple's App Attest root certificate (PEM), from Apple's page of certificate authorities.")
    app_attest_development: bool = Field(False, description="Let App Attest's development environment count too, as software.")

    def limit(self, name: str) -> LimitRule:
        """The rule of that name; raises KeyError for a name that is not one."""
        if name == "contact_send":
            return LimitRule(name, self.contact_sends_per_hour, 3600)
        tries = {
            "devices": self.devices_per_minute,
            "sign_in": self.sign_ins_per_minute,
            "link_use": self.link_uses_per_minute,
            "till_code": self.till_codes_per_minute,
            "security_event": 600,
            "review": 10,
            "support": 10,
            "conversation": self.conversation_messages_per_minute,
            **dict.fromkeys(GUESSED, self.guesses_per_minute),
        }[name]
        return LimitRule(name, tries, 60)
