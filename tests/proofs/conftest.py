"""Fixtures of the proofs: one forge of servers, and a house on each engine that all proofs of this process share.

Each proof runs under a campaign of its own, so that its counts are its own. A server stays up from one proof to the next,
unless one asks for another kind.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.kernel.db import Database
from storefront.facade import Shop, open_shop
from storefront.payments.adapters.memory_gateway import MemoryGateway
from tests.engines import PostgresServer
from tests.proofs.rig import Forge, Rig
from tests.storefront.floor import SETTINGS


@pytest.fixture(scope="session")
def rigs(postgres: PostgresServer) -> Iterator[dict[str, Rig]]:
    """They end before the database server does."""
    made: dict[str, Rig] = {}
    yield made
    for rig in made.values():
        rig.stop()


@pytest.fixture(scope="session")
def forge(rigs: dict[str, Rig], postgres: PostgresServer, pytestconfig: pytest.Config) -> Iterator[Forge]:
    """In the long form it is worth its while to warm it first."""
    forge = Forge("", postgres.url(postgres.take())) if pytestconfig.option.markexpr == "full" else Forge()
    yield forge
    for rig in rigs.values():
        rig.kill()
    forge.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def rig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, rigs: dict[str, Rig], forge: Forge, postgres: PostgresServer) -> Rig:
    """A house whose server runs; `rig.start(plant=...)` makes it another one."""
    engine = str(request.param)
    if engine not in rigs:
        url = postgres.url(postgres.take()) if engine == "postgresql" else ""
        rigs[engine] = Rig(forge, tmp_path_factory.mktemp(engine) / "house", url)
    rigs[engine].open()
    return rigs[engine]


@pytest.fixture
def shop(rig: Rig) -> Iterator[Shop]:
    """The storefront over the same database, in this process."""
    database = Database(rig.database.url.render_as_string(hide_password=False), pool_size=35)
    yield open_shop(database, SETTINGS, gateway=MemoryGateway())
    database.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What has been proved, in its own figures, and how long it took."""
    told = [(r.nodeid.rpartition("/")[2], r.duration, value) for r in terminalreporter.getreports("passed") if r.when == "call" for name, value in r.user_properties if name == "proved"]
    if told and terminalreporter.config.option.markexpr == "full":
        terminalreporter.section("proved")
        for test, seconds, value in told:
            terminalreporter.line(f"{test} in {seconds:.0f} s: {value}")
