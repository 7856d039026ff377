"""A local stand-in for Stripe's API, so that the demo and the tests run the real SDK with no network.

Owns the HTTP face: authentication, form decoding, idempotency keys, error shape, faults on demand, a 3-D Secure
page, and what Stripe.js does in a browser (confirm with the publishable key and the client secret). What it knows of
payments is in stripe_books.py, how it sends webhooks in stripe_deliveries.py. Must not import anything of this shop.

    peer = StripePeer()
    url = peer.start()                       # http://127.0.0.1:<port>
    peer.deliveries.send_to(shop_url + "/v1/webhooks/stripe", "whsec_...")
    stripe.StripeClient("sk_test_local", base_addresses={"api": url}, max_network_retries=0)
"""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from app.demo.peers import stripe_customers as customers
from app.demo.peers import stripe_disputes as disputes
from app.demo.peers import stripe_staff as staff
from app.demo.peers.stripe_billing import Billing
from app.demo.peers.stripe_books import Books, Doc, StripeProblem, invalid, token
from app.demo.peers.stripe_deliveries import Deliveries

ACCEPTED: dict[str, frozenset[str]] = {
    "customer.create": frozenset({"email", "name", "phone", "description", "metadata", "expand"}),
    "intent.create": frozenset(
        {
            "amount", "currency", "automatic_payment_methods", "capture_method", "confirm", "customer", "description", "expand", "metadata",
            "payment_method", "receipt_email", "return_url", "setup_future_usage", "use_stripe_sdk", "confirmation_method", "mandate_data",
            "shipping",
        }
    ),
    "customer.delete": frozenset(),
    "intent.confirm": frozenset({"payment_method", "return_url", "expand", "use_stripe_sdk", "setup_future_usage"}),
    "intent.update": frozenset({"customer", "expand", "setup_future_usage"}),
    "method.detach": frozenset({"expand"}),
    "intent.capture": frozenset({"amount_to_capture", "expand", "metadata"}),
    "intent.cancel": frozenset({"cancellation_reason", "expand"}),
    "product.create": frozenset({"id", "name", "metadata"}),
    "setup.create": frozenset({"customer", "usage", "automatic_payment_methods", "metadata", "expand"}),
    "setup.confirm": frozenset({"payment_method", "return_url", "expand", "use_stripe_sdk"}),
    "subscription.create": frozenset(
        {"customer", "items", "metadata", "trial_period_days", "default_payment_method", "payment_behavior", "payment_settings", "expand"}
    ),
    "subscription.update": frozenset(
        {
            "items", "metadata", "default_payment_method", "pause_collection", "cancel_at_period_end", "billing_cycle_anchor", "proration_behavior",
            "proration_date", "payment_behavior", "expand",
        }
    ),
    "subscription.cancel": frozenset({"invoice_now", "prorate", "expand"}),
    "invoice.preview": frozenset({"subscription", "subscription_details", "expand"}),
    "refund.create": frozenset({"amount", "charge", "payment_intent", "reason", "metadata", "expand"}),
    **staff.ACCEPTED,
}  # fmt: skip
"""Parameters the peer understands; anything else is refused as Stripe refuses it. A test holds them against the SDK's types."""


@dataclass
class _Kept:
    fingerprint: str
    status: int = 0
    body: bytes = b""
    done: bool = False


