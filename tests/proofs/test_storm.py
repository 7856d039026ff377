"""A provider that fails in every way, and processes that die: at most one shown per moment and phone, none lost while consent lives, a dead token never used twice.

A killed process may forget that a token is dead, since the answer died with it: that one use more is counted, and no other. Planted bugs this fails on
(planted below, in the long form): an attempt with a message id of its own; two pushes to one phone at once; a time-out that is taken for the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from app.demo.peers.fcm_peer import FcmPeer
from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.ids import new_id
from app.security.sealing import use_secrets
from app.security.vault import Vault, use_vault
from notifications import dispatch, recording
from notifications.ports import Outcome
from tests.proofs.rig import Told
from tests.proofs.storm import SECRETS, RealStorm, Storm

FULL = [pytest.mark.full, pytest.mark.timeout(14_400)]
SMALL = 60


@pytest.fixture
def peer(database: Database) -> Iterator[FcmPeer]:
    use_secrets(SECRETS)
    if database.dialect == "sqlite":  # nobody pulls the plug here; what is committed is the question, not what is on the disk
        event.listen(database.engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous=OFF"))
    with FcmPeer() as made:
        yield made


def played(database: Database, clock: ManualClock, peer: FcmPeer, moments: int) -> Storm:
    storm = Storm(database, clock, peer, moments)
    try:
        storm.run()
    finally:
        storm.gateway.close()
    return storm


class TestStorm:
    @pytest.mark.parametrize("moments", [SMALL, pytest.param(50_000, marks=FULL)])
    def test_shown_once_and_none_lost(self, database: Database, clock: ManualClock, peer: FcmPeer, moments: int, record_property: Told) -> None:
        storm = played(database, clock, peer, moments)
        assert storm.wrong() == []
        assert len(peer.attempts()) > moments  # there was something to try again
        kills = sum(storm.gateway.killed_after.values())
        record_property("proved", f"{moments} moments, {len(peer.attempts())} sends, {len(storm.dead)} dead phones, {kills} kills: none twice, none lost")


class TestRealKills:
    """Seen to fail on leases that never run out: what a killed sender held is never sent."""

    @pytest.mark.parametrize(("moments", "kills"), [(24, 6), pytest.param(5_000, 40, marks=FULL), pytest.param(50_000, 200, marks=FULL)])
    def test_shown_once_and_none_lost(
        self, database: Database, clock: ManualClock, peer: FcmPeer, shoppers_keys: Vault, tmp_path: Path, moments: int, kills: int, record_property: Told
    ) -> None:
        use_vault(shoppers_keys)  # theirs, whatever house is open beside
        storm = RealStorm(database, clock, peer, moments, vault_url=str(shoppers_keys._database.url), unheard_in=tmp_path / "unheard", kills=kills)
        try:
            storm.run()
        finally:
            storm.gateway.close()
        assert storm.wrong() == []
        assert len(peer.attempts()) > len({message["data"]["message_id"] for message in peer.attempts()})  # there was something to try again
        assert sum(storm.killed_at.values()) >= min(kills, 3)
        killed = ", ".join(f"{count} {point}" for point, count in sorted(storm.killed_at.items()))
        record_property("proved", f"{moments} moments, {len(peer.attempts())} sends, {len(storm.dead)} dead phones, killed: {killed}")


@pytest.mark.full
class TestPlanted:
    def test_an_id_for_each_attempt(self, database: Database, clock: ManualClock, peer: FcmPeer, monkeypatch: pytest.MonkeyPatch) -> None:
        made = dispatch._claimed

        def anew(*given: Any, **named: Any) -> dispatch.Claimed:
            claimed = made(*given, **named)
            return replace(claimed, request=replace(claimed.request, data={**claimed.request.data, "message_id": new_id("msg")}))

        monkeypatch.setattr(dispatch, "_claimed", anew)
        assert any("showed a moment twice" in wrong for wrong in played(database, clock, peer, SMALL).wrong())

    def test_two_pushes_to_a_phone_at_once(self, database: Database, clock: ManualClock, peer: FcmPeer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dispatch, "_busy", lambda _session, _ids, _at: _Never())
        assert any("is dead and was used" in wrong for wrong in played(database, clock, peer, SMALL).wrong())

    def test_a_time_out_that_is_the_end(self, database: Database, clock: ManualClock, peer: FcmPeer, monkeypatch: pytest.MonkeyPatch) -> None:
        real = recording.record

        def ended(session: Any, claimed: Any, receipt: Any, **given: Any) -> bool:
            return real(session, claimed, replace(receipt, outcome=Outcome.REFUSED) if receipt.outcome is Outcome.RETRY else receipt, **given)

        monkeypatch.setattr(recording, "record", ended)
        assert any(" lost " in wrong for wrong in played(database, clock, peer, SMALL).wrong())


class _Never(set[str]):
    def __contains__(self, _item: object) -> bool:
        return False
