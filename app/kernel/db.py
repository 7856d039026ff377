"""The database: one way to write, one way to read, on SQLite and PostgreSQL alike.

Owns the engine, `transaction()`, column types and the two statements every race in the house is decided by
(`moved`, `insert_new`). Nothing else in the house may call `commit`. Must not know any table.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any, Protocol, cast

from sqlalchemy import (
    JSON,
    CursorResult,
    DateTime,
    Delete,
    Dialect,
    Executable,
    MetaData,
    Row,
    Update,
    create_engine,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from app.kernel.busy import DatabaseBusy, is_busy
from app.kernel.clock import Clock, SystemClock
from app.kernel.write_ahead import BACKSTOP_PAGES, Copying

BUSY_TIMEOUT_S = 20.0
"""How long a writer waits for its turn, a lock or a connection before the caller is told to come again."""

EMPTY_LOG_WAIT_MS = 250


class Base(DeclarativeBase):
    """Every table of the house; the naming convention lets migrations name what they drop."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime on both engines (SQLite keeps it without a zone, in UTC; strings of equal length sort by time)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an Instant needs an aware datetime")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""A JSON document: text on SQLite, jsonb on PostgreSQL. Where bytes must be equal for ever, use a Text column."""


class Wake(Protocol):
    """An event, or what is told to others as one is set."""

    def set(self) -> None: ...


class Database:
    """One engine and its rules. `url` is `sqlite:///file` or `postgresql://user@host/name` (psycopg is filled in).

    `consumers` maps an event type to the names of those who want it; the outbox fans out by it (app/kernel/outbox.py).
    `relay_wakes` are set after a commit that emitted something, so that relays need not poll quickly; each has its own,
    since one that clears a shared event would clear it for the others. `answers` seals what is stored for retries
    (idempotency.AnswerKeeper; None stores it as it is). `remembered` outlives a transaction: whoever keeps
    something there must find out within each transaction whether it is still so.
    """

    def __init__(self, url: str, *, clock: Clock | None = None, pool_size: int = 20) -> None:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.url = parsed
        self.clock: Clock = clock or SystemClock()
        self.consumers: dict[str, list[str]] = {}
        self.relay_wakes: list[Wake] = []
        self.remembered: dict[Any, Any] = {}
        self.answers: Any = None
        # what a statement was given never stands in an error: it may be anybody's address or position
        options: dict[str, Any] = {"hide_parameters": True, "pool_size": pool_size, "max_overflow": pool_size, "pool_timeout": BUSY_TIMEOUT_S}
        if parsed.get_backend_name() == "sqlite":
            options["connect_args"] = {"timeout": BUSY_TIMEOUT_S, "check_same_thread": False}
        else:
            options["pool_pre_ping"] = True
            options["connect_args"] = {"options": f"-c timezone=UTC -c lock_timeout={BUSY_TIMEOUT_S * 1000:.0f}"}
        self.engine: Engine = create_engine(parsed, **options)
        self.dialect: str = self.engine.dialect.name
        if self.dialect == "sqlite":
            _prepare_sqlite(self.engine)
        self._reading_engine = self.engine.execution_options(moments_reading=True)
        self._glances: list[Connection] = []
        self._glancing = 0
        # SQLite lets one writer in at a time, by polling; waiting here first is fair and wakes at once.
        self._writer_turn = threading.Lock() if self.dialect == "sqlite" else None
        self._copying: Copying | None = None
        if self._writer_turn is not None and parsed.database not in (None, "", ":memory:"):
            self._copying = Copying(str(parsed.database), self._writer_turn, BUSY_TIMEOUT_S)
        self._here = threading.local()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """The one way to write: everything inside commits together or not at all.

        Callables appended to `session.info["before_commit"]` run last inside it: for rows that everybody needs, so that they
        are locked late and after all others. Those in `session.info["after_commit"]` run once it is durable, those in
        `session.info["afterwards"]` when it is over in either way, and are handed this database: for what is written down
        although it came to nothing, a refusal. Do not nest, and do not speak to the network inside.
        """
        if getattr(self._here, "open", False):
            raise RuntimeError("a transaction is already open in this thread; pass its session on instead of nesting")
        if self._copying is not None:
            self._copying.pause()
        if self._writer_turn is not None and not self._writer_turn.acquire(timeout=BUSY_TIMEOUT_S):
            raise DatabaseBusy
        self._here.open = True
        session = Session(self.engine, expire_on_commit=False)
        session.info.update(before_commit=[], after_commit=[], afterwards=[], consumers=self.consumers, wake_relays=self.wake_relays, clock=self.clock, remembered=self.remembered, database=self)
        try:
            yield session
            for last in cast("list[Callable[[], None]]", session.info["before_commit"]):
                last()
            session.commit()
        except BaseException as error:
            _undo(session)
            if is_busy(error):
                raise DatabaseBusy from error
            raise
        finally:
            session.close()
            self._here.open = False
            try:
                if self._copying is not None:
                    self._copying.written()
            finally:
                if self._writer_turn is not None:
                    self._writer_turn.release()
            for late in cast("list[Callable[[Database], None]]", session.info["afterwards"]):
                late(self)
        for wake in cast("list[Callable[[], None]]", session.info["after_commit"]):
            wake()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One consistent look at the database; whatever is written inside is thrown away. `session.info["afterwards"]` as above."""
        session = Session(self._reading_engine, expire_on_commit=False)
        session.info.update(afterwards=[], clock=self.clock, remembered=self.remembered)
        try:
            yield session
        except BaseException as error:
            if is_busy(error):
                raise DatabaseBusy from error
            raise
        finally:
            _undo(session)
            session.close()
            for late in cast("list[Callable[[Database], None]]", session.info["afterwards"]):
                late(self)

    def glance(self, statement: Executable, values: Mapping[str, Any]) -> Sequence[Row[Any]]:
        """The rows of one statement outside any transaction: what has committed by now, at a tenth of what `reading` costs. Build the
        statement once, at import. Within `glancing` the connection stays open for the next."""
        try:
            connection = self._glances.pop()
        except IndexError:
            connection = self._apart()
        try:
            rows = connection.execute(statement, dict(values)).all()
        except BaseException:
            connection.close()
            raise
        if self._glancing:
            self._glances.append(connection)
        else:
            connection.close()
        return rows

    def _apart(self) -> Connection:
        """A connection on which each statement is a transaction of its own."""
        options: dict[str, Any] = {"moments_apart": True} if self.dialect == "sqlite" else {"isolation_level": "AUTOCOMMIT"}
        try:
            return self.engine.connect().execution_options(**options)
        except NoConnection as error:
            raise DatabaseBusy from error

    @contextmanager
    def glancing(self) -> Iterator[None]:
        """Many glances follow, from any thread."""
        self._glancing += 1
        try:
            yield
        finally:
            self._glancing -= 1
            while not self._glancing and self._glances:
                with suppress(IndexError):
                    self._glances.pop().close()

    def apart(self) -> Any:
        """A connection of the driver's that is nobody else's and no pool's: each statement commits by itself. The caller closes it."""
        borrowed = self.engine.raw_connection()
        driver: Any = borrowed.driver_connection
        borrowed.detach()
        driver.autocommit = True
        return driver

    def wake_relays(self) -> None:
        """Something is due for delivery."""
        for wake in self.relay_wakes:
            wake.set()

    def ping(self) -> None:
        """Raises when the database does not answer."""
        with self.reading() as session:
            session.execute(text("SELECT 1"))

    def empty_log(self) -> bool:
        """Write everything into the database file and cut its write-ahead log to nothing, so that no older copy of a row stands there.

        False when somebody was reading or writing: try again. PostgreSQL keeps its log for itself; there it is always True.
        """
        if self.dialect != "sqlite":
            return True
        if self._copying is not None and not self._copying.alone.acquire(timeout=EMPTY_LOG_WAIT_MS / 1000):
            return False
        try:
            with closing(self.engine.raw_connection()) as connection:
                cursor = connection.cursor()
                cursor.execute(f"PRAGMA busy_timeout={EMPTY_LOG_WAIT_MS}")  # whoever writes meanwhile waits for this
                busy, left, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() or (1, 0, 0)
                cursor.execute(f"PRAGMA busy_timeout={int(BUSY_TIMEOUT_S * 1000)}")
                cursor.close()
        finally:
            if self._copying is not None:
                self._copying.alone.release()
        return not busy and left <= 0

    def close(self) -> None:
        if self._copying is not None:
            self._copying.close()
        self.engine.dispose()


