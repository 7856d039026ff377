from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import delete, update

from tests.app.cli.conftest import Moments


def _write(count: int) -> None:
    from app.cli.opening import opened_keys
    from app.security.audit import journal

    with opened_keys() as (database, _):
        for i in range(count):
            with database.transaction() as session:
                journal.note(session, "api_key.made", by="cli:olga", about="shp_jane", detail={"key": f"key_{i}"}, at=database.clock.now())


def _plant(statement: object) -> None:
    from app.cli.opening import opened_database

    with opened_database() as database, database.transaction() as session:
        session.execute(statement)  # type: ignore[call-overload]


class TestVerify:
    def test_a_log_nobody_has_been_at(self, migrated: Moments) -> None:
        assert migrated("audit", "verify").out == "0 entries, all as they were written\n"
        _write(3)
        ran = migrated("audit", "verify")
        assert (ran.code, ran.out) == (0, "3 entries, all as they were written; anchored at 3\n")

    def test_names_the_first_that_was_changed(self, migrated: Moments) -> None:
        from app.security.audit.models import AuditRow

        _write(4)
        _plant(update(AuditRow).where(AuditRow.seq == 2).values(actor="cli:eve"))
        ran = migrated("audit", "verify")
        assert (ran.code, ran.out) == (1, "entry 2 was changed after it was written\n")
        assert json.loads(migrated("audit", "verify", "--json").out)["broken"] == {"seq": 2, "what": "changed"}

    def test_a_tail_that_was_cut_off(self, migrated: Moments, data_dir: Path) -> None:
        from app.security.audit.models import AuditHead, AuditRow

        _write(2)
        _plant(delete(AuditRow))
        _plant(delete(AuditHead))
        assert migrated("audit", "verify").out.startswith("the log was cut off: entry 1")
        (data_dir / "audit_head.json").unlink()
        assert migrated("audit", "verify").code == 0  # a thief who has both the database and this folder is not found out


class TestList:
    def test_by_kind_and_by_whom_it_concerns(self, migrated: Moments) -> None:
        _write(2)
        assert migrated("audit", "list", "--kind", "policy").out == "nothing is in the log yet\n"
        assert "key_1" in migrated("audit", "list", "--about", "shp_jane").out
        assert len(json.loads(migrated("audit", "list", "--json").out)) == 2
        assert "shp_jane" not in migrated("audit", "list", "--json").out


class TestActs:
    def test_what_a_command_changes_is_in_the_log(self, migrated: Moments) -> None:
        migrated("links", "--role", "clerk")
        made = migrated("api-keys", "make", "tracker", "--scope", "places").out
        key_id = json.loads(migrated("api-keys", "list", "--json").out)[0]["id"]
        migrated("api-keys", "revoke", key_id)
        migrated("keys", "rotate", "--why", "the file leaked")
        migrated("places", "sensitive", "rules", "--health-m", "700")
        migrated("consent", "adult", "shp_jane")
        told = json.loads(migrated("audit", "list", "--json").out)
        kinds = [entry["kind"] for entry in reversed(told)]
        assert kinds == ["link.made", "api_key.made", "api_key.revoked", "signing_key.rotated", "sensitive_places.rules_set", "consent.adult"]
        assert all(entry["actor"].startswith("cli:") for entry in told)
        assert made.splitlines()[0] not in json.dumps(told)
        assert "/enter/" not in json.dumps(told)
        assert migrated("audit", "verify").code == 0
