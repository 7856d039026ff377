"""The routes of memberships: hers, and what staff do with plans and money. One that is another's is answered as if there were none."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy.orm import Session

from app.kernel.errors import Invalid
from app.kernel.http import Command, RawBody, Reading, Stage
from app.security.access import Principal, Role, allow
from app.security.asking import asker_of
from storefront.billing import changing, papers, refunding, showing, subscribing
from storefront.billing.schemas import CardIn, ChangeIn, JoinIn, MembershipRefundIn, MembershipStepOut, PlanId, SetupOut
from storefront.billing.subscribing import Joining, Step
from storefront.membership_errors import UnknownMembership
from storefront.memberships import planning, repository
from storefront.papers.endpoints import pdf_answer
from storefront.payments.answers import payment_out
from storefront.payments.endpoints import return_address
from storefront.payments.shop import Shop
from storefront.reasons import sentence

router = APIRouter(tags=["memberships"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Marketer = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
Id = Annotated[str, Path(max_length=80)]
Number = Annotated[str, Path(max_length=30)]
Language = Annotated[str, Query(max_length=35, description="en, fi or sv; another is answered in English.")]


@router.get("/v1/memberships")
def memberships(caller: Shopper, call: Reading) -> Response:
    """The memberships there are with what each costs and unlocks, and yours."""
    return call.run(lambda session: showing.shown(session, caller.id, at=call.clock.now()))


@router.post("/v1/memberships", status_code=201)
def join(body: JoinIn, caller: Shopper, call: Command) -> Response:
    """Become a member. A trial charges nothing now; without one the first period is paid now.

    Send an Idempotency-Key: a retry with the same key finishes what was begun and never charges twice.
    """
    shop: Shop = call.app.shop

    def work(stage: Stage) -> None:
        asked = Joining(caller.id, body.plan_id, body.currency, body.expected_amount_minor, body.means, return_address(call, body.return_url), asker_of(call.request))
        _finish(shop, stage, caller, subscribing.join(shop, stage.key, asked), status=201)

    return call.staged(work)


@router.post("/v1/membership/confirm")
def confirm(body: CardIn, caller: Shopper, call: Command) -> Response:
    """Pay what is open, or show the card it shall be paid with (again)."""
    shop: Shop = call.app.shop

    def work(stage: Stage) -> None:
        row = hers(shop, caller)
        subscribing.ask_to_pay(shop, asker_of(call.request), caller.id)
        _finish(shop, stage, caller, subscribing.go_on(shop, row, body.means, return_url=return_address(call, body.return_url), key=stage.key))

    return call.staged(work)


@router.post("/v1/membership/card")
def card(body: CardIn, caller: Shopper, call: Command) -> Response:
    """From now on it is paid with this card, and so is what is open."""
    shop: Shop = call.app.shop

    def work(stage: Stage) -> None:
        row = hers(shop, caller)
        subscribing.ask_to_pay(shop, asker_of(call.request), caller.id)
        _finish(shop, stage, caller, subscribing.other_card(shop, row, body.means, return_url=return_address(call, body.return_url), key=stage.key))

    return call.staged(work)


@router.post("/v1/membership/refresh")
def refresh(caller: Shopper, call: Command) -> Response:
    """Ask the provider now, and go on with what was left halfway (after your bank's page)."""
    shop: Shop = call.app.shop

    def work(stage: Stage) -> None:
        subscribing.look(shop, hers(shop, caller))
        _finish(shop, stage, caller, None)

    return call.staged(work)


@router.post("/v1/membership/pause")
def pause(caller: Shopper, call: Command) -> Response:
    """Let it rest: nothing is charged and nothing unlocked until you go on."""
    return _changed(call, caller, lambda shop: changing.pause(shop, caller.id))


@router.post("/v1/membership/resume")
def resume(caller: Shopper, call: Command) -> Response:
    """Go on: with what is paid for already, or with a new period, which is charged now."""
    return _changed(call, caller, lambda shop: changing.resume(shop, caller.id))


@router.post("/v1/membership/leave")
def leave(caller: Shopper, call: Command) -> Response:
    """End it with what is paid for; at once where nothing is."""
    return _changed(call, caller, lambda shop: changing.leave(shop, caller.id))


@router.post("/v1/membership/stay")
def stay(caller: Shopper, call: Command) -> Response:
    """Do not leave after all."""
    return _changed(call, caller, lambda shop: changing.stay(shop, caller.id))


@router.get("/v1/membership/change")
def price_change(caller: Shopper, call: Reading, plan_id: Annotated[PlanId, Query()]) -> Response:
    """What changing to another plan would cost now, and what would be left over for the next payment."""
    shop: Shop = call.app.shop
    found = changing.price_change(shop, caller.id, plan_id)
    return call.run(lambda _session: {"plan_id": plan_id, "due_minor": found.due_minor, "left_minor": found.left_minor, "currency": found.currency, "priced_at": found.at})


@router.post("/v1/membership/change")
def change(body: ChangeIn, caller: Shopper, call: Command) -> Response:
    """Change to another plan at the price you were shown: paid now, or not done."""
    asker = asker_of(call.request)
    return _changed(
        call, caller, lambda shop: changing.change(shop, caller.id, body.plan_id, expected_due_minor=body.expected_due_minor, priced_at=body.priced_at, asker=asker)
    )


@router.get("/v1/membership/papers/{paper_number}")
def membership_paper(paper_number: Number, caller: Shopper, call: Reading) -> Response:
    """A receipt or credit note of yours, as it was issued."""

    def work(session: Session) -> dict[str, Any]:
        found = papers.paper(session, caller.id, paper_number)
        return {"paper": found.view, "content": found.content}

    return call.run(work)


@router.get("/v1/membership/papers/{paper_number}/pdf")
def membership_paper_pdf(paper_number: Number, caller: Shopper, call: Reading, language: Language = "en") -> Response:
    """The same as a PDF, in a language."""
    with call.database.reading() as session:
        found = papers.paper(session, caller.id, paper_number)
    return pdf_answer(found, language)


# --- staff ------------------------------------------------------------------------------------------------------------


@router.get("/v1/memberships/plans")
def plans(_caller: Marketer, call: Reading) -> Response:
    """The plans in force as YAML, as `moments memberships export` writes them."""
    with call.database.reading() as session:
        return Response(planning.export(session), media_type="application/yaml")


@router.put("/v1/memberships/plans")
def apply(caller: Marketer, call: Command, body: RawBody) -> Response:
    """Put other plans in force: the YAML as it was exported, with your changes in."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise Invalid.field("memberships", "the file is not UTF-8") from None
    return call.run(lambda session: planning.apply(session, text, by=caller.id, at=call.clock.now()))


@router.get("/v1/memberships/{membership_id}")
def membership(membership_id: Id, _caller: Marketer, call: Reading) -> Response:
    """One membership, with its invoices."""
    return call.run(lambda session: showing.view(session, repository.fresh(session, membership_id), repository.in_force(session), at=call.clock.now()))


@router.post("/v1/memberships/{membership_id}/invoices/{invoice_id}/refund")
def refund(membership_id: Id, invoice_id: Id, body: MembershipRefundIn, _caller: Marketer, call: Command) -> Response:
    """Give back a part or all of what was paid by one invoice. Send an Idempotency-Key: a retry pays nothing twice."""
    shop: Shop = call.app.shop

    def work(stage: Stage) -> None:
        with shop.database.reading() as session:
            if repository.invoice(session, invoice_id).membership_id != membership_id:
                raise UnknownMembership
        refunding.refund(shop, invoice_id, body.amount_minor, key=stage.key)
        with shop.database.transaction() as session:
            known = repository.in_force(session)
            stage.finish(session, showing.view(session, repository.fresh(session, membership_id), known, at=shop.now()))

    return call.staged(work)


# --- inside -----------------------------------------------------------------------------------------------------------


def hers(shop: Shop, caller: Principal) -> str:
    """The id of the one she has. Raises UnknownMembership."""
    with shop.database.reading() as session:
        row = repository.current(session, caller.id)
        if row is None:
            raise UnknownMembership
        return row.id


def _changed(call: Any, caller: Principal, act: Any) -> Response:
    shop: Shop = call.app.shop

    def work(stage: Stage) -> None:
        act(shop)
        _finish(shop, stage, caller, None)

    return call.staged(work)


def _finish(shop: Shop, stage: Stage, caller: Principal, step: Step | None, *, status: int = 200) -> None:
    with shop.database.transaction() as session:
        stage.finish(session, step_out(shop, session, caller.id, step), status)


def step_out(shop: Shop, session: Session, shopper_id: str, step: Step | None) -> MembershipStepOut:
    setup, payment = (step.setup, step.payment) if step is not None else (None, None)
    card = SetupOut(
        state=setup.state.value, client_secret=setup.client_secret, publishable_key=shop.gateway.publishable_key, action_url=setup.action_url,
        decline=setup.decline, decline_text=sentence(setup.decline),
    ) if setup is not None else None  # fmt: skip
    return MembershipStepOut(membership=showing.shown(session, shopper_id, at=shop.now()).membership, payment=payment_out(shop, payment), setup=card)
