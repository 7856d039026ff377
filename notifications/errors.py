"""The room's errors: named facts with their HTTP status."""

from __future__ import annotations

from app.kernel.errors import AppError, Conflict, NotFound


class UnknownMessage(NotFound):
    """There is no such message in your inbox."""

    code = "message_unknown"


class NoDevice(Conflict):
    """A push token belongs to a device: call with the device's own token or from a browser session of a shopper."""

    code = "no_device"

class WebPushOff(Conflict):
    """Web Push is not set up on this server; messages are in the inbox."""

    code = "web_push_off"


class MailTooEarly(AppError):
    """The message this mail is about is still being written down as sent; bring the mail again in a moment."""

    status = 503
    code = "mail_too_early"
