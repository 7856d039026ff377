"""The pages about people in the mass: whom a campaign is meant for, counted while one writes it, and what its groups did.

Owns the form of an audience (rows of conditions, each in one of three groups, by itself or in a set of its own) and its way to a
document and back. Must not judge or count: the room does. A set within a set is changed as a file; here it is only read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import FieldError, Invalid, NotFound
from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from app.security.asking import asker_of
from app.web import rendering
from app.web.browser import go_to
from app.web.console import campaign_refusals
from app.web.console.campaign_fields import CONDITION, NAMED
from app.web.forms import Form, LongFields
from geofences import facade as geofences
from offers import facade as offers
from offers.contracts import CampaignView

router = APIRouter(include_in_schema=False)

Marketer = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
Id = Annotated[str, Path(min_length=1, max_length=80)]

MOST_ROWS, SPARE_ROWS = 20, 2
SETS = ("A", "B", "C")
GROUPS = {"all": "must hold", "any": "one of these must hold", "none": "must not hold"}


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """One line of the form, as texts. `of` is `chain:ooey-gooey, tag:coffee`. A line in a set is joined with the others of that set;
    `stands` is the group the set as a whole is in."""

    group: str = "all"
    fact: str = ""
    at_least: str = ""
    at_most: str = ""
    within_days: str = ""
    of: str = ""
    set: str = ""
    stands: str = "all"

    @property
    def says(self) -> bool:
        """Anything is written in it; how it is joined says nothing by itself."""
        return any(getattr(self, name) for name in CONDITION)


@dataclass
class WrittenAudience:
    """Lines read: `document` is what to hand the room (None: everybody), `at` the line of each condition's path, `wrong` what cannot be read."""

    document: dict[str, Any] | None = None
    at: dict[str, str] = field(default_factory=dict[str, str])
    wrong: list[FieldError] = field(default_factory=list[FieldError])


def stands_of(rows: Iterable[ConditionRow]) -> dict[str, str]:
    """The group each set is in."""
    return dict.fromkeys(SETS, "all") | {row.set: row.stands for row in rows if row.set}


def rows_of(form: Form) -> list[ConditionRow]:
    """The lines as they stand, up to the last that says something: a refusal finds the line it means by its number."""
    texts = {name: text.strip() for name, text in form.fields.items()}
    rows: list[ConditionRow] = []
    for n in range(MOST_ROWS):
        said = {name: texts.get(f"{name}{n}", "") for name in CONDITION}
        group, name = texts.get(f"group{n}", ""), texts.get(f"set{n}", "")
        stands = texts.get(f"stands{name}", "") if name in SETS else ""
        rows.append(ConditionRow(group if group in GROUPS else "all", **said, set=name if name in SETS else "", stands=stands if stands in GROUPS else "all"))
    used = [n for n, row in enumerate(rows) if row.says]
    return rows[: used[-1] + 1] if used else []


def written_of(rows: Iterable[ConditionRow]) -> WrittenAudience:
    """The audience as a campaign's document has it."""
    out = WrittenAudience()
    whole: dict[str, Any] = {}
    sets: dict[str, tuple[str, dict[str, Any]]] = {}
    for n, row in enumerate(rows):
        if not row.says:
            continue
        path, within = "audience", whole
        if row.set:
            if row.set not in sets:
                inner = dict[str, Any]()
                of = whole.setdefault(row.stands, [])
                of.append(inner)
                sets[row.set] = f"audience.{row.stands}[{len(of) - 1}]", inner
            path, within = sets[row.set]
        conditions = within.setdefault(row.group, [])
        conditions.append(_condition(n, row, out.wrong))
        out.at[f"{path}.{row.group}[{len(conditions) - 1}]"] = f"condition.{n}"
    out.document = whole or None
    return out


def document_of(rows: Iterable[ConditionRow]) -> dict[str, Any] | None:
    """The same, None without any line; raises Invalid naming each box that cannot be read."""
    written = written_of(rows)
    if written.wrong:
        raise Invalid("; ".join(error.remedy for error in written.wrong), fields=written.wrong)
    return written.document


def _condition(n: int, row: ConditionRow, wrong: list[FieldError]) -> dict[str, Any]:
    condition: dict[str, Any] = {"fact": row.fact}
    if not row.fact:
        wrong.append(FieldError(f"fact{n}", "choose what is known, or empty the line"))
    for name in ("at_least", "at_most", "within_days"):
        text = getattr(row, name)
        if text and not re.fullmatch(r"[0-9]{1,12}", text):
            wrong.append(FieldError(f"{name}{n}", "a whole number, such as 3"))
        elif text:
            condition[name] = int(text)
    for word in filter(None, (part.strip() for part in re.split(r"[,\n]", row.of))):
        kind, _, name = word.partition(":")
        if kind.strip() in NAMED and name.strip():
            condition.setdefault(NAMED[kind.strip()], []).append(name.strip())
        elif not any(error.field == f"of{n}" for error in wrong):
            wrong.append(FieldError(f"of{n}", f"write what it is of as {', '.join(f'{k}:…' for k in NAMED)}; not {word[:80]}"))
    return condition


