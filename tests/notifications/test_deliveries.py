"""A delivery is made in one place, and says of its message what the message says."""

from __future__ import annotations

from datetime import timedelta

from app.kernel.ids import derived_id
from notifications import deliveries
from notifications.contracts import ChannelKind
from notifications.models import Message
from notifications.reasons import NotificationReason as Reason
from tests.conftest import START

ENDS = START + timedelta(hours=2)
LATER = START + timedelta(days=90)


def message(**more: object) -> Message:
    return Message(id="msg_1", shopper_id="shp_1", expires_at=ENDS, **more)


class TestValues:
    def test_what_waits_is_due_at_once_and_kept_from_now(self) -> None:
        assert deliveries.values(message(), ChannelKind.SMS, START) == {
            "id": derived_id("dlv", "msg_1", "sms", ""), "message_id": "msg_1", "shopper_id": "shp_1", "channel": "sms", "device_id": "", "push_token_id": None, "state": "queued",
            "reasons": [], "attempts": 0, "next_attempt_at": START, "sent_at": None, "kept_from": START, "created_at": START, "expires_at": ENDS,
        }  # fmt: skip

    def test_it_is_kept_as_long_as_its_message_and_waits_as_long_as_it_is_told_to(self) -> None:
        made = deliveries.values(message(kept_from=LATER), "fcm", START, device_id="dev_1", token_id="tok_1", reasons=(Reason.QUIET_HOURS,), due_at=ENDS)
        assert (made["kept_from"], made["next_attempt_at"], made["reasons"], made["push_token_id"]) == (LATER, ENDS, ["quiet_hours"], "tok_1")

    def test_what_is_sent_was_sent_now(self) -> None:
        assert deliveries.values(message(), "inbox", START, state="sent")["sent_at"] == START

    def test_another_device_is_another_delivery(self) -> None:
        ids = {deliveries.values(message(), channel, START, device_id=device)["id"] for channel in ("fcm", "web_push") for device in ("dev_1", "dev_2")}
        assert len(ids) == 4
