"""`make demo`: the city, its forty walkers, and Jane's phone in your hands; one process, one SQLite file, no network.

Owns starting and stopping, and what is printed. Payment and push go through the real SDKs to our local peers.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from app.demo.stage import demo_settings, local_peers, open_stage, prepared_house
from app.kernel.errors import AppError

if TYPE_CHECKING:
    from app.bootstrap import House

LINKS_TTL_S = 12 * 3600


def run(*, port: int = 8000) -> None:
    """Serve the demo until Ctrl-C. Raises AppError when the port is taken."""
    from app.demo.crowd import Crowd
    from app.settings import load_settings

    data_dir = load_settings().data_dir
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)  # before a folder in it is made with laxer parents
    home = data_dir / "demo"
    quiet = {} if "MOMENTS_LOG_LEVEL" in os.environ else {"log_level": "WARNING"}
    with local_peers() as peers:
        house = prepared_house(demo_settings(peers, home, port=port, **quiet))
        crowd = Crowd(house.database, house.settings, home / "crowd.json")

        def ready(url: str) -> None:
            welcome(house, url)
            crowd.start()

        server = open_stage(house, peers, port=port, ready=ready)
        leave = server.handle_exit

        def on_signal(number: int, frame: object) -> None:
            crowd.ask_to_stop()  # before the house closes what the crowd walks on
            leave(number, frame)

        server.handle_exit = on_signal
        try:
            with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises it again once it has closed everything
                server.run()
            print("\nThe city sleeps; its data stay in", house.settings.data_dir)
        except SystemExit as error:  # how uvicorn gives up when it cannot listen
            raise AppError(f"--port: 127.0.0.1:{port} cannot be listened on; is another server running? Try --port 0") from error
        finally:
            crowd.stop()


def welcome(house: House, url: str) -> None:
    """Where to go, one link per role, and a line to try."""
    from app.cli.links import LEADS_TO, make_links, print_links

    print(f"Mobile Moments, central Helsinki: {url}", flush=True)
    print_links(make_links(house.database, url, tuple(LEADS_TO), ttl_s=LINKS_TTL_S), LINKS_TTL_S)
    print(f"Walk as Jane:  {url}/demo   (open the shopper's link first)")
    print(f"Try a line:    curl -s '{url}/v1/products?q=rye'")
    print("Forty shoppers are on their way. Stop with Ctrl-C. Map data © OpenStreetMap contributors, ODbL 1.0.", flush=True)
