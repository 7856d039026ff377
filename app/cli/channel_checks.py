"""What `moments doctor` looks at of the ways a message leaves the house: push, mail, SMS, WhatsApp, wallets.

Owns these checks. Must not change anything, and must not raise.
"""

from __future__ import annotations

import os
import stat
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from app.cli.findings import FAIL, OK, WARN, Check, is_local
from app.settings import Settings


def push(settings: Settings) -> Check:
    path = settings.notifications.fcm_service_account_path
    if not path:
        return Check("push", OK, "not set up: the in-app inbox is the only channel")
    file = Path(path)
    if not file.is_file() or not os.access(file, os.R_OK):
        return Check("push", FAIL, f"the service account {path} cannot be read", "export MOMENTS_NOTIFICATIONS__FCM_SERVICE_ACCOUNT_PATH=...")
    if stat.S_IMODE(file.stat().st_mode) & 0o077:
        return Check("push", WARN, f"the service account {path} can be read by others", f"chmod 600 {path}")
    return Check("push", OK, "FCM is set up")


def channels(settings: Settings) -> Check:
    """The ways a message leaves the house beside FCM, and what keeps one that was begun from working."""
    chosen, prefix = settings.channels, "MOMENTS_CHANNELS__"
    if chosen.email_sender and not settings.contacts.smtp_host:
        return Check("channels", FAIL, "offers by e-mail have a sender and no mail server", "export MOMENTS_CONTACTS__SMTP_HOST=...")
    if chosen.twilio_account and not chosen.twilio_token.get_secret_value():
        return Check("channels", FAIL, "Twilio has an account and no token", f"export {prefix}TWILIO_TOKEN=...")
    if (chosen.sms_sender or chosen.whatsapp_sender) and not chosen.twilio_account:
        return Check("channels", FAIL, "SMS or WhatsApp have a sender and no account", f"export {prefix}TWILIO_ACCOUNT=AC...")
    ways = (("Web Push", chosen.web_push_contact), ("e-mail", chosen.email_sender), ("SMS", chosen.sms_sender), ("WhatsApp", chosen.whatsapp_sender))
    on = [name for name, setting in ways if setting]
    if not on:
        return Check("channels", OK, "no Web Push, e-mail, SMS or WhatsApp is set up")
    said = f"{', '.join(on)} set up"
    if settings.base_url().startswith("http:") and not is_local(urlsplit(settings.base_url()).hostname or ""):
        return Check("channels", WARN, f"{said}; links in them lead to plain http", "export MOMENTS_PUBLIC_URL=https://...")
    if chosen.whatsapp_sender and not chosen.whatsapp_template:
        return Check("channels", WARN, f"{said}; without an approved template WhatsApp reaches only who wrote within 24 hours", f"export {prefix}WHATSAPP_TEMPLATE=HX...")
    return Check("channels", OK, said)


def bounces(settings: Settings) -> Check:
    """Whether mail that cannot be delivered is heard of."""
    if not settings.contacts.smtp_host:
        return Check("bounces", OK, "no mail server is set: nothing is sent that could come back")
    chosen, prefix = settings.channels, "MOMENTS_CHANNELS__"
    if not chosen.email_bounces:
        mend = f"export {prefix}EMAIL_BOUNCES=bounces@... and have what comes there posted to /v1/inbound/mail"
        return Check("bounces", WARN, "mail that cannot be delivered comes back to its sender, not to us: a dead address is written to for ever", mend)
    if not chosen.mail_secrets:
        mend = f"export {prefix}MAIL_SECRETS='[\"whsec_...\"]', and give the secret to whoever posts it"
        return Check("bounces", WARN, f"mail that comes back to {chosen.email_bounces} is believed from nobody: no secret is set", mend)
    return Check("bounces", OK, f"mail that comes back to {chosen.email_bounces} is heard of at /v1/inbound/mail")


def wallets(settings: Settings, now: datetime) -> Check:
    """Whether coupons can be put into wallets, and what keeps one that was begun from working."""
    chosen, prefix = settings.channels, "MOMENTS_CHANNELS__"
    apple, google = chosen.apple_pass_certificate_path, chosen.google_wallet_account_path
    if not apple and not google:
        return Check("wallets", OK, "not set up: no coupon can be put into a wallet")
    for path, setting in ((apple, "APPLE_PASS_CERTIFICATE_PATH"), (chosen.apple_pass_chain_path, "APPLE_PASS_CHAIN_PATH"), (google, "GOOGLE_WALLET_ACCOUNT_PATH")):
        if path and not os.access(path, os.R_OK):
            return Check("wallets", FAIL, f"{path} cannot be read", f"export {prefix}{setting}=...")
    for needed, by, setting in ((chosen.apple_pass_type, apple, "APPLE_PASS_TYPE"), (chosen.apple_team, apple, "APPLE_TEAM"), (chosen.google_wallet_issuer, google, "GOOGLE_WALLET_ISSUER")):
        if by and not needed:
            return Check("wallets", FAIL, f"a wallet is begun, and {prefix}{setting} is not set", f"export {prefix}{setting}=...")
    said = " and ".join(name for name, by in (("Apple Wallet", apple), ("Google Wallet", google)) if by) + " set up"
    if apple:
        from notifications import facade as notifications

        ends_at = notifications.wallet_certificate_ends_at(apple)
        if ends_at is None:
            return Check("wallets", FAIL, f"{apple} holds no certificate with its key", f"export {prefix}APPLE_PASS_CERTIFICATE_PATH=...")
        left_days = (ends_at - now).days
        if left_days < 30:
            level, when = (FAIL, "has ended") if left_days < 0 else (WARN, f"ends in {left_days} days")
            return Check("wallets", level, f"the certificate of the pass type {when}", "ask Apple for a new one")
        if not settings.base_url().startswith("https://"):
            return Check("wallets", WARN, f"{said}; Apple's wallet registers over https alone, so changes reach no pass", "export MOMENTS_PUBLIC_URL=https://...")
    return Check("wallets", OK, said)
