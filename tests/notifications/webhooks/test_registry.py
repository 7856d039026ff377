"""Endpoints: what may be one, its secrets, off and on, gone."""

from __future__ import annotations

import pytest

from app.kernel.clock import ManualClock
from app.kernel.errors import Invalid
from app.security.audit import journal
from app.security.inbound.standard_webhooks import key_of, verify
from notifications.webhooks import registry
from notifications.webhooks.errors import RotationUnderWay, TooManyEndpoints, UnknownEndpoint
from notifications.webhooks.reasons import WebhookReason as Reason
from notifications.webhooks.settings import WebhookSettings
from tests.notifications.webhooks.conftest import URL, Out


class TestCheckedUrl:
    @pytest.mark.parametrize(
        "url",
        [
            "", "example.com", "ftp://example.com/", "http://example.com/", "https://", "https://user:word@example.com/", "https://example.com/#here", "https://exämple.com/",
            "https://127.0.0.1/", "https://[::1]/", "https://localhost/", "https://10.0.0.1/", "https://[::ffff:10.0.0.1]/", "https://169.254.169.254/latest", "https://example.com:0/",
            "https://example.com:99999/", "https://exa mple.com/", "https://example.com/\r\nHost: x", "https://example.com/" + "a" * 500, "https://[oops/", "http://127.0.0.1:9000/",
        ],
    )  # fmt: skip
    def test_refused_by_name(self, url: str) -> None:
        with pytest.raises(Invalid) as refused:
            registry.checked_url(url, loopback=False)
        assert [f.field for f in refused.value.fields] == ["url"]

    def test_taken(self) -> None:
        for url in (URL, "https://example.com", "https://example.com:8443/a?b=c", "https://8.8.8.8/", "https://xn--exmple-cua.com/"):
            registry.checked_url(url, loopback=False)
        for url in ("http://127.0.0.1:9000/", "http://localhost:9000/", "https://[::1]/"):
            registry.checked_url(url, loopback=True)
        with pytest.raises(Invalid):
            registry.checked_url("http://10.0.0.1/", loopback=True)


class TestAdd:
    def test_unknown_types_and_too_many(self, out: Out) -> None:
        with pytest.raises(Invalid, match="event_types"):
            out.endpoint("order.payed")
        out.settings = WebhookSettings(endpoints_most=1)
        out.endpoint()
        with pytest.raises(TooManyEndpoints):
            out.endpoint()

    def test_the_secret_is_told_once_and_sealed(self, out: Out) -> None:
        made = out.endpoint("order.paid")
        key = key_of(made.secret)
        assert key is not None
        assert len(key) == 32
        row = out.row(made.endpoint.id)
        assert key not in bytes(row.sealed)
        assert registry.keys_of(row, out.now) == [key]
        with out.database.reading() as session:
            assert registry.listed(session) == [made.endpoint]
            assert [e.kind for e in journal.entries(session, kind="webhook")] == ["webhook.added"]
        assert made.secret not in repr(made)


class TestRotate:
    def test_old_and_new_sign_for_a_while(self, out: Out, clock: ManualClock) -> None:
        """Seen to fail where only the new one signed."""
        first = out.endpoint("order.paid")
        with out.database.transaction() as session:
            second = registry.rotate(session, first.endpoint.id, overlap_s=3600, by="test", at=out.now)
            with pytest.raises(RotationUnderWay):
                registry.rotate(session, first.endpoint.id, overlap_s=3600, by="test", at=out.now)
        accepted: list[list[bool]] = []
        for name in ("ord_1", "ord_2"):
            out.order(name)
            out.until_idle()
            request = out.gateway.sent[-1]
            accepted.append([verify(request.headers, request.body, [made.secret], now_s=out.now.timestamp()).ok for made in (first, second)])
            clock.advance(3600)
        assert accepted == [[True, True], [False, True]]

    def test_leaked(self, out: Out) -> None:
        made = out.endpoint()
        with out.database.transaction() as session:
            registry.rotate(session, made.endpoint.id, overlap_s=3600, by="test", at=out.now)
            newest = registry.rotate(session, made.endpoint.id, overlap_s=0, by="test", at=out.now)
        assert registry.keys_of(out.row(made.endpoint.id), out.now) == [key_of(newest.secret)]


class TestDisable:
    def test_off_and_on(self, out: Out) -> None:
        made = out.endpoint("order.paid")
        out.order("ord_1")
        with out.database.transaction() as session:
            assert registry.disable(session, made.endpoint.id, Reason.BY_HAND, by="test", at=out.now)
            assert not registry.disable(session, made.endpoint.id, Reason.GONE, by="test", at=out.now)
            view = registry.shown(session, made.endpoint.id)
        assert (view.state, view.why_off, view.waiting, view.missed_after) == ("off", "Somebody switched the endpoint off.", 1, 3)
        assert out.turn() == 0
        with out.database.transaction() as session:
            assert registry.enable(session, made.endpoint.id, by="test", at=out.now).reason is None
        out.until_idle()
        assert [e["type"] for e in out.told] == ["order.paid"]


class TestRemove:
    def test_gone_with_what_was_queued(self, out: Out) -> None:
        made = out.endpoint()
        out.order("ord_1")
        with out.database.transaction() as session:
            registry.remove(session, made.endpoint.id, by="test", at=out.now)
            with pytest.raises(UnknownEndpoint):
                registry.remove(session, made.endpoint.id, by="test", at=out.now)
        assert (out.states(), out.turn()) == ([], 0)
