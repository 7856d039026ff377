"""The campaign form: a whole campaign written, looked at while one writes, and kept as a draft.

Owns the pages and what they offer to choose from. Must not hold a rule: what is written goes to the room as one document, by the door
files and programs use, and each of its refusals comes back to the box it means. Going live is the review's business (endpoints.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import AppError, FieldError, NotFound
from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from app.security.asking import asker_of
from app.web import rendering
from app.web.browser import go_to
from app.web.console import audience, campaign_fields, campaign_refusals, campaign_texts
from app.web.console.campaign_refusals import Refusal
from app.web.console.choices import choices
from app.web.console.week import week
from app.web.console.words import in_words
from app.web.forms import Form, LongFields
from app.web.rendering import money
from geofences import facade as geofences
from notifications import facade as notifications
from offers import facade as offers
from offers.contracts import MESSAGE_VARIABLES, CampaignPreview, CampaignView

router = APIRouter(include_in_schema=False)

Marketer = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
Id = Annotated[str, Path(min_length=1, max_length=80)]

NEW = "/console/campaigns/new"
BEGINS = {"name": "", "title": "", "trigger.everywhere": "", "benefit.kind": "percent"}
FOLDS: dict[str, tuple[str, ...]] = {
    "visits": ("trigger.min_dwell_s", "trigger.nth_visit", "trigger.max_age_s", "min_trust"),
    "hours": ("schedule.weekly",),
    "outside": ("weather", "special_days"),
    "scope": ("benefit.product_ids", "benefit.categories", "benefit.min_basket_minor", "benefit.min_items", "benefit.max_items", "benefit.floor_percent", "benefit.floor_unit_minor"),
    "who": ("audience", *campaign_fields.CONDITION),
    "caps": ("caps",),
    "pace": ("pacing", "priority", "expected_value_minor", "currency"),
    "coupon": ("coupon",),
    "stacking": ("stacking",),
    "message": ("message",),
    "test": ("experiment",),
}  # fmt: skip


@dataclass
class Sheet:
    """One look at the form: what stands in it, and what the room says to it."""

    texts: Mapping[str, str]
    written: campaign_texts.Written
    preview: CampaignPreview | None = None
    refusals: list[Refusal] = field(default_factory=list[Refusal])

    @property
    def errors(self) -> dict[str, str]:
        """By box; several at one box in one sentence."""
        out: dict[str, str] = {}
        for one in self.refusals:
            out[one.box] = f"{out[one.box]}; {one.remedy}" if one.box in out else one.remedy
        return out


@router.get("/console/campaigns/new")
def new(request: Request, _caller: Marketer, call: Reading, copy: Annotated[str, Query(max_length=80)] = "") -> Response:
    """An empty form, or one filled from another campaign."""
    with call.database.reading() as session:
        texts = campaign_texts.texts_of(offers.campaign_defaults()) | BEGINS
        rows: list[audience.ConditionRow] | None = []
        if copy:
            texts, rows = _stored(_view(session, copy))
            texts |= {"name": f"{texts['name']} (copy)"[:120], "copy": copy}
        sheet = _sheet(session, texts, rows, None) if copy else Sheet(texts, campaign_texts.Written())
        return _page(request, session, sheet, rows, None, call)


@router.post("/console/campaigns/new")
def draft(request: Request, caller: Marketer, call: Command, form: LongFields) -> Response:
    """Kept as a draft; or the form again, with each refusal at its box."""
    made: list[str] = []

    def work(session: Session) -> None:
        sheet = _accepted(session, form, None)
        made.append(offers.draft_campaign(session, sheet.written.document, by=caller.id, at=call.clock.now()))

    return _kept(request, call, form, None, work) or go_to(request, f"/console/campaigns/{made[0]}" if made else "/console/campaigns")


@router.post("/console/campaigns/new/look")
def look_at_new(request: Request, _caller: Marketer, call: Reading, form: LongFields) -> Response:
    """What the form would say, without keeping it."""
    return _looked(request, call, form, None)


@router.get("/console/campaigns/{campaign_id}/edit")
def edit(request: Request, campaign_id: Id, _caller: Marketer, call: Reading) -> Response:
    """The form with what the campaign says now."""
    with call.database.reading() as session:
        view = _view(session, campaign_id)
        texts, rows = _stored(view)
        return _page(request, session, _sheet(session, texts, rows, view), rows, view, call)


@router.post("/console/campaigns/{campaign_id}/edit")
def revise(request: Request, campaign_id: Id, caller: Marketer, call: Command, form: LongFields) -> Response:
    """A new version, which needs an approval of its own."""
    four_eyes = call.app.settings.offers.four_eyes
    version = form.whole("version", least=1, most=1_000_000)

    def work(session: Session) -> None:
        sheet = _accepted(session, form, _view(session, campaign_id))
        change, at = sheet.written.document, call.clock.now()
        offers.revise_campaign(session, campaign_id, change, by=caller.id, at=at, four_eyes=four_eyes, asker=asker_of(request), looked_at=version)

    return _kept(request, call, form, campaign_id, work) or go_to(request, f"/console/campaigns/{campaign_id}")


@router.post("/console/campaigns/{campaign_id}/look")
def look_at_change(request: Request, campaign_id: Id, _caller: Marketer, call: Reading, form: LongFields) -> Response:
    """What the change would say, and what is otherwise than in the version that was live."""
    return _looked(request, call, form, campaign_id)


# --- reading the form -------------------------------------------------------------------------------------------------


class _Refused(Exception):
    """The room does not take it; the form is shown again. `sheet` says why."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet


