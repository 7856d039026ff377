"""The FAQ as the staff writes it: the list, one entry in each of its languages, publishing, taking away.

Owns parsing forms and choosing templates. Must not decide what may be written, nor whether the assistant answers from it: conversations does.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import ValidationError

from app.kernel.errors import AppError, Invalid
from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.browser import go_to
from app.web.forms import Fields, Form
from notifications import facade as notifications

router = APIRouter(include_in_schema=False)

Writing = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
EntryId = Annotated[str, Path(max_length=60, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]

faq = notifications.conversations.faq
HERE = "/console/faq"
LANGUAGES = {"en": "English", "fi": "Finnish", "sv": "Swedish"}
"""Those a page offers boxes for; others come by file."""


@router.get("/console/faq")
def entries(request: Request, _caller: Writing, call: Reading) -> Response:
    with call.database.reading() as session:
        rows = faq.entries(session)
    return rendering.page(request, "console/faq.html", {"here": "faq", "rows": rows, "languages": LANGUAGES})


@router.get("/console/faq/new")
def new(request: Request, _caller: Writing) -> Response:
    return _page(request, None, {})


@router.get("/console/faq/{entry_id}")
def entry(request: Request, entry_id: EntryId, _caller: Writing, call: Reading) -> Response:
    with call.database.reading() as session:
        found = faq.entry(session, entry_id)
    entered = {"id": found.id, "state": found.state, "version": str(found.version)}
    for tag, text in found.texts.items():
        entered |= {f"{tag}.question": text["question"], f"{tag}.answer": text["answer"], f"{tag}.also": "\n".join(text["also_asked"])}
    return _page(request, found, entered)


@router.post("/console/faq")
def keep(request: Request, caller: Writing, call: Command, form: Fields) -> Response:
    """Keep it; what is wrong is shown beside what was typed."""
    try:
        entry_id = form.matching("id", r"[a-z0-9]+(-[a-z0-9]+)*", such_as="gift-wrapping")
        given = _given(form, call, entry_id)
        call.run(lambda session: faq.keep(session, entry_id, given, by=caller.id, at=call.clock.now()))
    except AppError as refusal:
        return _page(request, None, dict(form.fields), refusal)
    return go_to(request, HERE)


@router.post("/console/faq/{entry_id}/remove")
def remove(request: Request, entry_id: EntryId, _caller: Writing, call: Command) -> Response:
    call.run(lambda session: faq.remove(session, entry_id))
    return go_to(request, HERE)


def _given(form: Form, call: Any, entry_id: str) -> faq.EntryIn:
    """Languages whose boxes are all empty are left out; those no box is there for stay as they are."""
    texts: dict[str, Any] = {}
    with call.database.reading() as session:
        before = next((one for one in faq.entries(session) if one.id == entry_id), None)
    if before is not None:
        texts = {tag: text for tag, text in before.texts.items() if tag not in LANGUAGES}
    for tag in LANGUAGES:
        question, answer, also = (form.text(f"{tag}.{part}", most=5000) for part in ("question", "answer", "also"))
        if question or answer:
            texts[tag] = {"question": question, "answer": answer, "also_asked": [line.strip() for line in also.splitlines() if line.strip()]}
    version = form.text("version", most=12)
    try:
        return faq.EntryIn.model_validate({"texts": texts, "state": form.text("state", most=10), "version": int(version) if version.isdigit() else None})
    except ValidationError as error:
        first = error.errors()[0]
        raise Invalid.field(".".join(str(part) for part in first["loc"] if part != "texts") or "texts", str(first["msg"])) from None


def _page(request: Request, found: Any, entered: dict[str, str], refused: AppError | None = None) -> Response:
    context = {"here": "faq", "found": found, "entered": entered, "languages": LANGUAGES, "refused": refused.detail if refused else "", "most": faq.ANSWER_MOST_CHARS}
    return rendering.page(request, "console/faq_entry.html", context, status=refused.status if refused else 200)
