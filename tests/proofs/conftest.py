"""Fixtures of the proofs: one forge of servers, and a house on each engine that all proofs of this process share.

Each proof runs under a campaign of its own, so that its counts are its own. A server stays up from one proof to the next,
unless one asks for another kind.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import PostgresServer
from tests.proofs.rig import Forge, Rig


@pytest.fixture(scope="session")
def rigs(postgres: PostgresServer) -> Iterator[dict[str, Rig]]:
    """They end before the database server does."""
    made: dict[str, Rig] = {}
    yield made
    for rig in made.values():
        rig.stop()


@pytest.fixture(scope="session")
def forge(rigs: dict[str, Rig]) -> Iterator[Forge]:
    forge = Forge()
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
