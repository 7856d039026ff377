"""`moments explain ID`: why did I get this, why not.

Owns the command and its layout; the rooms tell what they recorded then. Must not weigh anything anew.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.security.contacts.facade import LetterView
    from notifications.contracts import MessageExplained
    from notifications.facade import Reader as Words
    from offers.contracts import Explanation
    from offers.facade import Audience


class Reader(StrEnum):
    SHOPPER = "shopper"
    MARKETER = "marketer"
    CLERK = "clerk"
    AUDITOR = "auditor"
    OPERATOR = "operator"


def explain(
    any_id: Annotated[str, typer.Argument(metavar="ID", help="The id of a moment, decision, coupon, message, order or redemption; of a letter about an account (ltr_...); of a shopper with --campaign.")],
    campaign: Annotated[str, typer.Option(metavar="ID", help="Why this shopper did, or did not, get that campaign: the last time it was weighed for her.")] = "",
    reader: Annotated[Reader, typer.Option("--for", help="Whose words: the same reasons, told to another reader.")] = Reader.MARKETER,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON: {decision, message}, and the order where it is one.")] = False,
) -> None:
    """Say why an offer was made or withheld.

    And why a message was sent or not, what became of a letter about an account, or how far an order is; all of it from what was recorded then.
    """
    from app.cli.opening import opened_house
    from app.cli.orders import print_order
    from app.cli.terminal import print_json
    from app.kernel.errors import NotFound
    from app.security.contacts import facade as contacts
    from notifications import facade as notifications
    from offers import facade as offers
    from storefront import facade as storefront

    with opened_house() as house, house.database.reading() as session:
        letter = contacts.returning.letter(session, any_id)
        if letter is not None:
            print_json({"letter": letter}) if as_json else _print_letter(letter)
            return
        order = storefront.order(session, any_id)
        at = house.database.clock.now()
        words, audience = _words_for(reader)
        message = notifications.explain(session, message_id=any_id, moment_id=any_id, reader=words)
        wish = notifications.explain_wish(session, moment_id=any_id, reader=words)
        if campaign:
            any_id, message = _last_weighed(session, any_id, campaign), None
        told: Explanation | None = None
        about = message.coupon_id if message is not None and message.coupon_id else any_id
        try:
            told = offers.explanation(session, about, audience=audience, at=at)
        except NotFound:
            if message is None and order is None:
                raise NotFound(f"ID: nothing was decided about {any_id}; give the id of a moment, decision, coupon, message, order or redemption") from None
        if message is None and told is not None and told.decision.coupon_id:
            message = notifications.explain(session, coupon_id=told.decision.coupon_id, reader=words)
    if wish is not None and message is not None and wish.message_id == message.message_id:
        wish = None
    if as_json:
        print_json({"decision": told, "message": message} | ({"wish": wish} if wish is not None else {}) | ({"order": order} if order is not None else {}))
        return
    if order is not None:
        print_order(order)
    if told is not None:
        _print_decision(told)
    for said in (message, wish):
        if said is not None:
            _print_message(said)


def _words_for(reader: Reader) -> tuple[Words, Audience]:
    from notifications.facade import Reader as Words
    from offers.facade import Audience

    if reader is Reader.OPERATOR:
        return Words.OPERATOR, Audience.AUDITOR
    return (Words.SHOPPER if reader is Reader.SHOPPER else Words.MARKETER), Audience(reader.value)


def _last_weighed(session: Session, shopper_id: str, campaign_id: str) -> str:
    """The id of the newest decision about her: why she got it, or did not get it, the last time."""
    from app.kernel.errors import NotFound
    from offers import facade as offers

    decisions = offers.decisions(session, shopper_id=shopper_id, campaign_id=campaign_id, limit=1)
    if not decisions:
        raise NotFound(f"--campaign: {campaign_id} was never weighed for shopper {shopper_id}: no moment of hers reached it; see `moments explain MOMENT` for what one of them led to")
    return decisions[0].id


def _print_decision(told: Explanation) -> None:
    view = told.decision
    print(told.headline)
    print(f"\n{view.outcome} by campaign {view.campaign_name} (version {view.campaign_version}) at {view.decided_at:%Y-%m-%d %H:%M:%S} UTC")
    for reason in view.reasons:
        print(f"  {'+' if reason.passed else '-'} {reason.text}")
        print(f"      {reason.code}{_facts(reason.facts)}")
    for more in told.sentences[len(view.reasons) :]:
        print(f"  {more}")
    ids = {"decision": view.id, "moment": view.moment_id, "coupon": view.coupon_id, "campaign": view.campaign_id, "place": view.place_id}
    print("\n" + "\n".join(f"  {name:<9} {value}" for name, value in ids.items() if value))


def _print_message(message: MessageExplained) -> None:
    print(f"\n{message.text} ({message.message_id}, {message.state})")
    ways = tuple((("+" if way.code == "way_open" else "-"), (way,)) for way in message.ways)
    for sign, reasons in (("-", message.reasons), ("+", message.held), *ways):
        for reason in reasons:
            print(f"  {sign} {reason.text}\n      {reason.code}{_facts(reason.facts)}")
    for delivery in message.deliveries:
        print(f"  {delivery.channel:<9} {delivery.in_short}")


def _print_letter(letter: LetterView) -> None:
    from app.security.contacts import texts

    print(f"{texts.became(letter.about, letter.state, letter.status)} ({letter.id}, {letter.kind})")
    print(f"\n  written   {letter.created_at:%Y-%m-%d %H:%M:%S} UTC")
    for name, at in (("sent", letter.sent_at), ("unwanted", letter.complained_at)):
        if at is not None:
            print(f"  {name:<9} {at:%Y-%m-%d %H:%M:%S} UTC")
    print(f"  shopper   {letter.shopper_id}")


def _facts(facts: dict[str, Any]) -> str:
    return "  " + "  ".join(f"{name}={value}" for name, value in facts.items()) if facts else ""
