"""What `moments doctor` looks at: each check is a function that answers with a level, a sentence and a remedy.

Owns the checks. Must not change anything: the remedy is a command for the reader to run. Must not raise: what cannot be
looked at is itself a finding.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.cli.channel_checks import bounces, channels, push, wallets
from app.cli.findings import FAIL, OK, WARN, Check, is_local
from app.settings import Settings, unknown_variables

if TYPE_CHECKING:
    from app.kernel.db import Database

REPOSITORY = Path(__file__).resolve().parent.parent.parent
BUILT_AFTER = datetime(2026, 11, 1, tzinfo=UTC)
LAG_WARN_S = 30.0


def python_version() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < (3, 11):  # noqa: UP036 - pip refuses it, a copied folder does not
        return Check("python", FAIL, f"Python {version} is too old; 3.11 or newer is needed", "make PYTHON=python3.12 setup")
    return Check("python", OK, f"Python {version}")


def browser_libraries() -> Check:
    if (REPOSITORY / "node_modules" / "maplibre-gl").is_dir() and (REPOSITORY / "node_modules" / "htmx.org").is_dir():
        return Check("pages", OK, "browser libraries are installed")
    return Check("pages", FAIL, "browser libraries are missing: the pages stay without map and movement", "npm ci --ignore-scripts")


def basemap() -> Check:
    folder = REPOSITORY / "app" / "demo" / "city"
    missing = [n for n in ("roads", "buildings", "water", "green", "places") if not (folder / f"{n}.geojson").is_file()]
    if missing:
        return Check("basemap", FAIL, f"layers of the offline map are missing: {', '.join(missing)}", "git checkout -- app/demo/city")
    return Check("basemap", OK, "the offline map of the demo city is there (© OpenStreetMap contributors)")


def data_dir(settings: Settings) -> Check:
    folder = settings.data_dir
    if not folder.exists():
        return Check("data", OK, f"{folder} does not exist yet; the first run makes it")
    mode = stat.S_IMODE(folder.stat().st_mode)
    if not os.access(folder, os.W_OK):
        return Check("data", FAIL, f"{folder} cannot be written", f"chown {os.getuid()} {folder}")
    if mode & 0o077:
        return Check("data", WARN, f"{folder} can be entered by others (mode {mode:04o})", f"chmod 700 {folder}")
    return Check("data", OK, f"{folder} is yours alone")


def secrets_file(settings: Settings) -> Check:
    from app.security.secrets import FILE_NAME, SecretsUnsafe, load

    path = settings.data_dir / FILE_NAME
    if not path.exists():
        return Check("secrets", OK, "none yet; the first run makes them")
    try:
        load(path)
    except SecretsUnsafe as error:
        return Check("secrets", FAIL, error.detail, f"chmod 600 {path}" if stat.S_IMODE(path.stat().st_mode) & 0o077 else "moments serve, after putting back a backup")
    return Check("secrets", OK, f"{path} is readable by you alone")


def misspelt_settings() -> Check:
    unknown = unknown_variables()
    if unknown:
        return Check("settings", WARN, f"nothing reads {', '.join(unknown)}", "see docs/settings.md for the names")
    return Check("settings", OK, "every MOMENTS_ variable is known")


def clock_sane(now: datetime) -> Check:
    if now < BUILT_AFTER:
        return Check("clock", FAIL, f"the clock says {now:%Y-%m-%d}, before this release was made: links and coupons would be born expired", "timedatectl set-ntp true")
    return Check("clock", OK, f"{now:%Y-%m-%d %H:%M} UTC")


def public_address(settings: Settings) -> Check:
    url = urlsplit(settings.base_url())
    host = url.hostname or ""
    if url.scheme == "https" or is_local(host):
        if settings.demo and not is_local(host):
            return Check("address", WARN, f"demo mode is on at {host}: anyone may pay with test cards", "export MOMENTS_DEMO=false")
        if url.scheme == "https" and not settings.security.cookie_secure:
            return Check("address", WARN, "people come by https, but session cookies are not marked Secure", "export MOMENTS_SECURITY__COOKIE_SECURE=true")
        return Check("address", OK, f"people come to {url.scheme}://{url.netloc}")
    return Check(
        "address", FAIL, f"people come to {host} over plain http: sign-in links, cookies and positions can be read on the way", f"export MOMENTS_PUBLIC_URL=https://{host} (behind a TLS proxy)"
    )


def listening_address(settings: Settings) -> Check:
    if is_local(settings.host):
        return Check("listening", OK, f"on {settings.host} only")
    if settings.public_url.startswith("https://"):
        return Check("listening", OK, f"on {settings.host}, behind {settings.public_url}")
    return Check("listening", WARN, f"on {settings.host}: other machines can reach it without TLS", "export MOMENTS_HOST=127.0.0.1, or set MOMENTS_PUBLIC_URL=https://...")


def payments(settings: Settings) -> Check:
    shop = settings.storefront
    key = shop.stripe_secret_key.get_secret_value() if shop.stripe_secret_key else ""
    prefix = "MOMENTS_STOREFRONT__STRIPE_"
    if settings.demo:
        return Check("payments", OK, "the demo pays at its own local peer")
    if not key:
        return Check("payments", WARN, "no Stripe key is set: orders can be placed, but no money moves", f"export {prefix}SECRET_KEY=sk_...")
    if not shop.stripe_webhook_secrets:
        return Check("payments", FAIL, "no webhook secret is set: nobody tells us that an order is paid", f"export {prefix}WEBHOOK_SECRETS='[\"whsec_...\"]'")
    if not shop.stripe_publishable_key:
        return Check("payments", WARN, "no publishable key is set: the checkout page cannot take cards", f"export {prefix}PUBLISHABLE_KEY=pk_...")
    if key.startswith("sk_live_") and shop.stripe_api_base != "https://api.stripe.com":
        return Check("payments", FAIL, "a live key would be sent to another address than Stripe's", f"unset {prefix}API_BASE")
    return Check("payments", OK, "Stripe, live" if key.startswith("sk_live_") else "Stripe, in test mode")


def fence_index(settings: Settings) -> Check:
    from geofences import facade

    mend = "apt-get install gcc python3-dev; then: pip install --no-deps --no-build-isolation -e ."
    if settings.kernel == "numpy":
        return Check("fence index", OK, "numpy answers, as MOMENTS_KERNEL says")
    if facade.index_kernel() == "compiled":
        return Check("fence index", OK, "the compiled kernel answers")
    if settings.kernel == "compiled":
        return Check("fence index", FAIL, "MOMENTS_KERNEL asks for the compiled kernel, which was not built", mend)
    return Check("fence index", WARN, "numpy answers, rightly but slower: the compiled kernel was not built", mend)


def database_checks(settings: Settings) -> Iterator[Check]:
    """Reachable, migrated, and safe against a power cut; then what is waiting in it."""
    from app.kernel.db import Database

    url = settings.resolved_database_url()
    if url.startswith("sqlite") and not (settings.data_dir / "moments.sqlite3").exists() and not settings.database_url:
        yield Check("database", OK, "no SQLite file yet; the first run makes it")
        return
    database = Database(url, pool_size=1)
    try:
        shown = database.url.render_as_string(hide_password=True)
        try:
            database.ping()
        except Exception as error:  # noqa: BLE001 - every driver has its own errors; the finding is the same
            yield Check("database", FAIL, f"{shown} does not answer ({type(error).__name__})", "docker compose up -d database" if database.dialect == "postgresql" else "moments migrate")
            return
        yield Check("database", OK, f"{shown} answers")
        yield _schema(database)
        yield from _postgresql(database) if database.dialect == "postgresql" else _sqlite(database)
        yield _dead_letters(database)
        yield _outbox_lag(database)
    finally:
        database.close()


def _schema(database: Database) -> Check:
    from app.migrations import current

    at, newest = current(database)
    if at != newest:
        return Check("schema", FAIL, f"the database is at {at or 'nothing'}, this release needs {newest}", "moments migrate")
    return Check("schema", OK, f"at {at or 'nothing'}, the newest")


def _ask(database: Database, question: str) -> str:
    from sqlalchemy import text

    with database.reading() as session:
        return str(session.execute(text(question)).scalar_one())


def _sqlite(database: Database) -> Iterator[Check]:
    journal, synchronous = _ask(database, "PRAGMA journal_mode"), _ask(database, "PRAGMA synchronous")
    if journal != "wal" or synchronous != "2":
        yield Check("durability", FAIL, f"journal_mode={journal}, synchronous={synchronous}; an answered request could be lost in a power cut", "move the file to a local disk")
    else:
        yield Check("durability", OK, "WAL, synchronous=FULL: what was answered survives a power cut")
    path = database.url.database
    if path and Path(path).exists() and stat.S_IMODE(Path(path).stat().st_mode) & 0o007 and stat.S_IMODE(Path(path).parent.stat().st_mode) & 0o007:
        yield Check("file", WARN, f"{path} can be read by others", f"chmod 600 {path}")


def _postgresql(database: Database) -> Iterator[Check]:
    off = [name for name in ("fsync", "full_page_writes", "synchronous_commit") if _ask(database, f"SHOW {name}") == "off"]
    if off:
        yield Check("durability", FAIL, f"{', '.join(off)} off: an answered request could be lost in a crash", f'psql -c "ALTER SYSTEM RESET {off[0]}" -c "SELECT pg_reload_conf()"')
    else:
        yield Check("durability", OK, "fsync, full_page_writes and synchronous_commit are on")
    version = int(_ask(database, "SHOW server_version_num"))
    if version < 140000:
        yield Check("postgresql", WARN, f"PostgreSQL {version // 10000} is older than what is tested (16 to 18)", "upgrade the server")
    encoding = _ask(database, "SHOW server_encoding")
    if encoding != "UTF8":
        yield Check("encoding", FAIL, f"the database is {encoding}; names need UTF8", "createdb -E UTF8 -T template0 moments")
    isolation = _ask(database, "SHOW default_transaction_isolation")
    if isolation != "read committed":
        yield Check("isolation", WARN, f"default isolation is {isolation}; read committed is what is tested", "ALTER DATABASE ... RESET default_transaction_isolation")


def _dead_letters(database: Database) -> Check:
    from app.kernel.outbox import dead_letters

    try:
        with database.reading() as session:
            dead = len(dead_letters(session, 1000))
    except Exception:  # noqa: BLE001 - no such table before the first migration; `schema` has said so
        return Check("dead letters", WARN, "cannot be counted before the database is migrated", "moments migrate")
    if dead:
        return Check("dead letters", WARN, f"{dead} deliveries were given up", "moments outbox list; then: moments outbox retry all")
    return Check("dead letters", OK, "none")


def _outbox_lag(database: Database) -> Check:
    from sqlalchemy import func, select

    from app.kernel.outbox import OutboxDelivery

    d = OutboxDelivery
    try:
        with database.reading() as session:
            waiting, oldest = session.execute(select(func.count(), func.min(d.next_attempt_at)).where(d.state == "pending")).one()
    except Exception:  # noqa: BLE001 - as above
        return Check("outbox", WARN, "cannot be counted before the database is migrated", "moments migrate")
    lag_s = (database.clock.now() - oldest).total_seconds() if oldest else 0.0
    if lag_s > LAG_WARN_S:
        return Check("outbox", WARN, f"{waiting} events wait, the oldest for {lag_s:.0f} s: no process delivers them", "moments serve (or moments scheduler, moments worker)")
    return Check("outbox", OK, f"{waiting} events wait")


def mqtt_broker(settings: Settings) -> Iterator[Check]:
    """Said only where one is set: whether it can be reached from here."""
    import socket

    url = settings.geofences.mqtt_url
    if url is None or not url.get_secret_value():
        return
    parts = urlsplit(url.get_secret_value())
    try:
        host, port = parts.hostname or "", parts.port or {"mqtt": 1883, "mqtts": 8883}[parts.scheme]
    except ValueError:
        yield Check("mqtt", FAIL, "mqtt_url is no address of a broker", "MOMENTS_GEOFENCES__MQTT_URL=mqtt://user:password@host:1883")
        return
    try:
        socket.create_connection((host, port), timeout=3).close()
    except OSError as error:
        yield Check("mqtt", FAIL, f"the broker at {host}:{port} does not answer ({type(error).__name__})", "systemctl start mosquitto")
        return
    if parts.scheme == "mqtt" and not is_local(host):
        yield Check("mqtt", WARN, f"positions travel to {host}:{port} unencrypted", "use mqtts:// and a listener with TLS")
        return
    yield Check("mqtt", OK, f"listens to OwnTracks phones at {host}:{port}")


def detection_lag(settings: Settings) -> Iterator[Check]:
    """How long the oldest batch of fixes has waited; nothing before the first run."""
    from app.security.secrets import FILE_NAME, SecretsUnsafe

    if not (settings.data_dir / FILE_NAME).exists():
        return  # building the house would make them, and looking must not
    from app.bootstrap import build

    try:
        house = build(settings)
    except SecretsUnsafe:
        return  # said already
    try:
        with house.database.reading() as session:
            figures = house.runner.figures(session)
    except Exception:  # noqa: BLE001 - not migrated, or away: said already
        return
    finally:
        house.stop()
    waiting, late_s = int(figures["moments_fix_log_waiting"][1]), figures["moments_detection_late_seconds"][1]
    if late_s > LAG_WARN_S:
        yield Check("detection", WARN, f"{waiting} batches of fixes wait, the oldest for {late_s:.0f} s: no process looks at them", "moments serve (or moments scheduler, moments worker)")
    else:
        yield Check("detection", OK, f"{waiting} batches of fixes wait")


def every_check(settings: Settings, now: datetime) -> Iterator[Check]:
    """All checks, in the order a person would mend them."""
    first: list[Callable[[], Check]] = [
        python_version,
        browser_libraries,
        basemap,
        lambda: fence_index(settings),
        lambda: clock_sane(now),
        misspelt_settings,
        lambda: data_dir(settings),
        lambda: secrets_file(settings),
        lambda: listening_address(settings),
        lambda: public_address(settings),
        lambda: payments(settings),
        lambda: push(settings),
        lambda: channels(settings),
        lambda: bounces(settings),
        lambda: wallets(settings, now),
    ]
    for check in first:
        yield check()
    yield from database_checks(settings)
    yield from detection_lag(settings)
    yield from mqtt_broker(settings)
