"""Who carries our letters: chosen once by the bootstrap.

Owns the choice. In the demo nothing leaves the house; without a mail server nothing can be sent.
"""

from __future__ import annotations

from app.security.contacts.adapters.memory_gateway import MemoryContactGateway
from app.security.contacts.ports import ContactGateway
from app.security.contacts.settings import ContactSettings


def choose(settings: ContactSettings, *, demo: bool, bounces: str = "") -> ContactGateway | None:
    """`bounces`: where letters that cannot be delivered come back to; empty: to their sender."""
    if demo:
        return MemoryContactGateway()
    if not settings.smtp_host:
        return None
    # lazy: the mail libraries are not needed where none is sent
    from app.security.contacts.adapters.smtp_gateway import SmtpGateway

    return SmtpGateway(settings, bounces=bounces)
