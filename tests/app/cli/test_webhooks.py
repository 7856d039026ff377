"""`moments webhooks`: registered, tried against the command's own receiver, looked after."""

from __future__ import annotations

import json
import threading

import pytest

from app.cli.webhook_listening import Listener
from tests.app.cli.conftest import Moments


class TestWebhooks:
    def test_from_registering_to_receiving(self, migrated: Moments, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setenv("MOMENTS_WEBHOOKS__ALLOW_LOOPBACK", "true")
        server = Listener(0, [], 204)
        thread = threading.Thread(target=lambda: [server.handle_request() for _ in range(60) if server.received < 2], daemon=True)
        made = json.loads(migrated("webhooks", "add", f"http://127.0.0.1:{server.server_port}/", "--event", "order.paid", "--json").out)
        endpoint_id = made["endpoint"]["id"]
        server.secrets = [made["secret"]]
        thread.start()
        told = migrated("webhooks", "test", endpoint_id)
        assert told.code == 0
        assert "delivered: answered 204" in told.out
        assert 'genuine: {"specversion": "1.0"' in told.out
        server.secrets = []
        refused = migrated("webhooks", "test", endpoint_id)
        assert refused.code == 1
        assert "queued: answered 401" in refused.out
        assert "refused: signature_wrong" in refused.out
        thread.join()
        server.server_close()
        assert [d["state"] for d in json.loads(migrated("webhooks", "deliveries", endpoint_id, "--json").out)] == ["queued", "delivered"]
        assert migrated("webhooks", "rotate", endpoint_id).out.startswith("whsec_")
        assert migrated("webhooks", "disable", endpoint_id).out == f"{endpoint_id} is off\n"
        assert "off: Somebody switched" in migrated("webhooks", "list").out
        assert f"replay {endpoint_id} --after 2" in migrated("webhooks", "enable", endpoint_id).out
        assert migrated("webhooks", "replay", endpoint_id, "--after", "0").out == "1 events queued\n"
        assert migrated("webhooks", "remove", endpoint_id).code == 0
        assert migrated("webhooks", "list").out.startswith("No endpoints yet")

    def test_what_is_wrong_is_one_line(self, migrated: Moments) -> None:
        for arguments, said in {
            ("add", "http://example.com/"): "url: only https",
            ("add", "https://example.com/", "--event", "nothing"): "event_types:",
            ("show", "whe_none"): "There is no such webhook endpoint",
            ("listen",): "--endpoint:",
            ("listen", "--secret", "no secret"): "--secret:",
        }.items():
            ran = migrated("webhooks", *arguments)
            assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
            assert said in ran.err