def _view(session: Session, campaign_id: str) -> CampaignView:
    view = offers.campaign(session, campaign_id)
    if view is None:
        raise NotFound
    return view


def _stored(view: CampaignView) -> tuple[dict[str, str], list[audience.ConditionRow] | None]:
    rows = audience.rows_from(view.definition["audience"], view.figures.currency)
    return campaign_texts.texts_of(view.definition), rows


def _texts(form: Form) -> dict[str, str]:
    """As long as they are: the room says what is too long, and so it is said at the box, with all she wrote still there."""
    return {name: text.strip() for name, text in form.fields.items()}


def _keep_what_has_no_box(
    session: Session, texts: Mapping[str, str], rows: list[audience.ConditionRow] | None, document: dict[str, Any], view: CampaignView | None
) -> None:
    """A copy says what the form cannot show as its original does; so do hours that are more than the form has lines for."""
    of = view or (_view(session, texts["copy"]) if texts.get("copy") else None)
    if of is None:
        return
    stored = of.definition
    if view is None:
        if stored.get("message") is not None and "message" not in document:
            document["message"] = stored["message"]
        if rows is None:
            document["audience"] = stored["audience"]
    if campaign_texts.too_many_lines(stored):
        document["schedule"] |= {name: stored["schedule"][name] for name in ("weekly", "store_hours")}


def _sheet(session: Session, texts: Mapping[str, str], rows: list[audience.ConditionRow] | None, view: CampaignView | None) -> Sheet:
    """`view` None: a new one. `rows` None: the audience stays as it is stored."""
    written = campaign_texts.read(texts, offers.BENEFIT_FIELDS)
    told, preview = list[FieldError](), None
    try:
        _keep_what_has_no_box(session, texts, rows, written.document, view)
        if rows is not None:
            people = audience.written_of(rows)
            written.document["audience"] = people.document
            written.at |= people.at
            written.wrong += people.wrong
        preview = offers.preview_campaign(session, written.document, campaign_id=view.id if view else None)
    except AppError as refusal:
        if refusal.status != 422:
            raise
        told = list(refusal.fields)
    unread, refused = (campaign_refusals.placed(errors, written.at, str(written.document.get("currency") or "EUR")) for errors in (written.wrong, told))
    known = {one.box for one in unread}  # what could not be read there, the room has not seen
    placed = [*unread, *(one for one in refused if one.box not in known)]
    return Sheet(texts, written, None if placed else preview, placed)


def _rows(form: Form) -> list[audience.ConditionRow] | None:
    return audience.rows_of(form) if form.ticked("written") else None


def _accepted(session: Session, form: Form, view: CampaignView | None) -> Sheet:
    sheet = _sheet(session, _texts(form), _rows(form), view)
    if sheet.refusals:
        raise _Refused(sheet)
    return sheet


