"""The stage of the demo: the real house with our local payment and push peers, served on 127.0.0.1.

Owns starting and stopping in the right order. The house is built by bootstrap as in production, with the real SDKs; only
the addresses they speak to are ours. Must not know the story that is played on it (headless.py, live.py).
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.bootstrap import House
    from app.demo.peers.fcm_peer import FcmPeer
    from app.demo.peers.stripe_peer import StripePeer
    from app.settings import Settings

START_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class Peers:
    """The two local stand-ins and the secret that signs payment webhooks."""

    stripe: StripePeer
    stripe_url: str
    fcm: FcmPeer
    webhook_secret: str


@contextmanager
def local_peers() -> Iterator[Peers]:
    """Both peers, running on free ports of 127.0.0.1 until the block ends."""
    from app.demo.peers.fcm_peer import FcmPeer
    from app.demo.peers.stripe_peer import StripePeer

    stripe = StripePeer()
    stripe_url = stripe.start()
    try:
        with FcmPeer() as fcm:
            yield Peers(stripe, stripe_url, fcm, f"whsec_{secrets.token_hex(16)}")
    finally:
        stripe.stop()


def demo_settings(peers: Peers, folder: Path, **given: Any) -> Settings:
    """Settings whose SDKs speak to the peers; `folder` keeps the throw-away service account of the push peer."""
    from app.settings import load_settings

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    storefront = {
        "stripe_secret_key": peers.stripe.secret_key,
        "stripe_publishable_key": peers.stripe.publishable_key,
        "stripe_webhook_secrets": (peers.webhook_secret,),
        "stripe_api_base": peers.stripe_url,
        "cash": (
            {"id": "pay_at_till", "delivery": ["pickup"], "most_minor": {"EUR": 20_000}},
            {"id": "cash_on_delivery", "delivery": ["home"], "most_minor": {"EUR": 15_000}, "fees_minor": {"EUR": 190}},
        ),
    }
    notifications = {"fcm_service_account_path": str(peers.fcm.write_service_account(folder)), "fcm_url": peers.fcm.fcm_url}
    return load_settings(demo=True, loops=True, host="127.0.0.1", storefront=storefront, notifications=notifications, **given)


def prepared_house(settings: Settings) -> House:
    """The house over a migrated and seeded database, not yet started."""
    from app.bootstrap import build
    from app.demo.seed import seed
    from app.kernel.logs import configure_logs
    from app.migrations import upgrade

    configure_logs(level=settings.log_level, as_json=settings.log_format == "json")
    house = build(settings)
    upgrade(house.database)
    with house.database.transaction() as session:
        seed(session, house.clock.now())
    return house


def open_stage(house: House, peers: Peers, *, port: int, ready: Callable[[str], None]) -> Any:
    """The server, not yet running: `.run()` blocks until it is told to stop. `ready(url)` is called once it listens, after
    which payment webhooks find their way."""
    from app.main import make_server

    server = make_server(house, host="127.0.0.1", port=port)

    def listening(url: str) -> None:
        peers.stripe.deliveries.send_to(f"{url}/v1/webhooks/stripe", peers.webhook_secret)
        ready(url)

    server.on_listening = listening
    return server


@contextmanager
def served(house: House, peers: Peers) -> Iterator[str]:
    """The house on a free port in a thread of its own, until the block ends; yields its address."""
    listening = threading.Event()
    found: list[str] = []

    def ready(url: str) -> None:
        found.append(url)
        listening.set()

    server = open_stage(house, peers, port=0, ready=ready)
    thread = threading.Thread(target=server.run, name="demo-server", daemon=True)
    thread.start()
    try:
        if not listening.wait(START_LIMIT_S):
            raise RuntimeError("the server did not start; run `moments doctor`")
        yield found[0]
    finally:
        house.notifications.close_streams()
        server.should_exit = True
        thread.join(timeout=10)
