"""The routes of the FAQ: what is published, for anybody; writing it, for the staff. Owns parsing and answering."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from app.kernel.http import Command, Reading
from app.security.access import ANYONE, Principal, Role, allow
from notifications.conversations.faq import keeping
from notifications.conversations.faq.schemas import EntryIn, FaqIn

router = APIRouter(tags=["faq"])

Writer = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
EntryId = Annotated[str, Path(max_length=60, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


@router.get("/v1/help", dependencies=[Depends(allow(ANYONE))])
def search_faq(call: Reading, q: Annotated[str, Query(max_length=200)] = "", language: Annotated[str, Query(max_length=35)] = "en") -> Response:
    """What is published and answers the question, the surest first; without one all of it."""
    return call.run(lambda session: {"entries": keeping.search(session, q, language)})


@router.get("/v1/faq")
def list_faq(_caller: Writer, call: Reading) -> Response:
    """All of it, drafts too; `spoken`: the languages in which the assistant may answer from it."""
    return call.run(lambda session: {"entries": keeping.entries(session)})


@router.put("/v1/faq/{entry_id}")
def keep_faq(entry_id: EntryId, body: EntryIn, caller: Writer, call: Command) -> Response:
    """Write an entry, new or in place of what stood there."""
    return call.run(lambda session: keeping.keep(session, entry_id, body, by=caller.id, at=call.clock.now()))


@router.delete("/v1/faq/{entry_id}", status_code=204)
def remove_faq(entry_id: EntryId, _caller: Writer, call: Command) -> Response:
    return call.run(lambda session: keeping.remove(session, entry_id), status=204)


@router.post("/v1/faq/import")
def import_faq(body: FaqIn, caller: Writer, call: Command) -> Response:
    """Many entries at once, all or none; those that are not named stay."""
    return call.run(lambda session: {"kept": keeping.keep_all(session, body, by=caller.id, at=call.clock.now())})
