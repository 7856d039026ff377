"""Which subscriptions are taken; nobody makes us post anywhere else."""

from __future__ import annotations

import base64

import pytest

from app.kernel.errors import Invalid
from notifications.subscriptions import PUSH_SERVICES, accepted, may_post_to, read

KEY = base64.urlsafe_b64encode(b"\x04" + b"k" * 64).decode().rstrip("=")
AUTH = base64.urlsafe_b64encode(b"a" * 16).decode().rstrip("=")
GOOD = "https://fcm.googleapis.com/fcm/send/abc:def"


class TestMayPostTo:
    @pytest.mark.parametrize("endpoint", [GOOD, "https://updates.push.services.mozilla.com/wpush/v2/x", "https://web.push.apple.com/x", "https://wns2-db5p.notify.windows.com/w/?t=x"])
    def test_the_push_services_of_browsers(self, endpoint: str) -> None:
        assert may_post_to(endpoint, PUSH_SERVICES)

    @pytest.mark.parametrize(
        "endpoint",
        [
            "http://fcm.googleapis.com/x", "https://fcm.googleapis.com:8443/x", "https://evilfcm.googleapis.com.example/x", "https://notfcm.googleapis.com@example.org/",
            "https://user:pw@fcm.googleapis.com/x", "https://169.254.169.254/latest/meta-data", "https://[::1]/x", "file:///etc/passwd", "https://fcm.googleapis.com/x#y",
            "https://fcm.googleapis.com\\@127.0.0.1/", "https://fcm.googleapis.com/x y", "https://fcm.googleapis.com/x\r\nHost: a", "https://xfcm.googleapis.com/x", "",
            "https://fcm.googleapis.com:x/", "https://fcm.googleapis.com/" + "x" * 2048,
        ],
    )  # fmt: skip
    def test_nowhere_else(self, endpoint: str) -> None:
        assert not may_post_to(endpoint, PUSH_SERVICES)

    def test_a_stand_in_by_its_whole_origin(self) -> None:
        assert may_post_to("http://127.0.0.1:9000/x", ["http://127.0.0.1:9000"])
        assert not may_post_to("http://127.0.0.1:9001/x", ["http://127.0.0.1:9000"])


class TestAccepted:
    def test_one_form_that_reads_back(self) -> None:
        taken = accepted(GOOD, KEY + "=", AUTH, PUSH_SERVICES)
        assert read(taken.text()) == taken
        assert (taken.endpoint, taken.auth, taken.p256dh[0]) == (GOOD, b"a" * 16, 4)
        assert " " not in taken.text()
        assert taken.text() == accepted(GOOD, KEY, AUTH, PUSH_SERVICES).text()
        assert "fcm" not in repr(taken)

    @pytest.mark.parametrize(
        ("field", "changed"),
        [
            ("endpoint", {"endpoint": "https://example.org/"}), ("keys.p256dh", {"p256dh": AUTH}), ("keys.auth", {"auth": KEY}), ("keys.auth", {"auth": "*" * 22}),
            ("keys.p256dh", {"p256dh": base64.urlsafe_b64encode(b"\x02" + b"k" * 64).decode()}), ("keys.auth", {"auth": "ü" * 22}),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_named(self, field: str, changed: dict[str, str]) -> None:
        with pytest.raises(Invalid) as refused:
            accepted(**({"endpoint": GOOD, "p256dh": KEY, "auth": AUTH} | changed), services=PUSH_SERVICES)
        assert [e.field for e in refused.value.fields] == [field]