class StripePeer:
    """One pretended Stripe account. `books` is its state, `deliveries` its webhooks; `fail_next`/`lose_next_answers` break it."""

    def __init__(
        self,
        *,
        now_s: Callable[[], float] = time.time,
        secret_key: str = "sk_test_local",  # noqa: S107 - a pretended account
        publishable_key: str = "pk_test_local",
    ) -> None:
        self.secret_key = secret_key
        self.publishable_key = publishable_key
        self.deliveries = Deliveries(now_s)
        self.books = Books(now_s, self.deliveries.tell)
        self.billing = Billing(self.books)
        self.books.settled.append(lambda intent: disputes.at_once(self.books, intent))
        self.requests: list[tuple[str, str, str | None]] = []
        """(method, path, idempotency key) of every API request seen."""
        self._kept: dict[str, _Kept] = {}
        self._lost = 0
        self._fail = 0
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self.url = ""

    # -- knobs -----------------------------------------------------------------------------------------------

    def lose_next_answers(self, count: int = 1) -> None:
        """Do the work of the next `count` POSTs, then drop the connection instead of answering."""
        self._lost = count

    def fail_next(self, count: int = 1) -> None:
        """Answer the next `count` API requests with 500 without doing anything."""
        self._fail = count

    # -- life ------------------------------------------------------------------------------------------------

    def start(self) -> str:
        """Serve on 127.0.0.1 and a free port, in a thread; returns the base URL."""
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        self.url = self.books.challenge_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(self.app(), log_level="critical", lifespan="off", access_log=False)
        server = self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="stripe-peer", daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 10
        while not server.started:
            if time.monotonic() > deadline:
                raise TimeoutError("the Stripe peer did not start")
            time.sleep(0.005)
        return self.url

    def stop(self) -> None:
        self.deliveries.stop()
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._server.force_exit = True
            self._thread.join(timeout=5)
            self._server = self._thread = None

    def app(self) -> Starlette:
        """The ASGI app itself, for those who serve it in their own way."""
        post, get = ["POST"], ["GET"]
        books, billing = self.books, self.billing
        return Starlette(
            routes=[
                Route("/v1/products", self._write("product.create", lambda _, form: billing.create_product(form)), methods=post),
                Route("/v1/setup_intents", self._write("setup.create", lambda _, form: billing.create_setup(form)), methods=post),
                Route("/v1/setup_intents/{id}", self._read(billing.setup), methods=get),
                Route("/v1/setup_intents/{id}/confirm", self._write("setup.confirm", billing.confirm_setup), methods=post),
                Route("/v1/subscriptions", self._write("subscription.create", lambda _, form: billing.create(form)), methods=post),
                Route("/v1/subscriptions/{id}", self._read(billing.subscription), methods=get),
                Route("/v1/subscriptions/{id}", self._write("subscription.update", billing.update), methods=post),
                Route("/v1/subscriptions/{id}", self._write("subscription.cancel", lambda i, _: billing.cancel(i)), methods=["DELETE"]),
                Route("/v1/invoices", self._invoices, methods=get),
                Route("/v1/invoices/create_preview", self._write("invoice.preview", lambda _, form: billing.preview(form)), methods=post),
                Route("/v1/customers", self._write("customer.create", lambda _, form: customers.create_customer(books, form)), methods=post),
                Route("/v1/customers/{id}", self._write("customer.delete", lambda i, _: self._delete_customer(i)), methods=["DELETE"]),
                Route("/v1/customers/{id}", self._write("customer.update", lambda i, form: staff.update_customer(books, i, form)), methods=post),
                Route("/v1/payment_methods", self._write("method.create", lambda _, form: staff.create_method(books, form)), methods=post),
                Route("/v1/payment_methods/{id}/attach", self._write("method.attach", lambda i, form: staff.attach_method(books, i, form)), methods=post),
                Route("/v1/refunds/{id}", self._write("refund.update", lambda i, form: staff.update_refund(books, i, form)), methods=post),
                Route("/v1/disputes", self._disputes, methods=get),
                Route("/v1/disputes/{id}", self._read(lambda i: books.get(books.disputes, i, "dispute")), methods=get),
                Route("/v1/disputes/{id}", self._write("dispute.update", lambda i, form: staff.update_dispute(books, i, form)), methods=post),
                Route("/v1/disputes/{id}/close", self._write("dispute.close", lambda i, _: staff.close_dispute(books, i)), methods=post),
                Route("/v1/payment_methods/{id}", self._read(lambda i: books.get(books.methods, i, "PaymentMethod")), methods=get),
                Route("/v1/payment_methods/{id}/detach", self._write("method.detach", lambda i, _: customers.detach_method(books, i)), methods=post),
                Route("/v1/customers/{id}", self._read(lambda i: books.get(books.customers, i, "customer")), methods=get),
                Route("/v1/payment_intents", self._write("intent.create", lambda _, form: books.create_intent(form)), methods=post),
                Route("/v1/payment_intents/{id}", self._read(books.intent), methods=get),
                Route("/v1/payment_intents/{id}", self._write("intent.update", lambda i, form: customers.update_intent(books, i, form)), methods=post),
                Route("/v1/payment_intents/{id}/confirm", self._write("intent.confirm", books.confirm), methods=post),
                Route("/v1/payment_intents/{id}/cancel", self._write("intent.cancel", books.cancel), methods=post),
                Route("/v1/payment_intents/{id}/capture", self._write("intent.capture", books.capture), methods=post),
                Route("/v1/refunds", self._write("refund.create", lambda _, form: books.refund(form)), methods=post),
                Route("/v1/refunds", self._refunds, methods=get),
                Route("/v1/refunds/{id}", self._read(lambda i: books.get(books.refunds, i, "refund")), methods=get),
                Route("/v1/charges/{id}", self._read(lambda i: books.get(books.charges, i, "charge")), methods=get),
                Route("/v1/events", self._events, methods=get),
                Route("/peer/3ds/{id}", self._challenge_page, methods=get),
                Route("/peer/3ds/{id}", self._challenge_answer, methods=post),
            ],
            exception_handlers={404: self._no_such_url},
        )

    # -- one request -----------------------------------------------------------------------------------------

    def _read(self, fetch: Callable[[str], Doc]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            def work() -> Doc:
                query = decode_form(str(request.query_params))
                if self._key(request, query) not in (self.secret_key, self.publishable_key):
                    self._who(request, query, None)
                found = fetch(request.path_params["id"])
                self._who(request, query, found)
                return self._expanded(found, query)

            return self._answer(request, work)

        return endpoint

    def _write(self, name: str, act: Callable[[str, Doc], Doc]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            raw = await request.body()

            def work() -> Doc:
                form = decode_form(raw.decode())
                object_id = str(request.path_params.get("id", ""))
                browser = self._who(request, form, self.books.intents.get(object_id) or self.billing.setups.get(object_id))
                if browser and name not in ("intent.confirm", "setup.confirm"):
                    raise invalid("This API call cannot be made with a publishable API key.", code="secret_key_required", status=403)
                for given in form:
                    if given not in ACCEPTED[name] | staff.OLDER.get(name, set()) and not (browser and given in ("key", "client_secret")):
                        raise invalid(f"Received unknown parameter: {given}", code="parameter_unknown", param=given)
                return self._expanded(act(object_id, form), form)

            key = request.headers.get("idempotency-key")
            response = self._once(key, request, raw, work) if key else self._answer(request, work)
            if self._lost > 0:
                self._lost -= 1
                return _Dropped()
            return response

        return endpoint

    def _who(self, request: Request, form: Doc, intent: Doc | None) -> bool:
        """True for a browser: publishable key plus the right client secret. Refuses everybody else without the secret key."""
        given = self._key(request, form)
        if hmac.compare_digest(given.encode(), self.secret_key.encode()):
            return False
        if given == self.publishable_key and intent and "client_secret" in intent:
            if hmac.compare_digest(str(form.get("client_secret", "")).encode(), str(intent["client_secret"]).encode()):
                return True
            raise invalid("The client_secret provided does not match the client_secret associated with this object.", status=400)
        raise StripeProblem(401, "invalid_request_error", "Invalid API Key provided.", stored=False)

    def _key(self, request: Request, form: Doc) -> str:
        return request.headers.get("authorization", "").removeprefix("Bearer ") or str(form.get("key", ""))

    def _expanded(self, found: Doc, form: Doc) -> Doc:
        """Stripe's `expand[]`: a `latest_charge` by value instead of by id."""
        wanted = form.get("expand") or {}
        if "latest_charge" in wanted.values() and found.get("latest_charge"):
            found = {**found, "latest_charge": self.books.charges[found["latest_charge"]]}
        if "default_payment_method" in wanted.values() and found.get("default_payment_method"):
            found = {**found, "default_payment_method": self.books.methods[found["default_payment_method"]]}
        return found

    def _delete_customer(self, customer_id: str) -> Doc:
        """What runs for it ends with it."""
        for sub in self.billing.subscriptions.values():
            if sub["customer"] == customer_id and sub["ended_at"] is None:
                self.billing.cancel(sub["id"])
        return customers.delete_customer(self.books, customer_id)

    def _answer(self, request: Request, work: Callable[[], Doc]) -> Response:
        status, body, _ = self._perform(request, work)
        return _json(status, body)

    def _perform(self, request: Request, work: Callable[[], Doc]) -> tuple[int, bytes, bool]:
        self.requests.append((request.method, request.url.path, request.headers.get("idempotency-key")))
        if self._fail > 0:
            self._fail -= 1
            return 500, b'{"error":{"type":"api_error","message":"An unknown error occurred."}}', False
        with self.books.lock:
            self.billing.catch_up()
            try:
                return 200, json.dumps(copy.deepcopy(work())).encode(), True
            except StripeProblem as problem:
                return problem.status, json.dumps({"error": problem.error}).encode(), problem.stored

    def _once(self, key: str, request: Request, raw: bytes, work: Callable[[], Doc]) -> Response:
        """The first answer to a key is the answer for ever; another body or address under the same key is refused."""
        if len(key) > 255:
            return _problem(400, "invalid_request_error", "Idempotency keys are at most 255 characters long.")
        fingerprint = hashlib.sha256(request.url.path.encode() + b"\n" + raw).hexdigest()
        with self.books.lock:
            kept = self._kept.get(key)
            if kept is None:
                kept = self._kept[key] = _Kept(fingerprint)
                status, body, stored = self._perform(request, work)
                if stored:
                    kept.status, kept.body, kept.done = status, body, True
                else:
                    del self._kept[key]
                return _json(status, body)
        self.requests.append((request.method, request.url.path, key))
        if kept.fingerprint != fingerprint:
            message = "Keys for idempotent requests can only be used with the same parameters they were first used with."
            return _problem(400, "idempotency_error", message)
        return _json(kept.status, kept.body, replayed=True)

    async def _refunds(self, request: Request) -> Response:
        def work() -> Doc:
            self._who(request, {}, None)
            wanted = request.query_params.get("payment_intent")
            found = [refund for refund in self.books.refunds.values() if wanted in (None, refund["payment_intent"])]
            newest_first = list(reversed(found))[: int(request.query_params.get("limit", "10"))]
            return {"object": "list", "url": "/v1/refunds", "has_more": len(newest_first) < len(found), "data": newest_first}

        return self._answer(request, work)

    async def _invoices(self, request: Request) -> Response:
        def work() -> Doc:
            self._who(request, {}, None)
            return self.billing.list_invoices(request.query_params.get("subscription"), int(request.query_params.get("limit", "10")))

        return self._answer(request, work)

    async def _disputes(self, request: Request) -> Response:
        def work() -> Doc:
            self._who(request, {}, None)
            return staff.disputes_of(self.books, request.query_params.get("payment_intent"))

        return self._answer(request, work)

    async def _events(self, request: Request) -> Response:
        def work() -> Doc:
            self._who(request, {}, None)
            newest_first = list(reversed(self.books.events))[: int(request.query_params.get("limit", "10"))]
            return {"object": "list", "url": "/v1/events", "has_more": len(newest_first) < len(self.books.events), "data": newest_first}

        return self._answer(request, work)

    async def _no_such_url(self, request: Request, _: Exception) -> Response:
        return _problem(404, "invalid_request_error", f"Unrecognized request URL ({request.method}: {request.url.path}).")

    # -- the bank's page -------------------------------------------------------------------------------------

    def _challenged(self, request: Request) -> Doc | None:
        object_id = request.path_params["id"]
        return self.books.intents.get(object_id) or self.billing.setups.get(object_id)

    async def _challenge_page(self, request: Request) -> Response:
        intent = self._challenged(request)
        if intent is None or intent["status"] != "requires_action":
            return HTMLResponse("<!doctype html><title>3-D Secure</title><p>There is nothing to confirm.</p>", status_code=404)
        return HTMLResponse(
            "<!doctype html><html lang=en><title>3-D Secure test page</title><meta name=viewport content='width=device-width'>"
            f"<main><h1>Confirm your payment</h1><p>{_asked(intent)}</p>"
            "<form method=post><button name=outcome value=complete>Complete</button> <button name=outcome value=fail>Fail</button></form></main>"
        )

    async def _challenge_answer(self, request: Request) -> Response:
        form = decode_form((await request.body()).decode())
        intent = self._challenged(request)
        answer = self.billing.authenticate_setup if intent and intent["object"] == "setup_intent" else self.books.authenticate
        action = (intent or {}).get("next_action") or {}
        try:
            with self.books.lock:
                done = answer(request.path_params["id"], passed=form.get("outcome") == "complete")
        except StripeProblem as problem:
            return JSONResponse({"error": problem.error}, status_code=problem.status)
        back = (action.get("redirect_to_url") or {}).get("return_url")
        if not back:
            return HTMLResponse("<!doctype html><title>3-D Secure</title><p>Done. You may close this page.</p>")
        status = "succeeded" if done["status"] in ("succeeded", "requires_capture", "processing") else "failed"
        query = urlencode({str(done["object"]): done["id"], "redirect_status": status})
        return RedirectResponse(f"{back}{'&' if '?' in back else '?'}{query}", status_code=303)


def _asked(intent: Doc) -> str:
    return f"{intent['amount'] / 100:.2f} {intent['currency'].upper()}" if "amount" in intent else "Your card, for what comes later"


def decode_form(text: str) -> Doc:
    """`metadata[order_id]=x&expand[0]=y` -> nested dicts (list positions stay string keys)."""
    out: Doc = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head, *rest = name.replace("]", "").split("[")
        place = out
        for step, following in zip([head, *rest], rest, strict=False):
            inner: Any = place.setdefault(step, {})
            if not isinstance(inner, dict):
                raise invalid(f"Invalid object: {following}", param=head)
            place = inner
        place[rest[-1] if rest else head] = value
    return out


class _Dropped(Response):
    """Promises more bytes than it sends: the server closes the connection and the caller never learns the answer."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG002 - the ASGI signature
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4096")]})


def _json(status: int, body: bytes, *, replayed: bool = False) -> Response:
    headers = {"Request-Id": token("req"), "Stripe-Version": "2026-10-28.endive"}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(body, status, headers, "application/json")


def _problem(status: int, kind: str, message: str) -> Response:
    return _json(status, json.dumps({"error": {"type": kind, "message": message}}).encode())
