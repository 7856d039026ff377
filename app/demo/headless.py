"""Jane's story, once, through the real HTTP application: `moments demo --headless --json`.

Owns the order of the steps, what each must show, and the lines that tell it. The application runs on a free port of
127.0.0.1 over a fresh SQLite file; payment and push go through the real SDKs to our local peers. Everything Jane does goes
over HTTP. Must not look into the house except through its addresses; what the push peer received is asked of the peer.
"""

from __future__ import annotations

import json
import queue
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from app.demo.jane import SHOP, walked_in
from app.demo.phone import Phone, Refusal
from app.demo.stage import Peers, demo_settings, local_peers, prepared_house, served
from app.kernel.clock import SystemClock

STEPS = ("fix", "moment", "decision", "coupon", "push", "cart", "order", "redemption")
INSTALLATION = "jane-phone-installation-0001"
BONBON, OTHER = "prd_salted_rye_bonbon", "prd_dark_74_bar"
INSIDE_BEFORE_PAYING_S = 100.0
WAIT_S = 20.0
SEED = 20261121

Line = dict[str, Any]


class StoryBroke(RuntimeError):
    """A step did not show what it must; `step` names it."""

    def __init__(self, step: str, why: str) -> None:
        super().__init__(why)
        self.step = step


class Story:
    """Jane's afternoon. Each method is one step: it acts, checks, and returns the line that tells it."""

    def __init__(self, phone: Phone, peers: Peers) -> None:
        self.phone, self.peers = phone, peers
        self.decision: Line = {}
        self.coupon: Line = {}
        self.order: Line = {}
        self.reported_at = 0.0

    def fix(self) -> Line:
        """She agrees, walks down Aleksanterinkatu and into the shop; her phone reports where it is."""
        self.phone.consent()
        self.phone.register_push(INSTALLATION)
        self.phone.listen()
        now = SystemClock().now()
        walked = walked_in(now, seed=SEED, inside_s=INSIDE_BEFORE_PAYING_S)
        outside = [pair for pair in walked if pair[0] < now - timedelta(seconds=INSIDE_BEFORE_PAYING_S + 60)]
        before = self.phone.report(outside)
        self.reported_at = time.perf_counter()
        answer = self.phone.report(walked[len(outside) :])
        if answer["accepted"] != len(walked) - len(outside):
            raise StoryBroke("fix", f"{answer['accepted']} of {len(walked) - len(outside)} fixes were accepted")
        return {"shopper_id": self.phone.shopper_id, "device_id": self.phone.device_id, "fixes": len(walked), "accepted": answer["accepted"] + before["accepted"],
                "reasons": ["consent_location_granted"]}  # fmt: skip

    def moment_(self) -> Line:
        """The house notices that she is in the shop."""
        visit = _until(self._my_visit, "no visit in the shop was noticed")
        self.decision = _until(self._my_decision, "no decision about a moment in the shop")
        return {"moment_id": self.decision["moment_id"], "visit_id": visit["id"], "place_id": visit["place_id"], "confidence": visit["confidence"],
                "trust": visit["trust"], "reasons": ["store_visit"]}  # fmt: skip

    def _my_visit(self) -> Line | None:
        return next((v for v in self.phone.get("/v1/visits")["visits"] if v["place_id"] == SHOP), None)

    def _my_decision(self) -> Line | None:
        found = self.phone.get("/v1/decisions?outcome=offer")["decisions"]
        return next((d for d in found if d["place_id"] == SHOP), None)

    def decision_(self) -> Line:
        """The campaign has weighed the moment; every reason is written down."""
        view = self.phone.get(f"/v1/decisions/{self.decision['id']}")
        if view["outcome"] != "offer" or not view["coupon_id"]:
            raise StoryBroke("decision", f"withheld: {_codes(view, False)}")
        words = self.phone.get(f"/v1/explain/{view['id']}")
        return {"decision_id": view["id"], "moment_id": view["moment_id"], "campaign_id": view["campaign_id"], "outcome": view["outcome"],
                "reasons": _codes(view, True), "in_words": words["headline"]}  # fmt: skip

    def coupon_(self) -> Line:
        """It lies in her wallet, ready to use."""
        self.coupon = self.phone.get(f"/v1/coupons/{self.decision['coupon_id']}")
        if self.coupon["state"] != "issued":
            raise StoryBroke("coupon", f"the coupon is {self.coupon['state']}, not issued")
        return {"coupon_id": self.coupon["id"], "decision_id": self.coupon["decision_id"], "state": self.coupon["state"],
                "expires_at": self.coupon["expires_at"], "reasons": [self.coupon["benefit_text"]]}  # fmt: skip

    def push(self) -> Line:
        """It arrives over the open inbox and through the push provider's SDK, once each."""
        try:
            message = self.phone.inbox.get(timeout=WAIT_S)
        except queue.Empty:
            raise StoryBroke("push", "no message came over the inbox stream") from None
        seen_s = time.perf_counter() - self.reported_at
        if message["coupon_id"] != self.coupon["id"]:
            raise StoryBroke("push", "the message is about another coupon")
        delivered = _until(lambda: self.peers.fcm.delivered(INSTALLATION) or None, "the push provider received nothing")
        if len(delivered) != 1:
            raise StoryBroke("push", f"pushed {len(delivered)} times instead of once")
        self.phone.post(f"/v1/inbox/{message['id']}/seen", {})
        return {"message_id": message["id"], "coupon_id": message["coupon_id"], "channels": ["inbox", "fcm"], "since_fix_s": round(seen_s, 3),
                "reasons": ["consent_marketing_push_granted"]}  # fmt: skip

    def cart(self) -> Line:
        """Three bonbons, a bar, and the coupon: the quote says exactly what it takes off."""
        self.phone.post("/v1/cart/lines", {"product_id": BONBON, "quantity": 3})
        self.phone.post("/v1/cart/lines", {"product_id": OTHER, "quantity": 1})
        self.phone.put("/v1/cart/coupon", {"code": self.coupon["code"], "place_id": SHOP})
        quote = self.phone.post("/v1/cart/quote", {"place_id": SHOP})
        if quote["discount_minor"] != 180:  # 25 % of 3 x 2.40
            raise StoryBroke("cart", f"the coupon takes off {quote['discount_minor']} instead of 180 minor units: {json.dumps(quote)[:300]}")
        self.order["total_minor"] = quote["total_minor"]
        return {"coupon_id": self.coupon["id"], "total_minor": quote["total_minor"], "discount_minor": quote["discount_minor"],
                "currency": quote["currency"], "reasons": quote["coupon"]["proof"]}  # fmt: skip

    def order_(self) -> Line:
        """She pays by card; the order is paid when the signed webhook says so."""
        asked = {"payment_method": "pm_card_visa", "place_id": SHOP, "expected_total_minor": self.order["total_minor"], "return_url": "/m/orders"}
        placed = self.phone.post("/v1/checkout", asked)
        order_id = placed["detail"]["order"]["id"]
        paid = _until(lambda: self._paid(order_id), "the order was not paid")
        self.peers.stripe.deliveries.drain()
        told = [status for kind, status in self.peers.stripe.deliveries.log if kind == "payment_intent.succeeded"]
        if not told or told[-1] >= 300:
            raise StoryBroke("order", f"the payment's webhook was answered {told}")
        return {"order_id": order_id, "state": paid["state"], "total_minor": paid["total_minor"], "discount_minor": paid["discount_minor"],
                "payment_id": placed["payment"]["payment_id"], "reasons": ["payment_webhook_signed"]}  # fmt: skip

    def _paid(self, order_id: str) -> Line | None:
        self.order = self.phone.get(f"/v1/orders/{order_id}")["order"]
        return self.order if self.order["state"] == "paid" else None

    def redemption(self) -> Line:
        """The coupon is used, by this order, and cannot be used again."""
        used = _until(self._redeemed, "the coupon was not redeemed")
        if used["order_id"] != self.order["id"]:
            raise StoryBroke("redemption", "the coupon was redeemed by another order")
        self.phone.post("/v1/cart/lines", {"product_id": BONBON, "quantity": 1})
        try:
            quote = self.phone.put("/v1/cart/coupon", {"code": self.coupon["code"], "place_id": SHOP})
            taken_off, why = quote["discount_minor"], [r["code"] for r in quote["coupon"]["reasons"] if not r["passed"]]
        except Refusal as refusal:
            taken_off, why = 0, [refusal.code]
        if taken_off or not why:
            raise StoryBroke("redemption", "the coupon was taken a second time")
        return {"coupon_id": used["id"], "order_id": used["order_id"], "redeemed_at": used["redeemed_at"], "second_use": "refused", "reasons": why}

    def _redeemed(self) -> Line | None:
        view = self.phone.get(f"/v1/coupons/{self.coupon['id']}")
        return view if view["state"] == "redeemed" else None

    def steps(self) -> list[tuple[str, Callable[[], Line]]]:
        acts = (self.fix, self.moment_, self.decision_, self.coupon_, self.push, self.cart, self.order_, self.redemption)
        return list(zip(STEPS, acts, strict=True))


