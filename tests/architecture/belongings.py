"""What one shopper has in a whole house: one of everything a path can name.

Owns the makers the architecture tests share. Rows are written as the rooms write them; a coupon is really decided.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.bootstrap import House
from app.kernel.ids import new_id
from app.security import people, stepup
from app.security.passkeys import keeping
from app.security.passkeys.ceremonies import MadePasskey
from app.security.policies.contracts import Acr
from app.security.principals import Principal, Role
from notifications.contents import Content, sealed
from notifications.conversations import needs, repository
from notifications.conversations.answering import Needs
from notifications.conversations.contracts import Author, Way
from notifications.models import Message
from notifications.support import opening
from notifications.support.settings import SupportSettings
from offers.contracts import CouponView
from storefront.addresses import repository as addresses
from storefront.addresses.formats import Address
from storefront.billing import papers as membership_papers
from storefront.bookings.models import BookingRow
from storefront.carts.models import CartLineRow, CartRow
from storefront.memberships.models import MembershipInvoiceRow, MembershipRow
from storefront.methods import repository as methods
from storefront.methods.cards import Card
from storefront.orders.models import OrderLineRow, OrderRow, ReturnRequestRow
from storefront.orders.repository import detail
from storefront.papers import contents
from storefront.papers.models import PaperRow
from storefront.settings import Merchant
from storefront.shipments import repository as shipments
from tests.conftest import START
from tests.offers.builders import give

ADDRESS = {"name": "Jane Doe", "lines": ["Mannerheimintie 5 A 3"], "postcode": "00100", "city": "Helsinki", "country": "FI"}
ADDRESS_FORM = {"name": "Jane Doe", "line1": "Mannerheimintie 5 A 3", "postcode": "00100", "city": "Helsinki", "country": "FI"}


@dataclass(frozen=True)
class Belongings:
    """What one shopper has: one of each thing that a path can name."""

    headers: dict[str, str]
    shopper_id: str
    coupon: CouponView
    order_id: str
    paper_number: str
    line_id: str
    message_id: str
    passkey_id: str
    thread_id: str
    address_id: str
    parcel_id: str
    method_id: str
    case_id: str
    receipt_number: str


def new_shopper(house: House) -> tuple[str, dict[str, str]]:
    with house.database.transaction() as session:
        made = people.register_device(session, "Phone", "ios", START)
    return made.shopper_id, {"Authorization": f"Bearer {made.token}"}


def one_of_everything(house: House) -> Belongings:
    """A new shopper who has one of everything; a campaign must be live."""
    shopper_id, headers = new_shopper(house)
    coupon = give(house.database, new_id("mom"), shopper_id, START)
    order_id, line_id, message_id, cart_id = new_id("ord"), new_id("lin"), new_id("msg"), new_id("crt")
    with house.database.transaction() as session:
        session.add(_order(order_id, shopper_id))
        session.add(CartRow(id=cart_id, shopper_id=shopper_id, currency="EUR", coupon_ids=[coupon.id], changed_at=START))
        session.flush()
        session.add(OrderLineRow(order_id=order_id, line_no=1, product_id="p", name="Bonbon", unit_minor=450, quantity=1, discount_minor=0, total_minor=450))
        session.add(CartLineRow(id=line_id, cart_id=cart_id, product_id="p", quantity=1, seen_unit_minor=450, added_at=START))
        session.add(_message(message_id, shopper_id, coupon.id))
        paper_number = _paper(session, order_id)
        booking(session, order_id, shopper_id, "plc_kluuvi")
        passkey_id = _passkey(session, shopper_id)
        thread_id = _thread(session, shopper_id)
        address_id = addresses.add(session, shopper_id, Address("Jane Doe", ("Mannerheimintie 5",), "00100", "Helsinki", "", "FI"), default=False, at=START)
        methods.note_payer(session, shopper_id, "cus_1", at=START)
        methods.keep(session, shopper_id, "cus_1", Card("pm_1", "visa", "4242", 12, 2034, "fp_1"), at=START)
        method_id = methods.methods(session, shopper_id, START)[0].id
        case_id = opening.open_case(session, shopper_id, opening.Told("It came broken"), SupportSettings(), at=START)
        parcel_id = shipments.write(session, order_id, shopper_id, {1: 1}, carrier="Posti", tracking="", by="x", at=START)
        receipt_number = _membership(session, shopper_id)
    return Belongings(headers, shopper_id, coupon, order_id, paper_number, line_id, message_id, passkey_id, thread_id, address_id, parcel_id, method_id, case_id, receipt_number)


def booking(session: Session, order_id: str, shopper_id: str, place_id: str) -> str:
    """A time that is held with her order; returns its id."""
    booking_id = new_id("bkg")
    times = dict.fromkeys(("starts_at", "ends_at", "free_until"), START)
    session.add(
        BookingRow(
            id=booking_id, order_id=order_id, line_no=1, shopper_id=shopper_id, product_id="p", service_id="svc_1", place_id=place_id, slot_id="svc_1.20261121.1400",
            places=1, state="held", timezone="UTC", currency="EUR", price_minor=450, base_minor=450, **times,
        )
    )  # fmt: skip
    session.flush()
    return booking_id


def _thread(session: Session, shopper_id: str) -> str:
    """A conversation with a word in it, and something she let us remember."""
    row = repository.take_turn(session, shopper_id, Way.APP, "", START)
    repository.say(session, row, Author.SHOPPER, {"text": "hello"}, START)
    needs.remember(session, shopper_id, Needs(12), START)
    return row.id


def _paper(session: Session, order_id: str) -> str:
    """A receipt of her order, and a piece of it that she wants to give back."""
    number, order = f"R{order_id[-12:]}", session.get_one(OrderRow, order_id)
    heading = contents.Heading(number, "receipt", START)
    text = contents.canonical(contents.receipt(heading, detail(session, order), (), Merchant()))  # type: ignore[call-arg]
    session.add(PaperRow(order_id=order_id, cause="paid", kind="receipt", number=number, content=text, sha256=contents.sha256_of(text), issued_at=START))
    session.add(
        ReturnRequestRow(
            id=new_id("ret"), order_id=order_id, pieces={"1": 1}, reason="damaged", to_credit=False, amount_minor=450, state="open", asked_at=START,
            expires_at=START.replace(hour=23),
        )
    )  # fmt: skip
    session.flush()
    return number


def _membership(session: Session, shopper_id: str) -> str:
    """A membership with a paid month and its receipt; returns the receipt's number."""
    m, i = new_id("mem"), new_id("in")
    session.add(
        MembershipRow(
            id=m, shopper_id=shopper_id, seat=shopper_id, plan_id="silver", plan_name="Silver", amount_minor=490, currency="EUR", every="month", trial_days=0,
            state="active", tries=0, asked=0, heard=0, joined_at=START, changed_at=START,
        )
    )  # fmt: skip
    session.flush()
    paid = {"state": "paid", "amount_minor": 490, "refunded_minor": 0, "currency": "EUR", "plan_name": "Silver", "look": False}
    invoice = MembershipInvoiceRow(id=i, membership_id=m, starts_at=START, ends_at=START, paid_at=START, told_at=START, **paid)
    session.add(invoice)
    session.flush()
    membership_papers.issue(session, invoice, Merchant(), amount_minor=490, at=START)  # type: ignore[call-arg]
    return membership_papers.of_invoice(session, i)[0].number


def _passkey(session: Session, shopper_id: str) -> str:
    """A passkey that was shown just now: whoever may do a thing with it need not be asked for a finger first."""
    [device] = people.devices_of(session, shopper_id)
    holder = Principal(Role.SHOPPER, shopper_id, device.device_id)
    stepup.note(session, holder, Acr.PASSKEY, START)
    made = MadePasskey(shopper_id.encode(), b"public key", 0, "", synced=True, transports=())
    return keeping.add(session, holder, made, "Phone", at=START).id


def _order(order_id: str, shopper_id: str) -> OrderRow:
    return OrderRow(
        id=order_id, shopper_id=shopper_id, state="pending", currency="EUR", subtotal_minor=450, discount_minor=0, total_minor=450, placed_at=START,
        expires_at=START.replace(hour=23),
    )  # fmt: skip


def _message(message_id: str, shopper_id: str, coupon_id: str) -> Message:
    return Message(
        id=message_id, shopper_id=shopper_id, kind="offer", state="live", reasons=[], coupon_id=coupon_id, sealed=sealed(shopper_id, message_id, Content("t", "b", "/m")),
        collapse_key="k", created_at=START, expires_at=START.replace(hour=23),
    )  # fmt: skip