def _undo(session: Session) -> None:
    """Roll back. On PostgreSQL past psycopg, which at each rollback of its own forgets every statement the server has prepared, lest
    a table was made and unmade in between; here only migrations do that, and every look ends so."""
    bound = session.get_bind()
    if bound.dialect.name == "postgresql" and isinstance(bound, Engine):  # within somebody's transaction only she rolls back
        with suppress(Exception):  # nothing was begun, or the connection broke: the rollback below finds out
            driver: Any = session.connection().connection.driver_connection
            driver.pgconn.exec_(b"ROLLBACK")
    session.rollback()


def _prepare_sqlite(engine: Engine) -> None:
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, see on_begin
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", f"wal_autocheckpoint={BACKSTOP_PAGES}", f"busy_timeout={int(BUSY_TIMEOUT_S * 1000)}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        # A deferred transaction that reads first and writes later can fail at the write; a writer takes its lock at once.
        options = connection.get_execution_options()
        if options.get("moments_apart"):
            return  # each statement is a transaction of its own
        reading = options.get("moments_reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)


def prepared(session: Session, statement: Executable, values: Mapping[str, Any]) -> CursorResult[*tuple[Any, ...]]:
    """Execute a statement that was built once, at import, with bound names: building costs several times what running it does.

    It must name columns, not whole rows; it sees what the session holds unwritten, and nothing the session remembers.
    """
    session.flush()
    return connection_of(session).execute(statement, dict(values))


def connection_of(session: Session) -> Connection:
    """The session's connection, looked up once a transaction: looking it up costs as much as a small statement."""
    found = cast("Connection | None", session.info.get("connection"))
    if found is None or found.closed:
        found = session.info["connection"] = session.connection()
    return found


def moved(session: Session, statement: Update, values: Mapping[str, Any] | None = None) -> bool:
    """Execute a conditional UPDATE that must touch at most one row; True if it touched exactly one.

    This is how everything changes state: the condition is in the WHERE, so of two racers one gets True. With `values` it is a
    statement on a table that was built once, with bound names.
    """
    count = prepared(session, statement, values).rowcount if values is not None else touched(session, statement)
    if count > 1:
        raise RuntimeError(f"a move of one row touched {count}")
    return count == 1


def touched(session: Session, statement: Update | Delete) -> int:
    """Execute a statement on many rows; how many they were. What the session remembers of them stays as it was."""
    return cast("CursorResult[Any]", session.execute(statement.execution_options(synchronize_session=False))).rowcount


def insert_new(session: Session, model: type[Base], values: Mapping[str, Any], *, unique: Sequence[str]) -> bool:
    """Insert unless a row with the same `unique` columns exists; True if this call inserted it. With none named, unless any constraint holds against
    it: of a row whose id follows from columns that are unique too, PostgreSQL tells a racer of whichever it meets first."""
    statement = _insert_new(model, tuple(unique), session.get_bind().dialect.name)
    return prepared(session, statement, values).first() is not None


@cache
def _insert_new(model: type[Base], unique: tuple[str, ...], dialect: str) -> Any:
    """Built once: building costs several times what running it does."""
    table = cast("Any", model.__table__)
    # RETURNING tells on both engines; psycopg's rowcount does not after ON CONFLICT.
    told = table.c[unique[0]] if unique else next(iter(table.primary_key.columns))
    return inserting(model, dialect).on_conflict_do_nothing(index_elements=list(unique) or None).returning(told)


def inserting(model: type[Base], dialect: str) -> Any:
    """The engine's own INSERT, which knows what to do where the row is there already (`on_conflict_do_update`)."""
    insert = postgresql_insert if dialect == "postgresql" else sqlite_insert
    return insert(cast("Any", model.__table__))
