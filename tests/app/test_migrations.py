"""The schema's line of revisions: up, down and up again on both engines, and equal to what the models say."""

from __future__ import annotations

from pathlib import Path

import shapely
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from app.kernel.db import Database
from app.migrations import current, downgrade, metadata, upgrade
from app.privacy.consents import chain_fault, grant, records, shoppers_with_records
from app.privacy.purposes import Purpose
from app.security.accounts import account_by_email
from app.security.passkeys.keeping import names_of
from app.security.passkeys.models import PasskeyRow
from app.security.privacy import export_shopper
from app.security.sealing import open_sealed, seal, use_secrets
from app.security.secrets import new_secrets
from app.security.vault import open_for, owner_of, vault
from geofences.shapes import Area, Circle, watch_circle
from geofences.tiles import tile_of
from notifications.contents import Content, contents_of
from notifications.models import Message


def _tables(database: Database) -> set[str]:
    return set(sa.inspect(database.engine).get_table_names()) - {"alembic_version"}


class TestRevisions:
    def test_the_models_and_the_revisions_agree(self, database: Database) -> None:
        """Planted bug: a column added to a model without a revision shows up here by name."""
        with database.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": _not_search})
            differences = compare_metadata(context, metadata())
        assert differences == []

    def test_down_to_nothing_and_up_again(self, database: Database) -> None:
        before = _tables(database)
        assert set(metadata().tables) <= before
        downgrade(database, "base")
        assert _tables(database) == set()
        upgrade(database)
        assert _tables(database) == before

    def test_every_step_can_be_taken_back(self, database: Database) -> None:
        at, newest = current(database)
        assert at == newest
        assert newest is not None
        downgrade(database, "-1")
        assert current(database)[0] != newest
        upgrade(database)
        assert current(database)[0] == newest

    def test_an_upgrade_keeps_what_is_there(self, database: Database) -> None:
        with database.engine.begin() as connection:
            connection.execute(sa.text("INSERT INTO kernel_inbox (consumer, event_id, handled_at) VALUES ('c', 'e', '2026-11-21 12:00:00')"))
        upgrade(database)
        with database.reading() as session:
            assert session.execute(sa.text("SELECT count(*) FROM kernel_inbox")).scalar() == 1


class TestCorridorsAndWhereFencesLie:
    def test_fences_that_were_there_are_placed(self, database: Database) -> None:
        downgrade(database, "0001")
        circle = '{"type": "Point", "coordinates": [24.94, 60.17]}'
        square = '{"type": "Polygon", "coordinates": [[[24, 60], [24.1, 60], [24.1, 60.1], [24, 60.1], [24, 60]]]}'
        with database.engine.begin() as connection:
            connection.execute(
                sa.text(
                    "INSERT INTO geofences_place (id, name, kind, timezone, tags, lat_deg, lon_deg, changed_at)"
                    " VALUES ('plc_1', 'P', 'store', 'UTC', '[]', 60, 24, '2026-11-21 12:00:00')"
                )
            )
            for fence_id, geometry, radius in (("fen_1", circle, 50), ("fen_2", square, None)):
                connection.execute(
                    sa.text(
                        "INSERT INTO geofences_fence (id, place_id, name, geometry, radius_m, changed_at)"
                        " VALUES (:id, 'plc_1', 'F', :geometry, :radius, '2026-11-21 12:00:00')"
                    ),
                    {"id": fence_id, "geometry": geometry, "radius": radius},
                )
        upgrade(database)
        with database.reading() as session:
            rows = session.execute(
                sa.text("SELECT watch_lat_deg, watch_lon_deg, watch_radius_m, tile FROM geofences_fence ORDER BY id")
            ).all()
        assert tuple(rows[0]) == (60.17, 24.94, 50.0, tile_of(Circle(60.17, 24.94, 50.0)))
        lat, lon, reach, tile = rows[1]
        exact = watch_circle(Area(shapely.box(24, 60, 24.1, 60.1)))
        assert (lat, lon) == (exact.lat_deg, exact.lon_deg)
        assert exact.radius_m <= reach <= exact.radius_m * 1.05 + 5
        assert tile == tile_of(Circle(lat, lon, reach))