def _codes(decision: Line, passed: bool) -> list[str]:
    return [r["code"] for r in decision["reasons"] if r["passed"] is passed]


def _until(look: Callable[[], Any], otherwise: str) -> Any:
    """What `look` finds, asked again and again for `WAIT_S`; raises TimeoutError with the words of `otherwise`."""
    deadline = time.monotonic() + WAIT_S
    while True:
        found = look()
        if found is not None:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        time.sleep(0.05)


def run(*, as_json: bool = False, tell: Callable[[Line], None] | None = None) -> int:
    """Play the story; 0 when every step held. `tell` gets each line (default: standard output, as JSON or in words)."""
    tell = tell or (_tell_json if as_json else _tell_words)
    begun = time.perf_counter()
    step = "start"
    try:
        with tempfile.TemporaryDirectory(prefix="moments-demo-") as folder, local_peers() as peers:
            home = Path(folder)
            house = prepared_house(demo_settings(peers, home, data_dir=home, database_url="", public_url="", port=0, log_level="ERROR"))
            with served(house, peers) as url, Phone(url, "Jane's phone") as phone:
                for step, act in Story(phone, peers).steps():
                    tell({"step": step, **act(), "at_s": round(time.perf_counter() - begun, 3)})
            step = "end"
    except Exception as error:  # noqa: BLE001 - whatever breaks, the caller gets one line and a non-zero exit
        tell({"ok": False, "step": getattr(error, "step", step), "error": f"{type(error).__name__}: {error}"})
        return 1
    tell({"ok": True, "steps": len(STEPS), "elapsed_s": round(time.perf_counter() - begun, 3)})
    return 0


def _tell_json(line: Line) -> None:
    print(json.dumps(line, ensure_ascii=False), flush=True)


def _tell_words(line: Line) -> None:
    if "step" in line and "ok" not in line:
        ids = ", ".join(str(v) for k, v in line.items() if k.endswith("_id"))
        print(f"{line['step']:>11}  {ids}  {'; '.join(map(str, line.get('reasons', [])))}", flush=True)
    elif line.get("ok"):
        print(f"All {line['steps']} steps held, in {line['elapsed_s']} s.", flush=True)
    else:
        print(f"Broke at {line['step']}: {line['error']}", file=sys.stderr, flush=True)
