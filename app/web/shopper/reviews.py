"""Reviews on the phone: what others wrote of a product, writing one's own, and saying that one should not stand there.

Owns these pages and forms. Must not decide what others see: the storefront does, and says what a person looks at first.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import AppError, Invalid, NotFound
from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.browser import go_to
from app.web.forms import Fields
from app.web.shopper.frame import frame
from storefront import facade as storefront
from storefront.contracts import ProductView

router = APIRouter(include_in_schema=False)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Writer = Annotated[Principal, Depends(allow(Role.SHOPPER, limit="review"))]
Id = Annotated[str, Path(min_length=1, max_length=80)]
PAGE = 20

talk = storefront.reviews
CAUSES = {
    "review_advertising": "It advertises something",
    "review_insulting": "It insults or threatens somebody",
    "review_private": "It tells private things of somebody",
    "review_off_topic": "It is not about this product",
    "review_not_genuine": "It is not somebody's own experience",
    "review_unlawful": "The law forbids it",
}


def of_product(session: Session, shopper_id: str, product_id: str, *, limit: int, offset: int = 0) -> dict[str, Any]:
    """What the pieces of a page need to show the reviews of a product, and hers."""
    return {
        "rating": talk.ratings(session, [product_id]).get(product_id) or talk.rating({}),
        "reviews": talk.published(session, product_id, limit=limit, offset=offset),
        "hers": next(iter(talk.hers(session, shopper_id, product_id)), None),
        "causes": CAUSES,
    }


@router.get("/m/shop/{product_id}/reviews")
def reviews(request: Request, product_id: Id, caller: Shopper, call: Reading, after: Annotated[int, Query(ge=0, le=10_000)] = 0) -> Response:
    """All of them, a page at a time."""
    with call.database.reading() as session:
        item = _item(session, product_id)
        context = frame(session, caller.id, "shop", call.clock.now()) | of_product(session, caller.id, item.id, limit=PAGE, offset=after)
    return rendering.page(request, "shopper/reviews.html", context | {"item": item, "after": after, "page": PAGE}, frame_self=True)


@router.get("/m/shop/{product_id}/review")
def form(request: Request, product_id: Id, caller: Shopper, call: Reading) -> Response:
    """Her own, to write or to change."""
    return _page(request, call, caller, product_id)


@router.post("/m/shop/{product_id}/review")
def write(request: Request, product_id: Id, caller: Writer, call: Command, form: Fields) -> Response:
    """Keep it, and show how it stands."""
    try:
        stars, shown_as = form.text("stars", most=1), form.text("shown_as", most=10)
        if stars not in tuple("12345"):
            raise Invalid.field("stars", "choose one to five stars")
        if shown_as not in set(talk.ShownAs):
            raise Invalid.field("shown_as", "say how your name is shown")
        text, name = form.text("text", most=talk.TEXT_MOST_CHARS), form.text("name", most=talk.NAME_MOST_CHARS)
        said = talk.Said(int(stars), text, name, talk.ShownAs(shown_as), form.ticked("show_visit"))
        call.run(lambda session: talk.write(session, caller.id, product_id, said, call.app.shop.settings, at=call.clock.now()))
    except AppError as refusal:
        if refusal.status != 422:
            raise
        return _page(request, call, caller, product_id, entered=dict(form.fields), trouble=refusal.detail, status=422)
    return go_to(request, f"/m/shop/{product_id}#reviews")


@router.post("/m/shop/{product_id}/review/remove")
def remove(request: Request, product_id: Id, caller: Shopper, call: Command) -> Response:
    """It is gone."""
    call.run(lambda session: talk.remove(session, caller.id, product_id, at=call.clock.now()))
    return go_to(request, f"/m/shop/{product_id}#reviews")


@router.post("/m/reviews/{review_id}/report")
def report(request: Request, review_id: Id, caller: Writer, call: Command, form: Fields) -> Response:
    """She says why it should not stand there."""
    causes = {str(cause): cause for cause in talk.CAUSES}
    cause = causes.get(form.text("cause", most=40))
    if cause is None:
        raise Invalid.field("cause", "say why")
    call.run(lambda session: talk.report(session, caller.id, review_id, cause, call.app.shop.settings, at=call.clock.now()))
    return go_to(request, f"/m/shop/{form.matching('product_id', '[A-Za-z0-9_.-]{1,80}', such_as='prd_plimsolls')}?reported=true#reviews")


@router.get("/m/me/reviews")
def mine(request: Request, caller: Shopper, call: Reading) -> Response:
    """All of hers."""
    with call.database.reading() as session:
        own = talk.hers(session, caller.id)
        names = {i: item.name for i, item in storefront.products_by_ids(session, [one.review.product_id for one in own]).items()}
        context = frame(session, caller.id, "me", call.clock.now()) | {"mine": own, "names": names}
    return rendering.page(request, "shopper/own_reviews.html", context, frame_self=True)


def _item(session: Session, product_id: str) -> ProductView:
    """What is reviewed: of a variant the product it is one of."""
    found = storefront.product(session, product_id)
    found = storefront.product(session, found.head_id) if found is not None and found.head_id else found
    if found is None:
        raise NotFound
    return found


def _page(request: Request, call: Any, caller: Principal, product_id: str, *, entered: dict[str, str] | None = None, trouble: str = "", status: int = 200) -> Response:
    with call.database.reading() as session:
        item = _item(session, product_id)
        own = next(iter(talk.hers(session, caller.id, item.id)), None)
        address = next(iter(storefront.address_book.addresses(session, caller.id)), None)
        context = frame(session, caller.id, "shop", call.clock.now())
    before = {"stars": str(own.review.stars), "text": own.review.text, "name": own.review.name or "", "shown_as": "nobody" if own.review.name is None else "name"} if own else {}
    called = {"name": address.address.name.split()[0] if address and address.address.name else "", "shown_as": "nobody"}
    context |= {"item": item, "hers": own, "entered": called | before | (entered or {}), "trouble": trouble, "text_most": talk.TEXT_MOST_CHARS, "name_most": talk.NAME_MOST_CHARS}
    return rendering.page(request, "shopper/review.html", context, status=status, frame_self=True)