def _not_search(_thing: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """What full text needs (SQLite's shadow tables, PostgreSQL's indexes over expressions) is made by a revision and in no model."""
    return not (kind in ("table", "index") and name is not None and "_fts" in name)


class TestPackaging:
    def test_revisions_form_one_line(self) -> None:
        from alembic.config import Config
        from alembic.script import ScriptDirectory

        import app.migrations

        config = Config()
        config.set_main_option("script_location", str(Path(app.migrations.__file__).parent))
        script = ScriptDirectory.from_config(config)
        assert len(script.get_heads()) == 1
        assert len(script.get_bases()) == 1


class TestSeveralCouponsOnAnOrder:
    def test_what_was_there_stays_and_the_way_back_keeps_the_money(self, database: Database) -> None:
        hold = "INSERT INTO offers_hold ({more}order_id, coupon_id, state, quote, discount_minor, currency, reserved_at) VALUES ({values}'ord_1', '{coupon}', 'used', '{{}}', 90, 'EUR', '2026-11-21 12:00:00')"
        use = "INSERT INTO offers_redemption ({more}id, coupon_id, campaign_id, channel, order_id, discount_minor, currency, redeemed_at) VALUES ({values}'red_{coupon}', '{coupon}', 'cam_1', 'order', 'ord_1', 90, 'EUR', '2026-11-21 12:00:00')"
        downgrade(database, "0009")
        with database.engine.begin() as connection:
            for row in (hold, use):
                connection.execute(sa.text(row.format(more="", values="", coupon="cpn_1")))
        upgrade(database)
        with database.engine.begin() as connection:
            connection.execute(sa.text(hold.format(more="position, ", values="1, ", coupon="cpn_2")))
            connection.execute(sa.text(use.format(more="returned_minor, ", values="40, ", coupon="cpn_2")))
        downgrade(database, "0009")
        with database.reading() as session:
            assert session.execute(sa.text("SELECT coupon_id FROM offers_hold")).all() == [("cpn_1",)]
            uses = session.execute(sa.text("SELECT coupon_id, order_id, discount_minor FROM offers_redemption ORDER BY id")).all()
        assert [tuple(row) for row in uses] == [("cpn_1", "ord_1", 90), ("cpn_2", None, 50)]
        upgrade(database)


class TestWhatIsHersIsSealedWithHerKey:
    def test_what_was_there_is_sealed_and_can_be_taken_back(self, database: Database) -> None:
        use_secrets(new_secrets())
        downgrade(database, "0016")
        when = "2026-11-21 12:00:00"
        rows = (
            "INSERT INTO security_shopper (id, created_at) VALUES ('shp_1', :at)",
            "INSERT INTO security_person (id, role, name, email, place_ids, shopper_id, created_at) VALUES ('per_1', 'shopper', '', 'jane@example.org', '[]', 'shp_1', :at)",
            "INSERT INTO security_person (id, role, name, email, place_ids, created_at) VALUES ('per_2', 'clerk', 'Mia', 'mia@example.org', '[]', :at)",
            "INSERT INTO security_device (id, shopper_id, name, platform, token_hash, tracking_hash, created_at, last_seen_at) VALUES ('dev_1', 'shp_1', 'Jane''s phone', 'ios', 'a', 'b', :at, :at)",
            "INSERT INTO notifications_push_token (id, shopper_id, device_id, kind, token_hash, sealed, registered_at) VALUES ('ptk_1', 'shp_1', 'dev_1', 'fcm', 'h', :sealed, :at)",
        )
        with database.engine.begin() as connection:
            for row in rows:
                connection.execute(sa.text(row), {"at": when, "sealed": seal("push_token", b"tok-1", b"ptk_1")} if ":sealed" in row else {"at": when})
        upgrade(database)
        with database.reading() as session:
            found = account_by_email(session, "jane@example.org")
            assert (found and found.person_id, found and found.email) == ("per_1", "jane@example.org")
            staff = account_by_email(session, "mia@example.org")
            assert staff is not None
            assert staff.email == "mia@example.org"
            assert export_shopper(session, "shp_1")["devices"][0]["name"] == "Jane's phone"
            sealed = session.execute(sa.text("SELECT sealed FROM notifications_push_token")).scalar_one()
            assert (bytes(sealed)[:1], open_for("push_token", sealed, b"ptk_1")) == (b"\x02", b"tok-1")
        if database.dialect == "sqlite":
            file = Path(str(database.url.database))
            assert b"jane@example.org" not in file.read_bytes() + Path(f"{file}-wal").read_bytes()
        downgrade(database, "0016")
        with database.reading() as session:
            assert sorted(session.execute(sa.text("SELECT email FROM security_person")).scalars()) == ["jane@example.org", "mia@example.org"]
            assert session.execute(sa.text("SELECT name FROM security_device")).scalar_one() == "Jane's phone"
            assert open_sealed("push_token", session.execute(sa.text("SELECT sealed FROM notifications_push_token")).scalar_one(), b"ptk_1") == b"tok-1"
        upgrade(database)


class TestConsentRecordsInAChain:
    def test_what_was_said_before_becomes_a_chain_that_holds(self, database: Database) -> None:
        said = "INSERT INTO privacy_consent (id, shopper_id, purpose, sequence, granted, notice_version, source, at) VALUES (:id, :who, :purpose, :sequence, :granted, 1, 'app', :at)"
        downgrade(database, "0019")
        with database.engine.begin() as connection:
            for number, (who, purpose, sequence, granted) in enumerate([("shp_1", "location", 1, True), ("shp_2", "analytics", 1, False), ("shp_1", "location", 2, False)]):
                connection.execute(
                    sa.text(said), {"id": f"con_{number}", "who": who, "purpose": purpose, "sequence": sequence, "granted": granted, "at": f"2026-11-2{number} 12:00:00"}
                )
        upgrade(database)
        with database.reading() as session:
            assert [(s, chain_fault(session, s)) for s in shoppers_with_records(session)] == [("shp_1", None), ("shp_2", None)]
            assert [(r.purpose, r.granted, r.sequence) for r in records(session, "shp_1")] == [("location", True, 1), ("location", False, 2)]
        with database.transaction() as session:
            assert grant(session, "shp_1", Purpose.ANALYTICS, source="app", at=database.clock.now())
        with database.reading() as session:
            assert chain_fault(session, "shp_1") is None


class TestWhatIsSaidToHerIsSealed:
    def test_what_was_there_is_sealed_and_can_be_taken_back(self, database: Database) -> None:
        use_secrets(new_secrets())
        downgrade(database, "0030")
        said = (
            "INSERT INTO notifications_message (id, shopper_id, kind, state, reasons, title, body, link, collapse_key, created_at, expires_at)"
            " VALUES (:id, :who, 'offer', 'live', '[]', :title, 'Only for Jane', '/w/1', 'k', '2026-11-21 12:00:00', '2026-11-22 12:00:00')"
        )
        made = (
            "INSERT INTO security_passkey (id, credential_hash, credential_id, public_key, sign_count, shopper_id, person_id, name, model, synced, transports, created_at)"
            " VALUES (:id, :id, '', '', 0, :who, :person, :name, '', true, '[]', '2026-11-21 12:00:00')"
        )
        with database.engine.begin() as connection:
            connection.execute(sa.text(said), {"id": "msg_1", "who": "shp_1", "title": "Hello Jane"})
            connection.execute(sa.text(said), {"id": "msg_2", "who": "shp_erased_2", "title": "Hello Mia"})
            connection.execute(sa.text(made), {"id": "psk_1", "who": "shp_1", "person": None, "name": "Jane's finger"})
            connection.execute(sa.text(made), {"id": "psk_2", "who": None, "person": "per_1", "name": "Till 4"})
        vault().destroy([owner_of("shp_erased_2")])  # a backup that knows somebody who was erased meanwhile
        upgrade(database)
        plain = (b"Hello Jane", b"Only for Jane", b"Hello Mia", b"Jane's finger")
        assert [p for p in plain if p in _bytes_of(database, "notifications_message", "security_passkey")] == []
        with database.reading() as session:
            rows = session.scalars(sa.select(Message).order_by(Message.id)).all()
            assert [row.position for row in rows] == [1, 2]
            assert contents_of(rows) == {"msg_1": Content("Hello Jane", "Only for Jane", "/w/1")}
            keys = session.scalars(sa.select(PasskeyRow).order_by(PasskeyRow.id)).all()
            assert names_of(keys) == ["Jane's finger", "Till 4"]
        downgrade(database, "0030")
        with database.reading() as session:
            assert session.execute(sa.text("SELECT title, body, link FROM notifications_message ORDER BY id")).all() == [("Hello Jane", "Only for Jane", "/w/1"), ("", "", "")]
            assert list(session.execute(sa.text("SELECT name FROM security_passkey ORDER BY id")).scalars()) == ["Jane's finger", "Till 4"]
        upgrade(database)


def _bytes_of(database: Database, *tables: str) -> bytes:
    """What stands on the disk: of the whole file, or of these tables."""
    if database.dialect == "sqlite":
        file = Path(str(database.url.database))
        return file.read_bytes() + Path(f"{file}-wal").read_bytes()
    with database.engine.connect() as connection:
        folder = Path(connection.execute(sa.text("SHOW data_directory")).scalar_one())
        files = [connection.execute(sa.text("SELECT pg_relation_filepath(CAST(:t AS text))"), {"t": table}).scalar_one() for table in tables]
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("CHECKPOINT"))
    return b"".join((folder / file).read_bytes() for file in files)
