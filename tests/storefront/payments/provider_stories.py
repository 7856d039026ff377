"""What may happen to a payment at the provider, drawn by lot: tries, declines, 3-D Secure, slow debits, partial captures, refunds, cancellation.

Each step is one the provider would allow then. Told the same lot twice, two payments live the same life.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress

from app.demo.peers import stripe_disputes as disputes
from app.demo.peers.stripe_books import TEST_METHODS, Books, Doc, StripeProblem

Step = Callable[[Books, Doc, random.Random], None]


def _try(books: Books, intent: Doc, chance: random.Random) -> None:
    with suppress(StripeProblem):  # a decline is told to whoever asked as an error, and to us as an event
        books.confirm(intent["id"], {"payment_method": chance.choice(sorted(TEST_METHODS))})


def _answer_the_bank(books: Books, intent: Doc, chance: random.Random) -> None:
    books.authenticate(intent["id"], passed=chance.random() < 0.7)


def _debit_ends(books: Books, intent: Doc, chance: random.Random) -> None:
    books.settle(intent["id"], succeeded=chance.random() < 0.7)


def _capture(books: Books, intent: Doc, chance: random.Random) -> None:
    books.capture(intent["id"], {"amount_to_capture": chance.choice((intent["amount"], 1, intent["amount"] // 2))})


def _hold_only(_books: Books, intent: Doc, _chance: random.Random) -> None:
    """Somebody has set the account to capture by hand."""
    intent["capture_method"] = "manual"


def _refund(books: Books, intent: Doc, chance: random.Random) -> None:
    charge = books.charges[intent["latest_charge"]]
    left = charge["amount_captured"] - charge["amount_refunded"]
    if left:
        with suppress(StripeProblem):  # a bank has the money
            books.refund({"payment_intent": intent["id"], "amount": chance.choice((left, 1, max(1, left // 2)))})


def _bank(books: Books, intent: Doc, chance: random.Random) -> None:
    """It asks, takes the money, looks at what is said, and decides."""
    standing = disputes.open_of(books, intent["id"])
    if standing is None:
        if disputes.disputable_minor(books, intent["id"]):
            disputes.open_dispute(books, intent["id"], inquiry=chance.random() < 0.2)
    elif chance.random() < 0.3:
        disputes.answer(books, standing["id"])
    else:
        disputes.decide(books, standing["id"], won=chance.random() < 0.5)


def _cancel(books: Books, intent: Doc, _chance: random.Random) -> None:
    books.cancel(intent["id"], {})


AFTER: dict[str, tuple[Step, ...]] = {
    "requires_payment_method": (_try, _try, _try, _hold_only, _cancel),
    "requires_action": (_answer_the_bank, _answer_the_bank, _try, _cancel),
    "processing": (_debit_ends,),
    "requires_capture": (_capture, _capture, _cancel),
    "succeeded": (_refund, _refund, _bank),
    "canceled": (),
}


def live(books: Books, payment_id: str, lot: int, *, steps: int) -> None:
    """So many steps of the life that this lot draws, as far as there are any."""
    chance = random.Random(lot)
    with books.lock:
        for _ in range(steps):
            intent = books.intent(payment_id)
            if ways := AFTER[intent["status"]]:
                chance.choice(ways)(books, intent, chance)


def come_to_rest(books: Books, payment_id: str, lot: int) -> None:
    """What is under way at a bank ends."""
    with books.lock:
        if books.intent(payment_id)["status"] == "processing":
            books.settle(payment_id, succeeded=lot % 2 == 0)
        standing = disputes.open_of(books, payment_id)
        if standing is not None:
            disputes.decide(books, standing["id"], won=lot % 3 == 0)


def kept_minor(books: Books, payment_id: str) -> int:
    """What the shop has of this payment now."""
    intent = books.intent(payment_id)
    back = books.charges[intent["latest_charge"]]["amount_refunded"] if intent["latest_charge"] else 0
    return int(intent["amount_received"]) - back - disputes.lost_minor(books, payment_id)
