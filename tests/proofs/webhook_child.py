"""A process that sends webhooks until it is killed: `python -m tests.proofs.webhook_child URL`."""

from __future__ import annotations

import sys
import time

from app.kernel.db import Database
from app.security.sealing import use_secrets
from notifications.webhooks.adapters.http_gateway import HttpGateway
from notifications.webhooks.jobs import WebhookLoop
from notifications.webhooks.settings import WebhookSettings
from tests.proofs.webhook_keys import SECRETS


def main(url: str) -> None:
    use_secrets(SECRETS)
    settings = WebhookSettings(allow_loopback=True)
    WebhookLoop(Database(url), HttpGateway(timeout_s=5, loopback=True), settings, "https://house.example", idle_s=0.05).start()
    print("sending", flush=True)
    while True:
        time.sleep(60)


if __name__ == "__main__":
    main(sys.argv[1])
