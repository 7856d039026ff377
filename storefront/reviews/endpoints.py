"""The routes of reviews. Anybody may read what is published; a shopper writes hers; staff moderate."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy.orm import Session

from app.kernel.errors import Invalid
from app.kernel.http import Command, Reading
from app.security.access import ANYONE, Principal, Role, allow
from storefront.catalog.repository import product
from storefront.errors import UnknownProduct
from storefront.reasons import StorefrontReason as Reason
from storefront.review_contracts import ModeratedReview, OwnReview
from storefront.reviews import moderating, repository, writing
from storefront.reviews.rules import CAUSES, rating
from storefront.reviews.schemas import DecisionIn, ReplyIn, ReportIn, ReviewIn

router = APIRouter(tags=["reviews"])

Writer = Annotated[Principal, Depends(allow(Role.SHOPPER, limit="review"))]
Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Moderator = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
ProductId = Annotated[str, Path(max_length=80)]
ReviewId = Annotated[str, Path(max_length=80)]


@router.get("/v1/products/{product_id}/reviews", dependencies=[Depends(allow(ANYONE))])
def reviews(
    product_id: ProductId, call: Reading, limit: Annotated[int, Query(ge=1, le=repository.MOST)] = 10, offset: Annotated[int, Query(ge=0, le=10_000)] = 0
) -> Response:
    """What others wrote, the newest first, with the plain average (`average_tenths`) and how many gave how many stars."""

    def work(session: Session) -> dict[str, Any]:
        found = product(session, product_id)
        if found is None:
            raise UnknownProduct
        head_id = found.head_id or found.id
        return {"rating": repository.ratings(session, [head_id]).get(head_id, rating({})), "reviews": repository.published(session, head_id, limit=limit, offset=offset)}

    return call.run(work)


@router.get("/v1/ratings", dependencies=[Depends(allow(ANYONE))])
def ratings(call: Reading, product_id: Annotated[list[str], Query(max_length=100, description="Of which products; several times for several.")] = []) -> Response:  # noqa: B006 - read by FastAPI
    """How many stars each of them has on average (`average_tenths`), of how many; those that nobody has reviewed are left out."""
    return call.run(lambda session: {"ratings": repository.ratings(session, product_id)})


@router.get("/v1/me/reviews")
def own_reviews(caller: Shopper, call: Reading) -> Response:
    """Yours, and how they stand."""
    return call.run(lambda session: {"reviews": repository.hers(session, caller.id)})


@router.put("/v1/products/{product_id}/review")
def write_review(product_id: ProductId, body: ReviewIn, caller: Writer, call: Command) -> Response:
    """Write your review, in place of the one you had. `waits` says what a person will look at before others see it; nothing: they see it now."""
    said = writing.Said(body.stars, body.text, body.name, body.shown_as, body.show_visit)

    def work(session: Session) -> OwnReview:
        return writing.write(session, caller.id, product_id, said, call.app.shop.settings, at=call.clock.now())

    return call.run(work)


@router.delete("/v1/products/{product_id}/review")
def remove_review(product_id: ProductId, caller: Shopper, call: Command) -> Response:
    """Take yours away, with all it ever said."""
    return call.run(lambda session: writing.remove(session, caller.id, product_id, at=call.clock.now()), status=204)


@router.post("/v1/reviews/{review_id}/report")
def report_review(review_id: ReviewId, body: ReportIn, caller: Writer, call: Command) -> Response:
    """Say why a review should not stand there. A second report of the same words changes nothing."""
    cause = cause_of(body.cause, "cause")
    return call.run(lambda session: writing.report(session, caller.id, review_id, cause, call.app.shop.settings, at=call.clock.now()), status=204)


@router.get("/v1/reviews")
def queue(_caller: Moderator, call: Reading, state: Annotated[str, Query(pattern="^(pending|published|rejected)$")] = "pending") -> Response:
    """What waits for a person, the oldest first; of other states the newest first."""
    return call.run(lambda session: {"reviews": repository.queue(session, state)})


@router.post("/v1/reviews/{review_id}/decision")
def decide(review_id: ReviewId, body: DecisionIn, caller: Moderator, call: Command) -> Response:
    """Approve or reject the words that were read (`version`); 409 when she has changed them meanwhile."""
    why = None if body.approve else cause_of(body.why, "why")

    def work(session: Session) -> ModeratedReview:
        if why is None:
            return moderating.approve(session, review_id, body.version, by=caller.id, at=call.clock.now())
        return moderating.reject(session, review_id, body.version, why, by=caller.id, at=call.clock.now())

    return call.run(work)


@router.put("/v1/reviews/{review_id}/reply")
def reply(review_id: ReviewId, body: ReplyIn, caller: Moderator, call: Command) -> Response:
    """Answer it for the shop."""
    return call.run(lambda session: moderating.reply(session, review_id, body.version, body.text, by=caller.id, at=call.clock.now()))


def cause_of(said: Reason | None, field: str) -> Reason:
    """One of the closed list. Raises Invalid."""
    if said is None or said not in CAUSES:
        raise Invalid.field(field, f"one of {', '.join(CAUSES)}")
    return said
