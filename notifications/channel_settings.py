"""What each way of sending needs to be switched on (MOMENTS_CHANNELS__...). Without it the house works as before.

Owns names, bounds and defaults. A channel is off until what it needs is set; the way to the mail server is that of contacts.
"""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from app.kernel.settings import SettingsGroup
from app.security.inbound.standard_webhooks import key_of
from app.security.return_paths import BASE_MOST_CHARS
from notifications.subscriptions import PUSH_SERVICES


def _in_charge(text: str) -> str:
    if text and not text.startswith(("mailto:", "https:")):
        raise ValueError("mailto:someone@example.org or an https: address")
    return text


def _takes_bounces(text: str) -> str:
    local, at, domain = text.rpartition("@")
    if text and not (at and domain and 0 < len(local) <= BASE_MOST_CHARS and text.isascii() and text.isprintable() and not set(text) & set(' +<>@,;:"') - {"@"} and "@" not in local):
        raise ValueError(f"an address such as bounces@shop.example, with at most {BASE_MOST_CHARS} characters and no plus before the @")
    return text


def _of_webhooks(secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    if any(key_of(secret.get_secret_value()) is None for secret in secrets):
        raise ValueError("whsec_ and a key in base64, such as `openssl rand -base64 32` makes")
    return secrets


class ChannelSettings(SettingsGroup):
    """Read from `MOMENTS_CHANNELS__<FIELD>`."""

    web_push_contact: Annotated[str, AfterValidator(_in_charge)] = Field(
        "", description="Whom a push service may write to about our messages, `mailto:` or `https:` (RFC 8292); empty: no Web Push."
    )
    web_push_services: tuple[str, ...] = Field(
        PUSH_SERVICES,
        description="Hosts of push services that are sent to, each with what is below it; a whole origin such as http://127.0.0.1:9000 for a stand-in.",
    )
    email_sender: str = Field(
        "", max_length=200, description="From whom offers by e-mail are; empty: none is sent. Needs MOMENTS_CONTACTS__SMTP_HOST."
    )
    email_bounces: Annotated[str, AfterValidator(_takes_bounces)] = Field(
        "", max_length=200, description="Where e-mails that cannot be delivered come back to, offers and letters about an account, such as bounces@shop.example; each comes back to bounces+<its name>@shop.example. Empty: to their senders."
    )
    mail_secrets: Annotated[tuple[SecretStr, ...], AfterValidator(_of_webhooks)] = Field(
        (), description="Secrets (Standard Webhooks, whsec_...) of whoever posts mail that came back to /v1/inbound/mail, all in force, as a JSON list; empty: none is believed."
    )
    twilio_account: str = Field("", max_length=64, description="The account of Twilio (AC...); empty: no SMS, no WhatsApp.")
    twilio_token: SecretStr = Field(SecretStr(""), description="The auth token of that account.")
    twilio_token_before: SecretStr = Field(SecretStr(""), description="The auth token before that one, believed as well while it is being changed.")
    meta_secrets: tuple[SecretStr, ...] = Field((), description="Secrets of the Meta app that brings WhatsApp messages and tells what became of ours, all in force, as a JSON list; empty: it is not believed.")
    meta_verify_token: SecretStr = Field(SecretStr(""), description="What Meta asks that webhook once, to know that it is ours.")
    twilio_url: str | None = Field(None, description="Replaces Twilio's address, for a local stand-in.")
    sms_sender: str = Field("", max_length=40, description="The number (E.164) or messaging service (MG...) SMS come from; empty: no SMS.")
    whatsapp_sender: str = Field("", max_length=40, description="The number or messaging service WhatsApp messages come from; empty: none.")
    whatsapp_template: str = Field(
        "", max_length=40, description="The approved template (HX...) that begins a conversation: 1 is the title, 2 the text, 3 the link."
    )
    timeout_s: float = Field(10.0, gt=0, le=60, description="How long a provider may take over one message, in seconds.")
    apple_pass_certificate_path: str = Field("", description="PEM file with the certificate of the pass type and its key, for Apple Wallet; empty: no passes of Apple's.")
    apple_pass_chain_path: str = Field("", description="PEM file with Apple's intermediate certificate (WWDR).")
    apple_pass_type: str = Field("", max_length=120, description="The pass type identifier (pass....) that certificate is for.")
    apple_team: str = Field("", max_length=20, description="The team identifier of that certificate.")
    apns_url: str = Field("https://api.push.apple.com", max_length=200, description="Apple's push service, which is told that a pass has changed; another https address for a local stand-in, whose certificate this machine trusts (SSL_CERT_FILE).")
    google_wallet_account_path: str = Field("", description="Service account file that may issue passes in Google Wallet; empty: none.")
    google_wallet_issuer: str = Field("", max_length=40, description="The issuer id of Google Wallet.")
    google_wallet_class: str = Field("offer", max_length=80, description="The class of offers, made beforehand in Google's console.")
    google_wallet_url: str = Field("https://walletobjects.googleapis.com", max_length=200, description="Google's Wallet API, where saved passes are changed; another address for a local stand-in.")
