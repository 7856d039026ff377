"""The routes of support: a shopper's cases, and the queue of those who help her. Owns parsing and answering; must not decide."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from notifications.support import handling, opening, rating, viewing
from notifications.support.contracts import Channel
from notifications.support.schemas import CaseForIn, CaseIn, EntryIn, MergeIn, RatingIn, SortIn, WriteIn
from notifications.support.wiring import of

router = APIRouter(prefix="/v1/support", tags=["support"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Writer = Annotated[Principal, Depends(allow(Role.SHOPPER, limit="support"))]
Helper = Annotated[Principal, Depends(allow(Role.CLERK, Role.OPERATOR))]
CaseId = Annotated[str, Path(min_length=1, max_length=80)]


@router.get("/cases")
def own_cases(caller: Shopper, call: Reading) -> Response:
    """Yours, the newest first."""
    room = of(call.app)
    return call.run(lambda session: {"cases": viewing.hers(session, caller.id, room.settings, call.clock.now())})


@router.post("/cases", status_code=201)
def open_case(body: CaseIn, caller: Writer, call: Command) -> Response:
    """Open one, about an order, a visit, an offer, a coupon or a conversation of yours, or about none."""
    room = of(call.app)

    def work(session: Session) -> Any:
        at = call.clock.now()
        case_id = opening.open_case(session, caller.id, body.told(Channel.CHAT if body.thread_id else Channel.APP), room.settings, at=at)
        return viewing.one_of_hers(session, caller.id, case_id, room.settings, at)

    return call.run(work, 201)


@router.get("/cases/{case_id}")
def own_case(case_id: CaseId, caller: Shopper, call: Reading) -> Response:
    """One of yours, with what was written in it."""
    room = of(call.app)
    return call.run(lambda session: viewing.one_of_hers(session, caller.id, case_id, room.settings, call.clock.now()))


@router.post("/cases/{case_id}/messages")
def write_in_case(case_id: CaseId, body: WriteIn, caller: Writer, call: Command) -> Response:
    """Write in it; one that was solved is open again. 409 once it is closed."""
    room = of(call.app)

    def work(session: Session) -> Any:
        at = call.clock.now()
        opening.write(session, caller.id, case_id, body.text, room.settings, at=at)
        return viewing.one_of_hers(session, caller.id, case_id, room.settings, at)

    return call.run(work)


@router.post("/cases/{case_id}/rating", status_code=204)
def rate_case(case_id: CaseId, body: RatingIn, caller: Writer, call: Command) -> Response:
    """Say how content you are, once, after it was solved."""
    room = of(call.app)
    return call.run(lambda session: rating.rate(session, caller.id, case_id, body.stars, body.words, room.settings, at=call.clock.now()), status=204)


@router.get("/queue")
def support_queue(_caller: Helper, call: Reading, every: Annotated[bool, Query(description="Also what waits for the shopper.")] = False) -> Response:
    """What waits for us, the nearest promise first; nothing of what was said."""
    room = of(call.app)
    return call.run(lambda session: {"cases": handling.queue(session, call.clock.now(), room.take_over_after_s, every=every)})


@router.post("/queue", status_code=201)
def open_case_for(body: CaseForIn, caller: Helper, call: Command) -> Response:
    """Open a case for whoever an order, a visit, an offer, a coupon or a conversation belongs to, as after a telephone call; it is yours then."""
    room = of(call.app)

    def work(session: Session) -> Any:
        case_id = opening.open_for(session, body.told(body.channel), room.settings, by=caller, at=call.clock.now(), priority=body.priority)
        return {"id": case_id}

    return call.run(work, 201)


@router.get("/queue/{case_id}")
def case_file(case_id: CaseId, caller: Helper, call: Reading) -> Response:
    """All of it, for whoever has taken it, or an operator; every look is written down."""
    room = of(call.app)
    return call.run(lambda session: handling.file(session, case_id, room.settings, by=caller, at=call.clock.now(), take_over_after_s=room.take_over_after_s))


@router.post("/queue/{case_id}/claim", status_code=204)
def claim_case(case_id: CaseId, caller: Helper, call: Command) -> Response:
    """Take it."""
    room = of(call.app)
    return call.run(lambda session: handling.claim(session, case_id, by=caller, at=call.clock.now(), take_over_after_s=room.take_over_after_s), status=204)


@router.post("/queue/{case_id}/release", status_code=204)
def release_case(case_id: CaseId, caller: Helper, call: Command) -> Response:
    """Give it back to the queue."""
    return call.run(lambda session: handling.release(session, case_id, by=caller, at=call.clock.now()), status=204)


@router.post("/queue/{case_id}/entries", status_code=204)
def add_case_entry(case_id: CaseId, body: EntryIn, caller: Helper, call: Command) -> Response:
    """Answer her, or note something for us."""
    room, at = of(call.app), call.clock.now()

    def work(session: Session) -> None:
        if body.to_shopper:
            handling.answer(session, case_id, body.text, room.settings, room.teller, by=caller, at=at)
        else:
            handling.note(session, case_id, body.text, by=caller, at=at)

    return call.run(work, status=204)


@router.patch("/queue/{case_id}", status_code=204)
def sort_case(case_id: CaseId, body: SortIn, caller: Helper, call: Command) -> Response:
    """Say where it stands, how urgent it is, what it is about; all of it or nothing."""
    room, at = of(call.app), call.clock.now()

    def work(session: Session) -> None:
        handling.sort(session, case_id, room.settings, by=caller, at=at, priority=body.priority, category=body.category)
        if body.move is not None:
            handling.move(session, case_id, body.move, room.settings, room.teller, by=caller, at=at)

    return call.run(work, status=204)


@router.post("/queue/{case_id}/merge", status_code=204)
def merge_case(case_id: CaseId, body: MergeIn, caller: Helper, call: Command) -> Response:
    """It becomes a part of another case of the same shopper."""
    room = of(call.app)
    return call.run(lambda session: handling.merge(session, case_id, body.into, room.settings, by=caller, at=call.clock.now()), status=204)


@router.get("/figures")
def support_figures(_caller: Helper, call: Reading, days: Annotated[int, Query(ge=1, le=365)] = 30) -> Response:
    """Of the cases opened in the last days: answered, solved, late, and how they were rated, where enough people have."""
    until = call.clock.now()
    return call.run(lambda session: viewing.figures(session, since=until - timedelta(days=days), until=until))
