"""`moments migrate` goes up, says where it is, and asks before it goes down."""

from __future__ import annotations

from tests.app.cli.conftest import Moments


class TestMigrate:
    def test_up_then_nothing_to_do(self, moments: Moments) -> None:
        first = moments("migrate")
        assert first.out.startswith("empty -> ")
        assert first.out.endswith("(newest)\n")
        at = first.out.split()[2]
        assert moments("migrate", "up").out == f"{at} -> {at} (newest)\n"

    def test_down_asks_first(self, migrated: Moments) -> None:
        ran = migrated("migrate", "down", "--to", "base")  # no terminal: nobody says yes
        assert ran.code == 1
        assert migrated("outbox", "list").code == 0, "nothing was dropped"

    def test_down_to_nothing_and_up_again(self, migrated: Moments) -> None:
        assert migrated("migrate", "down", "--to", "base", "--yes").out.endswith("-> empty\n")
        assert migrated("outbox", "list").code == 1
        assert migrated("migrate").code == 0
        assert migrated("outbox", "list").out == "No dead letters: everything was delivered.\n"