def _kept(request: Request, call: Command, form: Form, campaign_id: str | None, work: Any) -> Response | None:
    """None when it is done; else the form again with what stands against it."""
    try:
        call.run(work)
    except _Refused as refused:
        sheet = refused.sheet
    except AppError as refusal:
        if refusal.status not in (409, 422):
            raise
        sheet = Sheet(_texts(form), campaign_texts.Written(), None, campaign_refusals.placed(refusal.fields or [FieldError("", refusal.detail)], {}, "EUR"))
    else:
        return None
    with call.database.reading() as session:
        view = _view(session, campaign_id) if campaign_id else None
        return _page(request, session, sheet, _rows(form), view, call, status=422)


def _looked(request: Request, call: Reading, form: Form, campaign_id: str | None) -> Response:
    with call.database.reading() as session:
        view = _view(session, campaign_id) if campaign_id else None
        rows = _rows(form)
        return _page(request, session, _sheet(session, _texts(form), rows, view), rows, view, call)


# --- showing it -------------------------------------------------------------------------------------------------------


def _page(
    request: Request, session: Session, sheet: Sheet, rows: list[audience.ConditionRow] | None, view: CampaignView | None, call: Any, *, status: int = 200
) -> Response:
    names = {p.id: p.name for p in geofences.places(session)}
    preview, currency = sheet.preview, sheet.texts.get("currency") or "EUR"
    words = in_words(preview.document, preview.benefit_text, names, lambda minor: money(minor, preview.document["currency"])) if preview else []
    context = {
        "here": "campaigns",
        "view": view,
        "address": f"/console/campaigns/{view.id}" if view else NEW,
        "boxes": campaign_fields.BY_PATH,
        "texts": sheet.texts,
        "errors": sheet.errors,
        "refusals": sheet.refusals,
        "preview": preview,
        "words": words,
        "week": week(preview.document["schedule"]["weekly"]) if preview else [],
        "units": campaign_fields.UNITS,
        "kinds_of": _kinds_of(),
        "lines": {path: _lines(sheet.texts, path) for path in campaign_fields.ROWS},
        "open": _open(sheet),
        "choices": choices(session, sheet.texts),
        "currency": currency,
        "rows": [asdict(row) for row in [*rows, *[audience.ConditionRow()] * min(audience.SPARE_ROWS, audience.MOST_ROWS - len(rows))]] if rows is not None else None,
        "groups": audience.GROUPS,
        "sets": audience.stands_of(rows or []),
        "facts": offers.AUDIENCE_FACTS,
        "told": _told(preview, call.clock.now()),
        "variables": MESSAGE_VARIABLES,
        "locked": _locked(view, four_eyes=call.app.settings.offers.four_eyes),
    }
    return rendering.page(request, "console/write.html", context, status=status)


def _told(preview: CampaignPreview | None, at: datetime) -> list[Any]:
    """How its message will look, in each of its languages; none where it says nothing of its own."""
    message = preview.document["message"] if preview else None
    if preview is None or message is None:
        return []
    tags = sorted(message["texts"], key=lambda tag: (tag != message["language"], tag))
    return [notifications.preview_of(preview.document, at, language=tag) for tag in tags]


def _kinds_of() -> dict[str, str]:
    """For each field of a benefit the kinds it goes with, as classes; fields of every kind have none."""
    fields = {name for names in offers.BENEFIT_FIELDS.values() for name in names}
    return {f"benefit.{name}": " ".join(f"for-{kind}" for kind, names in offers.BENEFIT_FIELDS.items() if name in names) for name in fields}


def _lines(texts: Mapping[str, str], path: str) -> list[int]:
    used = campaign_texts.lines_of(texts, path)
    return list(range(min((used[-1] + 1 if used else 0) + campaign_fields.SPARE_LINES[path], campaign_texts.MOST_LINES)))


def _open(sheet: Sheet) -> set[str]:
    """The folded parts that say something of their own, or that are refused."""
    usual = campaign_texts.texts_of(offers.campaign_defaults())
    said = {name for name, text in sheet.texts.items() if text and text != usual.get(name, "") and not name.endswith(".unit")}
    said |= {one.box for one in sheet.refusals}
    return {fold for fold, starts in FOLDS.items() if any(name.startswith(starts) for name in said)}


def _locked(view: CampaignView | None, *, four_eyes: bool) -> str:
    """Why it cannot be changed now; empty when it can."""
    if view is not None and view.state == "ended":
        return "This campaign has ended. Make a copy to run it again."
    if view is not None and view.state == "live" and four_eyes:
        return "This campaign is live in the version that was approved. Pause it to change it, or make a copy."
    return ""