def rows_from(document: Mapping[str, Any] | None, currency: str) -> list[ConditionRow] | None:
    """The lines of an audience; None where it does not fit into lines."""
    if document is None:
        return []
    grouped = {"all": [document]} if "fact" in document else document
    rows: list[ConditionRow | None] = []
    free = list(SETS)
    for group in GROUPS:
        for one in grouped.get(group, []):
            if "fact" in one:
                rows.append(_row_from(one, currency, group))
            elif free:
                name = free.pop(0)
                rows += [_row_from(inner, currency, own, set=name, stands=group) for own in GROUPS for inner in one.get(own, [])]
            else:
                return None
    known = [row for row in rows if row is not None]
    return known if len(known) == len(rows) <= MOST_ROWS else None


def _row_from(one: Mapping[str, Any], currency: str, group: str, **joined: str) -> ConditionRow | None:
    if "fact" not in one or one.get("currency", currency) != currency:
        return None
    if any("," in name for scope in NAMED.values() for name in one.get(scope, [])):
        return None  # a comma parts names here
    numbers = {name: str(one[name]) for name in ("at_least", "at_most", "within_days") if name in one}
    of = ", ".join(f"{kind}:{name}" for kind, scope in NAMED.items() for name in one.get(scope, []))
    return ConditionRow(group, one["fact"], **numbers, of=of, **joined)


@router.get("/console/campaigns/{campaign_id}/audience")
def audience(request: Request, campaign_id: Id, _caller: Marketer, call: Reading) -> Response:
    """The form with the live count of what it says: of what is stored, or of what stands in the address while one writes."""
    form = Form(dict(request.query_params))
    with call.database.reading() as session:
        view = _campaign(session, campaign_id)
        rows = rows_of(form) if form.ticked("written") else rows_from(view.definition["audience"], view.figures.currency)
        return _page(request, session, view, rows, call.clock.now())


@router.post("/console/campaigns/{campaign_id}/audience")
def change_audience(request: Request, campaign_id: Id, caller: Marketer, call: Command, form: LongFields) -> Response:
    """A new version of the campaign with this audience; what is wrong with it is said beside the form."""
    rows, four_eyes = rows_of(form), call.app.settings.offers.four_eyes
    version = form.whole("version", least=1, most=1_000_000)

    def work(session: Session) -> None:
        if _campaign(session, campaign_id).version != version:
            raise Invalid.field("version", "somebody else has changed the campaign meanwhile; look at it again")
        change = {"audience": document_of(rows)}
        now = call.clock.now()
        offers.revise_campaign(session, campaign_id, change, by=caller.id, at=now, four_eyes=four_eyes, asker=asker_of(request))

    try:
        call.run(work)
    except Invalid as refusal:
        with call.database.reading() as session:
            return _page(request, session, _campaign(session, campaign_id), rows, call.clock.now(), trouble=refusal.detail)
    return go_to(request, f"/console/campaigns/{campaign_id}")


@router.get("/console/campaigns/{campaign_id}/figures")
def figures(
    request: Request, campaign_id: Id, _caller: Marketer, call: Reading, days: Annotated[int, Query(ge=1, le=90)] = 14
) -> Response:
    """What each group was given and did, and what the campaign brings."""
    with call.database.reading() as session:
        view = _campaign(session, campaign_id)
        found = offers.campaign_figures(session, campaign_id, at=call.clock.now(), days=days)
    return rendering.page(request, "console/figures.html", {"here": "campaigns", "view": view, "found": found, "days": days})


def _campaign(session: Session, campaign_id: str) -> CampaignView:
    view = offers.campaign(session, campaign_id)
    if view is None:
        raise NotFound
    return view


def _page(
    request: Request, session: Session, view: CampaignView, rows: list[ConditionRow] | None, at: Any, *, trouble: str = ""
) -> Response:
    names = {p.id: p.name for p in geofences.places(session)}
    counted, words, refusals = None, list[str](), list[campaign_refusals.Refusal]()
    written = written_of(rows) if rows is not None else None
    try:
        document = document_of(rows) if rows is not None else view.definition["audience"]
        counted = offers.count_audience(session, document, at=at, campaign_id=view.id)
        words = offers.audience_in_words(document, names)
    except Invalid as refusal:
        refusals = campaign_refusals.placed(refusal.fields, written.at if written else {}, view.figures.currency)
        trouble = "" if refusals else trouble or refusal.detail
    shown = [*rows, *[ConditionRow()] * min(SPARE_ROWS, MOST_ROWS - len(rows))] if rows is not None else None
    context = {"here": "campaigns", "view": view, "rows": shown, "groups": GROUPS, "sets": stands_of(rows or []), "facts": offers.AUDIENCE_FACTS}
    context |= {"counted": counted, "words": words, "trouble": trouble, "refusals": refusals}
    context["errors"] = {one.box: one.remedy for one in refusals}
    return rendering.page(request, "console/audience.html", context, status=422 if (trouble or refusals) and request.method == "POST" else 200)
