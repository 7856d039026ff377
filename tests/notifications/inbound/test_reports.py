"""Reports of Twilio and Meta are read, and what is none is no report."""

from __future__ import annotations

import json
from typing import Any

import pytest

from notifications.inbound.reports import Became, Report, of_meta, of_twilio


class TestOfTwilio:
    @pytest.mark.parametrize(
        ("fields", "report"),
        [
            ({"MessageSid": "SM1", "MessageStatus": "delivered"}, Report("SM1", Became.DELIVERED)),
            ({"MessageSid": "SM1", "MessageStatus": "read"}, Report("SM1", Became.READ)),
            ({"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30003"}, Report("SM1", Became.FAILED)),
            ({"MessageSid": "SM1", "MessageStatus": "failed", "ErrorCode": "30005"}, Report("SM1", Became.FAILED, dead=True)),
            ({"MessageSid": "SM1", "MessageStatus": "delivered", "ErrorCode": "30005"}, Report("SM1", Became.DELIVERED)),
            ({"MessageSid": "SM1", "MessageStatus": "sent"}, None),
            ({"MessageSid": "", "MessageStatus": "delivered"}, None),
            ({"MessageSid": "S" * 201, "MessageStatus": "delivered"}, None),
            ({}, None),
        ],
    )
    def test_each(self, fields: dict[str, str], report: Report | None) -> None:
        assert of_twilio(fields) == report


def _told(*statuses: Any) -> bytes:
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": {"statuses": list(statuses)}}]}]}).encode()


class TestOfMeta:
    def test_several_in_their_order(self) -> None:
        failed = {"id": "wamid.2", "status": "failed", "errors": [{"code": 131026}]}
        body = _told({"id": "wamid.1", "status": "delivered"}, {"id": "wamid.1", "status": "read"}, failed, {"id": "wamid.3", "status": "sent"})
        assert of_meta(body) == [Report("wamid.1", Became.DELIVERED), Report("wamid.1", Became.READ), Report("wamid.2", Became.FAILED, dead=True)]

    @pytest.mark.parametrize(
        "body",
        [
            b"", b"\xff", b"[]", b"{}", b"3", b"[" * 100_000, b'{"entry": {}}', b'{"entry": [3, {"changes": "x"}, {"changes": [null, {"value": []}]}]}',
            _told(3, None, [], {}, {"id": 3, "status": "read"}, {"id": "x", "status": []}, {"id": "x", "status": {"a": 1}}),
        ],
    )  # fmt: skip
    def test_garbage_is_no_report(self, body: bytes) -> None:
        assert of_meta(body) == []

    def test_errors_that_are_none(self) -> None:
        odd = {"id": "wamid.1", "status": "failed", "errors": [None, {"code": []}, {"code": "131026"}]}
        assert of_meta(_told(odd)) == [Report("wamid.1", Became.FAILED)]
