"""The same request again and again: answers lost, duplicates in flight, bodies changed. Exactly one effect each.

Planted bug this fails on (kept planted in test_planted.py): the answer stored in a transaction after the effect's.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import func, select

from storefront.carts.models import CartLineRow, CartRow
from tests.proofs.rig import Rig, Told
from tests.proofs.wire import Asked, Wire, crowd

CLIENTS = 8
ONE_SHOPPERS_SHARE = 90


def add(shopper: dict[str, str], key: str, quantity: int = 1) -> Asked:
    """Not idempotent of itself: each time it is done, there is one piece more."""
    return Asked("POST", "/v1/cart/lines", {"product_id": "prd_bonbon", "quantity": quantity}, shopper | {"Idempotency-Key": key})


def insist(url: str, shopper: dict[str, str], key: str, chance: random.Random) -> Counter[str]:
    """Send one request until it is answered, in the worst of ways; what was answered."""
    told: Counter[str] = Counter()
    way = chance.choice(("plain", "lost", "twice", "changed"))
    if way == "lost":
        with Wire(url) as wire:  # sent whole, and nobody waits for the answer
            wire.hold(add(shopper, key))
            wire.release()
    if way == "twice":
        wires = [Wire(url) for _ in range(3)]
        for wire in wires:
            wire.hold(add(shopper, key))
        for wire in wires:
            wire.release()
        for wire in wires:
            answer = wire.answer()
            told[answer.code] += 1
            wire.close()
    with Wire(url) as wire:
        answer = wire.ask(add(shopper, key))
        told[answer.code] += 1
        assert answer.status == 200
        if way == "changed":
            told[wire.ask(add(shopper, key, 2)).code] += 1
    return told


class TestKeys:
    @pytest.mark.parametrize("requests", [96, pytest.param(10_000, marks=[pytest.mark.full, pytest.mark.timeout(3600)])])
    def test_one_effect_for_each_key(self, rig: Rig, requests: int, record_property: Told) -> None:
        told, lock = Counter[str](), threading.Lock()
        pieces: Counter[str] = Counter()

        def client(k: int) -> None:
            chance, headers = random.Random(k), dict[str, str]()
            for n in range(requests // CLIENTS):
                if n % ONE_SHOPPERS_SHARE == 0:
                    shopper_id, headers = rig.shopper()
                said = insist(rig.url, headers, f"{k}.{n}", chance)
                with lock:
                    told.update(said)
                    pieces[shopper_id] += 1

        crowd(CLIENTS, client)
        assert told.keys() <= {"200", "idempotency_key_reused"}
        assert told["idempotency_key_reused"] > 0
        found = in_carts(rig)
        assert {shopper_id: found[shopper_id] for shopper_id in pieces} == pieces
        record_property("proved", f"{pieces.total()} requests, one effect each; answers {dict(told)}")


def in_carts(rig: Rig) -> Counter[str]:
    """Pieces in each shopper's cart, by the table."""
    with rig.database.reading() as session:
        rows: Any = session.execute(select(CartRow.shopper_id, func.sum(CartLineRow.quantity)).join(CartLineRow, CartLineRow.cart_id == CartRow.id).group_by(CartRow.shopper_id)).all()
    return Counter({shopper_id: int(quantity) for shopper_id, quantity in rows})
